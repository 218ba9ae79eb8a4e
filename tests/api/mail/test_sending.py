"""Messages leave through a real SMTP server: once it is there, again after a failure, in two languages."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from ssl import SSLContext
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from babel.messages.extract import extract
from sqlalchemy import select

import api.mail.texts
from api.jobs.later import Later
from api.jobs.names import SEND_MESSAGE
from api.mail.sending import MOST_ATTEMPTS, NOBODY, Outbox, SmtpPolicy, due_messages, send_message
from api.mail.tables import OutgoingMessage
from api.mail.texts import BODIES, catalogue, text
from api.settings import Secret
from pki.records import OfficeId, Records, civil_day
from pki.registration.holders import enrol_holder
from pki.registration.mailboxes.notices import Notice, NoticeKind
from tests.hsm.agent.tls import tls_sides
from tests.pki.estate import OFFICER, PROTECTION, ended, seated

T0 = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Received:
    """What the server took; `refuse` answers it instead."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.logins: list[tuple[bytes, bytes]] = []
        self.refuse = ""

    def log_in(self, server: Any, session: Any, envelope: Any, mechanism: str, given: LoginPassword) -> AuthResult:
        self.logins.append((given.login, given.password))
        return AuthResult(success=session.ssl is not None and given.password == b"a password")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refuse:
            return self.refuse
        found = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        self.messages.append(found)
        return "250 taken"


@pytest.fixture
def received() -> Received:
    return Received()


@contextmanager
def serving(received: Received, **how: Any) -> Iterator[Controller]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(received, hostname="127.0.0.1", port=port, **how)
    controller.start()
    yield controller
    controller.stop()


@pytest.fixture
def server(received: Received) -> Iterator[Controller]:
    with serving(received) as controller:
        yield controller


@pytest.fixture
def guarded(received: Received, tmp_path: Path) -> Iterator[tuple[Controller, SSLContext]]:
    """A server that takes mail over TLS alone, from whom it knows; and what trusts its certificate."""
    own, trusting = tls_sides(tmp_path, datetime.now(UTC) + HOUR)
    demands = {"tls_context": own, "require_starttls": True, "auth_required": True}
    with serving(received, authenticator=received.log_in, **demands) as controller:
        yield controller, trusting


def policy(server: Controller, **changed: Any) -> SmtpPolicy:
    given = {"host": "127.0.0.1", "port": server.port, "starttls": False, "sender": "no-reply@khatam.example"}
    given |= {"user": None, "password": None, "rehearsal": True}
    return SmtpPolicy(**(given | changed))


class Enqueued:
    """Deferred work, written down."""

    def __init__(self) -> None:
        self.works: list[tuple[str, ...]] = []

    def enqueue(self, session: object, name: str, *ids: str) -> None:
        self.works.append((name, *ids))


def message(records: Records, kind: NoticeKind = NoticeKind.DELEGATION_GIVEN, office: OfficeId | None = None) -> UUID:
    facts = {"number": "12/2026", "body": "Berrechid / برشيد", "starts_on": "2026-11-02", "ends_on": "2026-11-03"}
    notice = Notice(kind=kind, address="president@commune.example", facts=facts, office=office)
    later = Enqueued()
    with records.writing() as session:
        made = Outbox(later).enqueue(session, notice, at=T0)
    assert later.works == [(SEND_MESSAGE, str(made))]
    return made


def row(records: Records, made: UUID) -> OutgoingMessage:
    with records.reading() as session:
        found = session.get_one(OutgoingMessage, made)
        session.expunge(found)
        return found


def test_sent_once(records: Records, server: Controller, received: Received) -> None:
    made = message(records)
    assert send_message(records, policy(server), message=made, at=T0)
    assert not send_message(records, policy(server), message=made, at=T0 + HOUR)
    (taken,) = received.messages
    assert taken["To"] == "president@commune.example"
    assert taken["Message-ID"] == f"<{made}@khatam.example>"
    assert taken["Auto-Submitted"] == "auto-generated"
    said = taken.get_content()
    for each in ("12/2026", "au registre", "مسجل", "Essai – sans valeur juridique", "برشيد"):
        assert each in said
    assert (row(records, made).sent_at, row(records, made).attempts) == (T0, 1)


def test_production_says_nothing_of_a_rehearsal(records: Records, server: Controller, received: Received) -> None:
    send_message(records, policy(server, rehearsal=False), message=message(records), at=T0)
    assert "Essai" not in received.messages[0].get_content()
    assert "Essai" not in received.messages[0]["Subject"]


