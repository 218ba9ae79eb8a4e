"""The looks of `khatam doctor`. None changes anything but what a look itself leaves (a log line, a cache)."""

from __future__ import annotations

import contextlib
import ctypes
import shutil
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from .findings import Finding, fail, ok, warn

if TYPE_CHECKING:
    from api.settings import Settings
    from pki.records import Records

FREE_WARN, FREE_FAIL = 2 * 1024**3, 200 * 1024**2
CERTIFICATE_WARN = timedelta(days=60)
_STA_UNSYNC = 0x0040
_TIME_ERROR = 5


def folder(settings: Settings) -> Iterable[Finding]:
    """Owner-only where secrets lie."""
    loose = [
        str(path.relative_to(settings.data))
        for path in (settings.data, settings.secrets, *settings.secrets.rglob("*"))
        if path.stat().st_mode & 0o077
    ]
    if loose:
        yield fail("folder", f"readable by others: {', '.join(loose)}", f"chmod -R go-rwx {settings.data}")
    else:
        yield ok("folder", f"{settings.data}, {settings.environment.value}")


def disk(settings: Settings) -> Iterable[Finding]:
    """Room for documents and records."""
    free = shutil.disk_usage(settings.data).free
    seen = f"{free / 1024**3:.1f} GiB free"
    if free < FREE_FAIL:
        yield fail("disk", seen, "Make room now: signatures cannot be stored on a full disk.")
    elif free < FREE_WARN:
        yield warn("disk", seen, "Make room soon.")
    else:
        yield ok("disk", seen)


def clock(settings: Settings) -> Iterable[Finding]:
    """Whether the kernel says that the clock is kept in step."""
    if settings.clock == "unguarded":
        yield warn("clock", "unguarded: time-stamps are worth nothing", "Production sets clock = guarded.")
        return
    # struct timex begins with modes; 208 bytes hold it on every Linux of ours.
    state = ctypes.CDLL(None).adjtimex(ctypes.byref(ctypes.create_string_buffer(256)))
    if state in {-1, _TIME_ERROR}:
        yield fail("clock", "not synchronised", "Start chrony or systemd-timesyncd; the time-stamp authority waits.")
    else:
        yield ok("clock", "synchronised, says the kernel")


def database(settings: Settings) -> Iterable[Finding]:
    """Reachable, and at the head of its history."""
    from api.migrations.history import revisions

    with opened_records(settings) as records:
        current, head = revisions(records)
        if current != head:
            yield fail("database", f"revision {current}, the program expects {head}", "Migrate it before serving.")
            return
        name = records.reading_engine.dialect.name
        if name == "sqlite":
            with records.reading() as session:
                said = session.scalar(text("PRAGMA quick_check"))
            if said != "ok":
                yield fail("database", f"SQLite says: {said}", "Stop the service and restore the last copy.")
                return
        yield ok("database", f"{name}, revision {current}")


def queue(settings: Settings) -> Iterable[Finding]:
    """Deferred work that waits or gave up."""
    with opened_records(settings) as records:
        engine = records.reading_engine
        schema = None if engine.dialect.name == "sqlite" else "dbos"
        if not inspect(engine).has_table("workflow_status", schema=schema):
            yield fail("queue", "its tables are missing", "Run `khatam init` again on a new folder.")
            return
        table = "workflow_status" if schema is None else "dbos.workflow_status"
        with records.reading() as session:
            rows = session.execute(text(f"SELECT status, count(*) FROM {table} GROUP BY status"))  # noqa: S608
            counts: dict[str, int] = {str(status): int(number) for status, number in rows}
    waiting, failed = counts.get("ENQUEUED", 0) + counts.get("PENDING", 0), counts.get("ERROR", 0)
    seen = f"{waiting} waiting, {counts.get('SUCCESS', 0)} done, {failed} given up"
    if failed:
        yield warn("queue", seen, "Read the log of the jobs process; sweeps enqueue again what is still to be done.")
    else:
        yield ok("queue", seen)


@contextlib.contextmanager
def opened_records(settings: Settings) -> Iterator[Records]:
    """The records, closed after the look."""
    from pki.records import Records

    records = Records.open(settings.database)
    try:
        yield records
    finally:
        records.close()
