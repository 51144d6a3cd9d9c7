"""Serving the portal: its own addresses, nothing else of the machine, and the API's words for what is no page."""

import gzip
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from portal.progress import kept
from tests.harness import Server
from tests.processes.biore import until
from tests.runtime.web.wire import Answer, request

DEEP = "/docs/" + "deep/" * 7 + "file.txt"  # more steps than any page has
PAGE = b"<!doctype html><title>Page</title>" + b"<p>text</p>" * 500
SETTINGS = "/docs/assets/site.json"
HTML = (("Accept", "text/html,*/*;q=0.8"),)
ZIPPED = (("Accept-Encoding", "br, gzip"),)
BUILT = "http://built.example:80"


def write(folder: Path, name: str, content: bytes) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("served")
    folder = home / "portal"
    for name in (
        "docs/index.html",
        "docs/auth/login/index.html",
        "docs/auth/login.md",
        "docs/icon.svg",
        "docs/picture.png",
    ):
        write(folder, name, PAGE)
    for locale in ("", "tr/"):
        write(folder, f"{locale}verify-email/index.html", f"in {locale or 'en/'}".encode())
        write(folder, f"{locale}404.html", f"lost in {locale or 'en/'}".encode())
    write(folder, SETTINGS.lstrip("/"), b'{"api": null, "tryMutations": false, "base": "x"}')
    write(folder, ".hidden", b"secret")
    write(folder, DEEP.lstrip("/"), b"secret")
    write(home, "secret.txt", b"secret")
    os.symlink(home / "secret.txt", folder / "docs" / "link.txt")
    return folder


@pytest.fixture(scope="module")
def serving(start_server: Callable[..., Server], folder: Path) -> Server:
    return start_server(portal_dir=folder)


