"""How ceremonies end: cancelled, expired, alarmed, or complete. What is kept is finished whatever the end."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, ActorKind, record
from pki.records import CeremonyId, Records
from signer.ceremonies.errors import CeremonyEnded, CeremonyUnknown, NothingLeft
from signer.ceremonies.ports import subject_of
from signer.ceremonies.tables import Ceremony, CeremonyItem, CeremonyState, ItemState
from signer.dossiers.documents import changed_rows
from signer.dossiers.leases import free_unkept_leases

LIVE = (CeremonyState.OPEN, CeremonyState.REDEEMED)
UNSIGNED = (ItemState.WAITING, ItemState.PREPARED)
SWEEPER = Actor(kind=ActorKind.SYSTEM, id="jobs")


def end_ceremony(
    session: Session, *, ceremony: CeremonyId, state: CeremonyState, outcome: str, by: Actor, at: datetime
) -> bool:
    """End a live ceremony: unsigned items are refused, their leases freed. False if it had ended. A step."""
    ended = session.execute(
        update(Ceremony)
        .where(Ceremony.id == ceremony, Ceremony.state.in_(LIVE))
        .values(state=state, ended_at=at, outcome=outcome[:300])
        .execution_options(synchronize_session=False)
    )
    if changed_rows(ended) != 1:
        return False
    session.execute(
        update(CeremonyItem)
        .where(CeremonyItem.ceremony_id == ceremony, CeremonyItem.state.in_(UNSIGNED))
        .values(state=ItemState.REFUSED, reason=f"ceremony-{state.value}")
        .execution_options(synchronize_session=False)
    )
    free_unkept_leases(session, ceremony=ceremony)
    record(
        session,
        kind=f"ceremony.{state.value}",
        subject=subject_of(ceremony),
        by=by,
        at=at,
        facts={"outcome": outcome[:300]},
    )
    return True


def complete_if_done(session: Session, *, ceremony: CeremonyId, by: Actor, at: datetime) -> None:
    """End the ceremony as completed once no item waits for anything. A step."""
    open_items = select(CeremonyItem.id).where(
        CeremonyItem.ceremony_id == ceremony, CeremonyItem.state.in_((*UNSIGNED, ItemState.KEPT))
    )
    if session.scalar(open_items.limit(1)) is None:
        end_ceremony(
            session, ceremony=ceremony, state=CeremonyState.COMPLETED, outcome="every item answered", by=by, at=at
        )


def cancel_ceremony(
    records: Records, *, ceremony: CeremonyId, by: Actor, at: datetime, outcome: str = "cancelled by the caller"
) -> None:
    """Cancel a live ceremony; acknowledged signatures are finished all the same. Again: nothing happens.

    :raise CeremonyUnknown: there is none.
    :raise CeremonyEnded: it had completed, expired or been closed by an alarm.
    """
    with records.writing() as session:
        if end_ceremony(session, ceremony=ceremony, state=CeremonyState.CANCELLED, outcome=outcome, by=by, at=at):
            return
        state = session.scalar(select(Ceremony.state).where(Ceremony.id == ceremony))
        if state is None:
            raise CeremonyUnknown(ceremony)
        if state is not CeremonyState.CANCELLED:
            raise CeremonyEnded(ceremony, state.value)


def alarm_ceremony(session: Session, *, ceremony: CeremonyId, at: datetime) -> None:
    """Close a ceremony whose ticket was shown by a second agent key. A step."""
    # THREAT: someone who saw the ticket (a shared PC, a log) redeems it too and signs in the holder's stead.
    # DEFENCE: the first redemption binds the agent's key; another key ends ticket and ceremony, journalled, as long as
    #   anything can be signed (`require_unsigned`).
    # TEST: tests/signer/ceremonies/test_sessions.py::test_stolen_ticket_closes_the_ceremony
    end_ceremony(
        session,
        ceremony=ceremony,
        state=CeremonyState.ALARMED,
        outcome="its ticket was shown by two agents",
        by=SWEEPER,
        at=at,
    )


def require_unsigned(session: Session, *, ceremony: CeremonyId) -> None:
    """Something can still be signed in the ceremony, or an alarm has closed it. What is answered never comes back.

    :raise CeremonyEnded: it was cancelled, expired or completed.
    :raise NothingLeft: no item waits for a value.
    """
    # THREAT: signers who click a link twice, the second time with a fresh agent key, set off alarms of theft, until
    #   nobody minds an alarm.
    # DEFENCE: no alarm, and no session either, once no item can take a value: a thief would find nothing to sign.
    # TEST: tests/signer/ceremonies/test_sessions.py::test_a_link_clicked_again_when_all_is_kept_is_no_theft
    state = session.scalar(select(Ceremony.state).where(Ceremony.id == ceremony))
    if state in (CeremonyState.COMPLETED, CeremonyState.CANCELLED, CeremonyState.EXPIRED):
        raise CeremonyEnded(ceremony, state.value)
    unsigned = select(CeremonyItem.id).where(CeremonyItem.ceremony_id == ceremony, CeremonyItem.state.in_(UNSIGNED))
    if state in LIVE and session.scalar(unsigned.limit(1)) is None:
        raise NothingLeft


def expire_ceremonies(records: Records, *, at: datetime) -> int:
    """End ceremonies whose ticket was not redeemed in time or whose agent went silent. A sweep, safe to run twice."""
    with records.reading() as session:
        late = list(session.scalars(select(Ceremony.id).where(Ceremony.state.in_(LIVE), Ceremony.expires_at <= at)))
    ended = 0
    for ceremony in late:
        with records.writing() as session:
            still = select(Ceremony.id).where(Ceremony.id == ceremony, Ceremony.expires_at <= at)
            if session.scalar(still) is None:
                continue
            ended += end_ceremony(
                session,
                ceremony=CeremonyId(ceremony),
                state=CeremonyState.EXPIRED,
                outcome="nobody came back in time",
                by=SWEEPER,
                at=at,
            )
    return ended
