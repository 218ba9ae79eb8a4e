"""Founding the embedded authority: root, issuing authority, and the service's own certificates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography import x509

from hsm.keys import PublicKey
from pki.journal.acts import Actor
from pki.records import Records
from pki.trust.marks import Environment

from .addresses import CaAddresses
from .certificates import certificate_of_intent, service_certificate
from .errors import AlreadyRedeemed, AuthorityMismatch
from .intents import live_intent
from .issuance import Issuance
from .issuers import add_embedded_issuer, give_certificate, issuer_by_id, issuer_facts
from .keyring import ISSUING, MANIFEST, OCSP, ROOT, SEAL, TSA, Keyring
from .names import Organisation, service_name
from .profile import Profile
from .public_keys import spki_sha256
from .unsigned import IssuerFacts

SERVICES = (OCSP, TSA, MANIFEST, SEAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundedAuthority:
    """The authority's certificates (DER), and the ids under which its issuers are known."""

    root_id: UUID
    issuing_id: UUID
    root_der: bytes
    issuing_der: bytes
    ocsp_der: bytes
    tsa_der: bytes
    manifest_der: bytes
    seal_der: bytes


def found_authority(
    records: Records,
    keyring: Keyring,
    *,
    addresses: CaAddresses,
    environment: str,
    organisation: str,
    organisation_identifier: str | None = None,
    at: datetime,
    by: Actor,
) -> FoundedAuthority:
    """Make every certificate of the service that is still missing; run again, it goes on where it stopped.

    :param organisation_identifier: e.g. NTRMA-123456; a rehearsal may leave it out.
    :raise AuthorityMismatch: a role's key is not the one that its certificate names.
    """
    issuance = Issuance(keyring=keyring, addresses=addresses, environment=environment)
    founding = _Founding(records, keyring, issuance, at=at, by=by)
    named = Organisation.of(organisation, organisation_identifier, Environment(environment))
    root, root_der = founding.authority(ROOT, named, parent=None)
    issuing, issuing_der = founding.authority(ISSUING, named, parent=root)
    services = {role: founding.service(role, named, issuer=issuing) for role in SERVICES}
    return FoundedAuthority(
        root_id=root,
        issuing_id=issuing,
        root_der=root_der,
        issuing_der=issuing_der,
        ocsp_der=services[OCSP],
        tsa_der=services[TSA],
        manifest_der=services[MANIFEST],
        seal_der=services[SEAL],
    )


class _Founding:
    """One run of the key ceremony's bookkeeping."""

    def __init__(self, records: Records, keyring: Keyring, issuance: Issuance, *, at: datetime, by: Actor) -> None:
        self._records, self._keyring, self._issuance = records, keyring, issuance
        self._at, self._by = at, by

    def authority(self, role: str, organisation: Organisation, *, parent: UUID | None) -> tuple[UUID, bytes]:
        """The issuer of that role, with its certificate."""
        profile = self._issuance.profile(role)
        with self._records.writing() as session:
            issuer = add_embedded_issuer(session, name=profile.title, role=role, parent=parent, at=self._at)
        der = self._certificate(profile, organisation, signer=parent or issuer)
        with self._records.writing() as session:
            give_certificate(session, issuer=issuer, der=der)
        return issuer, der

    def service(self, role: str, organisation: Organisation, *, issuer: UUID) -> bytes:
        """The certificate of one of the service's own keys."""
        return self._certificate(self._issuance.profile(role), organisation, signer=issuer)

    def _certificate(self, profile: Profile, organisation: Organisation, *, signer: UUID) -> bytes:
        key = self._keyring.key(profile.name).public_key
        with self._records.writing() as session:
            known = service_certificate(session, profile.name)
            if known is not None:
                if known.spki_sha256 != spki_sha256(key):
                    raise AuthorityMismatch(profile.name)
                return known.der
            intent = live_intent(session, issuer=signer, profile=profile.name)
            if intent is None:
                name = service_name(organisation, profile.title, self._issuance.environment)
                facts = (
                    self._own_facts(signer, name, key)
                    if profile.self_signed
                    else issuer_facts(issuer_by_id(session, signer))
                )
                intent = self._issuance.prepare_named(session, profile, name, key, issuer=facts, at=self._at).intent_id
        return self._redeemed(intent)

    def _redeemed(self, intent: UUID) -> bytes:
        try:
            return self._issuance.redeem(self._records, intent=intent, at=self._at, by=self._by).der
        except AlreadyRedeemed:
            with self._records.reading() as session:
                found = certificate_of_intent(session, intent)
            assert found is not None
            return found.der

    @staticmethod
    def _own_facts(issuer: UUID, name: x509.Name, key: PublicKey) -> IssuerFacts:
        """The root says of its issuer what it is itself."""
        identifier = x509.SubjectKeyIdentifier.from_public_key(key).digest
        return IssuerFacts(id=issuer, name=name, public_key=key, key_identifier=identifier, not_after=None)
