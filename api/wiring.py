"""The wiring: one function builds the whole service from its settings.

Inner rooms state what they need as Protocols; here, and nowhere else, each of them is satisfied.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.orm import Session

from api.enrolment import EnrolmentPolicy
from api.jobs.later import Later
from api.migrations.history import require_head
from api.pages.router import Pages
from api.papers import Papers
from api.settings import KeysAt, Secret, Settings
from api.problems import NotFound
from api.storage.folder import Folder
from api.time_stamps import LocalTimeStamps
from api.workshop import Workshop
from hsm.cryptoki.module import Module
from hsm.cryptoki.process import serve
from hsm.cryptoki.remote import RemoteKeyring
from hsm.cryptoki.roles import InProcessKeyring, KeysConfig
from hsm.software import SoftwareKeys
from pki.ca.addresses import CaAddresses
from pki.ca.certificates import service_certificate
from pki.ca.errors import IssuerUnknown
from pki.ca.issuance import Issuance
from pki.ca.issuers import issuer_by_id, issuer_chain, issuers
from pki.ca.keyring import MANIFEST, Keyring
from pki.records import DocumentId, Records
from pki.registration.protection import ProtectedNumbers
from pki.status.lists import latest_list
from pki.status.ocsp import OcspResponder
from pki.status.proofs import LocalStatusProofs
from pki.trust.anchors import trust_bundle_pem, trust_list
from signer.ceremonies.completion import COMPLETIONS
from signer.ceremonies.ports import CeremonyPolicy, Desk, ManifestKey
from signer.dossiers.drafting import Drafting
from signer.dossiers.errors import DocumentUnknown
from signer.dossiers.references import CheckKey
from signer.preservation.capture import capture_validation
from signer.verification.answer import Answer
from signer.verification.trust import Anchor, TrustConfiguration
from signer.verification.verifier import Verifier

MINIMUM_AGENT = "0.1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything that the doors and the jobs use."""

    settings: Settings
    records: Records
    keyring: Keyring
    files: Folder
    protection: ProtectedNumbers
    answers_key: Secret
    check_key: CheckKey
    issuance: Issuance
    drafting: Drafting
    desk: Desk
    enrolment_policy: EnrolmentPolicy
    verifier: Verifier
    pages: Pages
    proofs: LocalStatusProofs
    ocsp: OcspResponder
    time_stamps: LocalTimeStamps
    workshop: Workshop
    closing: tuple[Callable[[], None], ...]

    def capture_validation(self, document: str) -> None:
        """Raise a signed document from B-T to B-LT; nothing happens to one that needs nothing."""
        capture_validation(
            self.records, self.files, self.proofs, document=DocumentId(UUID(document)), at=datetime.now(UTC)
        )

    def answer_ocsp(self, request: bytes, at: datetime) -> bytes:
        """DER OCSPResponse to a DER request."""
        return self.ocsp.answer(request, at=at)

    def answer_time_stamp(self, request: bytes, at: datetime) -> bytes:
        """DER TimeStampResp to a DER request."""
        return self.time_stamps.answer(request, at=at)

    def revocation_list(self, issuer: UUID) -> bytes:
        """The newest list of an issuer, DER.

        :raise NotFound: none.
        """
        with self.records.reading() as session:
            found = latest_list(session, issuer)
        if found is None:
            raise NotFound("revocation list", str(issuer))
        return found.der

    def issuer_certificate(self, issuer: UUID) -> bytes:
        """The certificate of an issuer, DER.

        :raise IssuerUnknown: none.
        """
        with self.records.reading() as session:
            return issuer_by_id(session, issuer).der

    def trust_bundle(self) -> str:
        """The trust anchors, PEM."""
        with self.records.reading() as session:
            return trust_bundle_pem(session, environment=self.settings.environment.value)

    def close(self) -> None:
        """End what was started, in the reverse order."""
        for close in reversed(self.closing):
            close()


