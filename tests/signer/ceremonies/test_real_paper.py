"""The same way on real PDFs: what is prepared passes the agent's own check, and each increment keeps the last."""

import io
from datetime import datetime

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter

from hsm.prepared.increment import check_increment
from hsm.prepared.manifest import ManifestItem
from signer.ceremonies.ports import SignedParts, StampFacts
from signer.dossiers.documents import document_by_reference
from signer.pades.embed import embed_signature
from signer.pades.fields import add_fields_at_foot
from signer.pades.prepare import PreparedPdf, prepare_signature
from tests.signer.dossiers.town import MEMBERS, Town


def blank_page() -> bytes:
    """One empty A4 page."""
    writer = PdfFileWriter()
    content = writer.add_object(generic.StreamObject(stream_data=b""))
    writer.insert_page(PageObject(contents=content, media_box=(0, 0, 595, 842)))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def prepare(
    base: bytes, *, field: str, stamp: StampFacts, certificate: bytes, certify: bool, at: datetime
) -> PreparedPdf:
    return prepare_signature(base, field=field, appearance=blank_page(), certify=certify, at=at)


def embed(prepared: bytes, parts: SignedParts) -> bytes:
    return embed_signature(
        prepared,
        byte_range=parts.byte_range,
        attributes=parts.attributes,
        value=parts.value,
        algorithm=parts.algorithm,
        certificate_der=parts.certificate,
        chain=parts.chain,
        time_stamp=None,  # the play-paper's token is none
    )


@pytest.fixture
def real(town: Town) -> Town:
    object.__setattr__(town.drafting, "render", lambda kind, facts: blank_page())
    object.__setattr__(town.drafting, "add_fields", add_fields_at_foot)

    def look(item: ManifestItem, prepared: bytes, at: datetime) -> bytes:
        base = town.files.get(item.base_sha256)
        return check_increment(base, prepared, item.field, item.docmdp, at).digest

    town.look = look
    object.__setattr__(town.desk, "prepare", prepare)
    object.__setattr__(town.desk, "embed", embed)
    return town


def test_minutes_counter_signed_by_successive_increments(real: Town) -> None:
    dossier = real.dossier()
    read = [real.file(dossier)]
    for who in MEMBERS:
        real.sign(who, real.opinion(dossier, who, read).reference)
    minutes = real.minutes(dossier)
    heads = []
    for who in MEMBERS:
        real.sign(who, minutes.reference)
        with real.records.reading() as reading:
            heads.append(real.files.get(document_by_reference(reading, minutes.reference).head_sha256))
    assert heads[1].startswith(heads[0])
    assert heads[2].startswith(heads[1])
    reader = PdfFileReader(io.BytesIO(heads[2]))
    assert len(reader.embedded_signatures) == 3
