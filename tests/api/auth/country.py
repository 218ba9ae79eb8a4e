"""Five places, each with people, an order, a ceremony and a document; officers of every level."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from api.auth.officers import appoint_officer
from api.auth.permissions import now
from api.auth.tables import OfficerRole
from api.wiring import House
from pki.journal.acts import Actor, ActorKind
from pki.quota.agreements import Tier, sign_agreement
from pki.quota.alerts.kinds import AlertKind
from pki.quota.alerts.tables import Alert
from pki.quota.devices.batches import DeliveryNote, receive_batch
from pki.quota.devices.handovers import send_devices
from pki.quota.devices.serials import typed_serials
from pki.quota.grants.extras import request_extra
from pki.quota.grants.transfers import propose_transfer
from pki.quota.kinds import TransferSide
from pki.quota.orders import request_key
from pki.quota.policy import QuotaPolicy
from pki.quota.rollout.committees import name_committee
from pki.quota.rollout.gathering import gather_report
from pki.quota.rollout.kinds import CommitteeLevel
from pki.quota.rollout.made import store_report
from pki.quota.rollout.stages import RegularUse
from pki.quota.rollout.training import plan_programme, record_session
from pki.quota.waves import open_wave
from pki.records import Records, civil_day
from pki.registration.holders import enrol_holder
from pki.registration.kinds import OfficeFunction
from pki.registration.mailboxes.mailboxes import ask_mailbox
from pki.registration.offices import OfficeEnding, record_office
from pki.registration.powers.kinds import DeedKind, DelegationMode
from pki.registration.powers.proposals import propose
from pki.registration.powers.tables import Delegation
from pki.registration.tables import Body
from signer.ceremonies.tables import Ceremony, CeremonyState
from signer.dossiers.kinds import DocumentKind, DocumentState
from signer.dossiers.tables import Document
from signer.dossiers.touched import documents_touched

BY = Actor(kind=ActorKind.SYSTEM, id="test")
OWN, SIBLING, PARENT, COUSIN, ELSEWHERE = "06.117.01.03", "06.117.01.05", "06.117", "06.141.01.81", "02.411.01.23"
FAR = "02.411"
"""The province of `ELSEWHERE`, which is no place of the tests."""
PLACES = (OWN, SIBLING, PARENT, COUSIN, ELSEWHERE)
"""A commune, one of its province, the province itself, one of another province of the region, one of another region."""
REACH = {
    OfficerRole.CENTRAL: {OWN, SIBLING, PARENT, COUSIN, ELSEWHERE},
    OfficerRole.REGIONAL: {OWN, SIBLING, PARENT, COUSIN},
    OfficerRole.PROVINCIAL: {OWN, SIBLING, PARENT},
    OfficerRole.COMMUNE: {OWN},
}
"""Written out, not computed: what each officer of the tests may see."""
TERRITORY: dict[OfficerRole, dict[str, str]] = {
    OfficerRole.CENTRAL: {},
    OfficerRole.REGIONAL: {"region_code": "06"},
    OfficerRole.PROVINCIAL: {"province_code": "06.117"},
    OfficerRole.COMMUNE: {"body_code": OWN},
}
CIN = "BE7731"
"""How every national id here begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What stands in one place."""

    body: str
    holder: UUID
    office: UUID
    order: UUID
    ceremony: UUID
    document: str
    committee: UUID
    programme: UUID
    session: UUID
    report: UUID
    extra: UUID
    transfer: UUID
    """Offered to it from far away."""
    near: UUID
    """Offered to it by its neighbour: whoever has it in his territory has both sides."""
    proposal: UUID
    mailbox: UUID
    delegation: UUID
    handover: int
    """Of the one device that is on its way there from the centre."""
    alert: UUID

    @property
    def province(self) -> str:
        """Code of the province that it is, or lies in."""
        return self.body[:6]

    @property
    def region(self) -> str:
        """Code of its region."""
        return self.body[:2]


def token(house: House, role: OfficerRole) -> dict[str, str]:
    """The header of a new officer of that level, in the tests' own territory."""
    made = appoint_officer(house.records, name="X", role=role, by=BY, at=now(), **TERRITORY[role])
    return {"Authorization": f"Bearer {made.token}"}


def settle(house: House) -> dict[str, Place]:
    """Open the two regions and give every place its people and papers."""
    records, at = house.records, now()
    agreement = sign_agreement(
        records,
        supplier="A supplier",
        number="1",
        census="RGPH 2024",
        seats=None,
        purchases=100,
        tiers=[
            Tier(kind=kind, population_from=0, population_below=None, keys=3, basis="assumed")
            for kind in ("commune", "province")
        ],
        in_effect_from=date(2026, 1, 1),
        by=BY,
        at=at,
    )
    regions = ["06", "02"]
    open_wave(records, agreement=agreement, label="1", region_codes=regions, opens_on=date(2026, 1, 1), by=BY, at=at)
    rollout = {province: _rolled_out(house, province) for province in {body[:6] for body in PLACES}}
    places = {body: _settled(house, body, number, rollout[body[:6]]) for number, body in enumerate(PLACES)}
    with records.writing() as session:
        for place, other in pairwise([*places.values(), places[OWN]]):
            _delegate(session, place, other)
    return places


