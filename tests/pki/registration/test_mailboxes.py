"""A mailbox belongs to its office: who leaves loses it, who comes is given it, and notices follow."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from pki.records import HolderId, OfficeId, Records, civil_day, day_start
from pki.registration.errors import (
    ContactRefused,
    FunctionNotInBody,
    MailboxExists,
    MailboxStateRefused,
    MailboxUnknown,
    OfficeUnknown,
)
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.holders import enrol_holder
from pki.registration.kinds import OfficeFunction
from pki.registration.mailboxes.handing_over import hand_over_due
from pki.registration.mailboxes.mailboxes import (
    activate_mailbox,
    ask_mailbox,
    close_mailbox,
    create_mailbox,
    reader_of,
)
from pki.registration.mailboxes.notices import Notice, NoticeKind, address_for, notify_office
from pki.registration.mailboxes.reading import mailbox_line, mailboxes
from pki.registration.mailboxes.tables import Mailbox, MailboxState
from pki.registration.offices import end_office
from tests.pki.estate import BERRECHID, OFFICER, PROTECTION, T0, ended, seated

ADDRESS = "president.berrechid@communes.ma"
TODAY = civil_day(T0)
PRESIDENT = OfficeFunction.PRESIDENT


def asked(records: Records) -> UUID:
    return ask_mailbox(records, body_code=BERRECHID, function=PRESIDENT, by=OFFICER, at=T0)


def created(records: Records) -> UUID:
    mailbox = asked(records)
    create_mailbox(records, mailbox=mailbox, address=ADDRESS, by=OFFICER, at=T0)
    return mailbox


def activate(records: Records, mailbox: UUID, office: OfficeId, at: datetime = T0) -> None:
    activate_mailbox(records, mailbox=mailbox, office=office, by=OFFICER, at=at)


def line(records: Records, mailbox: UUID) -> tuple[MailboxState, UUID | None, date | None]:
    with records.reading() as session:
        (listed,) = mailboxes(session, within=Extent(body_code=BERRECHID), state=None, after=None, limit=10)
        assert mailbox_line(session, mailbox) == listed
        assert mailboxes(session, within=Extent(body_code="06.117"), state=None, after=None, limit=10) == []
        assert mailboxes(session, within=EVERYWHERE, state=listed.state, after=mailbox, limit=10) == []
    return listed.state, listed.office, listed.handed_over_on


def reader(records: Records, mailbox: UUID, at: datetime = T0) -> HolderId | None:
    with records.reading() as session:
        return reader_of(session, mailbox, at=at)


def state(records: Records, mailbox: UUID) -> tuple[MailboxState, date | None]:
    with records.reading() as session:
        row = session.get_one(Mailbox, mailbox)
        return row.state, row.handed_over_on


def test_the_old_holder_loses_it_with_his_office(records: Records) -> None:
    holder, office = seated(records, function=PRESIDENT)
    mailbox = created(records)
    assert reader(records, mailbox) is None
    activate(records, mailbox, office)
    assert reader(records, mailbox) == holder
    end_office(records, office=office, ends_on=TODAY, reason="r", deed="d", by=OFFICER, at=T0)
    assert (reader(records, mailbox), state(records, mailbox)) == (None, (MailboxState.HANDED_OVER, TODAY))
    successor, next_office = seated(records, function=PRESIDENT, starts_on=TODAY)
    assert reader(records, mailbox) is None
    with pytest.raises(OfficeUnknown):
        activate(records, mailbox, office)
    activate(records, mailbox, next_office)
    assert reader(records, mailbox) == successor


def test_an_end_that_lies_ahead(records: Records) -> None:
    holder, office = seated(records, function=PRESIDENT)
    mailbox = created(records)
    activate(records, mailbox, office)
    last = TODAY + timedelta(days=10)
    ended(records, office, last)
    assert reader(records, mailbox, day_start(last) - timedelta(seconds=1)) == holder
    assert reader(records, mailbox, day_start(last)) is None
    assert line(records, mailbox) == (MailboxState.ACTIVE, office, last)  # the day is known before it comes
    assert hand_over_due(records, at=day_start(last) - timedelta(seconds=1)) == 0
    assert hand_over_due(records, at=day_start(last)) == 1
    assert hand_over_due(records, at=day_start(last)) == 0
    assert state(records, mailbox) == (MailboxState.HANDED_OVER, last)
    assert line(records, mailbox) == (MailboxState.HANDED_OVER, None, last)


def test_steps_in_their_order(sqlite_records: Records) -> None:
    records = sqlite_records
    _, office = seated(records, function=PRESIDENT)
    mailbox = asked(records)
    with pytest.raises(MailboxStateRefused):
        activate(records, mailbox, office)
    with pytest.raises(MailboxExists):
        asked(records)
    with pytest.raises(ContactRefused):
        create_mailbox(records, mailbox=mailbox, address="not an address", by=OFFICER, at=T0)
    create_mailbox(records, mailbox=mailbox, address=ADDRESS, by=OFFICER, at=T0)
    with pytest.raises(MailboxStateRefused):
        create_mailbox(records, mailbox=mailbox, address=ADDRESS, by=OFFICER, at=T0)
    close_mailbox(records, mailbox=mailbox, reason="r", by=OFFICER, at=T0)
    with pytest.raises(MailboxStateRefused):
        close_mailbox(records, mailbox=mailbox, reason="r", by=OFFICER, at=T0)
    again = asked(records)
    with pytest.raises(MailboxExists):
        create_mailbox(records, mailbox=again, address=ADDRESS, by=OFFICER, at=T0)
    with pytest.raises(MailboxUnknown):
        reader(records, uuid4())


@pytest.mark.parametrize(
    ("function", "rank"), [(OfficeFunction.GOVERNOR, 0), (PRESIDENT, 1), (OfficeFunction.VICE_PRESIDENT, 0)]
)
def test_of_an_office_that_the_body_has(sqlite_records: Records, function: OfficeFunction, rank: int) -> None:
    with pytest.raises(FunctionNotInBody):
        ask_mailbox(sqlite_records, body_code=BERRECHID, function=function, rank=rank, by=OFFICER, at=T0)


def test_only_for_that_office(sqlite_records: Records) -> None:
    mailbox = created(sqlite_records)
    for function, body in ((OfficeFunction.COMMITTEE_MEMBER, BERRECHID), (PRESIDENT, "06.117.01.05")):
        _, other = seated(sqlite_records, body, function)
        with pytest.raises(OfficeUnknown):
            activate(sqlite_records, mailbox, other)


@dataclass
class Handed:
    """A mailer that keeps what it is handed."""

    notices: list[Notice] = field(default_factory=list)

    def enqueue(self, session: Session, notice: Notice, *, at: datetime) -> UUID:
        self.notices.append(notice)
        return uuid4()


def test_notices_follow_the_office(records: Records) -> None:
    holder = enrol_holder(
        records,
        PROTECTION,
        name_ar="أحمد",
        name_latin="Ahmed",
        cin="ZZ123456",
        email="own@example.ma",
        phone="0612345678",
        by=OFFICER,
        at=T0,
    )
    _, office = seated(records, function=PRESIDENT, holder=holder)
    mailer, facts = Handed(), Facts

    def tell(at: datetime = T0) -> None:
        with records.writing() as session:
            notify_office(session, mailer, office=office, kind=NoticeKind.OFFICE_ENDS, facts=facts, at=at)

    tell()
    mailbox = created(records)
    activate(records, mailbox, office)
    tell()
    ended(records, office, TODAY)
    tell()
    assert [each.address for each in mailer.notices] == ["own@example.ma", ADDRESS]
    with records.reading() as session:
        assert address_for(session, office, at=T0) is None
        assert address_for(session, OfficeId(uuid4()), at=T0) is None


Facts: Mapping[str, str] = {"body": "Berrechid", "ends_on": "2026-11-02"}
