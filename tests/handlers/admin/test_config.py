"""Config over HTTP: who may change which key, what is refused, what is remembered, and that nobody reads a secret."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.config.catalogue import CATALOGUE
from tests.handlers.support import until
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.staff import Hired, hired, member

KEY = "auth.lockout_threshold"
HARMLESS = "username.change_cooldown_days"
SECRET = "external.sms.twilio.auth_token"
PLANTED = "hunter2-of-the-vendor"
SHORTEST, LONGEST = "site.username_min_length", "site.username_max_length"
NETWORKS = "admin.allowed_networks"
WHY = "It was asked for in ticket 4711."
STALE = {"confirmed_at": datetime(2020, 1, 1, tzinfo=UTC)}


@pytest.fixture
def owner(server: Server) -> Hired:
    return member(server, "OWNER")


@pytest.fixture
def operator(server: Server) -> Hired:
    return member(server, "OPERATOR")


def later(**life: int) -> str:
    return (datetime.now(UTC) + timedelta(**life)).isoformat()


def get(api: Api, caller: Hired, key: str) -> httpx.Response:
    return api.call("admin.config.get", path=f"/admin/config/{key}", headers=caller.headers)


def shown(api: Api, caller: Hired, key: str) -> dict[str, Any]:
    data: dict[str, Any] = get(api, caller, key).json()["data"]
    return data


def put(
    api: Api, caller: Hired, key: str, value: Any, version: int = 0, *, dry: bool = False, **more: Any
) -> httpx.Response:
    headers = caller.headers | {"If-Match": f'"{version}"'}
    body = {"value": value, "reason": WHY} | more
    options: dict[str, Any] = {"params": {"dryRun": "true"}} if dry else {}
    return api.call("admin.config.set", body, path=f"/admin/config/{key}", headers=headers, **options)


def reset(api: Api, caller: Hired, key: str, version: int) -> httpx.Response:
    headers = caller.headers | {"If-Match": f'"{version}"'}
    return api.call("admin.config.reset", {"reason": WHY}, path=f"/admin/config/{key}/reset", headers=headers)


def patch(api: Api, caller: Hired, *changes: tuple[Any, ...], dry: bool = False) -> httpx.Response:
    asked = [dict(zip(("key", "value", "version", "until"), change, strict=False)) for change in changes]
    options: dict[str, Any] = {"params": {"dryRun": "true"}} if dry else {}
    return api.call("admin.config.change", {"changes": asked, "reason": WHY}, headers=caller.headers, **options)


def history(api: Api, caller: Hired, key: str, **query: Any) -> dict[str, Any]:
    path = f"/admin/config/{key}/history"
    answer = api.call("admin.config.history", path=path, params=query, headers=caller.headers)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def rollback(api: Api, caller: Hired, key: str, change: Any, version: int) -> httpx.Response:
    headers = caller.headers | {"If-Match": f'"{version}"'}
    body = {"historyId": str(change), "reason": WHY}
    return api.call("admin.config.rollback", body, path=f"/admin/config/{key}/rollback", headers=headers)


def listed(api: Api, caller: Hired, **query: Any) -> list[dict[str, Any]]:
    """All pages."""
    found: list[dict[str, Any]] = []
    while True:
        data = api.call("admin.config.list", params=query, headers=caller.headers).json()["data"]
        found += data["items"]
        if data["nextCursor"] is None:
            return found
        query["cursor"] = data["nextCursor"]


class TestList:
    def test_every_key_is_in_it_once_and_in_order(self, api: Api, operator: Hired) -> None:
        keys = [entry["key"] for entry in listed(api, operator, limit=37)]
        limits = {f"ratelimit.{name}" for name in api.server.app.parts.contract.written_rates}
        assert keys == sorted({*CATALOGUE, *limits})

    def test_filters(self, api: Api, owner: Hired) -> None:
        put(api, owner, KEY, 8)
        assert [entry["key"] for entry in listed(api, owner, changed="true")] == [KEY]
        assert KEY not in {entry["key"] for entry in listed(api, owner, changed="false")}
        assert {entry["key"] for entry in listed(api, owner, prefix="auth.lockout")} == {
            name for name in CATALOGUE if name.startswith("auth.lockout")
        }
        assert KEY in {entry["key"] for entry in listed(api, owner, q="FAILED LOGINS")}
        assert listed(api, owner, q="no such words") == []

    def test_a_limit_has_that_of_its_page_as_default(self, api: Api, operator: Hired) -> None:
        (limit,) = listed(api, operator, prefix="ratelimit.auth.login")
        assert (limit["kind"], limit["default"], limit["usedBy"]) == ("RATE", "20/hour", ["auth.login"])

    def test_a_cursor_of_another_list_is_refused(self, api: Api, operator: Hired) -> None:
        first = api.call("admin.config.list", params={"limit": 1}, headers=operator.headers).json()["data"]
        query = {"cursor": first["nextCursor"], "prefix": "auth"}
        assert code_of(api.call("admin.config.list", params=query, headers=operator.headers)) == "admin.cursor_invalid"


class TestGet:
    def test_an_unknown_key_is_not_found(self, api: Api, operator: Hired) -> None:
        for key in ("auth.nothing", "ratelimit.auth.nothing", "ratelimit."):
            answer = get(api, operator, key)
            assert (answer.status_code, code_of(answer)) == (404, "admin.not_found")

    def test_tells_all_about_a_key(self, api: Api, operator: Hired) -> None:
        answer = get(api, operator, KEY)
        entry = answer.json()["data"]
        assert answer.headers["ETag"] == '"0"'
        assert entry | {"usedBy": []} == {
            "key": KEY, "kind": "INTEGER", "value": 5, "default": 5, "changed": False,
            "meaning": CATALOGUE[KEY].meaning, "bounds": {"minimum": 3, "maximum": 100}, "choices": None,
            "version": 0, "until": None, "updatedAt": None, "updatedBy": None, "usedBy": [], "danger": True,
            "fits": True,
        }  # fmt: skip
        assert "auth.login" in entry["usedBy"]

    def test_no_key_is_used_by_what_changes_all_of_them(self, api: Api, operator: Hired) -> None:
        assert shown(api, operator, "auth.totp_window")["usedBy"]
        assert not [name for name in shown(api, operator, "auth.totp_window")["usedBy"] if "config" in name]

    def test_a_value_of_another_version_is_told(self, api: Api, operator: Hired, tables: Tables) -> None:
        tables.run("INSERT INTO config_entries (name, value) VALUES (%s, '99999')", KEY)
        entry = shown(api, operator, KEY)
        assert (entry["fits"], entry["value"], entry["changed"], entry["version"]) == (False, 5, True, 1)


class TestSet:
    def test_holds_at_once_and_is_remembered(self, api: Api, owner: Hired, tables: Tables) -> None:
        answer = put(api, owner, KEY, 8)
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
        assert api.server.app.config.get(KEY) == 8
        entry = answer.json()["data"]
        assert (entry["value"], entry["changed"], entry["updatedBy"]) == (8, True, str(owner.id))
        (change,) = history(api, owner, KEY)["items"]
        assert change | {"id": "", "at": ""} == {
            "id": "", "version": 1, "from": None, "to": 8, "until": None, "by": str(owner.id), "source": "STAFF",
            "reason": WHY, "at": "",
        }  # fmt: skip
        audit = tables.one("SELECT * FROM audit_logs WHERE action = 'admin.config.set'")
        assert (audit["actor_id"], audit["target_id"], audit["reason"]) == (owner.id, KEY, WHY)
        assert (audit["before"], audit["after"]) == ({"value": None}, {"value": 8})

    def test_whoever_read_another_version_overwrites_nothing(self, api: Api, owner: Hired) -> None:
        assert put(api, owner, KEY, 8).status_code == 200
        for version in (0, 2):
            answer = put(api, owner, KEY, 9, version)
            assert (answer.status_code, code_of(answer), answer.headers["ETag"]) == (412, "precondition.failed", '"1"')
        assert put(api, owner, KEY, 9, 1).headers["ETag"] == '"2"'
        without = api.call("admin.config.set", {"value": 9, "reason": WHY}, path=f"/admin/config/{KEY}",
                           headers=owner.headers)  # fmt: skip
        assert without.status_code == 428

    def test_no_version_is_ever_used_again(self, api: Api, owner: Hired) -> None:
        put(api, owner, KEY, 8)
        reset(api, owner, KEY, 1)
        assert put(api, owner, KEY, 9).headers["ETag"] == '"3"', "whoever read 8 as version 1 must not overwrite 9"
        assert put(api, owner, KEY, 10, 1).status_code == 412

    @pytest.mark.parametrize(
        ("key", "value", "rule"),
        [
            (KEY, 2, "minimum"),
            (KEY, 101, "maximum"),
            (KEY, "8", "type"),
            (KEY, 8.5, None),
            (KEY, True, "type"),
            (KEY, [], "type"),
            ("auth.email_mx_check", "false", "type"),
            ("platform.supported_locales", [], "minItems"),
            ("platform.supported_locales", ["xx"], "enum"),
            ("platform.supported_locales", [1], None),
            ("external.email.active_provider", "pigeon", "enum"),
            ("external.email.from", "nobody", "pattern"),
            ("security.alert_email", "nobody", "format"),
            ("site.api_url", "notaurl", "format"),
            ("ratelimit.auth.login", "often", "format"),
            ("ratelimit.auth.login", 3, "type"),
            (NETWORKS, ["nowhere"], "pattern"),
            (SECRET, "********", "masked"),
            (SECRET, "\u2022\u2022\u2022\u2022", "masked"),
            (SECRET, "(set)", "masked"),
            (SECRET, "xxxxxxxx", "masked"),
            (SECRET, None, None),
            ("platform.registration_enabled", False, "switch"),
        ],
    )
    def test_what_does_not_fit_is_refused(
        self, api: Api, owner: Hired, tables: Tables, key: str, value: Any, rule: str | None
    ) -> None:
        """``rule`` None: what is no value of any key is refused by the schema."""
        answer = put(api, owner, key, value)
        assert answer.status_code == 400
        if rule is None:
            assert (code_of(answer), broken_rules(answer)) == ("validation.failed", {("value", "config_value")})
        else:
            assert (code_of(answer), broken_rules(answer)) == ("admin.config.invalid", {("value", rule)})
            assert answer.json()["error"]["i18nVars"] == {"key": key, "rule": rule}
        assert tables.count("config_entries") == tables.count("config_history") == 0

    def test_a_whole_number_may_be_written_with_a_point(self, api: Api, owner: Hired) -> None:
        assert put(api, owner, KEY, 8.0).json()["data"]["value"] == 8

    @pytest.mark.parametrize(
        ("until_", "rule"),
        [
            (later(minutes=-1), "future"),
            (later(days=4000), "maximum"),
            ("2030-12-31T23:59:60Z", "format"),
            ("9999-12-31T23:59:59-23:59", "format"),
            ("0001-01-01T00:00:00+23:59", "format"),
        ],
    )
    def test_it_ends_in_the_future_or_never(
        self, api: Api, owner: Hired, tables: Tables, until_: str, rule: str
    ) -> None:
        answer = put(api, owner, KEY, 8, until=until_)
        code = "validation.failed" if rule == "format" else "admin.config.invalid"
        assert (code_of(answer), broken_rules(answer)) == (code, {("until", rule)})
        assert tables.count("config_entries") == 0

    def test_falls_back_by_itself(self, api: Api, owner: Hired) -> None:
        answer = put(api, owner, KEY, 8, until=later(milliseconds=700))
        assert answer.json()["data"]["until"] is not None
        assert api.server.app.config.get(KEY) == 8
        until(lambda: api.server.app.config.get(KEY) == 5)
        entry = shown(api, owner, KEY)
        assert (entry["value"], entry["changed"], entry["until"], entry["version"]) == (5, False, None, 1)
        assert put(api, owner, KEY, 9, 1).status_code == 200
        assert history(api, owner, KEY)["items"][0]["from"] is None

    def test_must_not_contradict_another_key(self, api: Api, owner: Hired, tables: Tables) -> None:
        answer = put(api, owner, SHORTEST, 31)
        assert (answer.status_code, code_of(answer)) == (400, "admin.config.conflict")
        assert answer.json()["error"]["i18nVars"] == {"key": SHORTEST, "with": LONGEST}
        assert broken_rules(answer) == {("value", "conflict")}
        assert tables.count("config_entries") == 0

    def test_nor_when_one_of_them_has_ended(self, api: Api, owner: Hired) -> None:
        assert put(api, owner, LONGEST, 40, until=later(hours=1)).status_code == 200
        assert code_of(put(api, owner, SHORTEST, 35)) == "admin.config.conflict"
        assert put(api, owner, SHORTEST, 35, until=later(minutes=30)).status_code == 200

    def test_what_is_dangerous_asks_for_a_fresh_proof(self, api: Api, server: Server) -> None:
        stale = member(server, "OWNER", session=STALE)
        answer = put(api, stale, KEY, 8)
        assert (answer.status_code, code_of(answer)) == (403, "admin.reauthentication_required")
        assert put(api, stale, HARMLESS, 8).status_code == 200

    def test_keys_of_the_staff_are_the_owners(self, api: Api, operator: Hired, owner: Hired, server: Server) -> None:
        for caller in (operator, member(server, "ADMIN")):
            answer = put(api, caller, "admin.fresh_minutes", 20)
            assert (answer.status_code, code_of(answer)) == (403, "admin.permission_denied")
            assert answer.json()["error"]["i18nVars"] == {"permission": "config.admin"}
        assert put(api, owner, "admin.fresh_minutes", 20).status_code == 200

    def test_secrets_need_the_permission_for_credentials(self, api: Api, operator: Hired, server: Server) -> None:
        answer = put(api, operator, SECRET, PLANTED)
        assert (answer.status_code, code_of(answer)) == (403, "admin.permission_denied")
        assert PLANTED not in answer.text
        assert put(api, member(server, "ADMIN"), SECRET, PLANTED).status_code == 200

    @pytest.mark.parametrize("key", ["external.sms.twilio.base_url", "site.base_url"])
    def test_so_do_addresses_that_they_are_sent_to(self, api: Api, operator: Hired, server: Server, key: str) -> None:
        answer = put(api, operator, key, "https://collects.example")
        assert answer.json()["error"]["i18nVars"] == {"permission": "providers.credentials"}
        assert put(api, member(server, "ADMIN"), key, "https://example.com").status_code == 200

    def test_nobody_shuts_themselves_out(self, api: Api, owner: Hired, tables: Tables) -> None:
        answer = put(api, owner, NETWORKS, ["203.0.113.0/24"])
        assert broken_rules(answer) == {("value", "own_network")}
        assert tables.count("config_entries") == 0
        assert put(api, owner, NETWORKS, ["203.0.113.0/24", f"{api.address}/32"]).status_code == 200

    def test_an_unknown_key_is_not_found(self, api: Api, owner: Hired) -> None:
        assert code_of(put(api, owner, "auth.nothing", 1)) == "admin.not_found"

    def test_a_dry_run_leaves_no_row(self, api: Api, owner: Hired, tables: Tables) -> None:
        get(api, owner, KEY)
        before = tables.fingerprints()
        answer = put(api, owner, KEY, 8, dry=True)
        assert (answer.status_code, answer.json()["dryRun"], answer.json()["data"]["value"]) == (200, True, 8)
        assert tables.changed_since(before) == set()
        assert api.server.app.config.get(KEY) == 5
        assert code_of(put(api, owner, SHORTEST, 31, dry=True)) == "admin.config.conflict"

    def test_a_secret_is_in_no_answer_row_or_log_line(
        self, api: Api, owner: Hired, tables: Tables, capsys: pytest.CaptureFixture[str]
    ) -> None:
        other = f"{PLANTED}-renewed"
        texts = [put(api, owner, SECRET, PLANTED).text, put(api, owner, SECRET, other, 1).text]
        texts += [get(api, owner, SECRET).text, json.dumps(listed(api, owner)), str(history(api, owner, SECRET))]
        texts += [put(api, owner, SECRET, PLANTED, 7).text, put(api, owner, "external.email.smtp.url", PLANTED).text]
        texts += [patch(api, owner, (SECRET, PLANTED, 2), (KEY, 200, 0)).text, reset(api, owner, SECRET, 2).text]
        for table in tables.names():
            texts.append(str(tables.rows(f"SELECT t::text FROM {table} t")))  # noqa: S608 - a name of the catalogue
        texts += list(capsys.readouterr())
        assert not [text for text in texts if PLANTED in text]

    def test_of_a_secret_its_fingerprint_is_shown(self, api: Api, owner: Hired) -> None:
        assert (shown(api, owner, SECRET)["isSet"], shown(api, owner, SECRET)["fingerprint"]) == (False, None)
        first = put(api, owner, SECRET, PLANTED).json()["data"]
        assert (first["value"], first["default"], first["isSet"]) == (None, None, True)
        again = put(api, owner, SECRET, PLANTED, 1).json()["data"]["fingerprint"]
        other = put(api, owner, SECRET, "another", 2).json()["data"]["fingerprint"]
        assert first["fingerprint"] == again != other
        changes = history(api, owner, SECRET)["items"]
        assert [(change["from"], change["to"]) for change in changes] == [
            (again, other), (again, again), (None, again),
        ]  # fmt: skip

    def test_a_key_that_became_a_secret_shows_nothing_of_before(self, api: Api, owner: Hired, tables: Tables) -> None:
        row = (uuid4(), SECRET, 1, json.dumps(PLANTED))
        tables.run(
            "INSERT INTO config_history (id, name, version, after, source) VALUES (%s, %s, %s, %s, 'COMMAND')", *row
        )
        assert [change["to"] for change in history(api, owner, SECRET)["items"]] == [None]


class TestReset:
    def test_the_default_is_back(self, api: Api, owner: Hired, tables: Tables) -> None:
        put(api, owner, KEY, 8)
        answer = reset(api, owner, KEY, 1)
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"0"')
        assert (answer.json()["data"]["value"], answer.json()["data"]["changed"]) == (5, False)
        assert api.server.app.config.get(KEY) == 5
        change = history(api, owner, KEY)["items"][0]
        assert (change["from"], change["to"], change["version"]) == (8, None, 2)
        assert tables.count("config_entries") == 0

    def test_what_has_its_default_stays(self, api: Api, owner: Hired, tables: Tables) -> None:
        assert reset(api, owner, KEY, 0).status_code == 200
        assert tables.count("config_history") == 0

    def test_is_refused_like_any_change(self, api: Api, owner: Hired, operator: Hired, server: Server) -> None:
        assert code_of(reset(api, owner, "auth.nothing", 0)) == "admin.not_found"
        assert code_of(reset(api, operator, "admin.fresh_minutes", 0)) == "admin.permission_denied"
        assert code_of(reset(api, owner, "platform.registration_enabled", 0)) == "admin.config.invalid"
        stale = member(server, "OWNER", session=STALE)
        assert code_of(reset(api, stale, KEY, 0)) == "admin.reauthentication_required"
        put(api, owner, KEY, 8)
        assert code_of(reset(api, owner, KEY, 0)) == "precondition.failed"
        assert patch(api, owner, (SHORTEST, 35, 0), (LONGEST, 40, 0)).status_code == 200
        assert code_of(reset(api, owner, LONGEST, 1)) == "admin.config.conflict"


class TestChange:
    def test_pairs_move_together(self, api: Api, owner: Hired, tables: Tables) -> None:
        assert code_of(put(api, owner, SHORTEST, 35)) == "admin.config.conflict"
        answer = patch(api, owner, (SHORTEST, 35, 0), (LONGEST, 40, 0))
        assert answer.status_code == 200, answer.text
        assert [(entry["key"], entry["value"], entry["version"]) for entry in answer.json()["data"]["items"]] == [
            (SHORTEST, 35, 1), (LONGEST, 40, 1),
        ]  # fmt: skip
        assert api.server.app.config.get(LONGEST) == 40
        audits = tables.rows("SELECT target_id FROM audit_logs WHERE action = 'admin.config.change' ORDER BY target_id")
        assert [row["target_id"] for row in audits] == [LONGEST, SHORTEST]

    @pytest.mark.parametrize(
        ("second", "code", "broken"),
        [
            ((LONGEST, 2, 0), "admin.config.conflict", ("changes.0.value", "conflict")),
            ((LONGEST, 101, 0), "admin.config.invalid", ("changes.1.value", "maximum")),
            ((SHORTEST, 5, 0), "admin.config.invalid", ("changes.1.key", "single")),
            ((LONGEST, 40, 1), "precondition.failed", ("changes.1.version", "version")),
            ((LONGEST, 40, 0, later(hours=-1)), "admin.config.invalid", ("changes.1.until", "future")),
            (("platform.registration_enabled", False, 0), "admin.config.invalid", ("value", "switch")),
            (("auth.nothing", 1, 0), "admin.not_found", None),
        ],
    )
    def test_all_or_none(
        self, api: Api, owner: Hired, tables: Tables, second: Any, code: str, broken: tuple[str, str] | None
    ) -> None:
        get(api, owner, KEY)
        before = tables.fingerprints()
        answer = patch(api, owner, (SHORTEST, 4, 0), second)
        assert code_of(answer) == code
        assert broken is None or broken_rules(answer) == {broken}
        assert tables.changed_since(before) == set()

    def test_each_key_asks_for_what_it_needs(self, api: Api, operator: Hired, server: Server) -> None:
        assert code_of(patch(api, operator, (HARMLESS, 1, 0), (SECRET, PLANTED, 0))) == "admin.permission_denied"
        stale = member(server, "OWNER", session=STALE)
        assert code_of(patch(api, stale, (HARMLESS, 1, 0), (KEY, 8, 0))) == "admin.reauthentication_required"
        assert patch(api, stale, (HARMLESS, 1, 0)).status_code == 200

    def test_a_dry_run_leaves_no_row(self, api: Api, owner: Hired, tables: Tables) -> None:
        get(api, owner, KEY)
        before = tables.fingerprints()
        answer = patch(api, owner, (SHORTEST, 35, 0), (LONGEST, 40, 0), dry=True)
        assert [entry["value"] for entry in answer.json()["data"]["items"]] == [35, 40]
        assert tables.changed_since(before) == set()


class TestHistory:
    def test_is_walked_from_the_newest_on(self, api: Api, owner: Hired) -> None:
        for version in range(5):
            assert put(api, owner, KEY, 10 + version, version).status_code == 200
        first = history(api, owner, KEY, limit=2)
        second = history(api, owner, KEY, limit=2, cursor=first["nextCursor"])
        third = history(api, owner, KEY, limit=2, cursor=second["nextCursor"])
        seen = [change["to"] for page in (first, second, third) for change in page["items"]]
        assert (seen, third["nextCursor"]) == ([14, 13, 12, 11, 10], None)

    def test_tells_of_commands(self, api: Api, server: Server, operator: Hired) -> None:
        server.configure(**{KEY: 7})
        (change,) = history(api, operator, KEY)["items"]
        assert (change["by"], change["source"], change["reason"], change["to"]) == (None, "COMMAND", None, 7)

    def test_an_unknown_key_and_a_bad_cursor_are_refused(self, api: Api, operator: Hired) -> None:
        for key, query, code in (
            ("auth.nothing", {}, "admin.not_found"),
            (KEY, {"cursor": "x"}, "admin.cursor_invalid"),
        ):
            path = f"/admin/config/{key}/history"
            assert code_of(api.call("admin.config.history", path=path, params=query, headers=operator.headers)) == code


class TestRollback:
    def test_an_earlier_value_is_back(self, api: Api, owner: Hired, tables: Tables) -> None:
        put(api, owner, KEY, 8, until=later(hours=1))
        put(api, owner, KEY, 9, 1)
        first = history(api, owner, KEY)["items"][-1]["id"]
        answer = rollback(api, owner, KEY, first, 2)
        assert (answer.json()["data"]["value"], answer.headers["ETag"], answer.json()["data"]["until"]) == (
            8,
            '"3"',
            None,
        )
        assert api.server.app.config.get(KEY) == 8
        audit = tables.one("SELECT details FROM audit_logs WHERE action = 'admin.config.rollback'")
        assert audit["details"]["restored"] == first

    def test_so_is_the_default(self, api: Api, owner: Hired) -> None:
        put(api, owner, KEY, 8)
        reset(api, owner, KEY, 1)
        put(api, owner, KEY, 9)
        back = history(api, owner, KEY)["items"][1]["id"]
        answer = rollback(api, owner, KEY, back, 3)
        assert (answer.json()["data"]["value"], answer.headers["ETag"]) == (5, '"0"')

    def test_neither_secrets_nor_values_that_fit_no_more(self, api: Api, owner: Hired, tables: Tables) -> None:
        put(api, owner, SECRET, PLANTED)
        change = history(api, owner, SECRET)["items"][0]["id"]
        assert code_of(rollback(api, owner, SECRET, change, 1)) == "admin.config.not_restorable"
        put(api, owner, KEY, 8)
        tables.run("UPDATE config_history SET after = '2' WHERE name = %s", KEY)
        change = history(api, owner, KEY)["items"][0]["id"]
        assert code_of(rollback(api, owner, KEY, change, 1)) == "admin.config.not_restorable"

    def test_is_refused_like_any_change(self, api: Api, owner: Hired, operator: Hired, server: Server) -> None:
        put(api, owner, KEY, 8)
        change = UUID(history(api, owner, KEY)["items"][0]["id"])
        assert code_of(rollback(api, owner, KEY, uuid4(), 1)) == "admin.not_found"
        assert code_of(rollback(api, owner, HARMLESS, change, 0)) == "admin.not_found", "a change of another key"
        assert code_of(rollback(api, owner, "auth.nothing", change, 0)) == "admin.not_found"
        assert code_of(rollback(api, owner, KEY, change, 0)) == "precondition.failed"
        assert code_of(rollback(api, owner, "platform.registration_enabled", change, 0)) == "admin.config.invalid"
        assert code_of(rollback(api, operator, "admin.fresh_minutes", change, 0)) == "admin.permission_denied"
        stale = member(server, "OWNER", session=STALE)
        assert code_of(rollback(api, stale, HARMLESS, change, 0)) == "admin.reauthentication_required"

    def test_must_not_contradict_another_key(self, api: Api, owner: Hired) -> None:
        patch(api, owner, (SHORTEST, 35, 0), (LONGEST, 40, 0))
        patch(api, owner, (SHORTEST, 3, 1), (LONGEST, 30, 1))
        first = history(api, owner, SHORTEST)["items"][-1]["id"]
        assert code_of(rollback(api, owner, SHORTEST, first, 2)) == "admin.config.conflict"


def test_who_may_only_read_changes_nothing(api: Api, server: Server) -> None:
    auditor = Hired(uuid4(), uuid4(), hired(server, "AUDITOR"), "")
    assert get(api, auditor, KEY).status_code == 200
    assert code_of(put(api, auditor, HARMLESS, 8)) == "admin.permission_denied"
