"""A locked device: its secrets released by two officers in one act, its key blocked until its holder is back.

Released once means: whoever has the secrets could have used the device. So the same transaction blocks the
key, and only a new PIN with fresh secrets, and then the holder's acceptance, make it sign again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from pki.ca.certificates import certificates_of_order
from pki.journal.acts import Actor, ActorKind, record
from pki.journal.canonical import canonical_json
from pki.quota.advancing import advance, locked_order
from pki.quota.errors import (
    ApprovalDigestDiffers,
    ApprovalUsed,
    OrderStateRefused,
    ReleaseUnknown,
    ReleaseUnreadable,
    SelfApproval,
    UnlockRefused,
    UnlockSecretsMissing,
)
from pki.quota.kinds import OrderState, UnlockKind
from pki.quota.orders import require_office
from pki.quota.tables import KeyOrder, UnlockRelease
from pki.quota.transitions import Step
from pki.quota.unlock_secrets import KeptSecret, SentSecret, current_secrets, keep_secrets
from pki.records import HolderId, OfficeId, OrderId, Records
from pki.status.blocks import block_of, lift_block, record_block

CAUSE = "unlock-released"
_DOMAIN = "khatam-unlock-release-v1"
_USABLE = (OrderState.DELIVERED, OrderState.ACTIVE)

OpenSecret = Callable[[str], str]
"""Decrypts a compact JWE under the release key; raises ValueError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedRelease:
    """A release that waits for a second officer."""

    id: UUID
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedSecret:
    """A secret in clear: for the answer of one request, and for nothing else."""

    kind: UnlockKind
    value: str = field(repr=False)


def request_release(records: Records, *, order: OrderId, reason: str, by: Actor, at: datetime) -> RequestedRelease:
    """Ask that the unlock secrets of an order's device be released. A request before it is superseded.

    :raise UnlockSecretsMissing: none are kept.
    :raise OrderStateRefused: the key is not delivered, or is stopped for another cause.
    :raise OfficeNotCurrent: his office ended: the device is to be returned, not unlocked.
    """
    with records.writing() as session:
        found = locked_order(session, order)
        _require_releasable(session, found, at=at)
        secrets = current_secrets(session, order)
        if not secrets:
            raise UnlockSecretsMissing(order)
        release = uuid4()
        digest = _digest(session, found, release, secrets, by=str(by))
        end_releases(session, order=order, at=at)
        session.execute(
            insert(UnlockRelease).values(
                id=release, order_id=order, digest=digest, requested_at=at, requested_by=str(by), reason=reason
            )
        )
        facts = {"release": str(release), "digest": digest, "reason": reason}
        record(session, kind="order.unlock-requested", subject=f"order:{order}", by=by, at=at, facts=facts)
        return RequestedRelease(id=release, digest=digest)


def approve_release(
    records: Records, *, order: OrderId, release: UUID, digest: str, open_secret: OpenSecret, by: Actor, at: datetime
) -> tuple[ReleasedSecret, ...]:
    """Approve a release, block the key and return the secrets, once. All of it stands, or nothing.

    If the answer is lost after this, so are the secrets: ask for another release.

    :raise ReleaseUnknown: none of that id waits for this order.
    :raise SelfApproval: by whoever asked for it, or by the holder.
    :raise ApprovalDigestDiffers: for another request, other certificates or other secrets.
    :raise ApprovalUsed: it was approved before.
    :raise ReleaseUnreadable: a secret does not open; the key is not blocked.
    """
    with records.writing() as session:
        found = locked_order(session, order)
        row = _release(session, order, release)
        # THREAT: one officer alone, or one with an approval that was seen before, takes the secrets of a device.
        # DEFENCE: another person than who asked; the digest of this request and these secrets; one conditional
        #   statement that spends it, in the transaction that blocks the key.
        # TEST: tests/pki/quota/test_unlocking.py::test_two_officers_once
        if str(by) == row.requested_by or by == Actor(kind=ActorKind.HOLDER, id=str(found.holder_id)):
            raise SelfApproval(order)
        _require_releasable(session, found, at=at)
        secrets = current_secrets(session, order)
        if digest != row.digest or digest != _digest(session, found, release, secrets, by=row.requested_by):
            raise ApprovalDigestDiffers(order, row.digest)
        block = _blocked(session, found, by=by, at=at)
        _spend(session, order, release, block=block, by=by, at=at)
        opened = tuple(_opened(secret, open_secret) for secret in secrets)
        facts = {"release": str(release), "digest": digest, "kinds": [secret.kind.value for secret in secrets]}
        record(session, kind="order.unlock-released", subject=f"order:{order}", by=by, at=at, facts=facts)
        return opened


