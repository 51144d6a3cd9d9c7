"""The least that a Python server does for a signed-in caller: Starlette, PyJWT, one query by primary key, orjson.

No session check, no limit, no correlation id, no log: what is left is the price of the language and the libraries.
"""

import os
from uuid import UUID

import jwt
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.peers.small import answer, application, pool

SECRET = os.environ["PEER_SECRET"]
AUDIENCE = "fastapi-users:auth"  # both rivals are shown the same tokens
ME = 'SELECT id, email, is_active, is_superuser, is_verified FROM "user" WHERE id = %s'


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


app = application([Route("/users/me", me)])
