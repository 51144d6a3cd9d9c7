"""The least that a Python server does for a signed-in caller: Starlette, PyJWT, one query by primary key, orjson.

No session check, no limit, no correlation id, no log: what is left is the price of the language and the libraries.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import jwt
import orjson
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SECRET = os.environ["PEER_SECRET"]
AUDIENCE = "fastapi-users:auth"  # both rivals are shown the same tokens
ME = 'SELECT id, email, is_active, is_superuser, is_verified FROM "user" WHERE id = %s'


pool: AsyncConnectionPool[AsyncConnection[DictRow]] = AsyncConnectionPool(
    os.environ["PEER_DATABASE_URL"],
    connection_class=AsyncConnection[DictRow],
    kwargs={"autocommit": True, "row_factory": dict_row},
    min_size=16,
    max_size=16,
    open=False,
)


def answer(status: int, content: object) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


async def me(request: Request) -> Response:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return answer(401, {"detail": "Unauthorized"})
    try:
        claims = jwt.decode(token, SECRET, algorithms=["HS256"], audience=AUDIENCE)
        user_id = UUID(claims["sub"])
    except (jwt.PyJWTError, KeyError, ValueError):
        return answer(401, {"detail": "Unauthorized"})
    async with pool.connection() as connection:
        user = await (await connection.execute(ME, [user_id])).fetchone()
    return answer(200, user) if user and user["is_active"] else answer(401, {"detail": "Unauthorized"})


async def health(_request: Request) -> Response:
    return answer(200, {"status": "ready"})


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[None]:
    async with pool:
        await pool.wait()
        yield


app = Starlette(routes=[Route("/users/me", me), Route("/health", health)], lifespan=lifespan)
