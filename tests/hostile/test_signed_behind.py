"""Behind the last signature somebody else signs, stamps or continues the file.

SSA (Rohlmann et al., S&P 2021); and what happens to honest files on their way.
"""

import asyncio
import io

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signer.verification.answer import Reason, Verdict
from tests.hostile.builders import COVER
from tests.hostile.judging import AUTHENTIC, judged
from tests.signer.verification.estate import HOUR, T0, Estate, document


def covering_time_stamp(pdf: bytes, estate: Estate) -> bytes:
    store = SimpleCertificateStore()
    store.register(estate.issuing.asn1)
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    fields.append_signature_field(writer, fields.SigFieldSpec("Stamp", box=(0, 0, 595, 842)))
    number = generic.NumberObject
    form = {
        pdf_name("/Type"): pdf_name("/XObject"),
        pdf_name("/Subtype"): pdf_name("/Form"),
        pdf_name("/BBox"): generic.ArrayObject([number(0), number(0), number(595), number(842)]),
    }
    cover = writer.add_object(generic.StreamObject(form, stream_data=COVER))
    widget = writer.root["/AcroForm"]["/Fields"][-1]
    widget["/AP"] = generic.DictionaryObject({pdf_name("/N"): cover})
    stamper = DummyTimeStamper(estate.tsa.asn1, estate.tsa.asn1_key, certs_to_embed=store, fixed_dt=T0 + HOUR)
    output = io.BytesIO()
    made = signers.PdfTimeStamper(stamper, field_name="Stamp").async_timestamp_pdf(
        writer, "sha256", output=output, validation_context=None
    )
    asyncio.run(made)
    return output.getvalue()


@pytest.mark.parametrize("kind", ["certified", "approved"])
def test_visible_time_stamp_over_the_page(estate: Estate, kind: str, request: pytest.FixtureRequest) -> None:
    """SSA by a document time-stamp, which anybody can have made: its field covers the page."""
    changed = covering_time_stamp(request.getfixturevalue(kind), estate)
    assert judged(estate, changed) == (Verdict.NOT_AUTHENTIC, Reason.CONTENT_ADDED)


def test_invisible_time_stamp_stays_welcome(estate: Estate, certified: bytes) -> None:
    """Archiving is no attack."""
    assert judged(estate, estate.archived(certified, at=T0 + HOUR)) == AUTHENTIC


def test_line_end_added_on_the_way_stays_welcome(estate: Estate, certified: bytes) -> None:
    """Mail gateways do that."""
    assert judged(estate, certified + b"\r\n") == AUTHENTIC


@pytest.mark.parametrize("box", [None, (0, 0, 595, 842)])
def test_a_second_signature_by_a_stranger(
    estate: Estate, approved: bytes, box: tuple[int, int, int, int] | None
) -> None:
    """Somebody whom no anchor knows signs behind the president, with and without a mark over the page."""
    stranger = Estate()
    changed = stranger.sign(approved, field_name="Second", chain=(stranger.issuing,), at=T0 + HOUR, box=box)
    assert judged(estate, changed)[0] is Verdict.NOT_AUTHENTIC


def test_signed_bytes_as_the_beginning_of_another_document(estate: Estate, approved: bytes) -> None:
    """A whole other file behind the signed one: its tables know nothing of the signature."""
    other = document({"reference": "L26-7777777", "kind": "licence"})
    assert judged(estate, approved + other)[0] is not Verdict.AUTHENTIC
