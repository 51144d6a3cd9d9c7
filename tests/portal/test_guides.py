"""Guides: what they name is there, what they show is code, and what is wrong in one stops the build."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
import tree_sitter_kotlin
import tree_sitter_swift
from markupsafe import Markup
from tree_sitter import Language, Parser

from contract.policy import ContractError
from domain.auth import ACCESS_TOKEN_TTL_SECONDS
from portal import guides as library
from portal.guides import ORDER, Guide, placed, read
from portal.guides.blocks import LANGUAGES, OUTPUT, RUN, Block, blocks
from portal.guides.figures import Figures, length, size
from portal.guides.links import LINK, targets
from portal.guides.markup import shown
from portal.model import Site
from portal.pages import GUIDES, guide_path, operation_path
from tests.portal.conftest import ORIGIN
from tests.portal.interpreters import TYPESCRIPT
from tests.portal.reading import Document, documents
from tests.portal.test_samples_syntax import faults
from tests.providers.servers import closed_port

GRAMMARS = {
    "kotlin": Language(tree_sitter_kotlin.language()),
    "swift": Language(tree_sitter_swift.language()),
    "typescript": TYPESCRIPT,
}
WIDTH = 92
CALLED = re.compile(r"\$BASE(/[\w/.$-]*)|\{base\}(/[\w/-]+)|\"(/(?:auth|users|upload|gdpr|dev)/[\w/-]+)\"")


@pytest.fixture(scope="module")
def found(site: Site) -> tuple[Guide, ...]:
    return read(site)


@pytest.fixture(scope="module")
def pages_of(built: Path) -> dict[str, Document]:
    return {address: page for address, page in documents(built).items() if f"{GUIDES}/" in f"{address}/"}


def code_of(found: tuple[Guide, ...]) -> Iterator[tuple[str, Block]]:
    return ((guide.slug, block) for guide in found for block in blocks(guide.body))


def made_of(site: Site, folder: Path, text: str) -> tuple[Guide, ...]:
    (folder / "one.md").write_text(text, encoding="utf-8")
    return read(site, folder, ("one",))


class TestPages:
    def test_stand_in_the_order_in_which_they_are_read(self, built: Path, pages_of: dict[str, Document]) -> None:
        listed = pages_of[GUIDES].root.xpath("//main//ol/li//h2/a/@href")
        assert listed == [guide_path(slug) for slug in ORDER]
        here, seen = listed[0], [listed[0]]
        while following := pages_of[here].root.xpath("//a[@rel='next']/@href"):
            (here,) = following
            seen.append(here)
        assert seen == listed

    def test_list_their_headings(self, found: tuple[Guide, ...], pages_of: dict[str, Document]) -> None:
        for guide in found:
            page = pages_of[guide_path(guide.slug)]
            headings = page.root.xpath("//main//div[contains(@class, 'guide')]//*[self::h2 or self::h3]/@id")
            assert len(headings) > 1, guide.slug
            assert {f"#{ident}" for ident in headings} <= set(page.links())

    def test_are_published_as_markdown_without_a_name_left(self, built: Path, found: tuple[Guide, ...]) -> None:
        whole = (built / "llms-full.txt").read_text(encoding="utf-8")
        index = (built / "llms.txt").read_text(encoding="utf-8")
        for guide in found:
            text = (built / f"docs/guides/{guide.slug}.md").read_text(encoding="utf-8")
            assert text.startswith(f"# {guide.title}\n\n")
            assert text in whole
            assert f"- [{guide.title}]({ORIGIN}{guide_path(guide.slug)}.md): " in index
            assert not LINK.search(text)
            assert not re.search(r"\{(base|origin|version|[a-z]+:[\w./-]+)\}", text)

    def test_links_of_the_markdown_are_whole_and_lead_somewhere(self, built: Path, found: tuple[Guide, ...]) -> None:
        for guide in found:
            text = (built / f"docs/guides/{guide.slug}.md").read_text(encoding="utf-8")
            links = re.findall(r"\]\(([^)\s]+)\)", text)
            assert [link for link in links if not link.startswith(("https://", f"{ORIGIN}/"))] == []
            ours = [link.removeprefix(ORIGIN).partition("#")[0] for link in links if link.startswith(ORIGIN)]
            assert [
                p for p in ours if not ((built / p[1:]).is_file() or (built / p[1:] / "index.html").is_file())
            ] == []


class TestCode:
    def test_every_block_says_what_it_is(self, found: tuple[Guide, ...]) -> None:
        for slug, block in code_of(found):
            assert block.language in LANGUAGES, slug
            assert block.role in ("", RUN, OUTPUT), slug
            assert block.role != RUN or block.language in ("sh", "python"), slug

    def test_every_line_can_be_read_without_scrolling(self, found: tuple[Guide, ...]) -> None:
        """On a wide screen."""
        lines = [(slug, line) for slug, block in code_of(found) for line in block.text.splitlines()]
        assert [pair for pair in lines if len(pair[1]) > WIDTH] == []

    def test_every_guide_runs(self, found: tuple[Guide, ...]) -> None:
        assert {slug for slug, block in code_of(found) if block.role == RUN} == set(ORDER)

    @pytest.mark.parametrize("language", GRAMMARS)
    def test_a_parser_takes_it(self, language: str, found: tuple[Guide, ...]) -> None:
        texts = [block.text for _, block in code_of(found) if block.language == language]
        assert texts
        for text in texts:
            assert list(faults(Parser(GRAMMARS[language]).parse(text.encode()).root_node)) == [], text

    def test_shells_and_python_take_it(self, found: tuple[Guide, ...]) -> None:
        for slug, block in code_of(found):
            if block.language == "python":
                compile(block.text, slug, "exec")
            elif block.language == "sh":
                subprocess.run(["bash", "-n"], input=block.text, text=True, check=True, capture_output=True)
            elif block.language == "json":
                json.loads(block.text)

    def test_a_shell_of_another_make_takes_it_too(self, found: tuple[Guide, ...]) -> None:
        """In zsh, a comment that is typed is a command, and a bare ``?`` looks for files."""
        for slug, block in code_of(found):
            if block.role == RUN and block.language == "sh":
                bare = re.sub(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'", "", block.text)
                assert "#" not in bare.replace("${#", ""), slug
                assert "?" not in bare, slug

    def test_every_path_is_one_of_the_contract(self, site: Site, found: tuple[Guide, ...]) -> None:
        known = [re.compile(re.sub(r"\{\w+\}", r"[^/]+", operation.path)) for operation in site.operations]
        called = {
            next(filter(None, match)) for _, block in code_of(found) for match in CALLED.findall(block.text)
        }  # fmt: skip
        assert len(called) > 20
        assert [path for path in called if not any(pattern.fullmatch(path) for pattern in known)] == []


class TestNames:
    def test_figures_come_from_the_contract_and_the_catalogue(self, site: Site) -> None:
        figures = Figures(site)
        by_id = {operation.id: operation for operation in site.operations}
        login, codes = by_id["auth.login"], site.contract.errors
        assert login.policy.rate is not None
        assert login.body is not None
        for written, told in {
            "{limit:auth.login}": f"{login.policy.rate.limit} per hour",
            "{call:auth.login}": "POST /auth/login",
            "{name:auth.login}": login.summary,
            "{status:auth.2fa.invalid_code}": str(codes["auth.2fa.invalid_code"]["status"]),
            "{status:auth.two_factor.verify/auth.2fa.invalid_code}": "400",
            "{message:auth.unauthenticated}": codes["auth.unauthenticated"]["message"],
            "{message:de/auth.unauthenticated}": codes["auth.unauthenticated"]["words"]["de"],
            "{rule:auth.register/password/maxLength}": "128",
            "{bytes:auth.login}": size(login.body.limit),
            "{bytes:upload.avatar.max_bytes}": "5 MiB",
            "{time:auth.access_token_ttl_seconds}": length(ACCESS_TOKEN_TTL_SECONDS.default),
            "{count:upload.max_pixels}": "50,000,000",
            "{config:auth.access_token_ttl_seconds}": str(ACCESS_TOKEN_TTL_SECONDS.default),
            "{config:upload.avatar.mime_types}": "`image/jpeg`, `image/png`, `image/webp`",
        }.items():
            assert figures.filled(written, "one") == told, written
        for name in ("captcha", "deprecated", "fresh", "idempotent"):
            listed = targets(figures.filled(f"{{list:{name}}}", "one"))
            assert {"op"} == {target.kind for target in listed}
            assert listed == tuple(dict.fromkeys(listed))

    @pytest.mark.parametrize(
        "written",
        ["{limit:auth.logn}", "{config:auth.no_such_key}", "{status:no.code}", "{bytes:site.base_url}", "{time:x}",
         "{bytes:auth.me}", "{rule:auth.login/email}", "{list:nice}", "{weather:auth.login}", "{message:xx/no.code}"],
    )  # fmt: skip
    def test_an_unknown_figure_stops_the_build(self, written: str, site: Site, tmp_path: Path) -> None:
        with pytest.raises(ContractError, match=re.escape(written)):
            made_of(site, tmp_path, f"# One\n\nWhat for.\n\nText {written}.\n")

    @pytest.mark.parametrize(
        "written", ["[a](op:auth.logn)", "[](error:no.code)", "[a](guide:two)", "[a](page:weather)"]
    )
    def test_a_link_to_nothing_stops_the_build(self, written: str, site: Site, tmp_path: Path) -> None:
        with pytest.raises(ContractError, match=re.escape(written)):
            made_of(site, tmp_path, f"# One\n\nWhat for.\n\nText {written}.\n")

    def test_a_link_without_a_text_has_the_name_of_its_target(self, site: Site, tmp_path: Path) -> None:
        text = "# One\n\nWhat for.\n\n[](op:auth.login) [](error:auth.forbidden) [](guide:one#a) [b](page:errors)\n"
        (guide,) = made_of(site, tmp_path, text)
        login = next(operation for operation in site.operations if operation.id == "auth.login")
        assert placed(guide.body, ORIGIN, "/api/v1", lambda target: f"{target.name}{target.anchor}") == (
            f"[{login.summary}](auth.login) [`auth.forbidden`](auth.forbidden) [One](one#a) [b](errors)\n"
        )
        assert operation_path(login) == "/docs/auth/login"


class TestFiles:
    def test_each_has_a_place_in_the_order(self, site: Site, tmp_path: Path) -> None:
        (tmp_path / "two.md").write_text("# Two\n\nWhat for.\n\nText.\n")
        with pytest.raises(ContractError, match="'two'"):
            made_of(site, tmp_path, "# One\n\nWhat for.\n\nText.\n")

    @pytest.mark.parametrize("text", ["One\n\nWhat for.\n\nText.\n", "# One\n\n## Two\n\nText.\n", "# One\n\nWhat.\n"])
    def test_each_begins_with_a_title_and_what_it_is_for(self, text: str, site: Site, tmp_path: Path) -> None:
        with pytest.raises(ContractError, match="must begin"):
            made_of(site, tmp_path, text)

    def test_two_headings_of_one_name_stop_the_build(self) -> None:
        with pytest.raises(ContractError, match="two headings"):
            shown("## One\n\ntext\n\n## One\n", lambda ident, text: Markup(), "Output")

    def test_so_does_a_language_that_nobody_colours(self) -> None:
        with pytest.raises(ContractError, match="cobol"):
            shown("```cobol\nx\n```\n", lambda ident, text: Markup(), "Output")

    def test_html_in_one_stays_text(self) -> None:
        made = shown("## A <b>\n\n<script>x</script> `<i>`\n\n```sh\n<u>\n```\n", lambda i, t: Markup(), "Output")
        assert re.findall(r"<(script|b|i|u)>", made.body) == []

    def test_headings_below_others_are_listed_below_them(self) -> None:
        made = shown("## A\n\n### B\n\n### C\n\n## D\n\n## E\n\n### F\n", lambda i, t: Markup(), "Output")
        assert made.contents == (
            ("a", "A", (("b", "B"), ("c", "C"))),
            ("d", "D", ()),
            ("e", "E", (("f", "F"),)),
        )


Given = tuple[int, dict[str, str], Any]


@contextmanager
def unsteady(*answers: Given) -> Iterator[tuple[str, list[str]]]:
    """Its address, and what it was asked. It answers in this order, whatever it is asked."""
    left, asked = list(answers), list[str]()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            asked.append(f"{self.command} {self.path}")
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, body = left.pop(0)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        do_GET = do_POST = answer  # noqa: N815 - the library's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def refusal(code: str) -> Mapping[str, Any]:
    return {"success": False, "error": {"code": code, "message": "", "i18nKey": code, "correlationId": "x"}}


DONE: Given = (200, {}, {"success": True, "data": {"done": True}})
BROKEN: Given = (500, {}, refusal("internal.error"))
BUSY: Given = (503, {"Retry-After": "7"}, refusal("service.unavailable"))
KEY = {"Idempotency-Key": "k"}


class TestRetries:
    """The client that the guide on errors shows."""

    @pytest.fixture
    def waited(self) -> list[float]:
        return []

    @pytest.fixture
    def client(self, found: tuple[Guide, ...], waited: list[float], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        (program,) = [b.text for slug, b in code_of(found) if slug == "errors" and b.language == "python"]
        defined, _, demonstration = program.partition("\n\ntry:\n")
        assert demonstration
        names: dict[str, Any] = {}
        exec(compile(defined, "errors.md", "exec"), names)  # noqa: S102 - the program of the guide
        names["time"] = SimpleNamespace(sleep=waited.append)
        monkeypatch.setenv("no_proxy", "*")
        return names

    def call(self, client: dict[str, Any], *answers: Given, method: str = "GET", **more: Any) -> Any:
        """Whatever is answered is asked for, too."""
        with unsteady(*answers) as (origin, asked), pytest.MonkeyPatch.context() as patch:
            patch.setenv("BASE", origin)
            try:
                return client["call"](method, "/x", **more)
            finally:
                assert asked == [f"{method} /x"] * len(answers)

    def test_a_read_is_repeated_after_a_fault(self, client: dict[str, Any], waited: list[float]) -> None:
        assert self.call(client, BROKEN, BROKEN, DONE) == {"done": True}
        assert len(waited) == 2

    def test_a_write_is_not(self, client: dict[str, Any]) -> None:
        with pytest.raises(client["ApiError"], match=r"internal\.error"):
            self.call(client, BROKEN, method="POST")

    def test_a_write_with_a_key_is(self, client: dict[str, Any]) -> None:
        assert self.call(client, BROKEN, DONE, method="POST", headers=KEY) == {"done": True}

    def test_a_write_is_repeated_when_it_is_told_to_wait(self, client: dict[str, Any], waited: list[float]) -> None:
        assert self.call(client, BUSY, DONE, method="POST") == {"done": True}
        assert 7 <= waited[0] < 8

    def test_it_does_not_wait_for_longer_than_it_may(self, client: dict[str, Any]) -> None:
        with pytest.raises(client["ApiError"], match=r"service\.unavailable"):
            self.call(client, BUSY, patience=5)

    def test_what_was_refused_stays_so(self, client: dict[str, Any]) -> None:
        with pytest.raises(client["ApiError"], match=r"auth\.forbidden") as refused:
            self.call(client, (403, {}, refusal("auth.forbidden")))
        assert (refused.value.status, refused.value.details) == (403, [])

    def test_it_gives_up_at_last(self, client: dict[str, Any]) -> None:
        with pytest.raises(client["ApiError"]):
            self.call(client, BROKEN, BROKEN, BROKEN, tries=3)

    def test_nobody_there_is_as_a_fault(
        self, client: dict[str, Any], waited: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BASE", f"http://127.0.0.1:{closed_port()}")
        for method, waits in (("GET", 1), ("POST", 0)):
            waited.clear()
            with pytest.raises(OSError, match="refused"):
                client["call"](method, "/x", tries=2)
            assert len(waited) == waits


def test_the_library_is_the_folder(site: Site) -> None:
    """Packages bring the files along."""
    assert {file.stem for file in library.FOLDER.glob("*.md")} == set(ORDER)
