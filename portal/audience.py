"""Whom a build is for. A public one is for those who call the API, so it leaves out what only staff may call."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from contract.references import schemas_used
from portal import model
from portal.guides import OF_STAFF
from portal.model import STAFF, Site

Json = Any

SCOPE = "x-biore-scope"


def without_staff(site: Site) -> Site:
    """The same site without operations of scope admin, and without what only these answer and refer to."""
    contract = site.contract
    gone = {name for name, policy in contract.policies.items() if policy.scope == STAFF}
    kept = {name: policy for name, policy in contract.policies.items() if name not in gone}
    codes = {code for name in gone for code in contract.policies[name].statuses}
    codes -= {code for policy in kept.values() for code in policy.statuses} | contract.file_codes
    narrowed = replace(
        contract,
        document=for_everybody(contract.document),
        errors={code: entry for code, entry in contract.errors.items() if code not in codes},
        policies=kept,
    )
    pages = {f"/docs/{contract.policies[name].page}" for name in gone} | {f"/docs/guides/{slug}" for slug in OF_STAFF}
    return replace(model.read(narrowed), left_out=frozenset(gone | codes | pages))


def for_everybody(document: Json) -> Json:
    """A contract without the operations of staff, and without the parts that nothing refers to then."""
    paths = dict(_paths(document["paths"]))
    if paths == document["paths"]:
        return document
    tags = {tag for item in paths.values() for operation in item.values() for tag in operation.get("tags", ())}
    grouped = document.get("x-tagGroups", ())
    groups = ({**group, "tags": [tag for tag in group["tags"] if tag in tags]} for group in grouped)
    whole = document | {
        "paths": paths,
        "tags": [tag for tag in document["tags"] if tag["name"] in tags],
        "x-tagGroups": [group for group in groups if group["tags"]],
    }
    return whole | {"components": _used(whole)}


def _paths(paths: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    for path, item in paths.items():
        kept = {method: operation for method, operation in item.items() if operation.get(SCOPE) != STAFF}
        if kept:
            yield path, kept


def _used(document: Json) -> Json:
    """Responses, then the schemas: whatever else there is says nothing of an operation."""
    components = document["components"]
    text = str(document["paths"])
    named = components.get("responses", {})
    responses = {name: one for name, one in named.items() if f"'#/components/responses/{name}'" in text}
    others = {group: members for group, members in components.items() if group not in ("responses", "schemas")}
    rest = [value for key, value in document.items() if key != "components"]
    schemas = schemas_used(components["schemas"], [rest, responses, others])
    ordered = {name: schema for name, schema in components["schemas"].items() if name in schemas}
    return components | {"responses": responses, "schemas": ordered}