def build_house(settings: Settings, *, keyring: Keyring | None = None, keys_here: bool = False, workers: int = 0) -> House:
    """Wire the service.

    :param keyring: the service's keys, for tests.
    :param keys_here: load the PKCS#11 module in this process instead of asking the keys process.
    :param workers: how many processes read foreign files; 0: this process reads none.
    :raise MigrationsBehind: the database is not at the head of its history.
    :raise SettingsRefused: a secret is missing or readable by others.
    """
    records = Records.open(settings.database)
    require_head(records)
    closing: list[Callable[[], None]] = [records.close]
    keys = keyring or _keyring(settings, closing, here=keys_here)
    workshop = Workshop(count=workers or 1)
    closing.append(workshop.stop)
    if workers:
        workshop.start()
    files, check_key = Folder(settings.files), CheckKey(settings.secret("check-key").reveal())
    papers = Papers(workshop=workshop, fonts=settings.fonts, max_bytes=settings.max_dossier_pdf_bytes)
    environment, origin = settings.environment.value, settings.public_url
    ocsp = OcspResponder(records, keys)
    time_stamps = LocalTimeStamps(records, keys, settings)
    verifier = Verifier(
        records=records,
        files=files,
        workers=workshop,
        trust=partial(_trust, environment),
        check_key=check_key,
        rehearsal=settings.rehearsal,
    )
    return House(
        settings=settings,
        records=records,
        keyring=keys,
        files=files,
        protection=ProtectedNumbers(
            settings.secret("cin-encryption-key").reveal(), settings.secret("cin-hash-key").reveal()
        ),
        answers_key=settings.secret("answers-key"),
        check_key=check_key,
        issuance=Issuance(keyring=keys, addresses=CaAddresses(settings.responders_url), environment=environment),
        drafting=Drafting(
            files=files,
            render=papers.render,
            add_fields=papers.add_fields,
            inspect=papers.inspect,
            check_key=check_key,
            public_host=urlsplit(origin).netloc,
            environment=environment,
        ),
        desk=Desk(
            files=files,
            prepare=papers.prepare,
            embed=papers.embed,
            time_stamps=time_stamps,
            manifest_key=partial(_manifest_key, records, keys),
            later=Later(records),
            completions=COMPLETIONS,
            policy=CeremonyPolicy(environment=environment, origin=origin),
        ),
        enrolment_policy=EnrolmentPolicy(
            environment=environment,
            origin=origin,
            minimum_agent=MINIMUM_AGENT,
            key_kind=settings.holder_key_kind,
        ),
        verifier=verifier,
        pages=Pages(verifications=_Verifications(verifier), rehearsal=settings.rehearsal, clock=_present),
        proofs=LocalStatusProofs(records, ocsp, clock=_present, sleep=time.sleep),
        ocsp=ocsp,
        time_stamps=time_stamps,
        workshop=workshop,
        closing=tuple(closing),
    )


def serve_keys(settings: Settings, *, ready: Callable[[], None]) -> None:
    """Run the keys process until SIGTERM."""
    serve(settings.keys_socket, KeysConfig.load(settings.keys_configuration), ready=ready)


def _keyring(settings: Settings, closing: list[Callable[[], None]], *, here: bool) -> Keyring:
    if settings.keys_at is KeysAt.SOFTWARE:
        return SoftwareKeys(settings.environment.value)
    if not here:
        remote = RemoteKeyring(settings.keys_socket)
        closing.append(remote.close)
        return remote
    config = KeysConfig.load(settings.keys_configuration)
    module = Module.open(config.module, softhsm_conf=config.softhsm_conf)
    closing.append(module.close)
    return InProcessKeyring(module, config.roles)


def _manifest_key(records: Records, keyring: Keyring) -> ManifestKey:
    """The key that signs manifests, with its certificate and the issuers above it."""
    with records.reading() as session:
        certificate = service_certificate(session, MANIFEST)
        if certificate is None:
            raise IssuerUnknown(MANIFEST)
        chain = (certificate.der, *issuer_chain(session, certificate.issuer))
    return ManifestKey(key=keyring.key(MANIFEST), chain=chain)


def _trust(environment: str, session: Session, at: datetime) -> TrustConfiguration:
    """What verification trusts: our anchors, every issuer known, the newest list of each."""
    del at
    known = issuers(session)
    lists = (latest_list(session, issuer.id) for issuer in known)
    return TrustConfiguration(
        anchors=tuple(
            Anchor(der=each.der, not_before=each.not_before, not_after=each.not_after)
            for each in trust_list(session, environment=environment)
        ),
        certificates=tuple(issuer.der for issuer in known),
        crls=tuple(found.der for found in lists if found is not None),
    )


def _present() -> datetime:
    return datetime.now(UTC)


class _Verifications:
    """Verification as the pages ask for it."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier

    def by_name(self, reference: str, check: str, *, at: datetime) -> Answer | None:
        """The document of that reference; None for wrong characters, too."""
        try:
            return self._verifier.verify_reference(reference, check, at=at)
        except DocumentUnknown:
            return None

    def by_file(self, path: Path, *, at: datetime) -> Answer:
        """The file at `path`."""
        return self._verifier.verify_file(path, at=at)
