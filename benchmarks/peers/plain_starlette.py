"""The three operations in plain Starlette: a token verified, a body parsed, parameters converted. Nothing else."""

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from benchmarks.peers import SECRET

DONE = {"message": "done"}


async def create(request: Request) -> JSONResponse:
    body = await request.json()
    return JSONResponse(DONE if body["email"] else None, 201)


async def list_books(request: Request) -> JSONResponse:
    shelf_id, limit = request.path_params["shelfId"], int(request.query_params["limit"])
    return JSONResponse(DONE if shelf_id and limit and request.query_params["sort"] else None)


async def read(request: Request) -> JSONResponse:
    token = request.headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    return JSONResponse(DONE if claims["sub"] else None)


def build(base: str) -> ASGIApp:
    return Starlette(
        routes=[
            Route(f"{base}/read", read),
            Route(f"{base}/create", create, methods=["POST"]),
            Route(f"{base}/shelves/{{shelfId:int}}/books", list_books),
        ]
    )
