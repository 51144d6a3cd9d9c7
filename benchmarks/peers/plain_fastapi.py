"""The three operations in FastAPI, with models and constraints like those of our contract."""

from typing import Annotated, Any, Literal

import jwt
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Path, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp

from benchmarks.peers import SECRET


class Message(BaseModel):
    message: str


class Registration(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    password: Annotated[str, Field(min_length=8, max_length=128)]
    acceptedTerms: Literal[True]  # noqa: N815
    acceptedPrivacy: Literal[True]  # noqa: N815
    username: Annotated[str | None, Field(min_length=1, max_length=100, pattern=r"^[a-z0-9._-]+$")] = None
    displayName: Annotated[str | None, Field(max_length=100)] = None  # noqa: N815
    intent: Literal["creator", "fan"] | None = None
    locale: Annotated[str | None, Field(max_length=16)] = None


async def caller(shown: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> Any:
    try:
        return jwt.decode(shown.credentials, SECRET, algorithms=["HS256"])["sub"]
    except jwt.PyJWTError:
        raise HTTPException(401) from None


def build(base: str) -> ASGIApp:
    router = APIRouter()

    @router.get("/read")
    async def read(user_id: Annotated[str, Depends(caller)]) -> Message:
        return Message(message="done" if user_id else "")

    @router.post("/create", status_code=201)
    async def create(body: Registration) -> Message:
        return Message(message="done" if body.email else "")

    @router.get("/shelves/{shelfId}/books")
    async def list_books(
        shelf_id: Annotated[int, Path(alias="shelfId", ge=1)],
        limit: Annotated[int, Query(ge=1, le=100)],
        sort: Literal["newest", "oldest"],
    ) -> Message:
        return Message(message="done" if shelf_id and limit and sort else "")

    app = FastAPI()
    app.include_router(router, prefix=base)
    built: ASGIApp = app
    return built
