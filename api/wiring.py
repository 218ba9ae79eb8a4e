"""The wiring: one function builds the whole service from its settings.

Inner rooms state what they need as Protocols; here, and nowhere else, each of them is satisfied.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit
from uuid import UUID

from api.answers import Answers
from api.enrolment import EnrolmentPolicy
from api.ground import Closing, close_all, open_keyring, open_records
from api.jobs.later import Later
from api.mail.sending import Outbox, SmtpPolicy, send_message
from api.papers import Papers
from api.release import ReleaseKey
from api.reports import Reporting
from api.settings import Secret, Settings
from api.storage.folder import Folder
from api.workshop import Workshop
from pki.ca.addresses import CaAddresses
from pki.ca.certificates import service_certificate
from pki.ca.errors import IssuerUnknown
from pki.ca.issuance import Issuance
from pki.ca.issuers import issuer_chain
from pki.ca.keyring import MANIFEST, Keyring
from pki.quota.owed import SignaturesSettled
from pki.quota.policy import QuotaPolicy
from pki.quota.rollout.stages import RegularUse
from pki.records import DocumentId, Records
from pki.registration.mailboxes.notices import Mailer
from pki.registration.powers.proposals import DocumentsTouched
from pki.registration.protection import ProtectedNumbers
from pki.status.proofs import LocalStatusProofs
from pki.trust.anchors import trust_bundle_pem
from signer.ceremonies.completion import COMPLETIONS
from signer.ceremonies.ports import CeremonyPolicy, Desk, ManifestKey
from signer.ceremonies.settled import signatures_settled
from signer.dossiers.drafting import Drafting
from signer.dossiers.references import CheckKey
from signer.dossiers.touched import documents_touched
from signer.preservation.capture import capture_validation
from signer.verification.service_trust import trust_of
from signer.verification.verifier import Verifier


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
    touched: DocumentsTouched
    smtp: SmtpPolicy
    mailer: Mailer
    desk: Desk
    enrolment_policy: EnrolmentPolicy
    release_key: ReleaseKey | None
    verifier: Verifier
    proofs: LocalStatusProofs
    settled: SignaturesSettled
    answers: Answers
    papers: Papers
    workshop: Workshop
    closing: Closing

    def capture_validation(self, document: str) -> None:
        """Raise a signed document from B-T to B-LT; nothing happens to one that needs nothing."""
        capture_validation(
            self.records,
            self.files,
            self.papers,
            self.proofs,
            document=DocumentId(UUID(document)),
            at=datetime.now(UTC),
        )

    @property
    def quota_policy(self) -> QuotaPolicy:
        """Numbers that decide who must agree."""
        return QuotaPolicy(four_eyes_above=self.settings.four_eyes_above)

    @property
    def reporting(self) -> Reporting:
        """What committees' reports are made with."""
        settings = self.settings
        return Reporting(
            keyring=self.keyring,
            time_stamps=self.answers.time_stamps,
            workshop=self.workshop,
            files=self.files,
            fonts=settings.fonts,
            environment=settings.environment.value,
            regular_use=RegularUse(licences=settings.regular_use_licences, days=settings.regular_use_days),
        )

    def send_message(self, message: str) -> None:
        """Try to send one message that waits; what fails is tried again by a round."""
        send_message(self.records, self.smtp, message=UUID(message), at=datetime.now(UTC))

    def trust_bundle(self) -> str:
        """The trust anchors, PEM."""
        with self.records.reading() as session:
            return trust_bundle_pem(session, environment=self.settings.environment.value)

    def close(self) -> None:
        """End what was started, in the reverse order."""
        close_all(self.closing)


def build_house(
    settings: Settings, *, keyring: Keyring | None = None, keys_here: bool = False, workers: int = 1
) -> House:
    """Wire the service.

    :param keyring: the service's keys, for tests.
    :param keys_here: load the PKCS#11 module in this process instead of asking the keys process.
    :param workers: how many processes read foreign files; they start at their first use.
    :raise MigrationsBehind: the database is not at the head of its history.
    :raise SettingsRefused: a secret is missing or readable by others.
    """
    closing: Closing = []
    records = open_records(settings, closing)
    keys = keyring or open_keyring(settings, closing, here=keys_here)
    workshop = Workshop(count=workers)
    closing.append(workshop.stop)
    files, check_key = Folder(settings.files), CheckKey(settings.secret("check-key").reveal())
    papers = Papers(workshop=workshop, fonts=settings.fonts, max_bytes=settings.max_dossier_pdf_bytes)
    environment, origin = settings.environment.value, settings.public_url
    release = ReleaseKey.load(settings.release_key)
    answers = Answers(settings, records, keys)
    verifier = Verifier(
        records=records,
        files=files,
        workers=workshop,
        trust=trust_of(environment),
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
        touched=documents_touched,
        smtp=_smtp(settings),
        mailer=Outbox(Later(records)),
        desk=Desk(
            files=files,
            prepare=papers.prepare,
            embed=papers.embed,
            time_stamps=answers.time_stamps,
            manifest_key=partial(_manifest_key, records, keys),
            later=Later(records),
            completions=COMPLETIONS,
            policy=CeremonyPolicy(
                environment=environment,
                origin=origin,
                minimum_agent=settings.minimum_agent,
                require_display_receipt=settings.require_display_receipt,
            ),
        ),
        enrolment_policy=EnrolmentPolicy(
            environment=environment,
            origin=origin,
            minimum_agent=settings.minimum_agent,
            key_kind=settings.holder_key_kind,
            release_jwk=None if release is None else release.public_jwk,
        ),
        release_key=release,
        verifier=verifier,
        proofs=LocalStatusProofs(records, answers.ocsp, clock=present, sleep=time.sleep),
        settled=signatures_settled,
        answers=answers,
        papers=papers,
        workshop=workshop,
        closing=closing,
    )


def _manifest_key(records: Records, keyring: Keyring) -> ManifestKey:
    """The key that signs manifests, with its certificate and the issuers above it."""
    with records.reading() as session:
        certificate = service_certificate(session, MANIFEST)
        if certificate is None:
            raise IssuerUnknown(MANIFEST)
        chain = (certificate.der, *issuer_chain(session, certificate.issuer))
    return ManifestKey(key=keyring.key(MANIFEST), chain=chain)


def _smtp(settings: Settings) -> SmtpPolicy:
    user, password = settings.smtp_credentials()
    return SmtpPolicy(
        host=settings.smtp_host,
        port=settings.smtp_port,
        starttls=settings.smtp_starttls,
        sender=settings.smtp_from,
        user=user,
        password=password,
        rehearsal=settings.rehearsal,
    )


def present() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)
