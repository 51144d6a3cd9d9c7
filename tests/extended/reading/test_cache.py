"""`x-biore-cache`: what is answered, to whom, on the wire; what the document says of it; what is refused."""

import base64
import hashlib
import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any

import pytest

from contract.caching import control
from contract.lint import checked
from contract.loader import Contract, require_valid
from contract.policy import Cache, ContractError
from domain.answers.prepared import Prepared, tag_of
from runtime.compose import build_parts
from runtime.settings import Settings
from runtime.web.app import Application
from tests.contract.documented import Documented
from tests.extended.reading.conftest import OURS
from tests.extended.reading.shelf import BASE, Json, Kept, provide_handlers, refused, write_contract
from tests.harness import Server
from tests.runtime.web.wire import Answer, exchange, request

BOOK = f"{BASE}/book"
EDITION = f"{BASE}/edition"
KEPT = "public, max-age=60, stale-while-revalidate=300"
CONTROL = "public, s-maxage=60, stale-while-revalidate=300"
THEIRS = "https://evil.example"
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
CORS = ("access-control-allow-origin", "access-control-allow-credentials", "vary")


def get(server: Server, target: str = BOOK, **headers: str) -> Answer:
    sent = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return request(server, "GET", target, None, sent)


def etag(answer: Answer) -> str:
    (found,) = answer.all("etag")
    return found


