"""Officers of regions and communes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROLES_BEFORE = ("central", "provincial")
ROLES = ("central", "regional", "provincial", "commune")


def upgrade() -> None:
    """Bring the tables to this revision."""
    with op.batch_alter_table("officer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("region_code", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("body_code", sa.String(length=40), nullable=True))
        batch_op.drop_constraint(op.f("ck_officer_role"), type_="check")
        batch_op.create_check_constraint(op.f("ck_officer_role"), _one_of(ROLES))
        batch_op.create_check_constraint(op.f("ck_officer_region"), "(role = 'regional') = (region_code IS NOT NULL)")
        batch_op.create_check_constraint(op.f("ck_officer_commune"), "(role = 'commune') = (body_code IS NOT NULL)")


def downgrade() -> None:
    """Bring them back. Refused by the first constraint while there is an officer of a region or commune."""
    with op.batch_alter_table("officer", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_officer_commune"), type_="check")
        batch_op.drop_constraint(op.f("ck_officer_region"), type_="check")
        batch_op.drop_constraint(op.f("ck_officer_role"), type_="check")
        batch_op.create_check_constraint(op.f("ck_officer_role"), _one_of(ROLES_BEFORE))
        batch_op.drop_column("body_code")
        batch_op.drop_column("region_code")


def _one_of(roles: tuple[str, ...]) -> str:
    return f"role IN ({', '.join(repr(role) for role in roles)})"