def set_new_pin(
    records: Records,
    *,
    order: OrderId,
    sent: Collection[SentSecret],
    by: Actor,
    at: datetime,
    may_stay: bool = False,
) -> OrderState:
    """The holder has set a new PIN and fresh secrets: the block is lifted, the key is delivered and to be accepted.

    Its seat stays where it was. The same again, after an answer that was lost, changes nothing.

    :param may_stay: a kind that was not replaced does not stop the key; it stays in force, known to people, and is
        said to be (`known_kinds`).
    :raise OrderStateRefused: the key is not blocked by a release, or was stopped for another cause since.
    :raise UnlockRefused: a kind that was released is not replaced.
    :raise OrderAlreadyOpen: another order of the holder for that body is under way.
    :raise OfficeNotCurrent: his office ended meanwhile.
    """
    with records.writing() as session:
        found = locked_order(session, order)
        kept = current_secrets(session, order)
        given = {(secret.kind, secret.jwe) for secret in sent}
        if found.state in _USABLE and _is_same_again(session, order, given, kept, may_stay=may_stay):
            return found.state
        row = waiting_release(session, found, at=at)
        if row is None:
            raise OrderStateRefused(order, found.state.value, Step.UNLOCK.value)
        require_office(session, holder=HolderId(found.holder_id), office=OfficeId(found.office_id), at=at)
        staying = {secret.kind for secret in kept} - {secret.kind for secret in sent}
        if staying and not may_stay:
            # THREAT: what left the house goes on opening the device.
            # DEFENCE: every kind that was released is replaced before the block is lifted; where an installation
            #   allows otherwise, the journal and the order say which kinds people know.
            # TEST: tests/pki/quota/test_unlocking.py::test_every_released_kind_is_replaced
            raise UnlockRefused(
                f"not replaced: {_named(staying)}; people know it. The device is wiped and given back, and another made"
            )
        keep_secrets(session, order=order, sent=sent, by=by, at=at, staying=staying)
        if staying:
            facts = {"release": str(row.id), "kinds": sorted(kind.value for kind in staying)}
            record(session, kind="order.unlock-secrets-stay", subject=f"order:{order}", by=by, at=at, facts=facts)
        session.execute(update(UnlockRelease).where(UnlockRelease.id == row.id).values(used_at=at))
        lift_block(session, order=order, reason="a new PIN was set by the holder", at=at, by=by)
        advance(session, order, Step.UNLOCK, by=by, at=at, facts={"release": str(row.id)})
        return OrderState.DELIVERED


def known_kinds(session: Session, order: OrderId) -> tuple[UnlockKind, ...]:
    """The kinds that were released and are still in force: people know them. By name."""
    approved = select(func.max(UnlockRelease.approved_at)).where(UnlockRelease.order_id == order)
    released_at = session.scalar(approved)
    if released_at is None:
        return ()
    return tuple(secret.kind for secret in current_secrets(session, order) if secret.sent_at <= released_at)


def _is_same_again(
    session: Session,
    order: OrderId,
    given: set[tuple[UnlockKind, str]],
    kept: Collection[KeptSecret],
    *,
    may_stay: bool,
) -> bool:
    """Whether this very answer was taken before; an empty one only after an unlocking that left all in force."""
    held = {(secret.kind, secret.jwe) for secret in kept}
    if given == held:
        return bool(given)
    staying = {kind for kind, _ in held - given}
    return may_stay and given <= held and staying <= set(known_kinds(session, order))


def _named(kinds: Collection[UnlockKind]) -> str:
    return ", ".join(sorted(kind.value for kind in kinds))


