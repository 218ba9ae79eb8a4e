"""Elections: plans, lists of officials, previews, councils frozen and seated, who can sign, hand-over sheets."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.auth.errors import NotPermitted
from api.auth.officers import Officer
from api.auth.permissions import CentralOfficer, CommuneOrAbove, HouseHere, ProvincialOrAbove, now
from api.auth.tables import OfficerRole
from api.auth.territory import require_body, require_extent, require_office, require_order
from api.problems import NotFound
from pki.quota.elections.freezing import freeze_council
from pki.quota.elections.importing import import_officials
from pki.quota.elections.kinds import KeyEnd, KeyOutcome, OutgoingKeys, RowFault
from pki.quota.elections.plans import PlanStatus, draft_plan, plan_status, plans
from pki.quota.elections.preview import Doubt, Move, Preview, Tally, dry_run
from pki.quota.elections.seating import SeatedCouncil, seat_council
from pki.quota.elections.sheets import council_sheets
from pki.quota.elections.signatories import AbleToSign, Unable, able_to_sign
from pki.quota.heirs import Successor
from pki.quota.kinds import Replacement, Road
from pki.quota.replacing import replace_key
from pki.records import HolderId, OfficeId, OrderId, Records
from pki.registration.extent import Extent
from signer.rendering.handover import render_handover

from .border import CSV
from .once import OnceOnly, RawBody, raw
from .order_answers import OrderOut, order_out
from .schema import Code, IdOut, In, Line, Moment, Out, Zulu

router = APIRouter(prefix="/v1", tags=["elections"])
Province = Annotated[Code | None, Query()]
Wave = Literal[Road.SELF_MADE, Road.SUPPLIED]


class PlanIn(In):
    """A wave of mandates that end."""

    label: Line


class PlanOut(Out):
    """How far a plan is."""

    id: UUID
    label: str
    recorded_at: Zulu
    officials: int
    bodies: int
    frozen: int
    seated: int

    @classmethod
    def of(cls, status: PlanStatus) -> PlanOut:
        """As it is answered."""
        return cls(
            id=status.id,
            label=status.label,
            recorded_at=status.recorded_at,
            officials=status.officials,
            bodies=status.bodies,
            frozen=status.frozen,
            seated=status.seated,
        )


class PlansOut(Out):
    """Plans, the newest first."""

    items: list[PlanOut]


class RowErrorOut(Out):
    """What is wrong in one cell of a list; the heading is row 1."""

    row: int
    column: str
    code: RowFault
    words: str


class ImportedOut(Out):
    """What became of the rows; good ones are kept whatever the others are."""

    new: int
    changed: int
    unchanged: int
    errors: list[RowErrorOut]


class TallyOut(Out):
    """Numbers of one province, or of all (no code)."""

    province: str
    communes: int
    arrondissements: int
    change: int
    keep: int
    without_officials: int
    frozen: int
    seated: int
    seats_needed: int
    seats_there: int

    @classmethod
    def of(cls, tally: Tally) -> TallyOut:
        """As it is answered."""
        return cls(
            province=tally.province_code,
            communes=tally.communes,
            arrondissements=tally.arrondissements,
            change=tally.change,
            keep=tally.keep,
            without_officials=tally.without_officials,
            frozen=tally.frozen,
            seated=tally.seated,
            seats_needed=tally.seats_needed,
            seats_there=tally.seats_there,
        )


class OfficeMoveOut(Out):
    """One person and one office."""

    body: str
    place: str
    name_latin: str
    name_ar: str
    move: Move
    key: KeyOutcome | None


class KeyMoveOut(Out):
    """One key whose office ends."""

    body: str
    order: UUID
    end: KeyEnd
    reason: str


class LookAtOut(Out):
    """A row that somebody should look at."""

    body: str
    place: str
    name_latin: str
    doubt: Doubt
    other: str


class PreviewOut(Out):
    """What the plan would do."""

    headline: str
    whole: TallyOut
    provinces: list[TallyOut]
    offices: list[OfficeMoveOut]
    keys: list[KeyMoveOut]
    without_officials: list[str]
    look_at: list[LookAtOut]

    @classmethod
    def of(cls, preview: Preview) -> PreviewOut:
        """As it is answered."""
        return cls(
            headline=preview.headline,
            whole=TallyOut.of(preview.whole),
            provinces=[TallyOut.of(each) for each in preview.provinces],
            offices=[
                OfficeMoveOut(
                    body=each.body_code,
                    place=each.place,
                    name_latin=each.name_latin,
                    name_ar=each.name_ar,
                    move=each.move,
                    key=each.outcome,
                )
                for each in preview.offices
            ],
            keys=[
                KeyMoveOut(body=each.body_code, order=each.order, end=each.end, reason=each.reason)
                for each in preview.keys
            ],
            without_officials=list(preview.without_officials),
            look_at=[
                LookAtOut(
                    body=each.body_code,
                    place=each.place,
                    name_latin=each.name_latin,
                    doubt=each.doubt,
                    other=each.other,
                )
                for each in preview.look_at
            ],
        )


class FreezeIn(In):
    """The recorded end of a council; `ends_on` is the first civil day without it."""

    body: Code
    ends_on: date
    deed: Line


class FrozenOut(Out):
    """The council ended."""

    body: str
    offices_ended: int


class SeatIn(In):
    """The recorded election of a council's bureau."""

    body: Code
    elected_on: date
    deed: Line
    outgoing_keys: OutgoingKeys = OutgoingKeys.REVOKE
    road: Wave = Road.SELF_MADE


