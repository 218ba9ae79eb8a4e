"""Unlock secrets: kept unread, released by two officers once, the key blocked until its holder is back."""

import base64
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from pki.journal.tables import Leaf
from pki.quota.errors import (
    ApprovalDigestDiffers,
    ApprovalUsed,
    NoUsableKey,
    OrderAlreadyOpen,
    OrderStateRefused,
    ReleaseUnknown,
    ReleaseUnreadable,
    SelfApproval,
    UnlockRefused,
    UnlockSecretsMissing,
)
from pki.quota.kinds import OrderState, SeatPlace, UnlockKind
from pki.quota.orders import issue_enrolment_ticket
from pki.quota.stopping import block_key, revoke_key
from pki.quota.tables import UnlockSecret
from pki.quota.unlock_secrets import SentSecret, keep_secrets
from pki.quota.unlocking import (
    RequestedRelease,
    approve_release,
    known_kinds,
    request_release,
    set_new_pin,
    times_unlocked,
)
from pki.records import OrderId
from pki.status.blocks import block_of
from pki.status.tables import RevocationReason
from tests.pki.estate import OFFICER, SECOND, T0
from tests.pki.quota.estate import Bureau, settled

LATER = T0 + timedelta(minutes=5)


def jwe(mark: int = 0, **header: object) -> str:
    parts = (json.dumps({"alg": "RSA-OAEP-256", "enc": "A256GCM"} | header).encode(), bytes(384), bytes(12), b"s")
    return ".".join(base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in (*parts, bytes([mark]) * 16))


def so_pin(mark: int = 0) -> SentSecret:
    return SentSecret(kind=UnlockKind.SO_PIN, jwe=jwe(mark))


def with_secrets(bureau: Bureau) -> OrderId:
    order = bureau.active()
    with bureau.records.writing() as session:
        puk = SentSecret(kind=UnlockKind.PUK, jwe=jwe(1))
        keep_secrets(session, order=order, sent=[so_pin(), puk], by=bureau.himself(order), at=T0)
    return order


def asked(bureau: Bureau, order: OrderId) -> RequestedRelease:
    return request_release(bureau.records, order=order, reason="locked", by=OFFICER, at=LATER)


def released(bureau: Bureau, order: OrderId, waiting: RequestedRelease, **change: object) -> dict[str, str]:
    given = {"by": SECOND, "digest": waiting.digest, "release": waiting.id, "open_secret": lambda _: "clear", **change}
    found = approve_release(bureau.records, order=order, at=LATER, **given)  # type: ignore[arg-type]
    return {each.kind.value: each.value for each in found}


def back(bureau: Bureau, order: OrderId, *sent: SentSecret) -> OrderState:
    fresh = sent or (so_pin(7), SentSecret(kind=UnlockKind.PUK, jwe=jwe(8)))
    return set_new_pin(bureau.records, order=order, sent=fresh, by=bureau.himself(order), at=LATER)


def test_two_officers_once(bureau: Bureau) -> None:
    order = with_secrets(bureau)
    holder = bureau.view(order).holder
    release = asked(bureau, order)
    for refusal, change in (
        (SelfApproval, {"by": OFFICER}),
        (SelfApproval, {"by": bureau.himself(order)}),
        (ApprovalDigestDiffers, {"digest": "0" * 64}),
        (ReleaseUnknown, {"release": uuid4()}),
    ):
        with pytest.raises(refusal):
            released(bureau, order, release, **change)
    assert bureau.stands(order) == (OrderState.ACTIVE, SeatPlace.LIVE)
    assert released(bureau, order, release) == {"so-pin": "clear", "puk": "clear"}
    assert bureau.stands(order) == (OrderState.BLOCKED, SeatPlace.LIVE)
    with pytest.raises(ApprovalUsed):
        released(bureau, order, release)
    with pytest.raises(NoUsableKey) as refused:
        bureau.held(holder, at=LATER)
    assert (refused.value.reason, refused.value.since) == ("blocked", LATER)


