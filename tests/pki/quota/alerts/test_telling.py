"""Mail once for each crossing, to those in office; sleep silences it and hides nothing."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pki.journal.tables import EventRow
from pki.quota.alerts.errors import AlertClosed, AlertUnknown, SnoozeRefused
from pki.quota.alerts.handling import LONGEST_SLEEP, assign_alert, snooze_alert
from pki.quota.alerts.kinds import AlertKind, AlertState, Family, Handling
from pki.quota.alerts.reading import alert_of, handlings
from pki.quota.alerts.telling import tell_alerts
from pki.quota.orders import cancel_key
from pki.records import HolderId, Records, civil_day
from pki.registration.kinds import OfficeFunction
from pki.registration.mailboxes.notices import Notice, NoticeKind
from pki.registration.tables import Holder
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER, SECOND, T0, ended, seated
from tests.pki.quota.alerts.estate import Watch
from tests.pki.quota.crowd import at_once
from tests.pki.quota.estate import Bureau

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TODAY = civil_day(T0)


@dataclass
class Post:
    """A mailer that keeps what it was given."""

    given: list[Notice] = field(default_factory=list)

    def enqueue(self, session: Session, notice: Notice, *, at: datetime) -> UUID:
        self.given.append(notice)
        return uuid4()

    def told(self) -> dict[str, dict[str, str]]:
        """By address; forgotten then."""
        assert {each.kind for each in self.given} <= {NoticeKind.ALERTS}
        found = {each.address: dict(each.facts) for each in self.given}
        assert len(found) == len(self.given)
        self.given.clear()
        return found


def address(records: Records, holder: HolderId, said: str) -> None:
    with records.writing() as session:
        session.execute(update(Holder).where(Holder.id == holder).values(email=f"{said}@example.ma"))


def people(records: Records) -> None:
    """Two heads in Berrechid, one in its province, one who heads nothing."""
    for body, function, said in (
        (BERRECHID, OfficeFunction.PRESIDENT, "president"),
        (BERRECHID, OfficeFunction.DIRECTOR_OF_SERVICES, "director"),
        (BERRECHID_PROVINCE, OfficeFunction.DIRECTOR_OF_SERVICES, "province"),
        (BERRECHID, OfficeFunction.SECRETARY, "secretary"),
    ):
        holder, _ = seated(records, body, function)
        address(records, holder, said)


def full(bureau: Bureau) -> Watch:
    """No seat is left in Berrechid."""
    for _ in range(5):
        bureau.requested()
    watch = Watch(bureau.records)
    watch.sweep(T0, Family.SEATS)
    return watch


def test_once_to_the_heads_of_the_body_and_of_its_province(bureau: Bureau) -> None:
    people(bureau.records)
    watch, post = full(bureau), Post()
    assert tell_alerts(bureau.records, post, at=T0) == 3
    told = post.told()
    assert {each: facts["seats_100"] for each, facts in told.items()} == {
        "president@example.ma": "1",
        "director@example.ma": "1",
        "province@example.ma": "1",
    }
    assert "seats_80" not in told["president@example.ma"]  # the stronger one speaks for both
    assert told["president@example.ma"]["body"].startswith("Berrechid / ")
    assert tell_alerts(bureau.records, post, at=T0 + HOUR) == 0
    watch.sweep(T0 + HOUR, Family.SEATS)
    assert tell_alerts(bureau.records, post, at=T0 + HOUR) == 0


def test_told_once_by_many_at_once(bureau: Bureau) -> None:
    people(bureau.records)
    full(bureau)
    post = Post()
    assert at_once([lambda: tell_alerts(bureau.records, post, at=T0)] * 20) == {"done": 20}
    assert len(post.told()) == 3


def test_who_left_is_told_nothing_more(sqlite_bureau: Bureau) -> None:
    holder, office = seated(sqlite_bureau.records, BERRECHID, OfficeFunction.PRESIDENT)
    address(sqlite_bureau.records, holder, "president")
    ended(sqlite_bureau.records, office, TODAY)
    watch, post = full(sqlite_bureau), Post()
    assert tell_alerts(sqlite_bureau.records, post, at=T0) == 0
    assert [each.told_at for each in watch.lines()] == [T0]  # nobody is there: it is in the list


def test_the_holder_is_told_of_his_own_key(sqlite_bureau: Bureau) -> None:
    people(sqlite_bureau.records)
    order = sqlite_bureau.active()
    view = sqlite_bureau.view(order)
    address(sqlite_bureau.records, view.holder, "holder")
    watch, post = Watch(sqlite_bureau.records), Post()
    at = max(each.not_after for each in view.certificates) - 20 * DAY
    watch.sweep(at, Family.EXPIRY)
    tell_alerts(sqlite_bureau.records, post, at=at)
    told = post.told()
    assert sorted(told) == ["director@example.ma", "holder@example.ma", "president@example.ma", "province@example.ma"]
    body = told["holder@example.ma"].pop("body")
    assert (told["holder@example.ma"], body[:9]) == ({"expiry_30": "1"}, "Berrechid")


def test_a_snoozed_one_is_listed_and_silent_until_its_day(sqlite_bureau: Bureau) -> None:
    people(sqlite_bureau.records)
    records, watch, post = sqlite_bureau.records, full(sqlite_bureau), Post()
    (line,) = watch.lines()
    until = TODAY + timedelta(days=3)
    slept = snooze_alert(records, alert=line.id, until=until, reason="extra asked", by=OFFICER, at=T0)
    assert (slept.snoozed_until, slept.state) == (until, AlertState.OPEN)
    assert tell_alerts(records, post, at=T0 + 2 * DAY) == 0
    assert [each.id for each in watch.lines()] == [line.id]
    assert tell_alerts(records, post, at=T0 + 3 * DAY) == 3


def test_a_new_crossing_sleeps_on(sqlite_bureau: Bureau) -> None:
    """It goes to and fro around the mark: asleep is asleep. Another body's crossing is not."""
    people(sqlite_bureau.records)
    records, watch, post = sqlite_bureau.records, Watch(sqlite_bureau.records), Post()
    order, *_ = [sqlite_bureau.requested() for _ in range(5)]
    watch.sweep(T0, Family.SEATS)
    (line,) = watch.lines()
    until = TODAY + timedelta(days=5)
    snooze_alert(records, alert=line.id, until=until, reason="r", by=OFFICER, at=T0)
    cancel_key(records, order=order, reason="r", by=OFFICER, at=T0)
    watch.sweep(T0 + HOUR, Family.SEATS)
    for body in (BERRECHID, *[BERRECHID_PROVINCE] * 3):
        sqlite_bureau.requested(body)
    watch.sweep(T0 + 2 * HOUR, Family.SEATS)
    again = {each.body_code: each for each in watch.lines(AlertKind.SEATS_100)}
    assert again[BERRECHID].id != line.id
    assert (again[BERRECHID].snoozed_until, again[BERRECHID_PROVINCE].snoozed_until) == (until, None)
    tell_alerts(records, post, at=T0 + 2 * HOUR)
    assert post.told()["province@example.ma"]["seats_100"] == "1"  # its own


