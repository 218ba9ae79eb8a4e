# ruff: noqa: E501, PLR0915
"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER tr_journal_leaf_update BEFORE UPDATE ON journal_leaf WHEN OLD.id IS NOT NEW.id OR OLD.content IS NOT NEW.content OR OLD.leaf_hash IS NOT NEW.leaf_hash OR (OLD.number IS NOT NULL AND OLD.number IS NOT NEW.number) OR (NEW.salt IS NOT NULL AND OLD.salt IS NOT NEW.salt) OR (NEW.facts IS NOT NULL AND OLD.facts IS NOT NEW.facts) BEGIN SELECT RAISE(ABORT, 'journal_leaf is append-only'); END",
        "CREATE TRIGGER tr_journal_leaf_delete BEFORE DELETE ON journal_leaf BEGIN SELECT RAISE(ABORT, 'journal_leaf is append-only'); END",
        "CREATE TRIGGER tr_event_update BEFORE UPDATE ON event WHEN OLD.leaf_id IS NOT NEW.leaf_id OR OLD.kind IS NOT NEW.kind OR OLD.subject IS NOT NEW.subject OR OLD.at IS NOT NEW.at OR (OLD.number IS NOT NULL AND OLD.number IS NOT NEW.number) BEGIN SELECT RAISE(ABORT, 'event is append-only'); END",
        "CREATE TRIGGER tr_event_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'event is append-only'); END",
        "CREATE TRIGGER tr_ledger_entry_update BEFORE UPDATE ON ledger_entry WHEN OLD.id IS NOT NEW.id OR OLD.movement_id IS NOT NEW.movement_id OR OLD.book IS NOT NEW.book OR OLD.account IS NOT NEW.account OR OLD.agreement_id IS NOT NEW.agreement_id OR OLD.body_id IS NOT NEW.body_id OR OLD.change IS NOT NEW.change OR OLD.cause IS NOT NEW.cause OR OLD.order_id IS NOT NEW.order_id OR OLD.in_effect IS NOT NEW.in_effect OR OLD.recorded_at IS NOT NEW.recorded_at BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END",
        "CREATE TRIGGER tr_ledger_entry_delete BEFORE DELETE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END",
        "CREATE TRIGGER tr_office_update BEFORE UPDATE ON office WHEN OLD.id IS NOT NEW.id OR OLD.holder_id IS NOT NEW.holder_id OR OLD.body_id IS NOT NEW.body_id OR OLD.function IS NOT NEW.function OR OLD.rank IS NOT NEW.rank OR OLD.starts_on IS NOT NEW.starts_on OR OLD.deed IS NOT NEW.deed OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'office is append-only'); END",
        "CREATE TRIGGER tr_office_delete BEFORE DELETE ON office BEGIN SELECT RAISE(ABORT, 'office is append-only'); END",
        "CREATE TRIGGER tr_office_end_update BEFORE UPDATE ON office_end WHEN OLD.id IS NOT NEW.id OR OLD.office_id IS NOT NEW.office_id OR OLD.ends_on IS NOT NEW.ends_on OR OLD.reason IS NOT NEW.reason OR OLD.deed IS NOT NEW.deed OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS NOT NEW.superseded_at) BEGIN SELECT RAISE(ABORT, 'office_end is append-only'); END",
        "CREATE TRIGGER tr_office_end_delete BEFORE DELETE ON office_end BEGIN SELECT RAISE(ABORT, 'office_end is append-only'); END",
        "CREATE TRIGGER tr_register_declaration_update BEFORE UPDATE ON register_declaration WHEN OLD.id IS NOT NEW.id OR OLD.body_id IS NOT NEW.body_id OR OLD.complete_from IS NOT NEW.complete_from OR OLD.recorded_at IS NOT NEW.recorded_at OR OLD.recorded_by IS NOT NEW.recorded_by BEGIN SELECT RAISE(ABORT, 'register_declaration is append-only'); END",
        "CREATE TRIGGER tr_register_declaration_delete BEFORE DELETE ON register_declaration BEGIN SELECT RAISE(ABORT, 'register_declaration is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION fn_journal_leaf_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'journal_leaf is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_journal_leaf_update BEFORE UPDATE ON journal_leaf FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.content IS DISTINCT FROM NEW.content OR OLD.leaf_hash IS DISTINCT FROM NEW.leaf_hash OR (OLD.number IS NOT NULL AND OLD.number IS DISTINCT FROM NEW.number) OR (NEW.salt IS NOT NULL AND OLD.salt IS DISTINCT FROM NEW.salt) OR (NEW.facts IS NOT NULL AND OLD.facts IS DISTINCT FROM NEW.facts)) EXECUTE FUNCTION fn_journal_leaf_append_only()",
        "CREATE TRIGGER tr_journal_leaf_delete BEFORE DELETE ON journal_leaf FOR EACH ROW EXECUTE FUNCTION fn_journal_leaf_append_only()",
        "CREATE TRIGGER tr_journal_leaf_truncate BEFORE TRUNCATE ON journal_leaf FOR EACH STATEMENT EXECUTE FUNCTION fn_journal_leaf_append_only()",
        "CREATE FUNCTION fn_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'event is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_event_update BEFORE UPDATE ON event FOR EACH ROW WHEN (OLD.leaf_id IS DISTINCT FROM NEW.leaf_id OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.subject IS DISTINCT FROM NEW.subject OR OLD.at IS DISTINCT FROM NEW.at OR (OLD.number IS NOT NULL AND OLD.number IS DISTINCT FROM NEW.number)) EXECUTE FUNCTION fn_event_append_only()",
        "CREATE TRIGGER tr_event_delete BEFORE DELETE ON event FOR EACH ROW EXECUTE FUNCTION fn_event_append_only()",
        "CREATE TRIGGER tr_event_truncate BEFORE TRUNCATE ON event FOR EACH STATEMENT EXECUTE FUNCTION fn_event_append_only()",
        "CREATE FUNCTION fn_ledger_entry_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ledger_entry is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_ledger_entry_update BEFORE UPDATE ON ledger_entry FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.movement_id IS DISTINCT FROM NEW.movement_id OR OLD.book IS DISTINCT FROM NEW.book OR OLD.account IS DISTINCT FROM NEW.account OR OLD.agreement_id IS DISTINCT FROM NEW.agreement_id OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.change IS DISTINCT FROM NEW.change OR OLD.cause IS DISTINCT FROM NEW.cause OR OLD.order_id IS DISTINCT FROM NEW.order_id OR OLD.in_effect IS DISTINCT FROM NEW.in_effect OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at) EXECUTE FUNCTION fn_ledger_entry_append_only()",
        "CREATE TRIGGER tr_ledger_entry_delete BEFORE DELETE ON ledger_entry FOR EACH ROW EXECUTE FUNCTION fn_ledger_entry_append_only()",
        "CREATE TRIGGER tr_ledger_entry_truncate BEFORE TRUNCATE ON ledger_entry FOR EACH STATEMENT EXECUTE FUNCTION fn_ledger_entry_append_only()",
        "CREATE FUNCTION fn_office_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'office is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_office_update BEFORE UPDATE ON office FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.holder_id IS DISTINCT FROM NEW.holder_id OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.function IS DISTINCT FROM NEW.function OR OLD.rank IS DISTINCT FROM NEW.rank OR OLD.starts_on IS DISTINCT FROM NEW.starts_on OR OLD.deed IS DISTINCT FROM NEW.deed OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_office_append_only()",
        "CREATE TRIGGER tr_office_delete BEFORE DELETE ON office FOR EACH ROW EXECUTE FUNCTION fn_office_append_only()",
        "CREATE TRIGGER tr_office_truncate BEFORE TRUNCATE ON office FOR EACH STATEMENT EXECUTE FUNCTION fn_office_append_only()",
        "CREATE FUNCTION fn_office_end_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'office_end is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_office_end_update BEFORE UPDATE ON office_end FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.office_id IS DISTINCT FROM NEW.office_id OR OLD.ends_on IS DISTINCT FROM NEW.ends_on OR OLD.reason IS DISTINCT FROM NEW.reason OR OLD.deed IS DISTINCT FROM NEW.deed OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by OR (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)) EXECUTE FUNCTION fn_office_end_append_only()",
        "CREATE TRIGGER tr_office_end_delete BEFORE DELETE ON office_end FOR EACH ROW EXECUTE FUNCTION fn_office_end_append_only()",
        "CREATE TRIGGER tr_office_end_truncate BEFORE TRUNCATE ON office_end FOR EACH STATEMENT EXECUTE FUNCTION fn_office_end_append_only()",
        "CREATE FUNCTION fn_register_declaration_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'register_declaration is append-only' USING ERRCODE = 'check_violation'; END $$",
        "CREATE TRIGGER tr_register_declaration_update BEFORE UPDATE ON register_declaration FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.body_id IS DISTINCT FROM NEW.body_id OR OLD.complete_from IS DISTINCT FROM NEW.complete_from OR OLD.recorded_at IS DISTINCT FROM NEW.recorded_at OR OLD.recorded_by IS DISTINCT FROM NEW.recorded_by) EXECUTE FUNCTION fn_register_declaration_append_only()",
        "CREATE TRIGGER tr_register_declaration_delete BEFORE DELETE ON register_declaration FOR EACH ROW EXECUTE FUNCTION fn_register_declaration_append_only()",
        "CREATE TRIGGER tr_register_declaration_truncate BEFORE TRUNCATE ON register_declaration FOR EACH STATEMENT EXECUTE FUNCTION fn_register_declaration_append_only()",
    ),
}
"""What keeps append-only tables as written, engine by engine (pki.journal.append_only, as of this revision)."""


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "agent_ticket",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("ceremony", "enrolment", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("jkt", sa.String(length=64), nullable=True),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_ticket")),
        sa.UniqueConstraint("sha256", name=op.f("uq_agent_ticket_sha256")),
    )
    with op.batch_alter_table("agent_ticket", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agent_ticket_subject"), ["subject"], unique=False)

    op.create_table(
        "agreement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("supplier", sa.String(length=200), nullable=False),
        sa.Column("census", sa.String(length=40), nullable=False),
        sa.Column("in_effect_from", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
        sa.UniqueConstraint("number", name=op.f("uq_agreement_number")),
    )
    op.create_table(
        "block",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lost_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_reason", sa.String(length=500), nullable=True),
        sa.CheckConstraint("lifted_at IS NULL OR lifted_at >= blocked_at", name=op.f("ck_block_lifted_at")),
        sa.CheckConstraint("lost_since IS NULL OR lost_since <= blocked_at", name=op.f("ck_block_lost_since")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block")),
    )
    with op.batch_alter_table("block", schema=None) as batch_op:
        batch_op.create_index(
            "uq_block_order_id_live",
            ["order_id"],
            unique=True,
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        )

    op.create_table(
        "ceremony",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("signer_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "redeemed",
                "completed",
                "cancelled",
                "expired",
                "alarmed",
                name="ceremony_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=100), nullable=False),
        sa.Column("return_url", sa.String(length=500), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("function", sa.String(length=40), nullable=False),
        sa.Column("body_code", sa.String(length=40), nullable=False),
        sa.Column("certificate_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.JSON(), nullable=False),
        sa.Column("mechanism", sa.String(length=40), nullable=False),
        sa.Column("agent_key", sa.String(length=64), nullable=True),
        sa.Column("agent_nonce", sa.String(length=100), nullable=True),
        sa.Column("ticket_sha256", sa.String(length=64), nullable=True),
        sa.Column("manifest", sa.Text(), nullable=True),
        sa.Column("manifest_items", sa.JSON(), nullable=True),
        sa.Column("manifest_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("match_code", sa.String(length=4), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ceremony")),
    )
    with op.batch_alter_table("ceremony", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ceremony_signer_id"), ["signer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ceremony_state"), ["state"], unique=False)

    op.create_table(
        "dossier",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=11), nullable=False),
        sa.Column("platform", sa.String(length=100), nullable=False),
        sa.Column("platform_reference", sa.String(length=100), nullable=False),
        sa.Column("body_code", sa.String(length=40), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "construire",
                "lotir",
                "groupe_habitations",
                "morceler",
                "refection",
                "demolition",
                "regularisation",
                name="dossier_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "track",
            sa.Enum("big", "small", "refection", name="track", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("applicant", sa.String(length=200), nullable=False),
        sa.Column("parcel", sa.String(length=200), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier")),
        sa.UniqueConstraint("platform", "platform_reference", name=op.f("uq_dossier_platform_platform_reference")),
        sa.UniqueConstraint("reference", name=op.f("uq_dossier_reference")),
    )
    op.create_table(
        "holder",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name_ar", sa.String(length=200), nullable=False),
        sa.Column("name_latin", sa.String(length=64), nullable=False),
        sa.Column("cin_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("cin_hash", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holder")),
        sa.UniqueConstraint("cin_hash", name=op.f("uq_holder_cin_hash")),
    )
    op.create_table(
        "issuer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("embedded", "external", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("role", sa.String(length=20), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("certificate", sa.LargeBinary(), nullable=True),
        sa.Column("certificate_sha256", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'embedded') = (role IS NOT NULL)", name=op.f("ck_issuer_role")),
        sa.CheckConstraint("kind = 'embedded' OR certificate IS NOT NULL", name=op.f("ck_issuer_certificate")),
        sa.ForeignKeyConstraint(["parent_id"], ["issuer.id"], name=op.f("fk_issuer_parent_id_issuer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuer")),
        sa.UniqueConstraint("certificate_sha256", name=op.f("uq_issuer_certificate_sha256")),
        sa.UniqueConstraint("role", name=op.f("uq_issuer_role")),
    )
    op.create_table(
        "journal_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_journal_head_single")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_journal_head_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_head")),
    )
    op.create_table(
        "journal_leaf",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=True),
        sa.Column("facts", sa.Text(), nullable=True),
        sa.CheckConstraint("number >= 0", name=op.f("ck_journal_leaf_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_leaf")),
        sa.UniqueConstraint("number", name=op.f("uq_journal_leaf_number")),
    )
    with op.batch_alter_table("journal_leaf", schema=None) as batch_op:
        batch_op.create_index(
            "ix_journal_leaf_unnumbered",
            ["id"],
            unique=False,
            sqlite_where=sa.text("number IS NULL"),
            postgresql_where=sa.text("number IS NULL"),
        )

    op.create_table(
        "machine_client",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=True),
        sa.Column("public_keys", sa.Text(), nullable=True),
        sa.Column("scopes", sa.String(length=400), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "secret_hash IS NOT NULL OR public_keys IS NOT NULL", name=op.f("ck_machine_client_credential")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_machine_client")),
    )
    op.create_table(
        "officer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "role",
            sa.Enum("central", "provincial", name="role", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("province_code", sa.String(length=20), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(role = 'provincial') = (province_code IS NOT NULL)", name=op.f("ck_officer_territory")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_officer_token_hash")),
    )
    op.create_table(
        "reference_sequence",
        sa.Column("letter", sa.String(length=1), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.CheckConstraint("last between 1 and 9999999", name=op.f("ck_reference_sequence_last")),
        sa.PrimaryKeyConstraint("letter", "year", name=op.f("pk_reference_sequence")),
    )
    op.create_table(
        "region",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name_fr", sa.String(length=200), nullable=False),
        sa.Column("name_ar", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_region")),
    )
    op.create_table(
        "spent_proof",
        sa.Column("issuer", sa.String(length=100), nullable=False),
        sa.Column("jti_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "jti_hash", name=op.f("pk_spent_proof")),
    )
    with op.batch_alter_table("spent_proof", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spent_proof_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "stored_answer",
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("claim", sa.Uuid(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(status IS NULL) = (answer IS NULL)", name=op.f("ck_stored_answer_complete")),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_stored_answer")),
    )
    with op.batch_alter_table("stored_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stored_answer_claimed_at"), ["claimed_at"], unique=False)

    op.create_table(
        "trust_anchor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy_oids", sa.JSON(), nullable=False),
        sa.Column(
            "environment",
            sa.Enum(
                "rehearsal", "production", name="environment", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("not_before <= not_after", name=op.f("ck_trust_anchor_dates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trust_anchor")),
        sa.UniqueConstraint("sha256", name=op.f("uq_trust_anchor_sha256")),
    )
    op.create_table(
        "access_token",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.String(length=400), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["machine_client.id"], name=op.f("fk_access_token_client_id_machine_client")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_access_token")),
    )
    with op.batch_alter_table("access_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_token_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "agent_token",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["agent_ticket.id"], name=op.f("fk_agent_token_ticket_id_agent_ticket")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_agent_token")),
    )
    with op.batch_alter_table("agent_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agent_token_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "agreement_book",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("seats_ceiling", sa.Integer(), nullable=True),
        sa.Column("seats_granted", sa.Integer(), nullable=False),
        sa.Column("purchases_granted", sa.Integer(), nullable=False),
        sa.Column("purchases_used", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "purchases_used >= 0 AND purchases_used <= purchases_granted", name=op.f("ck_agreement_book_purchases")
        ),
        sa.CheckConstraint(
            "seats_ceiling IS NULL OR seats_granted <= seats_ceiling", name=op.f("ck_agreement_book_seats_ceiling")
        ),
        sa.CheckConstraint("seats_granted >= 0", name=op.f("ck_agreement_book_seats_granted")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_book_agreement_id_agreement")
        ),
        sa.PrimaryKeyConstraint("agreement_id", name=op.f("pk_agreement_book")),
    )
    op.create_table(
        "application_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=11), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("head_number", sa.Integer(), nullable=False),
        sa.Column("head_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_application_file_dossier_id_dossier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_file")),
        sa.UniqueConstraint("dossier_id", "title", name=op.f("uq_application_file_dossier_id_title")),
        sa.UniqueConstraint("reference", name=op.f("uq_application_file_reference")),
    )
    op.create_table(
        "committee_member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("body_code", sa.String(length=40), nullable=False),
        sa.Column("body_kind", sa.String(length=40), nullable=False),
        sa.Column("binding", sa.Boolean(), nullable=False),
        sa.Column("article", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_committee_member_dossier_id_dossier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_committee_member")),
        sa.UniqueConstraint("dossier_id", "body_code", name=op.f("uq_committee_member_dossier_id_body_code")),
    )
    op.create_table(
        "crl",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("this_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tbs_sha256", sa.String(length=64), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuer.id"], name=op.f("fk_crl_issuer_id_issuer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crl")),
        sa.UniqueConstraint("issuer_id", "number", name=op.f("uq_crl_issuer_id_number")),
    )
    op.create_table(
        "document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=11), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "opinion",
                "minutes",
                "licence",
                "refusal",
                "key_acceptance",
                name="document_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("dossier_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("body_code", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=400), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "signed",
                "superseded",
                name="document_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("rendered", sa.Boolean(), nullable=False),
        sa.Column("live_slot", sa.String(length=120), nullable=True),
        sa.Column("head_number", sa.Integer(), nullable=False),
        sa.Column("head_sha256", sa.String(length=64), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drafted_by", sa.String(length=100), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_document_dossier_id_dossier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("live_slot", name=op.f("uq_document_live_slot")),
        sa.UniqueConstraint("reference", name=op.f("uq_document_reference")),
    )
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_dossier_id"), ["dossier_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_document_order_id"), ["order_id"], unique=False)

    op.create_table(
        "enrolment_hello",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("agent_nonce", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["agent_ticket.id"], name=op.f("fk_enrolment_hello_ticket_id_agent_ticket")
        ),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_enrolment_hello")),
    )
    op.create_table(
        "event",
        sa.Column("leaf_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["leaf_id"], ["journal_leaf.id"], name=op.f("fk_event_leaf_id_journal_leaf")),
        sa.PrimaryKeyConstraint("leaf_id", name=op.f("pk_event")),
        sa.UniqueConstraint("number", name=op.f("uq_event_number")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("ix_event_subject_number", ["subject", "number"], unique=False)

    op.create_table(
        "issuance_intent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("holder_id", sa.Uuid(), nullable=True),
        sa.Column("profile", sa.String(length=40), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "signature",
                "authentication",
                "authority",
                "ocsp",
                "time-stamp",
                "manifest",
                "seal",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("spki_sha256", sa.String(length=64), nullable=False),
        sa.Column("tbs", sa.LargeBinary(), nullable=False),
        sa.Column("tbs_sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "algorithm",
            sa.Enum(
                "rsa-pkcs1v15-sha256",
                "rsa-pkcs1v15-sha384",
                "rsa-pkcs1v15-sha512",
                "rsa-pss-sha256",
                "rsa-pss-sha384",
                "rsa-pss-sha512",
                "ecdsa-sha256",
                "ecdsa-sha384",
                name="algorithm",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "prepared", "redeemed", "abandoned", name="state", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuer.id"], name=op.f("fk_issuance_intent_issuer_id_issuer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuance_intent")),
        sa.UniqueConstraint("issuer_id", "serial", name=op.f("uq_issuance_intent_issuer_id_serial")),
        sa.UniqueConstraint("tbs_sha256", name=op.f("uq_issuance_intent_tbs_sha256")),
    )
    with op.batch_alter_table("issuance_intent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_issuance_intent_order_id"), ["order_id"], unique=False)

    op.create_table(
        "province",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=False),
        sa.Column("name_fr", sa.String(length=200), nullable=False),
        sa.Column("name_ar", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_province_region_code_region")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_province")),
    )
    with op.batch_alter_table("province", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_province_region_code"), ["region_code"], unique=False)

    op.create_table(
        "tier",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("commune", "province", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("population_from", sa.Integer(), nullable=False),
        sa.Column("population_below", sa.Integer(), nullable=True),
        sa.Column("keys", sa.Integer(), nullable=False),
        sa.Column(
            "basis",
            sa.Enum("published", "assumed", name="basis", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("in_effect_from", sa.Date(), nullable=False),
        sa.CheckConstraint("keys >= 0", name=op.f("ck_tier_keys")),
        sa.CheckConstraint(
            "population_below IS NULL OR population_below > population_from", name=op.f("ck_tier_population_below")
        ),
        sa.CheckConstraint("population_from >= 0", name=op.f("ck_tier_population_from")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_tier_agreement_id_agreement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier")),
        sa.UniqueConstraint(
            "agreement_id", "kind", "population_from", name=op.f("uq_tier_agreement_id_kind_population_from")
        ),
    )
    op.create_table(
        "wave",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_wave_agreement_id_agreement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wave")),
    )
    op.create_table(
        "application_file_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["application_file.id"], name=op.f("fk_application_file_version_file_id_application_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_file_version")),
        sa.UniqueConstraint("file_id", "number", name=op.f("uq_application_file_version_file_id_number")),
    )
    op.create_table(
        "body",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "commune",
                "arrondissement",
                "province",
                "urban_agency",
                "civil_protection",
                "network_operator",
                "ancfcc",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name_fr", sa.String(length=200), nullable=False),
        sa.Column("name_ar", sa.String(length=200), nullable=False),
        sa.Column("province_code", sa.String(length=20), nullable=True),
        sa.Column("region_code", sa.String(length=20), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("census", sa.String(length=40), nullable=True),
        sa.Column("urban_rural", sa.String(length=10), nullable=True),
        sa.CheckConstraint("(population IS NULL) = (census IS NULL)", name=op.f("ck_body_census")),
        sa.CheckConstraint("population >= 0", name=op.f("ck_body_population")),
        sa.ForeignKeyConstraint(["province_code"], ["province.code"], name=op.f("fk_body_province_code_province")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_body_region_code_region")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_body")),
        sa.UniqueConstraint("code", name=op.f("uq_body_code")),
    )
    with op.batch_alter_table("body", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_body_province_code"), ["province_code"], unique=False)
        batch_op.create_index(batch_op.f("ix_body_region_code"), ["region_code"], unique=False)

    op.create_table(
        "ceremony_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ceremony_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=11), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "opinion",
                "minutes",
                "licence",
                "refusal",
                "key_acceptance",
                name="ceremony_item_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=400), nullable=False),
        sa.Column("field", sa.String(length=80), nullable=False),
        sa.Column("body_code", sa.String(length=40), nullable=False),
        sa.Column("certify", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "prepared",
                "kept",
                "signed",
                "refused",
                name="ceremony_item_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=100), nullable=True),
        sa.Column("base_sha256", sa.String(length=64), nullable=False),
        sa.Column("prepared_sha256", sa.String(length=64), nullable=True),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("byte_range", sa.JSON(), nullable=True),
        sa.Column("document_digest", sa.LargeBinary(), nullable=True),
        sa.Column("attributes", sa.LargeBinary(), nullable=True),
        sa.Column("attributes_sha256", sa.String(length=64), nullable=True),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("time_stamp", sa.LargeBinary(), nullable=True),
        sa.Column("result_sha256", sa.String(length=64), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state != 'signed' or result_sha256 is not null", name=op.f("ck_ceremony_item_signed_has_result")
        ),
        sa.CheckConstraint(
            "state not in ('kept', 'signed') or value is not null", name=op.f("ck_ceremony_item_kept_has_value")
        ),
        sa.ForeignKeyConstraint(["ceremony_id"], ["ceremony.id"], name=op.f("fk_ceremony_item_ceremony_id_ceremony")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_ceremony_item_document_id_document")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ceremony_item")),
        sa.UniqueConstraint("ceremony_id", "document_id", name=op.f("uq_ceremony_item_ceremony_id_document_id")),
        sa.UniqueConstraint("ceremony_id", "number", name=op.f("uq_ceremony_item_ceremony_id_number")),
    )
    with op.batch_alter_table("ceremony_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ceremony_item_document_id"), ["document_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ceremony_item_state"), ["state"], unique=False)

    op.create_table(
        "certificate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("intent_id", sa.Uuid(), nullable=True),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("holder_id", sa.Uuid(), nullable=True),
        sa.Column("profile", sa.String(length=40), nullable=True),
        sa.Column(
            "purpose",
            sa.Enum(
                "signature",
                "authentication",
                "authority",
                "ocsp",
                "time-stamp",
                "manifest",
                "seal",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("serial", sa.String(length=64), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("spki_sha256", sa.String(length=64), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "origin",
            sa.Enum("issued", "registered", name="origin", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.CheckConstraint("(origin = 'issued') = (intent_id IS NOT NULL)", name=op.f("ck_certificate_origin_intent")),
        sa.ForeignKeyConstraint(
            ["intent_id"], ["issuance_intent.id"], name=op.f("fk_certificate_intent_id_issuance_intent")
        ),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuer.id"], name=op.f("fk_certificate_issuer_id_issuer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("intent_id", name=op.f("uq_certificate_intent_id")),
        sa.UniqueConstraint("issuer_id", "serial", name=op.f("uq_certificate_issuer_id_serial")),
        sa.UniqueConstraint("sha256", name=op.f("uq_certificate_sha256")),
        sa.UniqueConstraint("spki_sha256", name=op.f("uq_certificate_spki_sha256")),
    )
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certificate_holder_id"), ["holder_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_certificate_order_id"), ["order_id"], unique=False)

    op.create_table(
        "certified_key",
        sa.Column("spki_sha256", sa.String(length=64), nullable=False),
        sa.Column("intent_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["intent_id"], ["issuance_intent.id"], name=op.f("fk_certified_key_intent_id_issuance_intent")
        ),
        sa.PrimaryKeyConstraint("spki_sha256", name=op.f("pk_certified_key")),
        sa.UniqueConstraint("intent_id", name=op.f("uq_certified_key_intent_id")),
    )
    op.create_table(
        "decision",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("minutes_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_decision_document_id_document")),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_decision_dossier_id_dossier")),
        sa.ForeignKeyConstraint(["minutes_id"], ["document.id"], name=op.f("fk_decision_minutes_id_document")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_decision")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decision_dossier_id"), ["dossier_id"], unique=False)

    op.create_table(
        "document_field",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("body_code", sa.String(length=40), nullable=False),
        sa.Column("signer_id", sa.Uuid(), nullable=False),
        sa.Column("revision_number", sa.Integer(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_document_field_document_id_document")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_field")),
        sa.UniqueConstraint("document_id", "name", name=op.f("uq_document_field_document_id_name")),
        sa.UniqueConstraint("document_id", "signer_id", name=op.f("uq_document_field_document_id_signer_id")),
    )
    with op.batch_alter_table("document_field", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_field_signer_id"), ["signer_id"], unique=False)

    op.create_table(
        "document_lease",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("ceremony_id", sa.Uuid(), nullable=False),
        sa.Column("signer_id", sa.Uuid(), nullable=False),
        sa.Column("head_sha256", sa.String(length=64), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_document_lease_document_id_document")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document_lease")),
    )
    with op.batch_alter_table("document_lease", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_lease_ceremony_id"), ["ceremony_id"], unique=False)

    op.create_table(
        "document_revision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column(
            "level",
            sa.Enum(
                "none",
                "B-B",
                "B-T",
                "B-LT",
                "B-LTA",
                name="revision_level",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("field", sa.String(length=80), nullable=True),
        sa.Column("signer_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 0", name=op.f("ck_document_revision_number")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_document_revision_document_id_document")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_revision")),
        sa.UniqueConstraint("document_id", "field", name=op.f("uq_document_revision_document_id_field")),
        sa.UniqueConstraint("document_id", "number", name=op.f("uq_document_revision_document_id_number")),
    )
    with op.batch_alter_table("document_revision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_revision_sha256"), ["sha256"], unique=False)

    op.create_table(
        "licence_status",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "withdrawn",
                "annulled",
                "superseded",
                "lapsed",
                name="licence_status_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("in_effect", sa.Date(), nullable=False),
        sa.Column("deed", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("supersedes_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_licence_status_document_id_document")),
        sa.ForeignKeyConstraint(
            ["supersedes_id"], ["licence_status.id"], name=op.f("fk_licence_status_supersedes_id_licence_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licence_status")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_licence_status_supersedes_id")),
    )
    with op.batch_alter_table("licence_status", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_licence_status_document_id"), ["document_id"], unique=False)

    op.create_table(
        "minutes_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("body_code", sa.String(length=40), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "favourable",
                "with_reservations",
                "unfavourable",
                "none",
                name="member_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("opinion_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_minutes_entry_document_id_document")),
        sa.ForeignKeyConstraint(["opinion_id"], ["document.id"], name=op.f("fk_minutes_entry_opinion_id_document")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes_entry")),
        sa.UniqueConstraint("document_id", "body_code", name=op.f("uq_minutes_entry_document_id_body_code")),
    )
    op.create_table(
        "opinion",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("body_code", sa.String(length=40), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column(
            "opinion",
            sa.Enum(
                "favourable",
                "with_reservations",
                "unfavourable",
                name="opinion_value",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_opinion_document_id_document")),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_opinion_dossier_id_dossier")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_opinion")),
    )
    with op.batch_alter_table("opinion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_opinion_dossier_id"), ["dossier_id"], unique=False)

    op.create_table(
        "opinion_reading",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_opinion_reading_document_id_document")),
        sa.ForeignKeyConstraint(
            ["file_id"], ["application_file.id"], name=op.f("fk_opinion_reading_file_id_application_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opinion_reading")),
        sa.UniqueConstraint("document_id", "file_id", name=op.f("uq_opinion_reading_document_id_file_id")),
    )
    op.create_table(
        "wave_region",
        sa.Column("region_code", sa.String(length=20), nullable=False),
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_wave_region_region_code_region")),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_wave_region_wave_id_wave")),
        sa.PrimaryKeyConstraint("region_code", name=op.f("pk_wave_region")),
    )
    op.create_table(
        "allowance",
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("granted", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("live", sa.Integer(), nullable=False),
        sa.CheckConstraint("live >= 0", name=op.f("ck_allowance_live")),
        sa.CheckConstraint("reserved + live <= granted", name=op.f("ck_allowance_granted")),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_allowance_reserved")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_allowance_agreement_id_agreement")),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_allowance_body_id_body")),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_allowance_wave_id_wave")),
        sa.PrimaryKeyConstraint("body_id", name=op.f("pk_allowance")),
    )
    op.create_table(
        "office",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
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
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("deed", sa.String(length=300), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(function = 'vice_president') = (rank IS NOT NULL)", name=op.f("ck_office_rank")),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_office_body_id_body")),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.id"], name=op.f("fk_office_holder_id_holder")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office")),
    )
    with op.batch_alter_table("office", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_office_body_id"), ["body_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_office_holder_id"), ["holder_id"], unique=False)

    op.create_table(
        "register_declaration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("complete_from", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_register_declaration_body_id_body")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_declaration")),
    )
    with op.batch_alter_table("register_declaration", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_register_declaration_body_id"), ["body_id"], unique=False)

    op.create_table(
        "revocation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("certificate_id", sa.Uuid(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "unspecified",
                "key-compromise",
                "affiliation-changed",
                "superseded",
                "cessation-of-operation",
                "privilege-withdrawn",
                name="reason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("invalidity_date", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_revocation_certificate_id_certificate")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revocation")),
        sa.UniqueConstraint("certificate_id", name=op.f("uq_revocation_certificate_id")),
    )
    op.create_table(
        "key_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("payer_body_id", sa.Uuid(), nullable=True),
        sa.Column("agreement_id", sa.Uuid(), nullable=True),
        sa.Column("paid_by", sa.String(length=200), nullable=True),
        sa.Column(
            "road",
            sa.Enum(
                "supplied",
                "self_made",
                "already_held",
                name="road",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "requested",
                "approved",
                "personalised",
                "delivered",
                "active",
                "blocked",
                "revoked",
                "expired",
                "returned",
                "cancelled",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "seat",
            sa.Enum("none", "reserved", "live", name="seat", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.String(length=100), nullable=False),
        sa.CheckConstraint("(road = 'already_held') = (paid_by IS NOT NULL)", name=op.f("ck_key_order_paid_by")),
        sa.CheckConstraint("(road = 'already_held') = (payer_body_id IS NULL)", name=op.f("ck_key_order_payer")),
        sa.CheckConstraint("road <> 'already_held' OR seat = 'none'", name=op.f("ck_key_order_no_seat")),
        sa.CheckConstraint(
            "road = 'already_held' OR seat <> 'none' OR state <> 'blocked'", name=op.f("ck_key_order_blocked_seat")
        ),
        sa.CheckConstraint(
            "road = 'already_held' OR seat = 'live' OR state <> 'active'", name=op.f("ck_key_order_live_seat")
        ),
        sa.CheckConstraint(
            "road = 'already_held' OR seat = 'reserved' OR state NOT IN ('requested', 'approved', 'personalised', 'delivered')",
            name=op.f("ck_key_order_reserved_seat"),
        ),
        sa.CheckConstraint(
            "seat = 'none' OR state NOT IN ('revoked', 'expired', 'returned', 'cancelled')",
            name=op.f("ck_key_order_freed_seat"),
        ),
        sa.CheckConstraint("(payer_body_id IS NULL) = (agreement_id IS NULL)", name=op.f("ck_key_order_agreement")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_key_order_agreement_id_agreement")),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_key_order_body_id_body")),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.id"], name=op.f("fk_key_order_holder_id_holder")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_key_order_office_id_office")),
        sa.ForeignKeyConstraint(["payer_body_id"], ["body.id"], name=op.f("fk_key_order_payer_body_id_body")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_order")),
    )
    with op.batch_alter_table("key_order", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_key_order_body_id"), ["body_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_key_order_holder_id"), ["holder_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_key_order_office_id"), ["office_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_key_order_payer_body_id"), ["payer_body_id"], unique=False)
        batch_op.create_index(
            "uq_key_order_holder_id_body_id_open",
            ["holder_id", "body_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('requested', 'approved', 'personalised', 'delivered')"),
            postgresql_where=sa.text("state IN ('requested', 'approved', 'personalised', 'delivered')"),
        )

    op.create_table(
        "office_end",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("deed", sa.String(length=300), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_office_end_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_end")),
    )
    with op.batch_alter_table("office_end", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_office_end_office_id"), ["office_id"], unique=False)
        batch_op.create_index(
            "uq_office_end_office_id_current",
            ["office_id"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.create_table(
        "open_office",
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
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_open_office_body_id_body")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_open_office_office_id_office")),
        sa.PrimaryKeyConstraint("body_id", "function", name=op.f("pk_open_office")),
        sa.UniqueConstraint("office_id", name=op.f("uq_open_office_office_id")),
    )
    op.create_table(
        "issuance_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("requests_sha256", sa.String(length=64), nullable=False),
        sa.Column("certificates", sa.Text(), nullable=False),
        sa.Column("device_label", sa.String(length=100), nullable=False),
        sa.Column("device_serial", sa.String(length=100), nullable=False),
        sa.Column("device_model", sa.String(length=100), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_by", sa.String(length=100), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(length=100), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(approved_at IS NULL) = (approved_by IS NULL)", name=op.f("ck_issuance_request_approval")),
        sa.CheckConstraint("superseded_at IS NULL OR approved_at IS NULL", name=op.f("ck_issuance_request_superseded")),
        sa.CheckConstraint("used_at IS NULL OR approved_at IS NOT NULL", name=op.f("ck_issuance_request_used")),
        sa.ForeignKeyConstraint(["order_id"], ["key_order.id"], name=op.f("fk_issuance_request_order_id_key_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuance_request")),
        sa.UniqueConstraint("digest", name=op.f("uq_issuance_request_digest")),
    )
    with op.batch_alter_table("issuance_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_issuance_request_order_id"), ["order_id"], unique=False)
        batch_op.create_index(
            "uq_issuance_request_order_id_current",
            ["order_id"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("movement_id", sa.Uuid(), nullable=False),
        sa.Column(
            "book",
            sa.Enum("seat", "purchase", name="book", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "account",
            sa.Enum(
                "agreement",
                "available",
                "reserved",
                "live",
                "unused",
                "used",
                name="account",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=True),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=80), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("in_effect", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(book = 'seat' AND account IN ('agreement', 'available', 'reserved', 'live')) OR (book = 'purchase' AND account IN ('agreement', 'unused', 'used'))",
            name=op.f("ck_ledger_entry_book_account"),
        ),
        sa.CheckConstraint("book = 'purchase' OR body_id IS NOT NULL", name=op.f("ck_ledger_entry_seat_body")),
        sa.CheckConstraint("change <> 0", name=op.f("ck_ledger_entry_change")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_ledger_entry_agreement_id_agreement")
        ),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"], name=op.f("fk_ledger_entry_body_id_body")),
        sa.ForeignKeyConstraint(["order_id"], ["key_order.id"], name=op.f("fk_ledger_entry_order_id_key_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("movement_id", "account", name=op.f("uq_ledger_entry_movement_id_account")),
    )
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_entry_body_id"), ["body_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_entry_movement_id"), ["movement_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_entry_order_id"), ["order_id"], unique=False)

    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Bring them back."""
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_entry_order_id"))
        batch_op.drop_index(batch_op.f("ix_ledger_entry_movement_id"))
        batch_op.drop_index(batch_op.f("ix_ledger_entry_body_id"))

    op.drop_table("ledger_entry")
    with op.batch_alter_table("issuance_request", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_issuance_request_order_id_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_issuance_request_order_id"))

    op.drop_table("issuance_request")
    op.drop_table("open_office")
    with op.batch_alter_table("office_end", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_office_end_office_id_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_office_end_office_id"))

    op.drop_table("office_end")
    with op.batch_alter_table("key_order", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_key_order_holder_id_body_id_open",
            sqlite_where=sa.text("state IN ('requested', 'approved', 'personalised', 'delivered')"),
            postgresql_where=sa.text("state IN ('requested', 'approved', 'personalised', 'delivered')"),
        )
        batch_op.drop_index(batch_op.f("ix_key_order_payer_body_id"))
        batch_op.drop_index(batch_op.f("ix_key_order_office_id"))
        batch_op.drop_index(batch_op.f("ix_key_order_holder_id"))
        batch_op.drop_index(batch_op.f("ix_key_order_body_id"))

    op.drop_table("key_order")
    op.drop_table("revocation")
    with op.batch_alter_table("register_declaration", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_register_declaration_body_id"))

    op.drop_table("register_declaration")
    with op.batch_alter_table("office", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_office_holder_id"))
        batch_op.drop_index(batch_op.f("ix_office_body_id"))

    op.drop_table("office")
    op.drop_table("allowance")
    op.drop_table("wave_region")
    op.drop_table("opinion_reading")
    with op.batch_alter_table("opinion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_opinion_dossier_id"))

    op.drop_table("opinion")
    op.drop_table("minutes_entry")
    with op.batch_alter_table("licence_status", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_licence_status_document_id"))

    op.drop_table("licence_status")
    with op.batch_alter_table("document_revision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_document_revision_sha256"))

    op.drop_table("document_revision")
    with op.batch_alter_table("document_lease", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_document_lease_ceremony_id"))

    op.drop_table("document_lease")
    with op.batch_alter_table("document_field", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_document_field_signer_id"))

    op.drop_table("document_field")
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_decision_dossier_id"))

    op.drop_table("decision")
    op.drop_table("certified_key")
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_certificate_order_id"))
        batch_op.drop_index(batch_op.f("ix_certificate_holder_id"))

    op.drop_table("certificate")
    with op.batch_alter_table("ceremony_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ceremony_item_state"))
        batch_op.drop_index(batch_op.f("ix_ceremony_item_document_id"))

    op.drop_table("ceremony_item")
    with op.batch_alter_table("body", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_body_region_code"))
        batch_op.drop_index(batch_op.f("ix_body_province_code"))

    op.drop_table("body")
    op.drop_table("application_file_version")
    op.drop_table("wave")
    op.drop_table("tier")
    with op.batch_alter_table("province", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_province_region_code"))

    op.drop_table("province")
    with op.batch_alter_table("issuance_intent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_issuance_intent_order_id"))

    op.drop_table("issuance_intent")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index("ix_event_subject_number")

    op.drop_table("event")
    op.drop_table("enrolment_hello")
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_document_order_id"))
        batch_op.drop_index(batch_op.f("ix_document_dossier_id"))

    op.drop_table("document")
    op.drop_table("crl")
    op.drop_table("committee_member")
    op.drop_table("application_file")
    op.drop_table("agreement_book")
    with op.batch_alter_table("agent_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_agent_token_ticket_id"))

    op.drop_table("agent_token")
    with op.batch_alter_table("access_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_token_expires_at"))

    op.drop_table("access_token")
    op.drop_table("trust_anchor")
    with op.batch_alter_table("stored_answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stored_answer_claimed_at"))

    op.drop_table("stored_answer")
    with op.batch_alter_table("spent_proof", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_spent_proof_expires_at"))

    op.drop_table("spent_proof")
    op.drop_table("region")
    op.drop_table("reference_sequence")
    op.drop_table("officer")
    op.drop_table("machine_client")
    with op.batch_alter_table("journal_leaf", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_journal_leaf_unnumbered",
            sqlite_where=sa.text("number IS NULL"),
            postgresql_where=sa.text("number IS NULL"),
        )

    op.drop_table("journal_leaf")
    op.drop_table("journal_head")
    op.drop_table("issuer")
    op.drop_table("holder")
    op.drop_table("dossier")
    with op.batch_alter_table("ceremony", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ceremony_state"))
        batch_op.drop_index(batch_op.f("ix_ceremony_signer_id"))

    op.drop_table("ceremony")
    with op.batch_alter_table("block", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_block_order_id_live",
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        )

    op.drop_table("block")
    op.drop_table("agreement")
    with op.batch_alter_table("agent_ticket", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_agent_ticket_subject"))

    op.drop_table("agent_ticket")
