"""What the two rivals that ask the database by hand have in common: a pool of psycopg, and answers of orjson."""

import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import orjson
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

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


def application(routes: Iterable[Route]) -> Starlette:
    return Starlette(routes=[Route("/health", _health), *routes], lifespan=_lifespan)


async def _health(_request: Request) -> Response:
    return answer(200, {"status": "ready"})


@asynccontextmanager
async def _lifespan(_app: Starlette) -> AsyncIterator[None]:
    async with pool:
        await pool.wait()
        yield
