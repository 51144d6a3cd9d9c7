"""The three operations in Connexion as it comes, with the contract that it is given."""

from collections.abc import Mapping
from typing import Any

import jwt
from connexion import AsyncApp
from connexion.exceptions import OAuthProblem
from connexion.resolver import Resolver
from starlette.types import ASGIApp

from benchmarks.peers import SECRET

DONE = {"message": "done"}


async def read(user: str) -> dict[str, str]:
    assert user
    return DONE


async def create(body: Mapping[str, Any]) -> tuple[dict[str, str], int]:
    assert body["email"]
    return DONE, 201


async def list_books(shelfId: int, limit: int, sort: str) -> dict[str, str]:  # noqa: N803 - Connexion's way
    assert shelfId
    assert limit
    assert sort
    return DONE


HANDLERS = {"benchmark.read": read, "benchmark.create": create, "benchmark.list_books": list_books}


def verify(token: str) -> Any:
    try:
        return jwt.decode(token, SECRET, algorithms=["HS256"])
    except jwt.PyJWTError:
        raise OAuthProblem("no good token") from None


def build(document: dict[str, Any]) -> ASGIApp:
    """``document``: our contract with these operations and no others."""
    components = document["components"]
    bearer = {**components["securitySchemes"]["bearerAuth"], "x-bearerInfoFunc": f"{__name__}.verify"}
    own = {**document, "components": {**components, "securitySchemes": {"bearerAuth": bearer}}}
    app = AsyncApp(__name__)
    app.add_api(own, resolver=Resolver(HANDLERS.__getitem__))
    built: ASGIApp = app
    return built
