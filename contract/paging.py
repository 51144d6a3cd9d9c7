"""``x-biore-cursor``: a list that is walked page by page. What follows from it: `cursor`, `nextCursor`, the refusal."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from contract.clamping import KEY as CLAMP
from contract.policy import INVALID_CURSOR, Cursor, Policy, require
from contract.references import resolved

Json = dict[str, Any]

KEY = "x-biore-cursor"
CURSOR, NEXT, LIMIT, SORT, ITEMS = "cursor", "nextCursor", "limit", "sort", "items"
# Whether the rows are counted narrows no list.
COUNT = "count"
SAME = "The `nextCursor` of the previous page, with the same filters and order. Omitted for the first page."


def compiled(policy: Policy, document: Json, operation: Json) -> Policy:
    """The policy with how its list is walked. Raises ContractError."""
    if KEY not in operation:
        return policy
    where = f"{policy.method.upper()} {policy.path}: {KEY}"
    given = operation[KEY]
    known = given is True or (isinstance(given, dict) and bool(given) and given.keys() <= {"error", ITEMS})
    require(known, f"{where} must be true, or {{error: <code>, items: <field of the list>}}")
    named = given if isinstance(given, dict) else {}
    require(policy.method == "get", f"{where} is for GET only")
    require(not policy.bare, f"{where} needs the envelope, beside whose list the next cursor stands")
    parameters = {each["name"]: each for each in (resolved(document, one) for one in operation.get("parameters", ()))}
    require(CURSOR not in parameters, f"{where} adds the parameter cursor; take it out")
    limit, most = _limit(document, where, parameters)
    _check_list(document, where, operation, named.get(ITEMS, ITEMS), most)
    others = (LIMIT, SORT, COUNT)
    filters = [name for name, one in parameters.items() if one["in"] in ("path", "query") and name not in others]
    sort = resolved(document, parameters[SORT]["schema"]).get("default", "") if SORT in parameters else ""
    return replace(policy, cursor=Cursor(named.get("error", INVALID_CURSOR), limit, sort, tuple(filters)))


def _limit(document: Json, where: str, parameters: Mapping[str, Json]) -> tuple[int, int]:
    """How many rows a page has where the caller does not say, and at most."""
    parameter = parameters.get(LIMIT, {})
    schema = resolved(document, parameter.get("schema", {}))
    require(
        parameter.get("in") == "query" and schema.get("type") == "integer",
        f"{where} needs an integer `limit` in the query",
    )
    require("default" in schema, f"{where} needs a default of `limit`")
    bounds = parameter.get(CLAMP, schema)
    bounded = bounds.get("minimum", 0) >= 1 and "maximum" in bounds
    require(bounded, f"{where} needs bounds of `limit`, from 1 on: {CLAMP}, or minimum and maximum")
    return schema["default"], bounds["maximum"]


def _check_list(document: Json, where: str, operation: Json, field: str, most: int) -> None:
    name = _data(operation)
    data = document["components"]["schemas"].get(name, {})
    require(data.get("type") == "object", f"{where} needs an answer that is a named object with the list `{field}`")
    listed = resolved(document, data.get("properties", {}).get(field, {}))
    require(listed.get("type") == "array", f"{where} needs the list `{field}` in its answer; name it with `items`")
    require(
        listed.get("maxItems", 0) >= most, f"{where} needs maxItems of `{field}`, {most} at least, as `limit` allows"
    )
    require(NEXT not in data["properties"], f"{where} adds {NEXT} to {name}; take it out")
    others = [
        f"{method.upper()} {path}"
        for path, method, one in _operations(document)
        if KEY not in one and _data(one) == name
    ]
    require(not others, f"{where} adds {NEXT} to {name}, which {others} answers as well; give it a schema of its own")


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        yield from ((path, method, one) for method, one in item.items() if isinstance(one, dict) and "responses" in one)


def _data(operation: Json) -> str:
    """The component that the data of a success is; empty for none."""
    status = min((status for status in operation["responses"] if status.startswith("2")), default="")
    media = operation["responses"].get(status, {}).get("content", {}).get("application/json", {})
    return str(media.get("schema", {}).get("$ref", "")).rpartition("/")[2]


def declare(operation: Json, policy: Policy, schemas: Json, common: Callable[[str], Json]) -> None:
    """Add the parameter and the next cursor. To be done before the answer is wrapped into its envelope."""
    if policy.cursor is None:
        return
    cursor = {"name": CURSOR, "in": "query", "required": False, "description": SAME, "schema": common("Cursor")}
    operation["parameters"].append(cursor)
    data = schemas[_data(operation)]
    if NEXT not in data["properties"]:
        data["properties"][NEXT] = common("NextCursor")
        data["required"] = [*data.get("required", ()), NEXT]
    status = min(status for status in operation["responses"] if status.startswith("2"))
    media = operation["responses"][status]["content"]["application/json"]
    media["example"] = {**media["example"], NEXT: schemas["NextCursor"]["example"]}
