"""Dry runs: all tables before and after, whatever the handler does."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import html5lib
import httpx
import pytest

from contract.changes import compare
from contract.policy import ContractError
from contract.texts import Texts
from portal.exports.postman import collection
from portal.model import Operation, Site
from portal.samples import texts
from portal.samples.call import Values, examples
from portal.words import Words
from runtime.web.extensions import dry_runs
from services.container import OfCall, Services
from tests.extended.guarding import handlers
from tests.extended.guarding.kit import STARTED, documented, refusal, room, sampled
from tests.harness import Api, Server, broken_rules, code_of
from tests.portal.conftest import BUILT
from tests.portal.sites import ORIGIN

FILE = "paths/samples.yaml"
WAYS = ("plain", "commits", "refused", "caught", "late", "broken")
PATH = "/api/v1/samples/rehearsals"
# What handlers may ask for in a dry run: it reads, computes, or works in the unit of work that it is given.
HARMLESS = {
    "adjustments", "closings", "coupons", "freezes", "payouts", "refunds", "request_id", "vault",
    "audit_seals", "bundles", "changes", "clean_css", "client", "clock", "config", "db", "desk", "device_of",
    "devices_of", "digests", "editions", "erasures", "examine", "export_links", "geoip", "hasher", "mail_templates",
    "moderation", "one_by_one", "operation_urls", "permissions", "previews", "principal", "provider_desk",
    "public_pages", "qr_code", "random_bytes", "region_of", "say", "say_in", "site_paths", "subscriptions", "tokens",
    "uow", "walk", "wordings",
}  # fmt: skip
MISUSES = {
    "another kind": ("x-biore-dry-run: true", "x-biore-dry-run: always", "must be true or false"),
    "what reads": (
        "x-biore-page: samples/read-room\n", "x-biore-page: samples/read-room\n    x-biore-dry-run: true\n",
        "which GET does not"),
    "a token that is spent": (
        "x-biore-page: samples/rehearse\n", "x-biore-page: samples/rehearse\n    x-biore-captcha: true\n",
        "spent by a look at it"),
    "a parameter that follows": (
        "    x-biore-page: samples/rehearse\n", "    x-biore-page: samples/rehearse\n    parameters:\n"
        "      - {name: dryRun, in: query, description: Mine., schema: {type: boolean}}\n", "take it out"),
}  # fmt: skip


@pytest.fixture(scope="module")
def server(start_server: Callable[..., Server]) -> Server:
    return start_server(**STARTED)


@pytest.fixture
def api(server: Server) -> Iterator[Api]:
    room(server.tables)  # makes the tables
    server.reset()
    with server.client(event_hooks={"response": [documented()]}) as client:
        yield client


def rehearse(api: Api, way: str = "plain", dry: str | None = "true", **headers: str) -> httpx.Response:
    query = {} if dry is None else {"dryRun": dry}
    name = {"late": handlers.LATE, "broken": handlers.BROKEN}.get(way)
    body = {"name": name or "Blue room", "way": "plain" if name else way}
    return api.post(PATH, json=body, params=query, headers=headers)


class TestNothingIsKept:
    @pytest.mark.parametrize("way", WAYS)
    def test_whatever_the_handler_does(self, api: Api, way: str) -> None:
        before = api.server.tables.fingerprints()
        assert len(before) > 40
        rehearse(api, way)
        assert api.server.tables.changed_since(before) == set()

    @pytest.mark.parametrize("way", WAYS)
    def test_the_answer_is_that_of_the_call_itself(self, api: Api, way: str) -> None:
        tried, done = rehearse(api, way), rehearse(api, way, None)
        assert tried.status_code == done.status_code
        if done.status_code == 201:
            assert tried.json()["dryRun"] is True
            assert "dryRun" not in done.json()
            assert tried.json()["data"] | {"id": 0} == done.json()["data"] | {"id": 0}
        else:
            assert code_of(tried) == code_of(done)
            assert "dryRun" not in tried.json()

    def test_the_call_itself_keeps_all_of_it(self, api: Api) -> None:
        before = api.server.tables.fingerprints()
        assert rehearse(api, dry=None).status_code == 201
        assert api.server.tables.changed_since(before) == {"audit_logs", "outbox", "sample_rooms"}

    @pytest.mark.parametrize("dry", ["false", None])
    def test_only_true_is_a_dry_run(self, api: Api, dry: str | None) -> None:
        assert rehearse(api, dry=dry).json().keys() == {"success", "data"}
        assert api.server.tables.count("sample_rooms") == 1

    @pytest.mark.parametrize("dry", ["", "1", "yes", "True", "TRUE", "null"])
    def test_what_is_neither_is_refused_before_anything_is_done(self, api: Api, dry: str) -> None:
        before = api.server.tables.fingerprints()
        assert broken_rules(rehearse(api, dry=dry)) == {("dryRun", "type")}
        assert api.server.tables.changed_since(before) == set()

    def test_twice_is_refused(self, api: Api) -> None:
        answer = api.post(f"{PATH}?dryRun=true&dryRun=false", json={"name": "Blue room", "way": "plain"})
        assert broken_rules(answer) == {("dryRun", "single")}

    def test_no_connection_is_lost(self, api: Api) -> None:
        for _ in range(12):  # more than the pool has
            for way in ("plain", "broken", "late"):
                rehearse(api, way)
        assert api.server.on_loop(checked_out(api.server)) == 0

    def test_others_do_not_see_it_and_do_not_wait(self, api: Api) -> None:
        number = room(api.server.tables, version=7)
        assert rename(api, number, '"7"', dry=True).status_code == 200
        assert rename(api, number, '"7"').json()["data"]["version"] == 8


async def checked_out(server: Server) -> int:
    return server.app.parts.database.pool.state.in_use


def rename(api: Api, number: int, version: str, dry: bool = False, key: str | None = None) -> httpx.Response:
    query = {"dryRun": "true"} if dry else {}
    given = {"If-Match": version} | ({} if key is None else {"Idempotency-Key": key})
    return api.patch(f"/api/v1/samples/rooms/{number}", json={"name": "Red room"}, params=query, headers=given)


class TestBesideOthers:
    def test_a_version_that_was_not_kept_is_no_etag(self, api: Api) -> None:
        number = room(api.server.tables, version=7)
        tried = rename(api, number, '"7"', dry=True)
        assert tried.json() == {
            "success": True, "dryRun": True, "data": {"id": number, "name": "Red room", "version": 8}
        }  # fmt: skip
        assert "etag" not in tried.headers
        assert rename(api, number, '"7"').headers["etag"] == '"8"'

    def test_a_row_that_moved_on_is_told(self, api: Api) -> None:
        number = room(api.server.tables, version=7)
        tried = rename(api, number, '"6"', dry=True)
        assert (tried.status_code, tried.headers["etag"]) == (412, '"7"')

    def test_a_key_of_idempotency_is_neither_claimed_nor_looked_at(self, api: Api) -> None:
        number, key = room(api.server.tables, version=7), uuid4().hex
        before = api.server.tables.fingerprints()
        assert rename(api, number, '"7"', dry=True, key=key).status_code == 200
        assert api.server.tables.changed_since(before) == set()
        done = rename(api, number, '"7"', key=key)
        assert (done.status_code, "idempotency-replayed" in done.headers) == (200, False)
        assert rename(api, number, '"7"', key=key).headers["idempotency-replayed"] == "true"
        assert rename(api, number, '"7"', dry=True, key=key).status_code == 412

    def test_a_key_that_is_none_is_refused_all_the_same(self, api: Api) -> None:
        answer = rename(api, room(api.server.tables), '"0"', dry=True, key="x" * 256)
        assert answer.status_code == 400

    def test_the_limit_counts_it(self, api: Api) -> None:
        api.server.configure(**{"ratelimit.samples.rehearse": "2/hour"})
        assert [rehearse(api).status_code for _ in range(3)] == [201, 201, 429]


class TestStart:
    def test_knows_every_name_that_reaches_outside(self) -> None:
        known = Services.__dataclass_fields__.keys() | OfCall.__annotations__.keys()
        assert dry_runs.OUTSIDE.keys() <= known
        assert known - dry_runs.OUTSIDE.keys() == HARMLESS, "is a new one taken back by a rollback? then it is harmless"

    @pytest.mark.parametrize("name", dry_runs.OUTSIDE)
    def test_a_handler_that_reaches_outside_stops_it(self, name: str) -> None:
        policy = sampled().policies["samples.rehearse"]
        with pytest.raises(ContractError, match=rf"samples\.rehearse: x-biore-dry-run: the handler asks for {name} \("):
            dry_runs.check(policy, {"body", "uow", name})
        dry_runs.check(sampled().policies["samples.make_room"], {"body", "uow", name})

    def test_a_handler_without_a_unit_of_work_stops_it(self) -> None:
        with pytest.raises(ContractError, match="takes neither uow nor db"):
            dry_runs.check(sampled().policies["samples.rehearse"], {"body"})

    def test_a_handler_cannot_ask_whether_it_is_one(self) -> None:
        policy = sampled().policies["samples.rehearse"]
        assert dry_runs.arguments(policy, {"room_id", dry_runs.GIVEN}) == {"room_id"}

    @pytest.mark.parametrize(("old", "new", "words"), MISUSES.values(), ids=MISUSES)
    def test_the_loader_refuses(self, tmp_path: Path, old: str, new: str, words: str) -> None:
        told = refusal(tmp_path, FILE, old, new)
        assert words in told
        assert re.match(rf"openapi/{FILE}:\d+: [A-Z]+ /samples/", told)


class TestDocument:
    def test_has_the_parameter_and_the_field(self) -> None:
        contract = sampled()
        operation = contract.operation("samples.rehearse")
        assert operation["parameters"] == [{"$ref": "#/components/parameters/DryRun"}]
        schema = operation["responses"]["201"]["content"]["application/json"]["schema"]["$ref"]
        assert schema.endswith("/ApiResponseOfRoomOrDryRun")
        envelope = contract.document["components"]["schemas"]["ApiResponseOfRoomOrDryRun"]
        assert (envelope["required"], envelope["properties"]["dryRun"]["enum"]) == (["success", "data"], [True])
        assert "dryRun" not in contract.document["components"]["schemas"]["ApiResponseOfRoom"]["properties"]

    def test_a_change_is_told(self) -> None:
        new = sampled().document
        operation = new["paths"]["/samples/rehearsals"]["post"]
        without = {"post": operation | {"parameters": []}}
        old = new | {"paths": new["paths"] | {"/samples/rehearsals": without}}
        assert {(c.kind, c.where, c.breaking) for c in compare(old, new)} == {("field.added", "dryRun", False)}
        assert {(c.kind, c.where, c.breaking) for c in compare(new, old)} == {("field.removed", "dryRun", True)}


class TestPages:
    def test_say_so_in_every_language(self, site: Site, built: Path) -> None:
        words = Texts(site.contract.errors)
        for locale in BUILT:
            page = built / ("" if locale == "en" else locale) / "docs" / "samples" / "rehearse" / "index.html"
            told = " ".join("".join(html5lib.parse(page.read_text(), namespaceHTMLElements=False).itertext()).split())
            assert Words(locale, words).plain("facts.dryRunText").replace("`", "") in told
        assert "`?dryRun=true` checks everything" in (built / "docs" / "samples" / "rehearse.md").read_text()

    def test_samples_and_forms_do_the_thing_itself(self, operation: Operation, built: Path) -> None:
        assert [text for text in texts(operation, ORIGIN).values() if "dryRun=" in text] == []
        bundle = (built / "docs" / "samples" / "rehearse.json").read_text()
        (shown,) = re.findall(r'\{[^{}]*"name":"dryRun"[^{}]*\{[^{}]*\}\}', bundle)
        assert json.loads(shown) == {
            "name": "dryRun", "in": "query", "required": False, "schema": {"type": "boolean"}
        }  # fmt: skip

    def test_a_reader_may_try_first(self, operation: Operation) -> None:
        given = examples(operation)
        filled = Values(query={"dryRun": True}, body=given.body)
        for language, text in texts(operation, ORIGIN, filled).items():
            assert "dryRun=true" in text or language == "tanstack"
        assert "query?: { dryRun?: boolean }" in texts(operation, ORIGIN)["tanstack"]

    def test_postman_offers_it_switched_off(self, site: Site) -> None:
        (folder,) = [item for item in collection(site, ORIGIN)["item"] if item["name"] == "samples"]
        (item,) = [item for item in folder["item"] if item["name"] == "Test Side Effects"]
        (pair,) = item["request"]["url"]["query"]
        assert (pair["key"], pair["value"], pair["disabled"]) == ("dryRun", "true", True)

    @pytest.fixture
    def operation(self, site: Site) -> Operation:
        return next(operation for operation in site.operations if operation.id == "samples.rehearse")
