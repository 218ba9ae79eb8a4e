"""Issuance: prepare, record, sign, record. A kill between any two steps loses nothing and doubles nothing.

prepare   builds under a throw-away key, lints, freezes the bytes and records them (the caller's transaction)
sign      the device signs those very bytes, with no transaction open; the value is verified
record    one conditional statement uses the intent; the certificate and its journal leaf are written

What stopped after `sign` is signed again: the same bytes, hence the same certificate; no value that was not
recorded ever left the process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from hsm.keys import PublicKey, default_algorithm, verify
from pki.der import assembled
from pki.journal.acts import Actor, record
from pki.records import HolderId, OrderId, Records
from pki.trust.marks import Environment

from .addresses import CaAddresses
from .certificates import CertificateRecord, insert_certificate
from .errors import AuthorityMismatch, IssuerUnknown, ProfileRefused, SignatureWrong
from .intents import PreparedCertificate, open_intent, record_intent, settle
from .issuers import issuer_by_role, issuer_facts
from .keyring import Keyring
from .lint import Case, require_clean
from .names import HolderSubject, holder_name
from .profile import Profile, SubjectKind, built_in_profiles
from .public_keys import accept_public_key, spki_sha256
from .qualified import Approval
from .requests import AcceptedRequest
from .serials import random_serial
from .tables import IntentState, IssuerRow
from .unsigned import IssuerFacts, build_unsigned


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCertificate:
    """A certificate that a device signed and that verified; not recorded yet."""

    intent: UUID
    der: bytes


class Issuance:
    """The embedded authority of one installation."""

    def __init__(
        self,
        *,
        keyring: Keyring,
        addresses: CaAddresses,
        environment: str,
        approvals: tuple[Approval, ...] = (),
        profiles: Mapping[str, Profile] | None = None,
    ) -> None:
        self._keyring = keyring
        self._addresses = addresses
        self.environment = Environment(environment)
        self._approvals = approvals
        self._profiles = built_in_profiles() if profiles is None else profiles

    def prepare(
        self,
        session: Session,
        *,
        profile: str,
        subject: HolderSubject,
        request: AcceptedRequest,
        order: OrderId | None,
        holder: HolderId | None = None,
        at: datetime,
    ) -> PreparedCertificate:
        """Freeze and record the certificate of a holder's key. A step: the caller commits.

        :raise SubjectRefused: the name may not stand in a certificate.
        :raise LintRefused: with every finding.
        :raise KeyAlreadyCertified: the key has a certificate, or a live intent.
        """
        chosen = self.profile(profile)
        if chosen.subject is not SubjectKind.PERSON:
            raise ProfileRefused(profile, "it is not for persons")
        issuer = issuer_facts(issuer_by_role(session, chosen.signed_by))
        name = holder_name(subject)
        return self.prepare_named(
            session, chosen, name, request.public_key, issuer=issuer, order=order, holder=holder, at=at
        )

    def prepare_named(
        self,
        session: Session,
        profile: Profile,
        subject: x509.Name,
        public_key: PublicKey,
        *,
        issuer: IssuerFacts,
        order: OrderId | None = None,
        holder: HolderId | None = None,
        at: datetime,
    ) -> PreparedCertificate:
        """As `prepare`, for a finished name and a key whose possession the caller knows to be proved."""
        serial, algorithm = random_serial(), default_algorithm(issuer.public_key)
        unsigned = build_unsigned(
            profile,
            subject=subject,
            public_key=public_key,
            serial=serial,
            issuer=issuer,
            policies=profile.policies[self.environment],
            addresses=self._addresses,
            algorithm=algorithm,
            at=at,
        )
        require_clean(
            Case(
                certificate=unsigned,
                profile=profile,
                issuer=issuer,
                environment=self.environment,
                approvals=self._approvals,
            )
        )
        return record_intent(
            session,
            issuer=issuer.id,
            order=order,
            holder=holder,
            profile=profile,
            subject=subject.rfc4514_string(),
            serial=serial,
            spki_sha256=spki_sha256(public_key),
            tbs=unsigned.tbs_certificate_bytes,
            algorithm=algorithm,
            validity=(unsigned.not_valid_before_utc, unsigned.not_valid_after_utc),
            at=at,
        )

    def redeem(self, records: Records, *, intent: UUID, at: datetime, by: Actor) -> CertificateRecord:
        """Sign and record. Blocks for the device's time, with no transaction open.

        :raise AlreadyRedeemed: with the certificate; nothing was signed, or what was is thrown away.
        :raise IntentUnknown, IntentAbandoned, PreparedBytesDiffer: nothing was signed.
        :raise AuthorityMismatch, SignatureWrong: nothing was recorded.
        :raise hsm.errors.HsmError: nothing was recorded; the intent may be redeemed again.
        """
        signed = self.sign(records, intent=intent, at=at)
        with records.writing() as session:
            return record_issued(session, signed, at=at, by=by)

    def sign(self, records: Records, *, intent: UUID, at: datetime) -> SignedCertificate:
        """The middle step alone, for an act that records the certificate in a transaction of its own."""
        with records.reading() as session:
            row = open_intent(session, intent, at=at)
            tbs, algorithm = row.tbs, row.algorithm
            role, certificate = _signer(session, row.issuer_id)
        key = self._keyring.key(role)
        if certificate is not None and spki_sha256(key.public_key) != _key_of(certificate):
            raise AuthorityMismatch(role)
        value = key.sign(tbs, algorithm)
        try:
            verify(key.public_key, value, tbs, algorithm)
        except InvalidSignature as error:
            raise SignatureWrong(role) from error
        der = assembled(tbs, value, algorithm)
        if certificate is None and spki_sha256(key.public_key) != _key_of(der):
            raise AuthorityMismatch(role)
        return SignedCertificate(intent=intent, der=der)

    def profile(self, name: str) -> Profile:
        """The profile of that name.

        :raise ProfileRefused: none.
        """
        found = self._profiles.get(name)
        if found is None:
            raise ProfileRefused(name, "there is none of that name")
        return found


def record_issued(session: Session, signed: SignedCertificate, *, at: datetime, by: Actor) -> CertificateRecord:
    """Use the intent and record its certificate. A step: the caller commits.

    :raise AlreadyRedeemed: somebody else was first; this value is thrown away.
    """
    row = settle(session, intent=signed.intent, state=IntentState.REDEEMED, at=at)
    certificate = insert_certificate(
        session,
        der=signed.der,
        issuer=row.issuer_id,
        intent=row.id,
        order=row.order_id,
        holder=row.holder_id,
        profile=row.profile,
        purpose=row.purpose,
        spki_sha256=row.spki_sha256,
        at=at,
    )
    record(
        session,
        kind="certificate.issued",
        subject=f"certificate:{certificate.id}" if row.order_id is None else f"order:{row.order_id}",
        by=by,
        at=at,
        facts={
            "certificate": str(certificate.id),
            "profile": row.profile,
            "serial": certificate.serial,
            "sha256": certificate.sha256,
            "tbs_sha256": row.tbs_sha256,
        },
    )
    return certificate


_ISSUERS = IssuerRow.__table__
_SIGNER = select(_ISSUERS.c.role, _ISSUERS.c.certificate).where(_ISSUERS.c.id == bindparam("issuer"))


def _signer(session: Session, issuer: UUID) -> tuple[str, bytes | None]:
    """The role of the issuer's key, and its certificate; the root has none while it signs its own."""
    row = session.execute(_SIGNER, {"issuer": issuer}).one_or_none()
    if row is None or row.role is None:
        raise IssuerUnknown(str(issuer))
    return row.role, row.certificate


@lru_cache(maxsize=64)
def _key_of(der: bytes) -> str:
    key, _ = accept_public_key(x509.load_der_x509_certificate(der).public_key())
    return spki_sha256(key)
