"""Recompute every allowance and replay every balance of a quota's books, from files alone.

    python recount.py COMMUNES.csv FOLDER

FOLDER holds `ledger.csv` and `allowances.csv` as `khatam quota export` or the national rehearsal leaves them, and
`census.csv` (code, population) if one was applied after every wave: what it granted is recomputed too. Shares no code
with the project and needs nothing but Python: an auditor may run it on another machine. Prints one line of figures;
exits with 1 and a line for each disagreement.
"""

import csv
import sys
from collections import defaultdict
from pathlib import Path

TIERS = ((20_000, 3), (50_000, 4), (None, 5))
"""Seats of a commune with fewer inhabitants than the bound."""
PER_PROVINCE = 3


def main(communes: Path, folder: Path) -> int:
    """Compare; return the exit code."""
    wrong: list[str] = []
    tiers = expected(rows(communes))
    census = folder / "census.csv"
    counted = {row["code"]: seats_for(int(row["population"])) for row in rows(census)} if census.is_file() else {}
    entries = rows(folder / "ledger.csv")
    seats: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    beyond: defaultdict[str, int] = defaultdict(int)
    recounted: defaultdict[str, int] = defaultdict(int)
    movements: defaultdict[tuple[str, str], int] = defaultdict(int)
    books: defaultdict[tuple[str, str], int] = defaultdict(int)
    last = 0
    for entry in entries:
        number, change = int(entry["entry"]), int(entry["change"])
        if number <= last:
            wrong.append(f"entry {number} stands behind {last}")
        last = number
        books[entry["book"], entry["account"]] += change
        movements[entry["book"], entry["movement"]] += change
        if entry["book"] == "seat":
            seats[entry["body_code"]][entry["account"]] += change
            if entry["account"] == "agreement" and entry["cause"] != "wave.opened":
                by_census = entry["cause"] == "census.applied" and census.is_file()
                (recounted if by_census else beyond)[entry["body_code"]] -= change
    wrong += [f"movement {name} adds up to {left}" for (_, name), left in movements.items() if left]
    listed = rows(folder / "allowances.csv")
    for line in listed:
        code = line["code"]
        own = seats.pop(code, defaultdict(int))
        wrong += differing(code, line, own)
        if code in tiers:
            now = counted.get(code, tiers[code])
            wrong += misgranted(line, tier=now, by_census=(recounted[code], now - tiers[code]), beyond=beyond[code])
    wrong += [f"{code}: in the ledger, not in the list" for code, own in seats.items() if any(own.values())]
    for book in {name for name, _ in books}:
        if (left := sum(total for (name, _), total in books.items() if name == book)) != 0:
            wrong.append(f"the book {book} adds up to {left}")
    sys.stderr.write("".join(f"{each}\n" for each in wrong))
    sys.stdout.write(f"{len(entries)} entries, {len(listed)} allowances, {len(wrong)} disagreements\n")
    return 1 if wrong else 0


def differing(code: str, line: dict[str, str], own: dict[str, int]) -> list[str]:
    """What a body's line says otherwise than its entries."""
    told = {
        "granted": (int(line["granted"]), -own["agreement"]),
        "reserved": (int(line["reserved"]), own["reserved"]),
        "live": (int(line["live"]), own["live"]),
        "left": (int(line["granted"]) - int(line["reserved"]) - int(line["live"]), own["available"]),
    }
    return [f"{code}: {name} {said}, by its entries {found}" for name, (said, found) in told.items() if said != found]


def misgranted(line: dict[str, str], *, tier: int, by_census: tuple[int, int], beyond: int) -> list[str]:
    """What a body was granted otherwise than by its tier, by the census (booked, due) and by later grants."""
    code, wrong = line["code"], []
    if by_census[0] != by_census[1]:
        wrong.append(f"{code}: {by_census[0]} seats by the census, by its tiers {by_census[1]}")
    if int(line["granted"]) != tier + beyond:
        wrong.append(f"{code}: granted {line['granted']}, by tier and later grants {tier + beyond}")
    return wrong


def expected(communes: list[dict[str, str]]) -> dict[str, int]:
    """Seats of each commune by its population, and of each province."""
    found = {}
    for row in communes:
        found[row["code"]] = seats_for(int(row["population"]))
        found[row["province_code"]] = PER_PROVINCE
    return found


def seats_for(people: int) -> int:
    """Seats of a commune of so many."""
    return next(keys for bound, keys in TIERS if bound is None or people < bound)


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file with a header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
