"""What the pages need beyond a well-formed contract: words for everything they show, an example for everything tried.

``contract.loader.load`` refuses what the server could not run with; this refuses what a reader could not read, and says
where: file, line and what to do.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contract.loader import DOORS, OPENAPI, PARAMETER_EXTENSIONS, SCHEMA_EXTENSIONS, Places, error_files
from contract.permissions import FILE
from contract.policy import KNOWN, ContractError
from contract.readable.prose import faults as prose_faults
from contract.readable.titles import faults
from contract.texts import DEFAULT, LOCALES

Steps = tuple[str | int, ...]
TRIED = ("path", "query")
PROSE = ("description", "text", "when", "message", "meaning")
NO_PROSE = ("example", "examples", "words")
# As the loader begins what it says of the staff's permissions, and of an operation.
OF_PERMISSIONS = re.compile(rf"{re.escape(FILE)}: (?P<group>roles|permissions): (?P<name>[^:]+): ")
REFUSED = re.compile(
    r"(?P<method>[A-Z]+) (?P<path>/[^\s:]*): (?:parameter (?P<parameter>[^\s:]+): )?(?P<extension>x-biore-[a-z-]+)?"
)


@dataclass(frozen=True, slots=True)
class Spot:
    """A node of a hand-written file."""

    file: Path
    steps: Steps
    node: Mapping[str, Any]

    def below(self, *steps: str | int) -> "Spot":
        node: Any = self.node
        for step in steps:
            node = node[step]
        return Spot(self.file, (*self.steps, *steps), node if isinstance(node, dict) else {})


def check(folder: Path = OPENAPI, locales: Path = LOCALES) -> None:
    """Raises ContractError with a line for each fault of the contract below ``folder``."""
    problems = sorted(set(_Lint(Places(folder.resolve()), locales).problems()))
    if problems:
        raise ContractError("\n".join(problems))


@dataclass
class _Lint:
    places: Places
    locales: Path
    pages: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)

    def problems(self) -> Iterator[str]:
        yield from self._tags()
        yield from self._doors()
        for path, method, file, steps in self.places.operations():
            spot = Spot(file, steps, self.places.node(file, steps))
            yield from self._operation(spot, f"{method.upper()} {path}")
        for file in sorted((self.places.folder / "schemas").glob("*.yaml")):
            yield from self._components(Spot(file, (), self.places.file(file)))
        yield from self._errors()
        for file in sorted(self.places.folder.rglob("*.yaml")):
            if "dist" not in file.parts:
                yield from self._prose(file, (), self.places.file(file))

    def _told(self, spot: Spot, what: str, remedy: str) -> str:
        try:
            name = str(spot.file.relative_to(self.places.folder.parent))
        except ValueError:
            name = str(spot.file)
        return f"{name}:{self.places.line(spot.file, spot.steps)}: {what}: {remedy}"

    def _tags(self) -> Iterator[str]:
        root = self.places.folder / "biore.yaml"
        for index, tag in enumerate(_list(self.places.file(root), "tags")):
            if not tag.get("description"):
                spot = Spot(root, ("tags", index), tag)
                yield self._told(spot, f"tag {tag.get('name')} has no description", "say what its section is about")

    def _doors(self) -> Iterator[str]:
        root = self.places.folder / "biore.yaml"
        for name in DOORS.values():
            door = _dict(self.places.file(root), name)
            for index, operation in enumerate(_list(door, "operations")):
                spot = Spot(root, (name, "operations", index), operation)
                yield from self._title(spot, f"{operation.get('method')} {door.get('path')}")

    def _operation(self, spot: Spot, where: str) -> Iterator[str]:
        for key in ("summary", "description"):
            if not spot.node.get(key):
                yield self._told(spot, f"{where} has no {key}", f"add `{key}:`")
        yield from self._title(spot, where)
        yield from self._extensions(spot, where, KNOWN)
        yield from self._page(spot, where)
        for index, parameter in enumerate(_list(spot.node, "parameters")):
            if "$ref" not in parameter:
                yield from self._parameter(spot.below("parameters", index), parameter.get("name", "?"))
        yield from self._media(spot, where, "requestBody")
        for status, answer in _dict(spot.node, "responses").items():
            if isinstance(answer, dict):
                yield from self._answer(spot.below("responses", status), f"{where}: {status}")

    def _title(self, spot: Spot, where: str) -> Iterator[str]:
        title = spot.node.get("summary")
        if not isinstance(title, str) or not title:
            return
        at = spot.below("summary")
        for what, remedy in faults(title):
            yield self._told(at, f"{where}: the summary {title!r} {what}", remedy)
        other = self.titles.setdefault(title.casefold(), where)
        if other != where:
            yield self._told(at, f"{where}: the summary {title!r} belongs to {other}", "give it a name of its own")

    def _page(self, spot: Spot, where: str) -> Iterator[str]:
        page = spot.node.get("x-biore-page")
        other = self.pages.setdefault(str(page), where)
        if page is not None and other != where:
            at = spot.below("x-biore-page")
            yield self._told(at, f"{where}: page {page} belongs to {other}", "give it an address of its own")

    def _answer(self, spot: Spot, where: str) -> Iterator[str]:
        if not spot.node.get("description"):
            yield self._told(spot, f"{where} has no description", "say what it means to the caller")
        for name, header in _dict(spot.node, "headers").items():
            if not self._described(spot.file, header):
                yield self._told(spot.below("headers", name), f"{where}: header {name} has no description", "add one")
        yield from self._media(spot, where)

    def _media(self, spot: Spot, where: str, *above: str) -> Iterator[str]:
        holder: Any = spot.node
        for step in above:
            holder = holder.get(step, {}) if isinstance(holder, dict) else {}
        for kind, media in _dict(holder, "content").items():
            at = spot.below(*above, "content", kind)
            if not isinstance(media, dict) or not {"example", "examples"} & media.keys():
                yield self._told(at, f"{where} has no example", "add `example:` with values a reader would use")
            if _dict(media, "schema"):
                yield from self._schema(at.below("schema"), where)

    def _parameter(self, spot: Spot, name: str) -> Iterator[str]:
        yield from self._extensions(spot, f"parameter {name}", PARAMETER_EXTENSIONS)
        if not spot.node.get("description"):
            yield self._told(spot, f"parameter {name} has no description", "say what it does")
        if spot.node.get("in") in TRIED and "example" not in spot.node:
            yield self._told(spot, f"parameter {name} has no example", "add `example:`, which the page tries it with")
        if _dict(spot.node, "schema"):
            yield from self._schema(spot.below("schema"), f"parameter {name}")

    def _components(self, spot: Spot) -> Iterator[str]:
        for name, node in spot.node.items():
            if name == "parameters":
                for each in _dict(spot.node, name):
                    yield from self._parameter(spot.below(name, each), each)
            elif name == "headers":
                for each, header in _dict(spot.node, name).items():
                    if not self._described(spot.file, header):
                        yield self._told(spot.below(name, each), f"header {each} has no description", "add one")
            elif isinstance(node, dict):
                if "enum" in node and not node.get("description"):
                    yield self._told(spot.below(name), f"{name} has no description", "say what its values mean")
                yield from self._schema(spot.below(name), name)

    def _schema(self, spot: Spot, where: str) -> Iterator[str]:
        yield from self._extensions(spot, where, SCHEMA_EXTENSIONS)
        for name, part in _dict(spot.node, "properties").items():
            inner = spot.below("properties", name)
            if not self._described(spot.file, part):
                yield self._told(inner, f"{where}.{name} has no description", "say what it holds or what it is for")
            yield from self._schema(inner, f"{where}.{name}")
        for key in ("items", "additionalProperties"):
            if isinstance(spot.node.get(key), dict):
                yield from self._schema(spot.below(key), where)
        for key in ("allOf", "oneOf", "anyOf"):
            for index in range(len(_list(spot.node, key))):
                yield from self._schema(spot.below(key, index), where)

    def _described(self, file: Path, schema: Any) -> bool:
        if isinstance(schema, dict) and "$ref" in schema:
            target, steps = self.places.target(file, schema["$ref"])
            return not target.is_file() or self._described(
                target, self.places.node(target, steps) or {"description": "?"}
            )
        return bool(isinstance(schema, dict) and schema.get("description"))

    def _extensions(self, spot: Spot, where: str, known: frozenset[str] | set[str]) -> Iterator[str]:
        for key in spot.node:
            if str(key).startswith("x-biore-") and key not in known:
                remedy = f"known here are {', '.join(sorted(known))}"
                yield self._told(spot.below(key), f"{where}: unknown extension {key}", remedy)

    def _prose(self, file: Path, steps: Steps, node: Any) -> Iterator[str]:
        key = steps[-1] if steps else None
        if isinstance(node, str) and key in PROSE:
            for word, instead in prose_faults(node):
                spot = Spot(file, steps, {})
                yield self._told(spot, f"{key} has the word {word!r}", f"write {instead}")
        below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, part in below:
            if key not in NO_PROSE:
                yield from self._prose(file, (*steps, key), part)

    def _errors(self) -> Iterator[str]:
        """A language that lacks words is counted by ``Texts.missing``, not refused: English stands in."""
        locales = {folder.name for folder in self.locales.iterdir() if folder.is_dir()} - {DEFAULT}
        for file in error_files(self.places.folder):
            spot = Spot(file, (), self.places.file(file))
            for code, entry in spot.node.items():
                for key in ("message", "meaning"):
                    if not isinstance(entry, dict) or not entry.get(key):
                        yield self._told(spot.below(code), f"{code} has no {key}", f"add `{key}:`")
                for locale in sorted(_dict(entry, "words").keys() - locales):
                    remedy = f"known are {', '.join(sorted(locales))}"
                    yield self._told(spot.below(code), f"{code} has words in {locale}, which is no locale", remedy)


def located(told: str, places: Places) -> str:
    """What the loader refuses, with file and line of the extension, parameter, permission or role that it is about."""
    if staff := OF_PERMISSIONS.match(told):
        line = places.line(places.folder / FILE, (staff["group"], staff["name"]))
        return f"{places.folder.name}/{FILE}:{line}: {told.removeprefix(f'{FILE}: ')}"
    found = REFUSED.match(told)
    for path, method, file, steps in places.operations() if found else ():
        if found and (found["method"].lower(), found["path"]) == (method, path):
            spot = Spot(file, steps, places.node(file, steps))
            at = places.line(file, (*steps, *_about(spot, found["parameter"], found["extension"])))
            return f"{file.relative_to(places.folder.parent)}:{at}: {told}"
    return told


def _about(spot: Spot, parameter: str | None, extension: str | None) -> Steps:
    """Steps below an operation; none where it is about the whole."""
    for index, given in enumerate(_list(spot.node, "parameters")):
        if parameter is not None and given.get("name") == parameter:
            return ("parameters", index, *((extension,) if extension is not None and extension in given else ()))
    return (extension,) if extension is not None and extension in spot.node else ()


def _dict(node: Any, key: str) -> dict[str, Any]:
    found = node.get(key) if isinstance(node, dict) else None
    return found if isinstance(found, dict) else {}


def _list(node: Any, key: str) -> list[Any]:
    found = node.get(key) if isinstance(node, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