def waiting_release(session: Session, order: KeyOrder, *, at: datetime) -> UnlockRelease | None:
    """The approved release under whose block the key stands at this instant; None: it stands otherwise."""
    # THREAT: a key reported lost is made usable again by whoever has the device and its released secrets.
    # DEFENCE: only the very block of the release is lifted; a loss reported since has a block of its own.
    # TEST: tests/pki/quota/test_unlocking.py::test_a_loss_reported_meanwhile_ends_the_release
    if order.state is not OrderState.BLOCKED:
        return None
    block = block_of(session, order=OrderId(order.id), at=at)
    if block is None:
        return None
    return session.scalars(
        select(UnlockRelease).where(
            UnlockRelease.order_id == order.id,
            UnlockRelease.block_id == block.id,
            UnlockRelease.superseded_at.is_(None),
            UnlockRelease.used_at.is_(None),
        )
    ).one_or_none()


def times_unlocked(session: Session, order: OrderId) -> int:
    """How often the holder came back after a release: each time he accepts his key anew."""
    done = select(func.count()).where(UnlockRelease.order_id == order, UnlockRelease.used_at.is_not(None))
    return session.scalar(done) or 0


_SUPERSEDED = (
    update(UnlockRelease)
    .where(
        UnlockRelease.order_id == bindparam("order"),
        UnlockRelease.superseded_at.is_(None),
        UnlockRelease.used_at.is_(None),
    )
    .values(superseded_at=bindparam("on"))
    .execution_options(synchronize_session=False)
)


def end_releases(session: Session, *, order: OrderId, at: datetime) -> None:
    """Whatever release waits for the order is superseded. A step."""
    session.execute(_SUPERSEDED, {"order": order, "on": at})


def _require_releasable(session: Session, order: KeyOrder, *, at: datetime) -> None:
    if order.state not in _USABLE and not _blocked_by_release(session, order, at=at):
        raise OrderStateRefused(OrderId(order.id), order.state.value, "release its unlock secrets")
    require_office(session, holder=HolderId(order.holder_id), office=OfficeId(order.office_id), at=at)


def _blocked_by_release(session: Session, order: KeyOrder, *, at: datetime) -> bool:
    """Blocked under a release, even one that was superseded: by another request, not by a report of loss."""
    block = block_of(session, order=OrderId(order.id), at=at) if order.state is OrderState.BLOCKED else None
    if block is None:
        return False
    return session.scalars(select(UnlockRelease.id).where(UnlockRelease.block_id == block.id)).first() is not None


def _blocked(session: Session, order: KeyOrder, *, by: Actor, at: datetime) -> UUID:
    number = OrderId(order.id)
    held = block_of(session, order=number, at=at) if order.state is OrderState.BLOCKED else None
    if held is not None:
        return held.id
    advance(session, number, Step.BLOCK, by=by, at=at, facts={"reason": CAUSE})
    return record_block(session, order=number, reason=CAUSE, lost_since=None, at=at, by=by).id


def _spend(session: Session, order: OrderId, release: UUID, *, block: UUID, by: Actor, at: datetime) -> None:
    spent = session.execute(
        update(UnlockRelease)
        .where(UnlockRelease.id == release, UnlockRelease.approved_at.is_(None), UnlockRelease.superseded_at.is_(None))
        .values(approved_at=at, approved_by=str(by), block_id=block)
        .returning(UnlockRelease.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if spent is None:
        raise ApprovalUsed(order)


def _opened(secret: KeptSecret, open_secret: OpenSecret) -> ReleasedSecret:
    try:
        return ReleasedSecret(kind=secret.kind, value=open_secret(secret.jwe))
    except ValueError:
        raise ReleaseUnreadable(secret.kind.value) from None


def _release(session: Session, order: OrderId, release: UUID) -> UnlockRelease:
    row = session.scalars(
        select(UnlockRelease)
        .where(UnlockRelease.id == release, UnlockRelease.order_id == order)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None or row.superseded_at is not None:
        raise ReleaseUnknown(order)
    if row.approved_at is not None:
        raise ApprovalUsed(order)
    return row


def _digest(session: Session, order: KeyOrder, release: UUID, secrets: Collection[KeptSecret], *, by: str) -> str:
    certificates = certificates_of_order(session, OrderId(order.id))
    said = {
        "domain": _DOMAIN,
        "release": str(release),
        "order": str(order.id),
        "holder": str(order.holder_id),
        "requested_by": by,
        "certificates": sorted(certificate.sha256 for certificate in certificates),
        "secrets": sorted(f"{secret.kind.value}:{secret.sha256}" for secret in secrets),
    }
    return hashlib.sha256(canonical_json(said)).hexdigest()
