# ruff: noqa: E501
"""Who comes after: councillors in an absent president's place, amended tier tables, agreements that others take over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
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
TABLES = ("agreement_succession", "tier_amendment", "deed_scan")
FINDING_TRIGGER = {
    "sqlite": "CREATE TRIGGER tr_finding_update BEFORE UPDATE ON finding WHEN OLD.id IS NOT NEW.id OR OLD.kind IS NOT NEW.kind OR OLD.body_id IS NOT NEW.body_id OR OLD.office_id IS NOT NEW.office_id OR OLD.replacement_id IS NOT NEW.replacement_id OR OLD.number IS NOT NEW.number OR OLD.acts IS NOT NEW.acts OR OLD.starts_on IS NOT NEW.starts_on OR OLD.ends_on IS NOT NEW.ends_on OR OLD.deed IS NOT NEW.deed OR OLD.scan_sha256 IS NOT NEW.scan_sha256 OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR OLD.confirmed_by IS NOT NEW.confirmed_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'finding is append-only'); END",
    "postgresql": "CREATE TRIGGER tr_finding_update BEFORE UPDATE ON finding FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.office_id IS DISTINCT FROM NEW.office_id OR OLD.replacement_id IS DISTINCT FROM NEW.replacement_id OR OLD.number IS DISTINCT FROM NEW.number OR OLD.acts IS DISTINCT FROM NEW.acts OR OLD.starts_on IS DISTINCT FROM NEW.starts_on OR OLD.ends_on IS DISTINCT FROM NEW.ends_on OR OLD.deed IS DISTINCT FROM NEW.deed OR OLD.scan_sha256 IS DISTINCT FROM NEW.scan_sha256 OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR OLD.confirmed_by IS DISTINCT FROM NEW.confirmed_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_finding_append_only()",
}
FINDING_TRIGGER_BEFORE = {
    "sqlite": "CREATE TRIGGER tr_finding_update BEFORE UPDATE ON finding WHEN OLD.id IS NOT NEW.id OR OLD.kind IS NOT NEW.kind OR OLD.body_id IS NOT NEW.body_id OR OLD.office_id IS NOT NEW.office_id OR OLD.number IS NOT NEW.number OR OLD.acts IS NOT NEW.acts OR OLD.starts_on IS NOT NEW.starts_on OR OLD.ends_on IS NOT NEW.ends_on OR OLD.deed IS NOT NEW.deed OR OLD.scan_sha256 IS NOT NEW.scan_sha256 OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR OLD.confirmed_by IS NOT NEW.confirmed_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'finding is append-only'); END",
    "postgresql": "CREATE TRIGGER tr_finding_update BEFORE UPDATE ON finding FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.office_id IS DISTINCT FROM NEW.office_id OR OLD.number IS DISTINCT FROM NEW.number OR OLD.acts IS DISTINCT FROM NEW.acts OR OLD.starts_on IS DISTINCT FROM NEW.starts_on OR OLD.ends_on IS DISTINCT FROM NEW.ends_on OR OLD.deed IS DISTINCT FROM NEW.deed OR OLD.scan_sha256 IS DISTINCT FROM NEW.scan_sha256 OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR OLD.confirmed_by IS DISTINCT FROM NEW.confirmed_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_finding_append_only()",
}
"""What keeps findings as written (pki.journal.append_only, as of this revision and before)."""
TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER tr_deed_scan_update BEFORE UPDATE ON deed_scan WHEN OLD.body_id IS NOT NEW.body_id OR OLD.sha256 IS NOT NEW.sha256 OR OLD.media_type IS NOT NEW.media_type OR OLD.size_bytes IS NOT NEW.size_bytes OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by BEGIN SELECT RAISE(ABORT, 'deed_scan is append-only'); END",
        "CREATE TRIGGER tr_deed_scan_delete BEFORE DELETE ON deed_scan BEGIN SELECT RAISE(ABORT, 'deed_scan is append-only'); END",
        "CREATE TRIGGER tr_tier_amendment_update BEFORE UPDATE ON tier_amendment WHEN OLD.id IS NOT NEW.id OR OLD.agreement_id IS NOT NEW.agreement_id OR OLD.number IS NOT NEW.number OR OLD.tiers IS NOT NEW.tiers OR OLD.in_effect IS NOT NEW.in_effect OR OLD.digest IS NOT NEW.digest OR OLD.proposed_at IS NOT NEW.proposed_at OR OLD.proposed_by IS NOT NEW.proposed_by OR (OLD.applied_at IS NOT NULL AND OLD.applied_at IS NOT NEW.applied_at) OR (OLD.applied_by IS NOT NULL AND OLD.applied_by IS NOT NEW.applied_by) OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'tier_amendment is append-only'); END",
        "CREATE TRIGGER tr_tier_amendment_delete BEFORE DELETE ON tier_amendment BEGIN SELECT RAISE(ABORT, 'tier_amendment is append-only'); END",
        "CREATE TRIGGER tr_agreement_succession_update BEFORE UPDATE ON agreement_succession WHEN OLD.id IS NOT NEW.id OR OLD.agreement_id IS NOT NEW.agreement_id OR OLD.successor_id IS NOT NEW.successor_id OR OLD.purchases_carried IS NOT NEW.purchases_carried OR OLD.in_effect IS NOT NEW.in_effect OR OLD.digest IS NOT NEW.digest OR OLD.proposed_at IS NOT NEW.proposed_at OR OLD.proposed_by IS NOT NEW.proposed_by OR (OLD.applied_at IS NOT NULL AND OLD.applied_at IS NOT NEW.applied_at) OR (OLD.applied_by IS NOT NULL AND OLD.applied_by IS NOT NEW.applied_by) OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'agreement_succession is append-only'); END",
        "CREATE TRIGGER tr_agreement_succession_delete BEFORE DELETE ON agreement_succession BEGIN SELECT RAISE(ABORT, 'agreement_succession is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION fn_deed_scan_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'deed_scan is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_deed_scan_update BEFORE UPDATE ON deed_scan FOR EACH ROW WHEN (OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.sha256 IS DISTINCT FROM NEW.sha256 OR OLD.media_type IS DISTINCT FROM NEW.media_type OR OLD.size_bytes IS DISTINCT FROM NEW.size_bytes OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by) EXECUTE FUNCTION fn_deed_scan_append_only()",
        "CREATE TRIGGER tr_deed_scan_delete BEFORE DELETE ON deed_scan FOR EACH ROW EXECUTE FUNCTION fn_deed_scan_append_only()",
        "CREATE TRIGGER tr_deed_scan_truncate BEFORE TRUNCATE ON deed_scan FOR EACH STATEMENT EXECUTE FUNCTION fn_deed_scan_append_only()",
        "CREATE FUNCTION fn_tier_amendment_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'tier_amendment is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_tier_amendment_update BEFORE UPDATE ON tier_amendment FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.agreement_id IS DISTINCT FROM NEW.agreement_id OR OLD.number IS DISTINCT FROM NEW.number OR OLD.tiers IS DISTINCT FROM NEW.tiers OR OLD.in_effect IS DISTINCT FROM NEW.in_effect OR OLD.digest IS DISTINCT FROM NEW.digest OR OLD.proposed_at IS DISTINCT FROM NEW.proposed_at OR OLD.proposed_by IS DISTINCT FROM NEW.proposed_by OR (OLD.applied_at IS NOT NULL AND OLD.applied_at IS DISTINCT FROM NEW.applied_at) OR (OLD.applied_by IS NOT NULL AND OLD.applied_by IS DISTINCT FROM NEW.applied_by) OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_tier_amendment_append_only()",
        "CREATE TRIGGER tr_tier_amendment_delete BEFORE DELETE ON tier_amendment FOR EACH ROW EXECUTE FUNCTION fn_tier_amendment_append_only()",
        "CREATE TRIGGER tr_tier_amendment_truncate BEFORE TRUNCATE ON tier_amendment FOR EACH STATEMENT EXECUTE FUNCTION fn_tier_amendment_append_only()",
        "CREATE FUNCTION fn_agreement_succession_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'agreement_succession is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_agreement_succession_update BEFORE UPDATE ON agreement_succession FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.agreement_id IS DISTINCT FROM NEW.agreement_id OR OLD.successor_id IS DISTINCT FROM NEW.successor_id OR OLD.purchases_carried IS DISTINCT FROM NEW.purchases_carried OR OLD.in_effect IS DISTINCT FROM NEW.in_effect OR OLD.digest IS DISTINCT FROM NEW.digest OR OLD.proposed_at IS DISTINCT FROM NEW.proposed_at OR OLD.proposed_by IS DISTINCT FROM NEW.proposed_by OR (OLD.applied_at IS NOT NULL AND OLD.applied_at IS DISTINCT FROM NEW.applied_at) OR (OLD.applied_by IS NOT NULL AND OLD.applied_by IS DISTINCT FROM NEW.applied_by) OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_agreement_succession_append_only()",
        "CREATE TRIGGER tr_agreement_succession_delete BEFORE DELETE ON agreement_succession FOR EACH ROW EXECUTE FUNCTION fn_agreement_succession_append_only()",
        "CREATE TRIGGER tr_agreement_succession_truncate BEFORE TRUNCATE ON agreement_succession FOR EACH STATEMENT EXECUTE FUNCTION fn_agreement_succession_append_only()",
    ),
}
"""What keeps the new tables as written, engine by engine."""


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
    _add_tier_amendments()
    _add_successions()
    _add_scans()
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Bring them back. Refused by the first constraint once a councillor was recorded, or a tier table amended."""
    with op.batch_alter_table("tier", schema=None) as batch_op:
        batch_op.drop_index("uq_tier_agreement_id_kind_population_from_signed")
        batch_op.drop_constraint(op.f("uq_tier_amendment_id_kind_population_from"), type_="unique")
        batch_op.drop_constraint(op.f("fk_tier_amendment_id_tier_amendment"), type_="foreignkey")
        batch_op.drop_column("amendment_id")
        batch_op.create_unique_constraint(
            op.f("uq_tier_agreement_id_kind_population_from"), ["agreement_id", "kind", "population_from"]
        )
    for table in TABLES:
        op.drop_table(table)
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"DROP FUNCTION IF EXISTS fn_{table}_append_only()")
    with _triggers_kept("finding", but="tr_finding_update"), op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.drop_index(op.f("ix_finding_replacement_id"))
        batch_op.drop_constraint(op.f("ck_finding_another"), type_="check")
        batch_op.drop_constraint(op.f("ck_finding_replacement"), type_="check")
        batch_op.drop_constraint(op.f("fk_finding_replacement_id_office"), type_="foreignkey")
        batch_op.drop_column("replacement_id")
    op.execute(FINDING_TRIGGER_BEFORE[op.get_bind().dialect.name])
    for table in OFFICES:
        _say_functions(table, FUNCTIONS_BEFORE)