@pytest.mark.parametrize("days", [-1, 0, LONGEST_SLEEP.days + 1])
def test_days_on_which_nothing_wakes(sqlite_bureau: Bureau, days: int) -> None:
    (line,) = full(sqlite_bureau).lines()
    with pytest.raises(SnoozeRefused):
        snooze_alert(
            sqlite_bureau.records, alert=line.id, until=TODAY + timedelta(days=days), reason="r", by=OFFICER, at=T0
        )


def test_the_story_of_one(bureau: Bureau) -> None:
    (line,) = full(bureau).lines()
    records, until = bureau.records, TODAY + timedelta(days=1)
    for officer in (OFFICER, OFFICER, SECOND):
        assert assign_alert(records, alert=line.id, by=officer, at=T0).assigned_to == str(officer)
    snooze_alert(records, alert=line.id, until=until, reason="asked", by=SECOND, at=T0 + HOUR)
    with records.reading() as session:
        story = [(each.action, each.by, each.until, each.reason) for each in handlings(session, line.id)]
        kinds = session.scalars(select(EventRow.kind).where(EventRow.subject == f"alert:{line.id}")).all()
    assert story == [
        (Handling.ASSIGNED, str(OFFICER), None, None),
        (Handling.ASSIGNED, str(SECOND), None, None),
        (Handling.SNOOZED, str(SECOND), until, "asked"),
    ]
    assert kinds == ["alert.assigned", "alert.assigned", "alert.snoozed"]


def test_what_is_over_is_nobodys_task(sqlite_bureau: Bureau) -> None:
    records = sqlite_bureau.records
    order, *_ = [sqlite_bureau.requested(BERRECHID_PROVINCE) for _ in range(3)]
    watch = Watch(records)
    watch.sweep(T0, Family.SEATS)
    (line,) = watch.lines()
    cancel_key(records, order=order, reason="r", by=OFFICER, at=T0)
    watch.sweep(T0 + HOUR, Family.SEATS)
    said = {"by": OFFICER, "at": T0 + HOUR}
    with pytest.raises(AlertClosed):
        assign_alert(records, alert=line.id, **said)  # type: ignore[arg-type]
    with pytest.raises(AlertClosed):
        snooze_alert(records, alert=line.id, until=date(2026, 11, 9), reason="r", **said)  # type: ignore[arg-type]
    with pytest.raises(AlertUnknown):
        assign_alert(records, alert=uuid4(), **said)  # type: ignore[arg-type]
    with records.reading() as session, pytest.raises(AlertUnknown):
        alert_of(session, uuid4())
