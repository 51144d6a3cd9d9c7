"""The operations of the contract, with what the tests of all of them need to know of each."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx

from runtime.spec import load
from tests.harness import Api, bearer, remember

CONTRACT = load()
IDS = sorted(CONTRACT.policies)
WITH_BODY = [name for name in IDS if "requestBody" in CONTRACT.operation(name)]
LIMITED = [name for name in IDS if CONTRACT.policies[name].rate]
SECURED = [name for name in IDS if CONTRACT.operation(name)["security"] not in ([], [{"devToken": []}, {}])]
SWITCHED = [name for name in IDS if CONTRACT.policies[name].kill_switch]

# Without which column no call of the operation can succeed; a new operation must be told here.
NEEDS = {
    "auth.register": ("users", "email"),
    "auth.verify_email": ("email_verifications", "token_hash"),
    "auth.resend_verification": ("outbox", "topic"),
    "auth.login": ("users", "email"),
    "auth.refresh": ("sessions", "id"),
    "auth.logout": ("sessions", "id"),
    "auth.me": ("sessions", "id"),
    "users.profile": ("sessions", "id"),
    "creators.social": ("sessions", "id"),
    "dev.mailbox": ("mailbox_messages", "recipient"),
}


def well_formed(api: Api, operation_id: str) -> dict[str, Any]:
    """Options of a call that is good as far as anybody can tell without the database."""
    tokens = api.server.app.tokens
    options: dict[str, Any] = {"params": _query(operation_id)}
    if operation_id in SECURED:
        options["headers"] = bearer(tokens.access(uuid4(), uuid4())["accessToken"])
    if operation_id in WITH_BODY:
        options["json"] = example(operation_id)
        if "refreshToken" in properties(operation_id):
            options["json"] = {"refreshToken": tokens.refresh(uuid4(), 0)}
    return options


def example(operation_id: str) -> Any:
    """The body that the contract shows."""
    return CONTRACT.operation(operation_id)["requestBody"]["content"]["application/json"]["example"]


def properties(operation_id: str) -> Mapping[str, Any]:
    schema = CONTRACT.operation(operation_id)["requestBody"]["content"]["application/json"]["schema"]
    found: Mapping[str, Any] = CONTRACT.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]][
        "properties"
    ]
    return found


def _query(operation_id: str) -> dict[str, Any]:
    parameters = CONTRACT.operation(operation_id).get("parameters", ())
    return {p["name"]: p["example"] for p in parameters if p.get("in") == "query"}


def request(api: Api, operation_id: str, **options: Any) -> httpx.Response:
    """As ``api.call``, for what that cannot say: another method, a raw body."""
    policy = CONTRACT.policies[operation_id]
    method = options.pop("method", policy.method)
    response = api.request(method, CONTRACT.base_path + policy.path, **options)
    remember(operation_id, response)
    return response
