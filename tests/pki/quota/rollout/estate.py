"""Committees, sessions and plans of the tests."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pki.quota.rollout.committees import name_committee, record_meeting
from pki.quota.rollout.kinds import CommitteeLevel
from pki.quota.rollout.stages import CommuneStages, LicenceUse, RegularUse, commune_stages
from pki.quota.rollout.training import plan_programme, record_session
from pki.quota.rollout.windows import WindowFindings
from pki.records import Records
from pki.registration.extent import EVERYWHERE, Extent
from tests.pki.estate import BERRECHID_PROVINCE, OFFICER, T0

NAMED, MET, HELD = date(2026, 9, 1), date(2026, 9, 15), date(2026, 10, 1)
FOUND = WindowFindings(staff=4, workstations=3, scanners=1, bandwidth_mbps=20, adequate=False, findings="One scanner.")


def local_committee(records: Records, territory: str = BERRECHID_PROVINCE) -> UUID:
    return name_committee(
        records, level=CommitteeLevel.LOCAL, territory=territory, deed="Arrêté 7", named_on=NAMED, by=OFFICER, at=T0
    )


def meeting(records: Records, committee: UUID, held_on: date = MET) -> UUID:
    return record_meeting(records, committee=committee, held_on=held_on, present=7, minutes="PV 1", by=OFFICER, at=T0)


def session_held(records: Records, province: str = BERRECHID_PROVINCE, held_on: date = HELD) -> UUID:
    programme = plan_programme(
        records,
        region_code=province[:2],
        title="Signer",
        audience="Présidents",
        starts_on=NAMED,
        deed="Plan",
        by=OFFICER,
        at=T0,
    )
    return record_session(
        records, programme=programme, province_code=province, place="Siège", held_on=held_on, by=OFFICER, at=T0
    )


def stages(
    records: Records, within: Extent = EVERYWHERE, licences: dict[str, LicenceUse] | None = None
) -> dict[str, CommuneStages]:
    with records.reading() as session:
        found = commune_stages(session, within=within, licences=licences or {}, policy=RegularUse(), at=T0)
    return {each.body_code: each for each in found}
