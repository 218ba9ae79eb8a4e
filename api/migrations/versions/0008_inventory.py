# ruff: noqa: E501
"""The device inventory: stores, batches, devices, hand-overs and the chain of custody."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = ("device_custody", "device", "device_handover", "device_batch", "device_store")
TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER tr_device_store_update BEFORE UPDATE ON device_store WHEN OLD.code IS NOT NEW.code OR OLD.kind IS NOT NEW.kind OR OLD.region_code IS NOT NEW.region_code OR OLD.body_id IS NOT NEW.body_id BEGIN SELECT RAISE(ABORT, 'device_store is append-only'); END",
        "CREATE TRIGGER tr_device_store_delete BEFORE DELETE ON device_store BEGIN SELECT RAISE(ABORT, 'device_store is append-only'); END",
        "CREATE TRIGGER tr_device_batch_update BEFORE UPDATE ON device_batch WHEN OLD.id IS NOT NEW.id OR OLD.supplier IS NOT NEW.supplier OR OLD.note IS NOT NEW.note OR OLD.agreement_id IS NOT NEW.agreement_id OR OLD.manufacturer IS NOT NEW.manufacturer OR OLD.model IS NOT NEW.model OR OLD.announced IS NOT NEW.announced OR OLD.received_on IS NOT NEW.received_on OR OLD.store IS NOT NEW.store OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by BEGIN SELECT RAISE(ABORT, 'device_batch is append-only'); END",
        "CREATE TRIGGER tr_device_batch_delete BEFORE DELETE ON device_batch BEGIN SELECT RAISE(ABORT, 'device_batch is append-only'); END",
        "CREATE TRIGGER tr_device_handover_update BEFORE UPDATE ON device_handover WHEN OLD.number IS NOT NEW.number OR OLD.sender IS NOT NEW.sender OR OLD.receiver IS NOT NEW.receiver OR OLD.devices IS NOT NEW.devices OR OLD.remark IS NOT NEW.remark OR OLD.sent_on IS NOT NEW.sent_on OR OLD.sent_at IS NOT NEW.sent_at OR OLD.sent_by IS NOT NEW.sent_by OR (OLD.receipt IS NOT NULL AND OLD.receipt IS NOT NEW.receipt) OR (OLD.received_by IS NOT NULL AND OLD.received_by IS NOT NEW.received_by) OR (OLD.received_on IS NOT NULL AND OLD.received_on IS NOT NEW.received_on) OR (OLD.arrived IS NOT NULL AND OLD.arrived IS NOT NEW.arrived) OR (OLD.missing IS NOT NULL AND OLD.missing IS NOT NEW.missing) OR (OLD.refused IS NOT NULL AND OLD.refused IS NOT NEW.refused) OR (OLD.closed_at IS NOT NULL AND OLD.closed_at IS NOT NEW.closed_at) OR (OLD.closed_by IS NOT NULL AND OLD.closed_by IS NOT NEW.closed_by) BEGIN SELECT RAISE(ABORT, 'device_handover is append-only'); END",
        "CREATE TRIGGER tr_device_handover_delete BEFORE DELETE ON device_handover BEGIN SELECT RAISE(ABORT, 'device_handover is append-only'); END",
        "CREATE TRIGGER tr_device_update BEFORE UPDATE ON device WHEN OLD.id IS NOT NEW.id OR OLD.batch_id IS NOT NEW.batch_id OR OLD.manufacturer IS NOT NEW.manufacturer OR OLD.manufacturer_key IS NOT NEW.manufacturer_key OR OLD.model IS NOT NEW.model OR OLD.serial IS NOT NEW.serial OR OLD.serial_key IS NOT NEW.serial_key BEGIN SELECT RAISE(ABORT, 'device is append-only'); END",
        "CREATE TRIGGER tr_device_delete BEFORE DELETE ON device BEGIN SELECT RAISE(ABORT, 'device is append-only'); END",
        "CREATE TRIGGER tr_device_custody_update BEFORE UPDATE ON device_custody WHEN OLD.id IS NOT NEW.id OR OLD.device_id IS NOT NEW.device_id OR OLD.number IS NOT NEW.number OR OLD.step IS NOT NEW.step OR OLD.custody IS NOT NEW.custody OR OLD.condition IS NOT NEW.condition OR OLD.store IS NOT NEW.store OR OLD.holder_id IS NOT NEW.holder_id OR OLD.order_id IS NOT NEW.order_id OR OLD.promised_id IS NOT NEW.promised_id OR OLD.handover IS NOT NEW.handover OR OLD.reason IS NOT NEW.reason OR OLD.in_effect IS NOT NEW.in_effect OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by BEGIN SELECT RAISE(ABORT, 'device_custody is append-only'); END",
        "CREATE TRIGGER tr_device_custody_delete BEFORE DELETE ON device_custody BEGIN SELECT RAISE(ABORT, 'device_custody is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION fn_device_store_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'device_store is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_device_store_update BEFORE UPDATE ON device_store FOR EACH ROW WHEN (OLD.code IS DISTINCT FROM NEW.code OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.region_code IS DISTINCT FROM NEW.region_code OR OLD.body_id IS DISTINCT FROM NEW.body_id) EXECUTE FUNCTION fn_device_store_append_only()",
        "CREATE TRIGGER tr_device_store_delete BEFORE DELETE ON device_store FOR EACH ROW EXECUTE FUNCTION fn_device_store_append_only()",
        "CREATE TRIGGER tr_device_store_truncate BEFORE TRUNCATE ON device_store FOR EACH STATEMENT EXECUTE FUNCTION fn_device_store_append_only()",
        "CREATE FUNCTION fn_device_batch_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'device_batch is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_device_batch_update BEFORE UPDATE ON device_batch FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.supplier IS DISTINCT FROM NEW.supplier OR OLD.note IS DISTINCT FROM NEW.note OR OLD.agreement_id IS DISTINCT FROM NEW.agreement_id OR OLD.manufacturer IS DISTINCT FROM NEW.manufacturer OR OLD.model IS DISTINCT FROM NEW.model OR OLD.announced IS DISTINCT FROM NEW.announced OR OLD.received_on IS DISTINCT FROM NEW.received_on OR OLD.store IS DISTINCT FROM NEW.store OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by) EXECUTE FUNCTION fn_device_batch_append_only()",
        "CREATE TRIGGER tr_device_batch_delete BEFORE DELETE ON device_batch FOR EACH ROW EXECUTE FUNCTION fn_device_batch_append_only()",
        "CREATE TRIGGER tr_device_batch_truncate BEFORE TRUNCATE ON device_batch FOR EACH STATEMENT EXECUTE FUNCTION fn_device_batch_append_only()",
        "CREATE FUNCTION fn_device_handover_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'device_handover is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_device_handover_update BEFORE UPDATE ON device_handover FOR EACH ROW WHEN (OLD.number IS DISTINCT FROM NEW.number OR OLD.sender IS DISTINCT FROM NEW.sender OR OLD.receiver IS DISTINCT FROM NEW.receiver OR OLD.devices IS DISTINCT FROM NEW.devices OR OLD.remark IS DISTINCT FROM NEW.remark OR OLD.sent_on IS DISTINCT FROM NEW.sent_on OR OLD.sent_at IS DISTINCT FROM NEW.sent_at OR OLD.sent_by IS DISTINCT FROM NEW.sent_by OR (OLD.receipt IS NOT NULL AND OLD.receipt IS DISTINCT FROM NEW.receipt) OR (OLD.received_by IS NOT NULL AND OLD.received_by IS DISTINCT FROM NEW.received_by) OR (OLD.received_on IS NOT NULL AND OLD.received_on IS DISTINCT FROM NEW.received_on) OR (OLD.arrived IS NOT NULL AND OLD.arrived IS DISTINCT FROM NEW.arrived) OR (OLD.missing IS NOT NULL AND OLD.missing IS DISTINCT FROM NEW.missing) OR (OLD.refused IS NOT NULL AND OLD.refused IS DISTINCT FROM NEW.refused) OR (OLD.closed_at IS NOT NULL AND OLD.closed_at IS DISTINCT FROM NEW.closed_at) OR (OLD.closed_by IS NOT NULL AND OLD.closed_by IS DISTINCT FROM NEW.closed_by)) EXECUTE FUNCTION fn_device_handover_append_only()",
        "CREATE TRIGGER tr_device_handover_delete BEFORE DELETE ON device_handover FOR EACH ROW EXECUTE FUNCTION fn_device_handover_append_only()",
        "CREATE TRIGGER tr_device_handover_truncate BEFORE TRUNCATE ON device_handover FOR EACH STATEMENT EXECUTE FUNCTION fn_device_handover_append_only()",
        "CREATE FUNCTION fn_device_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'device is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_device_update BEFORE UPDATE ON device FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.batch_id IS DISTINCT FROM NEW.batch_id OR OLD.manufacturer IS DISTINCT FROM NEW.manufacturer OR OLD.manufacturer_key IS DISTINCT FROM NEW.manufacturer_key OR OLD.model IS DISTINCT FROM NEW.model OR OLD.serial IS DISTINCT FROM NEW.serial OR OLD.serial_key IS DISTINCT FROM NEW.serial_key) EXECUTE FUNCTION fn_device_append_only()",
        "CREATE TRIGGER tr_device_delete BEFORE DELETE ON device FOR EACH ROW EXECUTE FUNCTION fn_device_append_only()",
        "CREATE TRIGGER tr_device_truncate BEFORE TRUNCATE ON device FOR EACH STATEMENT EXECUTE FUNCTION fn_device_append_only()",
        "CREATE FUNCTION fn_device_custody_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'device_custody is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_device_custody_update BEFORE UPDATE ON device_custody FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.device_id IS DISTINCT FROM NEW.device_id OR OLD.number IS DISTINCT FROM NEW.number OR OLD.step IS DISTINCT FROM NEW.step OR OLD.custody IS DISTINCT FROM NEW.custody OR OLD.condition IS DISTINCT FROM NEW.condition OR OLD.store IS DISTINCT FROM NEW.store OR OLD.holder_id IS DISTINCT FROM NEW.holder_id OR OLD.order_id IS DISTINCT FROM NEW.order_id OR OLD.promised_id IS DISTINCT FROM NEW.promised_id OR OLD.handover IS DISTINCT FROM NEW.handover OR OLD.reason IS DISTINCT FROM NEW.reason OR OLD.in_effect IS DISTINCT FROM NEW.in_effect OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by) EXECUTE FUNCTION fn_device_custody_append_only()",
        "CREATE TRIGGER tr_device_custody_delete BEFORE DELETE ON device_custody FOR EACH ROW EXECUTE FUNCTION fn_device_custody_append_only()",
        "CREATE TRIGGER tr_device_custody_truncate BEFORE TRUNCATE ON device_custody FOR EACH STATEMENT EXECUTE FUNCTION fn_device_custody_append_only()",
    ),
}
"""What keeps append-only tables as written, engine by engine (pki.journal.append_only, as of this revision)."""
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Bring the tables to this revision."""
    _add_stores()
    _add_batches()
    _add_handovers()
    _add_devices()
    _add_chain()
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Bring them back: the inventory is gone."""
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"DROP FUNCTION IF EXISTS fn_{table}_append_only()")


def _add_stores() -> None:
    op.create_table(
        "device_store",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("kind", _one_of("store_kind", "centre", "region", "body"), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=True),
        sa.Column("body_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(kind = 'body') = (body_id IS NOT NULL)", name=op.f("ck_device_store_body")),
        sa.CheckConstraint("(kind = 'region') = (region_code IS NOT NULL)", name=op.f("ck_device_store_region")),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_device_store_body_id_body")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_device_store_region_code_region")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_device_store")),
        sa.UniqueConstraint("body_id", name=op.f("uq_device_store_body_id")),
        sa.UniqueConstraint("region_code", name=op.f("uq_device_store_region_code")),
    )


def _add_batches() -> None:
    op.create_table(
        "device_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("supplier", sa.String(length=200), nullable=False),
        sa.Column("note", sa.String(length=100), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=True),
        sa.Column("manufacturer", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("announced", sa.Integer(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.CheckConstraint("announced >= 1", name=op.f("ck_device_batch_announced")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_device_batch_agreement_id_agreement")
        ),
        sa.ForeignKeyConstraint(["store"], ["device_store.code"], name=op.f("fk_device_batch_store_device_store")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_batch")),
        sa.UniqueConstraint("supplier", "note", name=op.f("uq_device_batch_supplier_note")),
    )


def _add_handovers() -> None:
    op.create_table(
        "device_handover",
        sa.Column("number", _BIG, autoincrement=True, nullable=False),
        sa.Column("sender", sa.String(length=40), nullable=False),
        sa.Column("receiver", sa.String(length=40), nullable=False),
        sa.Column("devices", sa.Integer(), nullable=False),
        sa.Column("remark", sa.String(length=300), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_by", sa.String(length=100), nullable=False),
        sa.Column("receipt", sa.String(length=100), nullable=True),
        sa.Column("received_by", sa.String(length=200), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("arrived", sa.Integer(), nullable=True),
        sa.Column("missing", sa.Integer(), nullable=True),
        sa.Column("refused", sa.Integer(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=100), nullable=True),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (receipt IS NULL) AND (closed_at IS NULL) = (closed_by IS NULL) AND (closed_at IS NULL) = (received_by IS NULL) AND (closed_at IS NULL) = (received_on IS NULL) AND (closed_at IS NULL) = (arrived IS NULL) AND (closed_at IS NULL) = (missing IS NULL) AND (closed_at IS NULL) = (refused IS NULL)",
            name=op.f("ck_device_handover_receipt"),
        ),
        sa.CheckConstraint("arrived + missing + refused = devices", name=op.f("ck_device_handover_each_once")),
        sa.CheckConstraint(
            "arrived >= 0 AND missing >= 0 AND refused >= 0", name=op.f("ck_device_handover_not_negative")
        ),
        sa.CheckConstraint("closed_by <> sent_by", name=op.f("ck_device_handover_two_officers")),
        sa.CheckConstraint("devices >= 1", name=op.f("ck_device_handover_devices")),
        sa.CheckConstraint("received_on >= sent_on", name=op.f("ck_device_handover_received_on")),
        sa.CheckConstraint("sender <> receiver", name=op.f("ck_device_handover_two_stores")),
        sa.ForeignKeyConstraint(
            ["receiver"], ["device_store.code"], name=op.f("fk_device_handover_receiver_device_store")
        ),
        sa.ForeignKeyConstraint(["sender"], ["device_store.code"], name=op.f("fk_device_handover_sender_device_store")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_device_handover")),
    )
    op.create_index(op.f("ix_device_handover_receiver"), "device_handover", ["receiver"], unique=False)
    op.create_index(op.f("ix_device_handover_sender"), "device_handover", ["sender"], unique=False)


def _add_devices() -> None:
    op.create_table(
        "device",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("manufacturer", sa.String(length=100), nullable=False),
        sa.Column("manufacturer_key", sa.String(length=200), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("serial", sa.String(length=100), nullable=False),
        sa.Column("serial_key", sa.String(length=100), nullable=False),
        sa.Column(
            "custody", _one_of("custody", "store", "transit", "holder", "supplier", "lost", "destroyed"), nullable=False
        ),
        sa.Column("condition", _one_of("condition", "sound", "used", "defective"), nullable=False),
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("promised_id", sa.Uuid(), nullable=True),
        sa.Column("handover", _BIG, nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.CheckConstraint("(custody = 'holder') = (holder_id IS NOT NULL)", name=op.f("ck_device_holder")),
        sa.CheckConstraint("(custody = 'transit') = (handover IS NOT NULL)", name=op.f("ck_device_handover")),
        sa.CheckConstraint(
            "custody <> 'holder' OR (order_id IS NOT NULL AND condition = 'sound')", name=op.f("ck_device_held")
        ),
        sa.CheckConstraint("order_id IS NULL OR custody IN ('holder', 'lost')", name=op.f("ck_device_key")),
        sa.CheckConstraint(
            "promised_id IS NULL OR (custody IN ('store', 'transit', 'holder') AND condition = 'sound')",
            name=op.f("ck_device_promised"),
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_device_number")),
        sa.ForeignKeyConstraint(["batch_id"], ["device_batch.id"], name=op.f("fk_device_batch_id_device_batch")),
        sa.ForeignKeyConstraint(
            ["handover"], ["device_handover.number"], name=op.f("fk_device_handover_device_handover")
        ),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.id"], name=op.f("fk_device_holder_id_holder")),
        sa.ForeignKeyConstraint(["order_id"], ["key_order.id"], name=op.f("fk_device_order_id_key_order")),
        sa.ForeignKeyConstraint(["promised_id"], ["key_order.id"], name=op.f("fk_device_promised_id_key_order")),
        sa.ForeignKeyConstraint(["store"], ["device_store.code"], name=op.f("fk_device_store_device_store")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("manufacturer_key", "serial_key", name=op.f("uq_device_manufacturer_key_serial_key")),
        sa.UniqueConstraint("order_id", name=op.f("uq_device_order_id")),
        sa.UniqueConstraint("promised_id", name=op.f("uq_device_promised_id")),
    )
    op.create_index(op.f("ix_device_batch_id"), "device", ["batch_id"], unique=False)
    op.create_index(op.f("ix_device_handover"), "device", ["handover"], unique=False)
    op.create_index(op.f("ix_device_serial_key"), "device", ["serial_key"], unique=False)
    op.create_index(op.f("ix_device_store"), "device", ["store"], unique=False)


def _add_chain() -> None:
    op.create_table(
        "device_custody",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "step",
            _one_of(
                "custody_step",
                "receive",
                "send",
                "arrive",
                "refuse",
                "miss",
                "promise",
                "release",
                "deliver",
                "take-back",
                "initialise",
                "fail",
                "lose",
                "find",
                "to-supplier",
                "from-supplier",
                "destroy",
            ),
            nullable=False,
        ),
        sa.Column(
            "custody", _one_of("custody", "store", "transit", "holder", "supplier", "lost", "destroyed"), nullable=False
        ),
        sa.Column("condition", _one_of("condition", "sound", "used", "defective"), nullable=False),
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("promised_id", sa.Uuid(), nullable=True),
        sa.Column("handover", _BIG, nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("in_effect", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_device_custody_number")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_custody_device_id_device")),
        sa.ForeignKeyConstraint(
            ["handover"], ["device_handover.number"], name=op.f("fk_device_custody_handover_device_handover")
        ),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.id"], name=op.f("fk_device_custody_holder_id_holder")),
        sa.ForeignKeyConstraint(["order_id"], ["key_order.id"], name=op.f("fk_device_custody_order_id_key_order")),
        sa.ForeignKeyConstraint(
            ["promised_id"], ["key_order.id"], name=op.f("fk_device_custody_promised_id_key_order")
        ),
        sa.ForeignKeyConstraint(["store"], ["device_store.code"], name=op.f("fk_device_custody_store_device_store")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_custody")),
        sa.UniqueConstraint("device_id", "number", name=op.f("uq_device_custody_device_id_number")),
    )
    op.create_index(op.f("ix_device_custody_handover"), "device_custody", ["handover"], unique=False)
