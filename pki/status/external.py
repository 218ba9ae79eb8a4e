"""Other issuers: their certificates, their anchor, and their lists as configured sources. Nothing is fetched."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from sqlalchemy.orm import Session

from pki.ca.errors import IssuerUnknown
from pki.ca.issuers import Issuer, add_external_issuer, issuer_by_id
from pki.ca.public_keys import KeyRefused, accept_public_key
from pki.ca.registered import issued_by, parse_certificate
from pki.ca.tables import IssuerKind
from pki.der import UNREADABLE, require_bounded
from pki.journal.acts import Actor, record
from pki.records import Records
from pki.trust.anchors import add_anchor
from pki.trust.marks import Environment

from .errors import CrlReason, CrlRefused, IssuerRefused
from .lists import RevocationList, latest_list, record_list

MAX_CRL_BYTES = 20 * 1024 * 1024
_SKEW = timedelta(minutes=5)
_PARTIAL = (x509.IssuingDistributionPoint, x509.DeltaCRLIndicator)


def register_external_issuer(
    records: Records,
    *,
    name: str,
    certificate: bytes,
    root: bytes,
    crl: bytes | None = None,
    environment: str,
    policy_oids: tuple[str, ...] = (),
    at: datetime,
    by: Actor,
) -> UUID:
    """Record another's authority (DER), its root as a trust anchor, and its first list. One transaction.

    `certificate` may be the root itself; otherwise the root must have issued it. The same again is the same issuer.

    :param environment: this installation's; production refuses test anchors.
    :raise IssuerRefused, CertificateRefused, AnchorRefused, CrlRefused: nothing was recorded.
    """
    above, own = _authority(root), _authority(certificate)
    if not issued_by(above, above):
        raise IssuerRefused("the root is not signed by itself")
    if own != above and not issued_by(own, above):
        raise IssuerRefused("its certificate was not issued by that root")
    with records.writing() as session:
        add_anchor(
            session,
            der=root,
            environment=Environment(environment),
            policy_oids=policy_oids,
            source=f"issuer {name}",
            at=at,
            by=by,
        )
        top = add_external_issuer(
            session, name=name if own == above else f"{name} (root)", certificate=above, parent=None, at=at
        )
        issuer = top if own == above else add_external_issuer(session, name=name, certificate=own, parent=top, at=at)
        facts = {"name": name, "certificate": own.fingerprint(hashes.SHA256()).hex()}
        record(session, kind="issuer.registered", subject=f"issuer:{issuer}", by=by, at=at, facts=facts)
        if crl is not None:
            _store(session, issuer, crl, at=at, by=by)
    return issuer


def configure_external_crl(records: Records, *, issuer: UUID, crl: bytes, at: datetime, by: Actor) -> RevocationList:
    """Store a list (DER) of another's authority, or of the one above it, after checking it. The same again is no act.

    :raise CrlRefused: with its reason; the list before stays in use.
    :raise IssuerUnknown: none of that id, or ours.
    """
    with records.writing() as session:
        return _store(session, issuer, crl, at=at, by=by)


def _store(session: Session, issuer: UUID, crl: bytes, *, at: datetime, by: Actor) -> RevocationList:
    parsed = _parsed(crl)
    signer = _signer(session, issuer, parsed)
    number = _number(parsed)
    this_update, next_update = parsed.last_update_utc, parsed.next_update_utc
    if next_update is None:
        raise CrlRefused(CrlReason.MALFORMED, "it does not say when the next one comes (RFC 5280, 5.1.2.5)")
    if this_update > at + _SKEW:
        raise CrlRefused(CrlReason.NOT_YET, "it is dated after now")
    held = latest_list(session, signer.id)
    if held is not None and held.der == crl:
        return held
    # THREAT: an older list is given again, so that a revoked certificate is good once more.
    # DEFENCE: numbers and dates only go up.
    # TEST: tests/pki/status/test_external.py::test_older_list_is_refused
    if held is not None and (number <= held.number or this_update < held.this_update):
        raise CrlRefused(CrlReason.OLDER, "a newer one is in use")
    record_list(
        session,
        issuer=signer.id,
        number=number,
        validity=(this_update, next_update),
        tbs=parsed.tbs_certlist_bytes,
        der=crl,
        at=at,
    )
    facts = {"number": f"{number:x}", "this_update": this_update.isoformat()}
    record(session, kind="issuer.list-stored", subject=f"issuer:{signer.id}", by=by, at=at, facts=facts)
    return RevocationList(issuer=signer.id, number=number, this_update=this_update, next_update=next_update, der=crl)


def _parsed(crl: bytes) -> x509.CertificateRevocationList:
    try:
        require_bounded(crl, max_bytes=MAX_CRL_BYTES)
        parsed = x509.load_der_x509_crl(crl)
        _ = parsed.extensions, parsed.issuer, parsed.last_update_utc, parsed.next_update_utc
        for entry in parsed:
            _ = entry.extensions
    except UNREADABLE as error:
        raise CrlRefused(CrlReason.MALFORMED, "it is not a list that can be read") from error
    if any(isinstance(extension.value, _PARTIAL) for extension in parsed.extensions):
        raise CrlRefused(CrlReason.PARTIAL, "it is a part or a change of a list, complete ones are taken")
    if any(isinstance(extension.value, x509.CertificateIssuer) for entry in parsed for extension in entry.extensions):
        raise CrlRefused(CrlReason.PARTIAL, "it speaks for other issuers too")
    known = (x509.AuthorityKeyIdentifier, x509.CRLNumber)
    if any(extension.critical and not isinstance(extension.value, known) for extension in parsed.extensions):
        raise CrlRefused(CrlReason.PARTIAL, "it has a critical extension that is not known")
    return parsed


def _signer(session: Session, issuer: UUID, crl: x509.CertificateRevocationList) -> Issuer:
    """The issuer, or the one above it, whose list it is."""
    following: UUID | None = issuer
    while following is not None:
        candidate = issuer_by_id(session, following)
        if candidate.kind is not IssuerKind.EXTERNAL:
            raise IssuerUnknown(candidate.name)
        if candidate.certificate.subject == crl.issuer and _signed_by(crl, candidate.certificate):
            return candidate
        following = candidate.parent
    raise CrlRefused(CrlReason.OTHER_ISSUER, "it is not signed by that issuer")


def _signed_by(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        key, _ = accept_public_key(issuer.public_key())
        strong = isinstance(crl.signature_hash_algorithm, hashes.SHA256 | hashes.SHA384 | hashes.SHA512)
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
        return strong and usage.crl_sign and crl.is_signature_valid(key)
    except (KeyRefused, x509.ExtensionNotFound, *UNREADABLE):
        return False


def _number(crl: x509.CertificateRevocationList) -> int:
    try:
        number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound as error:
        raise CrlRefused(CrlReason.NUMBER_MISSING, "it has no number (RFC 5280, 5.2.3)") from error
    if not 0 <= number < 1 << 160:
        raise CrlRefused(CrlReason.MALFORMED, "its number is out of bounds (RFC 5280, 5.2.3)")
    return number


def _authority(der: bytes) -> x509.Certificate:
    """Parse a certificate that must be an authority's with a good key."""
    certificate = parse_certificate(der)
    try:
        accept_public_key(certificate.public_key())
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except KeyRefused as error:
        raise IssuerRefused(error.said) from error
    except x509.ExtensionNotFound as error:
        raise IssuerRefused("its certificate does not say that it is an authority") from error
    if not constraints.ca or not usage.key_cert_sign:
        raise IssuerRefused("its certificate is not an authority's")
    return certificate
