"""The acceptance of a key: its document drawn up, and the ceremony in which its holder signs it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pki.ca.certificates import certificates_of_order
from pki.ca.profile import CertificatePurpose
from pki.journal.acts import Actor
from pki.quota.errors import OrderStateRefused
from pki.quota.kinds import OrderState
from pki.quota.orders import key_order
from pki.quota.unlocking import times_unlocked
from pki.records import OrderId, Records
from signer.ceremonies.opening import OpenedCeremony, open_ceremony
from signer.ceremonies.ports import Desk
from signer.dossiers.acceptance import AcceptedKey, draft_key_acceptance
from signer.dossiers.drafting import Drafting


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedAcceptance:
    """The document to be signed, and its ceremony."""

    reference: str
    ceremony: OpenedCeremony


def open_acceptance(
    records: Records, drafting: Drafting, desk: Desk, *, order: OrderId, by: Actor, at: datetime
) -> OpenedAcceptance:
    """Draw up the acceptance of a delivered key, and open its ceremony. Asked again, both are made anew.

    :raise OrderStateRefused: the key is not delivered, or accepted already.
    """
    with records.reading() as session:
        view = key_order(session, order)
        certificates = certificates_of_order(session, order)
        again = times_unlocked(session, order)
    if view.state is not OrderState.DELIVERED:
        raise OrderStateRefused(order, view.state.value, "accept")
    certificate = next(each for each in certificates if each.purpose is CertificatePurpose.SIGNATURE)
    key = AcceptedKey(
        order=order,
        holder=view.holder,
        body_code=view.body_code,
        certificate_sha256=certificate.sha256,
        serial=certificate.serial,
        again=again,
    )
    document = draft_key_acceptance(records, drafting, key=key, by=by, at=at)
    ceremony = open_ceremony(records, desk, signer=view.holder, references=[document.reference], by=by, at=at)
    return OpenedAcceptance(reference=document.reference, ceremony=ceremony)
