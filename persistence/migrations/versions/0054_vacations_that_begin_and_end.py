"""Whose vacation begins or ends is found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

previous_release = "It has no vacations, and reads no index by its name."

PROFILES = "creator_profiles"
LEAVING = sa.text("creator_status = 'ACTIVE' AND vacation_mode")
AWAY = sa.text("creator_status = 'VACATION'")


def upgrade() -> None:
    op.create_index("ix_creator_profiles_leaving", PROFILES, ["vacation_start"], postgresql_where=LEAVING)
    op.create_index("ix_creator_profiles_away", PROFILES, ["vacation_end"], postgresql_where=AWAY)


def downgrade() -> None:
    op.drop_index("ix_creator_profiles_away", PROFILES)
    op.drop_index("ix_creator_profiles_leaving", PROFILES)
