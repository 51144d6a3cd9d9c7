"""A contract with a module of its own, `shelf`, that uses what reading operations may say; and the handlers of it."""

import copy
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from contract.loader import OPENAPI, Contract, Places, load, read_yaml
from contract.policy import ContractError
from contract.readable import located
from domain.answers.cursors import Walk
from domain.answers.prepared import Prepare, Prepared
from domain.errors import ApiError

Json = dict[str, Any]
Edit = Callable[[Json], object]

MODULE = "shelf"
BOOKS = [("poem" if number % 3 else "play", number // 4, f"Book {number:02}") for number in range(20)]
GIVEN = Path(__file__).with_suffix(".yaml")
BASE = "/api/v1/shelf"
_files: dict[Path, Any] = {}


def read(file: Path) -> Any:
    """Each hand-written file is parsed once, however many contracts are made."""
    if OPENAPI not in file.parents:
        return read_yaml(file)
    if file not in _files:
        _files[file] = read_yaml(file)
    return copy.deepcopy(_files[file])


def write_contract(folder: Path, edit: Edit = lambda _: None, *, alone: bool = False) -> Path:
    """A copy of ours below ``folder`` with the module in it, as ``edit`` leaves `{paths, schemas, errors}`.

    ``alone``: without our operations, which makes it ten times as fast to load.
    """
    shutil.copytree(OPENAPI, folder, ignore=shutil.ignore_patterns("dist"))
    given = read_yaml(GIVEN)
    edit(given)
    for room in ("paths", "schemas", "errors"):
        (folder / room / f"{MODULE}.yaml").write_text(yaml.safe_dump(given[room], sort_keys=False), encoding="utf-8")
    root = read(OPENAPI / "biore.yaml")
    if alone:
        root["paths"] = {}
    root["paths"] |= {f"/{MODULE}/{name}": {"$ref": f"paths/{MODULE}.yaml#/{name}"} for name in given["paths"]}
    root["tags"].append({"name": MODULE, "x-displayName": "Shelf", "description": "Books that are only tried."})
    (folder / "biore.yaml").write_text(yaml.safe_dump(root, sort_keys=False), encoding="utf-8")
    return folder


def contract_of(folder: Path, edit: Edit = lambda _: None, *, alone: bool = False) -> Contract:
    """Made and loaded. Raises ContractError."""
    provide_handlers()
    here = write_contract(folder / "openapi", edit, alone=alone)

    def known(file: Path) -> Any:
        ours = OPENAPI / file.relative_to(here)
        if alone and file.name == "permissions.yaml":
            return planned(read(ours))
        return read(file) if MODULE in file.name or file.name == "biore.yaml" else read(ours)

    return load(here, known)


def planned(content: Any) -> Any:
    """The file of permissions where no operation of ours needs one."""
    permissions = {name: entry | {"planned": True} for name, entry in content["permissions"].items()}
    return content | {"permissions": permissions}


def provide_handlers(**others: Any) -> None:
    """Make ``handlers.shelf`` importable, where the handlers of this contract are looked for."""
    module = ModuleType(f"handlers.{MODULE}")
    vars(module).update(HANDLERS | others)
    sys.modules[module.__name__] = module


def refused(folder: Path, edit: Edit) -> tuple[str, str]:
    """What the start is refused with, and the line of the file that it leads an author to."""
    with pytest.raises(ContractError) as refusal:
        contract_of(folder, edit, alone=True)
    told = str(refusal.value)
    located_at = located(told, Places(folder / "openapi"))
    file, line, rest = located_at.split(":", 2)
    assert rest.strip() == told
    return told, (folder / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]


class Kept:
    """What the tests change between calls."""

    copies = 3
    title = "Notes"
    prepared: Prepared[Any] | None = None
    broken: Any = None
    feed: Any = '<?xml version="1.0"?><rss version="2.0"/>'


async def book(title: str | None) -> Json:
    if title == "Nothing":
        raise ApiError("shelf.not_found")
    if title == "Fault":
        raise RuntimeError("of ours")
    return Kept.broken or {"title": title or Kept.title, "copies": Kept.copies}


async def prepared(prepare: Prepare) -> Prepared[Any]:
    return Kept.prepared or prepare({"title": Kept.title, "copies": Kept.copies})


async def edition(prepare: Prepare) -> Prepared[Any]:
    made = prepare({"title": Kept.title, "copies": Kept.copies})
    return Kept.prepared or replace(made, version=Kept.copies)


async def uncached(prepare: Prepare, clock: Callable[[], datetime]) -> Prepared[Any]:
    return prepare({"title": Kept.title, "copies": Kept.copies}, valid_until=clock() + timedelta(seconds=5))


async def feed() -> Any:
    return Kept.feed


async def export(genre: str | None) -> str:
    if genre == "none":
        raise ApiError("shelf.not_found")
    return f"title,copies\r\n{Kept.title},{Kept.copies}\r\n"


async def words(prepare: Prepare) -> Prepared[Any]:
    return Kept.prepared or prepare({"title": Kept.title})


async def whole(max_items: int) -> list[Json]:
    return [{"title": Kept.title, "copies": max_items}]


async def numbers(limit: int | None, offset: int | None) -> Json:
    return {"limit": limit, "offset": offset}


async def note(body: Json) -> Json:
    return body


async def books(walk: Walk, genre: str | None) -> Json:
    keys = walk.after(int, str)
    found = [(copies, title) for kind, copies, title in BOOKS if genre in (None, kind)]
    rows = sorted((row for row in found if keys is None or row < keys), reverse=True)[: walk.rows]
    shown, further = walk.page(rows, lambda row: row)
    return {"items": [{"title": title, "copies": copies} for copies, title in shown], "nextCursor": further}


async def authors(walk: Walk) -> Json:
    by_name = walk.sort == "name"
    last = walk.after(str) if by_name else walk.after(int, str)
    rows = sorted(((name,) if by_name else (-copies, name)) for _, copies, name in BOOKS)
    rows = [row for row in rows if last is None or row > last][: walk.rows]
    shown, further = walk.page(rows, lambda row: row)
    return {"authors": [{"title": row[-1], "copies": 1} for row in shown], "nextCursor": further}


async def by_slug(slug: str) -> Json:
    return {"title": slug, "copies": 1}


async def remove(slug: str) -> None:
    assert slug


HANDLERS: dict[str, Any] = {
    handler.__name__: handler
    for handler in (
        book,
        prepared,
        edition,
        uncached,
        feed,
        export,
        words,
        whole,
        numbers,
        note,
        books,
        authors,
        by_slug,
        remove,
    )
}
