"""The migrations make exactly the tables, constraints and triggers that the code declares, on both engines."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from api.jobs.later import make_queue_tables
from api.jobs.names import DBOS_TABLES
from api.migrations.history import MigrationsBehind, drift, metadata, require_head, revisions, upgrade
from pki.records import Records

SQLITE_TRIGGERS = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
POSTGRESQL_TRIGGERS = text(
    "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname"
)


def triggers(records: Records) -> list[tuple[str, str]]:
    sqlite = records.reading_engine.dialect.name == "sqlite"
    with records.reading() as session:
        rows = session.execute(SQLITE_TRIGGERS if sqlite else POSTGRESQL_TRIGGERS)
        return [(name, " ".join(said.split())) for name, said in rows]


def constraints(records: Records) -> dict[str, list[str]]:
    """Every named CHECK by table: Alembic does not compare these."""
    look = inspect(records.reading_engine)
    return {
        table: sorted(str(check["name"]) for check in look.get_check_constraints(table))
        for table in look.get_table_names()
        if table != "alembic_version" and table not in DBOS_TABLES
    }


def test_migrated_equals_declared(empty: Records) -> None:
    upgrade(empty)
    assert drift(empty) == []
    assert revisions(empty)[0] == revisions(empty)[1] is not None
    require_head(empty)


def test_migrated_has_the_declared_checks_and_triggers(empty: Records, url: str, tmp_path: Path) -> None:
    upgrade(empty)
    migrated_checks, migrated_triggers = constraints(empty), triggers(empty)
    if url.startswith("sqlite"):
        declared = Records.open(f"sqlite+pysqlite:///{tmp_path}/declared.sqlite")
    else:
        with empty.writing() as session:
            session.execute(text("DROP SCHEMA public CASCADE"))
            session.execute(text("CREATE SCHEMA public"))
        declared = empty
    metadata().create_all(declared.writing_engine)
    assert migrated_checks == constraints(declared)
    assert migrated_triggers == triggers(declared)
    declared.close()


def test_the_queues_tables_are_left_alone(empty: Records, url: str) -> None:
    upgrade(empty)
    make_queue_tables(url)
    assert drift(empty) == []
    upgrade(empty)
    assert not DBOS_TABLES & metadata().tables.keys()


def test_an_empty_database_is_behind(empty: Records) -> None:
    with pytest.raises(MigrationsBehind, match="revision none"):
        require_head(empty)


def test_two_migrations_at_once_make_one_history(empty: Records, url: str) -> None:
    program = (
        "import sys\nfrom api.migrations.history import upgrade\nfrom pki.records import Records\n"
        "upgrade(Records.open(sys.argv[1]))"
    )
    children = [subprocess.Popen([sys.executable, "-c", program, url]) for _ in range(2)]
    assert [child.wait(timeout=60) for child in children] == [0, 0]
    require_head(empty)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_the_limits_of_a_migration_end_with_it(empty: Records) -> None:
    upgrade(empty)
    with empty.writing() as session:
        limits = [session.execute(text(f"SHOW {name}")).scalar_one() for name in ("lock_timeout", "statement_timeout")]
    assert limits == ["0", "0"]
