"""What readers are shown of it: pages in every language, samples that run, exports, the playground's bundle."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tree_sitter import Parser

from contract.loader import Contract
from contract.texts import Texts
from portal.build import Options, build
from portal.bundle import bundle
from portal.model import Operation, Site, read
from portal.pages import operation_path
from portal.samples import samples, texts
from portal.words import Words
from tests.extended.reading.shelf import BASE
from tests.harness import Server
from tests.portal.conftest import BUILT
from tests.portal.reading import Document, documents
from tests.portal.test_samples_syntax import GRAMMARS, faults

ORIGIN = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def site(shelf: Contract) -> Site:
    return read(shelf)


@pytest.fixture(scope="module")
def operations(site: Site) -> dict[str, Operation]:
    return {operation.id: operation for operation in site.operations}


@pytest.fixture(scope="module")
def built(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("portal") / "site"
    build(site, out, Options(locales=BUILT, search=False))
    return out


@pytest.fixture(scope="module")
def pages(built: Path) -> dict[str, Document]:
    return documents(built)


@pytest.fixture(scope="module")
def words(shelf: Contract) -> dict[str, Words]:
    known = Texts(shelf.errors)
    return {locale: Words(locale, known) for locale in BUILT}


def page(pages: dict[str, Document], operation: Operation, locale: str) -> str:
    path = operation_path(operation)
    return " ".join(pages[path if locale == "en" else f"/{locale}{path}"].main.text_content().split())


def told(words: Words, key: str, **values: object) -> str:
    return " ".join(words(key, **values).striptags().split())


class TestCache:
    @pytest.mark.parametrize("locale", BUILT)
    def test_a_page_says_for_how_long(
        self, pages: dict[str, Document], operations: dict[str, Operation], words: dict[str, Words], locale: str
    ) -> None:
        say = words[locale]
        shown = page(pages, operations["shelf.book"], locale)
        assert told(say, "facts.cacheStale", time=say.window(60), more=say.window(300)) in shown
        assert told(say, "facts.cacheAgain") in shown
        assert told(say, "facts.cacheFor", time=say.window(60)) in page(pages, operations["shelf.prepared"], locale)
        edition = page(pages, operations["shelf.edition"], locale)
        assert told(say, "facts.cacheBrowsers") in edition
        assert told(say, "facts.cacheVersion", name="v") in edition
        assert told(say, "facts.cacheAgain") not in page(pages, operations["shelf.uncached"], locale)

    def test_a_page_has_the_condition_and_the_304(
        self, pages: dict[str, Document], operations: dict[str, Operation]
    ) -> None:
        found = pages[operation_path(operations["shelf.book"])]
        assert "304" in found.text("response-304")
        assert "If-None-Match" in found.text("header-if-none-match")
        assert {"200", "304"} <= {ident.rpartition("-")[2] for ident in found.ids if ident.startswith("headers-")}

    def test_markdown_says_it_too(self, built: Path) -> None:
        text = (built / "docs" / "shelf" / "book.md").read_text()
        assert "- Caching: for 1 min, and for 5 min longer while a new response is fetched. While nothing" in text
        assert "### 304" in text

    def test_every_sample_offers_the_condition(self, operations: dict[str, Operation]) -> None:
        for sample in samples(operations["shelf.book"], ORIGIN):
            assert "If-None-Match" in sample.html
            assert ("If-None-Match" in sample.text) == (sample.key == "curl")

    def test_the_playground_leaves_cookies_out(self, site: Site, operations: dict[str, Operation]) -> None:
        """A browser shows an answer that is open to all to no page that asked with credentials."""
        assert bundle(site, operations["shelf.book"])["anyOrigin"] is True
        assert "anyOrigin" not in bundle(site, operations["shelf.uncached"])

    def test_curl_gets_nothing_the_second_time(
        self, shelf_server: Server, operations: dict[str, Operation], tmp_path: Path
    ) -> None:
        sample = texts(operations["shelf.prepared"], shelf_server.origin)["curl"]
        (tmp_path / ".curlrc").write_text('silent\nwrite-out = "\\n%{http_code}"\n')
        printed = [self.run(sample, tmp_path) for _ in range(2)]
        body, _, status = printed[0].rpartition("\n")
        assert (json.loads(body)["success"], status) == (True, "200")
        assert printed[1] == "\n304"

    def run(self, sample: str, folder: Path) -> str:
        environment = {"PATH": "/usr/bin:/bin", "CURL_HOME": str(folder)}
        ended = subprocess.run(
            ["sh", "-c", sample], cwd=folder, env=environment, capture_output=True, text=True, timeout=20, check=True
        )
        return ended.stdout

    def test_the_address_is_the_operations(self, operations: dict[str, Operation]) -> None:
        assert f"'{ORIGIN}{BASE}/prepared'" in texts(operations["shelf.prepared"], ORIGIN)["curl"]


class TestBare:
    @pytest.mark.parametrize("locale", BUILT)
    def test_a_page_says_that_there_is_no_envelope(
        self, pages: dict[str, Document], operations: dict[str, Operation], words: dict[str, Words], locale: str
    ) -> None:
        say = words[locale]
        shown = page(pages, operations["shelf.export"], locale)
        assert told(say, "envelope.bare", type="text/csv") in shown
        assert told(say, "envelope") not in shown
        assert "title,copies Notes,3" in shown
        assert told(say, "envelope") in page(pages, operations["shelf.book"], locale)

    def test_fields_are_those_of_the_whole(self, pages: dict[str, Document], operations: dict[str, Operation]) -> None:
        assert "response--items-copies" in pages[operation_path(operations["shelf.whole"])].ids

    def test_samples_read_what_comes(self, operations: dict[str, Operation]) -> None:
        text = {sample.key: sample.text for sample in samples(operations["shelf.export"], ORIGIN)}
        assert "await response.text()" in text["javascript"]
        assert "answer.data" not in text["typescript"]
        map_ = {sample.key: sample.text for sample in samples(operations["shelf.words"], ORIGIN)}
        assert "await response.json()" in map_["javascript"]
        assert "return response.json();" in map_["tanstack"]

    def test_exports_have_the_text_as_it_is(self, built: Path) -> None:
        assert "```\ntitle,copies\nNotes,3\n```" in (built / "docs" / "shelf" / "export.md").read_text()
        postman = json.loads((built / "docs" / "exports" / "postman.json").read_text())
        (folder,) = [item for item in postman["item"] if item["name"] == "Shelf"]
        (csv,) = [item for item in folder["item"] if item["name"] == "Export Books"]
        assert csv["response"][0]["body"] == "title,copies\nNotes,3\n"
        assert csv["response"][0]["header"] == [{"key": "Content-Type", "value": "text/csv"}]


class TestClamp:
    @pytest.mark.parametrize("locale", BUILT)
    def test_a_page_says_what_counts(
        self, pages: dict[str, Document], operations: dict[str, Operation], words: dict[str, Words], locale: str
    ) -> None:
        shown = page(pages, operations["shelf.numbers"], locale)
        assert told(words[locale], "rule.clamp", minimum=1, maximum=100) in shown
        assert told(words[locale], "rule.clamp", minimum=-5, maximum=999999999999999) in shown

    def test_markdown_says_it_too(self, built: Path) -> None:
        text = (built / "docs" / "shelf" / "numbers.md").read_text()
        assert "alues outside 1 to 100 are set to the nearest bound" in text


class TestCursor:
    @pytest.mark.parametrize("locale", BUILT)
    def test_a_page_says_how_to_walk(
        self, pages: dict[str, Document], operations: dict[str, Operation], words: dict[str, Words], locale: str
    ) -> None:
        said = told(words[locale], "facts.pagesText", next="nextCursor", cursor="cursor")
        assert said in page(pages, operations["shelf.books"], locale)
        assert said not in page(pages, operations["shelf.numbers"], locale)

    def test_a_page_has_the_parameter_and_the_field(
        self, pages: dict[str, Document], operations: dict[str, Operation]
    ) -> None:
        assert {"query-cursor", "response-nextcursor"} <= pages[operation_path(operations["shelf.books"])].addresses

    def test_every_sample_says_how_to_walk(self, operations: dict[str, Operation]) -> None:
        for sample in samples(operations["shelf.books"], ORIGIN):
            walks = "page.nextCursor ?? undefined" if sample.key == "tanstack" else "cursor=<nextCursor>"
            assert walks in sample.text
            assert "cursor" not in next(line for line in sample.text.splitlines() if "/shelf/books" in line)
        hook = texts(operations["shelf.books"], ORIGIN)["tanstack"]
        assert "query: { limit?: number; genre?: string } = {}" in hook
        assert "const sent = { ...query, cursor: pageParam };" in hook
        assert all("nextCursor" not in sample.text for sample in samples(operations["shelf.book"], ORIGIN))


def test_samples_are_programs(operations: dict[str, Operation], tmp_path: Path) -> None:
    """As test_samples_syntax.py asks of those of ours."""
    for operation in operations.values():
        if operation.module == "shelf":
            made = texts(operation, ORIGIN)
            for language, grammar in GRAMMARS.items():
                tree = Parser(grammar).parse(made[language].encode())
                assert list(faults(tree.root_node)) == [], made[language]
            (tmp_path / f"{operation.id}.py").write_text(made["python"], encoding="utf-8")
            subprocess.run(["sh", "-n", "-c", made["curl"]], check=True)
            assert all(text.endswith("\n") and "\n\n\n" not in text and text[-2] != "\n" for text in made.values())
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--check", str(tmp_path)]
    assert subprocess.run(command, capture_output=True, text=True, check=False).returncode == 0