def test_back_to_its_holder(bureau: Bureau) -> None:
    order = with_secrets(bureau)
    released(bureau, order, asked(bureau, order))
    issue_enrolment_ticket(bureau.records, order=order, by=OFFICER, at=LATER)
    assert back(bureau, order) is OrderState.DELIVERED
    assert back(bureau, order) is OrderState.DELIVERED  # the answer was lost
    assert bureau.stands(order) == (OrderState.DELIVERED, SeatPlace.LIVE)
    with bureau.records.reading() as session:
        assert block_of(session, order=order, at=LATER) is None
        assert times_unlocked(session, order) == 1
        secrets = session.scalars(select(UnlockSecret).where(UnlockSecret.superseded_at.is_(None))).all()
        assert {each.jwe for each in secrets} == {jwe(7), jwe(8)}
    bureau.activate(order, at=LATER)
    assert bureau.stands(order) == (OrderState.ACTIVE, SeatPlace.LIVE)
    assert bureau.seats() == (0, 1)
    bureau.books_balance()


def test_every_released_kind_is_replaced(sqlite_bureau: Bureau) -> None:
    order = with_secrets(sqlite_bureau)
    released(sqlite_bureau, order, asked(sqlite_bureau, order))
    with pytest.raises(UnlockRefused):
        back(sqlite_bureau, order, so_pin(7))
    assert sqlite_bureau.stands(order)[0] is OrderState.BLOCKED


def test_a_kind_that_its_device_cannot_change_stays_known(bureau: Bureau) -> None:
    """Only where the installation allows it; then the order says so until the kind is replaced."""
    order = with_secrets(bureau)
    minutes = iter(range(1, 100))

    def let_out() -> None:
        waiting, at = asked(bureau, order), LATER + timedelta(minutes=next(minutes))
        given = {"release": waiting.id, "digest": waiting.digest, "open_secret": lambda _: "clear"}
        approve_release(bureau.records, order=order, by=SECOND, at=at, **given)  # type: ignore[arg-type]

    def unlocked(*sent: SentSecret) -> tuple[OrderState, tuple[UnlockKind, ...]]:
        by, at = bureau.himself(order), LATER + timedelta(minutes=next(minutes))
        state = set_new_pin(bureau.records, order=order, sent=sent, by=by, at=at, may_stay=True)
        with bureau.records.reading() as session:
            return state, known_kinds(session, order)

    let_out()
    assert unlocked(so_pin(7)) == (OrderState.DELIVERED, (UnlockKind.PUK,))
    assert unlocked(so_pin(7)) == (OrderState.DELIVERED, (UnlockKind.PUK,))  # the answer was lost
    with pytest.raises(OrderStateRefused):
        unlocked()
    with bureau.records.reading() as session:
        content = [leaf.content for leaf in session.scalars(select(Leaf))]
        secrets = session.scalars(select(UnlockSecret).where(UnlockSecret.superseded_at.is_(None))).all()
        assert {each.jwe for each in secrets} == {jwe(7), jwe(1)}
    assert sum(b"order.unlock-secrets-stay" in each for each in content) == 1
    let_out()
    assert unlocked() == unlocked() == (OrderState.DELIVERED, (UnlockKind.PUK, UnlockKind.SO_PIN))
    let_out()
    fresh = [SentSecret(kind=kind, jwe=jwe(9)) for kind in (UnlockKind.PUK, UnlockKind.SO_PIN)]
    assert unlocked(*fresh) == (OrderState.DELIVERED, ())


