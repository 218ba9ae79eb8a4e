"""The file of keys that are in the field: its columns, and each line as a value."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from pki.ca.registered import parse_certificate
from pki.ca.serials import serial_text
from pki.der import UNREADABLE
from pki.errors import PkiError
from pki.registration.imported import Line, RefusedLine, read_lines
from pki.registration.kinds import OfficeFunction

NEEDED = ("body_code", "function", "name_ar", "name_latin", "cin")
COLUMNS = (*NEEDED, "rank", "starts_on", "deed", "certificate", "serial", "device_serial", "paid_by")
_SERIAL = re.compile(r"[0-9a-f]{1,40}")
_LONGEST = {"deed": 300, "device_serial": 100, "paid_by": 200}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInField:
    """A key that its holder has already, as a file tells."""

    line: int
    body_code: str
    function: OfficeFunction
    rank: int | None
    name_ar: str
    name_latin: str
    cin: str
    starts_on: date | None
    """First day of his office; None: the office is on record."""
    deed: str
    certificate: bytes | None
    """DER; None: only its serial is known."""
    serial: str
    """Of the certificate: hexadecimal, lower case, no leading zeros."""
    device_serial: str | None
    paid_by: str | None
    """None: the agreement paid, and the key takes a seat. Else who did, and it takes none."""


class _LineRefused(Exception):
    def __init__(self, value: str, reason: str) -> None:
        self.value = value[:40]
        self.reason = reason


def parse_keys(
    content: bytes | str, *, open_certificate: Callable[[str], bytes]
) -> tuple[list[KeyInField], list[RefusedLine]]:
    """Read a CSV file with the columns of `COLUMNS`; those of `NEEDED` must be there, and a certificate or a serial.

    :param open_certificate: the content (PEM or DER) of a file that the column `certificate` names; raises OSError.
        A certificate may also stand in its column itself, as PEM.
    :raise ImportRefused: the file as a whole cannot be read.
    """
    keys, refused = [], []
    for line in read_lines(content, needed=NEEDED, known=COLUMNS):
        try:
            keys.append(_key(line, open_certificate))
        except _LineRefused as refusal:
            refused.append(RefusedLine(number=line.number, value=refusal.value, reason=refusal.reason))
    return keys, refused


def _key(line: Line, open_certificate: Callable[[str], bytes]) -> KeyInField:
    values = {name: line.values.get(name, "") for name in COLUMNS}
    for name in NEEDED:
        if not values[name]:
            raise _LineRefused(name, "is empty")
    for name, most in _LONGEST.items():
        if len(values[name]) > most or not values[name].isprintable():
            raise _LineRefused(name, f"is longer than {most} characters, or has some that cannot be shown")
    der = _certificate(values["certificate"], open_certificate)
    return KeyInField(
        line=line.number,
        body_code=values["body_code"],
        function=_function(values["function"]),
        rank=_rank(values["rank"]),
        name_ar=values["name_ar"],
        name_latin=values["name_latin"],
        cin=values["cin"],
        starts_on=_day(values["starts_on"]),
        deed=values["deed"],
        certificate=der,
        serial=_serial(values["serial"], der),
        device_serial=values["device_serial"] or None,
        paid_by=values["paid_by"] or None,
    )


def _certificate(said: str, open_certificate: Callable[[str], bytes]) -> bytes | None:
    if not said:
        return None
    try:
        content = said.encode() if said.startswith("-----BEGIN") else open_certificate(said)
    except OSError as error:
        raise _LineRefused(said, "this file cannot be read") from error
    if not content.startswith(b"-----BEGIN"):
        return content
    try:
        return load_pem_x509_certificate(content).public_bytes(Encoding.DER)
    except UNREADABLE as error:
        raise _LineRefused("certificate", "it is not a certificate that can be read") from error


def _serial(said: str, der: bytes | None) -> str:
    spelled = said.lower().replace(":", "").replace(" ", "").removeprefix("0x").lstrip("0")
    if said and not _SERIAL.fullmatch(spelled):
        raise _LineRefused(said, "not the serial of a certificate (hexadecimal)")
    if der is None:
        if not said:
            raise _LineRefused("certificate", "neither a certificate nor its serial is given")
        return spelled
    try:
        of_certificate = serial_text(parse_certificate(der).serial_number)
    except PkiError as error:
        raise _LineRefused("certificate", "it is not a certificate that can be read") from error
    if said and spelled != of_certificate:
        raise _LineRefused(said, "the certificate has another serial")
    return of_certificate


def _function(said: str) -> OfficeFunction:
    try:
        return OfficeFunction(said)
    except ValueError as error:
        raise _LineRefused(said, "no such function") from error


def _rank(said: str) -> int | None:
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and len(said) <= 2):  # noqa: PLR2004
        raise _LineRefused(said, "not a rank")
    return int(said)


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError as error:
        raise _LineRefused(said, "not a day (YYYY-MM-DD)") from error