class SeatedPlaceOut(Out):
    """One new office and its key."""

    office: UUID
    holder: UUID
    place: str
    key: KeyOutcome
    order: UUID | None


class SeatedOut(Out):
    """What was recorded for the council."""

    body: str
    places: list[SeatedPlaceOut]
    keys_ended: list[UUID]
    keys_left: list[UUID]

    @classmethod
    def of(cls, seated: SeatedCouncil) -> SeatedOut:
        """As it is answered."""
        return cls(
            body=seated.body_code,
            places=[
                SeatedPlaceOut(
                    office=each.office, holder=each.holder, place=each.place, key=each.outcome, order=each.order
                )
                for each in seated.places
            ],
            keys_ended=list(seated.ended),
            keys_left=list(seated.left),
        )


class UnableOut(Out):
    """One body and why it cannot sign."""

    body: str
    why: Unable


class SignatoriesOut(Out):
    """Who can sign in one province."""

    province: str
    able: int
    unable: list[UnableOut]
    without_signatory: list[str]

    @classmethod
    def of(cls, found: AbleToSign) -> SignatoriesOut:
        """As it is answered."""
        return cls(
            province=found.province_code,
            able=found.able,
            unable=[UnableOut(body=each.body_code, why=each.why) for each in found.unable],
            without_signatory=list(found.without_signatory),
        )


class CountOut(Out):
    """Who can sign at this instant, by province."""

    at: Zulu
    items: list[SignatoriesOut]


class ReplacementIn(In):
    """Why a key is replaced, and by whose; without a holder, by another of the same person."""

    why: Replacement
    holder: UUID | None = None
    office: UUID | None = None
    road: Wave = Road.SELF_MADE
    device_serial: Line | None = None
    lost_since: Moment | None = None