def test_tried_again_later(records: Records, server: Controller, received: Received) -> None:
    made = message(records)
    received.refuse = "451 president@commune.example is not known yet"
    assert not send_message(records, policy(server), message=made, at=T0)
    with records.reading() as session:
        assert due_messages(session, at=T0 + timedelta(seconds=59)) == []
        assert due_messages(session, at=T0 + timedelta(seconds=60)) == [made]
    received.refuse = ""
    assert send_message(records, policy(server), message=made, at=T0 + HOUR)
    assert (row(records, made).failure, row(records, made).attempts) == (None, 2)


@pytest.mark.parametrize(
    ("kind", "left", "to"),
    [
        (NoticeKind.DELEGATION_GIVEN, False, ["own@citizen.example"]),
        (NoticeKind.DELEGATION_GIVEN, True, []),
        (NoticeKind.OFFICE_ENDS, True, ["own@citizen.example"]),
    ],
)
def test_a_notice_goes_to_whoever_holds_the_office_when_it_leaves(
    records: Records, server: Controller, received: Received, *, kind: NoticeKind, left: bool, to: list[str]
) -> None:
    """The mailbox it was written to is no longer his; he left the office, or holds it still."""
    names = {"name_ar": "أحمد", "name_latin": "Ahmed", "cin": "BE4711", "email": "own@citizen.example"}
    holder = enrol_holder(records, PROTECTION, **names, by=OFFICER, at=T0)
    _, office = seated(records, holder=holder)
    made = message(records, kind, office)
    if left:
        ended(records, office, civil_day(T0))
    assert send_message(records, policy(server), message=made, at=T0) is bool(to)
    assert [each["To"] for each in received.messages] == to
    assert (row(records, made).next_at, row(records, made).failure) == (None, None if to else NOBODY)


def test_a_failure_is_kept_by_its_kind_alone(records: Records, server: Controller, received: Received) -> None:
    made = message(records)
    received.refuse = "554 president@commune.example refused"
    send_message(records, policy(server), message=made, at=T0)
    assert row(records, made).failure == "SMTPDataError"


def test_given_up_in_the_end(records: Records, server: Controller, received: Received) -> None:
    made, at = message(records), T0
    received.refuse = "554 no"
    for _ in range(MOST_ATTEMPTS):
        at += timedelta(days=2)
        assert not send_message(records, policy(server), message=made, at=at)
    found = row(records, made)
    assert (found.attempts, found.next_at, found.sent_at) == (MOST_ATTEMPTS, None, None)


def test_a_server_without_starttls_gets_nothing(records: Records, server: Controller, received: Received) -> None:
    made = message(records)
    assert not send_message(records, policy(server, starttls=True), message=made, at=T0)
    assert (received.messages, row(records, made).failure) == ([], "SMTPNotSupportedError")


def test_over_tls_with_credentials(
    records: Records, guarded: tuple[Controller, SSLContext], received: Received
) -> None:
    given = {"starttls": True, "context": guarded[1], "user": "khatam", "password": Secret(b"a password")}
    assert send_message(records, policy(guarded[0], **given), message=message(records), at=T0)
    assert (len(received.messages), received.logins) == (1, [(b"khatam", b"a password")])


def test_a_server_of_another_certificate_gets_nothing(
    records: Records, guarded: tuple[Controller, SSLContext], received: Received
) -> None:
    made = message(records)
    given = {"starttls": True, "user": "khatam", "password": Secret(b"a password")}
    assert not send_message(records, policy(guarded[0], **given), message=made, at=T0)
    assert (received.messages, received.logins) == ([], [])
    assert row(records, made).failure == "SSLCertVerificationError"


def test_without_a_server_messages_wait(records: Records, server: Controller) -> None:
    made = message(records)
    assert not send_message(records, policy(server, host=""), message=made, at=T0)
    assert row(records, made).attempts == 0


def test_nothing_is_sent_of_what_was_rolled_back(records: Records) -> None:
    notice = Notice(kind=NoticeKind.OFFICE_ENDS, address="a@b.example", facts={})
    outbox = Outbox(Later(records))

    def stopped() -> None:
        with records.writing() as session:
            outbox.enqueue(session, notice, at=T0)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stopped()
    with records.reading() as session:
        assert session.scalars(select(OutgoingMessage)).all() == []


def test_an_unknown_message(records: Records, server: Controller) -> None:
    assert not send_message(records, policy(server), message=uuid4(), at=T0)


@pytest.mark.parametrize("locale", ["ar_MA", "fr_MA", "en"])
def test_the_catalogue_is_complete_and_no_more(locale: str) -> None:
    with open(api.mail.texts.__file__, "rb") as source:  # noqa: PTH123
        wanted = {found for _, found, _, _ in extract("python", source, keywords={"_": None})}
    there = {each.id: each.string for each in catalogue(locale) if each.id}
    assert set(there) == wanted
    assert all(there.values())


def test_every_kind_has_its_words() -> None:
    assert set(BODIES) == set(NoticeKind)
    for kind in NoticeKind:
        assert "{" not in text(kind, {}, rehearsal=False)
