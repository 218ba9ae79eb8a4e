"""How the journal names an order, as an expression: rows of orders joined to their events."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from pki.quota.tables import KeyOrder


def order_subject() -> ColumnElement[str]:
    """The subject of an order's events, for a row of `KeyOrder`; the index on subjects is of use."""
    return _SubjectOf(KeyOrder.id)


class _SubjectOf(FunctionElement[str]):
    """`order:` and an order's id as the journal spells it, so that the index on subjects is of use."""

    type = String()
    inherit_cache = True


@compiles(_SubjectOf)
def _spelled(element: _SubjectOf, compiler: SQLCompiler, **more: Any) -> str:
    """PostgreSQL knows ids and spells them with hyphens."""
    return f"'order:' || CAST({compiler.process(element.clauses, **more)} AS VARCHAR)"


@compiles(_SubjectOf, "sqlite")
def _spelled_by_sqlite(element: _SubjectOf, compiler: SQLCompiler, **more: Any) -> str:
    """SQLite keeps 32 digits and no hyphens."""
    column = compiler.process(element.clauses, **more)
    parts = (f"substr({column}, {start}, {length})" for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12)))
    return "'order:' || " + " || '-' || ".join(parts)
