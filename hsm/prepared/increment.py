"""`check_increment`: a prepared file is the document that was shown plus one empty signature, or it is refused."""

import hashlib
import io
from dataclasses import dataclass
from datetime import datetime, timedelta

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from .changes import Changes
from .comparison import references, same, string_bytes
from .errors import IncrementReason, IncrementRefused
from .sections import Placed, read_increment, read_value, refuse

SUBFILTER = "/ETSI.CAdES.detached"
CLOCK_TOLERANCE = timedelta(minutes=10)
MAX_RESERVED_BYTES = 1024 * 1024
FILLING = b"\xa5" * 16
REQUIRED = {"/Type", "/Filter", "/SubFilter", "/Contents", "/ByteRange", "/M"}
CERTIFYING = {"/Type": "/SigRef", "/TransformMethod": "/DocMDP"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedIncrement:
    """What was checked. `digest` is SHA-256 over `byte_range`, computed here from the bytes given."""

    byte_range: tuple[int, int, int, int]
    digest: bytes


def check_increment(base: bytes, prepared: bytes, field: str, docmdp: int | None, at: datetime) -> CheckedIncrement:
    """Check that `prepared` is `base` plus exactly one increment that prepares one signature in `field`.

    The increment may touch the field, its widget and appearance, the form's signature flags, the widget's place among
    its page's annotations, the catalog (permissions of an announced certification, extensions, version), modification
    date and producer; nothing else. What the mark looks like is not checked, nor whether `base` is a good document.

    :param docmdp: 1 to 3 when this signature certifies, None when it must not.
    :param at: aware; /M may be ten minutes away from it, both bounds inside.
    :raise IncrementRefused: with the reason; whatever the reader cannot read is `MALFORMED`.
    """
    if not base or not prepared.startswith(base):
        raise refuse(IncrementReason.NOT_THE_BASE, "it does not begin with the document shown")
    if len(prepared) == len(base):
        raise refuse(IncrementReason.NOTHING_ADDED, "it adds nothing")
    try:
        return _check(base, prepared, field, docmdp, at)
    except IncrementRefused:
        raise
    except Exception as error:
        # The reader meets foreign bytes with many kinds of exception; each means the same to us.
        raise refuse(IncrementReason.MALFORMED, "it cannot be read strictly") from error


def _check(base: bytes, prepared: bytes, field: str, docmdp: int | None, at: datetime) -> CheckedIncrement:
    # THREAT: the server, or who took it, adds one more change to what the signer was shown, and gets it signed.
    # DEFENCE: the increment is read whole and compared object by object; every change needs a rule that allows it.
    # TEST: tests/hsm/prepared/test_increment.py::test_one_more_object_changed_is_refused
    # THREAT: a file that is small on the line and gigabytes in memory stops the program that has the signer's values.
    # DEFENCE: what a stream may become is bounded by its size on the line; beyond it the file is malformed.
    # TEST: tests/hostile/test_bombs.py::test_list_of_objects_that_inflates
    reader = PdfFileReader(io.BytesIO(prepared), strict=True)
    if reader.encrypted:
        raise refuse(IncrementReason.ENCRYPTED, "it is encrypted")
    increment = read_increment(reader, base, prepared)
    changes = Changes(reader, increment, field=field, docmdp=docmdp)
    signature = changes.check_all()
    _check_signature_dictionary(signature, docmdp, at)
    byte_range = _check_byte_range(signature, len(base), len(prepared))
    _check_gap(reader, prepared, increment.objects[changes.signature_number], byte_range)
    _, before, after, _ = byte_range
    digest = hashlib.sha256(memoryview(prepared)[:before])
    digest.update(memoryview(prepared)[after:])
    return CheckedIncrement(byte_range=byte_range, digest=digest.digest())


def _check_signature_dictionary(signature: generic.DictionaryObject, docmdp: int | None, at: datetime) -> None:
    keys = set(signature)
    # Nothing that a reader shows as the signer's words (/Reason, /Name …): he was not shown them here.
    if not keys >= REQUIRED or not keys <= REQUIRED | {"/Reference"} or any(references(signature)):
        raise refuse(IncrementReason.SIGNATURE_DICTIONARY, "its signature dictionary has other entries than it should")
    if signature["/Type"] != "/Sig" or signature["/Filter"] != "/Adobe.PPKLite":
        raise refuse(IncrementReason.SIGNATURE_DICTIONARY, "it does not prepare a signature")
    if signature["/SubFilter"] != SUBFILTER:
        raise refuse(IncrementReason.SUBFILTER, f"its signature is not of the form {SUBFILTER}")
    _check_certification(signature, docmdp)
    try:
        claimed = generic.parse_pdf_date(str(signature["/M"]), strict=True)
        late = abs(claimed - at)
    except (ValueError, TypeError) as error:
        raise refuse(IncrementReason.SIGNING_TIME, "its signing time cannot be read") from error
    if late > CLOCK_TOLERANCE:
        raise refuse(IncrementReason.SIGNING_TIME, "its signing time is over 10 minutes from this computer's clock")


def _check_certification(signature: generic.DictionaryObject, docmdp: int | None) -> None:
    entries = signature.get("/Reference")
    if docmdp is None:
        if entries is not None:
            raise refuse(IncrementReason.DOCMDP, "it restricts later changes and that was not announced")
        return
    if not isinstance(entries, generic.ArrayObject) or len(entries) != 1:
        raise refuse(IncrementReason.DOCMDP, "it does not certify the document as announced")
    entry = entries[0]
    parameters = entry["/TransformParams"]
    alike = all(entry.get(key) == value for key, value in CERTIFYING.items())
    plain = set(entry) == {*CERTIFYING, "/TransformParams"} and set(parameters) <= {"/Type", "/V", "/P"}
    if not alike or not plain or parameters.get("/P") != docmdp or parameters.get("/V") != "/1.2":
        raise refuse(IncrementReason.DOCMDP, "it does not certify the document as announced")


def _check_byte_range(signature: generic.DictionaryObject, base_bytes: int, total: int) -> tuple[int, int, int, int]:
    entries = signature["/ByteRange"]
    numbers = [entries.raw_get(index) for index in range(len(entries))]
    if len(numbers) != 4 or not all(isinstance(each, generic.NumberObject) for each in numbers):  # noqa: PLR2004
        raise refuse(IncrementReason.BYTE_RANGE, "its ByteRange is not four numbers")
    start, before, after, length = (int(each) for each in numbers)
    if start != 0 or not base_bytes < before < after or length <= 0 or after + length != total:
        raise refuse(IncrementReason.BYTE_RANGE, "its ByteRange does not cover the whole file")
    return start, before, after, length


def _check_gap(reader: PdfFileReader, prepared: bytes, placed: Placed, byte_range: tuple[int, int, int, int]) -> None:
    """The gap is exactly this signature's /Contents: zeros, and what is written there is read back as /Contents."""
    _, before, after, _ = byte_range
    if not placed.start < before or after > placed.end:
        raise refuse(IncrementReason.BYTE_RANGE, "the gap of its ByteRange lies outside its signature")
    gap = prepared[before:after]
    digits = gap[1:-1]
    empty = bool(digits) and len(digits) % 2 == 0 and digits.count(b"0") == len(digits)
    if gap[:1] != b"<" or gap[-1:] != b">" or not empty or len(digits) > 2 * MAX_RESERVED_BYTES:
        raise refuse(IncrementReason.CONTENTS, "the place of its signature is not empty")
    # Asking the reader where /Contents lies would trust its bookkeeping: instead the gap is filled and read back.
    filled = prepared[placed.start : before] + b"<" + FILLING.hex().encode() + b">" + prepared[after : placed.end]
    begin = filled.index(b"obj") + len(b"obj")
    value, _ = read_value(reader, filled, begin, placed.number, placed.generation)
    old = placed.value
    if not isinstance(value, generic.DictionaryObject) or not isinstance(old, generic.DictionaryObject):
        raise refuse(IncrementReason.CONTENTS, "the place of its signature is not in its dictionary")
    alike = value.keys() == old.keys() and all(
        same(value.raw_get(key), old.raw_get(key)) for key in old if key != "/Contents"
    )
    if not alike or string_bytes(value["/Contents"]) != FILLING:
        raise refuse(IncrementReason.CONTENTS, "the gap of its ByteRange is not the place of its signature")
