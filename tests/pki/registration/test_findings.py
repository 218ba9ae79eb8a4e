"""Findings that the law does not know are refused."""

from datetime import date, timedelta

import pytest

from pki.records import Records
from pki.registration.entitlement import Answer, Reason
from pki.registration.errors import FindingRefused, FindingUnknown, OfficeUnknown
from pki.registration.kinds import ActKind, OfficeFunction
from pki.registration.offices import OfficeRecording, write_office
from pki.registration.powers.findings import a_month_after
from pki.registration.powers.kinds import FindingKind
from tests.pki.estate import BERRECHID, OFFICER, T0
from tests.pki.registration.council import STARTS, Council, arrondissement, mechouar

LICENCES = frozenset({ActKind.LICENCE})
FROM = date(2026, 4, 1)
ABSENCE, SUBSTITUTION, COMMITTEE = FindingKind.ABSENCE, FindingKind.SUBSTITUTION, FindingKind.SPECIAL_COMMITTEE


@pytest.fixture
def council(sqlite_records: Records) -> Council:
    return Council(sqlite_records)


@pytest.mark.parametrize(
    ("day", "after"),
    [
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2028, 1, 30), date(2028, 2, 29)),
        (date(2026, 4, 1), date(2026, 5, 1)),
        (date(2026, 12, 15), date(2027, 1, 15)),
        (date(9999, 12, 1), date(9999, 12, 31)),
    ],
)
def test_a_month(day: date, after: date) -> None:
    assert a_month_after(day) == after


def test_absence_of_a_month_is_no_replacement(council: Council) -> None:
    with pytest.raises(FindingRefused, match="a month or less"):
        council.absent(ends_on=date(2026, 5, 1))
    council.absent(ends_on=date(2026, 5, 2))


@pytest.mark.parametrize("name", ["director", "member", "secretary", "head"])
def test_nobody_takes_their_place(council: Council, name: str) -> None:
    with pytest.raises(FindingRefused):
        council.absent(name)


@pytest.mark.parametrize("corrected", ["president", "councillor"])
def test_a_correction_lifts_no_absence(records: Records, corrected: str) -> None:
    """The record of the absent president, or of the councillor named in his place, was wrong in its deed."""
    council = Council(records, seats=("president",))
    council.seat("councillor", OfficeFunction.COUNCILLOR)
    council.found(ABSENCE, replacement="councillor", starts_on=FROM)
    before, after = T0 - timedelta(days=9), T0 + timedelta(days=1)
    function = OfficeFunction(corrected)
    for deed in ("PV 2", "PV 3"):
        correction = OfficeRecording(
            holder=council.holders[corrected],
            body_code=BERRECHID,
            function=function,
            starts_on=STARTS,
            deed=deed,
            supersedes=council.offices[corrected],
        )
        with records.writing() as session:
            council.offices[corrected] = write_office(session, correction, by=OFFICER, at=T0)
        assert council.ask("president", after).reason is Reason.REPLACED
        assert council.ask("councillor", after).reason is Reason.POWER_CURRENT
    assert council.ask("president", before).answer is not Answer.YES
    assert council.ask("councillor", before).answer is Answer.YES
    assert council.ask("president", before, known_at=before).reason is Reason.REPLACED
    with pytest.raises(FindingRefused, match="already"):
        council.absent()


def test_absence_names_no_acts_and_somebody(council: Council) -> None:
    with pytest.raises(FindingRefused):
        council.found(ABSENCE, acts=LICENCES)
    with pytest.raises(FindingRefused):
        council.found(ABSENCE, None)


def test_not_before_the_office(council: Council) -> None:
    with pytest.raises(FindingRefused, match="not in effect"):
        council.absent(starts_on=date(2026, 2, 28))
    council.end("president", FROM)
    with pytest.raises(FindingRefused, match="not in effect"):
        council.absent(starts_on=FROM)


def test_once_for_the_same_days(council: Council) -> None:
    first = council.absent(ends_on=date(2026, 6, 1))
    with pytest.raises(FindingRefused, match="already"):
        council.absent(starts_on=date(2026, 5, 31))
    council.absent(starts_on=date(2026, 6, 1))
    council.found(ABSENCE, number="abs-president", starts_on=FROM, ends_on=date(2026, 5, 20), supersedes=first)
    with pytest.raises(FindingUnknown):
        council.found(ABSENCE, starts_on=FROM, ends_on=date(2026, 5, 20), supersedes=first)


def test_the_governor_does_named_acts_of_a_president(council: Council) -> None:
    for name, acts in (("president", frozenset[ActKind]()), ("first", LICENCES), ("director", LICENCES)):
        with pytest.raises(FindingRefused):
            council.found(SUBSTITUTION, name, acts=acts)
    with pytest.raises(FindingRefused):
        council.found(SUBSTITUTION, acts=frozenset({ActKind.OPINION}))
    council.found(SUBSTITUTION, acts=LICENCES)


def test_a_special_committee_is_of_a_commune(sqlite_records: Records) -> None:
    with pytest.raises(FindingRefused):
        arrondissement(sqlite_records).found(COMMITTEE, None)
    with pytest.raises(FindingRefused):
        mechouar(sqlite_records).found(COMMITTEE, None)
    council = Council(sqlite_records, seats=("president",))
    with pytest.raises(FindingRefused):
        council.found(COMMITTEE, "president")
    council.found(COMMITTEE, None)


def test_an_office_of_another_body(sqlite_records: Records) -> None:
    council, other = Council(sqlite_records), Council(sqlite_records, "06.117.01.05", seats=("president",))
    council.offices["president"] = other.offices["president"]
    with pytest.raises(OfficeUnknown):
        council.absent()


def test_a_councillor_only_when_no_vice_president_is_there(council: Council) -> None:
    council.seat("elder", OfficeFunction.COUNCILLOR)
    with pytest.raises(FindingRefused, match="vice-president is there"):
        council.found(ABSENCE, replacement="elder")
    for name in ("first", "second"):
        council.absent(name)
    council.end("third", FROM)
    council.found(ABSENCE, replacement="elder")


def test_the_councillor_named_is_a_councillor_in_office(sqlite_records: Records) -> None:
    council = Council(sqlite_records, seats=("president", "secretary"))
    council.seat("late", OfficeFunction.COUNCILLOR, starts_on=date(2026, 4, 2))
    for name, refused in (("secretary", "no councillor"), ("late", "not in effect"), ("president", "no councillor")):
        with pytest.raises(FindingRefused, match=refused):
            council.found(ABSENCE, replacement=name)
    with pytest.raises(FindingRefused, match="only of an absence"):
        council.found(SUBSTITUTION, acts=LICENCES, replacement="late")


def test_no_councillor_replaces_a_vice_president_or_a_pacha(sqlite_records: Records) -> None:
    council, other = Council(sqlite_records, seats=("president", "first")), mechouar(sqlite_records)
    for each, absent in ((council, "first"), (other, "pacha")):
        each.seat("elder", OfficeFunction.COUNCILLOR)
        with pytest.raises(FindingRefused, match="president alone"):
            each.found(ABSENCE, absent, replacement="elder")


def test_a_president_of_an_arrondissement_is_replaced_by_nobody(sqlite_records: Records) -> None:
    """Art. 236 knows vice-presidents by delegation only; 109 is of communes."""
    with pytest.raises(FindingRefused, match="nobody takes"):
        arrondissement(sqlite_records).absent()
