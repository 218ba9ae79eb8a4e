"""What each kind of document does when it gains a signature: one table, run in the completing transaction."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from pki.journal.acts import record
from pki.quota.orders import activate
from signer.ceremonies.ports import CompletedItem, Completion
from signer.dossiers.delegations import record_signed_delegation
from signer.dossiers.kinds import DocumentKind


def _opinion_given(session: Session, completed: CompletedItem) -> None:
    _say(session, "opinion.given", completed)


def _minutes_signed(session: Session, completed: CompletedItem) -> None:
    _say(session, "minutes.complete" if completed.last else "minutes.counter-signed", completed)


def _licence_granted(session: Session, completed: CompletedItem) -> None:
    _say(session, "licence.granted", completed)


def _licence_refused(session: Session, completed: CompletedItem) -> None:
    _say(session, "licence.refused", completed)


def _key_accepted(session: Session, completed: CompletedItem) -> None:
    assert completed.order is not None
    activate(session, order=completed.order, by=completed.by, at=completed.at)


def _delegation_given(session: Session, completed: CompletedItem) -> None:
    record_signed_delegation(session, document=completed.document, by=completed.by, at=completed.at)


def _say(session: Session, kind: str, completed: CompletedItem) -> None:
    record(
        session,
        kind=kind,
        subject=f"document:{completed.reference}",
        by=completed.by,
        at=completed.at,
        facts={"body": completed.body_code, "sha256": completed.revision_sha256},
    )


COMPLETIONS: Mapping[DocumentKind, Completion] = {
    DocumentKind.OPINION: _opinion_given,
    DocumentKind.MINUTES: _minutes_signed,
    DocumentKind.LICENCE: _licence_granted,
    DocumentKind.REFUSAL: _licence_refused,
    DocumentKind.KEY_ACCEPTANCE: _key_accepted,
    DocumentKind.DELEGATION: _delegation_given,
}
"""The state of a document follows from its fields (`close_field`); here is what follows beyond it."""