@pytest.fixture(scope="module")
def unbuilt(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    return start_server(portal_dir=tmp_path_factory.mktemp("empty") / "none")


def get(server: Server, path: str, *headers: tuple[str, str], method: str = "GET") -> Answer:
    return request(server, method, path, None, headers)


class TestAddresses:
    @pytest.mark.parametrize(
        "path", ["/docs", "/docs/auth/login", "/docs/auth/login?x=1", "/docs/auth/login/index.html"]
    )
    def test_have_no_ending(self, serving: Server, path: str) -> None:
        answer = get(serving, path)
        assert (answer.status, answer.body) == (200, PAGE)
        assert answer.all("content-type") == ["text/html; charset=utf-8"]

    @pytest.mark.parametrize(
        ("path", "target"), [("/", "/docs"), ("/docs/", "/docs"), ("/docs/auth/login/", "/docs/auth/login")]
    )
    def test_others_lead_there_in_one_step(self, serving: Server, path: str, target: str) -> None:
        answer = get(serving, path)
        assert (answer.status // 100, answer.all("location")) == (3, [target])
        assert get(serving, target).status == 200

    def test_files_are_what_they_are(self, serving: Server) -> None:
        assert get(serving, "/docs/auth/login.md").all("content-type") == ["text/markdown; charset=utf-8"]
        assert get(serving, "/docs/icon.svg").all("content-type") == ["image/svg+xml; charset=utf-8"]

    @pytest.mark.parametrize(
        "path",
        ["/docs/../../secret.txt", "/docs/%2e%2e/%2e%2e/secret.txt", "/docs/..%2f..%2fsecret.txt", "/docs/./auth/login",
         "/docs/..%5c..%5csecret.txt", "/%2e%2e/secret.txt", "/.hidden", "/docs/link.txt", "//docs", "/docs//auth",
         "/docs/auth/login//", "/docs/auth/login/index.html/", "/docs/auth/login.md/", "/docs/auth", "/docs/%00",
         "/docs/" + "a" * 5000, DEEP],
    )  # fmt: skip
    def test_nothing_else_is_served(self, serving: Server, path: str) -> None:
        answer = get(serving, path)
        assert answer.status == 404
        assert b"secret" not in answer.body


def logged(server: Server, path: str) -> list[EventDict]:
    """What is logged of a request, which is after its answer. Those of the requests before have come by then."""

    def lines() -> list[EventDict]:
        return [line for line in logs if line["event"] == "request"]

    with capture_logs() as logs:
        get(server, "/docs")
        until(lambda: [line for line in lines() if line["path"] == "/docs"], "the line of what was before")
        logs.clear()
        get(server, path)
        return until(lines, "its line")


class TestLog:
    """A call can be told from a page, and a page from a page that is not there."""

    @pytest.mark.parametrize(
        ("path", "level", "told"),
        [
            ("/docs", "debug", ("GET", "/docs", 200)),
            ("/docs/icon.svg", "debug", ("GET", "/docs/icon.svg", 200)),
            ("/docs/auth/login/", "debug", ("GET", "/docs/auth/login/", 308)),
            ("/docs/nowhere", "info", ("GET", "/docs/nowhere", 404)),
            ("/api/v1/auth/me", "info", ("GET", "/api/v1/auth/me", 401)),
            ("/api/v1/nowhere/ada@example.com", "info", ("GET", "(hidden)", 404)),
            ("/files/nothing", "info", ("GET", "/files/{key}", 404)),
        ],
    )
    def test_pages_are_logged_below_calls(
        self, serving: Server, path: str, level: str, told: tuple[str, str, int]
    ) -> None:
        (line,) = logged(serving, path)
        assert (line["log_level"], (line["method"], line["path"], line["status"])) == (level, told)

    def test_outside_development_a_path_that_leads_nowhere_is_not_told(
        self, start_server: Callable[..., Server], folder: Path
    ) -> None:
        staging = start_server(env="staging", portal_dir=folder, dev_token="x" * 32)
        assert [line["path"] for line in logged(staging, "/api/v1/nowhere/of-mine")] == [None]


class TestRefusals:
    @pytest.mark.parametrize("path", ["/docs/nowhere", "/tr/docs/nowhere"])
    def test_people_get_a_page_in_their_language(self, serving: Server, path: str) -> None:
        answer = get(serving, path)
        assert (answer.status, answer.body) == (404, b"lost in tr/" if path.startswith("/tr") else b"lost in en/")

    def test_browsers_do_everywhere_but_below_the_api(self, serving: Server) -> None:
        assert get(serving, "/nowhere", *HTML).body == b"lost in en/"
        assert get(serving, "/api/v1/nowhere", *HTML).code == "route.not_found"

    def test_programs_get_the_apis(self, serving: Server) -> None:
        assert get(serving, "/nowhere").code == "route.not_found"
        assert get(serving, "/a" * 30_000).code == "route.not_found"
        assert get(serving, "/nowhere", *HTML, method="POST").code == "route.not_found"

    @pytest.mark.parametrize("path", ["/", "/docs", "/docs/auth/login/", "/verify-email"])
    def test_pages_are_only_read(self, serving: Server, path: str) -> None:
        answer = get(serving, path, method="POST")
        assert (answer.status, answer.all("allow")) == (405, ["GET, HEAD"])

    @pytest.mark.parametrize("path", ["/docs", "/docs/auth/login", "/verify-email"])
    def test_what_is_not_built_says_how(self, unbuilt: Server, path: str) -> None:
        answer = get(unbuilt, path)
        assert answer.status == 503
        assert answer.all("retry-after") == ["30"]
        assert b"is not built" in answer.body
        assert b"biore portal build" in answer.body
        assert b"Building" not in answer.body
        assert get(unbuilt, "/nowhere", *HTML).status == 404

    def test_what_is_being_built_says_how_far_it_is(self, unbuilt: Server) -> None:
        with kept(unbuilt.app.parts.settings.portal_folder) as tell:
            tell("writing pages", 30, 120)
            answer = get(unbuilt, "/docs")
        assert answer.status == 503
        assert b"<h1>Building the documentation</h1>" in answer.body
        assert b'<progress value="30" max="120"' in answer.body
        assert b"Writing pages: 30 of 120 (" in answer.body
        assert b"biore portal build" not in answer.body, "nobody is told to run what runs"

    def test_a_server_that_builds_by_itself_tells_nobody_to(
        self, start_server: Callable[..., Server], tmp_path: Path
    ) -> None:
        answer = get(start_server(data_dir=tmp_path), "/docs")
        assert answer.status == 503
        assert b"about to begin" in answer.body
        assert b"biore portal build" not in answer.body

    def test_the_page_in_between_has_a_style_of_our_own_host(self, unbuilt: Server) -> None:
        body = get(unbuilt, "/docs").body.decode()
        (style,) = re.findall(r'<link rel="stylesheet" href="([^"]+)">', body)
        assert "<style" not in body
        assert "style=" not in body
        answer = get(unbuilt, style)
        assert (answer.status, answer.all("content-type")) == (200, ["text/css; charset=utf-8"])
        assert b"progress" in answer.body


class TestHeaders:
    def test_guard_every_answer(self, serving: Server) -> None:
        for path in ("/", "/docs", "/docs/", "/docs/nowhere", SETTINGS, "/verify-email"):
            answer = get(serving, path)
            (policy,) = answer.all("content-security-policy")
            assert "default-src 'self'" in policy
            assert "unsafe-inline" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.all("referrer-policy") == ["no-referrer"]
            assert answer.all("x-content-type-options") == ["nosniff"]

    def test_an_unchanged_file_is_not_sent_again(self, serving: Server) -> None:
        first = get(serving, "/docs")
        (tag,) = first.all("etag")
        assert first.all("cache-control") == ["no-cache"]
        for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = get(serving, "/docs", ("If-None-Match", given))
            assert (again.status, again.body, again.all("etag")) == (304, b"", [tag])
        assert get(serving, "/docs", ("If-None-Match", '"other"')).status == 200

    def test_a_list_without_end_is_not_read_to_its_end(self, serving: Server) -> None:
        (tag,) = get(serving, "/docs").all("etag")
        assert get(serving, "/docs", ("If-None-Match", "," * 60_000 + tag)).status == 200
        assert get(serving, "/docs", ("If-Match", "," * 60_000 + tag)).status == 412

    def test_a_tag_is_compared_as_it_should(self, serving: Server) -> None:
        (tag,) = get(serving, "/docs").all("etag")
        for method in ("GET", "HEAD"):
            lines = (("If-None-Match", '"a,b"'), ("If-None-Match", f'W/"c" , {tag}'))
            assert get(serving, "/docs", *lines, method=method).status == 304
            assert get(serving, "/docs", ("If-None-Match", f'"{tag}"'), method=method).status == 200
            assert get(serving, "/docs", ("If-Match", tag), method=method).status == 200
            assert get(serving, "/docs", ("If-Match", "*"), method=method).status == 200
            for other in (f"W/{tag}", '"other"'):
                assert get(serving, "/docs", ("If-Match", other), method=method).status == 412

    def test_a_page_has_no_date_and_no_parts(self, serving: Server) -> None:
        headers = [
            ("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT"),
            ("Range", "bytes=0-1"),
            ("Range", "items=0-1"),
        ]
        for header in headers:
            answer = get(serving, "/docs", header)
            assert (answer.status, answer.body) == (200, PAGE)

    @pytest.mark.parametrize(
        ("accepted", "packed"),
        [
            ("gzip", True), ("GZIP", True), ("x-gzip", True), ("*", True), ("br;q=1.0, gzip;q=0.8", True),
            ("gzip;q=0.001", True), ("identity;q=0, gzip", True), ("*;q=0.1", True), ("gzip ; q=1", True),
            ("identity;q=0.5, gzip;q=0.5", True), ("deflate,\tgzip", True), ("br, *;q=0, gzip", True),
            ("", False), ("gzip;q=0", False), ("gzip;Q=0", False), ("gzip ; q=0.000", False), ("gzip;q=0, *", False),
            ("*, gzip;q=0", False), ("*;q=0", False), ("identity", False), ("identity;q=0", False), ("br", False),
            ("identity, gzip;q=0.5", False), ("gzipped", False), ("not-gzip", False), ("gzip;q=x", False),
            ("gzip;q=-1", False), ("gzip;q=2", False), ("br;gzip", False), ("gzip" + "," * 60_000, False),
        ],
    )  # fmt: skip
    def test_the_coding_is_one_that_the_client_takes(self, serving: Server, accepted: str, packed: bool) -> None:
        for method in ("GET", "HEAD"):
            answer = get(serving, "/docs", ("Accept-Encoding", accepted), method=method)
            assert answer.status == 200
            assert answer.all("content-encoding") == (["gzip"] if packed else [])
            assert answer.all("vary") == ["Accept-Encoding"]

    def test_lines_of_codings_are_one_list(self, serving: Server) -> None:
        lines = (("Accept-Encoding", "*"), ("Accept-Encoding", "gzip;q=0"))
        assert get(serving, "/docs", *lines).all("content-encoding") == []

    def test_a_changed_one_is(self, serving: Server, folder: Path) -> None:
        write(folder, "docs/changing.txt", b"one")
        (tag,) = get(serving, "/docs/changing.txt").all("etag")
        write(folder, "docs/changing.txt", b"other")
        answer = get(serving, "/docs/changing.txt", ("If-None-Match", tag))
        assert (answer.status, answer.body) == (200, b"other")

    def test_text_is_compressed_for_those_who_ask(self, serving: Server) -> None:
        plain, packed = get(serving, "/docs"), get(serving, "/docs", *ZIPPED)
        assert packed.all("content-encoding") == ["gzip"]
        assert gzip.decompress(packed.body) == plain.body
        assert plain.all("etag") != packed.all("etag")
        assert "Accept-Encoding" in packed.all("vary")[0]

    def test_what_is_compressed_already_is_not(self, serving: Server) -> None:
        assert get(serving, "/docs/picture.png", *ZIPPED).all("content-encoding") == []

    @pytest.mark.parametrize("path", ["/docs", "/docs/auth/login.md", SETTINGS])
    def test_head_is_get_without_a_body(self, serving: Server, path: str) -> None:
        told, sent = get(serving, path, method="HEAD"), get(serving, path)
        assert (told.status, told.body) == (200, b"")
        assert told.all("content-length") == sent.all("content-length") == [str(len(sent.body))]


class TestMailedLinks:
    @pytest.mark.parametrize(
        ("query", "language", "body"),
        [("", "", b"in en/"), ("?token=x&lang=tr", "", b"in tr/"), ("", "tr, en;q=0.5", b"in tr/"),
         ("?lang=en", "tr", b"in en/"), ("?lang=..", "", b"in en/"), ("?lang=xx", "sv", b"in en/")],
    )  # fmt: skip
    def test_speak_the_language_of_the_mail(self, serving: Server, query: str, language: str, body: bytes) -> None:
        answer = get(serving, f"/verify-email{query}", *([("Accept-Language", language)] if language else []))
        assert (answer.status, answer.body) == (200, body)
        assert answer.all("cache-control") == ["no-store"]
        assert "Accept-Language" in answer.all("vary")[0]


class TestSettings:
    def test_are_the_servers_own(self, serving: Server) -> None:
        serving.configure(**{"portal.try_mutations": False})
        assert get(serving, SETTINGS).json() == {"api": "/api/v1", "tryMutations": False, "captcha": False, "base": "x"}
        serving.configure(**{"portal.try_mutations": True})
        answer = get(serving, SETTINGS)
        assert json.loads(answer.body)["tryMutations"] is True
        assert answer.all("cache-control") == ["no-store"]


@pytest.fixture(scope="module")
def elsewhere(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder = tmp_path_factory.mktemp("elsewhere")
    text = f"<p>{BUILT}/api/v1, '{BUILT}'; {BUILT}80 and {BUILT}.other.example stay. {BUILT}."
    for name in ("docs/index.html", "docs/auth/login.md", "docs/exports/postman.json", "docs/picture.png"):
        write(folder, name, text.encode())
    settings = {"api": None, "tryMutations": False, "base": f"{BUILT}/api/v1"}
    write(folder, SETTINGS.lstrip("/"), json.dumps(settings).encode())
    return start_server(portal_dir=folder)


class TestOrigins:
    """The folder was built with one address, and is served at another."""

    @pytest.mark.parametrize("path", ["/docs", "/docs/auth/login.md", "/docs/exports/postman.json"])
    def test_texts_name_the_server(self, elsewhere: Server, path: str) -> None:
        own = elsewhere.origin
        kept = f"{BUILT}80 and {BUILT}.other.example stay."
        assert get(elsewhere, path).body.decode() == f"<p>{own}/api/v1, '{own}'; {kept} {own}."

    def test_so_do_the_settings_and_no_picture(self, elsewhere: Server) -> None:
        assert get(elsewhere, SETTINGS).json()["base"] == f"{elsewhere.origin}/api/v1"
        assert BUILT.encode() in get(elsewhere, "/docs/picture.png").body

    def test_stay_as_built_where_the_build_told_no_address(
        self, start_server: Callable[..., Server], tmp_path: Path
    ) -> None:
        write(tmp_path, "docs/index.html", PAGE)
        write(tmp_path, SETTINGS.lstrip("/"), b'{"api": null}')
        server = start_server(portal_dir=tmp_path)
        assert (get(server, "/docs").status, get(server, "/docs").body) == (200, PAGE)
        assert get(server, SETTINGS).status == 200

    def test_follow_the_config(self, elsewhere: Server) -> None:
        before = get(elsewhere, "/docs")
        elsewhere.configure(**{"site.api_url": "https://api.example.com"})
        until(lambda: b"https://api.example.com/api/v1" in get(elsewhere, "/docs").body, "running nodes follow")
        assert get(elsewhere, "/docs").all("etag") != before.all("etag")
