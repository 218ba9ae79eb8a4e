# ruff: noqa: E501
"""Officers of regions and communes; committees, training, single windows, stages and reports of the rollout."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROLES_BEFORE = ("central", "provincial")
ROLES = ("central", "regional", "provincial", "commune")
TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER tr_rollout_committee_update BEFORE UPDATE ON rollout_committee WHEN OLD.id IS NOT NEW.id OR OLD.level IS NOT NEW.level OR OLD.territory IS NOT NEW.territory OR OLD.region_code IS NOT NEW.region_code OR OLD.province_code IS NOT NEW.province_code OR OLD.deed IS NOT NEW.deed OR OLD.named_on IS NOT NEW.named_on OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'rollout_committee is append-only'); END",
        "CREATE TRIGGER tr_rollout_committee_delete BEFORE DELETE ON rollout_committee BEGIN SELECT RAISE(ABORT, 'rollout_committee is append-only'); END",
        "CREATE TRIGGER tr_rollout_member_update BEFORE UPDATE ON rollout_member WHEN OLD.id IS NOT NEW.id OR OLD.committee_id IS NOT NEW.committee_id OR OLD.holder_id IS NOT NEW.holder_id OR OLD.name IS NOT NEW.name OR OLD.function IS NOT NEW.function OR OLD.body IS NOT NEW.body OR OLD.chair IS NOT NEW.chair OR OLD.starts_on IS NOT NEW.starts_on OR OLD.ends_on IS NOT NEW.ends_on OR OLD.deed IS NOT NEW.deed OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'rollout_member is append-only'); END",
        "CREATE TRIGGER tr_rollout_member_delete BEFORE DELETE ON rollout_member BEGIN SELECT RAISE(ABORT, 'rollout_member is append-only'); END",
        "CREATE TRIGGER tr_rollout_meeting_update BEFORE UPDATE ON rollout_meeting WHEN OLD.id IS NOT NEW.id OR OLD.committee_id IS NOT NEW.committee_id OR OLD.held_on IS NOT NEW.held_on OR OLD.present IS NOT NEW.present OR OLD.minutes IS NOT NEW.minutes OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'rollout_meeting is append-only'); END",
        "CREATE TRIGGER tr_rollout_meeting_delete BEFORE DELETE ON rollout_meeting BEGIN SELECT RAISE(ABORT, 'rollout_meeting is append-only'); END",
        "CREATE TRIGGER tr_rollout_proposal_update BEFORE UPDATE ON rollout_proposal WHEN OLD.id IS NOT NEW.id OR OLD.committee_id IS NOT NEW.committee_id OR OLD.made_on IS NOT NEW.made_on OR OLD.text IS NOT NEW.text OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'rollout_proposal is append-only'); END",
        "CREATE TRIGGER tr_rollout_proposal_delete BEFORE DELETE ON rollout_proposal BEGIN SELECT RAISE(ABORT, 'rollout_proposal is append-only'); END",
        "CREATE TRIGGER tr_training_programme_update BEFORE UPDATE ON training_programme WHEN OLD.id IS NOT NEW.id OR OLD.region_code IS NOT NEW.region_code OR OLD.title IS NOT NEW.title OR OLD.audience IS NOT NEW.audience OR OLD.starts_on IS NOT NEW.starts_on OR OLD.deed IS NOT NEW.deed OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'training_programme is append-only'); END",
        "CREATE TRIGGER tr_training_programme_delete BEFORE DELETE ON training_programme BEGIN SELECT RAISE(ABORT, 'training_programme is append-only'); END",
        "CREATE TRIGGER tr_training_session_update BEFORE UPDATE ON training_session WHEN OLD.id IS NOT NEW.id OR OLD.programme_id IS NOT NEW.programme_id OR OLD.province_code IS NOT NEW.province_code OR OLD.place IS NOT NEW.place OR OLD.held_on IS NOT NEW.held_on OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'training_session is append-only'); END",
        "CREATE TRIGGER tr_training_session_delete BEFORE DELETE ON training_session BEGIN SELECT RAISE(ABORT, 'training_session is append-only'); END",
        "CREATE TRIGGER tr_training_attendance_update BEFORE UPDATE ON training_attendance WHEN OLD.id IS NOT NEW.id OR OLD.session_id IS NOT NEW.session_id OR OLD.body_id IS NOT NEW.body_id OR OLD.holder_id IS NOT NEW.holder_id OR OLD.name IS NOT NEW.name OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'training_attendance is append-only'); END",
        "CREATE TRIGGER tr_training_attendance_delete BEFORE DELETE ON training_attendance BEGIN SELECT RAISE(ABORT, 'training_attendance is append-only'); END",
        "CREATE TRIGGER tr_window_assessment_update BEFORE UPDATE ON window_assessment WHEN OLD.id IS NOT NEW.id OR OLD.body_id IS NOT NEW.body_id OR OLD.assessed_on IS NOT NEW.assessed_on OR OLD.assessed_by IS NOT NEW.assessed_by OR OLD.staff IS NOT NEW.staff OR OLD.workstations IS NOT NEW.workstations OR OLD.scanners IS NOT NEW.scanners OR OLD.bandwidth_mbps IS NOT NEW.bandwidth_mbps OR OLD.adequate IS NOT NEW.adequate OR OLD.findings IS NOT NEW.findings OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'window_assessment is append-only'); END",
        "CREATE TRIGGER tr_window_assessment_delete BEFORE DELETE ON window_assessment BEGIN SELECT RAISE(ABORT, 'window_assessment is append-only'); END",
        "CREATE TRIGGER tr_stage_plan_update BEFORE UPDATE ON stage_plan WHEN OLD.id IS NOT NEW.id OR OLD.body_id IS NOT NEW.body_id OR OLD.stage IS NOT NEW.stage OR OLD.planned_on IS NOT NEW.planned_on OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'stage_plan is append-only'); END",
        "CREATE TRIGGER tr_stage_plan_delete BEFORE DELETE ON stage_plan BEGIN SELECT RAISE(ABORT, 'stage_plan is append-only'); END",
        "CREATE TRIGGER tr_rollout_report_update BEFORE UPDATE ON rollout_report WHEN OLD.id IS NOT NEW.id OR OLD.level IS NOT NEW.level OR OLD.territory IS NOT NEW.territory OR OLD.month IS NOT NEW.month OR OLD.numbers IS NOT NEW.numbers OR OLD.digest IS NOT NEW.digest OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) OR (OLD.base_sha256 IS NOT NULL AND OLD.base_sha256 IS NOT NEW.base_sha256) OR (OLD.file_sha256 IS NOT NULL AND OLD.file_sha256 IS NOT NEW.file_sha256) OR (OLD.sealed_at IS NOT NULL AND OLD.sealed_at IS NOT NEW.sealed_at) BEGIN SELECT RAISE(ABORT, 'rollout_report is append-only'); END",
        "CREATE TRIGGER tr_rollout_report_delete BEFORE DELETE ON rollout_report BEGIN SELECT RAISE(ABORT, 'rollout_report is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION fn_rollout_committee_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'rollout_committee is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_rollout_committee_update BEFORE UPDATE ON rollout_committee FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.level IS DISTINCT FROM NEW.level OR OLD.territory IS DISTINCT FROM NEW.territory OR OLD.region_code IS DISTINCT FROM NEW.region_code OR OLD.province_code IS DISTINCT FROM NEW.province_code OR OLD.deed IS DISTINCT FROM NEW.deed OR OLD.named_on IS DISTINCT FROM NEW.named_on OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_rollout_committee_append_only()",
        "CREATE TRIGGER tr_rollout_committee_delete BEFORE DELETE ON rollout_committee FOR EACH ROW EXECUTE FUNCTION fn_rollout_committee_append_only()",
        "CREATE TRIGGER tr_rollout_committee_truncate BEFORE TRUNCATE ON rollout_committee FOR EACH STATEMENT EXECUTE FUNCTION fn_rollout_committee_append_only()",
        "CREATE FUNCTION fn_rollout_member_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'rollout_member is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_rollout_member_update BEFORE UPDATE ON rollout_member FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.committee_id IS DISTINCT FROM NEW.committee_id OR OLD.holder_id IS DISTINCT FROM NEW.holder_id OR OLD.name IS DISTINCT FROM NEW.name OR OLD.function IS DISTINCT FROM NEW.function OR OLD.body IS DISTINCT FROM NEW.body OR OLD.chair IS DISTINCT FROM NEW.chair OR OLD.starts_on IS DISTINCT FROM NEW.starts_on OR OLD.ends_on IS DISTINCT FROM NEW.ends_on OR OLD.deed IS DISTINCT FROM NEW.deed OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_rollout_member_append_only()",
        "CREATE TRIGGER tr_rollout_member_delete BEFORE DELETE ON rollout_member FOR EACH ROW EXECUTE FUNCTION fn_rollout_member_append_only()",
        "CREATE TRIGGER tr_rollout_member_truncate BEFORE TRUNCATE ON rollout_member FOR EACH STATEMENT EXECUTE FUNCTION fn_rollout_member_append_only()",
        "CREATE FUNCTION fn_rollout_meeting_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'rollout_meeting is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_rollout_meeting_update BEFORE UPDATE ON rollout_meeting FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.committee_id IS DISTINCT FROM NEW.committee_id OR OLD.held_on IS DISTINCT FROM NEW.held_on OR OLD.present IS DISTINCT FROM NEW.present OR OLD.minutes IS DISTINCT FROM NEW.minutes OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_rollout_meeting_append_only()",
        "CREATE TRIGGER tr_rollout_meeting_delete BEFORE DELETE ON rollout_meeting FOR EACH ROW EXECUTE FUNCTION fn_rollout_meeting_append_only()",
        "CREATE TRIGGER tr_rollout_meeting_truncate BEFORE TRUNCATE ON rollout_meeting FOR EACH STATEMENT EXECUTE FUNCTION fn_rollout_meeting_append_only()",
        "CREATE FUNCTION fn_rollout_proposal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'rollout_proposal is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_rollout_proposal_update BEFORE UPDATE ON rollout_proposal FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.committee_id IS DISTINCT FROM NEW.committee_id OR OLD.made_on IS DISTINCT FROM NEW.made_on OR OLD.text IS DISTINCT FROM NEW.text OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_rollout_proposal_append_only()",
        "CREATE TRIGGER tr_rollout_proposal_delete BEFORE DELETE ON rollout_proposal FOR EACH ROW EXECUTE FUNCTION fn_rollout_proposal_append_only()",
        "CREATE TRIGGER tr_rollout_proposal_truncate BEFORE TRUNCATE ON rollout_proposal FOR EACH STATEMENT EXECUTE FUNCTION fn_rollout_proposal_append_only()",
        "CREATE FUNCTION fn_training_programme_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'training_programme is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_training_programme_update BEFORE UPDATE ON training_programme FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.region_code IS DISTINCT FROM NEW.region_code OR OLD.title IS DISTINCT FROM NEW.title OR OLD.audience IS DISTINCT FROM NEW.audience OR OLD.starts_on IS DISTINCT FROM NEW.starts_on OR OLD.deed IS DISTINCT FROM NEW.deed OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_training_programme_append_only()",
        "CREATE TRIGGER tr_training_programme_delete BEFORE DELETE ON training_programme FOR EACH ROW EXECUTE FUNCTION fn_training_programme_append_only()",
        "CREATE TRIGGER tr_training_programme_truncate BEFORE TRUNCATE ON training_programme FOR EACH STATEMENT EXECUTE FUNCTION fn_training_programme_append_only()",
        "CREATE FUNCTION fn_training_session_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'training_session is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_training_session_update BEFORE UPDATE ON training_session FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.programme_id IS DISTINCT FROM NEW.programme_id OR OLD.province_code IS DISTINCT FROM NEW.province_code OR OLD.place IS DISTINCT FROM NEW.place OR OLD.held_on IS DISTINCT FROM NEW.held_on OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_training_session_append_only()",
        "CREATE TRIGGER tr_training_session_delete BEFORE DELETE ON training_session FOR EACH ROW EXECUTE FUNCTION fn_training_session_append_only()",
        "CREATE TRIGGER tr_training_session_truncate BEFORE TRUNCATE ON training_session FOR EACH STATEMENT EXECUTE FUNCTION fn_training_session_append_only()",
        "CREATE FUNCTION fn_training_attendance_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'training_attendance is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_training_attendance_update BEFORE UPDATE ON training_attendance FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.session_id IS DISTINCT FROM NEW.session_id OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.holder_id IS DISTINCT FROM NEW.holder_id OR OLD.name IS DISTINCT FROM NEW.name OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_training_attendance_append_only()",
        "CREATE TRIGGER tr_training_attendance_delete BEFORE DELETE ON training_attendance FOR EACH ROW EXECUTE FUNCTION fn_training_attendance_append_only()",
        "CREATE TRIGGER tr_training_attendance_truncate BEFORE TRUNCATE ON training_attendance FOR EACH STATEMENT EXECUTE FUNCTION fn_training_attendance_append_only()",
        "CREATE FUNCTION fn_window_assessment_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'window_assessment is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_window_assessment_update BEFORE UPDATE ON window_assessment FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.assessed_on IS DISTINCT FROM NEW.assessed_on OR OLD.assessed_by IS DISTINCT FROM NEW.assessed_by OR OLD.staff IS DISTINCT FROM NEW.staff OR OLD.workstations IS DISTINCT FROM NEW.workstations OR OLD.scanners IS DISTINCT FROM NEW.scanners OR OLD.bandwidth_mbps IS DISTINCT FROM NEW.bandwidth_mbps OR OLD.adequate IS DISTINCT FROM NEW.adequate OR OLD.findings IS DISTINCT FROM NEW.findings OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_window_assessment_append_only()",
        "CREATE TRIGGER tr_window_assessment_delete BEFORE DELETE ON window_assessment FOR EACH ROW EXECUTE FUNCTION fn_window_assessment_append_only()",
        "CREATE TRIGGER tr_window_assessment_truncate BEFORE TRUNCATE ON window_assessment FOR EACH STATEMENT EXECUTE FUNCTION fn_window_assessment_append_only()",
        "CREATE FUNCTION fn_stage_plan_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stage_plan is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_stage_plan_update BEFORE UPDATE ON stage_plan FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.stage IS DISTINCT FROM NEW.stage OR OLD.planned_on IS DISTINCT FROM NEW.planned_on OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_stage_plan_append_only()",
        "CREATE TRIGGER tr_stage_plan_delete BEFORE DELETE ON stage_plan FOR EACH ROW EXECUTE FUNCTION fn_stage_plan_append_only()",
        "CREATE TRIGGER tr_stage_plan_truncate BEFORE TRUNCATE ON stage_plan FOR EACH STATEMENT EXECUTE FUNCTION fn_stage_plan_append_only()",
        "CREATE FUNCTION fn_rollout_report_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'rollout_report is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_rollout_report_update BEFORE UPDATE ON rollout_report FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.level IS DISTINCT FROM NEW.level OR OLD.territory IS DISTINCT FROM NEW.territory OR OLD.month IS DISTINCT FROM NEW.month OR OLD.numbers IS DISTINCT FROM NEW.numbers OR OLD.digest IS DISTINCT FROM NEW.digest OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at) OR (OLD.base_sha256 IS NOT NULL AND OLD.base_sha256 IS DISTINCT FROM NEW.base_sha256) OR (OLD.file_sha256 IS NOT NULL AND OLD.file_sha256 IS DISTINCT FROM NEW.file_sha256) OR (OLD.sealed_at IS NOT NULL AND OLD.sealed_at IS DISTINCT FROM NEW.sealed_at)) EXECUTE FUNCTION fn_rollout_report_append_only()",
        "CREATE TRIGGER tr_rollout_report_delete BEFORE DELETE ON rollout_report FOR EACH ROW EXECUTE FUNCTION fn_rollout_report_append_only()",
        "CREATE TRIGGER tr_rollout_report_truncate BEFORE TRUNCATE ON rollout_report FOR EACH STATEMENT EXECUTE FUNCTION fn_rollout_report_append_only()",
    ),
}
"""What keeps append-only tables as written, engine by engine (pki.journal.append_only, as of this revision)."""


def upgrade() -> None:
    """Bring the tables to this revision."""
    _officers()
    _tables()
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def _officers() -> None:
    with op.batch_alter_table("officer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("region_code", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("body_code", sa.String(length=40), nullable=True))
        batch_op.drop_constraint(op.f("ck_officer_role"), type_="check")
        batch_op.create_check_constraint(op.f("ck_officer_role"), _one_of(ROLES))
        batch_op.create_check_constraint(op.f("ck_officer_region"), "(role = 'regional') = (region_code IS NOT NULL)")
        batch_op.create_check_constraint(op.f("ck_officer_commune"), "(role = 'commune') = (body_code IS NOT NULL)")


def _tables() -> None:
    op.create_table(
        "rollout_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "level",
            sa.Enum("central", "regional", "local", name="level", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("territory", sa.String(length=20), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("numbers", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("base_sha256", sa.String(length=64), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(file_sha256 IS NULL) = (sealed_at IS NULL)", name=op.f("ck_rollout_report_sealed")),
        sa.CheckConstraint("file_sha256 IS NULL OR base_sha256 IS NOT NULL", name=op.f("ck_rollout_report_base")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollout_report")),
        sa.UniqueConstraint("digest", name=op.f("uq_rollout_report_digest")),
        sa.UniqueConstraint("file_sha256", name=op.f("uq_rollout_report_file_sha256")),
    )
    with op.batch_alter_table("rollout_report", schema=None) as batch_op:
        batch_op.create_index(
            "uq_rollout_report_territory_month_current",
            ["territory", "month"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.create_table(
        "training_programme",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("audience", sa.String(length=300), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("deed", sa.String(length=300), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["region_code"], ["region.code"], name=op.f("fk_training_programme_region_code_region")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_programme")),
    )
    with op.batch_alter_table("training_programme", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_training_programme_region_code"), ["region_code"], unique=False)

    op.create_table(
        "rollout_committee",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "level",
            sa.Enum("central", "regional", "local", name="level", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("territory", sa.String(length=20), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=True),
        sa.Column("province_code", sa.String(length=20), nullable=True),
        sa.Column("deed", sa.String(length=300), nullable=False),
        sa.Column("named_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(level = 'local') = (province_code IS NOT NULL)", name=op.f("ck_rollout_committee_province")
        ),
        sa.CheckConstraint(
            "(level = 'regional') = (region_code IS NOT NULL)", name=op.f("ck_rollout_committee_region")
        ),
        sa.CheckConstraint(
            "territory = coalesce(province_code, region_code, 'MA')", name=op.f("ck_rollout_committee_territory")
        ),
        sa.ForeignKeyConstraint(
            ["province_code"], ["province.code"], name=op.f("fk_rollout_committee_province_code_province")
        ),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_rollout_committee_region_code_region")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollout_committee")),
    )
    with op.batch_alter_table("rollout_committee", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rollout_committee_province_code"), ["province_code"], unique=False)
        batch_op.create_index(
            "uq_rollout_committee_territory_current",
            ["territory"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.create_table(
        "training_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("province_code", sa.String(length=20), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["training_programme.id"],
            name=op.f("fk_training_session_programme_id_training_programme"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code"], ["province.code"], name=op.f("fk_training_session_province_code_province")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_session")),
    )
    with op.batch_alter_table("training_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_training_session_programme_id"), ["programme_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_training_session_province_code"), ["province_code"], unique=False)

    op.create_table(
        "rollout_meeting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("committee_id", sa.Uuid(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("present", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.String(length=300), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("present >= 0", name=op.f("ck_rollout_meeting_present")),
        sa.ForeignKeyConstraint(
            ["committee_id"], ["rollout_committee.id"], name=op.f("fk_rollout_meeting_committee_id_rollout_committee")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollout_meeting")),
    )
    with op.batch_alter_table("rollout_meeting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rollout_meeting_committee_id"), ["committee_id"], unique=False)

    op.create_table(
        "rollout_member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("committee_id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("function", sa.String(length=200), nullable=False),
        sa.Column("body", sa.String(length=200), nullable=False),
        sa.Column("chair", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("deed", sa.String(length=300), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(holder_id IS NULL) = (name IS NOT NULL)", name=op.f("ck_rollout_member_person")),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_rollout_member_ends_on")),
        sa.ForeignKeyConstraint(
            ["committee_id"], ["rollout_committee.id"], name=op.f("fk_rollout_member_committee_id_rollout_committee")
        ),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.id"], name=op.f("fk_rollout_member_holder_id_holder")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollout_member")),
    )
    with op.batch_alter_table("rollout_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rollout_member_committee_id"), ["committee_id"], unique=False)

    op.create_table(
        "rollout_proposal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("committee_id", sa.Uuid(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["committee_id"], ["rollout_committee.id"], name=op.f("fk_rollout_proposal_committee_id_rollout_committee")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollout_proposal")),
    )
    with op.batch_alter_table("rollout_proposal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rollout_proposal_committee_id"), ["committee_id"], unique=False)

    op.create_table(
        "stage_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column(
            "stage",
            sa.Enum(
                "committee_named",
                "first_meeting",
                "window_assessed",
                "trained",
                "allowance_open",
                "ordered",
                "delivered",
                "first_signature",
                "regular_use",
                name="stage",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_stage_plan_body_id_body")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_plan")),
    )
    with op.batch_alter_table("stage_plan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stage_plan_body_id"), ["body_id"], unique=False)
        batch_op.create_index(
            "uq_stage_plan_body_id_stage_current",
            ["body_id", "stage"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.create_table(
        "training_attendance",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(holder_id IS NULL) = (name IS NOT NULL)", name=op.f("ck_training_attendance_person")),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_training_attendance_body_id_body")),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.id"], name=op.f("fk_training_attendance_holder_id_holder")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["training_session.id"], name=op.f("fk_training_attendance_session_id_training_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_attendance")),
    )
    with op.batch_alter_table("training_attendance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_training_attendance_body_id"), ["body_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_training_attendance_holder_id"), ["holder_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_training_attendance_session_id"), ["session_id"], unique=False)
        batch_op.create_index(
            "uq_training_attendance_current",
            ["session_id", "holder_id"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL AND holder_id IS NOT NULL"),
            postgresql_where=sa.text("superseded_at IS NULL AND holder_id IS NOT NULL"),
        )

    op.create_table(
        "window_assessment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("assessed_on", sa.Date(), nullable=False),
        sa.Column("assessed_by", sa.String(length=300), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("workstations", sa.Integer(), nullable=False),
        sa.Column("scanners", sa.Integer(), nullable=False),
        sa.Column("bandwidth_mbps", sa.Integer(), nullable=True),
        sa.Column("adequate", sa.Boolean(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "bandwidth_mbps IS NULL OR bandwidth_mbps >= 0", name=op.f("ck_window_assessment_bandwidth")
        ),
        sa.CheckConstraint(
            "staff >= 0 AND workstations >= 0 AND scanners >= 0", name=op.f("ck_window_assessment_counts")
        ),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_window_assessment_body_id_body")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_window_assessment")),
    )
    with op.batch_alter_table("window_assessment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_window_assessment_body_id"), ["body_id"], unique=False)
        batch_op.create_index(
            "uq_window_assessment_current",
            ["body_id", "assessed_on"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )


def downgrade() -> None:
    """Bring them back. Refused by the first constraint while there is an officer of a region or commune."""
    with op.batch_alter_table("window_assessment", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_window_assessment_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_window_assessment_body_id"))

    op.drop_table("window_assessment")
    with op.batch_alter_table("training_attendance", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_training_attendance_current",
            sqlite_where=sa.text("superseded_at IS NULL AND holder_id IS NOT NULL"),
            postgresql_where=sa.text("superseded_at IS NULL AND holder_id IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_training_attendance_session_id"))
        batch_op.drop_index(batch_op.f("ix_training_attendance_holder_id"))
        batch_op.drop_index(batch_op.f("ix_training_attendance_body_id"))

    op.drop_table("training_attendance")
    with op.batch_alter_table("stage_plan", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_stage_plan_body_id_stage_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_stage_plan_body_id"))

    op.drop_table("stage_plan")
    with op.batch_alter_table("rollout_proposal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rollout_proposal_committee_id"))

    op.drop_table("rollout_proposal")
    with op.batch_alter_table("rollout_member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rollout_member_committee_id"))

    op.drop_table("rollout_member")
    with op.batch_alter_table("rollout_meeting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rollout_meeting_committee_id"))

    op.drop_table("rollout_meeting")
    with op.batch_alter_table("training_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_training_session_province_code"))
        batch_op.drop_index(batch_op.f("ix_training_session_programme_id"))

    op.drop_table("training_session")
    with op.batch_alter_table("rollout_committee", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_rollout_committee_territory_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_rollout_committee_province_code"))

    op.drop_table("rollout_committee")
    with op.batch_alter_table("training_programme", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_training_programme_region_code"))

    op.drop_table("training_programme")
    with op.batch_alter_table("rollout_report", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_rollout_report_territory_month_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.drop_table("rollout_report")

    if op.get_bind().dialect.name == "postgresql":
        for table in (
            "rollout_committee",
            "rollout_member",
            "rollout_meeting",
            "rollout_proposal",
            "training_programme",
            "training_session",
            "training_attendance",
            "window_assessment",
            "stage_plan",
            "rollout_report",
        ):
            op.execute(f"DROP FUNCTION fn_{table}_append_only()")
    with op.batch_alter_table("officer", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_officer_commune"), type_="check")
        batch_op.drop_constraint(op.f("ck_officer_region"), type_="check")
        batch_op.drop_constraint(op.f("ck_officer_role"), type_="check")
        batch_op.create_check_constraint(op.f("ck_officer_role"), _one_of(ROLES_BEFORE))
        batch_op.drop_column("body_code")
        batch_op.drop_column("region_code")


def _one_of(roles: tuple[str, ...]) -> str:
    return f"role IN ({', '.join(repr(role) for role in roles)})"
