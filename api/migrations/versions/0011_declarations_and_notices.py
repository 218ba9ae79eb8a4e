"""Declarations of a register: their second officer, and when two took one back. Notices name their office."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = ("register_declaration", "powers_declaration")
FROZEN = ("id", "body_id", "complete_from", "recorded_at", "recorded_by")


def upgrade() -> None:
    """Bring the tables to this revision."""
    for table in TABLES:
        _drop_triggers(table)
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("confirmed_by", sa.String(length=100), nullable=True))
            batch_op.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
            batch_op.create_check_constraint(op.f(f"ck_{table}_two_officers"), "confirmed_by <> recorded_by")
        _make_triggers(table, frozen=(*FROZEN, "confirmed_by"), once=("withdrawn_at",))
    with op.batch_alter_table("outgoing_message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("office_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_outgoing_message_office_id_office"), "office", ["office_id"], ["id"])


def downgrade() -> None:
    """Bring them back. A declaration that was withdrawn would stand again: it is refused."""
    for table in TABLES:
        withdrawn = (
            sa.select(sa.func.count()).select_from(sa.table(table)).where(sa.column("withdrawn_at").is_not(None))
        )
        if op.get_bind().scalar(withdrawn):
            raise RuntimeError(f"{table} has rows that were withdrawn: the revision before would count them again")
    with op.batch_alter_table("outgoing_message", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_outgoing_message_office_id_office"), type_="foreignkey")
        batch_op.drop_column("office_id")
    for table in TABLES:
        _drop_triggers(table)
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(op.f(f"ck_{table}_two_officers"), type_="check")
            batch_op.drop_column("withdrawn_at")
            batch_op.drop_column("confirmed_by")
        _make_triggers(table, frozen=FROZEN)


def _drop_triggers(table: str) -> None:
    """A batch makes a table of SQLite anew, without its triggers; PostgreSQL's are dropped by hand."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER tr_{table}_update ON {table}")


def _make_triggers(table: str, *, frozen: tuple[str, ...], once: tuple[str, ...] = ()) -> None:
    """What keeps a table as written (pki.journal.append_only, as of this revision)."""
    changed = [f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in frozen]
    changed += [f"(OLD.{column} IS NOT NULL AND OLD.{column} IS DISTINCT FROM NEW.{column})" for column in once]
    condition, update = " OR ".join(changed), f"CREATE TRIGGER tr_{table}_update BEFORE UPDATE ON {table}"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"{update} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION fn_{table}_append_only()")
        return
    refused = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    op.execute(f"{update} WHEN {condition.replace('IS DISTINCT FROM', 'IS NOT')} {refused}")
    op.execute(f"CREATE TRIGGER tr_{table}_delete BEFORE DELETE ON {table} {refused}")
