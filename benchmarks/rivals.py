"""What others make of the same contract: pages of Scalar and of Redoc, from a server of the same kind as ours.

Their packages come from npm, in the versions that stand here, and are kept in ``.biore/rivals``. Each is used as its
own instructions say, in one page for the whole contract, with fonts and telemetry of other hosts switched off.
"""

import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path

import uvicorn
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from contract.loader import ROOT, Contract
from portal.model import Operation
from runtime.web.packed import Packed
from tests.processes.biore import until
from tests.providers.servers import closed_port

KEPT = ROOT / ".biore" / "rivals"
CONTRACT = "/openapi.json"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".json": "application/json"}
PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"></head><body>{body}</body></html>\n'
)


@dataclass(frozen=True)
class Rival:
    """``file``: the script in the package; ``body`` has it as {script}. ``fragment``: where an operation stands."""

    name: str
    package: str
    version: str
    file: str
    body: str
    fragment: str

    @property
    def page(self) -> str:
        return f"/{self.name.lower()}.html"

    @property
    def script(self) -> str:
        return f"/{self.name.lower()}/{Path(self.file).name}"

    def address(self, operation: Operation) -> str:
        """Of an operation, below the origin."""
        tag = operation.document["tags"][0]
        named = {"tag": tag, "method": operation.method, "path": operation.path, "id": operation.id}
        return self.page + self.fragment.format_map(named)

    def files(self, title: str) -> Mapping[str, bytes]:
        page = PAGE.format(title=escape(title), body=self.body.format(script=self.script, contract=CONTRACT))
        return {self.page: page.encode(), self.script: (installed(self) / self.file).read_bytes()}


SCALAR = Rival(
    name="Scalar",
    package="@scalar/api-reference",
    version="1.76.0",
    file="dist/browser/standalone.js",
    body='<div id="app"></div><script src="{script}"></script><script>'
    'Scalar.createApiReference("#app", {{url: "{contract}", withDefaultFonts: false, telemetry: false}})</script>',
    fragment="#tag/{tag}/{method}{path}",
)
REDOC = Rival(
    name="Redoc",
    package="redoc",
    version="3.0.1",
    file="bundles/redoc.standalone.js",
    body='<redoc spec-url="{contract}" disable-telemetry="true"></redoc><script type="module" src="{script}"></script>',
    fragment="#/{tag}/{id}",
)
RIVALS = (SCALAR, REDOC)


def installed(rival: Rival) -> Path:
    """The unpacked package. Its bundle needs no other, so npm is asked for this one alone."""
    folder = KEPT / f"{rival.package.replace('/', '-').lstrip('@')}-{rival.version}"
    if not folder.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as work:
            subprocess.run(
                ["npm", "pack", "--silent", f"{rival.package}@{rival.version}"],
                cwd=work,
                check=True,
                capture_output=True,
            )
            (archive,) = Path(work).glob("*.tgz")
            with tarfile.open(archive) as packed:
                packed.extractall(work, filter="data")
            (Path(work) / "package").rename(folder)
    return folder


class Files:
    """Few files in memory, compressed and answered as those of our portal are."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._packed = {path: Packed.of(content, TYPES[Path(path).suffix]) for path, content in files.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._packed.get(scope["path"])
        answer = Response(status_code=404) if found is None else found.answer(Headers(scope=scope), {})
        await answer(scope, receive, send)


@contextmanager
def served(contract: Contract) -> Iterator[str]:
    """The origin of a server, of the kind that ours is, with a page of each rival for the contract."""
    title = contract.document["info"]["title"]
    files = {CONTRACT: contract.as_json()} | {
        path: content for rival in RIVALS for path, content in rival.files(title).items()
    }
    port = closed_port()
    config = uvicorn.Config(Files(files), port=port, loop="uvloop", http="httptools", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive(), "the pages of the rivals")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
