"""How documents are drawn up, prepared and signed here: the ports of dossiers and ceremonies, satisfied.

Foreign bytes are read in the workshop; our own layouts are made in process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from api.workshop import Workshop
from signer.ceremonies.ports import PreparedFile, SignedParts, StampFacts
from signer.dossiers.drafting import Facts
from signer.pades.embed import embed_signature
from signer.pades.fields import add_fields_at_foot
from signer.pades.intake import inspect_intake
from signer.pades.ports import RevocationProofs
from signer.pades.prepare import prepare_signature
from signer.pades.reading import SignedPdf, read_signed_pdf
from signer.pades.validation_data import add_validation
from signer.rendering.render import render_kind, render_stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """Layout, fields, intake, preparation and embedding."""

    workshop: Workshop
    fonts: Path
    max_bytes: int

    def render(self, kind: str, facts: Facts) -> bytes:
        """Lay a document out."""
        return render_kind(kind, facts, fonts=self.fonts)

    def add_fields(self, pdf: bytes, names: Sequence[str]) -> bytes:
        """Add empty signature fields at the foot of the last page."""
        return self.workshop.run(add_fields_at_foot, pdf, tuple(names))

    def inspect(self, pdf: bytes) -> int:
        """Let a foreign PDF in, or refuse it; return how many signatures it has."""
        report = self.workshop.run(inspect_intake, pdf, most_bytes=self.max_bytes)
        return len(report.signed_fields)

    def prepare(
        self, base: bytes, *, field: str, stamp: StampFacts, certificate: bytes, certify: bool, at: datetime
    ) -> PreparedFile:
        """Prepare one signature, with its visible mark."""
        del certificate  # its place in the file is reserved by size, its bytes come with the value
        mark = render_stamp(stamp, fonts=self.fonts)
        return self.workshop.run(prepare_signature, base, field=field, appearance=mark, certify=certify, at=at)

    def read_signed(self, pdf: bytes) -> SignedPdf:
        """What validation data a signed document has and needs."""
        return self.workshop.run(read_signed_pdf, pdf)

    def add_validation(self, pdf: bytes, proofs: RevocationProofs) -> bytes:
        """Add proofs of status to a signed document."""
        return self.workshop.run(add_validation, pdf, proofs=proofs)

    def embed(self, prepared: bytes, parts: SignedParts) -> bytes:
        """Put the signature into its place. Nothing of the file is parsed."""
        return embed_signature(
            prepared,
            byte_range=parts.byte_range,
            attributes=parts.attributes,
            value=parts.value,
            algorithm=parts.algorithm,
            certificate_der=parts.certificate,
            chain=parts.chain,
            time_stamp=parts.time_stamp,
        )
