"""A delegation by ceremony: its deed drawn up, and the sitting in which its giver signs it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from pki.journal.acts import Actor
from pki.records import HolderId, Records
from pki.registration.errors import OfficeUnknown
from pki.registration.powers.delegations import DelegationDeed
from pki.registration.tables import Office
from signer.ceremonies.opening import OpenedCeremony, open_ceremony
from signer.ceremonies.ports import Desk
from signer.dossiers.delegations import draft_delegation
from signer.dossiers.drafting import Drafting


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedDelegation:
    """The deed to be signed, and its ceremony."""

    reference: str
    ceremony: OpenedCeremony


def open_delegation(
    records: Records, drafting: Drafting, desk: Desk, *, deed: DelegationDeed, by: Actor, at: datetime
) -> OpenedDelegation:
    """Draw up a deed of delegation, and open its ceremony. Asked again, both are made anew.

    :raise DelegationRefused: the law does not know it, or it begins before today.
    :raise NotEntitled: its giver may not delegate now.
    """
    document = draft_delegation(records, drafting, deed=deed, by=by, at=at)
    with records.reading() as session:
        giver = session.scalar(select(Office.holder_id).where(Office.id == deed.from_office))
    if giver is None:
        raise OfficeUnknown(deed.from_office)
    ceremony = open_ceremony(records, desk, signer=HolderId(giver), references=[document.reference], by=by, at=at)
    return OpenedDelegation(reference=document.reference, ceremony=ceremony)
