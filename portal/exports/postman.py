"""A Postman collection, format 2.1: a folder per module, with every documented answer as an example."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl
from uuid import NAMESPACE_URL, uuid5

from portal.markup import as_json
from portal.model import Body, Field, Operation, Site, Success
from portal.samples.call import examples, placeholder
from portal.samples.literals import plain

Json = Any

FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
BEARER = {"type": "bearer", "bearer": [{"key": "token", "value": "{{accessToken}}", "type": "string"}]}
# After a sign-in the other requests are signed in too.
KEEP_TOKEN = (
    "const body = pm.response.json();",
    "if (body.success && body.data && body.data.accessToken) {",
    '  pm.collectionVariables.set("accessToken", body.data.accessToken);',
    "}",
)


def collection(site: Site, origin: str) -> Json:
    """The collection as JSON; ``origin`` is where its requests go until somebody changes ``baseUrl``."""
    info = site.contract.document["info"]
    return {
        "info": {
            "_postman_id": str(uuid5(NAMESPACE_URL, origin + site.base_path)),
            "name": info["title"],
            "description": info["description"],
            "schema": FORMAT,
        },
        "item": [
            {"name": module.title, "description": module.description, "item": [_item(one) for one in module.operations]}
            for module in site.modules
        ],
        "auth": BEARER,
        "variable": [
            {"key": "baseUrl", "value": origin + site.base_path, "type": "string"},
            {"key": "accessToken", "value": "", "type": "string"},
        ],
    }


def _item(operation: Operation) -> Json:
    request = _request(operation)
    script = {"listen": "test", "script": {"type": "text/javascript", "exec": list(KEEP_TOKEN)}}
    return {
        "name": operation.summary,
        "request": request,
        "response": list(_responses(operation, request)),
    } | ({"event": [script]} if _signs_in(operation) else {})


def _signs_in(operation: Operation) -> bool:
    return any("accessToken" in _data(success) for success in operation.successes)


def _data(success: Success) -> Json:
    whole = success.body.example if success.body else None
    return (whole.get("data") if isinstance(whole, dict) else None) or ()


def _request(operation: Operation) -> Json:
    values = examples(operation)
    headers = [_pair(p, values.headers.get(p.name)) for p in operation.parameters if p.location == "header"]
    headers += [{"key": name, "value": placeholder(name), "disabled": True} for name in operation.key_headers]
    request = {
        "method": operation.method,
        "description": operation.description,
        "url": _url(operation),
        "header": headers,
    }
    if not operation.takes_token:
        request["auth"] = {"type": "noauth"}
    if operation.body:
        headers.append({"key": "Content-Type", "value": operation.body.media_type})
        request["body"] = _body(operation, operation.body)
    return request


def _body(operation: Operation, body: Body) -> Json:
    raw = operation.policy.raw_body
    if raw is None:
        return {"mode": "raw", "raw": as_json(body.example), "options": {"raw": {"language": "json"}}}
    if not raw.form:
        return {"mode": "raw", "raw": body.sent}
    pairs = parse_qsl(body.sent, keep_blank_values=True)
    return {"mode": "urlencoded", "urlencoded": [{"key": key, "value": value} for key, value in pairs]}


def _url(operation: Operation) -> Json:
    values = examples(operation)
    path = re.sub(r"\{([^}]*)\}", r":\1", operation.path)
    query = [_pair(p, values.query.get(p.name)) for p in operation.parameters if p.location == "query"]
    sent = "&".join(f"{pair['key']}={pair['value']}" for pair in query if not pair.get("disabled"))
    places = [_pair(p, values.path[p.name]) for p in operation.parameters if p.location == "path"]
    url = {
        "raw": "{{baseUrl}}" + path + (f"?{sent}" if sent else ""),
        "host": ["{{baseUrl}}"],
        "path": path.strip("/").split("/"),
    }
    return url | ({"query": query} if query else {}) | ({"variable": places} if places else {})


def _pair(parameter: Field, value: Json) -> dict[str, Json]:
    """What has no value of its own is there, switched off."""
    offered = placeholder(parameter.name) if parameter.example is None else parameter.example
    shown = plain(offered if value is None else value)
    pair = {"key": parameter.name, "value": shown, "description": parameter.description}
    return pair | ({"disabled": True} if value is None else {})


def _responses(operation: Operation, request: Json) -> Iterator[Json]:
    for success in operation.successes:
        body = success.body
        kind = body.media_type if body else ""
        yield _response(success.description, success.status, request, body.example if body else None, kind)
    for refusal in operation.refusals:
        yield _response(refusal.code, refusal.status, request, refusal.example)


def _response(name: str, status: int, request: Json, body: Json, kind: str = "application/json") -> Json:
    text = isinstance(body, str)
    return {
        "name": name,
        "originalRequest": request,
        "status": HTTPStatus(status).phrase,
        "code": status,
        "_postman_previewlanguage": "text" if text else "json",
        "header": [] if body is None else [{"key": "Content-Type", "value": kind}],
        "cookie": [],
        "body": "" if body is None else body if text else as_json(body),
    }
