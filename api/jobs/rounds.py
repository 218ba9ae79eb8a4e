"""Rounds: work that comes back for ever, each with its pause. Each may be run twice, or by two processes at once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from api.auth.tables import AccessTokenRow, SpentProof
from api.mail.sending import due_messages
from hsm.errors import HsmError
from pki.errors import PkiError
from pki.journal.acts import Actor, ActorKind, number_leaves
from pki.quota.alerts.sweeping import sweep_alerts
from pki.quota.alerts.telling import tell_alerts
from pki.quota.due import revoke_all_owed
from pki.quota.issuing import issue_certificates
from pki.quota.kinds import OrderState
from pki.quota.stopping import expire_keys
from pki.quota.tables import IssuanceRequest, KeyOrder
from pki.records import OrderId
from pki.registration.mailboxes.handing_over import hand_over_due
from pki.status.lists import publish_due_crls
from signer.ceremonies.ending import expire_ceremonies
from signer.ceremonies.finishing import resume_items
from signer.ceremonies.use import key_uses
from signer.errors import SignerError

from .monthly import make_monthly_reports
from .waiting import waiting_documents

if TYPE_CHECKING:
    from api.wiring import House

JOBS = Actor(kind=ActorKind.SYSTEM, id="jobs")
PATIENCE = timedelta(seconds=15)
"""What an act left half-way is left to that act for this long."""
BATCH = 100
log = logging.getLogger("khatam.jobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One kind of recurring work."""

    name: str
    seconds: float
    """Pause between the end of one run and the start of the next."""
    work: Callable[[House, datetime], None]


def number(house: House, at: datetime) -> None:
    """The sequencer: leaves and events in the order of their commits."""
    del at
    while number_leaves(house.records) == 1000:  # noqa: PLR2004 - a full batch: more is waiting
        pass


def finish_ceremonies(house: House, at: datetime) -> None:
    """Values that were acknowledged and not yet embedded; then sittings that nobody came back to."""
    resume_items(house.records, house.desk, at=at, older_than=PATIENCE)
    expire_ceremonies(house.records, at=at)


def finish_issuing(house: House, at: datetime) -> None:
    """Orders whose approval was given and whose certificates were not all signed."""
    waiting = (
        select(KeyOrder.id)
        .join(IssuanceRequest, IssuanceRequest.order_id == KeyOrder.id)
        .where(KeyOrder.state == OrderState.APPROVED, IssuanceRequest.superseded_at.is_(None))
        .where(IssuanceRequest.approved_at <= at - PATIENCE)
        .limit(BATCH)
    )
    with house.records.reading() as session:
        orders = list(session.scalars(waiting))
    for order in orders:
        try:
            issue_certificates(house.records, house.issuance, order=OrderId(order), by=JOBS, at=at)
        except (PkiError, HsmError) as error:
            log.warning("order %s still waits for its certificates: %s", order, type(error).__name__)


def finish_documents(house: House, at: datetime) -> None:
    """Signed documents that still lack their validation data, if their deferred work gave up."""
    with house.records.reading() as session:
        documents = waiting_documents(session, made_before=at - PATIENCE)
    for document in documents:
        try:
            house.capture_validation(str(document))
        except (SignerError, PkiError, HsmError) as error:
            log.warning("document %s still waits for its validation data: %s", document, type(error).__name__)


def publish_lists(house: House, at: datetime) -> None:
    """Revocation lists that are due: well before nextUpdate, and after each revocation."""
    publish_due_crls(house.records, house.keyring, at=at)


def expire(house: House, at: datetime) -> None:
    """Keys whose certificate is over: their seats are free again."""
    expire_keys(house.records, by=JOBS, at=at)


def send_mail(house: House, at: datetime) -> None:
    """Messages that are to be tried again, and mailboxes of offices that ended today."""
    hand_over_due(house.records, at=at)
    with house.records.reading() as session:
        waiting = due_messages(session, at=at)
    for message in waiting:
        house.send_message(str(message))


def revoke_owed(house: House, at: datetime) -> None:
    """Certificates of replaced keys, once every signature of theirs has its time."""
    revoke_all_owed(house.records, house.settled, by=JOBS, at=at)


def watch(house: House, at: datetime) -> None:
    """Alerts open and close; what opened is told once."""
    sweep_alerts(house.records, key_uses, by=JOBS, at=at)
    tell_alerts(house.records, house.mailer, at=at)


def forget(house: House, at: datetime) -> None:
    """What has expired and says nothing any more."""
    with house.records.writing() as session:
        session.execute(delete(SpentProof).where(SpentProof.expires_at < at - timedelta(minutes=5)))
        session.execute(delete(AccessTokenRow).where(AccessTokenRow.expires_at < at - timedelta(days=1)))


ROUNDS: tuple[Round, ...] = (
    Round(name="numbers", seconds=0.2, work=number),
    Round(name="ceremonies", seconds=5.0, work=finish_ceremonies),
    Round(name="issuing", seconds=10.0, work=finish_issuing),
    Round(name="documents", seconds=30.0, work=finish_documents),
    Round(name="lists", seconds=2.0, work=publish_lists),
    Round(name="expiry", seconds=60.0, work=expire),
    Round(name="mail", seconds=60.0, work=send_mail),
    Round(name="revocations", seconds=10.0, work=revoke_owed),
    Round(name="alerts", seconds=300.0, work=watch),
    Round(name="reports", seconds=300.0, work=make_monthly_reports),
    Round(name="forgetting", seconds=600.0, work=forget),
)
