"""The portal on the API's own origin: the folder that ``biore portal build`` wrote, behind everything that is no file.

Files are looked up and read in threads. What the folder does not hold is answered by the API, in its own words, unless
a browser asks: that gets a page.
"""

import asyncio
import json
import mimetypes
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from contract.texts import DEFAULT
from domain.config_keys import Config
from domain.locales import LOCALES
from domain.switches import TRY_MUTATIONS
from domain.upload import API_URL
from portal import progress
from portal.actions import ACTIONS
from portal.bundle import SETTINGS
from portal.origins import Renaming, renaming
from portal.progress import Progress
from providers.captcha import ACTIVE_PROVIDER
from runtime.web.call import SCOPE_KEY
from runtime.web.edge import READING
from runtime.web.packed import Packed

HOME = "/docs"
LOST = (404, 405)
CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
REVALIDATED = "no-cache"
DOCS = re.compile(r"(/[a-z]{2})?/docs(/.*)?")
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".yaml": "application/yaml",
}
# Everything else is text, which is worth compressing.
PACKED = (".png", ".woff2", ".gz")
# Every address of the portal starts with one of these, or is a file at the root.
PATHS = (HOME, *(f"/{locale}" for locale in LOCALES), *(action.path for action in ACTIONS))
MAX_PATH = 1024
MOST_STEPS = 8  # each is looked up on the disk; no page of ours has as many
MAX_QUERY = 1024  # a longer one is of no mail of ours
KEPT_FILES = 256
# Shown in place of every page until there is one. The style has an address of its own: none may stand in a page.
BUILDING = Template((Path(__file__).parent / "building.html").read_text(encoding="utf-8"))
BUILDING_STYLE = f"{HOME}/building.css"
STYLE = Packed.of((Path(__file__).parent / "building.css").read_bytes(), TYPES[".css"])
AGAIN_SECONDS = 2
SOON = (
    "<p class=state>The build is about to begin; this page shows how far it is. "
    "If nothing changes within a minute, the output of the server says why.</p>"
)
BY_HAND = "<p class=state>This server does not build its pages. Run <code>biore portal build</code> once.</p>"
NOT_FOUND = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>404</title>"
    '<p>There is no such page. <a href="/docs">Documentation</a>'
)


