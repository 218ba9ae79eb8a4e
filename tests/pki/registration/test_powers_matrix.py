"""Who may sign by what chain: every function and act, and every way in which a date can fall."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from pki.records import Records, day_start
from pki.registration.entitlement import Answer, Reason
from pki.registration.kinds import ActKind, OfficeFunction
from pki.registration.offices import OfficeRecording, write_office
from pki.registration.powers.kinds import FindingKind
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER
from tests.pki.registration.council import EARLY, STARTS, Council, arrondissement, mechouar

Y, N, U = Answer.YES, Answer.NO, Answer.UNKNOWN
INSTANT = timedelta(microseconds=1)
LICENCE, REFUSAL, DELEGATION = ActKind.LICENCE, ActKind.REFUSAL, ActKind.DELEGATION
FROM, TO = date(2026, 4, 1), date(2026, 6, 1)
FIRST, LAST = day_start(FROM), day_start(TO) - INSTANT
BEFORE, AFTER = FIRST - INSTANT, LAST + INSTANT
MIDDLE = day_start(date(2026, 5, 1))
LATER = day_start(date(2026, 8, 1))
"""When somebody wrote down what had happened before."""

OWN_ACTS = [
    ("president", LICENCE, (Y, Reason.OFFICE_CURRENT), "113-14 art. 101"),
    ("president", REFUSAL, (Y, Reason.OFFICE_CURRENT), "113-14 art. 101"),
    ("president", DELEGATION, (Y, Reason.OFFICE_CURRENT), "113-14 art. 103"),
    ("president", ActKind.OPINION, (N, Reason.FUNCTION_MAY_NOT), "RGC art. 29"),
    ("president", ActKind.MINUTES, (N, Reason.FUNCTION_MAY_NOT), "RGC art. 38"),
    ("first", LICENCE, (N, Reason.NO_POWER), "113-14 art. 101"),
    ("first", REFUSAL, (N, Reason.NO_POWER), "113-14 art. 101"),
    ("first", DELEGATION, (N, Reason.FUNCTION_MAY_NOT), "113-14 art. 103"),
    ("first", ActKind.OPINION, (N, Reason.FUNCTION_MAY_NOT), "RGC art. 29"),
    ("director", LICENCE, (N, Reason.FUNCTION_MAY_NOT), "113-14 art. 101"),
    ("director", DELEGATION, (N, Reason.FUNCTION_MAY_NOT), "113-14 art. 103"),
    ("member", LICENCE, (N, Reason.FUNCTION_MAY_NOT), "113-14 art. 101"),
    ("member", ActKind.OPINION, (Y, Reason.OFFICE_CURRENT), "RGC art. 29"),
    ("member", ActKind.MINUTES, (Y, Reason.OFFICE_CURRENT), "RGC art. 38"),
    ("secretary", ActKind.OPINION, (N, Reason.FUNCTION_MAY_NOT), "RGC art. 29"),
    ("secretary", ActKind.MINUTES, (Y, Reason.OFFICE_CURRENT), "RGC art. 38"),
    ("head", LICENCE, (N, Reason.NO_POWER), "113-14 art. 101"),
    ("head", DELEGATION, (N, Reason.FUNCTION_MAY_NOT), "113-14 art. 103"),
]


@pytest.mark.parametrize("name", ["president", "first", "director", "member", "secretary", "head"])
def test_own_acts_of_a_commune(sqlite_records: Records, name: str) -> None:
    council = Council(sqlite_records)
    council.declare()
    for who, act, expected, article in OWN_ACTS:
        if who == name:
            got = council.ask(who, MIDDLE, act)
            assert ((got.answer, got.reason), got.article) == (expected, article), act
    assert council.ask(name, MIDDLE, ActKind.KEY_ACCEPTANCE).answer is Y


ELSEWHERE: list[tuple[Callable[[Records], Council], str, ActKind, bool | None, tuple[Answer, Reason]]] = [
    (arrondissement, "president", LICENCE, True, (Y, Reason.OFFICE_CURRENT)),
    (arrondissement, "president", LICENCE, False, (N, Reason.ACT_NOT_OF_BODY)),
    (arrondissement, "president", LICENCE, None, (U, Reason.PROJECT_SIZE_UNKNOWN)),
    (arrondissement, "president", REFUSAL, False, (N, Reason.ACT_NOT_OF_BODY)),
    (arrondissement, "president", DELEGATION, None, (Y, Reason.OFFICE_CURRENT)),
    (arrondissement, "first", LICENCE, True, (N, Reason.NO_POWER)),
    (arrondissement, "first", LICENCE, None, (N, Reason.NO_POWER)),
    (arrondissement, "director", LICENCE, True, (N, Reason.FUNCTION_MAY_NOT)),
    (mechouar, "pacha", LICENCE, None, (Y, Reason.OFFICE_CURRENT)),
    (mechouar, "pacha", LICENCE, False, (Y, Reason.OFFICE_CURRENT)),
    (mechouar, "pacha", DELEGATION, None, (Y, Reason.OFFICE_CURRENT)),
    (mechouar, "assistant", LICENCE, None, (N, Reason.NO_POWER)),
    (mechouar, "assistant", DELEGATION, None, (N, Reason.FUNCTION_MAY_NOT)),
    (mechouar, "president", LICENCE, None, (N, Reason.FUNCTION_MAY_NOT)),
    (mechouar, "first", LICENCE, None, (N, Reason.FUNCTION_MAY_NOT)),
]


@pytest.mark.parametrize("row", ELSEWHERE)
def test_own_acts_elsewhere(
    sqlite_records: Records,
    row: tuple[Callable[[Records], Council], str, ActKind, bool | None, tuple[Answer, Reason]],
) -> None:
    where, name, act, small, expected = row
    council = where(sqlite_records)
    council.declare()
    got = council.ask(name, MIDDLE, act, small_project=small)
    assert (got.answer, got.reason) == expected


def test_size_does_not_matter_to_a_commune(sqlite_records: Records) -> None:
    council = Council(sqlite_records, seats=("president",))
    for small in (True, False, None):
        assert council.ask("president", MIDDLE, small_project=small).answer is Y


@pytest.mark.parametrize(
    ("offices", "powers", "expected"),
    [
        (True, True, (N, Reason.NO_POWER)),
        (True, False, (U, Reason.DELEGATION_NOT_RECORDED)),
        (False, True, (U, Reason.REGISTER_INCOMPLETE)),
        (False, False, (U, Reason.DELEGATION_NOT_RECORDED)),
    ],
)
def test_without_a_record_no_needs_both_declarations(
    sqlite_records: Records, offices: bool, powers: bool, expected: tuple[Answer, Reason]
) -> None:
    council = Council(sqlite_records, seats=("first",))
    council.declare(offices=offices, powers=powers)
    got = council.ask("first", MIDDLE)
    assert (got.answer, got.reason) == expected


# A delegation from FROM on, and what else is recorded: (what, when it is asked, answer).
def until(council: Council) -> None:
    council.delegate(council.deed(starts_on=FROM, ends_on=TO))


def revoked(council: Council) -> None:
    council.revoke(council.delegate(council.deed(starts_on=FROM)), TO)


def revoked_written_down_later(council: Council) -> None:
    council.revoke(council.delegate(council.deed(starts_on=FROM)), TO, at=LATER)


def written_down_later(council: Council) -> None:
    council.delegate(council.deed(starts_on=FROM, ends_on=TO), at=LATER)


def giver_gone(council: Council) -> None:
    council.delegate(council.deed(starts_on=FROM, ends_on=date(2026, 12, 1)))
    council.end("president", TO)


def giver_gone_written_down_later(council: Council) -> None:
    council.delegate(council.deed(starts_on=FROM))
    council.end("president", TO, at=LATER)


def taker_gone(council: Council) -> None:
    council.delegate(council.deed(starts_on=FROM))
    council.end("first", TO)


def taker_gone_written_down_later(council: Council) -> None:
    council.delegate(council.deed(starts_on=FROM))
    council.end("first", TO, at=LATER)


def of_refusals_only(council: Council) -> None:
    council.delegate(council.deed(starts_on=FROM, acts=frozenset({REFUSAL})))


def wrong_and_replaced(council: Council) -> None:
    wrong = council.delegate(council.deed(starts_on=FROM))
    council.delegate(council.deed(starts_on=date(2026, 5, 15)), supersedes=wrong, at=LATER)


def takers_record_corrected(council: Council) -> None:
    council.delegate(council.deed(starts_on=FROM))
    _corrected(council, "first", OfficeFunction.VICE_PRESIDENT, 1)


def givers_record_corrected(council: Council) -> None:
    council.delegate(council.deed(starts_on=FROM))
    _corrected(council, "president", OfficeFunction.PRESIDENT, None)


def _corrected(council: Council, name: str, function: OfficeFunction, rank: int | None) -> None:
    recording = OfficeRecording(
        holder=council.holders[name],
        body_code=council.body,
        function=function,
        rank=rank,
        starts_on=STARTS,
        deed="PV 1 bis",
        supersedes=council.offices[name],
    )
    with council.records.writing() as session:
        council.offices[name] = write_office(session, recording, by=OFFICER, at=LATER)


CURRENT, NONE, ENDED = (Y, Reason.POWER_CURRENT), (N, Reason.NO_POWER), (N, Reason.POWER_ENDED)
DOUBT, LATE = (U, Reason.POWER_ENDED_RECORDED_LATER), (Y, Reason.POWER_RECORDED_LATER)
GONE, GONE_DOUBT = (N, Reason.OFFICE_ENDED), (U, Reason.POWER_ENDED_RECORDED_LATER)
Asked = list[tuple[datetime, tuple[Answer, Reason]]]

DELEGATIONS: list[tuple[Callable[[Council], None], Asked]] = [
    (until, [(BEFORE, NONE), (FIRST, CURRENT), (MIDDLE, CURRENT), (LAST, CURRENT), (AFTER, ENDED), (LATER, ENDED)]),
    (revoked, [(BEFORE, NONE), (FIRST, CURRENT), (LAST, CURRENT), (AFTER, ENDED)]),
    (
        revoked_written_down_later,
        [(LAST, CURRENT), (AFTER, DOUBT), (LATER - INSTANT, DOUBT), (LATER, ENDED)],
    ),
    (written_down_later, [(BEFORE, NONE), (FIRST, LATE), (LAST, LATE), (AFTER, DOUBT), (LATER, ENDED)]),
    (giver_gone, [(LAST, CURRENT), (AFTER, ENDED)]),
    (giver_gone_written_down_later, [(LAST, CURRENT), (AFTER, DOUBT), (LATER, ENDED)]),
    (taker_gone, [(LAST, CURRENT), (AFTER, GONE)]),
    (taker_gone_written_down_later, [(LAST, CURRENT), (AFTER, GONE_DOUBT), (LATER, GONE)]),
    (of_refusals_only, [(MIDDLE, NONE)]),
    (
        wrong_and_replaced,
        [(FIRST, DOUBT), (MIDDLE, DOUBT), (day_start(date(2026, 5, 15)), CURRENT), (LATER, CURRENT)],
    ),
    (takers_record_corrected, [(BEFORE, NONE), (FIRST, DOUBT), (LATER - INSTANT, DOUBT), (LATER, NONE)]),
    (givers_record_corrected, [(BEFORE, NONE), (FIRST, DOUBT), (LATER - INSTANT, DOUBT), (LATER, NONE)]),
]


@pytest.mark.parametrize(("told", "asked"), DELEGATIONS, ids=lambda each: getattr(each, "__name__", ""))
def test_delegation_over_dates(sqlite_records: Records, told: Callable[[Council], None], asked: Asked) -> None:
    council = Council(sqlite_records, seats=("president", "first"))
    council.declare()
    told(council)
    for at, expected in asked:
        got = council.ask("first", at)
        assert (got.answer, got.reason) == expected, at
        if got.answer is Y:
            assert got.article == "113-14 art. 103"
            assert got.chain == (f"vice_president.1@{BERRECHID}", "delegation:1/2026", f"president@{BERRECHID}")
            assert got.power is not None
            assert (got.office, got.rank, got.power.number) == (council.offices["first"], 1, "1/2026")


def test_what_was_known_of_a_delegation(sqlite_records: Records) -> None:
    """The answer at an earlier knowledge is the answer that was given then."""
    council = Council(sqlite_records, seats=("president", "first"))
    revoked_written_down_later(council)
    at = day_start(TO) + timedelta(days=3)
    assert council.ask("first", at, known_at=at).reason is Reason.POWER_CURRENT
    assert council.ask("first", at, known_at=LATER - INSTANT).reason is Reason.POWER_CURRENT
    assert council.ask("first", at, known_at=LATER).reason is Reason.POWER_ENDED_RECORDED_LATER


def test_a_delegate_without_the_presidents_act_gives_the_president_nothing_up(sqlite_records: Records) -> None:
    council = Council(sqlite_records, seats=("president", "first"))
    until(council)
    assert council.ask("president", MIDDLE).reason is Reason.OFFICE_CURRENT


@pytest.mark.parametrize(
    ("where", "taker", "giver", "article"),
    [(arrondissement, "first", "president", "113-14 art. 236"), (mechouar, "assistant", "pacha", "113-14 art. 113")],
)
def test_delegations_elsewhere(
    sqlite_records: Records, where: Callable[[Records], Council], taker: str, giver: str, article: str
) -> None:
    council = where(sqlite_records)
    council.delegate(council.deed(giver, taker, starts_on=FROM, ends_on=TO))
    got = council.ask(taker, MIDDLE, small_project=True)
    assert (got.answer, got.reason, got.article) == (Y, Reason.POWER_CURRENT, article)
    assert council.ask(taker, AFTER, small_project=True).reason is Reason.POWER_ENDED


def test_a_small_project_by_delegation(sqlite_records: Records) -> None:
    council = arrondissement(sqlite_records)
    council.delegate(council.deed(starts_on=FROM))
    assert council.ask("first", MIDDLE, small_project=False).reason is Reason.ACT_NOT_OF_BODY
    assert council.ask("first", MIDDLE).reason is Reason.PROJECT_SIZE_UNKNOWN


# The president is absent from FROM on.
def plain(council: Council) -> None:
    council.absent(starts_on=FROM, ends_on=TO)


def first_absent_too(council: Council) -> None:
    plain(council)
    council.absent("first", starts_on=STARTS)


def first_gone(council: Council) -> None:
    plain(council)
    council.end("first", date(2026, 3, 15))


def first_and_second_absent(council: Council) -> None:
    plain(council)
    council.absent("first", starts_on=STARTS)
    council.absent("second", starts_on=FROM, ends_on=date(2026, 5, 2))


def president_gone_meanwhile(council: Council) -> None:
    plain(council)
    council.end("president", date(2026, 4, 20))


REPLACED = (U, Reason.REPLACED)
ABSENCES: list[tuple[Callable[[Council], None], list[tuple[str, datetime, tuple[Answer, Reason]]]]] = [
    (
        plain,
        [
            ("president", BEFORE, (Y, Reason.OFFICE_CURRENT)),
            ("president", FIRST, REPLACED),
            ("president", LAST, REPLACED),
            ("president", AFTER, (Y, Reason.OFFICE_CURRENT)),
            ("first", BEFORE, NONE),
            ("first", FIRST, CURRENT),
            ("first", LAST, CURRENT),
            ("first", AFTER, ENDED),
            ("second", MIDDLE, NONE),
            ("second", AFTER, NONE),
        ],
    ),
    (first_absent_too, [("first", MIDDLE, REPLACED), ("second", MIDDLE, CURRENT), ("third", MIDDLE, NONE)]),
    (first_gone, [("first", MIDDLE, GONE), ("second", MIDDLE, CURRENT), ("third", MIDDLE, NONE)]),
    (
        first_and_second_absent,
        [("third", MIDDLE, CURRENT), ("third", day_start(date(2026, 5, 2)), NONE), ("second", LAST, CURRENT)],
    ),
    (president_gone_meanwhile, [("first", FIRST, CURRENT), ("first", MIDDLE, ENDED)]),
]


@pytest.mark.parametrize(("told", "asked"), ABSENCES, ids=lambda each: getattr(each, "__name__", ""))
def test_replacement_by_rank(
    sqlite_records: Records,
    told: Callable[[Council], None],
    asked: list[tuple[str, datetime, tuple[Answer, Reason]]],
) -> None:
    council = Council(sqlite_records, seats=("president", "first", "second", "third"))
    council.declare()
    told(council)
    for name, at, expected in asked:
        got = council.ask(name, at)
        assert (got.answer, got.reason) == expected, (name, at)
        if got.reason is Reason.POWER_CURRENT:
            assert got.article == "113-14 art. 109"
            assert got.chain[1:] == ("absence:abs-president", f"president@{BERRECHID}")


# No vice-president is there; the finding names the councillor.
def named(council: Council) -> None:
    council.absent("first", starts_on=STARTS, ends_on=date(2026, 5, 1))
    council.found(FindingKind.ABSENCE, replacement="elder", starts_on=FROM, ends_on=TO)


def named_and_vice_president_elected(council: Council) -> None:
    council.end("first", FROM)
    council.found(FindingKind.ABSENCE, replacement="elder", starts_on=FROM, ends_on=TO)
    council.seat("second", OfficeFunction.VICE_PRESIDENT, 2, starts_on=date(2026, 5, 1))


def named_and_gone(council: Council) -> None:
    council.end("first", FROM)
    council.found(FindingKind.ABSENCE, replacement="elder", starts_on=FROM, ends_on=TO)
    council.end("elder", date(2026, 5, 1))


def named_and_dissolved(council: Council) -> None:
    council.end("first", FROM)
    council.found(FindingKind.ABSENCE, replacement="elder", starts_on=FROM, ends_on=TO)
    council.found(FindingKind.SPECIAL_COMMITTEE, None, starts_on=date(2026, 5, 1))


JUST_BEFORE = MIDDLE - INSTANT
COUNCILLORS: list[tuple[Callable[[Council], None], list[tuple[str, datetime, tuple[Answer, Reason]]]]] = [
    (
        named,
        [
            ("elder", BEFORE, NONE),
            ("elder", FIRST, CURRENT),
            ("elder", JUST_BEFORE, CURRENT),
            ("elder", MIDDLE, NONE),
            ("first", JUST_BEFORE, REPLACED),
            ("first", MIDDLE, CURRENT),
            ("other", FIRST, NONE),
            ("president", FIRST, REPLACED),
            ("president", AFTER, (Y, Reason.OFFICE_CURRENT)),
        ],
    ),
    (
        named_and_vice_president_elected,
        [("elder", JUST_BEFORE, CURRENT), ("elder", MIDDLE, NONE), ("elder", AFTER, NONE)],
    ),
    (named_and_gone, [("elder", JUST_BEFORE, CURRENT), ("elder", MIDDLE, GONE), ("other", MIDDLE, NONE)]),
    (
        named_and_dissolved,
        [("elder", JUST_BEFORE, CURRENT), ("elder", MIDDLE, (N, Reason.COUNCIL_SUSPENDED))],
    ),
]


@pytest.mark.parametrize(("told", "asked"), COUNCILLORS, ids=lambda each: getattr(each, "__name__", ""))
def test_a_councillor_when_no_vice_president_is_there(
    sqlite_records: Records,
    told: Callable[[Council], None],
    asked: list[tuple[str, datetime, tuple[Answer, Reason]]],
) -> None:
    council = Council(sqlite_records, seats=("president", "first"))
    for name in ("elder", "other"):
        council.seat(name, OfficeFunction.COUNCILLOR)
    council.declare()
    told(council)
    for name, at, expected in asked:
        got = council.ask(name, at)
        assert (got.answer, got.reason) == expected, (name, at)
        if name == "elder" and got.reason is Reason.POWER_CURRENT:
            assert got.article == "113-14 art. 109"
            assert got.chain == (f"councillor@{BERRECHID}", "absence:7/2026", f"president@{BERRECHID}")
            assert council.ask(name, at, DELEGATION).answer is N


def test_a_councillor_named_later_leaves_nothing_known_then(sqlite_records: Records) -> None:
    council = Council(sqlite_records, seats=("president",))
    council.seat("elder", OfficeFunction.COUNCILLOR)
    council.found(FindingKind.ABSENCE, replacement="elder", starts_on=FROM, at=LATER)
    assert council.ask("elder", MIDDLE).reason is Reason.POWER_RECORDED_LATER
    assert council.ask("elder", MIDDLE, known_at=MIDDLE).reason is Reason.DELEGATION_NOT_RECORDED


def test_a_rank_that_may_be_missing_leaves_a_doubt(sqlite_records: Records) -> None:
    council = Council(sqlite_records, seats=("president", "second"))
    council.absent(starts_on=FROM)
    assert council.ask("second", MIDDLE).reason is Reason.RANK_UNSURE
    council.declare(powers=False)
    assert council.ask("second", MIDDLE).reason is Reason.POWER_CURRENT


def test_absence_found_later(sqlite_records: Records) -> None:
    council = Council(sqlite_records, seats=("president", "first"))
    council.found(FindingKind.ABSENCE, starts_on=FROM, at=LATER)
    assert council.ask("first", MIDDLE).reason is Reason.POWER_RECORDED_LATER
    assert council.ask("first", MIDDLE, known_at=MIDDLE).reason is Reason.DELEGATION_NOT_RECORDED
    assert council.ask("president", MIDDLE).reason is Reason.REPLACED
    assert council.ask("president", MIDDLE, known_at=MIDDLE).reason is Reason.OFFICE_CURRENT


def test_a_delegation_stands_while_the_president_is_absent(sqlite_records: Records) -> None:
    council = Council(sqlite_records, seats=("president", "first", "second"))
    council.delegate(council.deed("president", "second", starts_on=STARTS))
    council.absent(starts_on=FROM)
    got = council.ask("second", MIDDLE)
    assert (got.answer, got.chain[1]) == (Y, "delegation:1/2026")


def test_the_assistant_replaces_an_absent_pacha(sqlite_records: Records) -> None:
    council = mechouar(sqlite_records)
    council.declare()
    council.absent("pacha", starts_on=FROM, ends_on=TO)
    got = council.ask("assistant", MIDDLE)
    assert (got.reason, got.article) == (Reason.POWER_CURRENT, "113-14 art. 113")
    assert council.ask("assistant", AFTER).reason is Reason.POWER_ENDED
    assert (council.ask("pacha", MIDDLE).reason, council.ask("pacha", AFTER).answer) == (Reason.REPLACED, Y)


def test_absence_does_not_touch_other_acts(sqlite_records: Records) -> None:
    council = Council(sqlite_records, seats=("president",))
    council.absent(starts_on=FROM)
    assert council.ask("president", MIDDLE, ActKind.KEY_ACCEPTANCE).answer is Y


def test_substitution_by_the_governor(sqlite_records: Records) -> None:
    council = Council(sqlite_records, seats=("president", "first"))
    council.seat("governor", OfficeFunction.GOVERNOR, body=BERRECHID_PROVINCE)
    council.declare()
    assert council.ask("governor", MIDDLE).reason is Reason.NO_OFFICE
    council.found(FindingKind.SUBSTITUTION, acts=frozenset({LICENCE}), starts_on=FROM, ends_on=TO)
    got = council.ask("governor", MIDDLE)
    assert (got.answer, got.reason, got.article) == (Y, Reason.POWER_CURRENT, "113-14 art. 76")
    assert got.chain == (f"governor@{BERRECHID_PROVINCE}", "substitution:7/2026", f"president@{BERRECHID}")
    assert council.ask("governor", BEFORE).reason is Reason.NO_OFFICE
    assert council.ask("governor", LAST).answer is Y
    assert council.ask("governor", AFTER).reason is Reason.POWER_ENDED
    assert council.ask("governor", MIDDLE, REFUSAL).reason is Reason.NO_OFFICE
    assert council.ask("president", MIDDLE).reason is Reason.OFFICE_CURRENT
    council.end("governor", date(2026, 5, 10))
    assert council.ask("governor", LAST).reason is Reason.OFFICE_ENDED


def test_a_governor_of_elsewhere_does_not_act_here(sqlite_records: Records) -> None:
    council = Council(sqlite_records, seats=("president",))
    council.seat("governor", OfficeFunction.GOVERNOR, body="06.141")
    council.found(FindingKind.SUBSTITUTION, acts=frozenset({LICENCE}), starts_on=FROM)
    assert council.ask("governor", MIDDLE).answer is U
    council.declare()
    assert council.ask("governor", MIDDLE).reason is Reason.NO_OFFICE


def test_special_committee(sqlite_records: Records) -> None:
    council = Council(sqlite_records, seats=("president", "first", "head", "member"))
    council.declare()
    council.delegate(council.deed(starts_on=STARTS))
    council.found(FindingKind.SPECIAL_COMMITTEE, None, acts=frozenset({REFUSAL}), starts_on=FROM, ends_on=TO)
    got = council.ask("head", MIDDLE, REFUSAL)
    assert (got.answer, got.reason, got.article) == (Y, Reason.POWER_CURRENT, "113-14 art. 74")
    assert got.chain == (f"special_committee@{BERRECHID}", "special_committee:7/2026")
    withheld = council.ask("head", MIDDLE)
    assert (withheld.answer, withheld.reason) == (N, Reason.NOT_CURRENT_AFFAIRS)
    assert council.ask("head", BEFORE, REFUSAL).reason is Reason.NO_POWER
    assert council.ask("head", AFTER, REFUSAL).reason is Reason.POWER_ENDED
    for name in ("president", "first"):
        assert council.ask(name, BEFORE).answer is Y
        suspended = council.ask(name, MIDDLE)
        assert (suspended.answer, suspended.reason) == (N, Reason.COUNCIL_SUSPENDED)
        assert council.ask(name, AFTER).answer is Y
    assert council.ask("member", MIDDLE, ActKind.OPINION).answer is Y


def test_a_suspension_found_later_leaves_a_doubt(sqlite_records: Records) -> None:
    council = Council(sqlite_records, seats=("president", "head"))
    council.found(FindingKind.SPECIAL_COMMITTEE, None, acts=frozenset({LICENCE}), starts_on=FROM, at=LATER)
    assert council.ask("president", MIDDLE).reason is Reason.POWER_ENDED_RECORDED_LATER
    assert council.ask("president", LATER).reason is Reason.COUNCIL_SUSPENDED
    assert council.ask("head", MIDDLE).reason is Reason.POWER_RECORDED_LATER
    assert council.ask("head", LATER).reason is Reason.POWER_CURRENT


def test_early_is_before_everything() -> None:
    """The matrix rests on it."""
    assert EARLY < day_start(STARTS) < FIRST
