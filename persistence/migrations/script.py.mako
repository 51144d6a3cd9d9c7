"""${message}"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None

# The previous release goes on working on this schema until its last node is replaced. So what is added it may leave out
# (nullable, or with a server_default), what it still reads or writes stays as it is, and what it no longer knows may go.
# A column is renamed or removed in two releases. Say here how the previous release gets on with this; a test asks.
previous_release = ""


def upgrade() -> None:
    """Locks are waited for 5 seconds and kept until the end, so long work on a large table is made without one.

    See persistence/migrations/beside.py: indexes are built by ``build_index``, before all that cannot be done twice; long
    updates are made by ``in_batches``, and checks that were added NOT VALID stand in ``with committed()``.
    New tables are made of what persistence/migrations/tables.py has.
    """
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
