"""What a worker does with one file: read it, find its signatures, judge each. Never raises for what a file holds."""

import hashlib
import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader

from .byte_ranges import ranges_in, values_in
from .claims import read_claims
from .confinement import renew_cpu
from .findings import FileFindings, FileForm, SignatureFindings
from .proofs import embedded_proofs
from .signature_inspection import Document, inspect_signature, loose_signature, unlisted_signature, unreadable_signature
from .trust import TrustConfiguration

MAX_FILE_BYTES = 100 * 1024 * 1024
MAX_SIGNATURES = 64
_HEADER_WITHIN = 1024
_TRAILER_WITHIN = 64 * 1024


def measure(path: Path) -> tuple[str, int]:
    """SHA-256 (lower-case hexadecimal) and size of a file, without reading it as anything."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def inspect_file(path: Path, trust: TrustConfiguration, at: datetime) -> FileFindings:
    """Read the file at `path` as of `at`; to be called in a confined worker (foreign bytes)."""
    renew_cpu()
    if path.stat().st_size > MAX_FILE_BYTES:
        sha256, size = measure(path)
        return FileFindings(sha256=sha256, size=size, form=FileForm.TOO_LARGE)
    return inspect_bytes(path.read_bytes(), trust, at)


def inspect_bytes(pdf: bytes, trust: TrustConfiguration, at: datetime) -> FileFindings:
    """Judge the bytes of one file. Foreign bytes belong in a worker: elsewhere, only what we made ourselves."""
    sha256, size = hashlib.sha256(pdf).hexdigest(), len(pdf)

    def finding(form: FileForm, signatures: tuple[SignatureFindings, ...] = ()) -> FileFindings:
        return FileFindings(sha256=sha256, size=size, form=form, signatures=signatures)

    if b"%PDF-" not in pdf[:_HEADER_WITHIN]:
        return finding(FileForm.NOT_PDF if pdf else FileForm.EMPTY)
    if pdf.rfind(b"startxref") < len(pdf) - _TRAILER_WITHIN:  # the reader would look for it byte by byte
        return finding(FileForm.MALFORMED, tuple(_traces(pdf)))
    try:
        reader = PdfFileReader(io.BytesIO(pdf), strict=False)
        if reader.encrypted:
            return finding(FileForm.ENCRYPTED)
        return _read(pdf, reader, trust, at, sha256)
    except (MemoryError, RecursionError):
        return finding(FileForm.TOO_COMPLEX)
    except Exception:  # noqa: BLE001 - a malformed file is a verdict: whatever the reader stumbled on
        return finding(FileForm.MALFORMED, tuple(_traces(pdf)))


def _read(pdf: bytes, reader: Any, trust: TrustConfiguration, at: datetime, sha256: str) -> FileFindings:
    try:
        regular = reader.embedded_regular_signatures[:MAX_SIGNATURES]
        stamps = reader.embedded_timestamp_signatures[:MAX_SIGNATURES]
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001 - a signature field that cannot be read is a signature that does not hold
        broken = tuple(_traces(pdf)) or (unreadable_signature(),)
        return FileFindings(sha256=sha256, size=len(pdf), form=FileForm.READABLE, signatures=broken)
    document = Document(
        pdf=pdf,
        reader=reader,
        embedded=embedded_proofs(reader),
        archive_stamps=tuple((each.signed_revision, _gen_time(each)) for each in stamps),
        last_end=max((sum([int(number) for number in each.byte_range][2:]) for each in regular), default=0),
    )
    signatures = [inspect_signature(document, each, trust, at) for each in regular]
    listed = tuple(int(each.byte_range[1]) for each in (*regular, *stamps) if len(each.byte_range) > 1)
    signatures += _unlisted(pdf, listed=listed) if signatures else _traces(pdf)
    revision = regular[0].signed_revision if regular else reader.xrefs.total_revisions - 1
    return FileFindings(
        sha256=sha256,
        size=len(pdf),
        form=FileForm.READABLE,
        revisions=reader.xrefs.total_revisions,
        signatures=tuple(signatures),
        claims=_claims(reader, revision),
        archive_time_stamps=tuple(time for _, time in document.archive_stamps),
    )


def _unlisted(pdf: bytes, *, listed: tuple[int, ...]) -> Iterator[SignatureFindings]:
    """Signatures whose bytes are there though the document does not (or no longer) list them."""
    # THREAT: one changed byte hides a signature field, and an altered document passes for an unsigned one.
    # DEFENCE: byte ranges are also looked for in the bytes themselves.
    # TEST: tests/signer/verification/test_attacks.py::test_one_byte_changed_anywhere_is_altered
    for signed in ranges_in(pdf):
        if signed.start not in listed:
            finding = unlisted_signature(pdf, signed)
            if finding is not None:
                yield finding


def _traces(pdf: bytes) -> list[SignatureFindings]:
    """What is left of signatures in a file that lists none."""
    found = list(_unlisted(pdf, listed=()))
    if found:
        return found
    return [finding for value in values_in(pdf) if (finding := loose_signature(value)) is not None]


def _gen_time(stamp: Any) -> datetime:
    time: datetime = stamp.signed_data["encap_content_info"]["content"].parsed["gen_time"].native
    return time


def _claims(reader: Any, revision: int) -> dict[str, str]:
    """What the document said of itself in the first revision that somebody signed."""
    # THREAT: an increment swaps the structured data of a signed document.
    # DEFENCE: claims are read from the first signed revision, which every signature covers.
    # TEST: tests/signer/verification/test_attacks.py::test_claims_come_from_the_signed_revision
    try:
        return read_claims(reader.get_historical_root(revision))
    except Exception:  # noqa: BLE001 - claims that cannot be read are no claims
        return {}
