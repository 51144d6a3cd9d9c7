"""What pages, samples and exports are made from: the contract, read once into plain objects without any markup.

Nothing in here is worded: a rule is a key and its values, and ``locales/<locale>/portal.json`` has the words.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from contract.audience import STAFF
from contract.loader import Contract
from contract.permissions import Permissions
from contract.policy import BEARER_ASKED, Policy
from contract.raw_bodies import RAW_BODY, encoded
from contract.references import resolved
from contract.successes import is_json
from contract.unions import merged
from domain.admin import FRESH_MINUTES
from domain.auth import CONFIRMATION_MINUTES
from domain.config_keys import Key
from portal.config_values import with_values
from services.config.catalogue import CATALOGUE

Json = Any

# Keywords of a schema that are told as a rule of the field, in the order of telling.
RULES = (
    "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """``key``: the keyword, the name in ``x-biore-rule`` or ``-check``, ``normalize`` or ``clamp``.

    ``limit``: its value.
    """

    key: str
    limit: Json


@dataclass(frozen=True, slots=True)
class Field:
    """``path`` from the root of the body (``items[].id``), and the same for a parameter, where it is its name.

    ``type`` is the schema's, ``any`` where it has none; ``schema`` names the component it stands in, if any.
    """

    path: str
    name: str
    type: str
    required: bool
    nullable: bool
    deprecated: bool
    description: str
    rules: tuple[Rule, ...]
    enum: tuple[Json, ...]
    schema: str | None = None
    default: Json = None
    has_default: bool = False
    example: Json = None
    location: str = "body"
    children: tuple["Field", ...] = ()

    @property
    def anchor(self) -> str:
        return f"{self.location}-{self.path}".replace("[]", "-items").replace(".", "-").lower()

    def walk(self) -> Iterator["Field"]:
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Variant:
    """One of several answers (``oneOf``): the component, its fields, and the whole body as an example."""

    name: str
    fields: tuple[Field, ...]
    example: Json


@dataclass(frozen=True, slots=True)
class Body:
    """``schema`` is the contract's with its references; ``name`` that of the component; ``example`` the whole body.

    ``limit``: how many bytes a request may have. ``raw``: it is no JSON but a form or bytes.
    Where the answers differ, ``variants`` has each, and ``fields`` is empty.
    """

    name: str
    schema: Json
    required: bool
    fields: tuple[Field, ...]
    example: Json
    media_type: str = "application/json"
    variants: tuple[Variant, ...] = ()
    limit: int = 0
    raw: bool = False

    @property
    def sent(self) -> str:
        """The example of a body that is no JSON, as it is sent."""
        return encoded(self.example)

    @property
    def is_text(self) -> bool:
        """Whether the example is shown as it stands, not as JSON."""
        return not is_json(self.media_type)


@dataclass(frozen=True, slots=True)
class Header:
    name: str
    description: str
    required: bool


@dataclass(frozen=True, slots=True)
class Success:
    """One success: ``body`` has the envelope in its schema and example; ``fields`` are those of ``data``, or of the
    whole where there is no envelope.
    """

    status: int
    description: str
    body: Body | None
    headers: tuple[Header, ...]
    links: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Refusal:
    """``own``: listed by the operation; the others follow from its policy. ``variables``: an example of each."""

    status: int
    code: str
    message: str
    meaning: str
    variables: Mapping[str, Json]
    example: Json
    own: bool

    @property
    def anchor(self) -> str:
        return f"error-{self.code}".replace(".", "-").replace("_", "-")


@dataclass(frozen=True, slots=True)
class Effect:
    kind: str
    what: tuple[str, ...]
    text: str
    when: str | None
    atomic: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One page. ``document`` is the operation as the expanded contract has it, ``components`` what it refers to."""

    policy: Policy
    document: Json
    parameters: tuple[Field, ...]
    body: Body | None
    successes: tuple[Success, ...]
    refusals: tuple[Refusal, ...]
    effects: tuple[Effect, ...]
    managed_by: tuple[Key[Any], ...]
    base_path: str
    components: Mapping[str, Json] = field(repr=False, compare=False)
    permissions: Permissions = field(default_factory=Permissions, repr=False, compare=False)

    @property
    def id(self) -> str:
        return self.policy.operation_id

    @property
    def method(self) -> str:
        return self.policy.method.upper()

    @property
    def path(self) -> str:
        return self.policy.path

    @property
    def module(self) -> str:
        return self.policy.page.partition("/")[0]

    @property
    def slug(self) -> str:
        return self.policy.page.partition("/")[2]

    @property
    def summary(self) -> str:
        return str(self.document["summary"])

    @property
    def description(self) -> str:
        return _told(str(self.document.get("description", "")))

    @property
    def deprecated(self) -> bool:
        return bool(self.document.get("deprecated", False))

    @property
    def secured(self) -> bool:
        """It cannot be called without an access token."""
        return bool(self.document["security"] == BEARER_ASKED)

    @property
    def takes_token(self) -> bool:
        return any("bearerAuth" in way for way in self.document["security"])

    @property
    def counted_by(self) -> str:
        """Whom its rate limit counts, as a key of the words."""
        if self.secured:
            return "rate.account"
        if self.policy.counted_by is not None:
            return f"rate.{self.policy.counted_by}"
        return "rate.accountOrAddress" if self.takes_token else "rate.address"

    @property
    def kill_switch_text(self) -> str:
        """When it refuses, as a key of the words. An operation without a switch has none to tell."""
        switch = self.policy.kill_switch
        return "facts.killSwitchThrown" if switch and switch.key.stops_while_true else "facts.killSwitchText"

    @property
    def roles(self) -> tuple[str, ...]:
        """Of the staff, those that may call it."""
        return self.permissions.roles_with(self.policy.permission) if self.policy.permission else ()

    @property
    def fresh_key(self) -> str:
        """The config key that says how many minutes a proof of who calls is good for."""
        return (FRESH_MINUTES if self.policy.scope == STAFF else CONFIRMATION_MINUTES).name

    @property
    def key_headers(self) -> tuple[str, ...]:
        """Headers that open it, beside ``Authorization``."""
        schemes = [self.components["securitySchemes"][name] for way in self.document["security"] for name in way]
        return tuple(scheme["name"] for scheme in schemes if scheme.get("in") == "header")

    @property
    def sets_cookie(self) -> bool:
        return any(header.name == "Set-Cookie" for success in self.successes for header in success.headers)

    @property
    def success(self) -> Success:
        return self.successes[0]

    @property
    def query_key(self) -> tuple[str, ...]:
        return tuple(self.document["x-biore-client"]["queryKey"])

    @property
    def stale_time(self) -> int:
        """In seconds, as the contract gives it."""
        return int(self.document["x-biore-client"]["staleTime"])