@router.post("/elections", status_code=201, operation_id="draftElection", response_model=IdOut)
def post_plan(body: PlanIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Begin a plan."""

    def act(records: Records) -> IdOut:
        return IdOut(id=draft_plan(records, label=body.label, by=officer.actor, at=now()))

    return once.atomically(act)


@router.get("/elections", operation_id="listElections")
def get_plans(_: CommuneOrAbove, house: HouseHere) -> PlansOut:
    """Every plan, and how far it is."""
    with house.records.reading() as session:
        return PlansOut(items=[PlanOut.of(each) for each in plans(session)])


@router.get("/elections/{plan}", operation_id="getElection")
def get_plan(plan: UUID, _: CommuneOrAbove, house: HouseHere) -> PlanOut:
    """How far a plan is."""
    with house.records.reading() as session:
        return PlanOut.of(plan_status(session, plan))


@router.post(
    "/elections/{plan}/officials",
    status_code=201,
    operation_id="importOfficials",
    response_model=ImportedOut,
    openapi_extra=raw(CSV),
)
def post_officials(plan: UUID, officer: CentralOfficer, content: RawBody, house: HouseHere, once: OnceOnly) -> Response:
    """Take a list of officials (CSV) into the plan: good rows are kept, errors told beside their row."""

    def act(records: Records) -> ImportedOut:
        imported = import_officials(records, house.protection, plan=plan, content=content, by=officer.actor, at=now())
        errors = [
            RowErrorOut(row=each.row, column=each.column, code=each.code, words=each.words) for each in imported.errors
        ]
        return ImportedOut(new=imported.new, changed=imported.changed, unchanged=imported.unchanged, errors=errors)

    return once.atomically(act)


@router.get("/elections/{plan}/preview", operation_id="previewElection")
def get_preview(plan: UUID, officer: ProvincialOrAbove, house: HouseHere, province: Province = None) -> PreviewOut:
    """What the plan would do in the officer's territory, or in one province of it."""
    within = _within(house.records, officer, province)
    with house.records.reading() as session:
        return PreviewOut.of(dry_run(session, plan=plan, at=now(), within=within))


@router.post("/elections/{plan}/freezes", status_code=201, operation_id="freezeCouncil", response_model=FrozenOut)
def post_freeze(plan: UUID, body: FreezeIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """End a council's offices, from its recorded act."""
    require_body(house.records, officer, body.body)

    def act(records: Records) -> FrozenOut:
        ended = freeze_council(
            records,
            plan=plan,
            body_code=body.body,
            ends_on=body.ends_on,
            deed=body.deed,
            by=officer.actor,
            at=now(),
        )
        return FrozenOut(body=body.body, offices_ended=ended)

    return once.atomically(act)


@router.post("/elections/{plan}/seatings", status_code=201, operation_id="seatCouncil", response_model=SeatedOut)
def post_seating(plan: UUID, body: SeatIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Record a new council and provide for its keys."""
    require_body(house.records, officer, body.body)

    def act(records: Records) -> SeatedOut:
        seated = seat_council(
            records,
            house.settled,
            plan=plan,
            body_code=body.body,
            elected_on=body.elected_on,
            deed=body.deed,
            outgoing=body.outgoing_keys,
            road=body.road,
            by=officer.actor,
            at=now(),
        )
        return SeatedOut.of(seated)

    return once.atomically(act)


@router.get("/elections/{plan}/sheets", operation_id="getHandoverSheets", response_class=Response)
def get_sheets(
    *, plan: UUID, officer: ProvincialOrAbove, house: HouseHere, body: Province = None, province: Province = None
) -> Response:
    """Hand-over sheets of seated councils, one page each, as PDF."""
    within = _within(house.records, officer, province) if body is None else Extent(body_code=body)
    require_extent(house.records, officer, within)
    with house.records.reading() as session:
        sheets = council_sheets(session, plan=plan, within=within)
    if not sheets:
        raise NotFound("seated council", within.code or str(plan))
    settings = house.settings
    made = render_handover(
        sheets, origin=settings.public_url, environment=settings.environment.value, fonts=settings.fonts
    )
    return Response(made, media_type="application/pdf")


@router.get("/signatories", operation_id="countSignatories")
def get_signatories(officer: CommuneOrAbove, house: HouseHere, province: Province = None) -> CountOut:
    """Which communes can sign at this instant, which cannot and why, and which have no signatory by law."""
    within, at = _within(house.records, officer, province), now()
    with house.records.reading() as session:
        found = able_to_sign(session, at=at, within=within)
    return CountOut(at=at, items=[SignatoriesOut.of(each) for each in found])


@router.post("/key-orders/{order}/replacement", status_code=201, operation_id="replaceKey", response_model=OrderOut)
def post_replacement(
    *, order: UUID, body: ReplacementIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Order a key in the place, and the seat, of another. One in wrong hands: a central officer."""
    require_order(house.records, officer, order)
    if body.why is Replacement.COMPROMISED and not officer.reaches(OfficerRole.CENTRAL):
        # A loss is a fact that the province sees, and has its own block and replacement. That somebody else uses a key
        # that is not lost is a judgement, and so is its revocation at once.
        raise NotPermitted("a central officer, for a key in wrong hands: block it meanwhile")
    if body.office is not None:
        require_office(house.records, officer, body.office)
    alone = None if officer.reaches(OfficerRole.CENTRAL) else house.quota_policy

    def act(records: Records) -> OrderOut:
        with records.reading() as session:
            before = order_out(session, order)
        successor = Successor(
            holder=HolderId(body.holder or before.holder),
            office=OfficeId(body.office or before.office),
            road=body.road,
            device_serial=body.device_serial,
        )
        new = replace_key(
            records,
            house.settled,
            order=OrderId(order),
            why=body.why,
            successor=successor,
            lost_since=body.lost_since,
            alone=alone,
            by=officer.actor,
            at=now(),
        )
        with records.reading() as session:
            return order_out(session, new.id)

    return once.atomically(act)


def _within(records: Records, officer: Officer, province: str | None) -> Extent:
    """The officer's territory, or the province of it that is asked about."""
    if province is None:
        return officer.extent
    asked = Extent(province_code=province)
    require_extent(records, officer, asked)
    return asked
