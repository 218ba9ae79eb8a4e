"""Lines of a file that an officer imports: good ones are kept, each other one is named with its reason. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from pki.registration.errors import ImportRefused

MOST_LINES = 20_000
"""1,544 councils with ten vice-presidents each, and more."""
MOST_BYTES = 20_000_000
"""Of a file; characters of a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the file, by its columns' names."""

    number: int
    """As a table program numbers it: the header is 1, and a cell of several lines is in one of them."""
    values: Mapping[str, str]
    """Without blanks around them. A cell that is missing is empty."""
    extra: int = 0
    """How many cells more than the header it has; negative: fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """A line that was not taken over, and why. Nothing was recorded for it."""

    number: int
    value: str
    reason: str


def read_lines(
    content: bytes | str,
    *,
    needed: Collection[str],
    known: Collection[str],
    ragged: bool = False,
    most_bytes: int = MOST_BYTES,
) -> list[Line]:
    """The lines of a CSV file, header first; lines of empty cells are left out.

    UTF-8, with or without a byte-order mark; cells parted by commas or semicolons (the header shows which), quoted
    as RFC 4180 has it. Columns in any order, their names in capitals or not.

    :param ragged: a line with too many or too few cells is given as it is; else one with too many refuses the file.
    :raise ImportRefused: too large, another encoding, a needed column missing, one not known or twice, a quotation
        mark that nothing closes. Nothing was recorded.
    """
    # THREAT: a list made to exhaust memory, or to be read otherwise by people than by this parser.
    # DEFENCE: bytes, lines and cells are capped; one encoding; strict quoting; no column that is not known.
    # TEST: tests/pki/quota/elections/test_officials.py::test_hostile_files
    rows = _rows(_text(content, most_bytes))
    columns = _columns(next(rows, (1, []))[1], needed=needed, known=known)
    lines: list[Line] = []
    for number, cells in rows:
        if not any(cells):
            continue
        if len(lines) == MOST_LINES:
            raise ImportRefused(f"it has more than {MOST_LINES} lines")
        extra = len(cells) - len(columns)
        if extra > 0 and not ragged:
            raise ImportRefused("it has more cells than the header", number)
        values = dict(zip(columns, cells + [""] * -extra, strict=False))
        lines.append(Line(number=number, values=values, extra=extra))
    return lines


def _text(content: bytes | str, most_bytes: int) -> str:
    if len(content) > most_bytes:
        raise ImportRefused(f"it is larger than {most_bytes // 1_000_000} MB")
    try:
        text = content.decode("utf-8") if isinstance(content, bytes) else content
    except UnicodeDecodeError as error:
        raise ImportRefused("it is not UTF-8: save it as CSV UTF-8") from error
    if "\x00" in text:
        raise ImportRefused("it holds bytes that are no text")
    return text.removeprefix("\ufeff")


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with its number."""
    header = text.partition("\n")[0]
    parted_by = ";" if header.count(";") > header.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=parted_by, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ImportRefused(f"quotation marks or cells out of order ({error})", number) from error
        yield number, [cell.strip() for cell in cells]


def _columns(cells: list[str], *, needed: Collection[str], known: Collection[str]) -> list[str]:
    names = [cell.lower() for cell in cells]
    if missing := [name for name in needed if name not in names]:
        raise ImportRefused(f"its header lacks {', '.join(missing)}", 1)
    if strange := sorted(set(names) - set(known)):
        raise ImportRefused(f"its header has {', '.join(strange)[:200]}, which is not known here", 1)
    if len(set(names)) != len(names):
        raise ImportRefused("its header has a column twice", 1)
    return names
