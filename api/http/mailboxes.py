"""Professional mailboxes of offices: asked for, created, activated for the holder, closed; and how they stand."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.auth.officers import Officer
from api.auth.permissions import CommuneOrAbove, HouseHere, ProvincialOrAbove, now
from api.auth.territory import narrowed, require_body, require_office
from api.notices import tell_mailbox_active
from pki.records import OfficeId, Records
from pki.registration.kinds import OfficeFunction
from pki.registration.mailboxes.mailboxes import (
    activate_mailbox,
    ask_mailbox,
    body_of_mailbox,
    close_mailbox,
    create_mailbox,
)
from pki.registration.mailboxes.reading import mailbox_line, mailboxes
from pki.registration.mailboxes.tables import MailboxState

from .once import OnceOnly
from .registration import Mail
from .schema import Code, IdOut, In, Line, Out, Page, Zulu

router = APIRouter(prefix="/v1", tags=["registration"])


class MailboxIn(In):
    """The mailbox of an office of a body."""

    body: Code
    function: OfficeFunction
    rank: Annotated[int, Field(ge=0, le=30)] = 0


class AddressIn(In):
    """The address that the supplier made."""

    address: Mail


class ActivationIn(In):
    """The office whose holder reads it from now on."""

    office: UUID


class ClosingIn(In):
    """Why it is closed."""

    reason: Line


class MailboxOut(Out):
    """How a mailbox stands; `handed_over_on` is the first day on which its last, or present, reader no longer does."""

    id: UUID
    body: str
    function: OfficeFunction
    rank: int
    state: MailboxState
    address: str | None
    office: UUID | None
    handed_over_on: date | None
    asked_at: Zulu
    changed_at: Zulu


class MailboxesOut(Out):
    """Mailboxes, by id."""

    items: list[MailboxOut]


@router.get("/mailboxes", operation_id="listMailboxes")
def get_mailboxes(
    *,
    officer: CommuneOrAbove,
    house: HouseHere,
    body: Annotated[Code | None, Query()] = None,
    state: Annotated[MailboxState | None, Query()] = None,
    after: Annotated[UUID | None, Query()] = None,
    limit: Page = 200,
) -> MailboxesOut:
    """Mailboxes of the officer's territory, or of one body in it; `after` is the last id of the page before."""
    within = narrowed(house.records, officer, body)
    with house.records.reading() as session:
        found = mailboxes(session, within=within, state=state, after=after, limit=limit)
    return MailboxesOut(items=[MailboxOut(**asdict(each)) for each in found])


@router.get("/mailboxes/{mailbox}", operation_id="getMailbox")
def get_mailbox(mailbox: UUID, officer: CommuneOrAbove, house: HouseHere) -> MailboxOut:
    """How one mailbox stands."""
    _require_mailbox(house.records, officer, mailbox)
    with house.records.reading() as session:
        return MailboxOut(**asdict(mailbox_line(session, mailbox)))


@router.post("/mailboxes", status_code=201, operation_id="askMailbox", response_model=IdOut)
def post_mailbox(body: MailboxIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Ask the supplier for the mailbox of an office."""
    require_body(house.records, officer, body.body)

    def act(records: Records) -> IdOut:
        made = ask_mailbox(
            records, body_code=body.body, function=body.function, rank=body.rank, by=officer.actor, at=now()
        )
        return IdOut(id=made)

    return once.atomically(act)


@router.post("/mailboxes/{mailbox}/address", status_code=201, operation_id="createMailbox", response_model=IdOut)
def post_address(
    mailbox: UUID, body: AddressIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Record the address that the supplier made."""
    _require_mailbox(house.records, officer, mailbox)

    def act(records: Records) -> IdOut:
        create_mailbox(records, mailbox=mailbox, address=body.address, by=officer.actor, at=now())
        return IdOut(id=mailbox)

    return once.atomically(act)


@router.post("/mailboxes/{mailbox}/activation", status_code=201, operation_id="activateMailbox", response_model=IdOut)
def post_activation(
    mailbox: UUID, body: ActivationIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Record that the holder of the office, and nobody else, reads the mailbox."""
    _require_mailbox(house.records, officer, mailbox)
    require_office(house.records, officer, body.office)

    def act(records: Records) -> IdOut:
        office, at = OfficeId(body.office), now()
        activate_mailbox(records, mailbox=mailbox, office=office, by=officer.actor, at=at)
        tell_mailbox_active(records, house.mailer, office=office, at=at)
        return IdOut(id=mailbox)

    return once.atomically(act)


@router.post("/mailboxes/{mailbox}/closing", status_code=201, operation_id="closeMailbox", response_model=IdOut)
def post_closing(
    mailbox: UUID, body: ClosingIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Record that the supplier closed it."""
    _require_mailbox(house.records, officer, mailbox)

    def act(records: Records) -> IdOut:
        close_mailbox(records, mailbox=mailbox, reason=body.reason, by=officer.actor, at=now())
        return IdOut(id=mailbox)

    return once.atomically(act)


def _require_mailbox(records: Records, officer: Officer, mailbox: UUID) -> None:
    with records.reading() as session:
        code = body_of_mailbox(session, mailbox)
    require_body(records, officer, code)
