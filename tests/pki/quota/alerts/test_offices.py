"""Offices and keys that do not fit, one deviation each; and communes that cannot sign."""

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from pki.quota.alerts.kinds import AlertKind, AlertState, Family
from pki.quota.elections.signatories import Unable
from pki.quota.orders import cancel_key
from pki.quota.stopping import block_key
from pki.quota.tables import Allowance
from pki.records import HolderId, OfficeId, Records, civil_day, day_start
from pki.registration.kinds import MECHOUAR_COMMUNES, OfficeFunction
from pki.registration.powers.kinds import DeedKind, DelegationMode
from pki.registration.powers.tables import Delegation
from pki.registration.tables import Body, Office
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER, OUJDA, T0, ended, seated
from tests.pki.quota.alerts.estate import Watch
from tests.pki.quota.elections.estate import Wave
from tests.pki.quota.estate import Bureau

TODAY = civil_day(T0)
MECHOUAR = "07.351.01.01"
ALONE, KEY = AlertKind.OFFICE_WITHOUT_KEY, AlertKind.KEY_WITHOUT_OFFICE
UNABLE, WITHOUT = AlertKind.UNABLE_TO_SIGN, AlertKind.WITHOUT_SIGNATORY


def after(days: int) -> datetime:
    """The first instant of a civil day."""
    return day_start(TODAY + timedelta(days=days))


def missed(records: Records, at: datetime = T0) -> list[str]:
    """Functions that are told of as without a key."""
    watch = Watch(records)
    watch.sweep(at, Family.OFFICES)
    return sorted(each.detail for each in watch.lines(ALONE))


@pytest.mark.parametrize(
    ("body", "function", "days", "told"),
    [
        (BERRECHID, OfficeFunction.PRESIDENT, 0, True),
        (BERRECHID, OfficeFunction.COMMITTEE_MEMBER, 29, False),
        (BERRECHID, OfficeFunction.COMMITTEE_MEMBER, 30, True),
        (BERRECHID, OfficeFunction.SECRETARY, 30, True),
        (BERRECHID_PROVINCE, OfficeFunction.GOVERNOR, 400, False),
        (BERRECHID, OfficeFunction.DIRECTOR_OF_SERVICES, 400, False),
        (MECHOUAR, OfficeFunction.PACHA, 0, True),
        (MECHOUAR, OfficeFunction.PRESIDENT, 400, False),
        (OUJDA, OfficeFunction.PRESIDENT, 400, False),  # its wave has not come
    ],
)
def test_who_is_missed_without_a_key(
    sqlite_records: Records, body: str, function: OfficeFunction, days: int, told: bool
) -> None:
    assert MECHOUAR in MECHOUAR_COMMUNES
    seated(sqlite_records, body, function)
    assert missed(sqlite_records, T0 if days == 0 else after(days)) == [function.value] * told


def test_an_office_that_begins_tomorrow(sqlite_records: Records) -> None:
    seated(sqlite_records, BERRECHID, OfficeFunction.PRESIDENT, starts_on=TODAY + timedelta(days=1))
    assert missed(sqlite_records) == []
    assert missed(sqlite_records, after(1)) == ["president"]


def delegated(records: Records, giver: OfficeId, to: OfficeId, *, ends_on: date | None = None) -> None:
    with records.writing() as session:
        body = session.scalars(select(Office.body_id).where(Office.id == giver)).one()
        session.add(
            Delegation(
                id=uuid4(),
                body_id=body,
                number="1/2026",
                from_office_id=giver,
                to_office_id=to,
                mode=DelegationMode.SIGNATURE,
                acts="licence",
                starts_on=TODAY,
                ends_on=ends_on,
                deed_kind=DeedKind.PAPER,
                scan_sha256="0" * 64,
                recorded_at=T0,
                recorded_by="officer:1",
                confirmed_by="officer:2",
            )
        )


def test_a_vice_president_is_missed_on_a_delegation_only(records: Records) -> None:
    president, giver = seated(records, BERRECHID, OfficeFunction.PRESIDENT)
    _, vice = seated(records, BERRECHID, OfficeFunction.VICE_PRESIDENT, rank=1)
    assert missed(records, after(60)) == ["president"]
    delegated(records, giver, vice, ends_on=TODAY + timedelta(days=90))
    assert missed(records, after(61)) == ["president", "vice_president"]
    assert missed(records, after(90)) == ["president"]
    assert president


def test_no_grace_is_lost_before_the_delegation(sqlite_records: Records) -> None:
    _, giver = seated(sqlite_records, BERRECHID, OfficeFunction.PRESIDENT)
    _, vice = seated(sqlite_records, BERRECHID, OfficeFunction.VICE_PRESIDENT, rank=1)
    delegated(sqlite_records, giver, vice)
    assert missed(sqlite_records, after(29)) == ["president"]
    assert missed(sqlite_records, after(30)) == ["president", "vice_president"]
    ended(sqlite_records, giver, TODAY + timedelta(days=31))
    assert missed(sqlite_records, after(31)) == []  # the delegation went with its giver


