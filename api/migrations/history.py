"""Bringing a database to the head of its history, and telling whether it is there."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text

from pki.records import Base, Instant, Records

LOCK = 0x6B686174  # "khat": the advisory lock that one migration at a time holds on PostgreSQL


class MigrationsBehind(Exception):
    """The database is not at the head of its history. Nothing was started."""


def metadata() -> MetaData:
    """Every room's tables, in one metadata."""
    import api
    import pki
    import signer

    for package in (pki, signer, api):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith(".tables") or module.name == "pki.tickets":
                importlib.import_module(module.name)
    return Base.metadata


def compared(found: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
    """Whether Alembic compares an object: ours; DBOS keeps its own tables."""
    del other
    from api.jobs.names import DBOS_TABLES

    table = name if kind == "table" else getattr(getattr(found, "table", None), "name", None)
    return not (reflected and table in DBOS_TABLES)


def rendered(kind: str, found: Any, context: Any) -> str | Literal[False]:
    """How a generated revision spells our own types: as what they are in the database, free of our code."""
    del context
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(found, Instant) else False


def upgrade(records: Records) -> None:
    """Bring the database to the head, one process at a time."""
    engine = records.writing_engine
    with engine.connect() as connection, _rebuilding(connection):
        if engine.dialect.name == "postgresql":
            # Waiting for another process's migration may take as long as that does; waiting for a table may not.
            connection.execute(text("SET lock_timeout = '120s'"))
            connection.execute(text(f"SELECT pg_advisory_lock({LOCK})"))
            connection.execute(text("SET lock_timeout = '5s'"))
            connection.execute(text("SET statement_timeout = '60s'"))
            connection.commit()
        try:
            command.upgrade(configuration(connection), "head")
            connection.commit()
        finally:
            if engine.dialect.name == "postgresql":
                connection.rollback()
                connection.execute(text(f"SELECT pg_advisory_unlock({LOCK})"))
                # The connection goes back to the pool: acts wait for each other as long as they must.
                connection.execute(text("RESET lock_timeout"))
                connection.execute(text("RESET statement_timeout"))
                connection.commit()


@contextmanager
def _rebuilding(connection: Connection) -> Iterator[None]:
    """On SQLite a batch drops a table and makes it anew: foreign keys are off meanwhile, and looked at afterwards."""
    if connection.dialect.name != "sqlite":
        yield
        return
    raw = connection.connection.driver_connection
    assert raw is not None
    # Outside any transaction: within one, SQLite takes no notice of it.
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
        if broken := raw.execute("PRAGMA foreign_key_check").fetchall():
            raise MigrationsBehind(f"The migration left rows that refer to nothing: {broken[:5]}. Restore the copy.")
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def revisions(records: Records) -> tuple[str | None, str | None]:
    """The database's revision and the head's."""
    with closing(records.reading_engine.connect()) as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        return current, ScriptDirectory.from_config(configuration(connection)).get_current_head()


def require_head(records: Records) -> None:
    """Refuse a database that is behind or ahead.

    :raise MigrationsBehind: with what to do.
    """
    current, head = revisions(records)
    if current != head:
        raise MigrationsBehind(
            f"The database is at revision {current or 'none'}, the program at {head}. Nothing was started: "
            "run `khatam init` on a new folder, or migrate this one."
        )


def drift(records: Records) -> list[Any]:
    """What the tables in the database and those in the code do not agree on; empty: nothing."""
    with closing(records.reading_engine.connect()) as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": compared, "compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, metadata()))


def configuration(connection: Connection) -> Config:
    """Alembic's configuration, on that connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config
