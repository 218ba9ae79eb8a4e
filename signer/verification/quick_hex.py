"""A quicker reader of hexadecimal strings for the PDF library, for workers only.

The library reads them character by character, and a signature's /Contents has some thirty thousand. What is
not plainly `<digits>` is left to the library's own reader: same values, same errors.
"""

import re
from typing import Any

from pyhanko.pdf_utils import generic

_PLAIN = re.compile(rb"<([0-9A-Fa-f]*)>")
_STEP = 64 * 1024
_MOST = 16 * 1024 * 1024
_library_reader = generic.read_hex_string_from_stream


def read_hex_string(stream: Any) -> Any:
    """Read one hexadecimal string from where `stream` stands."""
    start = stream.tell()
    read = bytearray()
    while len(read) < _MOST:
        chunk = stream.read(_STEP)
        read += chunk
        if b">" in chunk or not chunk:
            break
    found = _PLAIN.match(read)
    if found is None:
        stream.seek(start)
        return _library_reader(stream)
    stream.seek(start + found.end())
    digits = found[1].decode("ascii")
    return generic.pdf_string(bytes.fromhex(digits + "0" * (len(digits) % 2)))


def install() -> None:
    """Use it from here on, in this process."""
    generic.read_hex_string_from_stream = read_hex_string
