# ruff: noqa: E501
"""Alerts: one row a crossing, what officers did with them, sweeps; the notice that tells of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KINDS = (
    "seats_80",
    "seats_100",
    "expiry_90",
    "expiry_30",
    "expiry_7",
    "key_idle",
    "office_without_key",
    "key_without_office",
    "unable_to_sign",
    "without_signatory",
)
FAMILIES = "seats", "expiry", "idle", "offices", "keys", "signatories"
NOTICES_BEFORE = "delegation_given", "delegation_ended", "office_ends", "mailbox_active"
NOTICES = (*NOTICES_BEFORE, "alerts")
ORDERED = "account = 'available' AND order_id IS NOT NULL"
TABLES = "quota_alert_handling", "quota_alert", "quota_alert_sweep"
TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER tr_quota_alert_update BEFORE UPDATE ON quota_alert WHEN OLD.id IS NOT NEW.id OR OLD.kind IS NOT NEW.kind OR OLD.subject_id IS NOT NEW.subject_id OR OLD.body_id IS NOT NEW.body_id OR OLD.order_id IS NOT NEW.order_id OR OLD.office_id IS NOT NEW.office_id OR OLD.opened_at IS NOT NEW.opened_at OR (OLD.closed_at IS NOT NULL AND OLD.closed_at IS NOT NEW.closed_at) OR (OLD.told_at IS NOT NULL AND OLD.told_at IS NOT NEW.told_at) BEGIN SELECT RAISE(ABORT, 'quota_alert is append-only'); END",
        "CREATE TRIGGER tr_quota_alert_delete BEFORE DELETE ON quota_alert BEGIN SELECT RAISE(ABORT, 'quota_alert is append-only'); END",
        "CREATE TRIGGER tr_quota_alert_handling_update BEFORE UPDATE ON quota_alert_handling WHEN OLD.id IS NOT NEW.id OR OLD.alert_id IS NOT NEW.alert_id OR OLD.action IS NOT NEW.action OR OLD.until IS NOT NEW.until OR OLD.reason IS NOT NEW.reason OR OLD.at IS NOT NEW.at OR OLD.by IS NOT NEW.by BEGIN SELECT RAISE(ABORT, 'quota_alert_handling is append-only'); END",
        "CREATE TRIGGER tr_quota_alert_handling_delete BEFORE DELETE ON quota_alert_handling BEGIN SELECT RAISE(ABORT, 'quota_alert_handling is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION fn_quota_alert_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'quota_alert is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_quota_alert_update BEFORE UPDATE ON quota_alert FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.subject_id IS DISTINCT FROM NEW.subject_id OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.order_id IS DISTINCT FROM NEW.order_id OR OLD.office_id IS DISTINCT FROM NEW.office_id OR OLD.opened_at IS DISTINCT FROM NEW.opened_at OR (OLD.closed_at IS NOT NULL AND OLD.closed_at IS DISTINCT FROM NEW.closed_at) OR (OLD.told_at IS NOT NULL AND OLD.told_at IS DISTINCT FROM NEW.told_at)) EXECUTE FUNCTION fn_quota_alert_append_only()",
        "CREATE TRIGGER tr_quota_alert_delete BEFORE DELETE ON quota_alert FOR EACH ROW EXECUTE FUNCTION fn_quota_alert_append_only()",
        "CREATE TRIGGER tr_quota_alert_truncate BEFORE TRUNCATE ON quota_alert FOR EACH STATEMENT EXECUTE FUNCTION fn_quota_alert_append_only()",
        "CREATE FUNCTION fn_quota_alert_handling_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'quota_alert_handling is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_quota_alert_handling_update BEFORE UPDATE ON quota_alert_handling FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.alert_id IS DISTINCT FROM NEW.alert_id OR OLD.action IS DISTINCT FROM NEW.action OR OLD.until IS DISTINCT FROM NEW.until OR OLD.reason IS DISTINCT FROM NEW.reason OR OLD.at IS DISTINCT FROM NEW.at OR OLD.by IS DISTINCT FROM NEW.by) EXECUTE FUNCTION fn_quota_alert_handling_append_only()",
        "CREATE TRIGGER tr_quota_alert_handling_delete BEFORE DELETE ON quota_alert_handling FOR EACH ROW EXECUTE FUNCTION fn_quota_alert_handling_append_only()",
        "CREATE TRIGGER tr_quota_alert_handling_truncate BEFORE TRUNCATE ON quota_alert_handling FOR EACH STATEMENT EXECUTE FUNCTION fn_quota_alert_handling_append_only()",
    ),
}
"""What keeps append-only tables as written, engine by engine (pki.journal.append_only, as of this revision)."""


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Bring the tables to this revision."""
    _notices(NOTICES)
    op.create_table(
        "quota_alert_sweep",
        sa.Column("family", _one_of("family", *FAMILIES), nullable=False),
        sa.Column("swept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("family", name=op.f("pk_quota_alert_sweep")),
    )
    _add_alerts()
    op.create_table(
        "quota_alert_handling",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("action", _one_of("action", "assigned", "snoozed"), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.CheckConstraint(
            "(action = 'snoozed') = (until IS NOT NULL) AND (action = 'snoozed') = (reason IS NOT NULL)",
            name=op.f("ck_quota_alert_handling_snoozed"),
        ),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["quota_alert.id"], name=op.f("fk_quota_alert_handling_alert_id_quota_alert")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_alert_handling")),
    )
    op.create_index(op.f("ix_quota_alert_handling_alert_id"), "quota_alert_handling", ["alert_id"], unique=False)
    # Beside the tables of alerts: when a key was last used, and the rhythm of orders, are read from recent rows only.
    op.create_index(op.f("ix_ceremony_opened_at"), "ceremony", ["opened_at"], unique=False)
    op.create_index(
        "ix_ledger_entry_recorded_at_ordered",
        "ledger_entry",
        ["recorded_at"],
        unique=False,
        sqlite_where=sa.text(ORDERED),
        postgresql_where=sa.text(ORDERED),
    )
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Bring them back. Refused by the first constraint once a notice of alerts was written."""
    op.drop_index("ix_ledger_entry_recorded_at_ordered", table_name="ledger_entry")
    op.drop_index(op.f("ix_ceremony_opened_at"), table_name="ceremony")
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"DROP FUNCTION IF EXISTS fn_{table}_append_only()")
    _notices(NOTICES_BEFORE)


def _notices(kinds: tuple[str, ...]) -> None:
    with op.batch_alter_table("outgoing_message", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_outgoing_message_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_outgoing_message_kind"), f"kind IN {kinds}")


def _add_alerts() -> None:
    op.create_table(
        "quota_alert",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", _one_of("kind", *KINDS), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("office_id", sa.Uuid(), nullable=True),
        sa.Column("detail", sa.String(length=40), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("superseded_by", sa.Uuid(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assigned_to", sa.String(length=100), nullable=True),
        sa.Column("snoozed_until", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(kind IN ('expiry_90', 'expiry_30', 'expiry_7', 'key_idle', 'key_without_office')) = (order_id IS NOT NULL)",
            name=op.f("ck_quota_alert_order"),
        ),
        sa.CheckConstraint(
            "(kind = 'office_without_key') = (office_id IS NOT NULL)", name=op.f("ck_quota_alert_office")
        ),
        sa.CheckConstraint("subject_id = coalesce(order_id, office_id, body_id)", name=op.f("ck_quota_alert_subject")),
        sa.CheckConstraint("closed_at IS NULL OR closed_at >= opened_at", name=op.f("ck_quota_alert_closed_at")),
        sa.CheckConstraint("superseded_by IS NULL OR superseded_by <> id", name=op.f("ck_quota_alert_superseded_by")),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_quota_alert_body_id_body")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_quota_alert_office_id_office")),
        sa.ForeignKeyConstraint(["order_id"], ["key_order.id"], name=op.f("fk_quota_alert_order_id_key_order")),
        sa.ForeignKeyConstraint(
            ["superseded_by"], ["quota_alert.id"], name=op.f("fk_quota_alert_superseded_by_quota_alert")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_alert")),
    )
    op.create_index(op.f("ix_quota_alert_body_id"), "quota_alert", ["body_id"], unique=False)
    op.create_index("ix_quota_alert_opened_at", "quota_alert", ["opened_at", "id"], unique=False)
    for name, columns, unique, said in (
        ("uq_quota_alert_kind_subject_id_open", ["kind", "subject_id"], True, "closed_at IS NULL"),
        ("ix_quota_alert_untold", ["body_id"], False, "closed_at IS NULL AND told_at IS NULL"),
        ("ix_quota_alert_snoozed", ["kind", "snoozed_until"], False, "snoozed_until IS NOT NULL"),
    ):
        op.create_index(
            name, "quota_alert", columns, unique=unique, sqlite_where=sa.text(said), postgresql_where=sa.text(said)
        )