@dataclass(frozen=True, slots=True)
class Module:
    """A section of the portal: the operations whose pages stand below ``/docs/<name>/``, in the contract's order.

    ``anchor``: of a part of one, where its overview tells of it.
    """

    name: str
    title: str
    description: str
    operations: tuple[Operation, ...]
    anchor: str = ""


@dataclass(frozen=True)
class Site:
    """``left_out``: operationIds, error codes and addresses that this build does not show."""

    contract: Contract
    modules: tuple[Module, ...]
    catalogue: Mapping[str, Key[Any]] = field(default_factory=lambda: CATALOGUE)
    left_out: frozenset[str] = frozenset()

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        return tuple(operation for module in self.modules for operation in module.operations)

    @cached_property
    def answered_by(self) -> Mapping[str, tuple[Operation, ...]]:
        """Error code -> the operations that may answer it."""
        return {
            code: tuple(operation for operation in self.operations if code in operation.policy.statuses)
            for code in self.contract.errors
        }

    def meaning(self, code: str) -> str:
        """When an error is returned, as readers are told it everywhere."""
        return with_values(str(self.contract.errors[code]["meaning"]), self.catalogue)

    @property
    def base_path(self) -> str:
        return self.contract.base_path

    @property
    def version(self) -> str:
        return str(self.contract.document["info"]["version"])


