"""Notices of providers can be listed by staff."""

from persistence.migrations.beside import build_index, drop_index

revision = "0086"
down_revision = "0085"
branch_labels = None
depends_on = None

previous_release = "It lists none."

EVENTS = "provider_events"
_LAST = ["received_at", "id"]
LISTS = {"newest": _LAST, "state": ["state", *_LAST], "family": ["family", *_LAST]}


def upgrade() -> None:
    for name, columns in LISTS.items():
        build_index(f"ix_{EVENTS}_{name}", EVENTS, columns)


def downgrade() -> None:
    for name in LISTS:
        drop_index(f"ix_{EVENTS}_{name}", EVENTS)
