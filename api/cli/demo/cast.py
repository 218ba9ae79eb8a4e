"""Who and where: invented people, real communes (HCP codes)."""

from dataclasses import dataclass

MANDATE_BEGAN = "2021-09-24"
COMMUNE = "06.117.01.03"
"""Berrechid: first wave, above 50,000 inhabitants."""
PROVINCE = "06.117"
AGENCY = "AU-BERRECHID"
COMMUNE_OF_THE_ENDED_OFFICE = "06.117.01.05"
"""Deroua: its register is complete, its president's office has ended."""
COMMUNE_WITHOUT_REGISTER = "06.181.01.03"
"""El Jadida: nobody declared its register complete."""
COMMUNE_NOT_OPEN = "02.411.01.23"
"""Oujda: its region's wave is not open."""

FIRST_WAVE = ("06", "04", "01", "07", "05")
TIERS = (
    {"kind": "commune", "population_from": 0, "population_below": 20_000, "keys": 3, "basis": "published"},
    {"kind": "commune", "population_from": 20_000, "population_below": 50_001, "keys": 4, "basis": "assumed"},
    {"kind": "commune", "population_from": 50_001, "population_below": None, "keys": 5, "basis": "published"},
    {"kind": "province", "population_from": 0, "population_below": None, "keys": 3, "basis": "published"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of the story. `body` is where he holds his office."""

    key: str
    name_ar: str
    name_latin: str
    cin: str
    body: str
    function: str


PRESIDENT = Person(
    key="president",
    name_ar="أحمد العلوي",
    name_latin="Ahmed El Alaoui",
    cin="BE123456",
    body=COMMUNE,
    function="president",
)
COMMUNAL_MEMBER = Person(
    key="commune",
    name_ar="فاطمة بناني",
    name_latin="Fatima Bennani",
    cin="BE234567",
    body=COMMUNE,
    function="committee_member",
)
PROVINCIAL_MEMBER = Person(
    key="province",
    name_ar="يوسف الإدريسي",
    name_latin="Youssef El Idrissi",
    cin="W345678",
    body=PROVINCE,
    function="committee_member",
)
AGENCY_MEMBER = Person(
    key="agency",
    name_ar="سلمى التازي",
    name_latin="Salma Tazi",
    cin="BK456789",
    body=AGENCY,
    function="committee_member",
)
ENDED_PRESIDENT = Person(
    key="ended",
    name_ar="حسن الفاسي",
    name_latin="Hassan El Fassi",
    cin="W567890",
    body=COMMUNE_OF_THE_ENDED_OFFICE,
    function="president",
)
UNRECORDED_PRESIDENT = Person(
    key="unrecorded",
    name_ar="عمر الشرقاوي",
    name_latin="Omar Cherkaoui",
    cin="M678901",
    body=COMMUNE_WITHOUT_REGISTER,
    function="president",
)
OUJDA_PRESIDENT = Person(
    key="oujda",
    name_ar="كريم الوزاني",
    name_latin="Karim Ouazzani",
    cin="F789012",
    body=COMMUNE_NOT_OPEN,
    function="president",
)
SPARE_MEMBERS = tuple(
    Person(key=f"spare-{n}", name_ar=ar, name_latin=latin, cin=f"W9000{n}1", body=PROVINCE, function="committee_member")
    for n, (ar, latin) in enumerate(
        (("مريم العمراني", "Maryam El Amrani"), ("سعيد بلحاج", "Said Belhaj"), ("ليلى برادة", "Leila Berrada"))
    )
)
