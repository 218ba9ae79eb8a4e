"""Intake: looking at a foreign PDF before it enters a dossier. Pure; meant for a confined worker.

Refused is whatever could make the document act, fetch, or show two readers two things. What is reachable from the
file's end is read, object by object; streams are not decoded, pages are not drawn.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from hsm.prepared.errors import IncrementRefused
from hsm.prepared.fields import walk
from signer.pades.errors import IntakeReason, IntakeRefused
from signer.pades.objects import entry, resolved

HEAD_BYTES = 1024
TAIL_BYTES = 2048
MOST_OBJECTS = 500_000
MOST_DEPTH = 128

SCRIPT_KEYS = {"/JS", "/JavaScript"}
ACTION_KEYS = {"/AA"}
ACTIONS = {
    *("/Launch", "/SubmitForm", "/ResetForm", "/ImportData", "/GoToE", "/Hide", "/Named", "/SetOCGState", "/Trans"),
    *("/Rendition", "/Movie", "/Sound", "/GoTo3DView", "/RichMediaExecute"),
}
HARMLESS_NAMED = {"/NextPage", "/PrevPage", "/FirstPage", "/LastPage"}
RICH_KINDS = {"/RichMedia", "/Movie", "/Sound", "/Screen", "/3D", "/RichMediaContent"}
LAYER_KEYS = {"/OCProperties", "/OC"}
EXTERNAL_KEYS = {"/F", "/FFilter", "/FDecodeParms", "/OPI"}
PROGRAM_NAMES = (
    *(".exe", ".com", ".bat", ".cmd", ".msi", ".scr", ".pif", ".dll", ".jar", ".js", ".jse", ".vbs", ".vbe", ".wsf"),
    *(".ps1", ".sh", ".py", ".hta", ".lnk", ".reg", ".app", ".deb", ".rpm", ".apk", ".docm", ".xlsm", ".pptm"),
)
PROGRAM_STARTS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeReport:
    """What an accepted PDF is: its pages, and the names of the fields that are signed already."""

    pages: int
    signed_fields: tuple[str, ...]
    size: int


def inspect_intake(pdf: bytes, *, most_bytes: int) -> IntakeReport:
    """Accept or refuse a foreign PDF.

    A file that is signed already is accepted, and said to be: it is never certified or redrawn. Signatures are not
    verified here.

    :param most_bytes: the largest file taken, inclusive.
    :raise IntakeRefused: with its reason.
    """
    _look_at_bytes(pdf, most_bytes)
    try:
        reader = PdfFileReader(io.BytesIO(pdf), strict=True)
        if reader.encrypted or "/Encrypt" in reader.trailer:
            raise IntakeRefused(IntakeReason.ENCRYPTED)
        root = reader.root
        _Search(root).run()
        signed = tuple(
            name for name, _, field in walk(root, resolved) if _name(field, "/FT") == "/Sig" and "/V" in field
        )
        return IntakeReport(pages=int(root["/Pages"]["/Count"]), signed_fields=signed, size=len(pdf))
    except IntakeRefused:
        raise
    except (MemoryError, RecursionError):
        raise
    except IncrementRefused as error:
        raise IntakeRefused(IntakeReason.MALFORMED, "its form is tangled") from error
    except Exception as error:  # hostile bytes meet the reader with many kinds of exception
        raise IntakeRefused(IntakeReason.MALFORMED) from error


def _look_at_bytes(pdf: bytes, most_bytes: int) -> None:
    if not pdf:
        raise IntakeRefused(IntakeReason.EMPTY)
    if len(pdf) > most_bytes:
        raise IntakeRefused(IntakeReason.TOO_LARGE, f"{len(pdf)} bytes, at most {most_bytes}")
    if b"%PDF-" not in pdf[:HEAD_BYTES]:
        raise IntakeRefused(IntakeReason.NOT_A_PDF)
    tail = pdf[-TAIL_BYTES:]
    if b"%%EOF" not in tail or b"startxref" not in tail:
        raise IntakeRefused(IntakeReason.TRUNCATED)


class _Search:
    """Everything reachable from the catalog, once each."""

    # THREAT: a file that acts when opened, or shows the signer one text and the verifier another.
    # DEFENCE: scripts, actions, layers, dynamic forms, outside streams and programs are refused at the door, by name.
    # TEST: tests/signer/pades/test_intake.py::test_active_content_is_refused_with_its_reason
    def __init__(self, root: generic.DictionaryObject) -> None:
        self._left: list[tuple[generic.PdfObject, int]] = [(root, 0)]
        self._seen: set[tuple[int, int]] = set()
        self._root = root

    def run(self) -> None:
        self._look_at_opening()
        while self._left:
            value, depth = self._left.pop()
            if depth > MOST_DEPTH or len(self._seen) > MOST_OBJECTS:
                raise IntakeRefused(IntakeReason.MALFORMED, "too many or too deep objects")
            if isinstance(value, generic.IndirectObject):
                place = (value.idnum, value.generation)
                if place not in self._seen:
                    self._seen.add(place)
                    self._left.append((resolved(value), 0))
            elif isinstance(value, generic.DictionaryObject):
                self._look_at(value)
                self._left += [(value.raw_get(key), depth + 1) for key in value]
            elif isinstance(value, generic.ArrayObject):
                self._left += [(value.raw_get(index), depth + 1) for index in range(len(value))]

    def _look_at_opening(self) -> None:
        opening = entry(self._root, "/OpenAction")
        if isinstance(opening, generic.DictionaryObject) and _name(opening, "/S") != "/GoTo":
            script = _name(opening, "/S") == "/JavaScript"
            raise IntakeRefused(IntakeReason.SCRIPT if script else IntakeReason.ACTION, "on opening")
        form = entry(self._root, "/AcroForm")
        if isinstance(form, generic.DictionaryObject) and "/XFA" in form:
            raise IntakeRefused(IntakeReason.XFA)

    def _look_at(self, value: generic.DictionaryObject) -> None:
        keys = value.keys()
        kind, subtype, action = (_name(value, key) for key in ("/Type", "/Subtype", "/S"))
        if keys & SCRIPT_KEYS or action == "/JavaScript":
            raise IntakeRefused(IntakeReason.SCRIPT)
        if action == "/URI" and _text(value, "/URI").strip().lower().startswith(("javascript:", "file:")):
            raise IntakeRefused(IntakeReason.ACTION, "a link that runs something")
        named = action == "/Named" and _name(value, "/N") in HARMLESS_NAMED
        if keys & ACTION_KEYS or (action in ACTIONS and not named):
            raise IntakeRefused(IntakeReason.ACTION, action.strip("/") if action in ACTIONS else "")
        if subtype in RICH_KINDS or kind in RICH_KINDS:
            raise IntakeRefused(IntakeReason.RICH_MEDIA)
        if keys & LAYER_KEYS or kind in ("/OCG", "/OCMD"):
            raise IntakeRefused(IntakeReason.OPTIONAL_CONTENT)
        if "/XFA" in keys:
            raise IntakeRefused(IntakeReason.XFA)
        if isinstance(value, generic.StreamObject):
            self._look_at_stream(value, kind)
        if kind == "/Filespec" or "/EF" in keys:
            self._look_at_attachment(value)

    def _look_at_stream(self, value: generic.StreamObject, kind: str) -> None:
        outside = value.keys() & EXTERNAL_KEYS
        reference = kind == "/XObject" and ("/Ref" in value or _name(value, "/Subtype") == "/PS")
        if outside or reference:
            raise IntakeRefused(IntakeReason.EXTERNAL_STREAM)

    def _look_at_attachment(self, value: generic.DictionaryObject) -> None:
        names = [_text(value, key).lower().rstrip(". ") for key in ("/F", "/UF")]
        if any(each.endswith(PROGRAM_NAMES) for each in names):
            raise IntakeRefused(IntakeReason.EXECUTABLE, "by its name")
        files = entry(value, "/EF")
        if not isinstance(files, generic.DictionaryObject):
            return
        for key in files:
            held = files[key]
            if isinstance(held, generic.StreamObject) and held.data[:4].startswith(PROGRAM_STARTS):
                raise IntakeRefused(IntakeReason.EXECUTABLE, "by its content")


def _name(value: generic.DictionaryObject, key: str) -> str:
    found = entry(value, key)
    return str(found) if isinstance(found, generic.NameObject) else ""


def _text(value: generic.DictionaryObject, key: str) -> str:
    found = entry(value, key)
    if isinstance(found, generic.ByteStringObject):
        return bytes(found).decode("latin-1")
    return str(found) if isinstance(found, generic.TextStringObject) else ""
