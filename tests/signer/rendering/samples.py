"""One document of each kind, invented."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

from signer.rendering.facts import (
    ApplicationFacts,
    BodyFacts,
    DelegationFacts,
    DocumentFacts,
    KeyAcceptanceFacts,
    LicenceFacts,
    MemberFacts,
    MinutesFacts,
    OpinionFacts,
    PersonFacts,
    ReadFile,
    RefusalFacts,
    sample_body,
    sample_dossier,
)

COMMUNE = sample_body("06.117.01.03")
PROVINCE = BodyFacts(code="06.117", name_fr="Berrechid", name_ar="برشيد", kind="province")
AGENCY = BodyFacts(
    code="AU-BERRECHID", name_fr="Agence urbaine de Berrechid", name_ar="الوكالة الحضرية لبرشيد", kind="urban_agency"
)
OPERATOR = BodyFacts(code="ONEE", name_fr="ONEE", name_ar="المكتب الوطني للكهرباء والماء", kind="network_operator")
AHMED = PersonFacts(name_ar="أحمد العلوي", name_latin="Ahmed El Alaoui")
FATIMA = PersonFacts(name_ar="فاطمة بناني", name_latin="Fatima Bennani")
YOUSSEF = PersonFacts(name_ar="يوسف الإدريسي", name_latin="Youssef El Idrissi")
SALMA = PersonFacts(name_ar="سلمى التازي", name_latin="Salma Tazi")
DOSSIER = sample_dossier(COMMUNE)


def common(reference: str) -> dict[str, Any]:
    return {
        "environment": "rehearsal",
        "reference": reference,
        "title": DOSSIER.title,
        "date": date(2026, 9, 21),
        "check": "7Q4K",
        "address": f"HTTPS://VERIFIER.ROKHAS.MA/V/{reference}-7Q4K",
    }


def member(body: BodyFacts, signer: PersonFacts | None, number: int, **more: Any) -> MemberFacts:
    given = {"state": "favourable", "binding": False, "opinion_reference": f"A26-{number:07d}", **more}
    return MemberFacts(body=body, signer=signer, **given)


MEMBERS = (
    member(PROVINCE, YOUSSEF, 9),
    member(COMMUNE, FATIMA, 10, text="Sans observation."),
    member(AGENCY, SALMA, 11, binding=True, state="with_reservations", text="Hauteur limitée à R+2."),
    member(OPERATOR, None, 0, state="none", opinion_reference=None, text="غائب بعذر."),
)

SAMPLES: dict[str, DocumentFacts] = {
    "licence": dataclasses.replace(
        LicenceFacts.sample(reference="L26-0000123"), **common("L26-0000123"), text="العلو محدود في طابقين."
    ),
    "refusal": RefusalFacts(
        **common("R26-0000007"),
        body=COMMUNE,
        signer=AHMED,
        dossier=DOSSIER,
        text="Recul insuffisant.\nالتراجع غير كاف.",
    ),
    "opinion": OpinionFacts(
        **common("A26-0000011"),
        body=AGENCY,
        signer=SALMA,
        dossier=DOSSIER,
        opinion="with_reservations",
        text="Hauteur limitée à R+2.",
        read=(ReadFile(reference="D26-0000002", title="Demande", sha256="ab" * 32),),
    ),
    "minutes": MinutesFacts(**common("P26-0000001"), body=COMMUNE, dossier=DOSSIER, members=MEMBERS),
    "delegation": DelegationFacts(
        **common("T26-0000001"),
        body=COMMUNE,
        signer=AHMED,
        signer_function="president",
        delegate=FATIMA,
        delegate_function="vice_president",
        delegate_rank="1",
        number="12/2026",
        mode="signature",
        acts=("licence", "refusal"),
        sector="urbanisme",
        starts_on=date(2026, 5, 1),
        ends_on=date(2027, 5, 1),
    ),
    "key_acceptance": KeyAcceptanceFacts(
        **common("K26-0000003"), body=COMMUNE, signer=AHMED, certificate_sha256="0c" * 32, serial="4F2A9B7711223344"
    ),
    "application": ApplicationFacts.sample(),
}
