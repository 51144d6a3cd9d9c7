"""Rules of moderation that hold at once in a server."""

from typing import Any
from uuid import UUID

from domain.trust.rules import folded_pattern
from tests.handlers.support import insert
from tests.harness import Server, Tables

MOVED = (
    "INSERT INTO moderation_revisions AS r VALUES ('rules', 1) ON CONFLICT (name) DO UPDATE SET number = r.number + 1"
)


def stored(tables: Tables, pattern: str, action: str = "FLAG", **columns: Any) -> UUID:
    """The id of a rule for whole words in all texts; ``columns`` replace what its row holds."""
    row = {"kind": "TERM", "match": "WORD", "scopes": ["username", "display_name", "bio"], "action": action}
    row |= {"pattern": pattern, "folded": folded_pattern("TERM", pattern)} | columns
    rule_id = insert(tables, "moderation_rules", **row)
    tables.run(MOVED)
    return rule_id


def ruled(server: Server, pattern: str, action: str = "FLAG", **columns: Any) -> UUID:
    """As ``stored``, known to the server at once."""
    rule_id = stored(server.tables, pattern, action, **columns)
    follow(server)
    return rule_id


def follow(server: Server) -> None:
    """Read the rules again now, and store the hits."""
    server.on_loop(server.app.moderation.refresh())