def president(wave: Wave) -> tuple[HolderId, OfficeId]:
    return wave.official(BERRECHID, None)


def test_a_key_ends_the_alert(sqlite_records: Records) -> None:
    wave, watch = Wave(sqlite_records), Watch(sqlite_records)
    who = president(wave)
    assert missed(sqlite_records) == ["president"]
    wave.key(*who, BERRECHID)
    watch.sweep(T0, Family.OFFICES)
    assert [each.state for each in watch.lines(ALONE, state=None)] == [AlertState.CLOSED]


def test_a_key_whose_office_ended(records: Records) -> None:
    wave, watch = Wave(records), Watch(records)
    holder, office = president(wave)
    order = wave.key(holder, office, BERRECHID)
    watch.sweep(T0, Family.KEYS)
    assert watch.stands() == set()
    ended(records, office, TODAY + timedelta(days=2))
    watch.sweep(after(2) - timedelta(seconds=1), Family.KEYS)
    assert watch.stands() == set()
    watch.sweep(after(2), Family.KEYS)
    (line,) = watch.lines(KEY)
    assert (line.order, line.body_code) == (order, BERRECHID)
    seated(records, BERRECHID, holder=holder)  # he is a member of a committee there now
    watch.sweep(after(3), Family.KEYS)
    assert watch.stands() == set()


def test_an_order_whose_office_ended(bureau: Bureau) -> None:
    """Another office of his there does not help it: what is under way names its own."""
    watch, order = Watch(bureau.records), bureau.requested()
    view = bureau.view(order)
    watch.sweep(T0, Family.KEYS)
    assert watch.stands() == set()
    ended(bureau.records, view.office, TODAY)
    seated(bureau.records, BERRECHID, holder=view.holder, starts_on=TODAY)
    watch.sweep(T0, Family.KEYS)
    (line,) = watch.lines(KEY)
    assert (line.order, line.detail) == (order, "requested")
    cancel_key(bureau.records, order=order, reason="left", by=OFFICER, at=T0)
    watch.sweep(T0, Family.KEYS)
    assert watch.stands() == set()


def test_another_office_elsewhere_does_not_keep_the_key(sqlite_records: Records) -> None:
    wave, watch = Wave(sqlite_records), Watch(sqlite_records)
    holder, office = president(wave)
    wave.key(holder, office, BERRECHID)
    seated(sqlite_records, BERRECHID_PROVINCE, holder=holder)
    ended(sqlite_records, office, TODAY)
    watch.sweep(T0, Family.KEYS)
    assert watch.stands() == {KEY}


def alone(records: Records) -> None:
    """The wave of one body has come, and no other's."""
    with records.writing() as session:
        body = select(Body.id).where(Body.code == BERRECHID).scalar_subquery()
        session.execute(update(Allowance).where(Allowance.body_id != body).values(opens_on=date(2030, 1, 1)))


def why(bureau: Bureau, at: datetime = T0) -> list[tuple[AlertKind, str]]:
    watch = Watch(bureau.records)
    watch.sweep(at, Family.SIGNATORIES)
    return [(each.kind, each.detail) for each in watch.lines()]


def test_a_commune_that_cannot_sign_says_why(bureau: Bureau) -> None:
    alone(bureau.records)
    assert why(bureau) == [(UNABLE, Unable.NO_OFFICE.value)]
    wave = Wave(bureau.records)
    holder, office = president(wave)
    order = bureau.order(holder, office).id
    assert why(bureau) == [(UNABLE, Unable.KEY_UNDER_WAY.value)]
    bureau.submit(order)
    bureau.approve(order)
    bureau.issue(order)
    bureau.confirm(order)
    bureau.activate(order)
    assert why(bureau) == []
    block_key(bureau.records, order=order, reason="lost", lost_since=None, by=OFFICER, at=T0)
    assert why(bureau) == [(UNABLE, Unable.KEY_BLOCKED.value)]
    assert len(Watch(bureau.records).lines(UNABLE, state=None)) == 2
    wave.freeze(BERRECHID)
    assert why(bureau) == [(WITHOUT, "council-frozen")]


def test_whoever_waits_for_his_wave_is_not_missed(sqlite_records: Records) -> None:
    alone(sqlite_records)
    watch = Watch(sqlite_records)
    watch.sweep(T0, Family.SIGNATORIES)
    assert [each.body_code for each in watch.lines(UNABLE)] == [BERRECHID]
