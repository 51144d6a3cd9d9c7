"""The beginnings of an operation in every room, for somebody to fill in."""

import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template

from contract import loader as spec
from contract.names import argument_name
from contract.readable.titles import VERBS
from domain.admin import STAFF

TO_FILL_IN = " ".join(("TO", "FILL", "IN"))  # put together, so that this file is not found by who looks for it
WIDTH = 120
ROOMS = ("openapi", "handlers", "persistence", "tests")
VERB_OF = {"get": "Get", "post": "Create", "put": "Replace", "patch": "Update", "delete": "Delete"}
NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,2}")
USED = re.compile(r"\b(?:Principal|Repositories)\b")

PATH_ITEM = """\
$key:
  $method:
    operationId: $id
    summary: $title  # $fill
    description: $fill
    x-biore-scope: $scope
    x-biore-page: $page
    x-biore-rate-limit: $rate
    x-biore-errors: []
    x-biore-side-effects: $effects
$parameters$body    responses:
      '200':
        description: $fill
        content:
          application/json:
            schema: {$$ref: $schemas}
            example: {id: 5b0f6f0e-6f3c-4f4e-9d0e-0c7c3a1f2b64}
"""
AUDITED = """
      - {kind: audit, action: admin.$id, text: $fill}"""
PARAMETER = """\
      - name: $name
        in: path
        required: true
        description: $fill
        schema: {type: string, format: uuid}
        example: 5b0f6f0e-6f3c-4f4e-9d0e-0c7c3a1f2b64
"""
BODY = """\
    requestBody:
      required: true
      content:
        application/json:
          schema: {$$ref: ${schemas}Request}
          example: {id: 5b0f6f0e-6f3c-4f4e-9d0e-0c7c3a1f2b64}
"""
SCHEMA = """\
$name:
  type: object
  required: [id]
  additionalProperties: false
  properties:
    id: {type: string, format: uuid, description: $fill}
"""
HANDLERS = '''\
"""$fill"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.wire import $module as wire
    from handlers.needs import $needs
'''
HANDLER = """

async def $name($asked) -> wire.$answer:$noqa
    row = await db.$repository.$method($given)
    return {"id": str(row.id)}  # $fill
"""
REPOSITORY = '''\
"""$fill"""

from typing import Any
from uuid import UUID

from persistence.engine.connection import Connection


class $kind:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
'''
METHOD = """
    async def $method(self$taken) -> Any:
        raise NotImplementedError  # $fill
"""
TESTS = """\
import pytest

from tests.harness import Api, Tables
"""
TEST = """

class Test$camel:
    def test_what_it_refuses_answers_and_leaves_behind(self, api: Api, tables: Tables) -> None:
        pytest.fail("$fill")
"""


@dataclass(frozen=True)
class Operation:
    """``noun`` is what its files are named after: the second of three words of its id, else its module."""

    id: str
    path: str
    method: str
    scope: str

    @property
    def module(self) -> str:
        return self.id.partition(".")[0]

    @property
    def noun(self) -> str:
        return self.id.split(".")[-2]

    @property
    def name(self) -> str:
        return self.id.rpartition(".")[2]

    @property
    def schema(self) -> str:
        return _camel(self.id.replace(".", "_"))

    @property
    def title(self) -> str:
        """A beginning of the summary: `users.blocks.find` is Find Blocks."""
        verb, *more = self.name.title().split("_")
        noun = self.noun.replace("_", " ").title()
        return " ".join([verb, noun, *more] if verb in VERBS else [VERB_OF[self.method], noun, verb, *more])

    def file(self, room: str, ending: str, prefix: str = "") -> Path:
        """Where a room keeps the noun: in the folder of its module, or in the module's one file."""
        folder = Path(room, self.module)
        if self.noun != self.module:
            return folder / f"{prefix}{self.noun}{ending}"
        package = folder / "__init__.py"
        return package if ending == ".py" and (spec.ROOT / package).exists() else folder.with_suffix(ending)


def files(operation: Operation) -> Iterator[tuple[Path, str]]:
    """Each file, from the root of the project, with its new text; what stands there already stays."""
    yield from _contract(operation)
    yield from _code(operation)
    yield from _tests(operation)


def unfilled(root: Path = spec.ROOT) -> list[str]:
    """Each place that is as `biore new` made it, with file and line."""
    files = (file for room in ROOMS for file in sorted((root / room).rglob("*")) if file.suffix in (".py", ".yaml"))
    return [
        f"{file.relative_to(root)}:{number}: {line.strip()}"
        for file in files
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if TO_FILL_IN in line
    ]


