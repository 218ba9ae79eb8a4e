"""Accepting a new key: the one ceremony whose key is not active yet, and the act that opens it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from pki.ca.profile import CertificatePurpose
from pki.ca.tables import CertificateRow
from pki.journal.acts import Actor
from pki.quota.errors import NoUsableKey, OrderUnknown
from pki.quota.kinds import OrderState
from pki.quota.tables import KeyOrder
from pki.quota.unlocking import times_unlocked
from pki.records import HolderId, OrderId, Records
from pki.registration.tables import Body
from signer.ceremonies.opening import OpenedCeremony, open_ceremony
from signer.ceremonies.ports import Desk
from signer.dossiers.acceptance import AcceptedKey, draft_key_acceptance
from signer.dossiers.drafting import Drafting


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedAcceptance:
    """The ceremony, and the reference of the document that is signed in it."""

    ceremony: OpenedCeremony
    reference: str


def open_acceptance(
    records: Records, drafting: Drafting, desk: Desk, *, order: OrderId, by: Actor, at: datetime
) -> OpenedAcceptance:
    """Draw up the acceptance of a delivered key and open the ceremony in which its holder signs it.

    :raise OrderUnknown: no such order.
    :raise NoUsableKey: the order's key is not delivered, or no longer.
    :raise CeremonyError: and the refusals of `open_ceremony`.
    """
    key = _delivered_key(records, order)
    document = draft_key_acceptance(records, drafting, key=key, by=by, at=at)
    ceremony = open_ceremony(records, desk, signer=key.holder, references=[document.reference], by=by, at=at)
    return OpenedAcceptance(ceremony=ceremony, reference=document.reference)


def _delivered_key(records: Records, order: OrderId) -> AcceptedKey:
    with records.reading() as session:
        row = session.execute(
            select(KeyOrder.holder_id, KeyOrder.state, Body.code)
            .join(Body, Body.id == KeyOrder.body_id)
            .where(KeyOrder.id == order)
        ).one_or_none()
        if row is None:
            raise OrderUnknown(order)
        certificate = session.execute(
            select(CertificateRow.sha256, CertificateRow.serial).where(
                CertificateRow.order_id == order, CertificateRow.purpose == CertificatePurpose.SIGNATURE
            )
        ).first()
        if row.state is not OrderState.DELIVERED or certificate is None:
            raise NoUsableKey(HolderId(row.holder_id), f"order-{row.state.value}")
        return AcceptedKey(
            order=order,
            holder=HolderId(row.holder_id),
            body_code=row.code,
            certificate_sha256=certificate.sha256,
            serial=certificate.serial,
            again=times_unlocked(session, order),
        )
