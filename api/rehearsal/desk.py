"""One key, from its order to active; begun again wherever it stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from api.wiring import House
from pki.journal.acts import Actor, ActorKind
from pki.quota.issuing import approve_issuance, confirm_written, issue_certificates
from pki.quota.kinds import OrderState
from pki.quota.orders import OrderView, activate, key_order, request_key
from pki.quota.submitting import submit_requests
from pki.quota.tables import KeyOrder
from pki.records import HolderId, OfficeId, OrderId, civil_day
from pki.registration.errors import HolderExists
from pki.registration.holders import enrol_holder
from pki.registration.offices import record_office
from pki.registration.tables import Office

from .country import Person, Place
from .keys import Keys

OFFICER = Actor(kind=ActorKind.OFFICER, id="rehearsal-first")
SECOND = Actor(kind=ActorKind.OFFICER, id="rehearsal-second")
SYSTEM = Actor(kind=ActorKind.SYSTEM, id="rehearsal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The acts of one rehearsal, in its installation."""

    house: House
    keys: Callable[[Person], Keys]
    """Where this person's pair is made."""

    def seated(self, place: Place, person: Person, *, deed: str, at: datetime) -> tuple[HolderId, OfficeId]:
        """The person, enrolled and in office."""
        records = self.house.records
        try:
            holder = enrol_holder(
                records,
                self.house.protection,
                name_ar=person.name_ar,
                name_latin=person.name_latin,
                cin=person.cin,
                by=OFFICER,
                at=at,
            )
        except HolderExists as known:
            holder = known.holder
            with records.reading() as session:
                office = session.scalar(
                    select(Office.id).where(
                        Office.holder_id == holder,
                        Office.function == person.function,
                        Office.superseded_at.is_(None),
                    )
                )
            if office is not None:
                return holder, OfficeId(office)
        office = record_office(
            records,
            holder=holder,
            body_code=place.code,
            function=person.function,
            rank=person.rank,
            starts_on=civil_day(at),
            deed=deed,
            by=OFFICER,
            at=at,
        )
        return holder, office

    def keyed(self, place: Place, person: Person, *, deed: str, at: datetime) -> OrderId:
        """The person with an active key that the body pays for."""
        holder, office = self.seated(place, person, deed=deed, at=at)
        known = self.order_of(holder)
        if known is not None:
            return self.to_active(self.view(known), person, at=at)
        ordered = request_key(
            self.house.records, holder=holder, office=office, payer_body_code=place.code, by=OFFICER, at=at
        )
        return self.to_active(ordered, person, at=at)

    def order_of(self, holder: HolderId) -> OrderId | None:
        """The newest order of his."""
        with self.house.records.reading() as session:
            found = session.scalar(
                select(KeyOrder.id)
                .where(KeyOrder.holder_id == holder)
                .order_by(KeyOrder.requested_at.desc(), KeyOrder.id)
                .limit(1)
            )
        return None if found is None else OrderId(found)

    def to_active(self, view: OrderView, person: Person, *, at: datetime) -> OrderId:
        """Take an order that is under way to its end; one that is past it is left as it is."""
        records, order = self.house.records, view.id
        state, issued, keys = view.state, view.certificates, self.keys(person)
        himself = Actor(kind=ActorKind.HOLDER, id=str(view.holder))
        if state is OrderState.REQUESTED:
            issuance = view.issuance
            if issuance is None:
                request, device = keys.request(person, order)
                issuance = submit_requests(
                    records,
                    self.house.issuance,
                    self.house.protection,
                    order=order,
                    signature_csr=request,
                    authentication_csr=None,
                    device=device,
                    by=himself,
                    at=at,
                )
            approve_issuance(records, order=order, digest=issuance.digest, by=SECOND, at=at)
            state = OrderState.APPROVED
        if state is OrderState.APPROVED:
            issued = issue_certificates(records, self.house.issuance, order=order, by=SYSTEM, at=at)
            state = OrderState.PERSONALISED
        if state is OrderState.PERSONALISED:
            for each in issued:
                keys.keep(person, order, each.der)
            written = [each.sha256 for each in issued]
            confirm_written(records, order=order, certificates=written, by=himself, at=at)
            state = OrderState.DELIVERED
        if state is OrderState.DELIVERED:
            with records.writing() as session:
                activate(session, order=order, by=SYSTEM, at=at)
        return order

    def view(self, order: OrderId) -> OrderView:
        """The order as it stands."""
        with self.house.records.reading() as session:
            return key_order(session, order)