def read(contract: Contract) -> Site:
    """The whole portal as objects."""
    return _Reader(contract).site()


class _Reader:
    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._document = contract.document

    def site(self) -> Site:
        pages: dict[str, list[Operation]] = {}
        for policy in self._contract.policies.values():
            operation = self._operation(policy)
            pages.setdefault(operation.module, []).append(operation)
        return Site(self._contract, tuple(self._module(name, tuple(found)) for name, found in pages.items()))

    def _module(self, name: str, operations: tuple[Operation, ...]) -> Module:
        """A module is titled and described by the tag of its operations."""
        tag = operations[0].document["tags"][0]
        described = next(entry for entry in self._document["tags"] if entry["name"] == tag)
        return Module(name, described.get("x-displayName", tag), described["description"], operations)

    def _operation(self, policy: Policy) -> Operation:
        document = self._contract.operation(policy.operation_id)
        parameters = [self._resolved(parameter) for parameter in document.get("parameters", ())]
        answers = {int(status): self._resolved(answer) for status, answer in document["responses"].items()}
        return Operation(
            policy=policy,
            document=document,
            parameters=tuple(self._parameter(parameter) for parameter in parameters),
            body=self._request(document),
            successes=tuple(self._success(policy, *answer) for answer in answers.items() if answer[0] < 400),
            refusals=tuple(self._refusals(policy)),
            effects=tuple(_effect(effect) for effect in document["x-biore-side-effects"]),
            managed_by=tuple(CATALOGUE[key] for key in document.get("x-biore-managed-by", ())),
            base_path=self._contract.base_path,
            components=self._document["components"],
            permissions=self._contract.permissions,
        )

    def _resolved(self, node: Json) -> Json:
        return resolved(self._document, node)

    def _parameter(self, parameter: Json) -> Field:
        schema = parameter["schema"]
        described = dict(self._resolved(schema))
        described["description"] = _both(parameter.get("description", ""), described.get("description", ""))
        for key in ("example", "deprecated", "x-biore-clamp"):
            if key in parameter:
                described[key] = parameter[key]
        name = parameter["name"]
        return self._field(name, name, described, parameter.get("required", False), parameter["in"], _name(schema))

    def _request(self, document: Json) -> Body | None:
        if "requestBody" not in document:
            return None
        request = self._resolved(document["requestBody"])
        media_type, media = next(iter(request["content"].items()))
        fields = self._fields(media["schema"], "body")
        name = _name(media["schema"]) or ""
        example = media.get("example")
        limit = document["x-biore-body-limit"]
        return Body(
            name,
            media["schema"],
            request.get("required", False),
            fields,
            example,
            media_type,
            limit=limit,
            raw=RAW_BODY in document,
        )

    def _success(self, policy: Policy, status: int, answer: Json) -> Success:
        headers = tuple(self._header(name, header) for name, header in answer.get("headers", {}).items())
        return Success(
            status, _told(answer["description"]), self._answer(answer, policy.bare), headers, answer.get("links", {})
        )

    def _header(self, name: str, header: Json) -> Header:
        described = self._resolved(header)
        return Header(name, described.get("description", ""), described.get("required", False))

    def _answer(self, answer: Json, bare: bool) -> Body | None:
        if "content" not in answer:
            return None
        media_type, media = next(iter(answer["content"].items()))
        schema = self._resolved(media["schema"])
        data = media["schema"] if bare else schema.get("properties", {}).get("data")
        fields = self._fields(data, "response") if data else ()
        example = media.get("example")
        variants = tuple(self._variants(data, example)) if data and not bare else ()
        return Body(_name(media["schema"]) or "", media["schema"], True, fields, example, media_type, variants)

    def _variants(self, data: Json, example: Json) -> Iterator[Variant]:
        """The answer's own example belongs to the variant that has its fields; the others bring one of their own."""
        for schema in self._resolved(data).get("oneOf", ()):
            resolved, name = self._resolved(schema), _name(schema) or ""
            fields = self._fields(schema, f"response-{name.lower()}")
            own = example["data"].keys() <= resolved["properties"].keys()
            yield Variant(name, fields, example if own else {"success": True, "data": resolved.get("example")})

    def _refusals(self, policy: Policy) -> Iterator[Refusal]:
        for code, status in sorted(policy.statuses.items(), key=lambda item: (item[1], item[0])):
            entry = self._contract.errors[code]
            example = self._example(policy, status, code)
            own = code in policy.own_codes
            variables = entry.get("vars") or {}
            yield Refusal(status, code, example["error"]["message"], _told(entry["meaning"]), variables, example, own)

    def _example(self, policy: Policy, status: int, code: str) -> Json:
        answer = self._resolved(self._contract.operation(policy.operation_id)["responses"][str(status)])
        return answer["content"]["application/json"]["examples"][code]["value"]

    def _fields(self, schema: Json, location: str, above: str = "", seen: tuple[str, ...] = ()) -> tuple[Field, ...]:
        name = _name(schema)
        resolved = self._resolved(schema)
        if name in seen:
            return ()  # a recursive schema is told once
        seen = (*seen, name) if name else seen
        if resolved.get("type") == "array":
            return self._fields(resolved["items"], location, f"{above}[]", seen)
        resolved = merged(self._document, resolved)
        required = resolved.get("required", ())
        return tuple(
            self._field(f"{above}.{key}" if above else key, key, value, key in required, location, _name(value), seen)
            for key, value in resolved.get("properties", {}).items()
        )

    def _field(
        self, path: str, name: str, schema: Json, required: bool, location: str, component: str | None,
        seen: tuple[str, ...] = (),
    ) -> Field:  # fmt: skip
        resolved = self._resolved(schema)
        items = self._resolved(resolved.get("items", {}))
        return Field(
            path=path,
            name=name,
            type=resolved.get("type", "any"),
            required=required,
            nullable=resolved.get("nullable", False),
            deprecated=resolved.get("deprecated", False),
            description=_told(resolved.get("description", "")),
            rules=tuple(_rules(resolved)),
            enum=tuple(resolved.get("enum", items.get("enum", ()))),
            schema=component,
            default=resolved.get("default"),
            has_default="default" in resolved,
            example=resolved.get("example"),
            location=location,
            children=self._fields(schema, location, path, seen),
        )


