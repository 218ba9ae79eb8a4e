"""The acts of the room: verify a file, a known file, a document by its reference. They change nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.records import Records
from signer.dossiers.documents import document_by_public_name
from signer.dossiers.errors import DocumentUnknown
from signer.dossiers.references import CheckKey
from signer.dossiers.tables import Revision
from signer.files import Files

from .answer import Answer
from .conclusion import conclude
from .lookup import register_facts
from .trust import TrustConfiguration
from .workers import Workers

TrustSource = Callable[[Session, datetime], TrustConfiguration]


class Verifier:
    """Verification with a register at hand. Each answer is finished, whatever its verdict.

    Without `check_key` no reference can be asked for.
    """

    def __init__(
        self,
        *,
        records: Records,
        files: Files,
        workers: Workers,
        trust: TrustSource,
        rehearsal: bool,
        check_key: CheckKey | None = None,
    ) -> None:
        self._records = records
        self._files = files
        self._workers = workers
        self._trust = trust
        self._check_key = check_key
        self._rehearsal = rehearsal

    def verify(self, content: bytes, *, at: datetime) -> Answer:
        """Verify the bytes of a file. They are written to a temporary file for the worker and removed.

        :raise signer.verification.errors.VerificationError: nothing was verified.
        """
        with tempfile.NamedTemporaryFile(prefix="verify-", suffix=".pdf") as kept:
            kept.write(content)
            kept.flush()
            return self.verify_file(Path(kept.name), at=at)

    def verify_file(self, path: Path, *, at: datetime) -> Answer:
        """Verify the file at `path` as of `at`, by what is recorded up to then."""
        with self._records.reading() as session:
            trust = self._trust(session, at)
        findings = self._workers.inspect(path, trust, at=at)
        with self._records.reading() as session:
            facts = register_facts(session, findings, rehearsal=self._rehearsal, at=at)
        return conclude(findings, facts, at=at)

    def verify_known(self, sha256: str, *, at: datetime) -> Answer:
        """Verify a file that the service holds: who knows its digest has had it in hand.

        :raise DocumentUnknown: no signed revision has that digest.
        """
        with self._records.reading() as session:
            asked = select(Revision.id).where(Revision.sha256 == sha256, Revision.number > 0)
            if session.scalar(asked.limit(1)) is None:
                raise DocumentUnknown(sha256)
        return self.verify_file(self._files.path(sha256), at=at)

    def verify_reference(self, reference: str, check: str, *, at: datetime) -> Answer:
        """Verify the document of a reference as the service holds it.

        :raise DocumentUnknown: no such document, or not its check characters.
        """
        if self._check_key is None:
            raise DocumentUnknown(reference)
        with self._records.reading() as session:
            document = document_by_public_name(session, self._check_key, reference=reference, check=check)
            head = document.head_sha256
        return self.verify_file(self._files.path(head), at=at)
