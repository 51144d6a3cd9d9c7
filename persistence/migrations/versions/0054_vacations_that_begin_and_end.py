"""Whose vacation begins or ends is found by an index."""

from persistence.migrations.beside import build_index, drop_index

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

previous_release = "It has no vacations, and reads no index by its name."

PROFILES = "creator_profiles"


def upgrade() -> None:
    leaving, away = "creator_status = 'ACTIVE' AND vacation_mode", "creator_status = 'VACATION'"
    build_index("ix_creator_profiles_leaving", PROFILES, ["vacation_start"], where=leaving)
    build_index("ix_creator_profiles_away", PROFILES, ["vacation_end"], where=away)


def downgrade() -> None:
    drop_index("ix_creator_profiles_away", PROFILES)
    drop_index("ix_creator_profiles_leaving", PROFILES)
