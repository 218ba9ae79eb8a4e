"""The register behind the test town: its bodies, its people and their offices."""

import hashlib
from datetime import UTC, date, datetime
from uuid import uuid4

from pki.quota.errors import NoUsableKey
from pki.quota.holding import HeldCertificate
from pki.records import CertificateId, HolderId, OrderId, Records
from pki.registration.kinds import BodyKind, OfficeFunction
from pki.registration.tables import Body, Holder, Office, Province, Region

COMMUNE, PROVINCE, AGENCY, OPERATOR = "01.001.01.01", "001", "AU-1", "NET-1"
RECORDED = datetime(2026, 1, 5, tzinfo=UTC)

BODIES = (
    (COMMUNE, BodyKind.COMMUNE, "001"),
    (PROVINCE, BodyKind.PROVINCE, "001"),
    (AGENCY, BodyKind.URBAN_AGENCY, "001"),
    (OPERATOR, BodyKind.NETWORK_OPERATOR, None),
)
PEOPLE = {
    "president": (COMMUNE, OfficeFunction.PRESIDENT),
    "communal": (COMMUNE, OfficeFunction.COMMITTEE_MEMBER),
    "provincial": (PROVINCE, OfficeFunction.COMMITTEE_MEMBER),
    "agency": (AGENCY, OfficeFunction.COMMITTEE_MEMBER),
    "operator": (OPERATOR, OfficeFunction.COMMITTEE_MEMBER),
}


def settle(records: Records) -> dict[str, HolderId]:
    """Write the register's rows and return who lives here."""
    people: dict[str, HolderId] = {}
    bodies = {}
    with records.writing() as session:
        session.add(Region(code="01", name_fr="Région", name_ar="جهة"))
        session.flush()
        session.add(Province(code="001", region_code="01", name_fr="Province", name_ar="إقليم"))
        session.flush()
        for code, kind, province in BODIES:
            body = Body(code=code, kind=kind, name_fr=f"Organe {code}", name_ar="هيئة", province_code=province)
            session.add(body)
            session.flush()
            bodies[code] = body.id
        for who, (code, function) in PEOPLE.items():
            holder = Holder(
                name_ar="فلان",
                name_latin=who.title(),
                cin_encrypted=b"-",
                cin_hash=hashlib.sha256(who.encode()).hexdigest(),
                enrolled_at=RECORDED,
            )
            session.add(holder)
            session.flush()
            people[who] = HolderId(holder.id)
            session.add(
                Office(
                    holder_id=holder.id,
                    body_id=bodies[code],
                    function=function,
                    starts_on=date(2026, 1, 1),
                    deed="PV 1/2026",
                    recorded_at=RECORDED,
                    recorded_by="officer",
                )
            )
    return people


def held_certificate(der: bytes) -> HeldCertificate:
    """A certificate as the key orders hand it out."""
    return HeldCertificate(
        certificate_id=CertificateId(uuid4()),
        order=OrderId(uuid4()),
        der=der,
        chain=(),
        sha256=hashlib.sha256(der).hexdigest(),
    )


def no_usable_key(holder: HolderId) -> NoUsableKey:
    """The key orders' refusal of a blocked key."""
    return NoUsableKey(holder, "blocked")
