"""More in use than granted: shown, never refused; nothing new is taken meanwhile."""

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from pki.quota.books import granted_by, write_movements
from pki.quota.differences import differences
from pki.quota.errors import AllowanceExhausted
from pki.quota.kinds import Account
from pki.quota.orders import cancel_key
from pki.quota.reading import ledger
from pki.quota.seats import change_granted
from pki.quota.stopping import revoke_key
from pki.quota.tables import Allowance
from pki.quota.waves import raise_seats_granted
from pki.records import OrderId, Records, civil_day
from pki.registration.bodies import body_id
from pki.status.tables import RevocationReason
from tests.pki.estate import BERRECHID, OFFICER, T0
from tests.pki.quota.estate import Bureau, settled
from tests.pki.quota.grants.estate import agreement_of, line


def cut(records: Records, seats: int) -> None:
    """As a census does."""
    agreement = agreement_of(records)
    with records.writing() as session:
        body = body_id(session, BERRECHID)
        raise_seats_granted(session, agreement, -seats)
        assert change_granted(session, body_id=body, change=-seats)
        moved = granted_by(body_id=body, agreement_id=agreement, change=-seats, origin="census-application:x")
        write_movements(session, [moved], cause="census.applied", in_effect=civil_day(T0), at=T0)


def four_reserved(bureau: Bureau) -> list[OrderId]:
    return [bureau.requested() for _ in range(4)]


def test_excess_goes_seat_by_seat_and_nothing_is_taken_meanwhile(bureau: Bureau) -> None:
    orders = four_reserved(bureau)
    cut(bureau.records, 3)
    assert (line(bureau.records).granted, line(bureau.records).excess) == (2, 2)
    bureau.books_balance()
    for left in (1, 0, 0):
        with pytest.raises(AllowanceExhausted):
            bureau.requested()
        cancel_key(bureau.records, order=orders.pop(), reason="no longer", by=OFFICER, at=T0)
        assert line(bureau.records).excess == left
        bureau.books_balance()
    bureau.requested()
    assert line(bureau.records).reserved == 2


def test_available_is_below_zero_by_the_excess(sqlite_bureau: Bureau) -> None:
    four_reserved(sqlite_bureau)
    cut(sqlite_bureau.records, 3)
    with sqlite_bureau.records.reading() as session:
        available = sum(
            each.change for each in ledger(session, body_code=BERRECHID) if each.account is Account.AVAILABLE
        )
    assert available == -2


def test_a_key_goes_live_in_excess_and_frees_its_seat_once_revoked(sqlite_bureau: Bureau) -> None:
    order = sqlite_bureau.delivered()
    cut(sqlite_bureau.records, 5)
    sqlite_bureau.activate(order)
    assert (line(sqlite_bureau.records).live, line(sqlite_bureau.records).excess) == (1, 1)
    revoke_key(sqlite_bureau.records, settled, order=order, reason=RevocationReason.KEY_COMPROMISE, by=OFFICER, at=T0)
    assert (line(sqlite_bureau.records).live, line(sqlite_bureau.records).excess) == (0, 0)
    sqlite_bureau.books_balance()


@pytest.mark.parametrize(
    "values",
    [
        {"excess": -1},
        {"excess": 1},
        {"reserved": 6},
        {"reserved": 6, "excess": 2},
        {"granted": -1, "excess": 1},
    ],
)
def test_the_database_holds_the_excess_to_what_it_is(records: Records, values: dict[str, int]) -> None:
    with records.reading() as session:
        body = body_id(session, BERRECHID)
    with pytest.raises(IntegrityError), records.writing() as session:
        session.execute(update(Allowance).where(Allowance.body_id == body).values(values))


def test_never_granted_below_nothing(records: Records) -> None:
    with records.writing() as session:
        assert not change_granted(session, body_id=body_id(session, BERRECHID), change=-6)
        assert not change_granted(session, body_id=body_id(session, BERRECHID), change=-6, only_available=True)
    assert line(records).granted == 5


def test_a_wrong_excess_is_found(sqlite_bureau: Bureau) -> None:
    """Somebody who drops the constraint and moves a seat by hand shows."""
    four_reserved(sqlite_bureau)
    with sqlite_bureau.records.writing() as session:
        session.execute(text("PRAGMA ignore_check_constraints=ON"))
        body = body_id(session, BERRECHID)
        session.execute(update(Allowance).where(Allowance.body_id == body).values(excess=1))
        assert [each.what for each in differences(session)] == [f"seat/excess/{body}"]
