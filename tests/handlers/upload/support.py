"""What tests of uploads do, from the request for a URL to all that a worker has to do."""

from typing import Any, NamedTuple

import httpx

from tests.files import file_of
from tests.harness import Api, Server, Tables
from tests.providers.s3_server import S3Server


class Storage(NamedTuple):
    name: str
    vendor: S3Server | None


HTML = b"<!doctype html><html><script>alert(1)</script></html>"


def presign(
    api: Api, headers: dict[str, str], kind: str = "avatar", content_type: str = "image/png", **more: Any
) -> Any:
    response = api.call("upload.presign", {"type": kind, "contentType": content_type} | more, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def put(web: httpx.Client, signed: Any, content: bytes, **changes: str) -> httpx.Response:
    return web.put(signed["uploadUrl"], content=content, headers=signed["headers"] | changes)


def presigned_and_put(api: Api, headers: dict[str, str], web: httpx.Client) -> str:
    """The public URL of an avatar's file that everybody reads."""
    return str(uploaded(api, headers, web)["publicUrl"])


def uploaded(api: Api, headers: dict[str, str], web: httpx.Client, *of: str, content: bytes | None = None) -> Any:
    """A file that was looked at; ``of`` are its kind and media type."""
    kind, content_type = (*of, *("avatar", "image/png")[len(of) :])
    content = file_of(content_type) if content is None else content
    signed = presign(api, headers, kind, content_type, contentLength=len(content))
    assert put(web, signed, content).status_code == 200
    look(api.server)
    return signed


def look(server: Server) -> None:
    """All that a worker has to do, as if the pauses between two looks had passed."""
    with Tables(server.database_url) as tables:
        tables.run("UPDATE outbox SET available_at = now() WHERE topic = 'storage.inspect_upload'")
    server.work_off()


def show(api: Api, headers: dict[str, str], url: str) -> httpx.Response:
    return api.call("users.avatars.change", {"avatarUrl": url}, headers=headers)


def settle(server: Server, tables: Tables) -> dict[str, Any]:
    """The upload's row after all that a worker does once the URL is over."""
    end_urls(server, tables)
    return tables.one("SELECT * FROM uploads")


def end_urls(server: Server, tables: Tables) -> None:
    tables.run("UPDATE uploads SET expires_at = now() - interval '1 hour'")
    tables.run("UPDATE outbox SET available_at = now()")
    server.let_time_come("storage.sweep_uploads")
