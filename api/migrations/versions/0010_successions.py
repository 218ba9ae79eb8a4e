# ruff: noqa: E501
"""Councillors, and the one who replaces an absent president when no vice-president is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0007"
branch_labels = None
depends_on = None

FUNCTIONS_BEFORE = (
    "president",
    "vice_president",
    "committee_member",
    "secretary",
    "pacha",
    "pacha_assistant",
    "governor",
    "special_committee",
    "director_of_services",
)
FUNCTIONS = (*FUNCTIONS_BEFORE, "councillor")
OFFICES = ("office", "open_office", "mailbox", "elected_official")
"""Tables that say a function."""
FINDING_TRIGGER = {
    "sqlite": "CREATE TRIGGER tr_finding_update BEFORE UPDATE ON finding WHEN OLD.id IS NOT NEW.id OR OLD.kind IS NOT NEW.kind OR OLD.body_id IS NOT NEW.body_id OR OLD.office_id IS NOT NEW.office_id OR OLD.replacement_id IS NOT NEW.replacement_id OR OLD.number IS NOT NEW.number OR OLD.acts IS NOT NEW.acts OR OLD.starts_on IS NOT NEW.starts_on OR OLD.ends_on IS NOT NEW.ends_on OR OLD.deed IS NOT NEW.deed OR OLD.scan_sha256 IS NOT NEW.scan_sha256 OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR OLD.confirmed_by IS NOT NEW.confirmed_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'finding is append-only'); END",
    "postgresql": "CREATE TRIGGER tr_finding_update BEFORE UPDATE ON finding FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.office_id IS DISTINCT FROM NEW.office_id OR OLD.replacement_id IS DISTINCT FROM NEW.replacement_id OR OLD.number IS DISTINCT FROM NEW.number OR OLD.acts IS DISTINCT FROM NEW.acts OR OLD.starts_on IS DISTINCT FROM NEW.starts_on OR OLD.ends_on IS DISTINCT FROM NEW.ends_on OR OLD.deed IS DISTINCT FROM NEW.deed OR OLD.scan_sha256 IS DISTINCT FROM NEW.scan_sha256 OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR OLD.confirmed_by IS DISTINCT FROM NEW.confirmed_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_finding_append_only()",
}
FINDING_TRIGGER_BEFORE = {
    "sqlite": "CREATE TRIGGER tr_finding_update BEFORE UPDATE ON finding WHEN OLD.id IS NOT NEW.id OR OLD.kind IS NOT NEW.kind OR OLD.body_id IS NOT NEW.body_id OR OLD.office_id IS NOT NEW.office_id OR OLD.number IS NOT NEW.number OR OLD.acts IS NOT NEW.acts OR OLD.starts_on IS NOT NEW.starts_on OR OLD.ends_on IS NOT NEW.ends_on OR OLD.deed IS NOT NEW.deed OR OLD.scan_sha256 IS NOT NEW.scan_sha256 OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR OLD.confirmed_by IS NOT NEW.confirmed_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'finding is append-only'); END",
    "postgresql": "CREATE TRIGGER tr_finding_update BEFORE UPDATE ON finding FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.office_id IS DISTINCT FROM NEW.office_id OR OLD.number IS DISTINCT FROM NEW.number OR OLD.acts IS DISTINCT FROM NEW.acts OR OLD.starts_on IS DISTINCT FROM NEW.starts_on OR OLD.ends_on IS DISTINCT FROM NEW.ends_on OR OLD.deed IS DISTINCT FROM NEW.deed OR OLD.scan_sha256 IS DISTINCT FROM NEW.scan_sha256 OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR OLD.confirmed_by IS DISTINCT FROM NEW.confirmed_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_finding_append_only()",
}
"""What keeps findings as written (pki.journal.append_only, as of this revision and before)."""


def upgrade() -> None:
    """Bring the tables to this revision."""
    for table in OFFICES:
        _say_functions(table, FUNCTIONS)
    with _triggers_kept("finding", but="tr_finding_update"), op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.add_column(sa.Column("replacement_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_finding_replacement_id_office"), "office", ["replacement_id"], ["id"])
        batch_op.create_check_constraint(op.f("ck_finding_replacement"), "replacement_id IS NULL OR kind = 'absence'")
        batch_op.create_check_constraint(
            op.f("ck_finding_another"), "replacement_id IS NULL OR replacement_id <> office_id"
        )
        batch_op.create_index(op.f("ix_finding_replacement_id"), ["replacement_id"], unique=False)
    op.execute(FINDING_TRIGGER[op.get_bind().dialect.name])


def downgrade() -> None:
    """Bring them back. Refused by the first constraint once a councillor was recorded."""
    with _triggers_kept("finding", but="tr_finding_update"), op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.drop_index(op.f("ix_finding_replacement_id"))
        batch_op.drop_constraint(op.f("ck_finding_another"), type_="check")
        batch_op.drop_constraint(op.f("ck_finding_replacement"), type_="check")
        batch_op.drop_constraint(op.f("fk_finding_replacement_id_office"), type_="foreignkey")
        batch_op.drop_column("replacement_id")
    op.execute(FINDING_TRIGGER_BEFORE[op.get_bind().dialect.name])
    for table in OFFICES:
        _say_functions(table, FUNCTIONS_BEFORE)


def _say_functions(table: str, functions: tuple[str, ...]) -> None:
    name = op.f(f"ck_{table}_function")
    with _triggers_kept(table), op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(name, type_="check")
        batch_op.create_check_constraint(name, f"function IN {functions}")


@contextmanager
def _triggers_kept(table: str, *, but: str = "") -> Iterator[None]:
    """A batch makes a table of SQLite anew, without its triggers: they are put back. PostgreSQL keeps them.

    :param but: a trigger that is left out, and dropped on PostgreSQL.
    """
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        if but:
            op.execute(f"DROP TRIGGER {but} ON {table}")
        yield
        return
    asked = sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table AND name <> :but")
    kept = [row.sql for row in connection.execute(asked, {"table": table, "but": but})]
    yield
    for statement in kept:
        op.execute(statement)
