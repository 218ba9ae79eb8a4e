"""An index over the orders that have not ended: the dashboard's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

LIVING = "state IN ('requested', 'approved', 'personalised', 'delivered', 'active', 'blocked')"


def upgrade() -> None:
    """Add it."""
    op.create_index(
        "ix_key_order_body_id_state_living",
        "key_order",
        ["body_id", "state"],
        unique=False,
        sqlite_where=sa.text(LIVING),
        postgresql_where=sa.text(LIVING),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_key_order_body_id_state_living", table_name="key_order")
