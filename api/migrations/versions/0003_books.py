# ruff: noqa: E501
"""The books at national size: two censuses, arrondissements and services, seats beyond the waves, plans, opening entries."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BODY_KINDS = "'commune', 'arrondissement', 'province', 'service', 'urban_agency', 'civil_protection', 'network_operator', 'ancfcc'"
BODY_KINDS_BEFORE = (
    "'commune', 'arrondissement', 'province', 'urban_agency', 'civil_protection', 'network_operator', 'ancfcc'"
)
TIER_KINDS = "'commune', 'arrondissement', 'province', 'service'"
TIER_KINDS_BEFORE = "'commune', 'province'"
TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER tr_wave_plan_update BEFORE UPDATE ON wave_plan WHEN OLD.id IS NOT NEW.id OR OLD.agreement_id IS NOT NEW.agreement_id OR OLD.label IS NOT NEW.label OR OLD.planned_on IS NOT NEW.planned_on OR OLD.replaces IS NOT NEW.replaces OR OLD.reason IS NOT NEW.reason OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) OR (OLD.wave_id IS NOT NULL AND OLD.wave_id IS NOT NEW.wave_id) BEGIN SELECT RAISE(ABORT, 'wave_plan is append-only'); END",
        "CREATE TRIGGER tr_wave_plan_delete BEFORE DELETE ON wave_plan BEGIN SELECT RAISE(ABORT, 'wave_plan is append-only'); END",
        "CREATE TRIGGER tr_wave_plan_scope_update BEFORE UPDATE ON wave_plan_scope WHEN OLD.plan_id IS NOT NEW.plan_id OR OLD.kind IS NOT NEW.kind OR OLD.code IS NOT NEW.code BEGIN SELECT RAISE(ABORT, 'wave_plan_scope is append-only'); END",
        "CREATE TRIGGER tr_wave_plan_scope_delete BEFORE DELETE ON wave_plan_scope BEGIN SELECT RAISE(ABORT, 'wave_plan_scope is append-only'); END",
        "CREATE TRIGGER tr_extra_request_update BEFORE UPDATE ON extra_request WHEN OLD.id IS NOT NEW.id OR OLD.body_id IS NOT NEW.body_id OR OLD.agreement_id IS NOT NEW.agreement_id OR OLD.seats IS NOT NEW.seats OR OLD.reason IS NOT NEW.reason OR OLD.digest IS NOT NEW.digest OR OLD.requested_at IS NOT NEW.requested_at OR OLD.requested_by IS NOT NEW.requested_by OR (OLD.decided_at IS NOT NULL AND OLD.decided_at IS NOT NEW.decided_at) OR (OLD.decided_by IS NOT NULL AND OLD.decided_by IS NOT NEW.decided_by) OR (OLD.decision IS NOT NULL AND OLD.decision IS NOT NEW.decision) OR (OLD.decision_reason IS NOT NULL AND OLD.decision_reason IS NOT NEW.decision_reason) BEGIN SELECT RAISE(ABORT, 'extra_request is append-only'); END",
        "CREATE TRIGGER tr_extra_request_delete BEFORE DELETE ON extra_request BEGIN SELECT RAISE(ABORT, 'extra_request is append-only'); END",
        "CREATE TRIGGER tr_seat_transfer_update BEFORE UPDATE ON seat_transfer WHEN OLD.id IS NOT NEW.id OR OLD.agreement_id IS NOT NEW.agreement_id OR OLD.giver_id IS NOT NEW.giver_id OR OLD.receiver_id IS NOT NEW.receiver_id OR OLD.seats IS NOT NEW.seats OR OLD.reason IS NOT NEW.reason OR OLD.digest IS NOT NEW.digest OR OLD.needs_approval IS NOT NEW.needs_approval OR OLD.proposed_side IS NOT NEW.proposed_side OR OLD.proposed_at IS NOT NEW.proposed_at OR OLD.proposed_by IS NOT NEW.proposed_by OR (OLD.consented_at IS NOT NULL AND OLD.consented_at IS NOT NEW.consented_at) OR (OLD.consented_by IS NOT NULL AND OLD.consented_by IS NOT NEW.consented_by) OR (OLD.approved_at IS NOT NULL AND OLD.approved_at IS NOT NEW.approved_at) OR (OLD.approved_by IS NOT NULL AND OLD.approved_by IS NOT NEW.approved_by) OR (OLD.moved_at IS NOT NULL AND OLD.moved_at IS NOT NEW.moved_at) OR (OLD.ended_at IS NOT NULL AND OLD.ended_at IS NOT NEW.ended_at) OR (OLD.ended_by IS NOT NULL AND OLD.ended_by IS NOT NEW.ended_by) OR (OLD.end_reason IS NOT NULL AND OLD.end_reason IS NOT NEW.end_reason) BEGIN SELECT RAISE(ABORT, 'seat_transfer is append-only'); END",
        "CREATE TRIGGER tr_seat_transfer_delete BEFORE DELETE ON seat_transfer BEGIN SELECT RAISE(ABORT, 'seat_transfer is append-only'); END",
        "CREATE TRIGGER tr_census_application_update BEFORE UPDATE ON census_application WHEN OLD.id IS NOT NEW.id OR OLD.agreement_id IS NOT NEW.agreement_id OR OLD.census IS NOT NEW.census OR OLD.in_effect IS NOT NEW.in_effect OR OLD.digest IS NOT NEW.digest OR OLD.proposed_at IS NOT NEW.proposed_at OR OLD.proposed_by IS NOT NEW.proposed_by OR (OLD.applied_at IS NOT NULL AND OLD.applied_at IS NOT NEW.applied_at) OR (OLD.applied_by IS NOT NULL AND OLD.applied_by IS NOT NEW.applied_by) OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'census_application is append-only'); END",
        "CREATE TRIGGER tr_census_application_delete BEFORE DELETE ON census_application BEGIN SELECT RAISE(ABORT, 'census_application is append-only'); END",
        "CREATE TRIGGER tr_agreement_amendment_update BEFORE UPDATE ON agreement_amendment WHEN OLD.id IS NOT NEW.id OR OLD.agreement_id IS NOT NEW.agreement_id OR OLD.number IS NOT NEW.number OR OLD.seats_ceiling IS NOT NEW.seats_ceiling OR OLD.purchases_added IS NOT NEW.purchases_added OR OLD.reason IS NOT NEW.reason OR OLD.in_effect IS NOT NEW.in_effect OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by BEGIN SELECT RAISE(ABORT, 'agreement_amendment is append-only'); END",
        "CREATE TRIGGER tr_agreement_amendment_delete BEFORE DELETE ON agreement_amendment BEGIN SELECT RAISE(ABORT, 'agreement_amendment is append-only'); END",
        "CREATE TRIGGER tr_purchase_return_update BEFORE UPDATE ON purchase_return WHEN OLD.order_id IS NOT NEW.order_id OR OLD.reason IS NOT NEW.reason OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by BEGIN SELECT RAISE(ABORT, 'purchase_return is append-only'); END",
        "CREATE TRIGGER tr_purchase_return_delete BEFORE DELETE ON purchase_return BEGIN SELECT RAISE(ABORT, 'purchase_return is append-only'); END",
        "CREATE TRIGGER tr_opening_key_update BEFORE UPDATE ON opening_key WHEN OLD.order_id IS NOT NEW.order_id OR OLD.serial IS NOT NEW.serial OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR (OLD.sha256 IS NOT NULL AND OLD.sha256 IS NOT NEW.sha256) BEGIN SELECT RAISE(ABORT, 'opening_key is append-only'); END",
        "CREATE TRIGGER tr_opening_key_delete BEFORE DELETE ON opening_key BEGIN SELECT RAISE(ABORT, 'opening_key is append-only'); END",
        "CREATE TRIGGER tr_census_update BEFORE UPDATE ON census WHEN OLD.label IS NOT NEW.label OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by BEGIN SELECT RAISE(ABORT, 'census is append-only'); END",
        "CREATE TRIGGER tr_census_delete BEFORE DELETE ON census BEGIN SELECT RAISE(ABORT, 'census is append-only'); END",
        "CREATE TRIGGER tr_census_count_update BEFORE UPDATE ON census_count WHEN OLD.census IS NOT NEW.census OR OLD.body_id IS NOT NEW.body_id OR OLD.population IS NOT NEW.population BEGIN SELECT RAISE(ABORT, 'census_count is append-only'); END",
        "CREATE TRIGGER tr_census_count_delete BEFORE DELETE ON census_count BEGIN SELECT RAISE(ABORT, 'census_count is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION fn_wave_plan_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'wave_plan is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_wave_plan_update BEFORE UPDATE ON wave_plan FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.agreement_id IS DISTINCT FROM NEW.agreement_id OR OLD.label IS DISTINCT FROM NEW.label OR OLD.planned_on IS DISTINCT FROM NEW.planned_on OR OLD.replaces IS DISTINCT FROM NEW.replaces OR OLD.reason IS DISTINCT FROM NEW.reason OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at) OR (OLD.wave_id IS NOT NULL AND OLD.wave_id IS DISTINCT FROM NEW.wave_id)) EXECUTE FUNCTION fn_wave_plan_append_only()",
        "CREATE TRIGGER tr_wave_plan_delete BEFORE DELETE ON wave_plan FOR EACH ROW EXECUTE FUNCTION fn_wave_plan_append_only()",
        "CREATE TRIGGER tr_wave_plan_truncate BEFORE TRUNCATE ON wave_plan FOR EACH STATEMENT EXECUTE FUNCTION fn_wave_plan_append_only()",
        "CREATE FUNCTION fn_wave_plan_scope_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'wave_plan_scope is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_wave_plan_scope_update BEFORE UPDATE ON wave_plan_scope FOR EACH ROW WHEN (OLD.plan_id IS DISTINCT FROM NEW.plan_id OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.code IS DISTINCT FROM NEW.code) EXECUTE FUNCTION fn_wave_plan_scope_append_only()",
        "CREATE TRIGGER tr_wave_plan_scope_delete BEFORE DELETE ON wave_plan_scope FOR EACH ROW EXECUTE FUNCTION fn_wave_plan_scope_append_only()",
        "CREATE TRIGGER tr_wave_plan_scope_truncate BEFORE TRUNCATE ON wave_plan_scope FOR EACH STATEMENT EXECUTE FUNCTION fn_wave_plan_scope_append_only()",
        "CREATE FUNCTION fn_extra_request_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'extra_request is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_extra_request_update BEFORE UPDATE ON extra_request FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.agreement_id IS DISTINCT FROM NEW.agreement_id OR OLD.seats IS DISTINCT FROM NEW.seats OR OLD.reason IS DISTINCT FROM NEW.reason OR OLD.digest IS DISTINCT FROM NEW.digest OR OLD.requested_at IS DISTINCT FROM NEW.requested_at OR OLD.requested_by IS DISTINCT FROM NEW.requested_by OR (OLD.decided_at IS NOT NULL AND OLD.decided_at IS DISTINCT FROM NEW.decided_at) OR (OLD.decided_by IS NOT NULL AND OLD.decided_by IS DISTINCT FROM NEW.decided_by) OR (OLD.decision IS NOT NULL AND OLD.decision IS DISTINCT FROM NEW.decision) OR (OLD.decision_reason IS NOT NULL AND OLD.decision_reason IS DISTINCT FROM NEW.decision_reason)) EXECUTE FUNCTION fn_extra_request_append_only()",
        "CREATE TRIGGER tr_extra_request_delete BEFORE DELETE ON extra_request FOR EACH ROW EXECUTE FUNCTION fn_extra_request_append_only()",
        "CREATE TRIGGER tr_extra_request_truncate BEFORE TRUNCATE ON extra_request FOR EACH STATEMENT EXECUTE FUNCTION fn_extra_request_append_only()",
        "CREATE FUNCTION fn_seat_transfer_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'seat_transfer is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_seat_transfer_update BEFORE UPDATE ON seat_transfer FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.agreement_id IS DISTINCT FROM NEW.agreement_id OR OLD.giver_id IS DISTINCT FROM NEW.giver_id OR OLD.receiver_id IS DISTINCT FROM NEW.receiver_id OR OLD.seats IS DISTINCT FROM NEW.seats OR OLD.reason IS DISTINCT FROM NEW.reason OR OLD.digest IS DISTINCT FROM NEW.digest OR OLD.needs_approval IS DISTINCT FROM NEW.needs_approval OR OLD.proposed_side IS DISTINCT FROM NEW.proposed_side OR OLD.proposed_at IS DISTINCT FROM NEW.proposed_at OR OLD.proposed_by IS DISTINCT FROM NEW.proposed_by OR (OLD.consented_at IS NOT NULL AND OLD.consented_at IS DISTINCT FROM NEW.consented_at) OR (OLD.consented_by IS NOT NULL AND OLD.consented_by IS DISTINCT FROM NEW.consented_by) OR (OLD.approved_at IS NOT NULL AND OLD.approved_at IS DISTINCT FROM NEW.approved_at) OR (OLD.approved_by IS NOT NULL AND OLD.approved_by IS DISTINCT FROM NEW.approved_by) OR (OLD.moved_at IS NOT NULL AND OLD.moved_at IS DISTINCT FROM NEW.moved_at) OR (OLD.ended_at IS NOT NULL AND OLD.ended_at IS DISTINCT FROM NEW.ended_at) OR (OLD.ended_by IS NOT NULL AND OLD.ended_by IS DISTINCT FROM NEW.ended_by) OR (OLD.end_reason IS NOT NULL AND OLD.end_reason IS DISTINCT FROM NEW.end_reason)) EXECUTE FUNCTION fn_seat_transfer_append_only()",
        "CREATE TRIGGER tr_seat_transfer_delete BEFORE DELETE ON seat_transfer FOR EACH ROW EXECUTE FUNCTION fn_seat_transfer_append_only()",
        "CREATE TRIGGER tr_seat_transfer_truncate BEFORE TRUNCATE ON seat_transfer FOR EACH STATEMENT EXECUTE FUNCTION fn_seat_transfer_append_only()",
        "CREATE FUNCTION fn_census_application_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'census_application is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_census_application_update BEFORE UPDATE ON census_application FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.agreement_id IS DISTINCT FROM NEW.agreement_id OR OLD.census IS DISTINCT FROM NEW.census OR OLD.in_effect IS DISTINCT FROM NEW.in_effect OR OLD.digest IS DISTINCT FROM NEW.digest OR OLD.proposed_at IS DISTINCT FROM NEW.proposed_at OR OLD.proposed_by IS DISTINCT FROM NEW.proposed_by OR (OLD.applied_at IS NOT NULL AND OLD.applied_at IS DISTINCT FROM NEW.applied_at) OR (OLD.applied_by IS NOT NULL AND OLD.applied_by IS DISTINCT FROM NEW.applied_by) OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_census_application_append_only()",
        "CREATE TRIGGER tr_census_application_delete BEFORE DELETE ON census_application FOR EACH ROW EXECUTE FUNCTION fn_census_application_append_only()",
        "CREATE TRIGGER tr_census_application_truncate BEFORE TRUNCATE ON census_application FOR EACH STATEMENT EXECUTE FUNCTION fn_census_application_append_only()",
        "CREATE FUNCTION fn_agreement_amendment_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'agreement_amendment is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_agreement_amendment_update BEFORE UPDATE ON agreement_amendment FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.agreement_id IS DISTINCT FROM NEW.agreement_id OR OLD.number IS DISTINCT FROM NEW.number OR OLD.seats_ceiling IS DISTINCT FROM NEW.seats_ceiling OR OLD.purchases_added IS DISTINCT FROM NEW.purchases_added OR OLD.reason IS DISTINCT FROM NEW.reason OR OLD.in_effect IS DISTINCT FROM NEW.in_effect OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by) EXECUTE FUNCTION fn_agreement_amendment_append_only()",
        "CREATE TRIGGER tr_agreement_amendment_delete BEFORE DELETE ON agreement_amendment FOR EACH ROW EXECUTE FUNCTION fn_agreement_amendment_append_only()",
        "CREATE TRIGGER tr_agreement_amendment_truncate BEFORE TRUNCATE ON agreement_amendment FOR EACH STATEMENT EXECUTE FUNCTION fn_agreement_amendment_append_only()",
        "CREATE FUNCTION fn_purchase_return_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'purchase_return is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_purchase_return_update BEFORE UPDATE ON purchase_return FOR EACH ROW WHEN (OLD.order_id IS DISTINCT FROM NEW.order_id OR OLD.reason IS DISTINCT FROM NEW.reason OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by) EXECUTE FUNCTION fn_purchase_return_append_only()",
        "CREATE TRIGGER tr_purchase_return_delete BEFORE DELETE ON purchase_return FOR EACH ROW EXECUTE FUNCTION fn_purchase_return_append_only()",
        "CREATE TRIGGER tr_purchase_return_truncate BEFORE TRUNCATE ON purchase_return FOR EACH STATEMENT EXECUTE FUNCTION fn_purchase_return_append_only()",
        "CREATE FUNCTION fn_opening_key_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'opening_key is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_opening_key_update BEFORE UPDATE ON opening_key FOR EACH ROW WHEN (OLD.order_id IS DISTINCT FROM NEW.order_id OR OLD.serial IS DISTINCT FROM NEW.serial OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR (OLD.sha256 IS NOT NULL AND OLD.sha256 IS DISTINCT FROM NEW.sha256)) EXECUTE FUNCTION fn_opening_key_append_only()",
        "CREATE TRIGGER tr_opening_key_delete BEFORE DELETE ON opening_key FOR EACH ROW EXECUTE FUNCTION fn_opening_key_append_only()",
        "CREATE TRIGGER tr_opening_key_truncate BEFORE TRUNCATE ON opening_key FOR EACH STATEMENT EXECUTE FUNCTION fn_opening_key_append_only()",
        "CREATE FUNCTION fn_census_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'census is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_census_update BEFORE UPDATE ON census FOR EACH ROW WHEN (OLD.label IS DISTINCT FROM NEW.label OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by) EXECUTE FUNCTION fn_census_append_only()",
        "CREATE TRIGGER tr_census_delete BEFORE DELETE ON census FOR EACH ROW EXECUTE FUNCTION fn_census_append_only()",
        "CREATE TRIGGER tr_census_truncate BEFORE TRUNCATE ON census FOR EACH STATEMENT EXECUTE FUNCTION fn_census_append_only()",
        "CREATE FUNCTION fn_census_count_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'census_count is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_census_count_update BEFORE UPDATE ON census_count FOR EACH ROW WHEN (OLD.census IS DISTINCT FROM NEW.census OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.population IS DISTINCT FROM NEW.population) EXECUTE FUNCTION fn_census_count_append_only()",
        "CREATE TRIGGER tr_census_count_delete BEFORE DELETE ON census_count FOR EACH ROW EXECUTE FUNCTION fn_census_count_append_only()",
        "CREATE TRIGGER tr_census_count_truncate BEFORE TRUNCATE ON census_count FOR EACH STATEMENT EXECUTE FUNCTION fn_census_count_append_only()",
    ),
}
"""What keeps append-only tables as written, engine by engine (pki.journal.append_only, as of this revision)."""
LEDGER = {
    "sqlite": "CREATE TRIGGER tr_ledger_entry_update BEFORE UPDATE ON ledger_entry WHEN OLD.id IS NOT NEW.id OR OLD.movement_id IS NOT NEW.movement_id OR OLD.book IS NOT NEW.book OR OLD.account IS NOT NEW.account OR OLD.agreement_id IS NOT NEW.agreement_id OR OLD.body_id IS NOT NEW.body_id OR OLD.change IS NOT NEW.change OR OLD.cause IS NOT NEW.cause OR OLD.order_id IS NOT NEW.order_id OR OLD.in_effect IS NOT NEW.in_effect OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.origin IS NOT NEW.origin BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END",
    "postgresql": "CREATE TRIGGER tr_ledger_entry_update BEFORE UPDATE ON ledger_entry FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.movement_id IS DISTINCT FROM NEW.movement_id OR OLD.book IS DISTINCT FROM NEW.book OR OLD.account IS DISTINCT FROM NEW.account OR OLD.agreement_id IS DISTINCT FROM NEW.agreement_id OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.change IS DISTINCT FROM NEW.change OR OLD.cause IS DISTINCT FROM NEW.cause OR OLD.order_id IS DISTINCT FROM NEW.order_id OR OLD.in_effect IS DISTINCT FROM NEW.in_effect OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.origin IS DISTINCT FROM NEW.origin) EXECUTE FUNCTION fn_ledger_entry_append_only()",
}
LEDGER_BEFORE = {
    "sqlite": "CREATE TRIGGER tr_ledger_entry_update BEFORE UPDATE ON ledger_entry WHEN OLD.id IS NOT NEW.id OR OLD.movement_id IS NOT NEW.movement_id OR OLD.book IS NOT NEW.book OR OLD.account IS NOT NEW.account OR OLD.agreement_id IS NOT NEW.agreement_id OR OLD.body_id IS NOT NEW.body_id OR OLD.change IS NOT NEW.change OR OLD.cause IS NOT NEW.cause OR OLD.order_id IS NOT NEW.order_id OR OLD.in_effect IS NOT NEW.in_effect OR OLD.recorded_at IS NOT NEW.recorded_at BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END",
    "postgresql": "CREATE TRIGGER tr_ledger_entry_update BEFORE UPDATE ON ledger_entry FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.movement_id IS DISTINCT FROM NEW.movement_id OR OLD.book IS DISTINCT FROM NEW.book OR OLD.account IS DISTINCT FROM NEW.account OR OLD.agreement_id IS DISTINCT FROM NEW.agreement_id OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.change IS DISTINCT FROM NEW.change OR OLD.cause IS DISTINCT FROM NEW.cause OR OLD.order_id IS DISTINCT FROM NEW.order_id OR OLD.in_effect IS DISTINCT FROM NEW.in_effect OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at) EXECUTE FUNCTION fn_ledger_entry_append_only()",
}


def upgrade() -> None:
    """Bring the tables to this revision. Populations on record become the counts of their census."""
    op.create_table(
        "census",
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("label", name=op.f("pk_census")),
    )
    op.create_table(
        "agreement_amendment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("seats_ceiling", sa.Integer(), nullable=True),
        sa.Column("purchases_added", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("in_effect", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.CheckConstraint("purchases_added >= 0", name=op.f("ck_agreement_amendment_purchases_added")),
        sa.CheckConstraint(
            "seats_ceiling IS NOT NULL OR purchases_added > 0", name=op.f("ck_agreement_amendment_changes")
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_amendment_agreement_id_agreement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_amendment")),
        sa.UniqueConstraint("agreement_id", "number", name=op.f("uq_agreement_amendment_agreement_id_number")),
    )
    op.create_table(
        "census_application",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("census", sa.String(length=40), nullable=False),
        sa.Column("in_effect", sa.Date(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.String(length=100), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_by", sa.String(length=100), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(applied_at IS NULL) = (applied_by IS NULL)", name=op.f("ck_census_application_applied")),
        sa.CheckConstraint(
            "applied_by IS NULL OR applied_by <> proposed_by", name=op.f("ck_census_application_two_persons")
        ),
        sa.CheckConstraint(
            "superseded_at IS NULL OR applied_at IS NULL", name=op.f("ck_census_application_superseded")
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_census_application_agreement_id_agreement")
        ),
        sa.ForeignKeyConstraint(["census"], ["census.label"], name=op.f("fk_census_application_census_census")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_census_application")),
    )
    with op.batch_alter_table("census_application", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_census_application_agreement_id"), ["agreement_id"], unique=False)
        batch_op.create_index(
            "uq_census_application_agreement_id_waiting",
            ["agreement_id"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL AND applied_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL AND applied_at IS NULL"),
        )

    op.create_table(
        "wave_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wave_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("superseded_at IS NULL OR wave_id IS NULL", name=op.f("ck_wave_plan_superseded")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_wave_plan_agreement_id_agreement")),
        sa.ForeignKeyConstraint(["replaces"], ["wave_plan.id"], name=op.f("fk_wave_plan_replaces_wave_plan")),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_wave_plan_wave_id_wave")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wave_plan")),
        sa.UniqueConstraint("replaces", name=op.f("uq_wave_plan_replaces")),
        sa.UniqueConstraint("wave_id", name=op.f("uq_wave_plan_wave_id")),
    )
    with op.batch_alter_table("wave_plan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_wave_plan_agreement_id"), ["agreement_id"], unique=False)

    op.create_table(
        "census_count",
        sa.Column("census", sa.String(length=40), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.CheckConstraint("population >= 0", name=op.f("ck_census_count_population")),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_census_count_body_id_body")),
        sa.ForeignKeyConstraint(["census"], ["census.label"], name=op.f("fk_census_count_census_census")),
        sa.PrimaryKeyConstraint("census", "body_id", name=op.f("pk_census_count")),
    )
    with op.batch_alter_table("census_count", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_census_count_body_id"), ["body_id"], unique=False)

    op.create_table(
        "extra_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.String(length=100), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=100), nullable=True),
        sa.Column(
            "decision",
            sa.Enum("approved", "refused", name="decision", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("decision_reason", sa.String(length=300), nullable=True),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name=op.f("ck_extra_request_decided_by")),
        sa.CheckConstraint("(decided_at IS NULL) = (decision IS NULL)", name=op.f("ck_extra_request_decided")),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> requested_by", name=op.f("ck_extra_request_two_persons")
        ),
        sa.CheckConstraint("seats > 0", name=op.f("ck_extra_request_seats")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_extra_request_agreement_id_agreement")
        ),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_extra_request_body_id_body")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extra_request")),
        sa.UniqueConstraint("digest", name=op.f("uq_extra_request_digest")),
    )
    with op.batch_alter_table("extra_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_extra_request_body_id"), ["body_id"], unique=False)

    op.create_table(
        "seat_transfer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("giver_id", sa.Uuid(), nullable=False),
        sa.Column("receiver_id", sa.Uuid(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column(
            "proposed_side",
            sa.Enum("giver", "receiver", name="proposed_side", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.String(length=100), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consented_by", sa.String(length=100), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(length=100), nullable=True),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=100), nullable=True),
        sa.Column("end_reason", sa.String(length=300), nullable=True),
        sa.CheckConstraint("(approved_at IS NULL) = (approved_by IS NULL)", name=op.f("ck_seat_transfer_approval")),
        sa.CheckConstraint("(consented_at IS NULL) = (consented_by IS NULL)", name=op.f("ck_seat_transfer_consent")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_seat_transfer_ended")),
        sa.CheckConstraint(
            "approved_by IS NULL OR (approved_by <> proposed_by AND (consented_by IS NULL OR approved_by <> consented_by))",
            name=op.f("ck_seat_transfer_three_persons"),
        ),
        sa.CheckConstraint(
            "consented_by IS NULL OR consented_by <> proposed_by", name=op.f("ck_seat_transfer_two_persons")
        ),
        sa.CheckConstraint("giver_id <> receiver_id", name=op.f("ck_seat_transfer_two_bodies")),
        sa.CheckConstraint(
            "moved_at IS NULL OR (consented_at IS NOT NULL AND (approved_at IS NOT NULL OR NOT needs_approval))",
            name=op.f("ck_seat_transfer_moved"),
        ),
        sa.CheckConstraint("moved_at IS NULL OR ended_at IS NULL", name=op.f("ck_seat_transfer_moved_or_ended")),
        sa.CheckConstraint("seats > 0", name=op.f("ck_seat_transfer_seats")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_seat_transfer_agreement_id_agreement")
        ),
        sa.ForeignKeyConstraint(["giver_id"], ["body.id"], name=op.f("fk_seat_transfer_giver_id_body")),
        sa.ForeignKeyConstraint(["receiver_id"], ["body.id"], name=op.f("fk_seat_transfer_receiver_id_body")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_transfer")),
        sa.UniqueConstraint("digest", name=op.f("uq_seat_transfer_digest")),
    )
    with op.batch_alter_table("seat_transfer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seat_transfer_giver_id"), ["giver_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_seat_transfer_receiver_id"), ["receiver_id"], unique=False)

    op.create_table(
        "wave_plan_scope",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("region", "province", "body", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["wave_plan.id"], name=op.f("fk_wave_plan_scope_plan_id_wave_plan")),
        sa.PrimaryKeyConstraint("plan_id", "kind", "code", name=op.f("pk_wave_plan_scope")),
    )
    op.create_table(
        "opening_key",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["key_order.id"], name=op.f("fk_opening_key_order_id_key_order")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_opening_key")),
        sa.UniqueConstraint("serial", name=op.f("uq_opening_key_serial")),
        sa.UniqueConstraint("sha256", name=op.f("uq_opening_key_sha256")),
    )
    op.create_table(
        "purchase_return",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["key_order.id"], name=op.f("fk_purchase_return_order_id_key_order")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_purchase_return")),
    )

    _alter_bodies()
    _alter_agreements()
    _alter_allowances()
    op.add_column("ledger_entry", sa.Column("origin", sa.String(length=80), nullable=True))
    _replace_ledger_trigger(LEDGER)
    op.execute(
        sa.text(
            "INSERT INTO census (label, recorded_at, recorded_by) "
            "SELECT DISTINCT census, :at, 'system:migration' FROM body WHERE census IS NOT NULL"
        ).bindparams(sa.bindparam("at", datetime.now(UTC), sa.DateTime(timezone=True)))
    )
    op.execute(
        "INSERT INTO census_count (census, body_id, population) "
        "SELECT census, id, population FROM body WHERE census IS NOT NULL"
    )
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def _alter_bodies() -> None:
    with op.batch_alter_table("body", schema=None) as batch_op:
        batch_op.add_column(sa.Column("commune_code", sa.String(length=40), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_body_commune_code_body"), "body", ["commune_code"], ["code"])
        batch_op.drop_constraint(op.f("ck_body_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_body_kind"), f"kind IN ({BODY_KINDS})")
        batch_op.create_check_constraint(
            op.f("ck_body_commune_code"), "commune_code IS NULL OR kind = 'arrondissement'"
        )
        batch_op.create_index(batch_op.f("ix_body_commune_code"), ["commune_code"], unique=False)


def _alter_agreements() -> None:
    limits = sa.Enum("seats", "purchases", name="limits", native_enum=False, create_constraint=True, length=40)
    basis = sa.Enum("published", "assumed", name="limits_basis", native_enum=False, create_constraint=True, length=40)
    with op.batch_alter_table("agreement", schema=None) as batch_op:
        batch_op.add_column(sa.Column("limits", limits, nullable=False, server_default="seats"))
        batch_op.add_column(sa.Column("limits_basis", basis, nullable=False, server_default="assumed"))
    with op.batch_alter_table("agreement", schema=None) as batch_op:
        batch_op.alter_column("limits", existing_type=sa.String(length=40), server_default=None)
        batch_op.alter_column("limits_basis", existing_type=sa.String(length=40), server_default=None)
    with op.batch_alter_table("tier", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_tier_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_tier_kind"), f"kind IN ({TIER_KINDS})")


def _alter_allowances() -> None:
    with op.batch_alter_table("allowance", schema=None) as batch_op:
        batch_op.add_column(sa.Column("excess", sa.Integer(), nullable=False, server_default="0"))
        batch_op.drop_constraint(op.f("ck_allowance_granted"), type_="check")
    with op.batch_alter_table("allowance", schema=None) as batch_op:
        batch_op.alter_column("excess", existing_type=sa.Integer(), server_default=None)
        batch_op.create_check_constraint(op.f("ck_allowance_not_negative"), "granted >= 0")
        batch_op.create_check_constraint(op.f("ck_allowance_granted"), "reserved + live <= granted + excess")
        batch_op.create_check_constraint(
            op.f("ck_allowance_excess"), "excess >= 0 AND (excess = 0 OR reserved + live = granted + excess)"
        )


def _replace_ledger_trigger(by: dict[str, str]) -> None:
    dialect = op.get_bind().dialect.name
    op.execute("DROP TRIGGER tr_ledger_entry_update" + ("" if dialect == "sqlite" else " ON ledger_entry"))
    op.execute(by[dialect])


def downgrade() -> None:
    """Bring them back. Refused by the first constraint while a body has more in use than granted, or is a service."""
    dialect = op.get_bind().dialect.name
    _replace_ledger_trigger(LEDGER_BEFORE)
    op.drop_column("ledger_entry", "origin")
    with op.batch_alter_table("allowance", schema=None) as batch_op:
        for name in ("excess", "granted", "not_negative"):
            batch_op.drop_constraint(op.f(f"ck_allowance_{name}"), type_="check")
        batch_op.create_check_constraint(op.f("ck_allowance_granted"), "reserved + live <= granted")
        batch_op.drop_column("excess")
    with op.batch_alter_table("tier", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_tier_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_tier_kind"), f"kind IN ({TIER_KINDS_BEFORE})")
    with op.batch_alter_table("agreement", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_agreement_limits"), type_="check")
        batch_op.drop_constraint(op.f("ck_agreement_limits_basis"), type_="check")
        batch_op.drop_column("limits_basis")
        batch_op.drop_column("limits")
    with op.batch_alter_table("body", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_body_commune_code"))
        batch_op.drop_constraint(op.f("ck_body_commune_code"), type_="check")
        batch_op.drop_constraint(batch_op.f("fk_body_commune_code_body"), type_="foreignkey")
        batch_op.drop_constraint(op.f("ck_body_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_body_kind"), f"kind IN ({BODY_KINDS_BEFORE})")
        batch_op.drop_column("commune_code")
    op.drop_table("purchase_return")
    op.drop_table("opening_key")
    op.drop_table("wave_plan_scope")
    with op.batch_alter_table("seat_transfer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seat_transfer_receiver_id"))
        batch_op.drop_index(batch_op.f("ix_seat_transfer_giver_id"))

    op.drop_table("seat_transfer")
    with op.batch_alter_table("extra_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_extra_request_body_id"))

    op.drop_table("extra_request")
    with op.batch_alter_table("census_count", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_census_count_body_id"))

    op.drop_table("census_count")
    with op.batch_alter_table("wave_plan", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_wave_plan_agreement_id"))

    op.drop_table("wave_plan")
    with op.batch_alter_table("census_application", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_census_application_agreement_id_waiting",
            sqlite_where=sa.text("superseded_at IS NULL AND applied_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL AND applied_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_census_application_agreement_id"))

    op.drop_table("census_application")
    op.drop_table("agreement_amendment")
    op.drop_table("census")
    if dialect == "postgresql":
        for table in (
            "census",
            "census_count",
            "wave_plan",
            "wave_plan_scope",
            "extra_request",
            "seat_transfer",
            "census_application",
            "agreement_amendment",
            "purchase_return",
            "opening_key",
        ):
            op.execute(f"DROP FUNCTION fn_{table}_append_only()")