def _add_tier_amendments() -> None:
    op.create_table(
        "tier_amendment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("tiers", sa.Text(), nullable=False),
        *_proposed_and_applied("tier_amendment"),
    )
    op.create_index(op.f("ix_tier_amendment_agreement_id"), "tier_amendment", ["agreement_id"], unique=False)
    _one_waits("tier_amendment")
    with op.batch_alter_table("tier", schema=None) as batch_op:
        batch_op.add_column(sa.Column("amendment_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_tier_amendment_id_tier_amendment"), "tier_amendment", ["amendment_id"], ["id"]
        )
        batch_op.drop_constraint(op.f("uq_tier_agreement_id_kind_population_from"), type_="unique")
        batch_op.create_unique_constraint(
            op.f("uq_tier_amendment_id_kind_population_from"), ["amendment_id", "kind", "population_from"]
        )
        batch_op.create_index(
            "uq_tier_agreement_id_kind_population_from_signed",
            ["agreement_id", "kind", "population_from"],
            unique=True,
            sqlite_where=sa.text("amendment_id IS NULL"),
            postgresql_where=sa.text("amendment_id IS NULL"),
        )


def _add_successions() -> None:
    table = "agreement_succession"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("successor_id", sa.Uuid(), nullable=False),
        sa.Column("purchases_carried", sa.Integer(), nullable=False),
        *_proposed_and_applied(table),
        sa.CheckConstraint("agreement_id <> successor_id", name=op.f("ck_agreement_succession_two_agreements")),
        sa.CheckConstraint("purchases_carried >= 0", name=op.f("ck_agreement_succession_purchases_carried")),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["agreement.id"], name=op.f("fk_agreement_succession_successor_id_agreement")
        ),
    )
    op.create_index(op.f("ix_agreement_succession_agreement_id"), table, ["agreement_id"], unique=False)
    op.create_index(op.f("ix_agreement_succession_successor_id"), table, ["successor_id"], unique=False)
    _one_waits(table)
    op.create_index(
        "uq_agreement_succession_agreement_id_applied",
        table,
        ["agreement_id"],
        unique=True,
        sqlite_where=sa.text("applied_at IS NOT NULL"),
        postgresql_where=sa.text("applied_at IS NOT NULL"),
    )


def _add_scans() -> None:
    op.create_table(
        "deed_scan",
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_deed_scan_size_bytes")),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_deed_scan_body_id_body")),
        sa.PrimaryKeyConstraint("body_id", "sha256", name=op.f("pk_deed_scan")),
    )


def _proposed_and_applied(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("in_effect", sa.Date(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.String(length=100), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_by", sa.String(length=100), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(applied_at IS NULL) = (applied_by IS NULL)", name=op.f(f"ck_{table}_applied")),
        sa.CheckConstraint("applied_by IS NULL OR applied_by <> proposed_by", name=op.f(f"ck_{table}_two_persons")),
        sa.CheckConstraint("superseded_at IS NULL OR applied_at IS NULL", name=op.f(f"ck_{table}_superseded")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f(f"fk_{table}_agreement_id_agreement")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _one_waits(table: str) -> None:
    waiting = "superseded_at IS NULL AND applied_at IS NULL"
    op.create_index(
        f"uq_{table}_agreement_id_waiting",
        table,
        ["agreement_id"],
        unique=True,
        sqlite_where=sa.text(waiting),
        postgresql_where=sa.text(waiting),
    )


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
