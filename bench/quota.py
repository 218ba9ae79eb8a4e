"""Reservations a second against the same rows by hand-written SQL; the national dashboard as the ledger grows.

A reservation is `request_key`: what it checks, the order, its seat, both entries, the leaf and the event, in one
transaction whose commit waits for the disk. The floor writes the very rows, already spelled, on the bare driver. Both
take turns on one database, so that a busy machine or disk is as unfair to one as to the other.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench._bare import BarePostgresql, BareSqlite
from bench._cluster import created, durable_cluster
from bench._history import remember
from bench._nation import AT, OFFICER, Seated, seat, settle
from bench.figure import Figure
from pki.quota.dashboard import national_dashboard
from pki.quota.orders import request_key
from pki.records import Records

ROUNDS, PER_ROUND, WARM = 10, 60, 40
SIZES = (10_000, 100_000, 1_000_000)
LOOKS, LOOK_MS = 101, 50.0


def run() -> Iterator[Figure]:
    """`reservations_*` (goal 0.45 of bare SQL), `dashboard_*_ms` (50 ms), `dashboard_*_growth` (1.4) on each engine."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.sqlite"
        yield _reservations("sqlite", f"sqlite+pysqlite:///{path}", lambda: BareSqlite(path))
        yield from _dashboards("sqlite", [f"sqlite+pysqlite:///{folder}/{size}.sqlite" for size in SIZES])
    with durable_cluster() as url:
        yield _reservations("postgresql", url, lambda: BarePostgresql(url))
        yield from _dashboards("postgresql", [created(url, f"ledger_{size}") for size in SIZES])


def _reservations(engine: str, url: str, bare: Callable[[], BareSqlite | BarePostgresql]) -> Figure:
    records = Records.open(url)
    try:
        agreement = settle(records)
        people = list(seat(records, 2 * (WARM + ROUNDS * PER_ROUND)))
        floor = bare()
        rows = [floor.rows(people.pop(), agreement, AT) for _ in range(len(people) // 2)]

        def order() -> None:
            _order(records, people.pop())

        def write() -> None:
            floor.reserve(rows.pop())

        for work in (order, write):
            _seconds(work, WARM)
        spent = {order: 0.0, write: 0.0}
        for _ in range(ROUNDS):
            for work in (write, order):
                spent[work] += _seconds(work, PER_ROUND)
        floor.close()
    finally:
        records.close()
    done = ROUNDS * PER_ROUND
    return Figure(
        name=f"reservations_{engine}",
        value=done / spent[order],
        against=done / spent[write],
        unit="1/s",
        goal=0.45,
        better="higher",
    )


def _dashboards(engine: str, urls: Sequence[str]) -> Iterator[Figure]:
    """The median of one look at the whole country, for each size of the ledger; the sizes take turns."""
    countries = [Records.open(url) for url in urls]
    try:
        for records, entries in zip(countries, SIZES, strict=True):
            remember(records, entries=entries)
        spent: list[list[float]] = [[] for _ in SIZES]
        for turn in range(LOOKS + 5):
            for records, times in zip(countries, spent, strict=True):
                seconds = _seconds(lambda records=records: _look(records), 1)  # type: ignore[misc]
                if turn >= 5:  # the first ones warm up
                    times.append(seconds)
    finally:
        for records in countries:
            records.close()
    medians = [statistics.median(times) * 1000 for times in spent]
    yield Figure(name=f"dashboard_{engine}_ms", value=medians[-1], against=LOOK_MS, unit="ms", goal=1.0, better="lower")
    yield Figure(
        name=f"dashboard_{engine}_growth",
        value=max(medians),
        against=min(medians),
        unit="ms",
        goal=1.4,
        better="lower",
    )


def _look(records: Records) -> None:
    with records.reading() as session:
        national_dashboard(session)


def _order(records: Records, person: Seated) -> None:
    request_key(
        records, holder=person.holder, office=person.office, payer_body_code=person.body_code, by=OFFICER, at=AT
    )


def _seconds(work: Callable[[], object], count: int) -> float:
    begun = time.perf_counter()
    for _ in range(count):
        work()
    return time.perf_counter() - begun