class TestAnswers:
    def test_say_how_long_they_may_be_kept_and_what_they_are(self, shelf_server: Server) -> None:
        answer = get(shelf_server)
        digest = hashlib.sha256(answer.body).digest()[:16]
        assert answer.status == 200
        assert answer.all("cache-control") == [CONTROL]
        assert answer.all("etag") == [f'"{base64.urlsafe_b64encode(digest).decode().rstrip("=")}"']
        assert answer.json() == {"success": True, "data": {"title": "Notes", "copies": 3}}
        assert answer.all("last-modified") == []

    def test_are_another_state_when_they_change(self, shelf_server: Server) -> None:
        first = etag(get(shelf_server))
        assert etag(get(shelf_server)) == first
        Kept.copies = 2
        changed = get(shelf_server, If_None_Match=first)
        assert (changed.status, changed.json()["data"]["copies"]) == (200, 2)
        assert etag(changed) != first

    @pytest.mark.parametrize(
        "given", ["{}", "W/{}", '"other", {}', '"other",W/{}', "*", " {} ", '"a,b" , {}', 'W/"x",\t{}']
    )
    def test_that_are_known_are_not_given_again(self, shelf_server: Server, given: str) -> None:
        known = etag(get(shelf_server))
        answer = get(shelf_server, If_None_Match=given.format(known))
        assert (answer.status, answer.body) == (304, b"")
        assert answer.all("etag") == [known]
        assert answer.all("cache-control") == [CONTROL]

    @pytest.mark.parametrize("given", ["", '"other"', "other", '"', ",,,", "W/", "\xff", '"' * 5000, "x" * 20000])
    def test_are_given_whatever_else_is_asked(self, shelf_server: Server, given: str) -> None:
        assert get(shelf_server, If_None_Match=given).status == 200

    def test_several_lines_are_one_list(self, shelf_server: Server) -> None:
        known = etag(get(shelf_server))
        headers = (("If-None-Match", '"a"'), ("If-None-Match", known))
        assert request(shelf_server, "GET", BOOK, None, headers).status == 304

    def test_a_304_is_bare_on_the_wire(self, shelf_server: Server) -> None:
        """Neither a length of the body that does not come nor a coding of it, and the connection goes on."""
        known = etag(get(shelf_server))
        port = int(shelf_server.origin.rpartition(":")[2])
        asked = f"GET {BOOK} HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: {known}\r\n"
        with socket.create_connection(("127.0.0.1", port), 20) as connection:
            connection.sendall((asked + "\r\n" + asked + "Connection: close\r\n\r\n").encode())
            raw = b"".join(iter(lambda: connection.recv(65536), b""))
        first, second, rest = raw.split(b"\r\n\r\n")
        assert rest == b""
        for head in (first, second):
            status, *lines = head.decode().split("\r\n")
            assert status == "HTTP/1.1 304 Not Modified"
            names = {line.partition(":")[0].lower() for line in lines}
            assert not names & {"content-length", "transfer-encoding", "content-type"}
            assert {"etag", "cache-control", "x-correlation-id", "ratelimit"} <= names

    def test_head_is_told_the_same_without_a_body(self, shelf_server: Server) -> None:
        given = get(shelf_server)
        answer = request(shelf_server, "HEAD", BOOK)
        assert (answer.status, answer.body) == (200, b"")
        assert [answer.all(name) for name in ("etag", "cache-control")] == [[etag(given)], [CONTROL]]
        assert request(shelf_server, "HEAD", BOOK, None, (("If-None-Match", etag(given)),)).status == 304

    @pytest.mark.parametrize(
        ("query", "code"),
        [("title=Nothing", "shelf.not_found"), ("title=", "validation.failed"), ("title=Fault", "internal.error")],
    )
    def test_refusals_are_kept_by_nobody(self, shelf_server: Server, query: str, code: str) -> None:
        answer = get(shelf_server, f"{BOOK}?{query}", If_None_Match="*")
        assert answer.code == code
        assert answer.all("cache-control") == ["no-store"]
        assert answer.all("etag") == []

    def test_a_token_makes_no_difference(self, shelf_server: Server) -> None:
        plain = get(shelf_server)
        for token in ("nonsense", "Bearer nonsense"):
            assert get(shelf_server, Authorization=token).body == plain.body
        assert get(shelf_server, Cookie="biore_refresh=x", Accept_Language="tr").body == plain.body

    def test_without_stale_nothing_is_said_of_it(self, shelf_server: Server) -> None:
        assert get(shelf_server, f"{BASE}/prepared").all("cache-control") == ["public, s-maxage=60"]

    def test_browsers_may_keep_those_that_say_so(self, shelf_server: Server) -> None:
        assert get(shelf_server, EDITION).all("cache-control") == [KEPT]

    @pytest.mark.parametrize("asked", ["", "?v=2", "?v=4"])
    def test_another_version_than_the_present_one_is_kept_as_usual(self, shelf_server: Server, asked: str) -> None:
        assert get(shelf_server, EDITION + asked).all("cache-control") == [KEPT]

    def test_the_present_version_never_changes(self, shelf_server: Server) -> None:
        given = get(shelf_server, f"{EDITION}?v=3")
        known = get(shelf_server, f"{EDITION}?v=3", If_None_Match=etag(given))
        assert (given.status, known.status) == (200, 304)
        for answer in (given, known):
            assert answer.all("cache-control") == ["public, max-age=31536000, immutable"]

    def test_what_has_no_version_is_never_for_ever(self, shelf_server: Server) -> None:
        Kept.prepared = Prepared(b'{"success":true,"data":{"title":"Notes","copies":3}}', "none", 5)
        for asked in ("", "?v=0", "?v=3"):
            assert get(shelf_server, EDITION + asked).all("cache-control") == ["public, max-age=5"]

    def test_are_all_documented(self, shelf_server: Server, shelf: Contract) -> None:
        documented = Documented(shelf)
        with shelf_server.client(event_hooks={"response": [documented]}) as client:
            first = client.get(BOOK)
            statuses = [first.status_code]
            asked = ({"If-None-Match": first.headers["etag"]}, {"Origin": THEIRS})
            statuses += [client.get(BOOK, headers=headers).status_code for headers in asked]
            statuses.append(client.get(BOOK, params={"title": "Nothing"}).status_code)
            statuses.append(client.get(f"{BASE}/prepared").status_code)
            statuses += [client.get(EDITION, params={"v": v}).status_code for v in (3, 4)]
        assert statuses == [200, 304, 200, 404, 200, 200, 200]


