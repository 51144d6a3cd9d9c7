"""More usernames that nobody may take: what servers, networks and build tools answer at the root of a site."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Paths of RFC 9116 and app platforms, of content delivery networks, and private paths of common web frameworks.
RESERVED = """
apple-app-site-association apple-developer-merchantid-domain-association apple-touch-icon assetlinks cdn-cgi cgi-bin
confirm manifest pgp-key service-worker sw undo upgrade-insecure-requests wp-admin wp-content wp-includes wp-login
xmlrpc _app _assets _astro _document _error _ignition _internal _next _nuxt _profiler _static _vercel __webpack_hmr
""".split()  # noqa: SIM905 - a list of this length reads as a text

INSERT = sa.text("INSERT INTO reserved_usernames (username) VALUES (:username) ON CONFLICT DO NOTHING")


def upgrade() -> None:
    for username in RESERVED:
        op.execute(INSERT.bindparams(username=username))


def downgrade() -> None:
    for username in RESERVED:
        op.execute(sa.text("DELETE FROM reserved_usernames WHERE username = :username").bindparams(username=username))
