"""A list of officials as bytes, read row by row: good rows as values, every other with what is wrong in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from pki.quota.elections.kinds import WORDS, RowFault
from pki.registration.contacts import accept_email, accept_phone
from pki.registration.errors import ContactRefused, NameRefused
from pki.registration.imported import Line, read_lines
from pki.registration.kinds import OfficeFunction
from pki.registration.names import ARABIC_LIMIT, LATIN_LIMIT, accept_name

MOST_BYTES = 5 * 1024 * 1024
MOST_CHARACTERS = 300
MOST_RANK = 30
COLUMNS = (
    "body",
    "function",
    "rank",
    "name_ar",
    "name_latin",
    "cin",
    "email",
    "phone",
    "elected_on",
    "deed",
)
_MAY_BE_EMPTY = frozenset({"rank", "email", "phone"})
_PHONE_BEGINS = re.compile(r"\+[0-9]")
_CIN = re.compile(r"[A-Za-z]{1,2}[0-9]{1,8}")
_ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_CIVIL_DAY = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_FUNCTIONS = {each.value: each for each in (OfficeFunction.PRESIDENT, OfficeFunction.VICE_PRESIDENT)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowError:
    """What is wrong in one cell, beside its row."""

    row: int
    """As a table program numbers it: the heading is 1."""
    column: str
    code: RowFault
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialRow:
    """A row whose cells are sound each for itself."""

    row: int
    body_code: str
    function: OfficeFunction
    rank: int | None
    name_ar: str
    name_latin: str
    cin: str
    email: str | None
    phone: str | None
    elected_on: date
    deed: str

    @property
    def place(self) -> str:
        """What a council has once."""
        return place_of(self.function, self.rank)

    def __repr__(self) -> str:
        return f"OfficialRow(row={self.row}, body_code={self.body_code!r}, place={self.place!r})"


def place_of(function: OfficeFunction, rank: int | None) -> str:
    """Function and rank as one text."""
    return function.value if rank is None else f"{function.value}/{rank}"


def parse_officials(content: bytes) -> Iterator[OfficialRow | tuple[RowError, ...]]:
    """Each row that is not blank, as a value or as what is wrong in it; the file is as `read_lines` has it.

    :raise ImportRefused: the file as a whole cannot be read.
    """
    # THREAT: a list made to smuggle formulas into somebody's table program, or to be read otherwise by people.
    # DEFENCE: formulas, long cells and characters that are not seen are refused cell by cell.
    # TEST: tests/pki/quota/elections/test_officials.py::test_one_wrong_cell
    for line in read_lines(content, needed=COLUMNS, known=COLUMNS, ragged=True, most_bytes=MOST_BYTES):
        yield _row(line)


def fault(row: int, column: str, code: RowFault, more: str = "") -> RowError:
    """A fault in its words."""
    return RowError(row=row, column=column, code=code, words=WORDS[code] + (f" ({more})" if more else ""))


def _row(line: Line) -> OfficialRow | tuple[RowError, ...]:
    number, given = line.number, line.values
    if line.extra:
        return (fault(number, "", RowFault.TOO_FEW_CELLS if line.extra < 0 else RowFault.TOO_MANY_CELLS),)
    found: dict[str, object] = {}
    errors = []
    for column in COLUMNS:
        try:
            found[column] = _cell(column, given)
        except _Refused as refused:
            errors.append(fault(number, column, refused.code, refused.more))
    if errors:
        return tuple(errors)
    return OfficialRow(
        row=number,
        body_code=given["body"],
        **{name: found[name] for name in COLUMNS if name != "body"},  # type: ignore[arg-type]
    )


class _Refused(Exception):
    def __init__(self, code: RowFault, more: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.more = more


def _cell(column: str, given: Mapping[str, str]) -> object:
    text = given[column]
    if not text and column != "rank":
        if column in _MAY_BE_EMPTY:
            return None
        raise _Refused(RowFault.EMPTY)
    if len(text) > MOST_CHARACTERS:
        raise _Refused(RowFault.TOO_LONG)
    if any(ord(each) < 0x20 or ord(each) == 0x7F for each in text):  # noqa: PLR2004
        raise _Refused(RowFault.CONTROL_CHARACTER)
    if text[:1] in {*"=@+-"} and not (column == "phone" and _PHONE_BEGINS.match(text)):
        raise _Refused(RowFault.FORMULA)
    read = _READERS.get(column)
    return text if read is None else read(text, given)


def _shaped(text: str, shape: re.Pattern[str], code: RowFault) -> str:
    if shape.fullmatch(text) is None:
        raise _Refused(code)
    return text


def _reached(accept: Callable[[str], str], text: str, code: RowFault) -> str:
    try:
        return accept(text)
    except ContactRefused as refused:
        raise _Refused(code) from refused


def _function(text: str) -> OfficeFunction:
    found = _FUNCTIONS.get(text.lower())
    if found is None:
        raise _Refused(RowFault.FUNCTION_NOT_ELECTED)
    return found


def _rank(text: str, given: Mapping[str, str]) -> int | None:
    vice = given["function"].lower() == OfficeFunction.VICE_PRESIDENT.value
    if not text and not vice:
        return None
    if not vice or not text.isascii() or not text.isdigit() or len(text) > 2 or not 1 <= int(text) <= MOST_RANK:  # noqa: PLR2004
        raise _Refused(RowFault.RANK_REFUSED)
    return int(text)


def _name(column: str, text: str, script: str, limit: int) -> str:
    try:
        return accept_name(column, text, script=script, limit=limit)
    except NameRefused as refused:
        raise _Refused(RowFault.NAME_REFUSED, refused.reason) from refused


def _day(text: str) -> date:
    iso, civil = _ISO_DAY.fullmatch(text), _CIVIL_DAY.fullmatch(text)
    parts = iso.groups() if iso else civil.groups()[::-1] if civil else None
    try:
        if parts is not None and text.isascii():
            return date(*(int(part) for part in parts))
    except ValueError as error:
        raise _Refused(RowFault.DATE_MALFORMED) from error
    raise _Refused(RowFault.DATE_MALFORMED)


_Reader = Callable[[str, Mapping[str, str]], object]
_READERS: Mapping[str, _Reader] = {
    "function": lambda text, _: _function(text),
    "rank": _rank,
    "name_ar": lambda text, _: _name("name_ar", text, "ARABIC", ARABIC_LIMIT),
    "name_latin": lambda text, _: _name("name_latin", text, "LATIN", LATIN_LIMIT),
    "cin": lambda text, _: _shaped(text.upper(), _CIN, RowFault.CIN_MALFORMED),
    "email": lambda text, _: _reached(accept_email, text, RowFault.EMAIL_MALFORMED),
    "phone": lambda text, _: _reached(accept_phone, text, RowFault.PHONE_MALFORMED),
    "elected_on": lambda text, _: _day(text),
}
