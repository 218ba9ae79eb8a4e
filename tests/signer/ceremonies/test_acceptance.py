"""A new key signs its own acceptance first, and nothing before that; with the real key orders."""

import hashlib
from pathlib import Path

import pytest
from cryptography import x509
from sqlalchemy import select

from pki.ca.profile import CertificatePurpose
from pki.ca.tables import CertificateOrigin, CertificateRow, IssuerKind, IssuerRow
from pki.quota.errors import NoUsableKey, OrderUnknown
from pki.quota.kinds import OrderState, Road, SeatPlace
from pki.quota.orders import activate
from pki.quota.tables import KeyOrder
from pki.records import OrderId
from pki.registration.tables import Office
from signer.ceremonies.acceptance import OpenedAcceptance, open_acceptance
from signer.ceremonies.completion import COMPLETIONS
from signer.dossiers.kinds import DossierKind, Track
from tests.signer.dossiers.town import PLATFORM, T0, Agent, Town


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """The town with the real key orders, and nobody's key accepted."""
    town = Town(tmp_path)
    object.__setattr__(town.desk, "completions", COMPLETIONS)
    return town


def delivered(town: Town, who: str) -> OrderId:
    """A key that this person already held, registered and not accepted."""
    holder = town.people[who]
    der = town.keys.held[holder].der
    certificate = x509.load_der_x509_certificate(der)
    with town.records.writing() as session:
        office = session.scalars(select(Office).where(Office.holder_id == holder)).one()
        issuer = IssuerRow(
            name=f"CA of {who}", kind=IssuerKind.EXTERNAL, certificate=der, certificate_sha256="0" * 64, created_at=T0
        )
        order = KeyOrder(
            holder_id=holder,
            office_id=office.id,
            body_id=office.body_id,
            paid_by="his agency",
            road=Road.ALREADY_HELD,
            state=OrderState.DELIVERED,
            seat=SeatPlace.NONE,
            requested_at=T0,
            requested_by="officer:1",
        )
        session.add_all([issuer, order])
        session.flush()
        session.add(
            CertificateRow(
                issuer_id=issuer.id,
                order_id=order.id,
                holder_id=holder,
                purpose=CertificatePurpose.SIGNATURE,
                serial=f"{certificate.serial_number:x}",
                der=der,
                sha256=hashlib.sha256(der).hexdigest(),
                spki_sha256=hashlib.sha256(der + b"key").hexdigest(),
                not_before=certificate.not_valid_before_utc,
                not_after=certificate.not_valid_after_utc,
                issued_at=T0,
                origin=CertificateOrigin.REGISTERED,
            )
        )
        return OrderId(order.id)


def accepted(town: Town, order: OrderId) -> OpenedAcceptance:
    return open_acceptance(town.records, town.drafting, town.desk, order=order, by=PLATFORM, at=town.at)


def test_key_is_active_once_its_acceptance_is_signed(town: Town) -> None:
    licence = town.decision(town.dossier(DossierKind.REFECTION, Track.REFECTION)).reference
    order = delivered(town, "president")
    with pytest.raises(NoUsableKey):
        town.open("president", licence)
    opened = accepted(town, order)
    agent = Agent(town, "president", opened.ceremony)
    assert agent.ask().items[0].kind == "key_acceptance"
    assert agent.give(agent.value()).state == "signed"
    with town.records.reading() as session:
        assert session.get_one(KeyOrder, order).state is OrderState.ACTIVE
    town.sign("president", licence)
    with pytest.raises(NoUsableKey):
        accepted(town, order)


def test_activation_that_fails_undoes_the_completion(town: Town) -> None:
    order = delivered(town, "president")
    agent = Agent(town, "president", accepted(town, order).ceremony)
    agent.ask()
    given = agent.value()
    town.paper.fail["stamp"] = ConnectionError()
    agent.give(given)
    with town.records.writing() as session:
        activate(session, order=order, by=PLATFORM, at=town.at)
    assert agent.give(given).state == "refused"  # it is no key to accept any more


def test_unknown_order(town: Town) -> None:
    with pytest.raises(OrderUnknown):
        accepted(town, OrderId(town.people["agency"]))


def test_acceptance_opened_again_is_the_same_document(town: Town) -> None:
    order = delivered(town, "agency")
    first, second = accepted(town, order), accepted(town, order)
    assert first.reference == second.reference
    agent = Agent(town, "agency", second.ceremony)
    agent.ask()
    assert agent.give(agent.value()).state == "signed"