def _contract(operation: Operation) -> Iterator[tuple[Path, str]]:
    paths = operation.file("openapi/paths", ".yaml")
    schemas = Path("openapi/schemas", f"{operation.noun}.yaml")
    key = operation.id.partition(".")[2].replace(".", "-").replace("_", "-")
    reference = f"{'../' * (len(paths.parts) - 2)}schemas/{schemas.name}#/{operation.schema}"
    parameters = "".join(_filled(PARAMETER, name=name) for name in _parameters(operation))
    writes, staff = operation.method != "get", operation.scope == "admin"
    audited = _filled(AUDITED, id=operation.id.removeprefix("admin."))
    yield (
        paths,
        _text(paths)
        + _filled(
            PATH_ITEM,
            key=key,
            method=operation.method,
            id=operation.id,
            title=operation.title,
            scope=operation.scope + (f"\n    x-biore-permission: {STAFF}  # {TO_FILL_IN}" if staff else ""),
            effects=audited if staff and writes else "[]",
            page=f"{operation.module}/{key}",
            rate="30/minute" if writes else "120/minute",
            parameters=f"    parameters:\n{parameters}" if parameters else "",
            body=_filled(BODY, schemas=reference) if writes else "",
            schemas=reference,
        ),
    )
    names = [operation.schema, *([f"{operation.schema}Request"] if writes else [])]
    yield schemas, _text(schemas) + "".join(_filled(SCHEMA, name=name) for name in names)
    root = Path("openapi/biore.yaml")
    entry = f"  {operation.path}:\n    $ref: {paths.relative_to('openapi')}#/{key}\n"
    yield root, _after(_text(root), rf"    \$ref: paths/{operation.module}[./].*\n", r"paths:\n", entry)


def _code(operation: Operation) -> Iterator[tuple[Path, str]]:
    whose = operation.scope in ("user", "creator", "admin")
    asked = [f"{argument_name(name)}: str" for name in _parameters(operation)]
    if operation.method != "get":
        asked.append(f"body: wire.{operation.schema}Request")
    if whose:
        asked.append("principal: Principal")
    asked.append("db: Repositories")
    handlers, repository = operation.file("handlers", ".py"), operation.file("persistence", ".py")
    method = operation.name if not hasattr(builtins, operation.name) else f"{operation.name}_for"
    handler = _filled(
        HANDLER,
        name=operation.name,
        asked=_broken(", ".join(asked), beside=f"async def {operation.name}() -> wire.{operation.schema}:"),
        answer=operation.schema,
        noqa="  # noqa: A001" if hasattr(builtins, operation.name) else "",
        repository=operation.noun,
        method=method,
        given="principal.user_id" if whose else "",
    )
    needs = ", ".join(sorted(set(USED.findall(handler))))
    known = _text(handlers) or _filled(HANDLERS, needs=needs, module=operation.module)
    imported = f"    from domain.wire import {operation.module} as wire\n"
    if imported not in known:
        known = known.replace("if TYPE_CHECKING:\n", f"if TYPE_CHECKING:\n{imported}", 1)
    yield handlers, known + handler
    kind = _camel(operation.noun)
    known = _text(repository) or _filled(REPOSITORY, kind=kind)
    own = _filled(METHOD, method=method, taken=", user_id: UUID" if whose else "")
    yield repository, _after(known, rf"class {kind}\b(?:.*\n)(?:(?:    .*)?\n)*?(?=\n\n|\Z)", r"\Z", own)
    if not _text(repository):
        registry = Path("persistence/repositories.py")
        module = ".".join(repository.with_suffix("").parts)
        text = _after(_text(registry), r"from persistence\..*\n", "", f"from {module} import {kind}\n")
        yield registry, _after(text, r"    \w+ = Repository\(.*\n", "", f"    {operation.noun} = Repository({kind})\n")


def _tests(operation: Operation) -> Iterator[tuple[Path, str]]:
    noun = operation.noun if operation.noun != operation.module else operation.name
    tests = Path("tests/handlers", operation.module, f"test_{noun}.py")
    yield tests, (_text(tests) or TESTS) + _filled(TEST, camel=_camel(operation.name))
    access, scope = Path("tests/contract/test_access.py"), operation.scope
    kind = {"public": "PUBLIC", "user": "USER"}.get(scope, f'Access("{scope}")')
    entry = f'    "{operation.id}": {kind},  # {TO_FILL_IN}: who may call\n'
    text = _text(access).replace("ACCESS = {\n", f"ACCESS = {{\n{entry}", 1)
    if _parameters(operation):
        start, entry = "NOBODYS = {\n", f'    "{operation.id}": "{TO_FILL_IN}: why, or whose in FOREIGN",\n'
        text = text.replace(start, start + entry, 1)
    yield access, text
    scenarios = Path("tests/contract/user_scenarios.py")
    start = "SCENARIOS: dict[str, Scenario] = {\n"
    entry = f'    "{operation.id}": calling("{operation.id}"),  # {TO_FILL_IN}: a success\n'
    yield scenarios, _text(scenarios).replace(start, start + entry, 1)


def _text(file: Path) -> str:
    place = spec.ROOT / file
    return place.read_text(encoding="utf-8") if place.exists() else ""


def _filled(template: str, **words: str) -> str:
    return Template(template).substitute(words, fill=TO_FILL_IN)


def _after(text: str, pattern: str, otherwise: str, entry: str) -> str:
    """The text with the entry after the last match of the pattern, or else after the first of the other."""
    found = list(re.finditer(pattern, text)) or list(re.finditer(otherwise, text))[:1]
    return text[: found[-1].end()] + entry + text[found[-1].end() :]


def _broken(parameters: str, beside: str) -> str:
    """Over lines of its own where one line has no room."""
    return f"\n    {parameters}\n" if len(parameters) + len(beside) > WIDTH else parameters


def _parameters(operation: Operation) -> list[str]:
    return re.findall(r"{(\w+)}", operation.path)


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
