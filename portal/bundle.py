"""What the playground of one operation needs to know of the contract, as small as it can be."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from contract.dry_runs import PARAMETER as DRY_RUN
from contract.references import resolved, schemas_used
from portal.flows import found_in
from portal.former import Former
from portal.leads import leads, list_of, row_of
from portal.model import Operation, Site

SAFE = ("GET", "HEAD")
# What the scripts never look at.
TOLD_ONLY = ("description", "x-biore-normalize")
# Operations that the pages call by themselves: signing in and out, who is signed in, a proof of who calls.
SESSION = (
    "auth.login",
    "auth.two_factor.login",
    "auth.refresh",
    "auth.logout",
    "auth.me",
    "auth.confirmation.confirm",
)
# The same proof of the staff, where the portal has their operations.
STAFF_SESSION = ("admin.session.confirm",)
# Who the signed-in creator is, for forms whose path names the profile.
CREATOR_SESSION = ("creators.profile",)
OWN = "creatorId"
SETTINGS = "/docs/assets/site.json"


def write(site: Site, folder: Path, origin: str, api: str | None, former: Former) -> None:
    """The bundle of every operation, and the settings of the place, below the folder of a portal."""
    for operation in site.operations:
        former.put(operation, address(operation).lstrip("/"), partial(_bundled, site, operation))
    (folder / SETTINGS.lstrip("/")).write_text(_compact(settings(site, origin, api)), encoding="utf-8")


def _bundled(site: Site, operation: Operation) -> str:
    return _compact(bundle(site, operation))


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def bundle(site: Site, operation: Operation) -> dict[str, Any]:
    """Served as ``/docs/<module>/<slug>.json``."""
    parts = {
        "parameters": [_parameter(site, parameter) for parameter in operation.document.get("parameters", ())],
        "request": _request(operation),
        "answers": {status: _answer(site, answer) for status, answer in operation.document["responses"].items()},
    }
    slim = _slim(parts)
    return {
        "id": operation.id,
        "method": operation.method,
        "path": operation.path,
        "basePath": site.base_path,
        "takesToken": operation.takes_token,
        "devToken": any("devToken" in way for way in operation.document["security"]),
        "mutating": operation.method not in SAFE,
        **({"anyOrigin": True} if operation.policy.cache else {}),
        **({"own": OWN} if _takes_own(operation) else {}),
        **_led(site, operation),
        **slim,
        "codes": {refusal.code: {"status": refusal.status, "anchor": refusal.anchor} for refusal in operation.refusals},
        "schemas": _components(site, slim),
    }


def settings(site: Site, origin: str, api: str | None) -> dict[str, Any]:
    """Served as ``/docs/assets/site.json``. The server puts its own ``api``, ``tryMutations`` and ``captcha`` into it.

    ``api``: where the API of a portal on another origin is, ``https://api.example.com/api/v1``; None where it has none.
    ``base``: what the samples of this build call; scripts put the server there that the pages come from.
    ``servers``: what a reader of pages on another origin may choose from.
    Raises ContractError for an operation that the contract does not have.
    """
    known = {operation.id for operation in site.operations}
    used = (*SESSION, *(name for name in (*STAFF_SESSION, *CREATOR_SESSION) if name in known))
    session = {operation.id: address(operation) for operation in found_in(site, used)}
    base = origin + site.base_path
    declared = (server["url"] for server in site.contract.document.get("servers", ()))
    servers = [api or base, base, *(url.rstrip("/") for url in declared if "://" in url)]
    return {
        "api": api,
        "base": base,
        "servers": list(dict.fromkeys(servers)),
        "tryMutations": False,
        "captcha": False,
        "settings": SETTINGS,
        "session": session,
    }


def address(operation: Operation) -> str:
    return f"/docs/{operation.module}/{operation.slug}.json"


def _led(site: Site, operation: Operation) -> dict[str, Any]:
    """``list``: the field of ``data`` with the rows, ``leads``: what they lead to, ``row``: whose version this is."""
    name, row = list_of(operation), row_of(site, operation)
    rows = {} if name is None else {"list": name, "leads": list(leads(site, operation))}
    return rows if row == operation.path else rows | {"row": row}


def _takes_own(operation: Operation) -> bool:
    """Whether the path names the profile of the caller, and any other is refused."""
    return operation.policy.scope == "creator" and f"{{{OWN}}}" in operation.path


def _parameter(site: Site, parameter: Mapping[str, Any]) -> dict[str, Any]:
    found = resolved(site.contract.document, parameter)
    kept = ("name", "in", "required", "schema", *(("example",) if found["name"] != DRY_RUN else ()))
    return {"required": False} | {key: found[key] for key in kept if key in found}


def _request(operation: Operation) -> dict[str, Any] | None:
    body = operation.body
    if body is None:
        return None
    return {"mediaType": body.media_type, "required": body.required, "schema": body.schema, "example": body.example} | (
        {"raw": "form" if operation.policy.raw_body.form else "bytes"} if operation.policy.raw_body else {}
    )


def _answer(site: Site, answer: Mapping[str, Any]) -> dict[str, Any]:
    content = resolved(site.contract.document, answer).get("content", {})
    media_type, media = next(iter(content.items()), ("", dict[str, Any]()))
    return {"mediaType": media_type, "schema": media.get("schema", {})}


def _components(site: Site, node: Any) -> dict[str, Any]:
    used = schemas_used(site.contract.document["components"]["schemas"], node)
    return {name: _slim(schema) for name, schema in sorted(used.items())}


def _slim(node: Any, member: bool = False) -> Any:
    """``node`` without what is only told; ``member``: its keys are names of members, not keywords."""
    if isinstance(node, list):
        return [_slim(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = node.items() if member else ((key, value) for key, value in node.items() if key not in TOLD_ONLY)
    return {key: value if key == "example" else _slim(value, member=key == "properties") for key, value in kept}
