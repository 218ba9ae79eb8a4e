"""A key that its holder has already: registered with who paid for it, drawing on nobody (road c)."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from cryptography import x509
from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.ca.issuers import Issuer, issuers
from pki.ca.registered import issued_by, named_person, parse_certificate, register_certificate
from pki.ca.tables import IssuerKind
from pki.journal.acts import Actor, record
from pki.quota.errors import CertificateMismatch
from pki.quota.kinds import OrderState, Road, SeatPlace
from pki.quota.orders import OrderView, insert_order, key_order, require_office
from pki.records import HolderId, OfficeId, OrderId, Records
from pki.registration.errors import HolderUnknown
from pki.registration.protection import ProtectedNumbers
from pki.registration.tables import Holder


def register_existing_key(
    records: Records,
    protection: ProtectedNumbers,
    *,
    holder: HolderId,
    office: OfficeId,
    certificate: bytes,
    paid_by: str,
    by: Actor,
    at: datetime,
) -> OrderView:
    """Record a holder's existing signature certificate (DER) of a configured issuer; it waits for his acceptance.

    :param paid_by: who paid, in words or as a body's code.
    :raise CertificateMismatch: of no configured issuer, or not this holder's: its national id decides.
    :raise CertificateRefused: not valid now, not for signatures, weak, registered before.
    :raise OrderAlreadyOpen: the holder has an order under way for that body.
    :raise OfficeNotCurrent: not his office, or not in effect.
    """
    parsed = parse_certificate(certificate)
    order = OrderId(uuid4())
    with records.writing() as session:
        standing = require_office(session, holder=holder, office=office, at=at)
        if not names_holder(session, protection, parsed, holder):
            raise CertificateMismatch("it carries no national id")
        issuer = issuer_of(session, parsed)
        values = {
            "id": order,
            "holder_id": holder,
            "office_id": office,
            "body_id": standing.body_id,
            "paid_by": paid_by,
            "road": Road.ALREADY_HELD,
            "state": OrderState.DELIVERED,
            "seat": SeatPlace.NONE,
            "requested_at": at,
            "requested_by": str(by),
        }
        insert_order(session, values)
        register_certificate(session, der=certificate, issuer=issuer.id, holder=holder, order=order, at=at, by=by)
        facts = {"holder": holder, "office": office, "paid_by": paid_by, "road": Road.ALREADY_HELD}
        record(session, kind="order.delivered", subject=f"order:{order}", by=by, at=at, facts=facts)
        return key_order(session, order)


def names_holder(
    session: Session, protection: ProtectedNumbers, certificate: x509.Certificate, holder: HolderId
) -> bool:
    """Whether the certificate carries the holder's own national id; False: it carries none.

    :raise CertificateMismatch: it carries another's.
    :raise HolderUnknown: no such holder.
    """
    # THREAT: a certificate of a namesake is registered as a president's.
    # DEFENCE: the national id in the certificate, by its keyed hash, must be the holder's; names alone never do.
    # TEST: tests/pki/quota/test_registered.py::test_namesake_is_refused
    keyed_hash = session.scalar(select(Holder.cin_hash).where(Holder.id == holder))
    if keyed_hash is None:
        raise HolderUnknown(holder)
    cin = named_person(certificate).cin
    if cin is not None and protection.protect(cin).keyed_hash != keyed_hash:
        raise CertificateMismatch("it names another person")
    return cin is not None


def issuer_of(session: Session, certificate: x509.Certificate) -> Issuer:
    """The configured authority, another's, that issued it.

    :raise CertificateMismatch: none did.
    """
    for issuer in issuers(session):
        if issuer.kind is IssuerKind.EXTERNAL and issued_by(certificate, issuer.certificate):
            return issuer
    raise CertificateMismatch("its issuer is not one that is configured here")
