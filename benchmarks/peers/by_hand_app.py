"""What somebody would write by hand for each GET of ours: Starlette, PyJWT, the very same SQL with psycopg, orjson.

``PEER_STATEMENTS`` is a file that `benchmarks.ordinary` writes: path template -> statements with their values, in which
names stand for what belongs to a caller. No limit, no correlation id, no validation, no log, no shape of the answer.
"""

import os
import pickle
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jwt
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.peers import SECRET, Mine
from benchmarks.peers.small import answer, application, pool

Asked = Sequence[tuple[str, Mapping[str, Any]]]
STATEMENTS: Mapping[str, Asked] = pickle.loads(Path(os.environ["PEER_STATEMENTS"]).read_bytes())  # noqa: S301 - our own


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


app = application(Route(path, endpoint(asked)) for path, asked in STATEMENTS.items())
