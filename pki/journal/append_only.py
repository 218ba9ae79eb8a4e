"""Tables whose rows are only ever inserted: triggers that say no to the rest, on SQLite and PostgreSQL.

The triggers are made with the tables by `create_all`; a migration runs `append_only_statements`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Connection, FromClause, Table, event

_STATEMENTS: dict[str, list[str]] = {"sqlite": [], "postgresql": []}


def append_only(
    table: FromClause, *, frozen: Sequence[str], once: Sequence[str] = (), erasable: Sequence[str] = ()
) -> None:
    """Deny DELETE on the table, and UPDATE but for what is named.

    :param frozen: columns that never change.
    :param once: columns that go from null to a value, and never again.
    :param erasable: columns that go to null, and never back.
    """
    # THREAT: someone with the service's own database access rewrites an entry to hide an act.
    # DEFENCE: the database refuses to change or delete rows; who drops the triggers shows in the tree.
    # TEST: tests/pki/journal/test_acts.py::test_rows_stay_as_written
    made = cast("Table", table)
    name = made.name
    changed = [f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in frozen]
    changed += [f"(OLD.{column} IS NOT NULL AND OLD.{column} IS DISTINCT FROM NEW.{column})" for column in once]
    changed += [f"(NEW.{column} IS NOT NULL AND OLD.{column} IS DISTINCT FROM NEW.{column})" for column in erasable]
    condition = " OR ".join(changed)
    statements = {"sqlite": _sqlite(name, condition), "postgresql": _postgresql(name, condition)}
    for dialect, added in statements.items():
        _STATEMENTS[dialect] += added

    @event.listens_for(made, "after_create")
    def _on_create(_table: Table, connection: Connection, **_more: Any) -> None:
        for statement in statements[connection.dialect.name]:
            connection.exec_driver_sql(statement)


def append_only_statements(dialect: str) -> tuple[str, ...]:
    """The SQL that makes the triggers of all tables declared so far (their modules must be imported)."""
    return tuple(_STATEMENTS[dialect])


def _sqlite(name: str, condition: str) -> list[str]:
    # Older releases of SQLite (before 3.39) know this comparison as IS NOT only.
    condition = condition.replace("IS DISTINCT FROM", "IS NOT")
    said = f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
    return [
        f"CREATE TRIGGER tr_{name}_update BEFORE UPDATE ON {name} WHEN {condition} {said}",
        f"CREATE TRIGGER tr_{name}_delete BEFORE DELETE ON {name} {said}",
    ]


def _postgresql(name: str, condition: str) -> list[str]:
    function = (
        f"CREATE FUNCTION fn_{name}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{name} is append-only' USING ERRCODE = 'check_violation'; END $$"
    )
    refused = f"EXECUTE FUNCTION fn_{name}_append_only()"
    return [
        function,
        f"CREATE TRIGGER tr_{name}_update BEFORE UPDATE ON {name} FOR EACH ROW WHEN ({condition}) {refused}",
        f"CREATE TRIGGER tr_{name}_delete BEFORE DELETE ON {name} FOR EACH ROW {refused}",
        f"CREATE TRIGGER tr_{name}_truncate BEFORE TRUNCATE ON {name} FOR EACH STATEMENT {refused}",
    ]
