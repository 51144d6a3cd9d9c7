"""Files over HTTP, outside the contract's JSON: uploads by signed URL, public reading, and archives of personal data.

``x-biore-files`` in the contract tells clients of it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from domain.errors import ApiError
from domain.uploads import is_document, is_public
from persistence.database import Database
from persistence.models import DataExport
from providers.ports import ProviderRejected, ProviderUnavailable
from providers.registry import StorageFamily
from providers.storage.local import CONTENT_TYPES, PATH, Draft, LocalStorage, Ticket, TooLarge
from runtime.call import SCOPE_KEY
from runtime.links import ExportLinks

EXPORTS = "exports/"
# Whatever a file holds, a browser that shows it runs nothing of it.
INERT = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=3600",
}
PRIVATE = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="biore-export.zip"'}

Answer = Callable[[Request], Awaitable[Response | None]]


class FileServer:
    def __init__(
        self, storage: StorageFamily, database: Database, links: ExportLinks, clock: Callable[[], datetime]
    ) -> None:
        local = storage.of(LocalStorage.name)
        if not isinstance(local, LocalStorage):
            raise TypeError("the local storage is not the one that this server gives out")
        self._local = local
        self._storage = storage
        self._database = database
        self._links = links
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._method(request)(request)
        except ClientDisconnect:  # nobody is left to be answered
            return
        if response is not None:
            await response(scope, receive, send)

    def _method(self, request: Request) -> Answer:
        methods: dict[str, Answer] = {"GET": self._show, "HEAD": self._show, "PUT": self._take}
        if _key(request).startswith(EXPORTS):
            methods = {"GET": self._give_archive}
        if request.method not in methods:
            request.scope[SCOPE_KEY].answer_headers.append((b"allow", ", ".join(sorted(methods)).encode()))
            raise ApiError("route.method_not_allowed")
        return methods[request.method]

    async def _show(self, request: Request) -> Response:
        key = _key(request)
        if not is_public(key) or await self._local.find(key) is None:
            raise ApiError("route.not_found")
        path = self._local.path(key)
        options: dict[str, Any] = {"filename": path.name} if is_document(key) else {}  # which makes it an attachment
        return FileResponse(path, media_type=CONTENT_TYPES[path.suffix[1:]], headers=INERT, **options)

    async def _take(self, request: Request) -> Response:
        ticket = self._ticket(request)
        async with self._database.reading() as db:  # a used URL costs no transfer
            upload = await db.uploads.find_by_key(ticket.key)
        if upload is None or upload.status != "PENDING" or upload.uploaded_at is not None:
            raise ApiError("file.already_uploaded")
        try:
            draft = await self._local.receive(ticket, request.stream())
        except TooLarge:
            raise ApiError("file.too_large", maxBytes=ticket.max_bytes) from None
        try:
            await self._keep(draft, ticket.key)
        finally:
            draft.path.unlink(missing_ok=True)
        return Response(status_code=200)

    async def _keep(self, draft: Draft, key: str) -> None:
        """Of several that came by one URL one is kept. It is shown before the commit: no claim lacks its file."""
        async with self._database.unit() as db:
            upload_id = await db.uploads.claim(key, draft.size, self._clock())
            if upload_id is None:
                raise ApiError("file.already_uploaded")
            await db.outbox.add("storage.inspect_upload", upload=str(upload_id))
            self._local.keep(draft.path, key)

    def _ticket(self, request: Request) -> Ticket:
        """Raises ApiError file.url_invalid unless URL, type and announced size are the signed ones."""
        ticket = self._local.admit(_key(request), request.query_params)
        if ticket is None or request.headers.get("content-type") != ticket.content_type:
            raise ApiError("file.url_invalid")
        announced = request.headers.get("content-length")
        if ticket.exact_bytes is not None and announced != str(ticket.exact_bytes):
            raise ApiError("file.url_invalid")
        if announced is not None and announced.isdecimal() and int(announced[:16]) > ticket.max_bytes:
            raise ApiError("file.too_large", maxBytes=ticket.max_bytes)
        return ticket

    async def _give_archive(self, request: Request) -> Response:
        export, downloads = await self._export(_key(request).removeprefix(EXPORTS), request.query_params)
        async with AsyncExitStack() as stack:
            pieces = await self._opened(export, stack)
            await self._spend(export, downloads)  # not before the archive is at hand
            reading = stack.pop_all()
        headers = PRIVATE | {"Content-Length": str(export.size)}
        return StreamingResponse(_closing(pieces, reading), media_type=CONTENT_TYPES["zip"], headers=headers)

    async def _opened(self, export: DataExport, stack: AsyncExitStack) -> AsyncIterator[bytes]:
        try:
            return await stack.enter_async_context(self._storage.of(export.provider).read(export.key))
        except (ProviderRejected, ProviderUnavailable) as fault:
            raise ApiError("service.unavailable", retry_after=5) from fault

    async def _spend(self, export: DataExport, downloads: int) -> None:
        async with self._database.unit() as db:
            spent = await db.data_exports.spend(export.id, downloads, self._clock())
        if not spent:
            raise ApiError("file.download_spent")

    async def _export(self, text: str, query: QueryParams) -> tuple[DataExport, int]:
        try:
            export_id = UUID(text)
        except ValueError:
            raise ApiError("route.not_found") from None
        downloads = self._links.admit(export_id, query)
        if downloads is None:
            raise ApiError("file.url_invalid")
        async with self._database.reading() as db:
            export = await db.data_exports.find(export_id)
        if export is None or export.downloads != downloads:
            raise ApiError("file.download_spent")
        return export, downloads


async def _closing(pieces: AsyncIterator[bytes], reading: AsyncExitStack) -> AsyncIterator[bytes]:
    async with reading:
        async for piece in pieces:
            yield piece


def _key(request: Request) -> str:
    path: str = request.scope["path"]
    return path.removeprefix(PATH)
