# ruff: noqa: E501
"""Elections: plans, officials, councils; keys that replace others, and the revocations that are owed for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATES = "requested", "approved", "personalised", "delivered", "active", "blocked", "revoked", "expired", "returned"
STATE = f"state IN {(*STATES, 'replaced', 'cancelled')}"
STATE_BEFORE = f"state IN {(*STATES, 'cancelled')}"
SEAT = "seat IN ('none', 'awaited', 'reserved', 'live')"
SEAT_BEFORE = "seat IN ('none', 'reserved', 'live')"
RESERVED = (
    "road = 'already_held' OR seat IN ('reserved', 'awaited') OR state NOT IN ('requested', 'approved', 'personalised')"
)
RESERVED_BEFORE = "road = 'already_held' OR seat = 'reserved' OR state NOT IN ('requested', 'approved', 'personalised')"
FREED = "seat = 'none' OR state NOT IN ('revoked', 'expired', 'returned', 'replaced', 'cancelled')"
FREED_BEFORE = "seat = 'none' OR state NOT IN ('revoked', 'expired', 'returned', 'cancelled')"
CHANGED = (
    ("state", STATE, STATE_BEFORE),
    ("seat", SEAT, SEAT_BEFORE),
    ("reserved_seat", RESERVED, RESERVED_BEFORE),
    ("freed_seat", FREED, FREED_BEFORE),
)
ADDED = (
    ("awaited_seat", "seat <> 'awaited' OR replaces_id IS NOT NULL"),
    ("replaces", "replaces_id IS NULL OR replaces_id <> id"),
)
TABLES = (
    "election_seated_official",
    "election_frozen_office",
    "election_council",
    "elected_official",
    "election_plan",
    "due_revocation",
)
TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER tr_due_revocation_update BEFORE UPDATE ON due_revocation WHEN OLD.order_id IS NOT NEW.order_id OR OLD.reason IS NOT NEW.reason OR OLD.cause IS NOT NEW.cause OR OLD.due_at IS NOT NEW.due_at OR OLD.due_by IS NOT NEW.due_by OR (OLD.done_at IS NOT NULL AND OLD.done_at IS NOT NEW.done_at) BEGIN SELECT RAISE(ABORT, 'due_revocation is append-only'); END",
        "CREATE TRIGGER tr_due_revocation_delete BEFORE DELETE ON due_revocation BEGIN SELECT RAISE(ABORT, 'due_revocation is append-only'); END",
        "CREATE TRIGGER tr_elected_official_update BEFORE UPDATE ON elected_official WHEN OLD.id IS NOT NEW.id OR OLD.plan_id IS NOT NEW.plan_id OR OLD.body_id IS NOT NEW.body_id OR OLD.function IS NOT NEW.function OR OLD.rank IS NOT NEW.rank OR OLD.place IS NOT NEW.place OR OLD.name_ar IS NOT NEW.name_ar OR OLD.name_latin IS NOT NEW.name_latin OR OLD.cin_encrypted IS NOT NEW.cin_encrypted OR OLD.cin_hash IS NOT NEW.cin_hash OR OLD.email IS NOT NEW.email OR OLD.phone IS NOT NEW.phone OR OLD.elected_on IS NOT NEW.elected_on OR OLD.deed IS NOT NEW.deed OR OLD.digest IS NOT NEW.digest OR OLD.imported_at IS NOT NEW.imported_at OR OLD.imported_by IS NOT NEW.imported_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'elected_official is append-only'); END",
        "CREATE TRIGGER tr_elected_official_delete BEFORE DELETE ON elected_official BEGIN SELECT RAISE(ABORT, 'elected_official is append-only'); END",
        "CREATE TRIGGER tr_election_council_update BEFORE UPDATE ON election_council WHEN OLD.plan_id IS NOT NEW.plan_id OR OLD.body_id IS NOT NEW.body_id OR OLD.frozen_on IS NOT NEW.frozen_on OR OLD.freeze_deed IS NOT NEW.freeze_deed OR OLD.frozen_at IS NOT NEW.frozen_at OR OLD.frozen_by IS NOT NEW.frozen_by OR (OLD.elected_on IS NOT NULL AND OLD.elected_on IS NOT NEW.elected_on) OR (OLD.deed IS NOT NULL AND OLD.deed IS NOT NEW.deed) OR (OLD.seated_at IS NOT NULL AND OLD.seated_at IS NOT NEW.seated_at) OR (OLD.seated_by IS NOT NULL AND OLD.seated_by IS NOT NEW.seated_by) BEGIN SELECT RAISE(ABORT, 'election_council is append-only'); END",
        "CREATE TRIGGER tr_election_council_delete BEFORE DELETE ON election_council BEGIN SELECT RAISE(ABORT, 'election_council is append-only'); END",
        "CREATE TRIGGER tr_election_frozen_office_update BEFORE UPDATE ON election_frozen_office WHEN OLD.office_id IS NOT NEW.office_id OR OLD.plan_id IS NOT NEW.plan_id OR OLD.body_id IS NOT NEW.body_id BEGIN SELECT RAISE(ABORT, 'election_frozen_office is append-only'); END",
        "CREATE TRIGGER tr_election_frozen_office_delete BEFORE DELETE ON election_frozen_office BEGIN SELECT RAISE(ABORT, 'election_frozen_office is append-only'); END",
        "CREATE TRIGGER tr_election_seated_official_update BEFORE UPDATE ON election_seated_official WHEN OLD.official_id IS NOT NEW.official_id OR OLD.plan_id IS NOT NEW.plan_id OR OLD.body_id IS NOT NEW.body_id OR OLD.office_id IS NOT NEW.office_id OR OLD.holder_id IS NOT NEW.holder_id OR OLD.order_id IS NOT NEW.order_id OR OLD.outcome IS NOT NEW.outcome BEGIN SELECT RAISE(ABORT, 'election_seated_official is append-only'); END",
        "CREATE TRIGGER tr_election_seated_official_delete BEFORE DELETE ON election_seated_official BEGIN SELECT RAISE(ABORT, 'election_seated_official is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION fn_due_revocation_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'due_revocation is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_due_revocation_update BEFORE UPDATE ON due_revocation FOR EACH ROW WHEN (OLD.order_id IS DISTINCT FROM NEW.order_id OR OLD.reason IS DISTINCT FROM NEW.reason OR OLD.cause IS DISTINCT FROM NEW.cause OR OLD.due_at IS DISTINCT FROM NEW.due_at OR OLD.due_by IS DISTINCT FROM NEW.due_by OR (OLD.done_at IS NOT NULL AND OLD.done_at IS DISTINCT FROM NEW.done_at)) EXECUTE FUNCTION fn_due_revocation_append_only()",
        "CREATE TRIGGER tr_due_revocation_delete BEFORE DELETE ON due_revocation FOR EACH ROW EXECUTE FUNCTION fn_due_revocation_append_only()",
        "CREATE TRIGGER tr_due_revocation_truncate BEFORE TRUNCATE ON due_revocation FOR EACH STATEMENT EXECUTE FUNCTION fn_due_revocation_append_only()",
        "CREATE FUNCTION fn_elected_official_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'elected_official is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_elected_official_update BEFORE UPDATE ON elected_official FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.plan_id IS DISTINCT FROM NEW.plan_id OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.function IS DISTINCT FROM NEW.function OR OLD.rank IS DISTINCT FROM NEW.rank OR OLD.place IS DISTINCT FROM NEW.place OR OLD.name_ar IS DISTINCT FROM NEW.name_ar OR OLD.name_latin IS DISTINCT FROM NEW.name_latin OR OLD.cin_encrypted IS DISTINCT FROM NEW.cin_encrypted OR OLD.cin_hash IS DISTINCT FROM NEW.cin_hash OR OLD.email IS DISTINCT FROM NEW.email OR OLD.phone IS DISTINCT FROM NEW.phone OR OLD.elected_on IS DISTINCT FROM NEW.elected_on OR OLD.deed IS DISTINCT FROM NEW.deed OR OLD.digest IS DISTINCT FROM NEW.digest OR OLD.imported_at IS DISTINCT FROM NEW.imported_at OR OLD.imported_by IS DISTINCT FROM NEW.imported_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_elected_official_append_only()",
        "CREATE TRIGGER tr_elected_official_delete BEFORE DELETE ON elected_official FOR EACH ROW EXECUTE FUNCTION fn_elected_official_append_only()",
        "CREATE TRIGGER tr_elected_official_truncate BEFORE TRUNCATE ON elected_official FOR EACH STATEMENT EXECUTE FUNCTION fn_elected_official_append_only()",
        "CREATE FUNCTION fn_election_council_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'election_council is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_election_council_update BEFORE UPDATE ON election_council FOR EACH ROW WHEN (OLD.plan_id IS DISTINCT FROM NEW.plan_id OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.frozen_on IS DISTINCT FROM NEW.frozen_on OR OLD.freeze_deed IS DISTINCT FROM NEW.freeze_deed OR OLD.frozen_at IS DISTINCT FROM NEW.frozen_at OR OLD.frozen_by IS DISTINCT FROM NEW.frozen_by OR (OLD.elected_on IS NOT NULL AND OLD.elected_on IS DISTINCT FROM NEW.elected_on) OR (OLD.deed IS NOT NULL AND OLD.deed IS DISTINCT FROM NEW.deed) OR (OLD.seated_at IS NOT NULL AND OLD.seated_at IS DISTINCT FROM NEW.seated_at) OR (OLD.seated_by IS NOT NULL AND OLD.seated_by IS DISTINCT FROM NEW.seated_by)) EXECUTE FUNCTION fn_election_council_append_only()",
        "CREATE TRIGGER tr_election_council_delete BEFORE DELETE ON election_council FOR EACH ROW EXECUTE FUNCTION fn_election_council_append_only()",
        "CREATE TRIGGER tr_election_council_truncate BEFORE TRUNCATE ON election_council FOR EACH STATEMENT EXECUTE FUNCTION fn_election_council_append_only()",
        "CREATE FUNCTION fn_election_frozen_office_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'election_frozen_office is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_election_frozen_office_update BEFORE UPDATE ON election_frozen_office FOR EACH ROW WHEN (OLD.office_id IS DISTINCT FROM NEW.office_id OR OLD.plan_id IS DISTINCT FROM NEW.plan_id OR OLD.body_id IS DISTINCT FROM NEW.body_id) EXECUTE FUNCTION fn_election_frozen_office_append_only()",
        "CREATE TRIGGER tr_election_frozen_office_delete BEFORE DELETE ON election_frozen_office FOR EACH ROW EXECUTE FUNCTION fn_election_frozen_office_append_only()",
        "CREATE TRIGGER tr_election_frozen_office_truncate BEFORE TRUNCATE ON election_frozen_office FOR EACH STATEMENT EXECUTE FUNCTION fn_election_frozen_office_append_only()",
        "CREATE FUNCTION fn_election_seated_official_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'election_seated_official is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_election_seated_official_update BEFORE UPDATE ON election_seated_official FOR EACH ROW WHEN (OLD.official_id IS DISTINCT FROM NEW.official_id OR OLD.plan_id IS DISTINCT FROM NEW.plan_id OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.office_id IS DISTINCT FROM NEW.office_id OR OLD.holder_id IS DISTINCT FROM NEW.holder_id OR OLD.order_id IS DISTINCT FROM NEW.order_id OR OLD.outcome IS DISTINCT FROM NEW.outcome) EXECUTE FUNCTION fn_election_seated_official_append_only()",
        "CREATE TRIGGER tr_election_seated_official_delete BEFORE DELETE ON election_seated_official FOR EACH ROW EXECUTE FUNCTION fn_election_seated_official_append_only()",
        "CREATE TRIGGER tr_election_seated_official_truncate BEFORE TRUNCATE ON election_seated_official FOR EACH STATEMENT EXECUTE FUNCTION fn_election_seated_official_append_only()",
    ),
}
"""What keeps append-only tables as written, engine by engine (pki.journal.append_only, as of this revision)."""


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


_FUNCTIONS = (
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


def upgrade() -> None:
    """Bring the tables to this revision."""
    with op.batch_alter_table("key_order", schema=None) as batch_op:
        batch_op.add_column(sa.Column("replaces_id", sa.Uuid(), nullable=True))
        for name, after, _ in CHANGED:
            batch_op.drop_constraint(op.f(f"ck_key_order_{name}"), type_="check")
            batch_op.create_check_constraint(op.f(f"ck_key_order_{name}"), after)
        for name, said in ADDED:
            batch_op.create_check_constraint(op.f(f"ck_key_order_{name}"), said)
        batch_op.create_foreign_key(op.f("fk_key_order_replaces_id_key_order"), "key_order", ["replaces_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_key_order_replaces_id"), ["replaces_id"], unique=False)
        batch_op.create_index(
            "uq_key_order_replaces_id_awaiting",
            ["replaces_id"],
            unique=True,
            sqlite_where=sa.text("seat = 'awaited'"),
            postgresql_where=sa.text("seat = 'awaited'"),
        )
    _add_due_revocation()
    _add_plans()
    _add_councils()
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Bring them back. Refused by the first constraint once a key was replaced."""
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"DROP FUNCTION IF EXISTS fn_{table}_append_only()")
    with op.batch_alter_table("key_order", schema=None) as batch_op:
        batch_op.drop_index("uq_key_order_replaces_id_awaiting")
        batch_op.drop_index(batch_op.f("ix_key_order_replaces_id"))
        batch_op.drop_constraint(op.f("fk_key_order_replaces_id_key_order"), type_="foreignkey")
        for name, _ in ADDED:
            batch_op.drop_constraint(op.f(f"ck_key_order_{name}"), type_="check")
        for name, _, before in CHANGED:
            batch_op.drop_constraint(op.f(f"ck_key_order_{name}"), type_="check")
            batch_op.create_check_constraint(op.f(f"ck_key_order_{name}"), before)
        batch_op.drop_column("replaces_id")


