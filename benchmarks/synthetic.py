"""Contracts that exist only to be measured: ours with further operations, up to any number.

They are written as files beside copies of ours and read by the same loader. Their handlers do nothing.
"""

import os
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from contract import loader as spec
from runtime.compose import build_parts
from runtime.observe import log
from runtime.serve.server import serve_application
from runtime.settings import load
from runtime.web.app import Application

MODULE = "benchmark"
READ, CREATE, LIST = f"/{MODULE}/read", f"/{MODULE}/create", f"/{MODULE}/shelves/{{shelfId}}/books"
FIRST, LAST = f"/{MODULE}/numbered/1", f"/{MODULE}/numbered/last"
FOLDER = "BENCHMARK_CONTRACT"
"""The environment's name for the folder of the contract that ``api`` serves."""

ANSWER = {"$ref": "../schemas/auth.yaml#/Message"}
DONE = {"message": "done"}
BODY: dict[str, Any] = {
    "email": "ada@example.com",
    "password": "Correct-Horse-7",
    "acceptedTerms": True,
    "acceptedPrivacy": True,
}
BODY |= {"username": "ada", "displayName": "Ada Lovelace", "intent": "creator", "locale": "en"}
PARAMETERS = [
    {"name": "shelfId", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}},
    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100}},
    {"name": "sort", "in": "query", "schema": {"type": "string", "enum": ["newest", "oldest"]}},
]


def operation(name: str, *, status: str = "200", scope: str = "public", **more: Any) -> dict[str, Any]:
    """One that has a rate limit, like all of ours, and one that is never reached."""
    return {
        "operationId": f"{MODULE}.{name}",
        "summary": name,
        "x-biore-scope": scope,
        "x-biore-page": f"{MODULE}/{name.replace('_', '-')}",
        "x-biore-rate-limit": "999999/minute",
        "x-biore-errors": [],
        "x-biore-side-effects": [],
        **more,
        "responses": {
            status: {"description": "Done.", "content": {"application/json": {"schema": ANSWER, "example": DONE}}}
        },
    }


def operations(count: int) -> dict[str, dict[str, Any]]:
    """Paths of so many operations, three at least: those that are measured, and numbered ones, of which one is last."""
    body = {"schema": {"$ref": f"../schemas/{MODULE}.yaml#/CreateRequest"}, "example": BODY}
    takes = {"required": True, "content": {"application/json": body}}
    found = {
        READ: {"get": operation("read", scope="user")},
        CREATE: {"post": operation("create", status="201", requestBody=takes)},
        LIST: {"get": operation("list_books", parameters=PARAMETERS)},
    }
    numbers = [*range(1, count - len(found)), "last"] if count > len(found) else []
    return found | {f"/{MODULE}/numbered/{number}": {"get": operation(f"numbered_{number}")} for number in numbers}


def write_contract(folder: Path, count: int) -> Path:
    """A copy of our contract below ``folder`` that has ``count`` operations altogether; none fewer than it has now."""
    shutil.copytree(spec.OPENAPI, folder, ignore=shutil.ignore_patterns("dist"))
    root = spec.read_yaml(folder / "biore.yaml")
    added = operations(count - len(spec.load().policies))
    names = {path: path.strip("/").replace("/", "_").replace("{", "").replace("}", "") for path in added}
    items = {names[path]: item for path, item in added.items()}
    body = spec.read_yaml(folder / "schemas" / "auth.yaml")["RegisterRequest"]  # as it is without a captcha
    (folder / "schemas" / f"{MODULE}.yaml").write_text(yaml.safe_dump({"CreateRequest": body}, sort_keys=False))
    (folder / "paths" / f"{MODULE}.yaml").write_text(yaml.safe_dump(items, sort_keys=False))
    references = {path: {"$ref": f"paths/{MODULE}.yaml#/{name}"} for path, name in names.items()}
    first = {path: references.pop(path) for path in (FIRST,) if path in references}
    root["paths"] = first | root["paths"] | references  # as routers that look from the top will find them
    (folder / "biore.yaml").write_text(yaml.safe_dump(root, sort_keys=False))
    return folder


def provide_handlers() -> None:
    """Make ``handlers.benchmark`` importable, where the handlers of these contracts are looked for."""
    sys.modules[f"handlers.{MODULE}"] = Handlers(f"handlers.{MODULE}")


class Handlers(ModuleType):
    """Handlers that do nothing with what they are given. Every numbered operation has one."""

    @staticmethod
    async def read(principal: Any) -> dict[str, str]:
        assert principal.user_id
        return DONE

    @staticmethod
    async def create(body: dict[str, Any]) -> dict[str, str]:
        assert body["email"]
        return DONE

    @staticmethod
    async def list_books(shelf_id: int, limit: int | None, sort: str | None) -> dict[str, str]:
        assert shelf_id
        assert limit
        assert sort
        return DONE

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("numbered_"):
            raise AttributeError(name)

        async def numbered() -> dict[str, str]:
            return DONE

        return numbered


def serve() -> None:
    """As an API process of ``biore serve``, with the contract of the folder that the environment names."""
    provide_handlers()
    settings = load()
    log.configure(readable=settings.development)
    url = settings.database_url or ""
    parts = build_parts(settings, url, "api", contract=spec.load(Path(os.environ[FOLDER])))
    serve_application(Application(settings, url, parts), settings)


if __name__ == "__main__":
    serve()
