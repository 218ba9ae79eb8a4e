"""Documents for tests: bases with empty fields, and prepared files made by pyHanko as the server makes them."""

import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore


def make_base(
    *, stream_xrefs: bool = False, merged: bool = True, signature_fields: tuple[str, ...] = ("president",)
) -> bytes:
    """A one-page document with empty signature fields, made before any signature."""
    writer = PdfFileWriter(stream_xrefs=stream_xrefs)
    page = PageObject(
        contents=writer.add_object(generic.StreamObject(stream_data=b"BT /F1 12 Tf 72 700 Td (Licence) Tj ET")),
        media_box=generic.ArrayObject(generic.NumberObject(each) for each in (0, 0, 595, 842)),
        resources=generic.DictionaryObject(
            {
                generic.pdf_name("/Font"): generic.DictionaryObject(
                    {
                        generic.pdf_name("/F1"): generic.DictionaryObject(
                            {
                                generic.pdf_name("/Type"): generic.pdf_name("/Font"),
                                generic.pdf_name("/Subtype"): generic.pdf_name("/Type1"),
                                generic.pdf_name("/BaseFont"): generic.pdf_name("/Helvetica"),
                            }
                        )
                    }
                )
            }
        ),
    )
    writer.insert_page(page)
    for index, each in enumerate(signature_fields):
        box = (100, 100 + 80 * index, 280, 160 + 80 * index)
        fields.append_signature_field(writer, fields.SigFieldSpec(each, on_page=0, box=box, combine_annotation=merged))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def make_stamp() -> bytes:
    """A one-page PDF for the mark."""
    writer = PdfFileWriter()
    page = PageObject(
        contents=writer.add_object(generic.StreamObject(stream_data=b"0 0 180 60 re S")),
        media_box=generic.ArrayObject(generic.NumberObject(each) for each in (0, 0, 180, 60)),
    )
    writer.insert_page(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


Change = Callable[[IncrementalPdfFileWriter], None]


@dataclass(slots=True)
class Preparer:
    """Prepares a signature as the server does: pyHanko, existing field, static mark; `also` does one thing more."""

    stamp: Path
    certificate: asn1_x509.Certificate

    def prepare(
        self,
        base: bytes,
        *,
        field: str = "president",
        docmdp: int | None = None,
        also: Change | None = None,
        subfilter: fields.SigSeedSubFilter = fields.SigSeedSubFilter.PADES,
        at: datetime | None = None,
        mark: bool = True,
    ) -> bytes:
        external = signers.ExternalSigner(
            signing_cert=self.certificate, cert_registry=SimpleCertificateStore(), signature_value=bytes(64)
        )
        metadata = signers.PdfSignatureMetadata(
            field_name=field,
            md_algorithm="sha256",
            subfilter=subfilter,
            certify=docmdp is not None,
            docmdp_permissions=fields.MDPPerm(docmdp or 2),
        )
        style = StaticStampStyle.from_pdf_file(str(self.stamp), border_width=0) if mark else None
        signer = (
            signers.PdfSigner(metadata, external, stamp_style=style) if style else signers.PdfSigner(metadata, external)
        )
        writer = IncrementalPdfFileWriter(io.BytesIO(base))
        if also is not None:
            also(writer)
        _, _, out = asyncio.run(signer.async_digest_doc_for_signing(writer, bytes_reserved=4096))
        prepared: bytes = out.getvalue()
        return prepared
