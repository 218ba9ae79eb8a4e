"""A list of officials as bytes, read row by row: good rows as values, every other with what is wrong in it. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from pki.quota.elections.errors import OfficialsFileRefused
from pki.quota.elections.kinds import WORDS, RowFault
from pki.registration.contacts import accept_email, accept_phone
from pki.registration.errors import ContactRefused, NameRefused
from pki.registration.kinds import OfficeFunction
from pki.registration.names import ARABIC_LIMIT, LATIN_LIMIT, accept_name

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 20_000
"""1,544 councils with ten vice-presidents each."""
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
    """Each row that is not blank, as a value or as what is wrong in it.

    UTF-8, with or without a byte-order mark; cells parted by commas or semicolons (the heading shows which),
    quoted as RFC 4180 has it. Columns in any order.

    :raise OfficialsFileRefused: too large, another encoding, a heading without a column that is needed, a
        quotation mark that nothing closes.
    """
    # THREAT: a list made to exhaust memory, to smuggle formulas into somebody's table program, or to be read
    #   otherwise by people than by this parser.
    # DEFENCE: bytes, rows and cells are capped; one encoding; strict quoting; formulas and characters that are
    #   not seen are refused cell by cell.
    # TEST: tests/pki/quota/elections/test_officials.py::test_hostile_files
    if len(content) > MOST_BYTES:
        raise OfficialsFileRefused(f"larger than {MOST_BYTES // 1024 // 1024} MB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OfficialsFileRefused("not UTF-8: save it as CSV UTF-8") from error
    if "\x00" in text:
        raise OfficialsFileRefused("it holds bytes that are no text")
    heading, _, _ = text.partition("\n")
    parted_by = ";" if heading.count(";") > heading.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=parted_by, strict=True)
    return _rows(reader)


def _rows(reader: Iterator[list[str]]) -> Iterator[OfficialRow | tuple[RowError, ...]]:
    number = 0
    columns: list[str] = []
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raise OfficialsFileRefused(f"quotation marks or cells out of order ({error})", number) from error
        if number == 1:
            columns = _heading(cells)
        elif number > MOST_ROWS + 1:
            raise OfficialsFileRefused(f"more than {MOST_ROWS} rows")
        elif any(cell.strip() for cell in cells):
            yield _row(number, columns, cells)
    if not columns:
        raise OfficialsFileRefused("it is empty")


def _heading(cells: list[str]) -> list[str]:
    columns = [cell.strip().lower() for cell in cells]
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        raise OfficialsFileRefused(f"the heading lacks {', '.join(missing)}", 1)
    strange = [name for name in columns if name not in COLUMNS]
    if strange or len(set(columns)) != len(columns):
        raise OfficialsFileRefused("the heading has a column that is not known, or one twice", 1)
    return columns


def fault(row: int, column: str, code: RowFault, more: str = "") -> RowError:
    """A fault in its words."""
    return RowError(row=row, column=column, code=code, words=WORDS[code] + (f" ({more})" if more else ""))


def _row(number: int, columns: list[str], cells: list[str]) -> OfficialRow | tuple[RowError, ...]:
    if len(cells) != len(columns):
        few = len(cells) < len(columns)
        return (fault(number, "", RowFault.TOO_FEW_CELLS if few else RowFault.TOO_MANY_CELLS),)
    given = {column: cell.strip() for column, cell in zip(columns, cells, strict=True)}
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
