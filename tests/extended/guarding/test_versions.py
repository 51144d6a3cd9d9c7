"""Rows that nobody overwrites unseen: from the contract to the row, the page and the samples."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import html5lib
import httpx
import pytest

from contract.changes import compare
from contract.policy import ContractError, Versioned
from contract.references import resolved
from contract.schemathesis_config import configuration
from contract.texts import Texts
from portal.model import Operation, Site
from portal.samples import samples, texts
from portal.words import Words
from runtime.web.extensions import versions
from tests.extended.guarding.kit import STARTED, documented, refusal, room, sampled
from tests.harness import Api, Server, broken_rules, code_of
from tests.portal.conftest import BUILT
from tests.portal.sites import ORIGIN

FILE = "paths/samples.yaml"
NEEDED, MOVED = "precondition.required", "precondition.failed"
MISUSES = {
    "another kind": ("x-biore-versioned: new", "x-biore-versioned: old", "must be true, or new"),
    "a read that makes a row": (
        "x-biore-versioned: true\n    x-biore-errors: [samples.no_room]", "x-biore-versioned: new\n"
        "    x-biore-errors: [samples.no_room]", "new makes a row, which GET does not"),
    "a code that follows": ("[samples.no_room, samples.name_taken]", f"[{MOVED}]", "follow by themselves"),
    "a parameter that follows": (
        "parameters:\n      - *roomId\n    requestBody", "parameters:\n      - *roomId\n      - {name: If-Match, "
        "in: header, description: Mine., schema: {type: string, maxLength: 9}}\n    requestBody", "take it out"),
    "data without a version": ("schemas/samples.yaml#/Room}", "schemas/samples.yaml#/NameRoomRequest}", "`version`"),
}  # fmt: skip
OF_SCHEMA = {
    "a version that may be left out": ("[id, name, version]", "[id, name]"),
    "a version that is a text": ("version: {type: integer, minimum: 0", "version: {type: string, maxLength: 9"),
    "a version that may be null": ("version: {type: integer,", "version: {type: integer, nullable: true,"),
}


@pytest.fixture(scope="module")
def versioned(start_server: Callable[..., Server]) -> Server:
    return start_server(**STARTED)


@pytest.fixture
def api(versioned: Server) -> Iterator[Api]:
    room(versioned.tables)  # makes the table
    versioned.reset()
    with versioned.client(event_hooks={"response": [documented()]}) as client:
        yield client


def rename(api: Api, number: int, version: Any, name: str = "Red room", **headers: str) -> httpx.Response:
    given = headers if version is None else headers | {"If-Match": version}
    return api.patch(f"/api/v1/samples/rooms/{number}", json={"name": name}, headers=given)


class TestLoader:
    def test_compiles_it(self) -> None:
        found = {name: sampled().policies[f"samples.{name}"].versioned
                 for name in ("read_room", "rename_room", "remove_room", "make_room", "enabled")}  # fmt: skip
        assert found == {
            "read_room": Versioned(taken=False, told=True),
            "rename_room": Versioned(taken=True, told=True),
            "remove_room": Versioned(taken=True, told=False),
            "make_room": Versioned(taken=False, told=True),
            "enabled": None,
        }

    def test_adds_what_follows(self) -> None:
        contract = sampled()
        for name in ("rename_room", "remove_room"):
            operation = contract.operation(f"samples.{name}")
            assert {"$ref": "#/components/parameters/IfMatch"} in operation["parameters"]
            assert {NEEDED, MOVED, "validation.failed"} <= contract.policies[f"samples.{name}"].codes
            refused = resolved(contract.document, operation["responses"]["412"])
            assert "ETag" in refused["headers"]
            assert refused["content"]["application/json"]["examples"].keys() == {MOVED}
        for name, status in (("read_room", "200"), ("rename_room", "200"), ("make_room", "201")):
            assert "ETag" in contract.operation(f"samples.{name}")["responses"][status]["headers"]
        assert "ETag" not in contract.operation("samples.remove_room")["responses"]["200"]["headers"]
        assert not {NEEDED, MOVED} & contract.policies["samples.make_room"].codes

    @pytest.mark.parametrize(("old", "new", "words"), MISUSES.values(), ids=MISUSES)
    def test_refuses(self, tmp_path: Path, old: str, new: str, words: str) -> None:
        told = refusal(tmp_path, FILE, old, new)
        assert words in told
        assert re.match(rf"openapi/{FILE}:\d+: [A-Z]+ /samples/rooms", told)

    @pytest.mark.parametrize(("old", "new"), OF_SCHEMA.values(), ids=OF_SCHEMA)
    def test_refuses_data_without(self, tmp_path: Path, old: str, new: str) -> None:
        told = refusal(tmp_path, "schemas/samples.yaml", old, new)
        assert "x-biore-versioned: its data needs `version`, a required integer" in told

    def test_names_the_line_of_the_extension(self, tmp_path: Path) -> None:
        told = refusal(tmp_path, FILE, "x-biore-versioned: new", "x-biore-versioned: old")
        lines = (tmp_path / "openapi" / FILE).read_text().splitlines()
        number = lines.index("    x-biore-versioned: old") + 1
        assert told.startswith(f"openapi/{FILE}:{number}: POST /samples/rooms: ")

    def test_a_handler_that_ignores_the_version_stops_the_start(self) -> None:
        policy = sampled().policies["samples.rename_room"]
        with pytest.raises(ContractError, match=r"samples\.rename_room: .*must take expected_version"):
            versions.arguments(policy, {"room_id", "if_match"}, {"room_id", "body", "db"})


class TestServer:
    def test_a_write_with_the_version_that_was_read_moves_it(self, api: Api) -> None:
        number = room(api.server.tables, version=7)
        read = api.get(f"/api/v1/samples/rooms/{number}")
        assert (read.headers["etag"], read.json()["data"]["version"]) == ('"7"', 7)
        written = rename(api, number, read.headers["etag"])
        assert (written.status_code, written.headers["etag"]) == (200, '"8"')
        assert written.json()["data"] == {"id": number, "name": "Red room", "version": 8}
        assert rename(api, number, written.headers["etag"], "Green room").headers["etag"] == '"9"'

    def test_what_is_made_tells_its_version(self, api: Api) -> None:
        made = api.post("/api/v1/samples/rooms", json={"name": "New room"})
        assert (made.status_code, made.headers["etag"]) == (201, '"0"')
        assert rename(api, made.json()["data"]["id"], '"0"').status_code == 200

    def test_without_one_nothing_happens(self, api: Api) -> None:
        number = room(api.server.tables, version=7)
        before = api.server.tables.fingerprints()
        refused = rename(api, number, None)
        assert (refused.status_code, code_of(refused)) == (428, NEEDED)
        assert "etag" not in refused.headers
        assert api.server.tables.changed_since(before) == set()

    @pytest.mark.parametrize("version", ['"6"', '"8"', '"0"', '"999999999"'])
    def test_of_a_row_that_moved_on_the_present_version_is_told(self, api: Api, version: str) -> None:
        number = room(api.server.tables, version=7)
        before = api.server.tables.fingerprints()
        for refused in (rename(api, number, version), self.remove(api, number, version)):
            assert (refused.status_code, code_of(refused)) == (412, MOVED)
            assert refused.headers["etag"] == '"7"'
            error = refused.json()["error"]
            assert error["i18nVars"] == {"version": 7}
            assert error["details"] == [
                {"field": "If-Match", "rule": "version", "message": "The current version is 7."}
            ]
        assert api.server.tables.changed_since(before) == set()

    @pytest.mark.parametrize(
        "version",
        [
            "7",
            '"',
            '""',
            "*",
            'W/"7"',
            '"7", "8"',
            '"-7"',
            '"07"',
            '"7.0"',
            '"1000000000"',
            '"seven"',
            "'7'",
            '"\u0667"',
        ],
    )
    def test_what_is_no_version_is_a_bad_request(self, api: Api, version: str) -> None:
        number = room(api.server.tables, version=7)
        refused = rename(api, number, version.encode())
        assert (refused.status_code, code_of(refused)) == (400, "validation.failed")
        assert {field for field, _ in broken_rules(refused)} == {"If-Match"}

    def test_two_are_a_bad_request(self, api: Api) -> None:
        number = room(api.server.tables, version=7)
        headers = [("If-Match", '"7"'), ("If-Match", '"7"')]
        refused = api.patch(f"/api/v1/samples/rooms/{number}", json={"name": "Red room"}, headers=headers)
        assert broken_rules(refused) == {("If-Match", "single")}

    def test_validity_is_asked_first(self, api: Api) -> None:
        refused = api.patch(f"/api/v1/samples/rooms/{room(api.server.tables)}", json={"nome": "Red room"})
        assert broken_rules(refused) == {("name", "required"), ("nome", "unknown")}

    def test_the_limit_is_counted_first(self, api: Api) -> None:
        number = room(api.server.tables)
        api.server.configure(**{"ratelimit.samples.rename_room": "2/hour"})
        assert [rename(api, number, None).status_code for _ in range(3)] == [428, 428, 429]

    def test_a_row_that_is_gone_is_not_found(self, api: Api) -> None:
        assert code_of(rename(api, 999_999, '"7"')) == "samples.no_room"

    def test_a_removal_needs_it_and_tells_none(self, api: Api) -> None:
        number = room(api.server.tables, version=7)
        assert self.remove(api, number, None).status_code == 428
        removed = self.remove(api, number, '"7"')
        assert removed.status_code == 200
        assert "etag" not in removed.headers
        assert api.get(f"/api/v1/samples/rooms/{number}").status_code == 404

    def test_of_fifty_who_read_the_same_version_one_writes(self, api: Api) -> None:
        number = room(api.server.tables, version=7)
        with ThreadPoolExecutor(10) as crowd:
            answers = list(crowd.map(lambda n: rename(api, number, '"7"', f"Room {n}"), range(50)))
        assert sorted(answer.status_code for answer in answers) == [200] + [412] * 49
        assert {answer.headers["etag"] for answer in answers} == {'"8"'}

    def remove(self, api: Api, number: int, version: str | None) -> httpx.Response:
        headers = {} if version is None else {"If-Match": version}
        return api.delete(f"/api/v1/samples/rooms/{number}", headers=headers)


class TestRepetition:
    def test_a_stored_success_tells_its_version_again(self, api: Api) -> None:
        number, key = room(api.server.tables, version=7), {"Idempotency-Key": uuid4().hex}
        first = rename(api, number, '"7"', **key)
        again = rename(api, number, '"7"', **key)
        assert again.content == first.content
        assert (again.headers["idempotency-replayed"], again.headers["etag"]) == ("true", '"8"')

    def test_a_stored_412_tells_the_version_that_it_met(self, api: Api) -> None:
        number, key = room(api.server.tables, version=7), {"Idempotency-Key": uuid4().hex}
        first = rename(api, number, '"3"', **key)
        assert rename(api, number, '"7"').status_code == 200
        again = rename(api, number, '"3"', **key)
        assert (again.status_code, again.headers["etag"], again.headers["idempotency-replayed"]) == (412, '"7"', "true")
        assert again.content == first.content

    def test_another_stored_refusal_has_none(self, api: Api) -> None:
        number, key = room(api.server.tables, version=7), {"Idempotency-Key": uuid4().hex}
        answers = [rename(api, number, '"7"', "Taken", **key) for _ in range(2)]
        assert [(code_of(answer), "etag" in answer.headers) for answer in answers] == [
            ("samples.name_taken", False)
        ] * 2

    def test_another_version_is_another_request(self, api: Api) -> None:
        number, key = room(api.server.tables, version=7), {"Idempotency-Key": uuid4().hex}
        rename(api, number, '"7"', **key)
        assert code_of(rename(api, number, '"8"', **key)) == "idempotency.key_reused"

    def test_a_call_without_it_keeps_nothing(self, api: Api) -> None:
        number, key = room(api.server.tables, version=7), {"Idempotency-Key": uuid4().hex}
        assert rename(api, number, None, **key).status_code == 428
        assert rename(api, number, '"7"', **key).status_code == 200


class TestBrowsers:
    def test_may_send_and_read_it(self, start_server: Callable[..., Server]) -> None:
        server = start_server(**STARTED, cors_origins=("https://admin.example",))
        path = f"/api/v1/samples/rooms/{room(server.tables)}"
        origin = {"Origin": "https://admin.example"}
        asked = origin | {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "if-match"}
        with server.client() as api:
            preflight, read = api.options(path, headers=asked), api.get(path, headers=origin)
        assert preflight.status_code == 200
        assert "If-Match" in preflight.headers["access-control-allow-headers"].split(", ")
        assert "ETag" in read.headers["access-control-expose-headers"].split(", ")


class TestChanges:
    def test_are_told(self) -> None:
        with_it = sampled().document
        without = without_version(with_it)
        there = {(c.kind, c.breaking) for c in compare(without, with_it) if c.operation == "samples.rename_room"}
        back = {(c.kind, c.breaking) for c in compare(with_it, without) if c.operation == "samples.rename_room"}
        assert there == {("version.added", True)}
        assert back == {("version.removed", True)}


def without_version(document: Any) -> Any:
    operations = document["paths"]["/samples/rooms/{roomId}"]
    patch = operations["patch"] | {
        "parameters": [
            given
            for given in operations["patch"]["parameters"]
            if given.get("$ref", "").rpartition("/")[2] != "IfMatch"
        ]
    }
    return document | {"paths": document["paths"] | {"/samples/rooms/{roomId}": operations | {"patch": patch}}}


class TestPages:
    def test_say_so_in_every_language(self, site: Site, built: Path) -> None:
        words = Texts(site.contract.errors)
        for locale in BUILT:
            say = Words(locale, words).plain
            page = built / ("" if locale == "en" else locale) / "docs" / "samples" / "rename-room" / "index.html"
            told = " ".join("".join(html5lib.parse(page.read_text(), namespaceHTMLElements=False).itertext()).split())
            taken = say("facts.versionTaken", required=f"{NEEDED} (428)", failed=f"{MOVED} (412)")
            assert f"{taken}; {say('facts.versionTold')}".replace("`", "") in told
        markdown = (built / "docs" / "samples" / "rename-room.md").read_text()
        assert f"`{NEEDED}` (428)" in markdown
        assert "`If-Match`" in markdown

    def test_an_operation_without_it_says_nothing(self, built: Path) -> None:
        main = (built / "docs" / "samples" / "enabled" / "index.html").read_text().partition("<main")[2]
        assert main
        assert "If-Match" not in main

    def test_every_sample_sends_it(self, operation: Operation) -> None:
        written = texts(operation, ORIGIN)
        wanted = {
            "curl": "-H 'If-Match: \"7\"'", "python": """"If-Match": '"7"'""", "javascript": '"If-Match": "\\"7\\""',
            "typescript": '"If-Match": "\\"7\\""', "tanstack": '"If-Match": `"${version}"`', "java": '"\\"7\\""',
            "go": 'Set("If-Match", "\\"7\\"")', "csharp": 'Add("If-Match", "\\"7\\"")',
        }  # fmt: skip
        assert {language: text for language, text in wanted.items() if text not in written[language]} == {}
        assert "version: number" in written["tanstack"]

    def test_what_a_reader_fills_in_takes_its_place(self, operation: Operation) -> None:
        slots = [sample.html for sample in samples(operation, ORIGIN) if sample.key != "tanstack"]
        assert all('data-slot="header.If-Match"' in html for html in slots)

    @pytest.fixture
    def operation(self, site: Site) -> Operation:
        return next(operation for operation in site.operations if operation.id == "samples.rename_room")


def test_a_fuzzer_may_meet_a_row_that_moved_on() -> None:
    told = configuration(sampled()).partition('"samples.rename_room"')[2].split("[[")[0]
    assert '"412"' in told