def test_a_loss_reported_meanwhile_ends_the_release(bureau: Bureau) -> None:
    order = with_secrets(bureau)
    released(bureau, order, asked(bureau, order))
    block_key(bureau.records, order=order, reason="lost", lost_since=T0, by=OFFICER, at=LATER + timedelta(seconds=1))
    with bureau.records.reading() as session:
        for seconds in (0, 1, 2):
            assert block_of(session, order=order, at=LATER + timedelta(seconds=seconds)) is not None
    with pytest.raises(OrderStateRefused):
        set_new_pin(
            bureau.records,
            order=order,
            sent=[so_pin(7), SentSecret(kind=UnlockKind.PUK, jwe=jwe(8))],
            by=bureau.himself(order),
            at=LATER + timedelta(seconds=2),
        )
    with pytest.raises(OrderStateRefused):
        request_release(bureau.records, order=order, reason="x", by=OFFICER, at=LATER + timedelta(seconds=2))
    with pytest.raises(OrderStateRefused):
        issue_enrolment_ticket(bureau.records, order=order, by=OFFICER, at=LATER)


def test_a_second_request_supersedes_the_first(bureau: Bureau) -> None:
    order = with_secrets(bureau)
    first = asked(bureau, order)
    second = asked(bureau, order)
    with pytest.raises(ReleaseUnknown):
        released(bureau, order, first)
    released(bureau, order, second)
    third = asked(bureau, order)  # the answer was lost
    with pytest.raises(OrderStateRefused):
        back(bureau, order)
    released(bureau, order, third)
    assert back(bureau, order) is OrderState.DELIVERED


def test_a_secret_that_does_not_open_blocks_nothing(bureau: Bureau) -> None:
    order = with_secrets(bureau)
    release = asked(bureau, order)

    def closed(_: str) -> str:
        raise ValueError("no")

    with pytest.raises(ReleaseUnreadable):
        released(bureau, order, release, open_secret=closed)
    assert bureau.stands(order) == (OrderState.ACTIVE, SeatPlace.LIVE)
    assert released(bureau, order, release)


def test_stopped_keys_release_nothing(sqlite_bureau: Bureau) -> None:
    order = with_secrets(sqlite_bureau)
    release = asked(sqlite_bureau, order)
    records = sqlite_bureau.records
    revoke_key(records, settled, order=order, reason=RevocationReason.KEY_COMPROMISE, by=SECOND, at=LATER)
    with pytest.raises(OrderStateRefused):
        released(sqlite_bureau, order, release)
    with pytest.raises(OrderStateRefused):
        asked(sqlite_bureau, order)


def test_nothing_kept_nothing_released(sqlite_bureau: Bureau) -> None:
    with pytest.raises(UnlockSecretsMissing):
        asked(sqlite_bureau, sqlite_bureau.active())


def test_one_order_under_way(bureau: Bureau) -> None:
    order = with_secrets(bureau)
    view = bureau.view(order)
    released(bureau, order, asked(bureau, order))
    other = bureau.order(view.holder, view.office).id
    with pytest.raises(OrderAlreadyOpen) as refused:
        back(bureau, order)
    assert refused.value.order == other
    assert bureau.stands(order) == (OrderState.BLOCKED, SeatPlace.LIVE)


@pytest.mark.parametrize(
    "bad",
    ["", "a.b.c.d.e", jwe(alg="dir"), jwe(enc="A128GCM"), jwe(zip="DEF"), jwe()[:-3], jwe() + "=", "x" * 5000],
)
def test_what_is_no_jwe_of_ours_is_refused(sqlite_bureau: Bureau, bad: str) -> None:
    order = sqlite_bureau.active()
    with pytest.raises(UnlockRefused), sqlite_bureau.records.writing() as session:
        keep_secrets(session, order=order, sent=[SentSecret(kind=UnlockKind.PUK, jwe=bad)], by=OFFICER, at=T0)


def test_the_journal_names_kinds_and_nothing_else(sqlite_bureau: Bureau) -> None:
    order = with_secrets(sqlite_bureau)
    released(sqlite_bureau, order, asked(sqlite_bureau, order))
    with sqlite_bureau.records.reading() as session:
        said = "".join(str(leaf.content) + str(leaf.facts) for leaf in session.scalars(select(Leaf)))
    assert "order.unlock-released" in said
    assert "so-pin" in said
    assert "clear" not in said
    assert jwe()[:40] not in said
