# ruff: noqa: E501
"""Delegations, findings, acts of two officers, vice-presidents by rank, deeds signed in a ceremony, mailboxes, messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KINDS = (("document", "ck_document_document_kind"), ("ceremony_item", "ck_ceremony_item_ceremony_item_kind"))
KNOWN_BEFORE = "kind IN ('opinion', 'minutes', 'licence', 'refusal', 'key_acceptance')"
KNOWN_KINDS = "kind IN ('opinion', 'minutes', 'licence', 'refusal', 'key_acceptance', 'delegation')"
POWER = (
    "(power_id IS NULL) = (power_kind IS NULL) AND (power_id IS NULL) = (power_number IS NULL) AND "
    "(power_id IS NULL) = (power_since IS NULL)"
)
TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER tr_delegation_update BEFORE UPDATE ON delegation WHEN OLD.id IS NOT NEW.id OR OLD.body_id IS NOT NEW.body_id OR OLD.number IS NOT NEW.number OR OLD.from_office_id IS NOT NEW.from_office_id OR OLD.to_office_id IS NOT NEW.to_office_id OR OLD.mode IS NOT NEW.mode OR OLD.acts IS NOT NEW.acts OR OLD.sector IS NOT NEW.sector OR OLD.starts_on IS NOT NEW.starts_on OR OLD.ends_on IS NOT NEW.ends_on OR OLD.deed_kind IS NOT NEW.deed_kind OR OLD.document_reference IS NOT NEW.document_reference OR OLD.scan_sha256 IS NOT NEW.scan_sha256 OR OLD.bulletin IS NOT NEW.bulletin OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR OLD.confirmed_by IS NOT NEW.confirmed_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'delegation is append-only'); END",
        "CREATE TRIGGER tr_delegation_delete BEFORE DELETE ON delegation BEGIN SELECT RAISE(ABORT, 'delegation is append-only'); END",
        "CREATE TRIGGER tr_delegation_end_update BEFORE UPDATE ON delegation_end WHEN OLD.id IS NOT NEW.id OR OLD.delegation_id IS NOT NEW.delegation_id OR OLD.ends_on IS NOT NEW.ends_on OR OLD.reason IS NOT NEW.reason OR OLD.deed IS NOT NEW.deed OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'delegation_end is append-only'); END",
        "CREATE TRIGGER tr_delegation_end_delete BEFORE DELETE ON delegation_end BEGIN SELECT RAISE(ABORT, 'delegation_end is append-only'); END",
        "CREATE TRIGGER tr_finding_update BEFORE UPDATE ON finding WHEN OLD.id IS NOT NEW.id OR OLD.kind IS NOT NEW.kind OR OLD.body_id IS NOT NEW.body_id OR OLD.office_id IS NOT NEW.office_id OR OLD.number IS NOT NEW.number OR OLD.acts IS NOT NEW.acts OR OLD.starts_on IS NOT NEW.starts_on OR OLD.ends_on IS NOT NEW.ends_on OR OLD.deed IS NOT NEW.deed OR OLD.scan_sha256 IS NOT NEW.scan_sha256 OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR OLD.confirmed_by IS NOT NEW.confirmed_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'finding is append-only'); END",
        "CREATE TRIGGER tr_finding_delete BEFORE DELETE ON finding BEGIN SELECT RAISE(ABORT, 'finding is append-only'); END",
        "CREATE TRIGGER tr_powers_declaration_update BEFORE UPDATE ON powers_declaration WHEN OLD.id IS NOT NEW.id OR OLD.body_id IS NOT NEW.body_id OR OLD.complete_from IS NOT NEW.complete_from OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by BEGIN SELECT RAISE(ABORT, 'powers_declaration is append-only'); END",
        "CREATE TRIGGER tr_powers_declaration_delete BEFORE DELETE ON powers_declaration BEGIN SELECT RAISE(ABORT, 'powers_declaration is append-only'); END",
        "CREATE TRIGGER tr_register_proposal_update BEFORE UPDATE ON register_proposal WHEN OLD.id IS NOT NEW.id OR OLD.body_code IS NOT NEW.body_code OR OLD.kind IS NOT NEW.kind OR OLD.content IS NOT NEW.content OR OLD.documents IS NOT NEW.documents OR OLD.digest IS NOT NEW.digest OR OLD.proposed_at IS NOT NEW.proposed_at OR OLD.proposed_by IS NOT NEW.proposed_by OR (OLD.confirmed_at IS NOT NULL AND OLD.confirmed_at IS NOT NEW.confirmed_at) OR (OLD.confirmed_by IS NOT NULL AND OLD.confirmed_by IS NOT NEW.confirmed_by) OR (OLD.refused_at IS NOT NULL AND OLD.refused_at IS NOT NEW.refused_at) OR (OLD.refused_by IS NOT NULL AND OLD.refused_by IS NOT NEW.refused_by) OR (OLD.result_id IS NOT NULL AND OLD.result_id IS NOT NEW.result_id) BEGIN SELECT RAISE(ABORT, 'register_proposal is append-only'); END",
        "CREATE TRIGGER tr_register_proposal_delete BEFORE DELETE ON register_proposal BEGIN SELECT RAISE(ABORT, 'register_proposal is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION fn_delegation_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'delegation is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_delegation_update BEFORE UPDATE ON delegation FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.number IS DISTINCT FROM NEW.number OR OLD.from_office_id IS DISTINCT FROM NEW.from_office_id OR OLD.to_office_id IS DISTINCT FROM NEW.to_office_id OR OLD.mode IS DISTINCT FROM NEW.mode OR OLD.acts IS DISTINCT FROM NEW.acts OR OLD.sector IS DISTINCT FROM NEW.sector OR OLD.starts_on IS DISTINCT FROM NEW.starts_on OR OLD.ends_on IS DISTINCT FROM NEW.ends_on OR OLD.deed_kind IS DISTINCT FROM NEW.deed_kind OR OLD.document_reference IS DISTINCT FROM NEW.document_reference OR OLD.scan_sha256 IS DISTINCT FROM NEW.scan_sha256 OR OLD.bulletin IS DISTINCT FROM NEW.bulletin OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR OLD.confirmed_by IS DISTINCT FROM NEW.confirmed_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_delegation_append_only()",
        "CREATE TRIGGER tr_delegation_delete BEFORE DELETE ON delegation FOR EACH ROW EXECUTE FUNCTION fn_delegation_append_only()",
        "CREATE TRIGGER tr_delegation_truncate BEFORE TRUNCATE ON delegation FOR EACH STATEMENT EXECUTE FUNCTION fn_delegation_append_only()",
        "CREATE FUNCTION fn_delegation_end_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'delegation_end is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_delegation_end_update BEFORE UPDATE ON delegation_end FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.delegation_id IS DISTINCT FROM NEW.delegation_id OR OLD.ends_on IS DISTINCT FROM NEW.ends_on OR OLD.reason IS DISTINCT FROM NEW.reason OR OLD.deed IS DISTINCT FROM NEW.deed OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_delegation_end_append_only()",
        "CREATE TRIGGER tr_delegation_end_delete BEFORE DELETE ON delegation_end FOR EACH ROW EXECUTE FUNCTION fn_delegation_end_append_only()",
        "CREATE TRIGGER tr_delegation_end_truncate BEFORE TRUNCATE ON delegation_end FOR EACH STATEMENT EXECUTE FUNCTION fn_delegation_end_append_only()",
        "CREATE FUNCTION fn_finding_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'finding is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_finding_update BEFORE UPDATE ON finding FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.office_id IS DISTINCT FROM NEW.office_id OR OLD.number IS DISTINCT FROM NEW.number OR OLD.acts IS DISTINCT FROM NEW.acts OR OLD.starts_on IS DISTINCT FROM NEW.starts_on OR OLD.ends_on IS DISTINCT FROM NEW.ends_on OR OLD.deed IS DISTINCT FROM NEW.deed OR OLD.scan_sha256 IS DISTINCT FROM NEW.scan_sha256 OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR OLD.confirmed_by IS DISTINCT FROM NEW.confirmed_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_finding_append_only()",
        "CREATE TRIGGER tr_finding_delete BEFORE DELETE ON finding FOR EACH ROW EXECUTE FUNCTION fn_finding_append_only()",
        "CREATE TRIGGER tr_finding_truncate BEFORE TRUNCATE ON finding FOR EACH STATEMENT EXECUTE FUNCTION fn_finding_append_only()",
        "CREATE FUNCTION fn_powers_declaration_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'powers_declaration is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_powers_declaration_update BEFORE UPDATE ON powers_declaration FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.complete_from IS DISTINCT FROM NEW.complete_from OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by) EXECUTE FUNCTION fn_powers_declaration_append_only()",
        "CREATE TRIGGER tr_powers_declaration_delete BEFORE DELETE ON powers_declaration FOR EACH ROW EXECUTE FUNCTION fn_powers_declaration_append_only()",
        "CREATE TRIGGER tr_powers_declaration_truncate BEFORE TRUNCATE ON powers_declaration FOR EACH STATEMENT EXECUTE FUNCTION fn_powers_declaration_append_only()",
        "CREATE FUNCTION fn_register_proposal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'register_proposal is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_register_proposal_update BEFORE UPDATE ON register_proposal FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.body_code IS DISTINCT FROM NEW.body_code OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.content IS DISTINCT FROM NEW.content OR OLD.documents IS DISTINCT FROM NEW.documents OR OLD.digest IS DISTINCT FROM NEW.digest OR OLD.proposed_at IS DISTINCT FROM NEW.proposed_at OR OLD.proposed_by IS DISTINCT FROM NEW.proposed_by OR (OLD.confirmed_at IS NOT NULL AND OLD.confirmed_at IS DISTINCT FROM NEW.confirmed_at) OR (OLD.confirmed_by IS NOT NULL AND OLD.confirmed_by IS DISTINCT FROM NEW.confirmed_by) OR (OLD.refused_at IS NOT NULL AND OLD.refused_at IS DISTINCT FROM NEW.refused_at) OR (OLD.refused_by IS NOT NULL AND OLD.refused_by IS DISTINCT FROM NEW.refused_by) OR (OLD.result_id IS NOT NULL AND OLD.result_id IS DISTINCT FROM NEW.result_id)) EXECUTE FUNCTION fn_register_proposal_append_only()",
        "CREATE TRIGGER tr_register_proposal_delete BEFORE DELETE ON register_proposal FOR EACH ROW EXECUTE FUNCTION fn_register_proposal_append_only()",
        "CREATE TRIGGER tr_register_proposal_truncate BEFORE TRUNCATE ON register_proposal FOR EACH STATEMENT EXECUTE FUNCTION fn_register_proposal_append_only()",
    ),
}
"""What keeps append-only tables as written, engine by engine (pki.journal.append_only, as of this revision)."""


def upgrade() -> None:
    """Bring the tables to this revision."""
    # Alembic reads no CHECK of SQLite back by its own: a batch keeps those of the table as it stands.
    for table, name in KINDS:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(op.f(name), type_="check")
            batch_op.create_check_constraint(op.f(name), KNOWN_KINDS)

    op.create_table(
        "register_proposal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("body_code", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("documents", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.String(length=100), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.String(length=100), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_by", sa.String(length=100), nullable=True),
        sa.Column("result_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_by IS NULL)", name=op.f("ck_register_proposal_confirmation")
        ),
        sa.CheckConstraint("(refused_at IS NULL) = (refused_by IS NULL)", name=op.f("ck_register_proposal_refusal")),
        sa.CheckConstraint("confirmed_at IS NULL OR refused_at IS NULL", name=op.f("ck_register_proposal_one_end")),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> proposed_by", name=op.f("ck_register_proposal_two_officers")
        ),
        sa.CheckConstraint("result_id IS NULL OR confirmed_at IS NOT NULL", name=op.f("ck_register_proposal_result")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_proposal")),
    )
    with op.batch_alter_table("register_proposal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_register_proposal_body_code"), ["body_code"], unique=False)

    op.create_table(
        "delegation_draft",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("from_office_id", sa.Uuid(), nullable=False),
        sa.Column("to_office_id", sa.Uuid(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum(
                "signature",
                "powers",
                name="delegation_draft_mode",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("acts", sa.String(length=200), nullable=False),
        sa.Column("sector", sa.String(length=100), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_delegation_draft_document_id_document")
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_delegation_draft")),
    )
    op.create_table(
        "powers_declaration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("complete_from", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_powers_declaration_body_id_body")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_powers_declaration")),
    )
    with op.batch_alter_table("powers_declaration", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_powers_declaration_body_id"), ["body_id"], unique=False)

    op.create_table(
        "delegation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("from_office_id", sa.Uuid(), nullable=False),
        sa.Column("to_office_id", sa.Uuid(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("signature", "powers", name="mode", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("acts", sa.String(length=200), nullable=False),
        sa.Column("sector", sa.String(length=100), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column(
            "deed_kind",
            sa.Enum("signed", "paper", name="deed_kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("document_reference", sa.String(length=11), nullable=True),
        sa.Column("scan_sha256", sa.String(length=64), nullable=True),
        sa.Column("bulletin", sa.String(length=100), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("confirmed_by", sa.String(length=100), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(deed_kind = 'signed') = (document_reference IS NOT NULL) AND (deed_kind = 'paper') = (scan_sha256 IS NOT NULL) AND (deed_kind = 'paper') = (confirmed_by IS NOT NULL)",
            name=op.f("ck_delegation_deed"),
        ),
        sa.CheckConstraint("mode <> 'powers' OR sector IS NOT NULL", name=op.f("ck_delegation_sector")),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> recorded_by", name=op.f("ck_delegation_two_officers")
        ),
        sa.CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name=op.f("ck_delegation_days")),
        sa.CheckConstraint("from_office_id <> to_office_id", name=op.f("ck_delegation_offices")),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_delegation_body_id_body")),
        sa.ForeignKeyConstraint(["from_office_id"], ["office.id"], name=op.f("fk_delegation_from_office_id_office")),
        sa.ForeignKeyConstraint(["to_office_id"], ["office.id"], name=op.f("fk_delegation_to_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
        sa.UniqueConstraint("document_reference", name=op.f("uq_delegation_document_reference")),
    )
    with op.batch_alter_table("delegation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delegation_body_id"), ["body_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delegation_from_office_id"), ["from_office_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delegation_to_office_id"), ["to_office_id"], unique=False)
        batch_op.create_index(
            "uq_delegation_body_id_number_current",
            ["body_id", "number"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.create_table(
        "finding",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "absence",
                "substitution",
                "special_committee",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("acts", sa.String(length=200), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("deed", sa.String(length=300), nullable=False),
        sa.Column("scan_sha256", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("confirmed_by", sa.String(length=100), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(kind = 'special_committee') = (office_id IS NULL)", name=op.f("ck_finding_office")),
        sa.CheckConstraint("confirmed_by <> recorded_by", name=op.f("ck_finding_two_officers")),
        sa.CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name=op.f("ck_finding_days")),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_finding_body_id_body")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_finding_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
    )
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_finding_body_id"), ["body_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finding_office_id"), ["office_id"], unique=False)

    op.create_table(
        "open_rank",
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("rank", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("rank >= 1", name=op.f("ck_open_rank_rank")),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_open_rank_body_id_body")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_open_rank_office_id_office")),
        sa.PrimaryKeyConstraint("body_id", "rank", name=op.f("pk_open_rank")),
        sa.UniqueConstraint("office_id", name=op.f("uq_open_rank_office_id")),
    )
    op.create_table(
        "delegation_end",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("delegation_id", sa.Uuid(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("deed", sa.String(length=300), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["delegation_id"], ["delegation.id"], name=op.f("fk_delegation_end_delegation_id_delegation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation_end")),
    )
    with op.batch_alter_table("delegation_end", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delegation_end_delegation_id"), ["delegation_id"], unique=False)
        batch_op.create_index(
            "uq_delegation_end_delegation_id_current",
            ["delegation_id"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    with op.batch_alter_table("ceremony", schema=None) as batch_op:
        batch_op.add_column(sa.Column("power_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("power_kind", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("power_number", sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column("power_since", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("power_principal", sa.String(length=40), nullable=True))
    with op.batch_alter_table("ceremony", schema=None) as batch_op:
        batch_op.create_check_constraint(op.f("ck_ceremony_power"), POWER)

    op.create_table(
        "mailbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column(
            "function",
            sa.Enum(
                "president",
                "vice_president",
                "committee_member",
                "secretary",
                "pacha",
                "pacha_assistant",
                "governor",
                "special_committee",
                "director_of_services",
                name="function",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "created",
                "active",
                "handed_over",
                "closed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("office_id", sa.Uuid(), nullable=True),
        sa.Column("handed_over_on", sa.Date(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('asked', 'closed') OR address IS NOT NULL", name=op.f("ck_mailbox_address")),
        sa.CheckConstraint("(state = 'active') = (office_id IS NOT NULL)", name=op.f("ck_mailbox_reader")),
        sa.CheckConstraint("state <> 'handed_over' OR handed_over_on IS NOT NULL", name=op.f("ck_mailbox_handed_over")),
        sa.CheckConstraint("rank >= 0", name=op.f("ck_mailbox_rank")),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_mailbox_body_id_body")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_mailbox_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailbox")),
        sa.UniqueConstraint("address", name=op.f("uq_mailbox_address")),
    )
    with op.batch_alter_table("mailbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mailbox_office_id"), ["office_id"], unique=False)
        batch_op.create_index(
            "uq_mailbox_body_id_function_rank_open",
            ["body_id", "function", "rank"],
            unique=True,
            sqlite_where=sa.text("state != 'closed'"),
            postgresql_where=sa.text("state != 'closed'"),
        )

    op.create_table(
        "outgoing_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "delegation_given",
                "delegation_ended",
                "office_ends",
                "mailbox_active",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(length=200), nullable=True),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_outgoing_message_attempts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_message")),
    )
    with op.batch_alter_table("outgoing_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outgoing_message_next_at"), ["next_at"], unique=False)

    with op.batch_alter_table("holder", schema=None) as batch_op:
        batch_op.add_column(sa.Column("phone", sa.String(length=16), nullable=True))

    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Bring them back. Refused by the first constraint while a deed of delegation is there."""
    with op.batch_alter_table("holder", schema=None) as batch_op:
        batch_op.drop_column("phone")
    op.drop_table("outgoing_message")
    op.drop_table("mailbox")
    with op.batch_alter_table("ceremony", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_ceremony_power"), type_="check")
    with op.batch_alter_table("ceremony", schema=None) as batch_op:
        batch_op.drop_column("power_principal")
        batch_op.drop_column("power_since")
        batch_op.drop_column("power_number")
        batch_op.drop_column("power_kind")
        batch_op.drop_column("power_id")

    with op.batch_alter_table("delegation_end", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_delegation_end_delegation_id_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_delegation_end_delegation_id"))

    op.drop_table("delegation_end")
    op.drop_table("open_rank")
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_finding_office_id"))
        batch_op.drop_index(batch_op.f("ix_finding_body_id"))

    op.drop_table("finding")
    with op.batch_alter_table("delegation", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_delegation_body_id_number_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_delegation_to_office_id"))
        batch_op.drop_index(batch_op.f("ix_delegation_from_office_id"))
        batch_op.drop_index(batch_op.f("ix_delegation_body_id"))

    op.drop_table("delegation")
    with op.batch_alter_table("powers_declaration", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_powers_declaration_body_id"))

    op.drop_table("powers_declaration")
    op.drop_table("delegation_draft")
    with op.batch_alter_table("register_proposal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_register_proposal_body_code"))

    op.drop_table("register_proposal")

    if op.get_bind().dialect.name == "postgresql":
        for table in ("delegation", "delegation_end", "finding", "powers_declaration", "register_proposal"):
            op.execute(f"DROP FUNCTION fn_{table}_append_only()")
    for table, name in KINDS:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(op.f(name), type_="check")
            batch_op.create_check_constraint(op.f(name), KNOWN_BEFORE)
