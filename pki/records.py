"""The records of an installation: declarative base, column types, and the two session factories.

Acts take `Records` and open their own transaction; steps take a `Session` and never commit.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import partial, wraps
from importlib.resources import files
from threading import Lock
from typing import Any, NewType, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime, Dialect, Engine, Enum, MetaData, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator


def _pinned_zone(region: str, city: str) -> ZoneInfo:
    """A zone of the pinned tzdata package: what a civil day is must not depend on the host's own tables."""
    with (files("tzdata") / "zoneinfo" / region / city).open("rb") as table:
        return ZoneInfo.from_file(table, key=f"{region}/{city}")


CIVIL_ZONE = _pinned_zone("Africa", "Casablanca")
"""Where civil days are counted: a day is [00:00, next 00:00) here."""

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

HolderId = NewType("HolderId", uuid.UUID)
OfficeId = NewType("OfficeId", uuid.UUID)
OfficerId = NewType("OfficerId", uuid.UUID)
OrderId = NewType("OrderId", uuid.UUID)
CertificateId = NewType("CertificateId", uuid.UUID)
DossierId = NewType("DossierId", uuid.UUID)
DocumentId = NewType("DocumentId", uuid.UUID)
CeremonyId = NewType("CeremonyId", uuid.UUID)
ItemId = NewType("ItemId", uuid.UUID)


P = ParamSpec("P")
T = TypeVar("T")
_ATTEMPTS = 5
_BROKEN_OFF = frozenset({"40P01", "40001"})
"""PostgreSQL's deadlock_detected and serialization_failure. On SQLite writers queue up and never deadlock."""


class Base(DeclarativeBase):
    """Root of every mapped class: one metadata, one migration history."""

    metadata = MetaData(naming_convention=NAMING)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, to the microsecond. Refuses naive values on the way in."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant has a zone")
        value = value.astimezone(UTC)
        # SQLite keeps text and would silently drop the zone: all of it is UTC, compared as text.
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def enumeration(kind: type[StrEnum], name: str) -> Enum:
    """A VARCHAR column over the values of `kind`, held by the CHECK constraint `name`."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


def civil_day(at: datetime) -> date:
    """The civil day, in Morocco, that holds the instant `at`."""
    return at.astimezone(CIVIL_ZONE).date()


def day_start(day: date) -> datetime:
    """The first instant of a civil day, as aware UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=CIVIL_ZONE).astimezone(UTC)


BUSY_SECONDS = 30
"""So long a writer waits for the one before it."""


class Records:
    """Two session factories on one database: reading, and writing.

    A writing session begins with BEGIN IMMEDIATE on SQLite (a plain BEGIN locks writers out),
    READ COMMITTED on PostgreSQL, and commits when the block ends without an exception.
    """

    def __init__(self, reading: Engine, writing: Engine) -> None:
        self.reading_engine = reading
        self.writing_engine = writing
        self._reading = sessionmaker(reading, autoflush=False, expire_on_commit=False)
        self._writing = sessionmaker(writing, expire_on_commit=False)
        self._turn = Lock() if writing.dialect.name == "sqlite" else None

    @classmethod
    def open(cls, url: str, *, connections: int = 15) -> Records:
        """Open the database at a SQLAlchemy URL (sqlite+pysqlite or postgresql+psycopg).

        :param connections: for reading and for writing, so many at once each, kept once opened (a new one costs more
            than what it is for); who comes later waits up to 30 s.
        """
        # The last one used goes out first: its statements are prepared.
        pool: dict[str, Any] = {"pool_size": connections, "max_overflow": 0, "pool_use_lifo": True}
        reading, writing = (create_engine(url, **pool) for _ in ("reading", "writing"))
        if reading.dialect.name == "sqlite":
            _configure_sqlite(reading, begin="BEGIN")
            _configure_sqlite(writing, begin="BEGIN IMMEDIATE")
        return cls(reading, writing)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads; whatever it changed is rolled back."""
        with self._reading() as session:
            yield session
            session.rollback()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One writing transaction: committed at the end, rolled back on any exception."""
        with self._in_turn(), self._writing() as session, session.begin():
            yield session

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """SQLite has one writer, and whoever waits for it sleeps and looks again: threads of one process queue here."""
        if self._turn is None:
            yield
            return
        mine = self._turn.acquire(timeout=BUSY_SECONDS)  # if not by then, SQLite itself decides
        try:
            yield
        finally:
            if mine:
                self._turn.release()

    def close(self) -> None:
        """Close every pooled connection."""
        self.reading_engine.dispose()
        self.writing_engine.dispose()


def again_after_deadlock(act: Callable[P, T]) -> Callable[P, T]:
    """Run an act that is one transaction again, a few times, when the database broke it off to end a deadlock.

    Nothing of a broken act stands. Inside an open transaction (`Joined`) its savepoint alone is run again.
    """

    # THREAT: two acts wait for each other; the database kills one, and an order or a consent is lost.
    # DEFENCE: acts lock order, agreement, allowances in one sequence; one that is broken off all the same runs again.
    # TEST: tests/pki/quota/test_deadlocks.py
    @wraps(act)
    def again(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(_ATTEMPTS - 1):
            try:
                return act(*args, **kwargs)
            except OperationalError as broken:
                if getattr(broken.orig, "sqlstate", None) not in _BROKEN_OFF:
                    raise
        return act(*args, **kwargs)

    return again


class Joined(Records):
    """Records for acts that join a transaction under way: each of their writing blocks is a savepoint of it.

    What they did goes with the transaction, whatever their own end was.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """The transaction itself: what it wrote is seen."""
        self._session.flush()
        yield self._session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A savepoint, released at the end, rolled back on any exception."""
        with self._session.begin_nested():
            yield self._session


def _configure_sqlite(engine: Engine, *, begin: str) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_SECONDS * 1000}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    # In the dialect: for an engine on whose "begin" somebody listens, every statement looks for listeners.
    engine.dialect.do_begin = partial(_say, begin)  # type: ignore[method-assign]


def _say(statement: str, connection: Any) -> None:
    connection.execute(statement)