def _rolled_out(house: House, province: str) -> dict[str, UUID]:
    """A local committee, a programme with a session, and a report that is not sealed."""
    records, at = house.records, now()
    said: dict[str, Any] = {"deed": "d", "by": BY, "at": at}
    day = civil_day(at)
    committee = name_committee(records, level=CommitteeLevel.LOCAL, territory=province, named_on=day, **said)
    programme = plan_programme(records, region_code=province[:2], title="t", audience="a", starts_on=day, **said)
    held = record_session(records, programme=programme, province_code=province, place="p", held_on=day, by=BY, at=at)
    with records.reading() as session:
        report = gather_report(
            session,
            level=CommitteeLevel.LOCAL,
            territory=province,
            month=f"{day:%Y-%m}",
            licences={},
            policy=RegularUse(),
            at=at,
        )
    made = store_report(records, report, by=BY, at=at)
    return {"committee": committee, "programme": programme, "session": held, "report": made.id}


def _settled(house: House, body: str, number: int, rollout: dict[str, UUID]) -> Place:
    records, at = house.records, now()
    name = f"Person {'ABCDE'[number]}"
    holder = enrol_holder(
        records, house.protection, name_ar="أحمد", name_latin=name, cin=f"{CIN}{number}", by=BY, at=at
    )
    office = record_office(
        records,
        holder=holder,
        body_code=body,
        function=OfficeFunction.COMMITTEE_MEMBER,
        starts_on=date(2021, 9, 24),
        deed="PV",
        by=BY,
        at=at,
    )
    order = request_key(records, holder=holder, office=office, payer_body_code=body, by=BY, at=at)
    ceremony, reference = uuid4(), f"L26-{number:07}"
    document: dict[str, Any] = {"reference": reference, "kind": DocumentKind.LICENCE, "body_code": body, "title": "t"}
    document |= {"state": DocumentState.DRAFT, "rendered": True, "head_number": 0, "head_sha256": "0" * 64}
    document |= {"drafted_at": at, "drafted_by": "client:x"}
    opened: dict[str, Any] = {"id": ceremony, "signer_id": holder, "state": CeremonyState.OPEN, "opened_at": at}
    opened |= {"opened_by": "client:x", "expires_at": at + timedelta(minutes=10), "office_id": office}
    opened |= {"function": "committee_member", "body_code": body, "order_id": order.id, "certificate": b"0"}
    opened |= {"chain": ["00"], "mechanism": "ecdsa-sha256", "certificate_id": uuid4()}
    with records.writing() as session:
        session.execute(insert(Document).values(**document))
        session.execute(insert(Ceremony).values(**opened))
    ending = OfficeEnding(office=office, ends_on=date(2022, 1, 1), reason="r", deed="PV")
    return Place(
        body=body,
        holder=holder,
        office=office,
        order=order.id,
        ceremony=ceremony,
        document=reference,
        extra=request_extra(records, body_code=body, seats=1, reason="r", by=BY, at=at).id,
        transfer=_offered(records, FAR, body, at),
        near=_offered(records, SIBLING if body == OWN else OWN, body, at),
        proposal=propose(records, act=ending, touched=documents_touched, by=BY, at=at).id,
        mailbox=ask_mailbox(records, body_code=body, function=OfficeFunction.COMMITTEE_MEMBER, by=BY, at=at),
        delegation=uuid4(),
        handover=_sent(records, body, number, at),
        alert=_alerted(records, body, at),
        **rollout,
    )


def _alerted(records: Records, body: str, at: datetime) -> UUID:
    """An alert of the body's seats, whatever they are."""
    said: dict[str, Any] = {"id": uuid4(), "kind": AlertKind.SEATS_80, "detail": "3/3", "opened_at": at}
    with records.writing() as session:
        found = session.scalars(select(Body.id).where(Body.code == body)).one()
        session.execute(insert(Alert).values(body_id=found, subject_id=found, **said))
    return UUID(str(said["id"]))


def _delegate(session: Session, place: Place, other: Place) -> None:
    """A delegation of the place; to whom is of no matter here."""
    body = select(Body.id).where(Body.code == place.body).scalar_subquery()
    said: dict[str, Any] = {"id": place.delegation, "body_id": body, "number": "1", "mode": DelegationMode.SIGNATURE}
    said |= {"from_office_id": place.office, "to_office_id": other.office, "acts": "licence"}
    said |= {"starts_on": date(2022, 1, 1), "deed_kind": DeedKind.PAPER, "scan_sha256": "0" * 64}
    said |= {"recorded_at": now(), "recorded_by": "officer:x", "confirmed_by": "officer:y"}
    session.execute(insert(Delegation).values(**said))


def _sent(records: Records, body: str, number: int, at: datetime) -> int:
    day, serial = civil_day(at), f"D{number}"
    note = DeliveryNote(
        supplier="s", number=serial, manufacturer="m", model="m", announced=1, received_on=day, store="MA"
    )
    receive_batch(records, note=note, serials=typed_serials([serial])[0], by=BY, at=at)
    sent = send_devices(records, sender="MA", receiver=body, serials=[serial], on=day, by=BY, at=at)
    return sent.number


def _offered(records: Records, giver: str, receiver: str, at: datetime) -> UUID:
    transfer = propose_transfer(
        records,
        QuotaPolicy(four_eyes_above=0),
        giver_code=giver,
        receiver_code=receiver,
        seats=1,
        reason="r",
        side=TransferSide.GIVER,
        by=BY,
        at=at,
    )
    return transfer.id