def _name(schema: Json) -> str | None:
    reference = schema.get("$ref", "")
    return reference.rpartition("/")[2] or None


def _rules(schema: Json) -> Iterator[Rule]:
    if "x-biore-normalize" in schema:
        yield Rule("normalize", tuple(schema["x-biore-normalize"]))
    if "x-biore-clamp" in schema:
        yield Rule("clamp", schema["x-biore-clamp"])
    if "x-biore-check" in schema:
        yield Rule(schema["x-biore-check"], None)
    for part in (schema, *schema.get("allOf", ())):
        named = part.get("x-biore-rule")
        for key in RULES:
            if key in part and part[key] is not False:
                yield Rule(named or key, part[key])


def _effect(effect: Json) -> Effect:
    what = next(effect[key] for key in ("tables", "topic", "action") if key in effect)
    whole = tuple(what) if isinstance(what, list) else (what,)
    when = effect.get("when")
    return Effect(
        effect["kind"], whole, _told(effect["text"]), _told(when) if when else None, effect.get("atomic", False)
    )


def _told(text: str) -> str:
    return with_values(text, CATALOGUE)


def _both(purpose: str, values: str) -> str:
    """What a parameter is for, then what its values are; once where the second begins with the first."""
    purpose, values = purpose.strip(), values.strip()
    return values if values.startswith(purpose.removesuffix(".")) else f"{purpose} {values}".strip()
