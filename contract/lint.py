"""Everything that must hold of the contract before it is published, whoever publishes it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contract import loader as spec
from contract import readable as lint
from contract.loader import Contract, Places, error_files
from contract.policy import ContractError
from contract.schemas import SchemaCompiler
from contract.texts import LOCALES

Shown = tuple[tuple[str | int, ...], Any, Any]


def checked(folder: Path = spec.OPENAPI, locales: Path = LOCALES) -> Contract:
    """The contract, if it is well-formed, valid, worded and true to itself. Raises ContractError."""
    lint.check(folder, locales)
    try:
        contract = spec.load(folder)
    except ContractError as refusal:
        raise ContractError(lint.located(str(refusal), Places(folder.resolve()))) from None
    spec.require_valid(contract)
    require_true_examples(contract, folder)
    return contract


def require_true_examples(contract: Contract, folder: Path = spec.OPENAPI) -> None:
    """Raises ContractError with file and line of each example that breaks its own schema."""
    schemas = SchemaCompiler(contract.document)
    places = _Examples(contract, Places(folder.resolve()))
    broken = [
        f"{places.told(steps)}: the example breaks its schema: {_told(violations)}; mend the example or the schema"
        for group in ("paths", "components")
        for steps, schema, value in _shown(contract.document[group], (group,))
        if (violations := schemas.validator(schema).violations(value))
    ]
    if broken:
        raise ContractError("\n".join(dict.fromkeys(broken)))


def _told(violations: list[dict[str, Any]]) -> str:
    return ", ".join(f"{v['field'] or 'the whole'} ({v['rule']})" for v in violations)


def _shown(node: Any, steps: tuple[str | int, ...]) -> Iterator[Shown]:
    """Steps, schema and value of each example below the node."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _shown(item, (*steps, index))
    if not isinstance(node, dict):
        return
    schema = node.get("schema", node if "type" in node else None)
    if "example" in node and schema is not None:
        yield (*steps, "example"), schema, node["example"]
    if isinstance(node.get("examples"), dict) and "schema" in node:
        for name, shown in node["examples"].items():
            yield (*steps, "examples", name), node["schema"], shown["value"]
    for key, value in node.items():
        if key not in ("example", "examples"):
            yield from _shown(value, (*steps, key))


class _Examples:
    """From a place in the bundled document back to the hand-written line."""

    def __init__(self, contract: Contract, places: Places) -> None:
        self._places = places
        self._operations = {(path, method): (file, steps) for path, method, file, steps in places.operations()}
        self._errors = contract.errors

    def told(self, steps: tuple[str | int, ...]) -> str:
        file, inside = self._origin(steps)
        return f"{file.relative_to(self._places.folder.parent)}:{self._places.line(file, inside)}"

    def _origin(self, steps: tuple[str | int, ...]) -> tuple[Path, tuple[str | int, ...]]:
        if steps[0] == "paths":
            file, operation = self._operations[str(steps[1]), str(steps[2])]
            return file, (*operation, *steps[3:])
        if steps[-1] in self._errors:
            files = error_files(self._places.folder)
            return next(file for file in files if self._places.node(file, steps[-1:])), steps[-1:]
        return self._component(str(steps[1]), *steps[2:])

    def _component(self, kind: str, *steps: str | int) -> tuple[Path, tuple[str | int, ...]]:
        """Schemas stand at the top of their file, parameters and headers one level below."""
        inside = steps if kind == "schemas" else (kind, *steps)
        above = inside[:1] if kind == "schemas" else inside[:2]
        for file in sorted((self._places.folder / "schemas").glob("*.yaml")):
            if self._places.node(file, above) is not None:
                return file, inside
        return self._places.folder / "biore.yaml", ("components", kind, *steps)