def _add_due_revocation() -> None:
    op.create_table(
        "due_revocation",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column(
            "reason",
            _one_of(
                "reason",
                "unspecified",
                "key-compromise",
                "affiliation-changed",
                "superseded",
                "cessation-of-operation",
                "privilege-withdrawn",
            ),
            nullable=False,
        ),
        sa.Column("cause", sa.String(length=100), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_by", sa.String(length=100), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["key_order.id"], name=op.f("fk_due_revocation_order_id_key_order")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_due_revocation")),
    )
    op.create_index(
        "ix_due_revocation_open",
        "due_revocation",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )


def _add_plans() -> None:
    op.create_table(
        "election_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_election_plan")),
        sa.UniqueConstraint("label", name=op.f("uq_election_plan_label")),
    )
    op.create_table(
        "elected_official",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("function", _one_of("function", *_FUNCTIONS), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("place", sa.String(length=60), nullable=False),
        sa.Column("name_ar", sa.String(length=200), nullable=False),
        sa.Column("name_latin", sa.String(length=64), nullable=False),
        sa.Column("cin_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("cin_hash", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("elected_on", sa.Date(), nullable=False),
        sa.Column("deed", sa.String(length=300), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.String(length=100), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("function IN ('president', 'vice_president')", name=op.f("ck_elected_official_elected")),
        sa.CheckConstraint("(function = 'vice_president') = (rank IS NOT NULL)", name=op.f("ck_elected_official_rank")),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_elected_official_body_id_body")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["election_plan.id"], name=op.f("fk_elected_official_plan_id_election_plan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_elected_official")),
    )
    op.create_index(
        "uq_elected_official_plan_id_body_id_place_current",
        "elected_official",
        ["plan_id", "body_id", "place"],
        unique=True,
        sqlite_where=sa.text("superseded_at IS NULL"),
        postgresql_where=sa.text("superseded_at IS NULL"),
    )


def _add_councils() -> None:
    op.create_table(
        "election_council",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("state", _one_of("council_state", "frozen", "seated"), nullable=False),
        sa.Column("frozen_on", sa.Date(), nullable=False),
        sa.Column("freeze_deed", sa.String(length=300), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_by", sa.String(length=100), nullable=False),
        sa.Column("elected_on", sa.Date(), nullable=True),
        sa.Column("deed", sa.String(length=300), nullable=True),
        sa.Column("seated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seated_by", sa.String(length=100), nullable=True),
        sa.CheckConstraint(
            "(state = 'seated') = (elected_on IS NOT NULL AND deed IS NOT NULL AND seated_at IS NOT NULL AND seated_by IS NOT NULL)",
            name=op.f("ck_election_council_seated"),
        ),
        sa.CheckConstraint(
            "elected_on IS NULL OR elected_on >= frozen_on", name=op.f("ck_election_council_elected_on")
        ),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_election_council_body_id_body")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["election_plan.id"], name=op.f("fk_election_council_plan_id_election_plan")
        ),
        sa.PrimaryKeyConstraint("plan_id", "body_id", name=op.f("pk_election_council")),
    )
    op.create_index(
        "uq_election_council_body_id_frozen",
        "election_council",
        ["body_id"],
        unique=True,
        sqlite_where=sa.text("state = 'frozen'"),
        postgresql_where=sa.text("state = 'frozen'"),
    )
    op.create_table(
        "election_frozen_office",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_election_frozen_office_office_id_office")),
        sa.ForeignKeyConstraint(
            ["plan_id", "body_id"],
            ["election_council.plan_id", "election_council.body_id"],
            name=op.f("fk_election_frozen_office_plan_id_body_id_election_council"),
        ),
        sa.PrimaryKeyConstraint("office_id", name=op.f("pk_election_frozen_office")),
    )
    op.create_index(op.f("ix_election_frozen_office_body_id"), "election_frozen_office", ["body_id"], unique=False)
    op.create_table(
        "election_seated_official",
        sa.Column("official_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", _one_of("key_outcome", "kept", "succeeds", "ordered", "no-seat", "none"), nullable=False),
        sa.CheckConstraint(
            "(order_id IS NOT NULL) = (outcome IN ('kept', 'succeeds', 'ordered'))",
            name=op.f("ck_election_seated_official_order"),
        ),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["holder.id"], name=op.f("fk_election_seated_official_holder_id_holder")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_election_seated_official_office_id_office")
        ),
        sa.ForeignKeyConstraint(
            ["official_id"],
            ["elected_official.id"],
            name=op.f("fk_election_seated_official_official_id_elected_official"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["key_order.id"], name=op.f("fk_election_seated_official_order_id_key_order")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "body_id"],
            ["election_council.plan_id", "election_council.body_id"],
            name=op.f("fk_election_seated_official_plan_id_body_id_election_council"),
        ),
        sa.PrimaryKeyConstraint("official_id", name=op.f("pk_election_seated_official")),
        sa.UniqueConstraint("office_id", name=op.f("uq_election_seated_official_office_id")),
    )
    op.create_index(op.f("ix_election_seated_official_body_id"), "election_seated_official", ["body_id"], unique=False)