class TestOrigins:
    @pytest.mark.parametrize("origin", [OURS, THEIRS, "null", None])
    def test_all_get_the_same(self, shelf_server: Server, origin: str | None) -> None:
        headers = {} if origin is None else {"Origin": origin}
        known = etag(get(shelf_server))
        answers = [
            get(shelf_server, **headers),
            get(shelf_server, If_None_Match=known, **headers),
            get(shelf_server, f"{BOOK}?title=Nothing", **headers),
            get(shelf_server, f"{BOOK}?title=", **headers),
            get(shelf_server, f"{BOOK}?title=Fault", **headers),
            get(shelf_server, f"{BASE}/poems", **headers),
        ]
        assert [answer.status for answer in answers] == [200, 304, 404, 400, 500, 200]
        for answer in answers:
            assert [answer.all(name) for name in CORS] == [["*"], [], []]
            (exposed,) = answer.all("access-control-expose-headers")
            assert {"ETag", "Cache-Control", "RateLimit", "X-Correlation-Id"} <= set(exposed.split(", "))

    @pytest.mark.parametrize("origin", [OURS, THEIRS])
    @pytest.mark.parametrize("target", [BOOK, f"{BASE}/poems"])
    def test_are_told_before_they_call(self, shelf_server: Server, origin: str, target: str) -> None:
        answer = self.preflight(shelf_server, target, "GET", origin)
        assert answer.status == 204
        assert answer.body == b""
        assert [answer.all(name) for name in CORS] == [["*"], [], []]
        assert answer.all("access-control-allow-methods") == ["GET"]
        assert "If-None-Match" in answer.all("access-control-allow-headers")[0].split(", ")
        assert answer.all("access-control-max-age") == ["600"]

    @pytest.mark.parametrize(
        ("target", "method"),
        [(BOOK, "POST"), (f"{BASE}/poems", "DELETE"), (f"{BASE}/uncached", "GET"), ("/api/v1/auth/me", "GET"),
         ("/nowhere", "GET"), ("/", "GET"), (f"{BASE}/a/b", "GET")],
    )  # fmt: skip
    def test_of_all_else_only_those_that_are_named(self, shelf_server: Server, target: str, method: str) -> None:
        """A concrete path beside a template that is cached is not cached."""
        ours, theirs = (self.preflight(shelf_server, target, method, origin) for origin in (OURS, THEIRS))
        assert ours.all("access-control-allow-origin") == [OURS]
        assert ours.all("access-control-allow-credentials") == ["true"]
        assert theirs.all("access-control-allow-origin") == []

    def test_other_answers_stay_as_they_were(self, shelf_server: Server) -> None:
        ours = get(shelf_server, f"{BASE}/uncached", Origin=OURS)
        assert ours.all("access-control-allow-origin") == [OURS]
        assert ours.all("vary") == ["Origin"]
        assert get(shelf_server, f"{BASE}/uncached", Origin=THEIRS).all("access-control-allow-origin") == []
        assert get(shelf_server, f"{BASE}/uncached").all("etag") == []

    def test_without_a_setting_too(self, start_server: Callable[..., Server], shelf: Contract) -> None:
        server = start_server(contract=shelf)
        assert get(server, Origin=THEIRS).all("access-control-allow-origin") == ["*"]
        assert self.preflight(server, BOOK, "GET", THEIRS).status == 204
        assert self.preflight(server, f"{BASE}/uncached", "GET", THEIRS).status == 405
        assert get(server, f"{BASE}/uncached", Origin=OURS).all("access-control-allow-origin") == []

    def test_an_options_that_asks_for_nothing_is_a_method_like_others(self, shelf_server: Server) -> None:
        assert request(shelf_server, "OPTIONS", BOOK).status == 405

    def preflight(self, server: Server, target: str, method: str, origin: str) -> Answer:
        wanted = (("Origin", origin), ("Access-Control-Request-Method", method))
        return request(server, "OPTIONS", target, None, (*wanted, ("Access-Control-Request-Headers", "if-none-match")))


def whole(title: str, copies: int = 3) -> bytes:
    return f'{{"success":true,"data":{{"title":"{title}","copies":{copies}}}}}'.encode()


