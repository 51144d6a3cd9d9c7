"""What was decided against an account, as its owner reads it (DSA Art. 17)."""

from typing import Any

from domain.clock import timestamp
from domain.config_keys import Config
from domain.presenting import presented
from domain.users.appeals import appeal_until
from domain.wire import users as wire


def own_statement_view(row: Any, config: Config) -> wire.OwnStatement:
    """``row`` has a statement and the id of its ban."""
    statement, ban_id = row
    told = {"banId": str(ban_id) if ban_id else None, "appealUntil": timestamp(appeal_until(statement, config))}
    return presented(wire.OwnStatement, statement, **told)
