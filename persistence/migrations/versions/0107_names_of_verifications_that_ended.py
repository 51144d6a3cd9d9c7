"""The name of a verified identity is kept no longer than the verification stands."""

from persistence.migrations.beside import in_batches

revision = "0107"
down_revision = "0106"
branch_labels = None
depends_on = None

previous_release = "It goes on keeping the names of what ends meanwhile; nobody is shown them."

GONE = """
UPDATE kyc_sessions SET verified_name = NULL
WHERE verified_name IS NOT NULL AND state <> 'APPROVED' AND id > :after AND id <= :until
"""


def upgrade() -> None:
    in_batches("kyc_sessions", GONE)


def downgrade() -> None:
    """What is gone is gone."""
