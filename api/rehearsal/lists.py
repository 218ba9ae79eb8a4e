"""The files that officers would bring: a count of every commune, a list of the elected."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date

from pki.quota.elections.officials import COLUMNS

from .country import Place


def projection(communes: Sequence[Place]) -> str:
    """A count to try: three in ten communes lose people, so that some allowances fall below what is in use."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(("code", "population"))
    for place in communes:
        grows = 0.85 if place.number % 10 < 3 else 1.15  # noqa: PLR2004
        writer.writerow((place.code, int(place.population * grows)))
    return lines.getvalue()


def officials(communes: Sequence[Place], seats_of: Callable[[Place], int], elected_on: date) -> bytes:
    """Every council's new president, and its vice-presidents, who are elected again."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(COLUMNS)
    for place in communes:
        for each in (place.elected_president(), *place.re_elected(seats_of(place))):
            rank = "" if each.rank is None else str(each.rank)
            person = (each.name_ar, each.name_latin, each.cin, "", "")  # no address, no telephone
            writer.writerow((place.code, each.function.value, rank, *person, elected_on.isoformat(), "PV"))
    return lines.getvalue().encode()
