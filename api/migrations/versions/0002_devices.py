# ruff: noqa: E501
"""What devices bring: evidence of their keys, unlock secrets and their release, receipts of what was shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

RESERVED = "road = 'already_held' OR seat = 'reserved' OR state NOT IN ('requested', 'approved', 'personalised')"
RESERVED_BEFORE = (
    "road = 'already_held' OR seat = 'reserved' OR state NOT IN ('requested', 'approved', 'personalised', 'delivered')"
)
DELIVERED = "road = 'already_held' OR seat <> 'none' OR state <> 'delivered'"
TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER tr_key_evidence_update BEFORE UPDATE ON key_evidence WHEN OLD.id IS NOT NEW.id OR OLD.order_id IS NOT NEW.order_id OR OLD.key_use IS NOT NEW.key_use OR OLD.spki_sha256 IS NOT NEW.spki_sha256 OR OLD.standing IS NOT NEW.standing OR OLD.station IS NOT NEW.station OR OLD.label IS NOT NEW.label OR OLD.serial IS NOT NEW.serial OR OLD.model IS NOT NEW.model OR OLD.manufacturer IS NOT NEW.manufacturer OR OLD.firmware IS NOT NEW.firmware OR OLD.hardware IS NOT NEW.hardware OR OLD.sensitive IS NOT NEW.sensitive OR OLD.extractable IS NOT NEW.extractable OR OLD.never_extractable IS NOT NEW.never_extractable OR OLD.always_sensitive IS NOT NEW.always_sensitive OR OLD.local IS NOT NEW.local OR OLD.always_authenticate IS NOT NEW.always_authenticate OR OLD.recorded_at IS NOT NEW.recorded_at BEGIN SELECT RAISE(ABORT, 'key_evidence is append-only'); END",
        "CREATE TRIGGER tr_key_evidence_delete BEFORE DELETE ON key_evidence BEGIN SELECT RAISE(ABORT, 'key_evidence is append-only'); END",
        "CREATE TRIGGER tr_unlock_secret_update BEFORE UPDATE ON unlock_secret WHEN OLD.id IS NOT NEW.id OR OLD.order_id IS NOT NEW.order_id OR OLD.kind IS NOT NEW.kind OR OLD.jwe IS NOT NEW.jwe OR OLD.sent_at IS NOT NEW.sent_at OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'unlock_secret is append-only'); END",
        "CREATE TRIGGER tr_unlock_secret_delete BEFORE DELETE ON unlock_secret BEGIN SELECT RAISE(ABORT, 'unlock_secret is append-only'); END",
        "CREATE TRIGGER tr_unlock_release_update BEFORE UPDATE ON unlock_release WHEN OLD.id IS NOT NEW.id OR OLD.order_id IS NOT NEW.order_id OR OLD.digest IS NOT NEW.digest OR OLD.requested_at IS NOT NEW.requested_at OR OLD.requested_by IS NOT NEW.requested_by OR OLD.reason IS NOT NEW.reason OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) OR (OLD.approved_at IS NOT NULL AND OLD.approved_at IS NOT NEW.approved_at) OR (OLD.approved_by IS NOT NULL AND OLD.approved_by IS NOT NEW.approved_by) OR (OLD.block_id IS NOT NULL AND OLD.block_id IS NOT NEW.block_id) OR (OLD.used_at IS NOT NULL AND OLD.used_at IS NOT NEW.used_at) BEGIN SELECT RAISE(ABORT, 'unlock_release is append-only'); END",
        "CREATE TRIGGER tr_unlock_release_delete BEFORE DELETE ON unlock_release BEGIN SELECT RAISE(ABORT, 'unlock_release is append-only'); END",
        "CREATE TRIGGER tr_display_receipt_update BEFORE UPDATE ON display_receipt WHEN OLD.id IS NOT NEW.id OR OLD.ceremony_id IS NOT NEW.ceremony_id OR OLD.manifest_sha256 IS NOT NEW.manifest_sha256 OR OLD.jws IS NOT NEW.jws OR OLD.prepared IS NOT NEW.prepared OR OLD.received_at IS NOT NEW.received_at BEGIN SELECT RAISE(ABORT, 'display_receipt is append-only'); END",
        "CREATE TRIGGER tr_display_receipt_delete BEFORE DELETE ON display_receipt BEGIN SELECT RAISE(ABORT, 'display_receipt is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION fn_key_evidence_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'key_evidence is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_key_evidence_update BEFORE UPDATE ON key_evidence FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.order_id IS DISTINCT FROM NEW.order_id OR OLD.key_use IS DISTINCT FROM NEW.key_use OR OLD.spki_sha256 IS DISTINCT FROM NEW.spki_sha256 OR OLD.standing IS DISTINCT FROM NEW.standing OR OLD.station IS DISTINCT FROM NEW.station OR OLD.label IS DISTINCT FROM NEW.label OR OLD.serial IS DISTINCT FROM NEW.serial OR OLD.model IS DISTINCT FROM NEW.model OR OLD.manufacturer IS DISTINCT FROM NEW.manufacturer OR OLD.firmware IS DISTINCT FROM NEW.firmware OR OLD.hardware IS DISTINCT FROM NEW.hardware OR OLD.sensitive IS DISTINCT FROM NEW.sensitive OR OLD.extractable IS DISTINCT FROM NEW.extractable OR OLD.never_extractable IS DISTINCT FROM NEW.never_extractable OR OLD.always_sensitive IS DISTINCT FROM NEW.always_sensitive OR OLD.local IS DISTINCT FROM NEW.local OR OLD.always_authenticate IS DISTINCT FROM NEW.always_authenticate OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at) EXECUTE FUNCTION fn_key_evidence_append_only()",
        "CREATE TRIGGER tr_key_evidence_delete BEFORE DELETE ON key_evidence FOR EACH ROW EXECUTE FUNCTION fn_key_evidence_append_only()",
        "CREATE TRIGGER tr_key_evidence_truncate BEFORE TRUNCATE ON key_evidence FOR EACH STATEMENT EXECUTE FUNCTION fn_key_evidence_append_only()",
        "CREATE FUNCTION fn_unlock_secret_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'unlock_secret is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_unlock_secret_update BEFORE UPDATE ON unlock_secret FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.order_id IS DISTINCT FROM NEW.order_id OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.jwe IS DISTINCT FROM NEW.jwe OR OLD.sent_at IS DISTINCT FROM NEW.sent_at OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_unlock_secret_append_only()",
        "CREATE TRIGGER tr_unlock_secret_delete BEFORE DELETE ON unlock_secret FOR EACH ROW EXECUTE FUNCTION fn_unlock_secret_append_only()",
        "CREATE TRIGGER tr_unlock_secret_truncate BEFORE TRUNCATE ON unlock_secret FOR EACH STATEMENT EXECUTE FUNCTION fn_unlock_secret_append_only()",
        "CREATE FUNCTION fn_unlock_release_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'unlock_release is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_unlock_release_update BEFORE UPDATE ON unlock_release FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.order_id IS DISTINCT FROM NEW.order_id OR OLD.digest IS DISTINCT FROM NEW.digest OR OLD.requested_at IS DISTINCT FROM NEW.requested_at OR OLD.requested_by IS DISTINCT FROM NEW.requested_by OR OLD.reason IS DISTINCT FROM NEW.reason OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at) OR (OLD.approved_at IS NOT NULL AND OLD.approved_at IS DISTINCT FROM NEW.approved_at) OR (OLD.approved_by IS NOT NULL AND OLD.approved_by IS DISTINCT FROM NEW.approved_by) OR (OLD.block_id IS NOT NULL AND OLD.block_id IS DISTINCT FROM NEW.block_id) OR (OLD.used_at IS NOT NULL AND OLD.used_at IS DISTINCT FROM NEW.used_at)) EXECUTE FUNCTION fn_unlock_release_append_only()",
        "CREATE TRIGGER tr_unlock_release_delete BEFORE DELETE ON unlock_release FOR EACH ROW EXECUTE FUNCTION fn_unlock_release_append_only()",
        "CREATE TRIGGER tr_unlock_release_truncate BEFORE TRUNCATE ON unlock_release FOR EACH STATEMENT EXECUTE FUNCTION fn_unlock_release_append_only()",
        "CREATE FUNCTION fn_display_receipt_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'display_receipt is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_display_receipt_update BEFORE UPDATE ON display_receipt FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.ceremony_id IS DISTINCT FROM NEW.ceremony_id OR OLD.manifest_sha256 IS DISTINCT FROM NEW.manifest_sha256 OR OLD.jws IS DISTINCT FROM NEW.jws OR OLD.prepared IS DISTINCT FROM NEW.prepared OR OLD.received_at IS DISTINCT FROM NEW.received_at) EXECUTE FUNCTION fn_display_receipt_append_only()",
        "CREATE TRIGGER tr_display_receipt_delete BEFORE DELETE ON display_receipt FOR EACH ROW EXECUTE FUNCTION fn_display_receipt_append_only()",
        "CREATE TRIGGER tr_display_receipt_truncate BEFORE TRUNCATE ON display_receipt FOR EACH STATEMENT EXECUTE FUNCTION fn_display_receipt_append_only()",
    ),
}
"""What keeps append-only tables as written, engine by engine (pki.journal.append_only, as of this revision)."""


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "display_receipt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ceremony_id", sa.Uuid(), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=False),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.Column("prepared", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ceremony_id"], ["ceremony.id"], name=op.f("fk_display_receipt_ceremony_id_ceremony")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_display_receipt")),
        sa.UniqueConstraint(
            "ceremony_id", "manifest_sha256", name=op.f("uq_display_receipt_ceremony_id_manifest_sha256")
        ),
    )
    op.create_table(
        "key_evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column(
            "key_use",
            sa.Enum(
                "signature", "authentication", name="key_use", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("spki_sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "standing",
            sa.Enum("claimed", name="standing", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("station", sa.String(length=100), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("serial", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("manufacturer", sa.String(length=100), nullable=False),
        sa.Column("firmware", sa.String(length=40), nullable=False),
        sa.Column("hardware", sa.String(length=40), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=True),
        sa.Column("extractable", sa.Boolean(), nullable=True),
        sa.Column("never_extractable", sa.Boolean(), nullable=True),
        sa.Column("always_sensitive", sa.Boolean(), nullable=True),
        sa.Column("local", sa.Boolean(), nullable=True),
        sa.Column("always_authenticate", sa.Boolean(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["key_order.id"], name=op.f("fk_key_evidence_order_id_key_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_evidence")),
    )
    with op.batch_alter_table("key_evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_key_evidence_order_id"), ["order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_key_evidence_spki_sha256"), ["spki_sha256"], unique=False)

    op.create_table(
        "unlock_release",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(length=100), nullable=True),
        sa.Column("block_id", sa.Uuid(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(approved_at IS NULL) = (approved_by IS NULL)", name=op.f("ck_unlock_release_approval")),
        sa.CheckConstraint(
            "(approved_at IS NULL) = (block_id IS NULL)", name=op.f("ck_unlock_release_approved_is_blocked")
        ),
        sa.CheckConstraint(
            "approved_by IS NULL OR approved_by <> requested_by", name=op.f("ck_unlock_release_two_persons")
        ),
        sa.CheckConstraint("used_at IS NULL OR approved_at IS NOT NULL", name=op.f("ck_unlock_release_used")),
        sa.ForeignKeyConstraint(["block_id"], ["block.id"], name=op.f("fk_unlock_release_block_id_block")),
        sa.ForeignKeyConstraint(["order_id"], ["key_order.id"], name=op.f("fk_unlock_release_order_id_key_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unlock_release")),
        sa.UniqueConstraint("digest", name=op.f("uq_unlock_release_digest")),
    )
    with op.batch_alter_table("unlock_release", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unlock_release_order_id"), ["order_id"], unique=False)
        batch_op.create_index(
            "uq_unlock_release_order_id_current",
            ["order_id"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL AND used_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL AND used_at IS NULL"),
        )

    op.create_table(
        "unlock_secret",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "so-pin", "puk", "management-key", name="kind", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("jwe", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["key_order.id"], name=op.f("fk_unlock_secret_order_id_key_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unlock_secret")),
    )
    with op.batch_alter_table("unlock_secret", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unlock_secret_order_id"), ["order_id"], unique=False)
        batch_op.create_index(
            "uq_unlock_secret_order_id_kind_current",
            ["order_id", "kind"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    with op.batch_alter_table("key_order", schema=None) as batch_op:
        batch_op.add_column(sa.Column("device_serial", sa.String(length=100), nullable=True))
        batch_op.add_column(sa.Column("approved_by", sa.String(length=100), nullable=True))
        batch_op.drop_constraint(op.f("ck_key_order_reserved_seat"), type_="check")
        batch_op.create_check_constraint(op.f("ck_key_order_reserved_seat"), RESERVED)
        batch_op.create_check_constraint(op.f("ck_key_order_delivered_seat"), DELIVERED)

    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Bring them back. Refused by the first constraint while an unlocked key waits for its acceptance."""
    with op.batch_alter_table("key_order", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_key_order_delivered_seat"), type_="check")
        batch_op.drop_constraint(op.f("ck_key_order_reserved_seat"), type_="check")
        batch_op.create_check_constraint(op.f("ck_key_order_reserved_seat"), RESERVED_BEFORE)
        batch_op.drop_column("approved_by")
        batch_op.drop_column("device_serial")

    with op.batch_alter_table("unlock_secret", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_unlock_secret_order_id_kind_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_unlock_secret_order_id"))

    op.drop_table("unlock_secret")
    with op.batch_alter_table("unlock_release", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_unlock_release_order_id_current",
            sqlite_where=sa.text("superseded_at IS NULL AND used_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL AND used_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_unlock_release_order_id"))

    op.drop_table("unlock_release")
    with op.batch_alter_table("key_evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_key_evidence_spki_sha256"))
        batch_op.drop_index(batch_op.f("ix_key_evidence_order_id"))

    op.drop_table("key_evidence")
    op.drop_table("display_receipt")
    if op.get_bind().dialect.name == "postgresql":
        for table in ("key_evidence", "unlock_secret", "unlock_release", "display_receipt"):
            op.execute(f"DROP FUNCTION fn_{table}_append_only()")
