"""Delegations that the law does not know are refused; what is recorded is never edited."""

from datetime import date

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from pki.records import Records, day_start
from pki.registration.errors import (
    DelegationExists,
    DelegationRefused,
    DelegationUnknown,
    EndBeforeStart,
    SecondOfficerNeeded,
)
from pki.registration.kinds import ActKind, OfficeFunction
from pki.registration.powers.delegations import DelegationEnding, PaperDeed, end_delegation, write_delegation
from pki.registration.powers.kinds import DelegationMode
from tests.pki.estate import OFFICER
from tests.pki.registration.council import EARLY, STARTS, Council, mechouar

POWERS = DelegationMode.POWERS
LATER = date(2026, 5, 1)


@pytest.fixture
def council(sqlite_records: Records) -> Council:
    return Council(sqlite_records)


@pytest.mark.parametrize(
    ("giver", "taker", "article"),
    [
        ("president", "director", "113-14 art. 104"),
        ("president", "member", "113-14 art. 103"),
        ("president", "secretary", "113-14 art. 103"),
        ("president", "head", "113-14 art. 103"),
        ("director", "first", "113-14 art. 103"),
        ("head", "first", "113-14 art. 103"),
    ],
)
def test_only_from_the_president_to_vice_presidents(council: Council, giver: str, taker: str, article: str) -> None:
    with pytest.raises(DelegationRefused) as refused:
        council.delegate(council.deed(giver, taker))
    assert refused.value.article == article


def test_no_onward_delegation(council: Council) -> None:
    council.delegate(council.deed("president", "first"))
    with pytest.raises(DelegationRefused, match="none is passed on"):
        council.delegate(council.deed("first", "second", number="2/2026"))


@pytest.mark.parametrize("act", [ActKind.OPINION, ActKind.MINUTES, ActKind.KEY_ACCEPTANCE, ActKind.DELEGATION])
def test_acts_that_are_not_delegated(council: Council, act: ActKind) -> None:
    with pytest.raises(DelegationRefused):
        council.delegate(council.deed(acts=frozenset({ActKind.LICENCE, act})))
    with pytest.raises(DelegationRefused):
        council.delegate(council.deed(acts=frozenset()))


def test_to_another_commune(council: Council) -> None:
    council.seat("elsewhere", OfficeFunction.VICE_PRESIDENT, 1, body="06.117.01.05")
    with pytest.raises(DelegationRefused, match="different bodies"):
        council.delegate(council.deed("president", "elsewhere"))


def test_days(council: Council) -> None:
    with pytest.raises(DelegationRefused, match="ends before"):
        council.delegate(council.deed(starts_on=LATER, ends_on=LATER))
    with pytest.raises(DelegationRefused, match="not in effect"):
        council.delegate(council.deed(starts_on=date(2026, 2, 28)))
    council.end("first", LATER)
    with pytest.raises(DelegationRefused, match="not in effect"):
        council.delegate(council.deed(starts_on=LATER))
    council.delegate(council.deed(starts_on=date(2026, 4, 30)))


def test_one_sector_for_each_vice_president(council: Council) -> None:
    with pytest.raises(DelegationRefused, match="names none"):
        council.delegate(council.deed(mode=POWERS))
    urban = council.delegate(council.deed(mode=POWERS, sector="urbanisme"))
    with pytest.raises(DelegationRefused, match="another sector"):
        council.delegate(council.deed(number="2/2026", mode=POWERS, sector="voirie"))
    council.delegate(council.deed(number="3/2026", taker="second", mode=POWERS, sector="voirie"))
    council.delegate(council.deed(number="4/2026"))
    council.revoke(urban, LATER)
    with pytest.raises(DelegationRefused, match="another sector"):
        council.delegate(council.deed(number="5/2026", mode=POWERS, sector="voirie", starts_on=date(2026, 4, 30)))
    council.delegate(council.deed(number="5/2026", mode=POWERS, sector="voirie", starts_on=LATER))


def test_a_number_is_one_deed(council: Council) -> None:
    first = council.delegate(council.deed())
    with pytest.raises(DelegationExists):
        council.delegate(council.deed(taker="second"))
    council.delegate(council.deed(starts_on=LATER), supersedes=first, at=day_start(LATER))
    with pytest.raises(DelegationUnknown):
        council.delegate(council.deed(starts_on=LATER), supersedes=first)


def test_in_a_mechouar_commune_from_the_pacha_to_his_assistant(sqlite_records: Records) -> None:
    council = mechouar(sqlite_records)
    for giver, taker in (
        ("president", "first"),
        ("pacha", "first"),
        ("assistant", "first"),
        ("president", "assistant"),
    ):
        with pytest.raises(DelegationRefused):
            council.delegate(council.deed(giver, taker))
    council.delegate(council.deed("pacha", "assistant"))


def end(council: Council, delegation: DelegationEnding, *, on: date) -> None:
    end_delegation(council.records, ending=delegation, by=OFFICER, at=day_start(on))


def test_revoked_by_one_officer_from_today_on(council: Council) -> None:
    made = council.delegate(council.deed())
    ending = DelegationEnding(delegation=made, ends_on=LATER, reason="r", deed="d")
    with pytest.raises(SecondOfficerNeeded):
        end(council, ending, on=date(2026, 5, 2))
    end(council, ending, on=LATER)
    earlier = DelegationEnding(delegation=made, ends_on=date(2026, 2, 1), reason="r", deed="d")
    with pytest.raises(EndBeforeStart):
        end(council, earlier, on=date(2026, 1, 6))


def test_a_past_end_is_not_moved_by_one_officer(council: Council) -> None:
    made = council.delegate(council.deed())
    council.revoke(made, LATER)
    ending = DelegationEnding(delegation=made, ends_on=date(2026, 9, 1), reason="r", deed="d")
    with pytest.raises(SecondOfficerNeeded):
        end(council, ending, on=date(2026, 8, 1))


_NEVER = [
    "UPDATE delegation SET acts = 'licence'",
    "UPDATE delegation SET ends_on = '2030-01-01'",
    "UPDATE delegation SET confirmed_by = 'officer:x'",
    "DELETE FROM delegation",
    "UPDATE delegation_end SET ends_on = '2030-01-01'",
    "DELETE FROM delegation_end",
    "UPDATE finding SET ends_on = '2030-01-01'",
    "UPDATE finding SET acts = ''",
    "DELETE FROM finding",
    "DELETE FROM powers_declaration",
]


def test_never_edited(records: Records) -> None:
    council = Council(records)
    council.revoke(council.delegate(council.deed()), LATER)
    council.absent()
    council.declare()
    for statement in _NEVER:
        with pytest.raises(DBAPIError, match="append-only"), records.writing() as session:
            session.connection().exec_driver_sql(statement)


def test_the_database_knows_two_officers(records: Records) -> None:
    council = Council(records, seats=("president", "first"))
    paper = PaperDeed(scan_sha256="ab" * 32)
    for confirmed_by in (OFFICER, None):
        with pytest.raises(IntegrityError), records.writing() as session:
            write_delegation(
                session, council.deed(), paper=paper, by=OFFICER, confirmed_by=confirmed_by, at=day_start(STARTS)
            )


def test_early_is_before_everything() -> None:
    assert day_start(STARTS) > EARLY