class TestPrepared:
    PREPARED = f"{BASE}/prepared"

    def test_bytes_are_sent_as_they_are(self, shelf_server: Server) -> None:
        body = whole("Notes").replace(b":", b" : ")
        Kept.prepared = Prepared(body, "v7")
        answer = get(shelf_server, self.PREPARED)
        assert (answer.status, answer.body, answer.all("etag")) == (200, body, ['"v7"'])
        assert get(shelf_server, self.PREPARED, If_None_Match='"v7"').status == 304

    def test_are_made_as_the_operation_would_send_them(self, shelf_server: Server) -> None:
        answer = get(shelf_server, self.PREPARED)
        assert answer.body == whole("Notes")
        assert etag(answer) == f'"{tag_of(answer.body)}"'

    def test_need_no_cache(self, shelf_server: Server) -> None:
        answer = get(shelf_server, f"{BASE}/uncached", If_None_Match="*")
        assert (answer.status, answer.body) == (200, whole("Notes"))
        assert answer.all("cache-control") == ["no-store"]

    @pytest.mark.parametrize("body", [whole("Notes")[:-1], b'{"title":"Notes","copies":3}', b"", b"\xff"])
    def test_are_held_against_the_contract_outside_production(self, shelf_server: Server, body: bytes) -> None:
        Kept.prepared = Prepared(body, "v8")
        answer = get(shelf_server, self.PREPARED)
        assert (answer.status, answer.code) == (500, "internal.error")

    def test_production_sends_what_it_has(self, start_server: Callable[..., Server], shelf: Contract) -> None:
        server = start_server(contract=shelf, env="production")
        Kept.prepared = Prepared(b"anything", "v9")
        assert get(server, self.PREPARED).body == b"anything"

    @pytest.mark.parametrize("seconds", [59, 1, 0, -5])
    def test_are_kept_no_longer_than_they_are_true(self, shelf_server: Server, seconds: int) -> None:
        until = datetime.now(UTC) + timedelta(seconds=seconds, milliseconds=900)
        Kept.prepared = Prepared(whole("Notes"), "v", valid_until=until)
        for headers in ({}, {"If_None_Match": '"v"'}):
            (told,) = get(shelf_server, self.PREPARED, **headers).all("cache-control")
            assert told in {f"public, s-maxage={max(0, seconds - late)}" for late in (0, 1)}

    def test_a_boundary_that_is_far_cuts_nothing(self, shelf_server: Server) -> None:
        Kept.prepared = Prepared(whole("Notes"), "v", valid_until=datetime.now(UTC) + timedelta(hours=1))
        assert get(shelf_server, self.PREPARED).all("cache-control") == ["public, s-maxage=60"]

    @pytest.mark.parametrize(
        ("max_age", "until", "left"),
        [(None, None, None), (7, None, 7), (None, 9.9, 9), (7, 9, 7), (9, 7, 7), (5, -2, -2)],
    )
    def test_the_nearest_end_counts(self, max_age: int | None, until: float | None, left: int | None) -> None:
        now = datetime(2026, 1, 1, tzinfo=UTC)
        end = None if until is None else now + timedelta(seconds=until)
        assert Prepared(b"", "v", max_age, end).seconds_left(now) == left

    @pytest.mark.parametrize("tag", ["", '"v"', "a b", "ä", "x" * 65, "a\n"])
    def test_a_tag_is_one(self, tag: str) -> None:
        with pytest.raises(ValueError, match="no entity tag"):
            Prepared(b"", tag)


class TestControl:
    @pytest.mark.parametrize(
        ("cache", "seconds", "told"),
        [
            (Cache(60, 300), None, "public, s-maxage=60, stale-while-revalidate=300"),
            (Cache(60), None, "public, s-maxage=60"),
            (Cache(60, 300), 360, "public, s-maxage=60, stale-while-revalidate=300"),
            (Cache(60, 300), 359, "public, s-maxage=60"),
            (Cache(60, 300), 60, "public, s-maxage=60"),
            (Cache(60, 300), 59, "public, s-maxage=59"),
            (Cache(60, 300), -1, "public, s-maxage=0"),
        ],
    )
    def test_is_cut_to_the_boundary(self, cache: Cache, seconds: int | None, told: str) -> None:
        assert control(cache, seconds) == told


class TestDocument:
    def test_says_what_follows(self, shelf: Contract) -> None:
        require_valid(shelf)
        operation = shelf.operation("shelf.book")
        assert {"$ref": "#/components/parameters/IfNoneMatch"} in operation["parameters"]
        success, unchanged = (operation["responses"][status] for status in ("200", "304"))
        assert success["headers"].keys() == unchanged["headers"].keys()
        assert {"ETag", "Cache-Control", "RateLimit", "X-Correlation-Id"} <= success["headers"].keys()
        assert "content" not in unchanged
        assert success["headers"]["Cache-Control"]["schema"]["example"] == CONTROL
        assert "shelf.not_found" in shelf.policies["shelf.book"].codes
        assert shelf.policies["shelf.book"].cache == Cache(60, 300)
        assert shelf.policies["shelf.uncached"].cache is None

    def test_says_nothing_of_others(self, shelf: Contract, contract: Contract) -> None:
        assert "304" not in shelf.operation("shelf.uncached")["responses"]
        assert "304" not in contract.operation("auth.login")["responses"]


def change(name: str, **keywords: Any) -> Callable[[Json], object]:
    return lambda given: given["paths"][name]["get"].update(keywords)


def cache(value: Any) -> Callable[[Json], object]:
    return change("book", **{"x-biore-cache": value})


def parameter(where: str, name: str) -> Callable[[Json], object]:
    added = {"name": name, "in": where, "description": "x", "schema": {"type": "string", "maxLength": 9}}
    return lambda given: given["paths"]["book"]["get"]["parameters"].append(added)


def other_success(given: Json) -> None:
    responses = given["paths"]["book"]["get"]["responses"]
    responses["206"] = responses["200"]


def header(name: str) -> Callable[[Json], object]:
    told = {"description": "x", "schema": {"type": "string"}}
    return lambda given: given["paths"]["book"]["get"]["responses"]["200"].update(headers={name: told})


