"""The page of a list that a call asks for."""

from contract.names import argument_name
from contract.policy import Policy
from domain.answers.cursors import Walk, digest_of
from runtime.web.call import Call


def walk_of(policy: Policy, call: Call) -> Walk:
    """What the list is narrowed by is whatever else the caller says in path and query, as it was cleaned."""
    cursor = policy.cursor
    if cursor is None:  # which stops the start
        raise LookupError(policy.operation_id)
    given = call.arguments
    limit, sort = given["limit"], given.get("sort")
    filters = {name: given.get(argument_name(name)) for name in cursor.filters}
    return Walk(
        cursor.limit if limit is None else limit,
        cursor.sort if sort is None else sort,
        digest_of({"": policy.operation_id, **filters}),
        given.get("cursor"),
        cursor.error,
    )
