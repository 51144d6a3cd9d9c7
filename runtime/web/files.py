"""Files over HTTP, outside the contract's JSON: uploads by signed URL, public reading, and archives of personal data.

``x-biore-files`` in the contract tells clients of it.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from typing import BinaryIO
from uuid import UUID

from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from domain.errors import ApiError
from domain.topics import InspectUpload
from domain.upload import FILES, incoming, is_public, shown_with
from persistence.engine.database import Database
from persistence.models import DataExport, Upload
from providers.families.files import StorageFamily
from providers.ports import ProviderRejected, ProviderUnavailable
from providers.storage.local import CONTENT_TYPES, Busy, Draft, LocalStorage, Ticket, TooLarge
from providers.storage.pieces import beside, pieces_of
from runtime.web.call import SCOPE_KEY, Call
from runtime.web.http.conditional import Judgement, Version, judge
from services.gdpr.export_links import Admission, ExportLinks

MOST_DIGITS = 16
MOST_QUERY = 1024  # bytes; what we sign takes less than a quarter
EXPORTS = "exports/"
# Whatever a file holds, a browser that shows it runs nothing of it.
INERT = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
PRIVATE = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="biore-export.zip"'}

# How many archives one process gives at a time. Each may hold a connection to the storage for as long as its reader
# likes, and the client has a hundred of them, which uploads need, too.
MOST_OF_ONE = 2
MOST_OF_ALL = 50

Answer = Callable[[Request, AsyncExitStack], Awaitable[Response]]
Limit = Callable[[str, Call], Awaitable[None]]


class Readers:
    """Archives under way, by the account that they are about."""

    def __init__(self) -> None:
        self._under_way = Counter[UUID]()

    @contextmanager
    def one_more(self, owner_id: UUID) -> Iterator[None]:
        """Raises ApiError service.unavailable while as many are under way as may be."""
        if self._under_way[owner_id] >= MOST_OF_ONE or self._under_way.total() >= MOST_OF_ALL:
            raise ApiError("service.unavailable", retry_after=5)
        self._under_way[owner_id] += 1
        try:
            yield
        finally:
            self._under_way[owner_id] -= 1
            self._under_way += Counter()  # forgets who has none


class FileServer:
    def __init__(
        self,
        storage: StorageFamily,
        database: Database,
        links: ExportLinks,
        clock: Callable[[], datetime],
        limit: Limit,
    ) -> None:
        local = storage.of(LocalStorage.name)
        if not isinstance(local, LocalStorage):
            raise TypeError("the local storage is not the one that this server gives out")
        self._local = local
        self._storage = storage
        self._database = database
        self._links = links
        self._clock = clock
        self._limit = limit
        self._readers = Readers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        async with AsyncExitStack() as held:
            try:
                answer = self._method(request)
                await self._limit(request.method, scope[SCOPE_KEY])
                response = await answer(request, held)
            except ClientDisconnect:  # nobody is left to be answered
                return
            await response(scope, receive, send)

    def _method(self, request: Request) -> Answer:
        methods: dict[str, Answer] = {"GET": self._show, "HEAD": self._show, "PUT": self._take}
        if _key(request).startswith(EXPORTS):
            methods = {"GET": self._give_archive}
        if request.method not in methods:
            request.scope[SCOPE_KEY].answer_headers.append((b"allow", ", ".join(sorted(methods)).encode()))
            raise ApiError("route.method_not_allowed")
        return methods[request.method]

    async def _show(self, request: Request, held: AsyncExitStack) -> Response:
        """From one handle: what is removed meanwhile is given whole."""
        key = _key(request)
        file = await self._local.open(key) if is_public(key) else None
        if file is None:
            raise ApiError("route.not_found")
        await held.enter_async_context(beside(file))
        version = _version(os.fstat(file.fileno()))
        headers = INERT | shown_with(key) | version.headers | {"Accept-Ranges": "bytes"}
        judgement = judge(request.method, request.headers, version)
        if judgement.verdict == "failed":
            raise ApiError("file.precondition_failed")
        if judgement.verdict == "unsatisfiable":
            request.scope[SCOPE_KEY].answer_headers.append((b"content-range", f"bytes */{version.size}".encode()))
            raise ApiError("file.range_not_satisfiable")
        if judgement.verdict == "unchanged":
            return Response(status_code=304, headers=headers)
        headers |= {"Content-Length": str(judgement.stop - judgement.start)}
        if judgement.verdict == "part":
            headers |= {"Content-Range": f"bytes {judgement.start}-{judgement.stop - 1}/{version.size}"}
        pieces = _none() if request.method == "HEAD" else await _stretch(file, judgement)
        status = 206 if judgement.verdict == "part" else 200
        return StreamingResponse(pieces, status, headers, CONTENT_TYPES[key.rpartition(".")[2]])

    async def _take(self, request: Request, _held: AsyncExitStack) -> Response:
        """One transfer at a time for each URL: the others are refused before their body is read."""
        ticket, announced = self._ticket(request)
        try:
            async with self._local.transfer(ticket) as draft:
                upload = await self._waiting(ticket.key)
                await draft.fill(request.stream())
                if announced not in (None, draft.size):
                    raise ApiError("file.incomplete")
                await self._keep(draft, upload)
        except Busy:
            raise ApiError("file.transfer_running", retry_after=5) from None
        except TooLarge:
            raise ApiError("file.too_large", maxBytes=ticket.max_bytes) from None
        return Response(status_code=200)

    async def _waiting(self, key: str) -> Upload:
        async with self._database.reading() as db:
            upload = await db.uploads.find_by_key(key)
        if upload is None or upload.status != "PENDING" or upload.uploaded_at is not None or upload.user_id is None:
            raise ApiError("file.already_uploaded")
        return upload

    async def _keep(self, draft: Draft, upload: Upload) -> None:
        """Of several that came by one URL one is kept. Should this end early, the file is looked for all the same."""
        async with self._database.unit() as db:
            upload_id = await db.uploads.claim(upload.key, draft.size, self._clock())
        if upload_id is None:
            raise ApiError("file.already_uploaded")
        try:
            await self._storage.of(upload.provider).put(incoming(upload.key), upload.content_type, draft.path)
        except ProviderUnavailable as fault:
            async with self._database.unit() as db:
                await db.uploads.release(upload_id)
            raise ApiError("service.unavailable", retry_after=5) from fault
        async with self._database.unit() as db:
            await db.outbox.add(InspectUpload(upload_id))

    def _ticket(self, request: Request) -> tuple[Ticket, int | None]:
        """What the URL allows, and how much is announced.

        Raises ApiError file.url_invalid unless URL, type and announced size are the signed ones.
        """
        ticket = self._local.admit(_key(request), _query(request))
        if ticket is None or request.headers.get("content-type", "").strip().lower() != ticket.content_type:
            raise ApiError("file.url_invalid")
        length = request.headers.get("content-length", "").strip()
        announced = int(length[:MOST_DIGITS]) if length.isdecimal() else None
        if ticket.exact_bytes is not None and announced != ticket.exact_bytes:
            raise ApiError("file.url_invalid")
        if announced is not None and announced > ticket.max_bytes:
            raise ApiError("file.too_large", maxBytes=ticket.max_bytes)
        return ticket, announced

    async def _give_archive(self, request: Request, held: AsyncExitStack) -> Response:
        export, admission = await self._export(_key(request).removeprefix(EXPORTS), _query(request))
        held.enter_context(self._readers.one_more(export.user_id or export.id))
        pieces = await self._opened(export, held)
        await self._spend(export, admission)  # not before the archive is at hand
        headers = PRIVATE | {"Content-Length": str(export.size)}
        return StreamingResponse(pieces, media_type=CONTENT_TYPES["zip"], headers=headers)

    async def _opened(self, export: DataExport, held: AsyncExitStack) -> AsyncIterator[bytes]:
        try:
            return await held.enter_async_context(self._storage.of(export.provider).read(export.key))
        except (ProviderRejected, ProviderUnavailable) as fault:
            raise ApiError("service.unavailable", retry_after=5) from fault

    async def _spend(self, export: DataExport, admission: Admission) -> None:
        async with self._database.unit() as db:
            spent = await db.data_exports.spend(export.id, admission.downloads, admission.session_id, self._clock())
        if not spent:
            raise ApiError("file.download_spent")

    async def _export(self, text: str, query: QueryParams) -> tuple[DataExport, Admission]:
        try:
            export_id = UUID(text)
        except ValueError:
            raise ApiError("route.not_found") from None
        admission = self._links.admit(export_id, query)
        if admission is None:
            raise ApiError("file.url_invalid")
        async with self._database.reading() as db:
            export = await db.data_exports.find(export_id)
        if export is None or export.downloads != admission.downloads:
            raise ApiError("file.download_spent")
        return export, admission


def _version(about: os.stat_result) -> Version:
    """A file is never changed, only put in place of another."""
    changed_at = datetime.fromtimestamp(about.st_mtime, UTC)
    return Version(f"{about.st_mtime_ns:x}-{about.st_size:x}", changed_at, about.st_size)


async def _stretch(file: BinaryIO, judgement: Judgement) -> AsyncIterator[bytes]:
    await asyncio.to_thread(file.seek, judgement.start)
    return pieces_of(file, judgement.stop - judgement.start)


async def _none() -> AsyncIterator[bytes]:
    return
    yield b""


def _query(request: Request) -> QueryParams:
    """Raises ApiError file.url_invalid for one that is longer than what we sign."""
    if len(request.scope["query_string"]) > MOST_QUERY:
        raise ApiError("file.url_invalid")
    return request.query_params


def _key(request: Request) -> str:
    path: str = request.scope["path"]
    return path.removeprefix(FILES)
