"""The contract: read, bundled into one document, expanded and checked. Everything else reads it from here.

Hand-written files name only what is particular to an operation. ``load`` adds what follows: its section, its security
and hints for clients (``defaults.py``), the envelope around each success, every error answer with one true example per
code, the headers of each answer, the ``Idempotency-Key``, the fields of a captcha, how large each body may be, and
which config keys an operation reads (``proof/managed.py`` finds them).
"""

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
import yaml

from contract import caching, clamping, defaults, dry_runs, paging, permissions, successes, versioning
from contract.bounds import BODY_LIMIT, NORMALIZE, Bounds
from contract.defaults import COMMON
from contract.permissions import Permissions
from contract.policy import ANONYMOUS, INACTIVE, MOVED_ON, ContractError, Policy, compile_policy
from contract.references import resolved
from domain.config_keys import InvalidConfig, Rate
from domain.switches import SWITCHES, SwitchKey

ROOT = Path(__file__).resolve().parent.parent
OPENAPI = ROOT / "openapi"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
SCHEMA_EXTENSIONS = {NORMALIZE, "x-biore-check", "x-biore-pattern", "x-biore-rule"}
PARAMETER_EXTENSIONS = SCHEMA_EXTENSIONS | {"x-biore-cookie-path", clamping.KEY}
RATE_LIMIT = "x-biore-rate-limit"
ERRORS = "errors"
FILES, WEBHOOKS = "x-biore-files", "x-biore-webhooks"
# What is served beside the operations.
DOORS = {"files": FILES, "webhooks": WEBHOOKS}
MANAGED_BY = "dist/managed_by.json"
EVERY_ANSWER = "x-biore-every-answer"
# What each of them reads of an operation goes into its policy, in this order.
EXTENSIONS = (caching, successes, clamping, paging)
NO_METHOD = 405
LIMIT_HEADERS = ("RateLimit", "RateLimit-Policy")
REFUSAL_HEADERS = {
    401: ("WWW-Authenticate",),
    NO_METHOD: ("Allow",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
MOST_VIOLATIONS = 50  # and one entry that says that there are more
RETRY_SECONDS = {"type": "integer", "minimum": 1}
CORRELATION_EXAMPLE = "0190d3f4-7c1e-4a52-8f3b-2d1c9e6a5b40"

Json = dict[str, Any]
Read = Callable[[Path], Any]


class _Loader(yaml.CSafeLoader):
    """YAML 1.2 core schema (``no`` is a locale, a date is a text) that refuses duplicate keys."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML declares it so


_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)$"),
    list("-+.0123456789"),
)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Json:
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise ContractError(f"{key_node.start_mark.name}:{key_node.start_mark.line + 1}: {key!r} stands twice")
        seen.add(key)
    return {str(key): value for key, value in loader.construct_mapping(node, deep=True).items()}


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
# PyYAML would read a leading zero as octal.
_Loader.add_constructor("tag:yaml.org,2002:int", lambda _loader, node: int(node.value))
_Loader.add_constructor("tag:yaml.org,2002:float", lambda _loader, node: float(node.value))


def read_yaml(path: Path) -> Any:
    """The content of one file. Raises ContractError with file and line."""
    try:
        with path.open(encoding="utf-8") as stream:
            return yaml.load(stream, _Loader)  # noqa: S506 - a safe loader, with other resolvers
    except (OSError, yaml.YAMLError) as error:
        raise ContractError(f"{path}: {error}") from error


class Places:
    """Where things stand in the hand-written files below ``folder``, for whoever has to send an author there."""

    def __init__(self, folder: Path = OPENAPI) -> None:
        self.folder = folder
        self._nodes: dict[Path, Any] = {}
        self._files: dict[Path, Any] = {}

    def file(self, path: Path) -> Any:
        if path not in self._files:
            self._files[path] = read_yaml(path)
        return self._files[path]

    def line(self, path: Path, steps: Iterable[str | int]) -> int:
        """The line of a key or an item; that of the last step which exists, where something is missing."""
        if path not in self._nodes:
            with path.open(encoding="utf-8") as stream:
                self._nodes[path] = yaml.compose(stream, _Loader)
        node, line = self._nodes[path], 1
        for step in steps:
            if isinstance(node, yaml.MappingNode):
                found = {key.value: (key, value) for key, value in node.value}.get(str(step))
            else:
                items = node.value if isinstance(node, yaml.SequenceNode) else []
                found = (items[step], items[step]) if isinstance(step, int) and step < len(items) else None
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        return line

    def target(self, path: Path, reference: str) -> tuple[Path, tuple[str, ...]]:
        """The file and the steps in it that a reference of a file leads to, whether anything is there or not."""
        name, _, pointer = str(reference).partition("#")
        return (path.parent / name).resolve() if name else path, tuple(pointer.strip("/").split("/"))

    def node(self, path: Path, steps: Iterable[str | int]) -> Any:
        """What stands there; None for nothing."""
        node = self.file(path)
        for step in steps:
            inside = isinstance(node, dict) and step in node
            inside = inside or (isinstance(node, list) and isinstance(step, int) and step < len(node))
            if not inside:
                return None
            node = node[step]
        return node

    def operations(self) -> Iterator[tuple[str, str, Path, tuple[str, ...]]]:
        """Path, method, and where the operation stands. References that lead nowhere are for ``load`` to refuse."""
        root = self.folder.resolve() / "biore.yaml"
        paths = self.node(root, ("paths",))
        for path, item in paths.items() if isinstance(paths, dict) else ():
            if not isinstance(item, dict) or "$ref" not in item:
                continue
            file, steps = self.target(root, item["$ref"])
            found = self.node(file, steps) if file.is_file() else None
            for method in METHODS:
                if isinstance(found, dict) and isinstance(found.get(method), dict):
                    yield path, method, file, (*steps, method)


@dataclass(frozen=True)
class Contract:
    """``document`` is self-contained OpenAPI 3.0.3; ``errors`` maps codes to entries, ``policies`` operationIds.

    ``permissions``: those of the staff, and which roles have them. ``folder``: where it was read.
    """

    document: Json
    errors: Mapping[str, Json]
    policies: Mapping[str, Policy]
    permissions: Permissions = field(default_factory=Permissions)
    folder: Path = OPENAPI

    @property
    def codes_of_doors(self) -> Mapping[str, frozenset[str]]:
        """What each door may refuse with, which is no operation, by the door's name."""
        return {name: _door_codes(self.document, door) for name, door in DOORS.items()}

    @property
    def door_codes(self) -> frozenset[str]:
        return frozenset[str]().union(*self.codes_of_doors.values())

    @property
    def webhooks(self) -> Json:
        """The door for notices of providers: ``path``, and its one operation."""
        found: Json = self.document[WEBHOOKS]
        return found

    @cached_property
    def door_rates(self) -> Mapping[str, Rate]:
        """How often an address may use the doors that are no operations, by names such as ``files.put``."""
        return {name: Rate.parse(item[RATE_LIMIT]) for name, item in _named_doors(self.document).items()}

    @property
    def limited(self) -> frozenset[str]:
        """Whatever has a rate limit that an admin may change."""
        return frozenset(self.policies) | self.door_rates.keys()

    @cached_property
    def written_rates(self) -> Mapping[str, str]:
        """The limits as they are documented, of whatever has one."""
        found = {name: self.operation(name) for name in self.policies} | _named_doors(self.document)
        return {name: item[RATE_LIMIT] for name, item in found.items() if item[RATE_LIMIT] != "none"}

    @cached_property
    def base_path(self) -> str:
        return str(self.document["servers"][0]["url"])

    @cached_property
    def operation_paths(self) -> Mapping[str, str]:
        """That of each operation, from the root of the server on."""
        return {name: self.base_path + policy.path for name, policy in self.policies.items()}

    @cached_property
    def request_headers(self) -> frozenset[str]:
        """What calls are made with beside the headers of HTTP: parameters, and keys of security schemes."""
        schemes = self.document["components"]["securitySchemes"].values()
        keys = [scheme for scheme in schemes if scheme["type"] == "apiKey"]
        parameters = [
            resolved(self.document, given)
            for _path, _method, operation in _operations(self.document)
            for given in operation.get("parameters", ())
        ]
        return frozenset(found["name"] for found in (*keys, *parameters) if found["in"] == "header")

    @cached_property
    def answer_headers(self) -> frozenset[str]:
        """Those that an answer declares; what all answers carry stands in ``x-biore-every-answer``."""
        return frozenset(
            name
            for _path, _method, operation in _operations(self.document)
            for answer in operation["responses"].values()
            for name in resolved(self.document, answer).get("headers", ())
        )

    @cached_property
    def methods(self) -> frozenset[str]:
        """Those of the operations, and of files."""
        files = _door_operations(self.document, FILES)
        own = (method.upper() for _path, method, _operation in _operations(self.document))
        return frozenset((*own, *(operation["method"] for operation in files)))

    @property
    def dev_token_header(self) -> str:
        return str(self.document["components"]["securitySchemes"]["devToken"]["name"])

    def operation(self, operation_id: str) -> Json:
        policy = self.policies[operation_id]
        found: Json = self.document["paths"][policy.path][policy.method]
        return found

    def as_json(self) -> bytes:
        return indented(self.document) + b"\n"

    def as_yaml(self) -> bytes:
        dumped: str = yaml.dump(self.document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
        return dumped.encode()


def indented(value: Json) -> bytes:
    """A value as JSON for people."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def load(folder: Path = OPENAPI, read: Read = read_yaml, switches: Mapping[str, SwitchKey] = SWITCHES) -> Contract:
    """Read, bundle, expand and check the contract below ``folder``; it may change what ``read`` gives of a file.

    ``switches``: the kill switches that it may name.

    Raises ContractError.
    """
    errors = read_errors(folder, read)
    bundle = _Bundle(folder, read)
    document = bundle.document()
    managed = _managed(folder)
    policies: dict[str, Policy] = {}
    pages: dict[str, str] = {}
    implied = document.pop("x-biore-effects", {})
    for path, method, operation in _operations(document):
        for code, effects in implied.items():
            if code in operation.get("x-biore-errors", ()):
                operation.get("x-biore-side-effects", []).extend(copy.deepcopy(effects))
        refusing = _has_refusing_parameter(document, operation)
        policy = compile_policy(path, method, operation, errors, refusing=refusing, switches=switches)
        for extension in EXTENSIONS:
            policy = extension.compiled(policy, document, operation)
        if policy.operation_id in policies:
            raise ContractError(f"{method.upper()} {path}: operationId {policy.operation_id} stands twice")
        if policy.page in pages:
            raise ContractError(f"{method.upper()} {path}: page {policy.page} belongs to {pages[policy.page]}")
        pages[policy.page] = policy.operation_id
        policies[policy.operation_id] = policy
        if keys := managed.get(policy.operation_id):
            operation["x-biore-managed-by"] = keys
    staff = permissions.read_permissions(folder, read)
    permissions.check(staff, policies.values())
    expansion = _Expansion(bundle, document, errors)
    expansion.every_answer(document.get(EVERY_ANSWER, ()))
    for _path, _method, operation in _operations(document):
        expansion.expand(operation, policies[operation["operationId"]])
    _check_schema_extensions(document)
    bounds = Bounds(document)
    for path, method, operation in _operations(document):
        limit = bounds.check(operation, f"{method.upper()} {path}")
        if limit is not None:
            operation[BODY_LIMIT] = limit
    for door in DOORS.values():
        _check_door(document, door, errors)
    return Contract(document, errors, policies, staff, folder)


def _check_door(document: Json, door: str, errors: Mapping[str, Json]) -> None:
    unknown = sorted(_door_codes(document, door) - errors.keys())
    if unknown:
        raise ContractError(f"{door}: error codes {unknown} are not in {ERRORS}/")
    try:
        for item in _door_operations(document, door):
            Rate.parse(item[RATE_LIMIT])
    except (KeyError, InvalidConfig) as error:
        raise ContractError(f"{door}: each operation needs {RATE_LIMIT}: {error}") from None
    if door == WEBHOOKS and any(BODY_LIMIT not in item for item in _door_operations(document, door)):
        raise ContractError(f"{door}: each operation needs {BODY_LIMIT}")


def error_files(folder: Path) -> list[Path]:
    """The catalogue of errors: what no module owns, then the modules' own."""
    return sorted((folder / ERRORS).rglob("*.yaml"), key=lambda file: (file.stem != "common", file))


def read_errors(folder: Path, read: Read = read_yaml) -> Mapping[str, Json]:
    """code -> entry. Raises ContractError."""
    found: dict[str, Json] = {}
    for file in error_files(folder):
        for code, entry in read(file).items():
            if code in found:
                raise ContractError(f"{file}: {code} stands in another file as well")
            if entry.get("retry_after", True) is not True:
                raise ContractError(f"{file}: retry_after of {code} must be true, or left out")
            found[code] = entry
    return found


def _managed(folder: Path) -> Mapping[str, list[str]]:
    """operationId -> config keys, as the last build of the contract read them off the code."""
    file = folder / MANAGED_BY
    found: dict[str, list[str]] = orjson.loads(file.read_bytes()) if file.exists() else {}
    return found


def require_valid(contract: Contract) -> None:
    """Ask an independent validator. Connexion does so too when it starts. Raises ContractError."""
    from openapi_spec_validator import OpenAPIV30SpecValidator  # slow to import, and hardly ever needed

    problems = [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
        for error in OpenAPIV30SpecValidator(contract.document).iter_errors()
    ]
    if problems:
        raise ContractError("the contract is not valid OpenAPI 3.0:\n" + "\n".join(problems))


def _door_codes(document: Json, door: str) -> frozenset[str]:
    return frozenset(code for operation in _door_operations(document, door) for code in operation["errors"])


def _named_doors(document: Json) -> dict[str, Json]:
    return {
        f"{name}.{item['method'].lower()}": item
        for name, door in DOORS.items()
        for item in _door_operations(document, door)
    }


def _door_operations(document: Json, door: str) -> Sequence[Json]:
    found: Sequence[Json] = document.get(door, {}).get("operations", ())
    return found


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _has_refusing_parameter(document: Json, operation: Json) -> bool:
    """Whether some form of a parameter refuses a call; no form of a cookie does."""
    return any(resolved(document, item)["in"] != "cookie" for item in operation.get("parameters", ()))


def _check_schema_extensions(node: Any, where: str = "") -> None:
    if isinstance(node, dict):
        if node.get("format") == "password" and "nfc" not in node.get("x-biore-normalize", ()):
            raise ContractError(f"{where}: a password is compared in one form of text; add x-biore-normalize: [nfc]")
        known = PARAMETER_EXTENSIONS if where.startswith("/components/parameters/") else SCHEMA_EXTENSIONS
        for key, value in node.items():
            if where.startswith("/components") and str(key).startswith("x-biore-") and key not in known:
                raise ContractError(f"{where}: unknown extension {key}")
            if key == NORMALIZE and "maxLength" not in node:
                raise ContractError(f"{where}: a text that is cleaned needs maxLength")
            _check_schema_extensions(value, f"{where}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            _check_schema_extensions(value, f"{where}/{index}")


class _Bundle:
    """Turns references between files into references to components of one document, which keep their names."""

    def __init__(self, folder: Path, read: Read) -> None:
        self.folder = folder
        self.read = read
        self.files: dict[Path, Any] = {}
        self.components: dict[str, Json] = {}
        self.origins: dict[tuple[str, str], Path] = {}
        self._referred: dict[tuple[Path, str], str] = {}

    def document(self) -> Json:
        root_file = self.folder / "biore.yaml"
        root = self._file(root_file)
        concrete_first = sorted(root["paths"].items(), key=lambda item: "{" in item[0])  # as they are matched
        paths = {path: self._path_item(root_file, path, item) for path, item in concrete_first}
        self._add_captchas(list(_operations({"paths": paths})))
        components = root["components"] | {kind: dict(sorted(items.items())) for kind, items in self.components.items()}
        return {**root, "paths": paths, "components": components}

    def _file(self, path: Path) -> Any:
        if path not in self.files:
            self.files[path] = self.read(path)
        return self.files[path]

    def _path_item(self, root_file: Path, path: str, item: Json) -> Any:
        if item.keys() != {"$ref"} or not isinstance(item["$ref"], str):
            raise ContractError(f"{root_file}: {path} must be one $ref to a file below paths/")
        file, target = self._target(root_file, item["$ref"])
        found = self._rewritten(file, target)
        operations = {
            method: defaults.filled(path, method, found[method])
            for method in METHODS
            if isinstance(found, dict) and isinstance(found.get(method), dict)
        }
        return found | operations if operations else found

    def _add_captchas(self, operations: list[tuple[str, str, Json]]) -> None:
        """Bodies get the fields of a captcha. Those of one schema must agree about them."""
        fields: dict[str, dict[str, str]] = {}
        for path, method, operation in operations:
            where, wanted = f"{method.upper()} {path}", dict(defaults.captcha(path, method, operation))
            body = defaults.body_schema(operation)
            if wanted and body is None:
                raise ContractError(f"{where}: a captcha needs a body that is a named schema")
            if body is not None and fields.setdefault(body, wanted) != wanted:
                raise ContractError(f"{where}: its body is also one with another captcha; give it a schema of its own")
        for body, wanted in fields.items():
            if wanted:
                self._extend(body.rpartition("/")[2], wanted)

    def _extend(self, name: str, fields: Mapping[str, str]) -> None:
        properties = self.components["schemas"][name].setdefault("properties", {})
        if typed := sorted(fields.keys() & properties.keys()):
            raise ContractError(f"{name}: {typed} come with x-biore-captcha; take them out")
        properties.update({field: {"$ref": self.reference(schema)} for field, schema in fields.items()})

    def _target(self, file: Path, reference: str) -> tuple[Path, Any]:
        name, _, pointer = reference.partition("#")
        target_file = (file.parent / name).resolve() if name else file
        node = self._file(target_file)
        for step in pointer.strip("/").split("/"):
            if not isinstance(node, dict) or step not in node:
                raise ContractError(f"{file}: {reference} leads nowhere")
            node = node[step]
        return target_file, node

    def _rewritten(self, file: Path, node: Any) -> Any:
        if isinstance(node, list):
            return [self._rewritten(file, item) for item in node]
        if not isinstance(node, dict):
            return node
        if isinstance(node.get("$ref"), str):
            return {"$ref": self._component(file, node["$ref"])}
        return {key: self._rewritten(file, value) for key, value in node.items()}

    def reference(self, reference: str) -> str:
        """The component that ``reference``, as the root file would write it, becomes."""
        return self._component(self.folder / "biore.yaml", reference)

    def _component(self, file: Path, reference: str) -> str:
        """Followed once: the system is asked what a path stands for, and most references stand in many places."""
        if (file, reference) not in self._referred:
            self._referred[file, reference] = self._followed(file, reference)
        return self._referred[file, reference]

    def _followed(self, file: Path, reference: str) -> str:
        *group, name = reference.partition("#")[2].strip("/").split("/")
        kind = group[0] if group else "schemas"
        target_file, target = self._target(file, reference)
        if self.origins.setdefault((kind, name), target_file) != target_file:
            raise ContractError(
                f"{file}: {name} is defined in {target_file.name} and in {self.origins[kind, name].name}"
            )
        items = self.components.setdefault(kind, {})
        if name not in items:
            items[name] = {}  # a recursive schema finds itself here
            items[name] = self._rewritten(target_file, target)
        return f"#/components/{kind}/{name}"


class _Expansion:
    """Adds to each operation what follows from its policy. Answers with the same codes share one component."""

    def __init__(self, bundle: "_Bundle", document: Json, errors: Mapping[str, Json]) -> None:
        self.document = document
        self.components = document["components"]
        self.errors = errors
        self.bundle = bundle

    def _common(self, pointer: str) -> Json:
        reference = self.bundle.reference(f"{COMMON}/{pointer}")
        kind, name = reference.split("/")[2:]
        self.components.setdefault(kind, {})[name] = self.bundle.components[kind][name]
        return {"$ref": reference}

    def _add(self, kind: str, name: str, value: Json) -> str:
        self.components.setdefault(kind, {})[name] = value
        return f"#/components/{kind}/{name}"

    def expand(self, operation: Json, policy: Policy) -> None:
        if policy.captcha:
            operation["x-biore-captcha"] = policy.captcha_of_all or ANONYMOUS
        if policy.idempotent:
            operation.setdefault("parameters", []).append(self._common("parameters/IdempotencyKey"))
        paging.declare(operation, policy, self.components["schemas"], self._common)
        versioning.expand(self.document, operation, policy, self._common)
        dry_runs.expand(self.document, operation, policy, self._common)
        for response in operation["responses"].values():
            if not policy.bare:
                self._wrap(response, policy.dry_run)
            limited = LIMIT_HEADERS if policy.rate else ()
            replayed = ("Idempotency-Replayed",) if policy.idempotent else ()
            response["headers"] = response.get("headers", {}) | self._headers(*limited, *replayed)
        by_status: dict[int, list[str]] = {}
        for code, status in policy.statuses.items():
            by_status.setdefault(status, []).append(code)
        for status in sorted(by_status):
            operation["responses"][str(status)] = self._refusal(policy, status, by_status[status])
        caching.declare(operation, policy, self._common)
        operation["responses"] = dict(sorted(operation["responses"].items()))

    def _wrap(self, response: Json, dry_run: bool) -> None:
        nothing = {"application/json": {"schema": self._common("Nothing"), "example": None}}
        media = response.setdefault("content", nothing)["application/json"]
        media["schema"] = {"$ref": self._envelope(media["schema"], dry_run)}
        media["example"] = {"success": True, "data": media["example"]}

    def _envelope(self, data: Json, dry_run: bool) -> str:
        items = data.get("items", {})
        if data == self._common("Nothing"):
            name = "SuccessOnly"
        elif "$ref" in data:
            name = "ApiResponseOf" + data["$ref"].rpartition("/")[2]
        elif data.get("type") == "array" and "$ref" in items:
            name = "ArrayApiResponseOf" + items["$ref"].rpartition("/")[2]
        else:
            raise ContractError(f"a success must answer a named schema or a list of one, not {data}")
        beside = dry_runs.envelope_field() if dry_run else None
        envelope = _object(beside, success={"type": "boolean", "enum": [True]}, data=copy.deepcopy(data))
        return self._add("schemas", f"{name}OrDryRun" if dry_run else name, envelope)

    def every_answer(self, names: Iterable[str]) -> None:
        """What all answers carry is declared once, and not again with each of them."""
        for name in names:
            self._common(f"headers/{name}")

    def _headers(self, *names: str) -> Json:
        return {name: self._common(f"headers/{name}") for name in ("X-Correlation-Id", *names)}

    def _retry_after(self, codes: list[str]) -> Json:
        """Of the codes that pass by themselves, whatever their status."""
        passing = [f"`{code}`" for code in codes if self.errors[code].get("retry_after")]
        told = {"description": f"Seconds to wait. Sent with {', '.join(passing)}.", "schema": RETRY_SECONDS}
        return {"Retry-After": told} if passing else {}

    def _refusal(self, policy: Policy, status: int, codes: list[str]) -> Json:
        replayed = not policy.stored_codes.isdisjoint(codes)
        common = len(codes) == 1 and status == self.errors[codes[0]]["status"] and not replayed
        inactive = codes == sorted(INACTIVE)
        name = _pascal(codes[0]) if common else f"{'Inactive' if inactive else _pascal(policy.operation_id)}{status}"
        if name not in self.components.setdefault("responses", {}):
            schema = self._add("schemas", f"{name.removesuffix('Error')}Error", self._error_schema(name, codes))
            media = {
                "schema": {"$ref": schema},
                "examples": {code: {"summary": code, "value": self.example(code)} for code in codes},
            }
            response = {
                "description": "\n".join(f"- `{code}`: {self.errors[code]['meaning']}" for code in codes),
                "headers": self._retry_after(codes)
                | self._headers(*_refusal_headers(policy, status, replayed))
                | (versioning.header(self._common) if MOVED_ON in codes else {}),
                "content": {"application/json": media},
            }
            self._add("responses", name, response)
        return {"$ref": f"#/components/responses/{name}"}

    def _error_schema(self, name: str, codes: list[str]) -> Json:
        code = {"$ref": self._add("schemas", f"{name}Code", {"type": "string", "enum": codes})}
        return _object(
            success={"type": "boolean", "enum": [False]},
            error=_object(
                code=code,
                message={"type": "string"},
                i18nKey=code,
                correlationId={"type": "string"},
                optional={
                    "i18nVars": self._common("ErrorVariables"),
                    "details": {"type": "array", "maxItems": MOST_VIOLATIONS + 1, "items": self._common("Violation")},
                },
            ),
        )

    def example(self, code: str) -> Json:
        entry = self.errors[code]
        variables = entry.get("vars")
        error = {"code": code, "message": entry["message"].format(**(variables or {})), "i18nKey": code}
        if variables:
            error["i18nVars"] = variables
        if "details" in entry:
            error["details"] = entry["details"]
        return {"success": False, "error": {**error, "correlationId": CORRELATION_EXAMPLE}}


def _refusal_headers(policy: Policy, status: int, replayed: bool) -> Iterator[str]:
    yield from REFUSAL_HEADERS.get(status, ())
    if policy.rate and status != NO_METHOD:  # which nothing counts
        yield from LIMIT_HEADERS
    if replayed:
        yield "Idempotency-Replayed"


def _pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[._]", name))


def _object(optional: Json | None = None, **required: Json) -> Json:
    return {
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": required | (optional or {}),
    }
