"""Opening entries: keys that were in the field before they were on record, booked as what they are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import uuid4

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from pki.ca.registered import parse_certificate, register_certificate
from pki.ca.tables import CertificateRow
from pki.errors import PkiError
from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into
from pki.quota.books import Movement, book_purchase, granting_agreement, write_movements
from pki.quota.devices.following import follow_order, promise_device
from pki.quota.errors import AgreementSucceeded, CertificateMismatch
from pki.quota.grants.field_lines import KeyInField
from pki.quota.grants.tables import OpeningKey
from pki.quota.kinds import Account, Book, OrderState, Road, SeatPlace
from pki.quota.orders import insert_order, require_office
from pki.quota.registered import issuer_of, names_holder, register_existing_key
from pki.quota.seats import take_live_seat
from pki.quota.tables import Allowance, KeyOrder
from pki.records import HolderId, Joined, OfficeId, OrderId, Records, civil_day
from pki.registration.errors import HolderExists, OfficeMissing
from pki.registration.holders import enrol_holder
from pki.registration.imported import RefusedLine
from pki.registration.offices import record_office
from pki.registration.protection import ProtectedNumbers
from pki.registration.tables import Body, Office, OfficeEnd

CAUSE = "opening"


class Taken(StrEnum):
    """What became of a line."""

    OPENED = "opened"
    """Booked now: a live seat of its body, a used purchase of the agreement."""
    REGISTERED = "registered"
    """Recorded now; somebody else paid, and it takes nothing."""
    COMPLETED = "completed"
    """Booked before by its serial; its certificate is recorded now."""
    KNOWN = "known"
    """On record since an earlier import."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysImported:
    """What an import did."""

    opened: int
    registered: int
    completed: int
    known: int
    refused: tuple[RefusedLine, ...]
    above: tuple[tuple[str, int], ...]
    """Bodies of this file with more in use than granted: code, and how many."""


def import_keys_in_field(
    records: Records,
    protection: ProtectedNumbers,
    keys: Sequence[KeyInField],
    *,
    by: Actor,
    at: datetime,
    told: Callable[[], None] = lambda: None,
) -> KeysImported:
    """Book each key, in a transaction of its own: good lines are kept, the others named with their reason.

    A line that cannot be booked leaves nothing behind, neither person nor office. Running it again, or after it
    was cut off, books what is missing: a key is known by its certificate, or by its serial. The holder accepts
    his key here before it signs anything. Above the allowance nothing is refused.

    :param told: called after each line.
    """
    counts = dict.fromkeys(Taken, 0)
    refused = []
    for key in keys:
        try:
            with records.writing() as session:
                counts[_take(Joined(session), session, protection, key, by=by, at=at)] += 1
        except PkiError as refusal:
            # The reason names no person: a national id stands in no message of ours.
            refused.append(RefusedLine(number=key.line, value=key.body_code[:40], reason=str(refusal)))
        told()
    with records.reading() as session:
        above = _above(session, {key.body_code for key in keys})
    return KeysImported(
        opened=counts[Taken.OPENED],
        registered=counts[Taken.REGISTERED],
        completed=counts[Taken.COMPLETED],
        known=counts[Taken.KNOWN],
        refused=tuple(refused),
        above=above,
    )


def _take(
    records: Records, session: Session, protection: ProtectedNumbers, key: KeyInField, *, by: Actor, at: datetime
) -> Taken:
    sha256 = None if key.certificate is None else hashlib.sha256(key.certificate).hexdigest()
    if (known := _known(session, key, sha256)) is not None:
        return _complete(session, protection, known, key, sha256, by=by, at=at)
    if sha256 is not None and session.scalar(select(CertificateRow.id).where(CertificateRow.sha256 == sha256)):
        return Taken.KNOWN
    holder = _holder(records, protection, key, by=by, at=at)
    office = _office(records, session, holder, key, by=by, at=at)
    if key.paid_by is None:
        _open(session, protection, key, sha256, holder=holder, office=office, by=by, at=at)
        return Taken.OPENED
    if key.certificate is None:
        raise CertificateMismatch("a key that somebody else paid for is recorded by its certificate, not by a serial")
    register_existing_key(
        records,
        protection,
        holder=holder,
        office=office,
        certificate=key.certificate,
        paid_by=key.paid_by,
        by=by,
        at=at,
    )
    return Taken.REGISTERED


