"""Lines of a file that an officer imports: good ones are kept, each other one is named with its reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pki.registration.errors import ImportRefused

MOST_LINES = 20_000
MOST_CHARACTERS = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the file, by its columns' names. `number` counts from 1, the header being line 1."""

    number: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """A line that was not taken over, and why. Nothing was recorded for it."""

    number: int
    value: str
    reason: str


def read_lines(text: str, *, needed: Collection[str], known: Collection[str]) -> list[Line]:
    """The lines of a CSV file, comma or semicolon, header first; empty lines are left out, values are stripped.

    :raise ImportRefused: a needed column is missing, a column is not known, a line has too many values, or the
        file is too long. Nothing was recorded.
    """
    if len(text) > MOST_CHARACTERS:
        raise ImportRefused(f"it is longer than {MOST_CHARACTERS} characters")
    first = text.lstrip("\ufeff").partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter, strict=True)
    lines = []
    try:
        names = [name.strip() for name in reader.fieldnames or ()]
        _refuse_columns(names, needed=needed, known=known)
        reader.fieldnames = names
        for values in reader:
            if None in values:
                raise ImportRefused(f"line {reader.line_num} has more values than the header")
            kept = {name: (value or "").strip() for name, value in values.items()}
            if any(kept.values()):
                lines.append(Line(number=reader.line_num, values=kept))
            if len(lines) > MOST_LINES:
                raise ImportRefused(f"it has more than {MOST_LINES} lines")
    except csv.Error as error:
        raise ImportRefused(f"line {reader.line_num} is not CSV") from error
    return lines


def _refuse_columns(names: list[str], *, needed: Collection[str], known: Collection[str]) -> None:
    if missing := sorted(set(needed) - set(names)):
        raise ImportRefused(f"its header lacks {', '.join(missing)}")
    if strange := sorted(set(names) - set(known)):
        raise ImportRefused(f"its header has {', '.join(strange)[:200]}, which is not known here")
    if len(set(names)) != len(names):
        raise ImportRefused("its header has a column twice")