def with_body(given: Json) -> None:
    schema = {"$ref": "../schemas/shelf.yaml#/Book"}
    given["paths"]["book"]["get"]["requestBody"] = {"content": {"application/json": {"schema": schema}}}


def not_a_get(given: Json) -> None:
    given["paths"]["{slug}"]["delete"]["x-biore-cache"] = {"shared": 60}


MISUSES = {
    "no seconds": (cache({}), "takes {shared"),
    "true": (cache(True), "takes {shared"),
    "an unknown key": (cache({"shared": 1, "private": 2}), "unknown keys ['private']"),
    "no time at all": (cache({"shared": 0}), "shared must be whole seconds"),
    "a time that is no number": (cache({"shared": "60"}), "shared must be whole seconds"),
    "a flag for a time": (cache({"shared": True}), "shared must be whole seconds"),
    "half seconds": (cache({"shared": 1.5}), "shared must be whole seconds"),
    "a stale of nothing": (cache({"shared": 60, "stale": 0}), "stale must be whole seconds"),
    "more than a year": (cache({"shared": 60, "stale": 31_536_001}), "stale must be whole seconds"),
    "browsers that are no flag": (cache({"shared": 60, "browsers": 60}), "browsers must be true or false"),
    "a version that is no parameter": (cache({"shared": 60, "version": "v"}), "version must name an integer"),
    "a version that is a text": (cache({"shared": 60, "version": "title"}), "version must name an integer"),
    "another method": (not_a_get, "DELETE /shelf/{slug}: x-biore-cache is for GET only"),
    "a token that is asked for": (change("book", **{"x-biore-scope": "user"}), "looks at a token"),
    "a token that is looked at": (change("book", security=[{"bearerAuth": []}, {}]), "looks at a token"),
    "tools of development": (change("book", **{"x-biore-scope": "dev"}), "looks at a token"),
    "a cookie": (parameter("cookie", "biore_x"), "takes the cookie biore_x"),
    "a header": (parameter("header", "X-Kind"), "takes the header X-Kind"),
    "the condition by hand": (parameter("header", "If-None-Match"), "takes the header If-None-Match"),
    "a key of idempotency": (change("book", **{"x-biore-idempotency": True}), "no use for x-biore-idempotency"),
    "a body": (with_body, "takes a body"),
    "two successes": (other_success, "needs 200 as the one success"),
    "an ETag by hand": (header("ETag"), "['ETag'] follow by themselves"),
    "a Cache-Control by hand": (header("Cache-Control"), "['Cache-Control'] follow by themselves"),
    "a cookie that is set": (header("Set-Cookie"), "sets a cookie"),
}


def test_an_author_is_sent_to_the_line(tmp_path: Path) -> None:
    write_contract(tmp_path / "openapi", cache({"shared": 0}))
    with pytest.raises(ContractError) as refusal:
        checked(tmp_path / "openapi")
    assert re.match(r"openapi/paths/shelf\.yaml:\d+: GET /shelf/book: x-biore-cache shared must", str(refusal.value))


class TestMisuse:
    @pytest.mark.parametrize(("edit", "told"), MISUSES.values(), ids=MISUSES)
    def test_stops_the_start(self, tmp_path: Path, edit: Callable[[Json], object], told: str) -> None:
        refusal, line = refused(tmp_path, edit)
        assert "/shelf/" in refusal
        assert told in refusal
        assert "x-biore-cache" in line

    @pytest.mark.parametrize("name", ["principal", "client", "visitor", "say", "carrier", "hasher", "current_password"])
    def test_a_handler_that_knows_who_asks_stops_it_too(self, settings: Settings, shelf: Contract, name: str) -> None:
        async def book(**_asked: Any) -> None: ...

        asked = [Parameter(each, Parameter.KEYWORD_ONLY) for each in ("title", name)]
        book.__signature__ = Signature(asked)  # type: ignore[attr-defined]
        provide_handlers(book=book)
        try:
            with pytest.raises(ContractError, match=rf"shelf\.book: the handler asks for \['{name}'\]; a shared cache"):
                Application(settings, NOWHERE, build_parts(settings, NOWHERE, "api", contract=shelf))
        finally:
            provide_handlers()


def test_bytes_on_the_wire_end_with_the_head(shelf_server: Server) -> None:
    known = etag(get(shelf_server))
    raw = f"GET {BOOK} HTTP/1.0\r\nHost: localhost\r\nIf-None-Match: {known}\r\n\r\n".encode()
    assert exchange(shelf_server, raw).body == b""