def _known(session: Session, key: KeyInField, sha256: str | None) -> OpeningKey | None:
    same = OpeningKey.serial == key.serial
    return session.scalars(
        select(OpeningKey)
        .where(same if sha256 is None else or_(same, OpeningKey.sha256 == sha256))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _complete(
    session: Session,
    protection: ProtectedNumbers,
    known: OpeningKey,
    key: KeyInField,
    sha256: str | None,
    *,
    by: Actor,
    at: datetime,
) -> Taken:
    """The certificate of a key that was booked by its serial alone."""
    if key.certificate is None or sha256 is None or known.sha256 == sha256:
        return Taken.KNOWN
    if known.sha256 is not None:
        raise CertificateMismatch("another certificate of this serial is on record")
    order = session.get_one(KeyOrder, known.order_id)
    _register(
        session, protection, key.certificate, order=OrderId(order.id), holder=HolderId(order.holder_id), by=by, at=at
    )
    session.execute(update(OpeningKey).where(OpeningKey.order_id == known.order_id).values(sha256=sha256))
    return Taken.COMPLETED


def _holder(records: Records, protection: ProtectedNumbers, key: KeyInField, *, by: Actor, at: datetime) -> HolderId:
    try:
        return enrol_holder(
            records, protection, name_ar=key.name_ar, name_latin=key.name_latin, cin=key.cin, by=by, at=at
        )
    except HolderExists as known:
        return known.holder


def _office(
    records: Records, session: Session, holder: HolderId, key: KeyInField, *, by: Actor, at: datetime
) -> OfficeId:
    """His office of that function in effect today, recorded now if it is not on record."""
    day = civil_day(at)
    known = session.scalars(
        select(Office.id)
        .join(Body, Body.id == Office.body_id)
        .outerjoin(OfficeEnd, (OfficeEnd.office_id == Office.id) & OfficeEnd.superseded_at.is_(None))
        .where(
            Office.holder_id == holder,
            Body.code == key.body_code,
            Office.function == key.function,
            Office.rank.is_(None) if key.rank is None else Office.rank == key.rank,
            Office.superseded_at.is_(None),
            Office.starts_on <= day,
            or_(OfficeEnd.ends_on.is_(None), OfficeEnd.ends_on > day),
        )
        .order_by(Office.starts_on.desc())
    ).first()
    if known is not None:
        return OfficeId(known)
    if key.starts_on is None:
        raise OfficeMissing(key.function.value, key.body_code)
    return record_office(
        records,
        holder=holder,
        body_code=key.body_code,
        function=key.function,
        rank=key.rank,
        starts_on=key.starts_on,
        deed=key.deed or "opening entry",
        by=by,
        at=at,
    )


def _open(
    session: Session,
    protection: ProtectedNumbers,
    key: KeyInField,
    sha256: str | None,
    *,
    holder: HolderId,
    office: OfficeId,
    by: Actor,
    at: datetime,
) -> None:
    standing = require_office(session, holder=holder, office=office, at=at)
    body = standing.body_id
    agreement = granting_agreement(session, body_id=body, body_code=key.body_code, at=at)
    order = OrderId(uuid4())
    values = {
        "id": order,
        "holder_id": holder,
        "office_id": office,
        "body_id": body,
        "payer_body_id": body,
        "agreement_id": agreement,
        "road": Road.SUPPLIED,
        "device_serial": key.device_serial,
        # Delivered to whoever holds it; live at once, as it is in the field whether he accepts it here or not.
        "state": OrderState.DELIVERED,
        "seat": SeatPlace.LIVE,
        "requested_at": at,
        "requested_by": str(by),
    }
    insert_order(session, values)
    if key.certificate is not None:
        _register(session, protection, key.certificate, order=order, holder=holder, by=by, at=at)
    added = session.execute(
        insert_into(session, OpeningKey)
        .values(order_id=order, serial=key.serial, sha256=sha256, recorded_at=at, recorded_by=str(by))
        .on_conflict_do_nothing()
        .returning(OpeningKey.order_id)
    )
    if added.scalar_one_or_none() is None:
        raise CertificateMismatch("another import is booking this very key")
    book_purchase(session, agreement_id=agreement, body_id=body, order=order, cause=CAUSE, at=at)
    excess = take_live_seat(session, body_id=body, agreement_id=agreement)
    if excess is None:
        raise AgreementSucceeded(key.body_code)
    moved = Movement(
        book=Book.SEAT,
        taken_from=Account.AVAILABLE,
        given_to=Account.LIVE,
        amount=1,
        agreement_id=agreement,
        body_id=body,
        order_id=order,
    )
    write_movements(session, [moved], cause=CAUSE, in_effect=civil_day(at), at=at)
    facts: dict[str, object] = {"holder": holder, "office": office, "payer": key.body_code, "road": Road.SUPPLIED}
    facts |= {"opening": True, "serial": key.serial, "excess": excess, "device_serial": key.device_serial}
    record(session, kind="order.delivered", subject=f"order:{order}", by=by, at=at, facts=facts)
    promise_device(session, order, key.device_serial, by=by, at=at)
    follow_order(session, session.get_one(KeyOrder, order), OrderState.DELIVERED, by=by, at=at)


def _register(
    session: Session,
    protection: ProtectedNumbers,
    certificate: bytes,
    *,
    order: OrderId,
    holder: HolderId,
    by: Actor,
    at: datetime,
) -> None:
    parsed = parse_certificate(certificate)
    if not names_holder(session, protection, parsed, holder):
        raise CertificateMismatch("it carries no national id")
    issuer = issuer_of(session, parsed)
    register_certificate(session, der=certificate, issuer=issuer.id, holder=holder, order=order, at=at, by=by)


def _above(session: Session, codes: set[str]) -> tuple[tuple[str, int], ...]:
    rows = session.execute(
        select(Body.code, Allowance.excess)
        .join(Allowance, Allowance.body_id == Body.id)
        .where(Allowance.excess > 0)
        .order_by(Body.code)
    )
    return tuple((row.code, row.excess) for row in rows if row.code in codes)
