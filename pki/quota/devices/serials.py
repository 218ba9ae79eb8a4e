"""Serials as people give them: a CSV file, a typed list, a range."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pki.quota.devices.errors import SerialsRefused
from pki.registration.imported import RefusedLine, read_lines

MOST = 10_000
"""Devices in one list."""
_SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")
_NUMBERED = re.compile(r"(.*?)([0-9]{1,15})")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSerial:
    """A serial and where in the list it stands: a file's header is line 1, a typed list begins with 1."""

    line: int
    serial: str


def serial_key(serial: str) -> str:
    """As serials are compared: hexadecimal is spelled in capitals and in small letters."""
    return serial.strip().upper()


def manufacturer_key(name: str) -> str:
    """As manufacturers are compared."""
    return " ".join(name.split()).upper()


def read_serials(text: str) -> tuple[list[ListedSerial], list[RefusedLine]]:
    """The serials of a CSV file with the one column `serial`; what is no serial, or there twice, is refused.

    :raise ImportRefused: the file as a whole cannot be read.
    :raise SerialsRefused: more than `MOST`, or none.
    """
    lines = read_lines(text, needed=("serial",), known=("serial",))
    return _sorted_out([(line.number, line.values["serial"]) for line in lines])


def typed_serials(serials: Sequence[str]) -> tuple[list[ListedSerial], list[RefusedLine]]:
    """The same of a typed list.

    :raise SerialsRefused: more than `MOST`, or none.
    """
    return _sorted_out([(number, serial.strip()) for number, serial in enumerate(serials, start=1)])


def serials_between(first: str, last: str) -> list[str]:
    """Every serial of a range, both ends inside: they end in decimal digits, and differ in those alone.

    :raise SerialsRefused: no such range, one that runs backwards, or more than `MOST`.
    """
    # THREAT: a range of a few characters asks for a list that fills the memory.
    # DEFENCE: it is counted before it is made.
    # TEST: tests/pki/quota/devices/test_serials.py::test_no_range
    low, high = _NUMBERED.fullmatch(first.strip()), _NUMBERED.fullmatch(last.strip())
    if low is None or high is None or low[1] != high[1] or len(low[2]) != len(high[2]):
        raise SerialsRefused(f"{first[:40]} and {last[:40]} do not differ in their last digits alone")
    start, end, width = int(low[2]), int(high[2]), len(low[2])
    if end < start:
        raise SerialsRefused("the range runs backwards")
    if end - start >= MOST:
        raise SerialsRefused(f"there are more than {MOST}")
    return [f"{low[1]}{number:0{width}}" for number in range(start, end + 1)]


def _sorted_out(found: list[tuple[int, str]]) -> tuple[list[ListedSerial], list[RefusedLine]]:
    if not found:
        raise SerialsRefused("there is none")
    if len(found) > MOST:
        raise SerialsRefused(f"there are more than {MOST}")
    kept: dict[str, ListedSerial] = {}
    refused = []
    for line, serial in found:
        key = serial_key(serial)
        # Latin letters and digits: no formula for a spreadsheet, nothing that looks like another serial.
        if not _SERIAL.fullmatch(serial):
            refused.append(RefusedLine(number=line, value=serial[:40], reason="not a serial"))
        elif key in kept:
            refused.append(RefusedLine(number=line, value=serial, reason=f"it stands in line {kept[key].line} already"))
        else:
            kept[key] = ListedSerial(line=line, serial=serial)
    return list(kept.values()), refused
