"""What requests and answers hold, as types for Python: `make spec` writes them from the schemas to ``domain/wire/``.

A type is of the module whose operations use it; what several modules use is in ``common``. Handlers never see the
fields of a captcha, so their types have none.
"""

import keyword
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contract.exact import is_exact, is_written_exactly
from contract.loader import Contract
from contract.policy import Policy
from contract.successes import success_of

FOLDER = "domain/wire"
COMMON = "common"
SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
HEADER = '"""Generated from the contract by `make spec`."""\n'

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Types:
    """``body`` and ``answer`` of an operation as a handler is annotated with them; None for none."""

    body: str | None
    answer: str | None


class _Names:
    """Which component belongs to which module, and what it is in Python."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._schemas = contract.document["components"]["schemas"]
        self.module: dict[str, str] = {}
        self.hidden: dict[str, set[str]] = {}
        for policy in contract.policies.values():
            body, answer = self.roots(policy)
            if policy.captcha and body is not None:
                self.hidden[_name(body)] = set(policy.captcha)
            for root in filter(None, (body, answer)):
                for name in self.reached(root):
                    known = self.module.setdefault(name, policy.module)
                    self.module[name] = known if known == policy.module else COMMON
        for name in [name for name, module in self.module.items() if module == COMMON]:
            self.module.update(dict.fromkeys(self.reached({"$ref": f"/{name}"}), COMMON))

    def roots(self, policy: Policy) -> tuple[Json | None, Json | None]:
        """The schemas of the body, and of the data of the success; what has no envelope is its own data."""
        operation = self._contract.operation(policy.operation_id)
        content = operation.get("requestBody", {}).get("content", {})
        body = next(iter(content.values()))["schema"] if content else None
        success = success_of(operation)
        data = success.schema if success.bare else self._schemas[_name(success.schema)]["properties"]["data"]
        return body, None if _name(data) == "Nothing" else data

    def reached(self, node: Any) -> Iterator[str]:
        """Components that become a type of their own, those inside before those that hold them."""
        found: dict[str, None] = {}
        self._gather(node, found)
        return iter(found)

    def _gather(self, node: Any, found: dict[str, None]) -> None:
        if isinstance(node, list):
            for inner in node:
                self._gather(inner, found)
        elif isinstance(node, Mapping):
            if "$ref" in node:
                name = _name(node)
                if name not in found:
                    self._gather(self._schemas[name], found)
                    if self.is_type(name):
                        found[name] = None
            for key, inner in node.items():
                if key not in ("example", "enum"):
                    self._gather(inner, found)

    def is_type(self, name: str) -> bool:
        schema = self._schemas[name]
        return _is_closed(schema) or "oneOf" in schema or "enum" in schema

    def spelled(self, schema: Json, module: str) -> str:
        """The type as it is written in a module."""
        if "$ref" in schema:
            name = _name(schema)
            if not self.is_type(name):
                return self.spelled(self._schemas[name], module)
            home = self.module[name]
            nothing = " | None" if _is_closed(self._schemas[name]) and self._schemas[name].get("nullable") else ""
            return f"{name}{nothing}" if home == module else f"{home}.{name}{nothing}"
        if "oneOf" in schema:
            return " | ".join(self.spelled(each, module) for each in schema["oneOf"])
        found = self._plain(schema, module)
        return f"{found} | None" if schema.get("nullable") and "None" not in found else found

    def _plain(self, schema: Json, module: str) -> str:
        kind = schema.get("type")
        if "enum" in schema:
            return f"Literal[{', '.join(_quoted(value) for value in schema['enum'])}]"
        if schema.get("format") == "binary":
            return "bytes"
        if kind == "array":
            return f"list[{self.spelled(schema['items'], module)}]"
        if kind == "object":
            inner = schema.get("additionalProperties")
            return f"dict[str, {self.spelled(inner, module) if inner else 'Any'}]"
        return "Decimal" if is_exact(schema) or is_written_exactly(schema) else SCALARS[str(kind)]

    def defined(self, name: str, module: str) -> str:
        schema = self._schemas[name]
        if not _is_closed(schema):
            return f"{name}: TypeAlias = {self.spelled(schema, module)}\n"
        hidden = self.hidden.get(name, set())
        required = schema.get("required", ())
        fields = {
            field: self.spelled(part, module) if field in required else f"NotRequired[{self.spelled(part, module)}]"
            for field, part in schema["properties"].items()
            if field not in hidden
        }
        if all(field.isidentifier() and not keyword.iskeyword(field) for field in fields):
            lines = [f"    {field}: {kind}" for field, kind in fields.items()]
            return "\n".join([f"class {name}(TypedDict):", *(lines or ["    pass"])]) + "\n"
        lines = [f'        "{field}": {kind},' for field, kind in fields.items()]
        return "\n".join([f'{name} = TypedDict(\n    "{name}",\n    {{', *lines, "    },\n)"]) + "\n"


def _is_closed(schema: Json) -> bool:
    """An object of known fields; one that may have others is a plain dictionary."""
    return "properties" in schema and schema.get("additionalProperties") is False


def _name(schema: Json) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _quoted(value: Any) -> str:
    return '"' + value.replace('"', '\\"') + '"' if isinstance(value, str) else repr(value)


def files(contract: Contract) -> Mapping[str, bytes]:
    """The content of each file by its name."""
    names = _Names(contract)
    order = dict.fromkeys(
        name
        for policy in contract.policies.values()
        for root in filter(None, names.roots(policy))
        for name in names.reached(root)
    )
    modules = sorted({*names.module.values(), COMMON})
    texts = {
        module: _module(names, module, [name for name in order if names.module[name] == module]) for module in modules
    }
    return {"__init__.py": b""} | {f"{module}.py": text.encode() for module, text in texts.items()}


def _module(names: _Names, module: str, own: list[str]) -> str:
    """Those inside come first, so that no name is used before it is there."""
    body = "\n\n".join(names.defined(name, module) for name in own)
    typing = [name for name in ("Any", "Literal", "NotRequired", "TypeAlias", "TypedDict") if _uses(body, name)]
    decimal = "\nfrom decimal import Decimal" if _uses(body, "Decimal") else ""
    imports = f"{decimal}\nfrom typing import {', '.join(typing)}\n" if typing else ""
    if f"{COMMON}." in body:
        imports += f"\nfrom domain.wire import {COMMON}\n"
    return f"{HEADER}{imports}\n\n{body}" if own else HEADER


def _uses(body: str, name: str) -> bool:
    return any(f"{before}{name}{after}" in body for before in " [(" for after in ("[", ")", "]", "(", "\n", " "))


def types_of(contract: Contract) -> Mapping[str, Types]:
    """operationId -> how its handler is annotated."""
    names = _Names(contract)
    found = {}
    for operation_id, policy in contract.policies.items():
        body, answer = (names.spelled(root, "") if root else None for root in names.roots(policy))
        found[operation_id] = Types(body, answer)
    return found
