"""Tickets: random, short-lived, bound to the first key that redeems them."""

import threading
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from pki.records import HolderId, Records
from pki.tickets import (
    SESSION_LIFETIME,
    TICKET_LIFETIME,
    AgentSessionRefused,
    AgentTicket,
    AgentToken,
    Redeemed,
    TicketExpired,
    TicketKind,
    TicketStolen,
    TicketUnknown,
    bearer,
    issue_ticket,
    kill_ticket,
    new_ticket,
    redeem_ticket,
)
from tests.pki.estate import T0

HOLDER, SUBJECT = HolderId(uuid4()), uuid4()
KEY, OTHER_KEY = "jkt-of-the-agent", "jkt-of-a-thief"
INSTANT = timedelta(microseconds=1)


def issued(records: Records, subject: UUID = SUBJECT, kind: TicketKind = TicketKind.CEREMONY) -> str:
    with records.writing() as session:
        return issue_ticket(session, kind=kind, subject=subject, holder=HOLDER, at=T0)


def redeemed(records: Records, ticket: str, jkt: str = KEY, after: timedelta = timedelta()) -> Redeemed:
    with records.writing() as session:
        return redeem_ticket(session, ticket=ticket, jkt=jkt, at=T0 + after)


def test_first_redemption_opens_a_session(records: Records) -> None:
    ticket = issued(records)
    assert len(ticket) == 43
    got = redeemed(records, ticket)
    assert (got.kind, got.subject, got.holder, got.first) == (TicketKind.CEREMONY, SUBJECT, HOLDER, True)
    with records.reading() as session:
        seen = bearer(session, access_token=got.access_token, jkt=KEY, at=T0)
    assert (seen.ticket_id, seen.kind, seen.subject, seen.holder) == (
        got.ticket_id,
        TicketKind.CEREMONY,
        SUBJECT,
        HOLDER,
    )


def test_no_ticket_looks_like_an_option() -> None:
    """Some are typed behind a command. Such a draw is thrown away whole: no character of the ticket is certain."""
    drawn = iter(["-" * 43, "-" + "A" * 42, "A-" + "A" * 41])
    assert new_ticket(lambda: next(drawn)) == "A-" + "A" * 41
    assert len({new_ticket() for _ in range(1000)}) == 1000


def test_nothing_secret_is_kept(sqlite_records: Records) -> None:
    ticket = issued(sqlite_records)
    got = redeemed(sqlite_records, ticket)
    with sqlite_records.reading() as session:
        kept = [*session.scalars(select(AgentTicket.sha256)), *session.scalars(select(AgentToken.token_sha256))]
    assert ticket not in kept
    assert got.access_token not in kept
    assert got.ticket_sha256 in kept


def test_same_key_may_redeem_again(sqlite_records: Records) -> None:
    ticket = issued(sqlite_records)
    first, again = redeemed(sqlite_records, ticket), redeemed(sqlite_records, ticket)
    assert not again.first
    with sqlite_records.reading() as session:
        for got in (first, again):
            bearer(session, access_token=got.access_token, jkt=KEY, at=T0)


def test_second_key_is_a_theft(records: Records) -> None:
    ticket = issued(records)
    first = redeemed(records, ticket)
    with pytest.raises(TicketStolen) as stolen:
        redeemed(records, ticket, OTHER_KEY)
    assert (stolen.value.subject, stolen.value.kind) == (SUBJECT, TicketKind.CEREMONY)
    with records.writing() as session:
        kill_ticket(session, ticket_id=stolen.value.ticket_id, at=T0)
    with records.reading() as session, pytest.raises(AgentSessionRefused):
        bearer(session, access_token=first.access_token, jkt=KEY, at=T0)
    with pytest.raises(TicketUnknown):
        redeemed(records, ticket)


def test_lifetime(sqlite_records: Records) -> None:
    """The last instant is outside."""
    ticket = issued(sqlite_records)
    redeemed(sqlite_records, ticket, after=TICKET_LIFETIME - INSTANT)
    with pytest.raises(TicketExpired):
        redeemed(sqlite_records, ticket, after=TICKET_LIFETIME)


def test_session_ends(sqlite_records: Records) -> None:
    got = redeemed(sqlite_records, issued(sqlite_records))
    end = T0 + SESSION_LIFETIME[TicketKind.CEREMONY]
    with sqlite_records.reading() as session:
        bearer(session, access_token=got.access_token, jkt=KEY, at=end - INSTANT)
        with pytest.raises(AgentSessionRefused):
            bearer(session, access_token=got.access_token, jkt=KEY, at=end)


def test_token_without_its_key_is_worth_nothing(sqlite_records: Records) -> None:
    got = redeemed(sqlite_records, issued(sqlite_records))
    with sqlite_records.reading() as session, pytest.raises(AgentSessionRefused):
        bearer(session, access_token=got.access_token, jkt=OTHER_KEY, at=T0)


def test_unknown_ticket(sqlite_records: Records) -> None:
    with pytest.raises(TicketUnknown):
        redeemed(sqlite_records, "A" * 43)


def test_new_ticket_ends_the_earlier_one(sqlite_records: Records) -> None:
    old, other = issued(sqlite_records), issued(sqlite_records, uuid4())
    new = issued(sqlite_records)
    with pytest.raises(TicketUnknown):
        redeemed(sqlite_records, old)
    redeemed(sqlite_records, new)
    redeemed(sqlite_records, other)


def test_two_agents_at_once(records: Records) -> None:
    """One key is bound; the other is a theft; nobody gets a database error."""
    ticket, outcomes = issued(records), []
    start = threading.Barrier(8)

    def run(jkt: str) -> None:
        start.wait()
        try:
            outcomes.append(redeemed(records, ticket, jkt).first)
        except Exception as error:  # noqa: BLE001
            outcomes.append(type(error))

    threads = [threading.Thread(target=run, args=(f"key-{each}",)) for each in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == sorted(map(str, [True, *[TicketStolen] * 7]))
