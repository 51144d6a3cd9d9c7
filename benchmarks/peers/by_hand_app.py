"""What somebody would write by hand for each GET of ours: Starlette, PyJWT, the very same SQL with psycopg, orjson.

``PEER_STATEMENTS`` is a file that `benchmarks.ordinary` writes: path template -> statements with their values, in which
names stand for what belongs to a caller. No limit, no correlation id, no validation, no log, no shape of the answer.
"""

import os
import pickle
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import jwt
import orjson
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.peers import SECRET, Mine

Asked = Sequence[tuple[str, Mapping[str, Any]]]
STATEMENTS: Mapping[str, Asked] = pickle.loads(Path(os.environ["PEER_STATEMENTS"]).read_bytes())  # noqa: S301 - our own

pool: AsyncConnectionPool[AsyncConnection[DictRow]] = AsyncConnectionPool(
    os.environ["PEER_DATABASE_URL"],
    connection_class=AsyncConnection[DictRow],
    kwargs={"autocommit": True, "row_factory": dict_row},
    min_size=16,
    max_size=16,
    open=False,
)


def answer(status: int, content: object) -> Response:
    return Response(orjson.dumps(content, default=str), status, media_type="application/json")


def endpoint(asked: Asked) -> Callable[[Request], Awaitable[Response]]:
    signed_in = any(isinstance(value, Mine) and value.claim for _, values in asked for value in values.values())

    async def get(request: Request) -> Response:
        claims: Mapping[str, Any] = {}
        _, _, token = request.headers.get("authorization", "").partition(" ")
        if signed_in or token:
            try:
                claims = jwt.decode(token, SECRET, algorithms=["HS256"])
            except jwt.PyJWTError:
                return answer(401, {"detail": "Unauthorized"})
        found = []
        async with pool.connection() as connection:
            for text, values in asked:
                own = {
                    name: value.of(claims, request.path_params, request.query_params)
                    if isinstance(value, Mine)
                    else value
                    for name, value in values.items()
                }
                found.append(await (await connection.execute(text, own)).fetchall())
        return answer(200, {"success": True, "data": found})

    return get


async def health(_request: Request) -> Response:
    return answer(200, {"status": "ready"})


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[None]:
    async with pool:
        await pool.wait()
        yield


app = Starlette(
    routes=[Route("/health", health), *(Route(path, endpoint(asked)) for path, asked in STATEMENTS.items())],
    lifespan=lifespan,
)