class Portal:
    """``beyond`` answers what is no matter of the portal: all that begins with ``api``, and what no file answers.

    ``builds``: whether this server builds the folder by itself.
    """

    def __init__(self, folder: Path, api: str, config: Config, beyond: ASGIApp, *, builds: bool = False) -> None:
        self._folder = folder
        self._api = api
        self._config = config
        self._beyond = beyond
        self._builds = builds
        self._actions = {action.path for action in ACTIONS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(self._api):
            await self._beyond(scope, receive, send)
            return
        answer = await asyncio.to_thread(self._answer, scope)
        scope[SCOPE_KEY].page = answer is not None and answer.status_code not in LOST
        await (answer or self._beyond)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response | None:
        path, headers = scope["path"], Headers(scope=scope)
        if path in ("/", f"{HOME}/"):
            return self._only_read(scope) or RedirectResponse(HOME, 307, HEADERS)
        if path == BUILDING_STYLE:
            return self._only_read(scope) or STYLE.answer(headers, {**HEADERS, "Cache-Control": REVALIDATED})
        name = self._localized(path, scope) if path in self._actions else path
        found = self._find(name)
        if found is not None:
            # A file may go while a new build takes its place.
            with suppress(FileNotFoundError):
                return self._only_read(scope) or self._serve(path, found, headers)
        if self._is_folder_page(path):
            return self._only_read(scope) or RedirectResponse(path.removesuffix("/"), 308, HEADERS)
        return self._missing(path, headers) if scope["method"] in READING else None

    @staticmethod
    def _only_read(scope: Scope) -> Response | None:
        if scope["method"] in READING:
            return None
        return Response(status_code=405, headers={**HEADERS, "Allow": ", ".join(READING)})

    def _localized(self, path: str, scope: Scope) -> str:
        """A mailed link has one address for all languages: its ``lang`` decides, else what the browser prefers."""
        query = scope["query_string"] if len(scope["query_string"]) <= MAX_QUERY else b""
        asked = parse_qs(query.decode("latin-1")).get("lang", [""])[0]
        for locale in (asked, scope[SCOPE_KEY].client.locale):
            name = path if locale == DEFAULT else f"/{locale}{path}"
            if re.fullmatch("[a-z]{2}", locale) and self._find(name) is not None:
                return name
        return path

    def _find(self, path: str) -> Path | None:
        """The file behind an address, which must stand in the folder itself."""
        if len(path) > MAX_PATH:
            return None
        steps = path.split("/", MOST_STEPS + 1)[1:]
        if len(steps) > MOST_STEPS or not all(map(_is_step, steps)):
            return None
        try:
            root = self._folder.resolve()
            target = root.joinpath(*steps).resolve()
            target = target / "index.html" if target.is_dir() else target
            return target if target.is_relative_to(root) and target.is_file() else None
        except OSError:  # such as a name that is too long
            return None

    def _is_folder_page(self, path: str) -> bool:
        """With a slash at its end, an address is another one, which the portal's own links never use."""
        stem = path.removesuffix("/")
        found = None if stem == path or stem.endswith(".html") else self._find(stem)
        return found is not None and found.name == "index.html"

    def _serve(self, path: str, found: Path, headers: Headers) -> Response:
        if path == SETTINGS:
            return self._settings(found)
        about = found.stat()
        file = _read(found, about.st_mtime_ns, about.st_size, self._renaming())
        return file.answer(headers, {**HEADERS, "Cache-Control": self._lifetime(path), "Vary": self._varies(path)})

    def _lifetime(self, path: str) -> str:
        return "no-store" if path in self._actions else REVALIDATED  # the address of an action holds a token

    def _varies(self, path: str) -> str:
        return "Accept-Encoding, Accept-Language" if path in self._actions else "Accept-Encoding"

    def _settings(self, found: Path) -> Response:
        """What the playground may do here."""
        captcha = self._config[ACTIVE_PROVIDER] != "none"
        own = {"api": self._api, "tryMutations": self._config[TRY_MUTATIONS], "captcha": captcha}
        renamed = self._renaming()
        content = found.read_bytes()
        return _json({**json.loads(renamed(content) if renamed else content), **own})

    def _renaming(self) -> Renaming | None:
        """Of what the texts were built with to where this deployment is asked from outside."""
        settings = self._folder / SETTINGS.lstrip("/")
        try:
            about = settings.stat()
            built = _base(settings, about.st_mtime_ns, about.st_size)
        except OSError:  # no portal of ours, or a new build takes its place
            return None
        return renaming(built, self._config[API_URL])

    def _missing(self, path: str, headers: Headers) -> Response | None:
        """A page for people; programs get the API's refusal."""
        ours = DOCS.fullmatch(path) is not None or path in self._actions
        if not ours and "text/html" not in headers.get("accept", ""):
            return None
        if self._find(HOME) is None:
            return _page(self._building().encode(), 503) if ours else _page(NOT_FOUND.encode(), 404)
        page, content = self._find(f"/{path.split('/')[1]}/404.html") or self._find("/404.html"), NOT_FOUND.encode()
        with suppress(FileNotFoundError):  # as above
            content = page.read_bytes() if page else content
        return _page(content, 404)

    def _building(self) -> str:
        known = progress.read(self._folder)
        title = "Building the documentation" if known or self._builds else "The documentation is not built"
        state = _state(known) if known else SOON if self._builds else BY_HAND
        return BUILDING.substitute(title=title, state=state, style=BUILDING_STYLE, again=AGAIN_SECONDS)


def _state(known: Progress) -> str:
    """How far a build is."""
    seconds = max(0, round(time.time() - known.began))
    counted = f": {known.done} of {known.total}" if known.total else ""
    bar = f'value="{known.done}" max="{known.total}"' if known.total else ""
    told = escape(f"{known.stage.capitalize()}{counted} ({seconds} s so far)")
    return f'<progress {bar} aria-label="Progress"></progress>\n<p class="state">{told}</p>'


def _is_step(step: str) -> bool:
    return bool(step) and not step.startswith(".") and "\\" not in step and "\0" not in step


@lru_cache(KEPT_FILES)
def _read(path: Path, _changed: int, _size: int, renamed: Renaming | None) -> Packed:
    media_type = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    content, is_text = path.read_bytes(), path.suffix not in PACKED
    return Packed.of(renamed(content) if renamed and is_text else content, media_type, worth_it=is_text)


@lru_cache(1)
def _base(settings: Path, _changed: int, _size: int) -> str:
    """Empty in a portal of before there was one."""
    return str(json.loads(settings.read_bytes()).get("base", ""))


def _page(content: bytes, status: int) -> Response:
    retry = {"Retry-After": "30"} if status == 503 else {}
    return Response(content, status, {**HEADERS, **retry}, "text/html; charset=utf-8")


def _json(value: Mapping[str, Any]) -> Response:
    return Response(json.dumps(value), headers=HEADERS, media_type="application/json")
