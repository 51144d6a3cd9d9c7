"""Providers as staff sees, chooses, sets, probes and tests them."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx
import pytest
from structlog.testing import capture_logs

from providers.breaker import FAILURES, State
from tests.handlers.conftest import Clients
from tests.handlers.support import audited, until
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.providers.conftest import DatabaseMaker
from tests.providers.s3_server import s3_server
from tests.providers.servers import SmtpServer, closed_port, silent_server, smtp_server
from tests.providers.sms_vendors import VENDORS, sms_vendor
from tests.staff import Hired, member

REASON = "The other one is in maintenance."
PLANTED = "planted-secret-of-the-vendor"
PHONE = "+905551112212"


@pytest.fixture
def owner(server: Server) -> Hired:
    return member(server, "OWNER", email="owner@example.com", phone=PHONE, phone_verified_at=datetime.now(UTC))


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with smtp_server() as vendor:
        yield vendor


def version_of(response: httpx.Response) -> str:
    return response.headers["ETag"]


def get(api: Api, caller: Hired, family: str) -> Any:
    response = api.call("admin.providers.get", path=f"/admin/providers/{family}", headers=caller.headers)
    assert response.status_code == 200, response.text
    told = response.json()["data"]
    assert version_of(response) == f'"{told["version"]}"'
    return told


def named(family: Any, name: str) -> Any:
    return next(provider for provider in family["providers"] if provider["name"] == name)


def order(
    api: Api, caller: Hired, family: str, active: str, *failover: str, version: int | None = None, **fields: Any
) -> httpx.Response:
    query = {"dryRun": "true"} if fields.pop("dry", False) else {}
    known = get(api, caller, family)["version"] if version is None else version
    body = {"active": active, "failover": [*failover], "reason": REASON} | fields
    headers = caller.headers | {"If-Match": f'"{known}"'}
    path = f"/admin/providers/{family}/order"
    return api.call("admin.providers.order", body, path=path, headers=headers, params=query)


def put(api: Api, caller: Hired, place: str, **values: str | None) -> httpx.Response:
    return put_at(api, caller, place, get(api, caller, place.split(".")[0])["version"], **values)


def put_at(api: Api, caller: Hired, place: str, known: int, /, **values: str | None) -> httpx.Response:
    family, name = place.split(".")
    body = {"values": [{"key": key, "value": value} for key, value in values.items()], "reason": REASON}
    headers = caller.headers | {"If-Match": f'"{known}"'}
    path = f"/admin/providers/{family}/{name}/settings"
    return api.call("admin.providers.settings", body, path=path, headers=headers)


def probe(api: Api, caller: Hired, place: str) -> httpx.Response:
    path = f"/admin/providers/{place.replace('.', '/')}/probe"
    return api.call("admin.providers.probe", path=path, headers=caller.headers)


def tried(api: Api, caller: Hired, place: str, **sample: Any) -> httpx.Response:
    path = f"/admin/providers/{place.replace('.', '/')}/test"
    return api.call("admin.providers.test", sample, path=path, headers=caller.headers)


def setting(api: Api, caller: Hired, place: str, key: str) -> Any:
    family, name = place.split(".")
    settings = named(get(api, caller, family), name)["settings"]
    return next(one for one in settings if one["key"] == key)


def tell(server: Server) -> None:
    """What the process does by the clock."""
    server.on_loop(server.app.config.keep_up())


class TestList:
    def test_every_family_with_every_provider(self, api: Api, owner: Hired) -> None:
        told = api.call("admin.providers.list", headers=owner.headers).json()["data"]["items"]
        assert {one["family"]: [provider["name"] for provider in one["providers"]] for one in told} == {
            "captcha": ["turnstile", "hcaptcha", "recaptcha"],
            "dns": ["resolver"],
            "email": ["mailbox", "smtp", "smtp_secondary"],
            "geoip": ["cdn_header", "maxmind"],
            "kyc": ["sandbox", "stripe_identity", "veriff"],
            "leaked_passwords": ["pwned_passwords"],
            "payment": ["mollie", "sandbox", "stripe"],
            "payout": ["sandbox", "stripe_connect", "paypal", "wise"],
            "sms": ["mailbox", "twilio", "vonage"],
            "storage": ["local", "s3"],
        }
        assert {(one["version"], one["active"]) for one in told if one["family"] == "email"} == {(0, "mailbox")}

    def test_what_production_has_not(self, start_server: Callable[..., Server], clients: Clients) -> None:
        server = start_server(env="production")
        told = get(clients(server), member(server, "AUDITOR"), "email")
        assert {provider["name"]: provider["available"] for provider in told["providers"]} == {
            "mailbox": False,
            "smtp": True,
            "smtp_secondary": True,
        }

    def test_an_unknown_family(self, api: Api, owner: Hired) -> None:
        response = api.call("admin.providers.get", path="/admin/providers/nothing", headers=owner.headers)
        assert code_of(response) == "admin.not_found"


class TestOutcomes:
    def fail(self, api: Api, server: Server, times: int) -> None:
        server.configure(**{"ratelimit.enabled": False})
        url = f"smtp://127.0.0.1:{closed_port()}?tls=none"
        server.configure(**{"external.email.smtp.url": url, "external.email.active_provider": "smtp"})
        for _ in range(times):
            api.call("dev.mail", {"to": "ada@example.com"})

    def test_calls_are_counted_and_failures_told(self, api: Api, server: Server, owner: Hired) -> None:
        server.app.parts.providers.watch.taken()
        self.fail(api, server, 2)
        api.call("dev.mail", {"to": "ada@example.com", "provider": "mailbox"})

        def told() -> Any:
            tell(server)
            return named(get(api, owner, "email"), "smtp")["outcomes"]

        until(told)
        family = get(api, owner, "email")
        (outcome,) = named(family, "smtp")["outcomes"]
        assert (outcome["outcome"], outcome["calls"]) == ("unavailable", 2)
        assert 0 <= outcome["averageMs"] <= outcome["slowestMs"]
        (failure,) = named(family, "smtp")["lastFailures"]
        assert failure["outcome"] == "unavailable"
        assert "the server cannot be used" in failure["fault"]
        (delivered,) = named(family, "mailbox")["outcomes"]
        assert (delivered["outcome"], delivered["calls"]) == ("ok", 1)
        age = datetime.now(UTC) - datetime.fromisoformat(family["outcomesSince"])
        assert timedelta(hours=24) <= age <= timedelta(hours=25)

    def test_what_is_older_than_a_day_is_not_counted(self, api: Api, tables: Tables, owner: Hired) -> None:
        insert = (
            "INSERT INTO provider_outcomes (hour, family, provider, outcome, calls, micros, slowest_micros, last_at) "
            "VALUES (date_trunc('hour', now()) - %s * interval '1 hour', 'sms', 'vonage', 'ok', 1, 1, 1, now())"
        )
        for hours in (1, 23, 26):
            tables.run(insert, hours)
        (outcome,) = named(get(api, owner, "sms"), "vonage")["outcomes"]
        assert outcome["calls"] == 2

    def test_the_breaker_of_each_process_is_told(self, api: Api, server: Server, owner: Hired) -> None:
        self.fail(api, server, FAILURES)
        tell(server)
        (breaker,) = named(get(api, owner, "email"), "smtp")["breakers"]
        assert (breaker["role"], breaker["state"]) == ("api", "OPEN")
        assert breaker["openedAt"] is not None
        assert breaker["fault"]

    def test_the_list_and_a_new_order_tell_all_of_it_too(
        self, api: Api, server: Server, owner: Hired, smtp: SmtpServer
    ) -> None:
        server.configure(**{"external.email.smtp.url": f"{smtp.url}?tls=none"})
        assert probe(api, owner, "email.smtp").json()["data"]["ok"] is True
        tell(server)  # the process has heard of the probe, which closes no breaker any more
        self.fail(api, server, FAILURES)
        tell(server)
        until(lambda: named(get(api, owner, "email"), "smtp")["lastFailures"])
        families = api.call("admin.providers.list", headers=owner.headers).json()["data"]["items"]
        ordered = order(api, owner, "email", "mailbox", "smtp", force=True).json()["data"]
        (listed,) = [family for family in families if family["family"] == "email"]
        for told in (named(listed, "smtp"), named(ordered, "smtp")):
            (breaker,), (outcome,) = told["breakers"], told["outcomes"]
            assert (breaker["state"], outcome["outcome"], outcome["calls"]) == ("OPEN", "unavailable", FAILURES)
            assert told["lastProbeAt"] < breaker["openedAt"] <= breaker["failedAt"]
            assert told["lastFailures"][0].keys() == {"at", "outcome", "fault"}
            assert told["lastFailures"][0]["fault"] == breaker["fault"]

    def test_a_process_that_is_gone_is_not_told_of(self, api: Api, tables: Tables, owner: Hired) -> None:
        insert = (
            "INSERT INTO provider_states (process, family, provider, host, pid, role, state, seen_at) "
            "VALUES (gen_random_uuid(), 'sms', 'vonage', 'node', %s, 'worker', 'OPEN', now() - %s * interval '1 s')"
        )
        for pid, seconds in ((1, 30), (2, 61)):
            tables.run(insert, pid, seconds)
        assert [one["pid"] for one in named(get(api, owner, "sms"), "vonage")["breakers"]] == [1]


class TestOrder:
    def test_the_next_call_has_the_new_one(self, api: Api, server: Server, owner: Hired, smtp: SmtpServer) -> None:
        server.configure(**{"external.email.smtp.url": f"{smtp.url}?tls=none"})
        response = order(api, owner, "email", "smtp", "mailbox")
        told = response.json()["data"]
        assert (response.status_code, told["active"], told["failover"]) == (200, "smtp", ["mailbox"])
        assert version_of(response) == f'"{told["version"]}"'
        api.call("dev.mail", {"to": "ada@example.com"})
        assert len(smtp.accepted) == 1
        back = order(api, owner, "email", "mailbox")
        assert back.json()["data"]["active"] == "mailbox"
        assert back.json()["data"]["version"] > told["version"]

    def test_it_is_recorded(self, api: Api, tables: Tables, owner: Hired) -> None:
        order(api, owner, "geoip", "maxmind", "cdn_header", force=True)
        (row,) = audited(tables, "admin.providers.order")
        assert (row["actor_id"], row["target_id"], row["reason"]) == (owner.id, "geoip", REASON)
        assert row["before"] == {"active": "cdn_header", "failover": ["maxmind"]}
        assert row["after"] == {"active": "maxmind", "failover": ["cdn_header"]}

    @pytest.mark.parametrize("state", ["dead", "unset"])
    def test_one_that_is_not_ready_is_refused(self, api: Api, server: Server, owner: Hired, state: str) -> None:
        if state == "dead":
            server.configure(**{"external.email.smtp.url": f"smtp://127.0.0.1:{closed_port()}?tls=none"})
        response = order(api, owner, "email", "mailbox", "smtp")
        assert code_of(response) == "admin.provider.not_ready"
        told = response.json()["error"]["i18nVars"]
        assert told["provider"] == "smtp"
        assert told["fault"]
        assert get(api, owner, "email")["failover"] == []

    def test_force_takes_it_all_the_same(self, api: Api, owner: Hired) -> None:
        assert order(api, owner, "email", "mailbox", "smtp", force=True).status_code == 200
        assert get(api, owner, "email")["failover"] == ["smtp"]

    def test_a_dry_run_probes_and_changes_nothing(self, api: Api, tables: Tables, owner: Hired) -> None:
        before = tables.fingerprints()
        response = order(api, owner, "sms", "mailbox", "mailbox", dry=True, version=0)
        assert code_of(response) == "admin.config.invalid"
        response = order(api, owner, "geoip", "none", dry=True, version=0)
        assert (response.json()["dryRun"], response.json()["data"]["active"]) == (True, "none")
        assert code_of(order(api, owner, "sms", "twilio", dry=True, version=0)) == "admin.provider.not_ready"
        assert tables.changed_since(before) <= {"sessions"}

    @pytest.mark.parametrize(
        ("family", "active", "failover", "rule"),
        [
            ("email", "nobody", [], "enum"),
            ("email", "mailbox", ["nobody"], "enum"),
            ("email", "mailbox", ["mailbox"], "repeated"),
            ("email", "none", [], "enum"),
            ("captcha", "turnstile", ["none"], "repeated"),
            ("storage", "local", ["s3"], "maxItems"),
        ],
    )
    def test_an_order_that_cannot_be(
        self, api: Api, owner: Hired, family: str, active: str, failover: list[str], rule: str
    ) -> None:
        response = order(api, owner, family, active, *failover, force=True)
        assert (response.status_code, code_of(response)) == (400, "admin.config.invalid")
        assert [each for _, each in broken_rules(response)] == [rule]

    @pytest.mark.parametrize("family", ["dns", "nothing"])
    def test_a_family_without_order(self, api: Api, owner: Hired, family: str) -> None:
        assert code_of(order(api, owner, family, "resolver", version=0)) == "admin.not_found"

    def test_what_is_critical_needs_everything(self, api: Api, server: Server, owner: Hired) -> None:
        for role in ("ADMIN", "OPERATOR"):
            caller = member(server, role)
            for family, active in (("captcha", "none"), ("storage", "local")):
                response = order(api, caller, family, active)
                assert code_of(response) == "admin.permission_denied"
                assert response.json()["error"]["i18nVars"] == {"permission": "providers.critical"}
            assert order(api, caller, "captcha", "turnstile", force=True).status_code == 200
        for family, active in (("captcha", "none"), ("storage", "local")):
            assert order(api, owner, family, active).status_code == 200

    def test_config_is_no_way_around(self, api: Api, server: Server, owner: Hired) -> None:
        for caller, allowed in ((member(server, "ADMIN"), False), (owner, True)):
            for key, value in (("captcha", "none"), ("storage", "local")):
                path = f"/admin/config/external.{key}.active_provider"
                known = api.call("admin.config.get", path=path, headers=owner.headers).headers["ETag"]
                headers = caller.headers | {"If-Match": known}
                response = api.call("admin.config.set", {"value": value, "reason": REASON}, path=path, headers=headers)
                assert response.status_code == (200 if allowed else 403)

    def test_of_many_with_one_version_one_is_done(self, api: Api, server: Server, clients: Clients) -> None:
        server.configure(**{"ratelimit.enabled": False})
        callers = [member(server, "OWNER") for _ in range(10)]

        def change(number: int) -> int:
            return order(api, callers[number % 10], "geoip", "none", version=0).status_code

        with ThreadPoolExecutor(10) as pool:
            done = list(pool.map(change, range(50)))
        assert (done.count(200), done.count(412)) == (1, 49)

    def test_a_key_that_is_changed_by_itself_moves_the_version(self, api: Api, server: Server, owner: Hired) -> None:
        known = get(api, owner, "sms")["version"]
        server.configure(**{"external.sms.twilio.from": "BIO"})
        response = order(api, owner, "sms", "mailbox", version=known)
        assert (response.status_code, code_of(response)) == (412, "precondition.failed")

    def test_the_other_node_follows(self, start_server: Callable[..., Server], server: Server, owner: Hired) -> None:
        other = start_server(server.database_url)
        with server.client() as api:
            assert order(api, owner, "geoip", "none").status_code == 200
        until(lambda: other.app.parts.providers.geoip.active_name == "none")


class TestSettings:
    URL = f"smtp://mailer:{PLANTED}@127.0.0.1:25?tls=none"

    def test_a_secret_is_kept_and_never_shown(self, api: Api, owner: Hired) -> None:
        assert setting(api, owner, "email.smtp", "url")["isSet"] is False
        response = put(api, owner, "email.smtp", url=self.URL)
        assert response.status_code == 200
        (shown,) = response.json()["data"]["settings"]
        assert (shown["secret"], shown["isSet"], shown["value"]) == (True, True, None)
        first = shown["fingerprint"]
        assert len(first.partition(".")[2]) == 8
        put(api, owner, "email.smtp", url=self.URL + "&x=y")
        assert setting(api, owner, "email.smtp", "url")["fingerprint"] != first
        put(api, owner, "email.smtp", url=self.URL)
        assert setting(api, owner, "email.smtp", "url")["fingerprint"] == first

    def test_what_is_left_out_stays_and_null_removes(self, api: Api, server: Server, owner: Hired) -> None:
        put(api, owner, "sms.twilio", account_sid="AC0123", auth_token=PLANTED)
        assert put(api, owner, "sms.twilio", account_sid="AC9999").status_code == 200
        config = server.app.config
        assert config.get("external.sms.twilio.auth_token") == PLANTED
        assert setting(api, owner, "sms.twilio", "account_sid")["value"] == "AC9999"
        assert put(api, owner, "sms.twilio", auth_token=None).status_code == 200
        assert setting(api, owner, "sms.twilio", "auth_token")["isSet"] is False
        assert config.get("external.sms.twilio.auth_token") == ""

    @pytest.mark.parametrize(
        "mask", ["***", "********", "\u2022\u2022\u2022", "(set)", "<redacted>", "sk-***4f", "xxxx", "\u25cf\u25cf"]
    )
    def test_a_mask_is_no_secret(self, api: Api, server: Server, owner: Hired, mask: str) -> None:
        put(api, owner, "captcha.turnstile", secret=PLANTED)
        response = put(api, owner, "captcha.turnstile", secret=mask)
        assert (response.status_code, code_of(response)) == (400, "admin.config.invalid")
        assert [rule for _, rule in broken_rules(response)] == ["masked"]
        assert server.app.config.get("external.captcha.turnstile.secret") == PLANTED

    def test_a_fingerprint_is_no_secret(self, api: Api, server: Server, owner: Hired) -> None:
        put(api, owner, "captcha.turnstile", secret=PLANTED)
        fingerprint = setting(api, owner, "captcha.turnstile", "secret")["fingerprint"]
        for wrong in (fingerprint, fingerprint.partition(".")[2]):
            assert code_of(put(api, owner, "captcha.turnstile", secret=wrong)) == "admin.config.invalid"
        assert server.app.config.get("external.captcha.turnstile.secret") == PLANTED

    @pytest.mark.parametrize(
        ("place", "key", "value"),
        [
            ("email.smtp", "url", "ftp://nowhere"),
            ("email.smtp", "nothing", "x"),
            ("email.mailbox", "url", "smtp://h"),
            ("sms.twilio", "base_url", "no address"),
            ("storage.s3", "conditional_writes", "perhaps"),
        ],
    )
    def test_a_value_that_does_not_fit(self, api: Api, owner: Hired, place: str, key: str, value: str) -> None:
        response = put(api, owner, place, **{key: value})
        assert (response.status_code, code_of(response)) == (400, "admin.config.invalid")
        assert value not in response.json()["error"]["message"]

    def test_what_is_on_or_off(self, api: Api, server: Server, owner: Hired) -> None:
        assert setting(api, owner, "storage.s3", "conditional_writes")["value"] == "true"
        assert put(api, owner, "storage.s3", conditional_writes="false").status_code == 200
        assert server.app.config.get("external.storage.s3.conditional_writes") is False
        assert setting(api, owner, "storage.s3", "conditional_writes")["value"] == "false"

    @pytest.mark.parametrize("place", ["email.nobody", "nothing.smtp", "dns.resolver", "captcha.none"])
    def test_what_is_not_there(self, api: Api, owner: Hired, place: str) -> None:
        assert code_of(put_at(api, owner, place, 0, url="x")) == "admin.not_found"

    def test_another_version(self, api: Api, owner: Hired) -> None:
        put(api, owner, "sms.twilio", **{"from": "BIO"})
        response = put_at(api, owner, "sms.twilio", 0, **{"from": "RE"})
        assert code_of(response) == "precondition.failed"
        assert setting(api, owner, "sms.twilio", "from")["value"] == "BIO"

    def test_it_is_recorded_without_the_secret(self, api: Api, tables: Tables, owner: Hired) -> None:
        put(api, owner, "sms.twilio", auth_token=PLANTED, **{"from": "BIO"})
        (row,) = audited(tables, "admin.providers.settings")
        assert (row["target_id"], row["reason"], row["before"]["external.sms.twilio.from"]) == (
            "sms.twilio",
            REASON,
            None,
        )
        assert row["after"]["external.sms.twilio.from"] == "BIO"
        fingerprint = setting(api, owner, "sms.twilio", "auth_token")["fingerprint"]
        assert row["after"]["external.sms.twilio.auth_token"] == {"fingerprint": fingerprint}


class TestProbe:
    def test_what_it_found(self, api: Api, server: Server, owner: Hired, smtp: SmtpServer) -> None:
        server.configure(**{"external.email.smtp.url": f"{smtp.url}?tls=none"})
        told = probe(api, owner, "email.smtp").json()["data"]
        assert told["ok"] is True
        assert "no user to sign in" in told["found"]
        assert smtp.accepted == []
        assert get(api, owner, "email")["providers"][1]["lastProbeAt"] is not None

    @pytest.mark.parametrize("state", ["dead", "silent"])
    def test_one_that_is_away(self, api: Api, server: Server, owner: Hired, state: str) -> None:
        with ExitStack() as stack:
            port = stack.enter_context(silent_server()) if state == "silent" else closed_port()
            server.configure(**{"external.email.smtp.url": f"smtp://127.0.0.1:{port}?tls=none"})
            told = probe(api, owner, "email.smtp").json()["data"]
        assert told["ok"] is False
        assert told["seconds"] < 6
        assert get(api, owner, "email")["providers"][1]["lastProbeAt"] is None

    def test_a_good_one_closes_the_breakers_of_all_processes(
        self, api: Api, server: Server, start_server: Callable[..., Server], owner: Hired, smtp: SmtpServer
    ) -> None:
        other = start_server(server.database_url)
        server.configure(**{"external.email.smtp.url": f"{smtp.url}?tls=none"})
        circuits = [one.app.parts.providers.watch.circuit("email", "smtp") for one in (server, other)]
        for one in (server, other):
            tell(one)
        for circuit in circuits:
            for _ in range(FAILURES):
                circuit.breaker.failed()
        assert probe(api, owner, "email.smtp").json()["data"]["ok"] is True
        assert circuits[0].breaker.state is State.CLOSED
        until(lambda: circuits[1].breaker.state is State.CLOSED)

    @pytest.mark.parametrize("place", ["email.nobody", "nothing.smtp", "captcha.none"])
    def test_what_is_not_there(self, api: Api, owner: Hired, place: str) -> None:
        assert code_of(probe(api, owner, place)) == "admin.not_found"

    def test_each_family_can_be_probed(self, api: Api, server: Server, owner: Hired) -> None:
        server.configure(**{"ratelimit.enabled": False})
        gone = f"http://127.0.0.1:{closed_port()}"
        server.configure(
            **{
                "external.leaked_passwords.pwned_passwords.base_url": gone,
                "external.captcha.turnstile.verify_url": gone,
                "external.captcha.turnstile.secret": PLANTED,
            }
        )
        told = {
            place: probe(api, owner, place).json()["data"]
            for place in (
                "captcha.turnstile", "dns.resolver", "email.mailbox", "geoip.cdn_header", "geoip.maxmind",
                "kyc.sandbox", "kyc.stripe_identity", "kyc.veriff", "leaked_passwords.pwned_passwords",
                "payment.mollie", "payment.sandbox", "payment.stripe", "sms.twilio", "storage.local", "storage.s3",
            )
        }  # fmt: skip
        ready = {place for place, one in told.items() if one["ok"]} - {"dns.resolver"}
        assert ready == {"email.mailbox", "geoip.cdn_header", "kyc.sandbox", "payment.sandbox", "storage.local"}
        assert PLANTED not in json.dumps(told)

    def test_it_is_recorded(self, api: Api, tables: Tables, owner: Hired) -> None:
        probe(api, owner, "sms.twilio")
        (row,) = audited(tables, "admin.providers.probe")
        assert (row["actor_id"], row["target_id"], row["after"]) == (owner.id, "sms.twilio", {"ok": False})


class TestTest:
    def test_a_mail_to_oneself_is_marked(self, api: Api, server: Server, owner: Hired, smtp: SmtpServer) -> None:
        server.configure(**{"external.email.smtp.url": f"{smtp.url}?tls=none"})
        told = tried(api, owner, "email.smtp").json()["data"]
        assert told["outcome"] == "OK"
        (attempt,) = told["attempts"]
        assert attempt["provider"] == "smtp"
        (envelope,) = smtp.accepted
        assert envelope.rcpt_tos == [owner.email]
        assert b"Subject: TEST" in envelope.content

    def test_a_text_message_to_oneself_is_marked(self, api: Api, server: Server, owner: Hired) -> None:
        with sms_vendor("twilio") as vendor:
            server.configure(**vendor.configured())
            assert tried(api, owner, "sms.twilio", to=PHONE).json()["data"]["outcome"] == "OK"
            (received,) = vendor.received
            assert received.to == PHONE
            assert received.text.startswith("TEST")
            vendor.fault = VENDORS["twilio"].refusals[0]
            assert tried(api, owner, "sms.twilio").json()["data"]["outcome"] == "REJECTED"
            vendor.fault = VENDORS["twilio"].troubles[0]
            told = tried(api, owner, "sms.twilio").json()["data"]
        assert told["outcome"] == "UNAVAILABLE"
        assert str(VENDORS["twilio"].troubles[0]) in told["reason"]

    def test_nobody_else_gets_one(self, api: Api, server: Server, owner: Hired) -> None:
        without = member(server, "OWNER")
        for caller, place, sample in (
            (owner, "email.mailbox", {"to": "eve@example.com"}),
            (owner, "sms.mailbox", {"to": "+905551112299"}),
            (without, "sms.mailbox", {}),
        ):
            assert code_of(tried(api, caller, place, **sample)) == "admin.provider.recipient_not_own"
        assert api.mails("eve@example.com") == []

    @pytest.mark.parametrize(("place", "field"), [("captcha.turnstile", "token"), ("geoip.maxmind", "address")])
    def test_a_sample_that_is_missing(self, api: Api, owner: Hired, place: str, field: str) -> None:
        response = tried(api, owner, place)
        assert code_of(response) == "admin.provider.sample_missing"
        assert response.json()["error"]["i18nVars"] == {"field": field}

    def test_a_token_of_a_captcha(self, api: Api, owner: Hired, captcha: Any) -> None:
        assert tried(api, owner, "captcha.turnstile", token="good").json()["data"]["outcome"] == "OK"
        assert tried(api, owner, "captcha.turnstile", token="bad").json()["data"]["outcome"] == "REJECTED"

    def test_a_file_is_stored_read_and_deleted(self, api: Api, server: Server, owner: Hired) -> None:
        assert tried(api, owner, "storage.local").json()["data"]["outcome"] == "OK"
        with s3_server() as bucket:
            server.configure(**bucket.configured())
            told = tried(api, owner, "storage.s3").json()["data"]
            assert (told["outcome"], told["reason"]) == ("OK", "a file was stored, read and deleted")
            assert bucket.files == {}

    def test_an_address_is_located(self, api: Api, server: Server, owner: Hired, make_database: DatabaseMaker) -> None:
        path = make_database({"192.0.2.0/24": {"country": {"iso_code": "TR"}}})
        server.configure(**{"external.geoip.maxmind.path": path})
        told = tried(api, owner, "geoip.maxmind", address="192.0.2.7").json()["data"]
        assert (told["outcome"], told["reason"]) == ("OK", "TR")
        assert tried(api, owner, "geoip.maxmind", address="nonsense".replace("n", "a")).status_code == 400
        assert tried(api, owner, "geoip.maxmind", address=":::").json()["data"]["outcome"] == "REJECTED"

    @pytest.mark.parametrize("place", ["email.nobody", "nothing.smtp", "dns.resolver"])
    def test_what_is_not_there(self, api: Api, owner: Hired, place: str) -> None:
        assert code_of(tried(api, owner, place)) == "admin.not_found"

    def test_it_is_recorded_without_the_recipient(self, api: Api, tables: Tables, owner: Hired) -> None:
        tried(api, owner, "email.mailbox")
        (row,) = audited(tables, "admin.providers.test")
        assert (row["target_id"], row["after"]) == ("email.mailbox", {"outcome": "OK"})
        assert owner.email not in json.dumps(row, default=str)


class TestSecrets:
    """Planted values are nowhere to be found, whatever is asked and however it fails."""

    PLACES: ClassVar = {
        "captcha.turnstile": {"secret": PLANTED},
        "email.smtp": {"url": f"smtp://mailer:{PLANTED}@127.0.0.1:1?tls=none"},
        "sms.twilio": {"account_sid": "AC1", "auth_token": PLANTED, "from": "BIO"},
        "sms.vonage": {"api_key": "k", "api_secret": PLANTED},
        "storage.s3": {
            "endpoint": "http://127.0.0.1:1", "bucket": "b", "access_key_id": "id", "secret_access_key": PLANTED,
        },
    }  # fmt: skip

    def test_in_no_answer_log_or_row(self, api: Api, server: Server, tables: Tables, owner: Hired) -> None:
        server.configure(**{"ratelimit.enabled": False})
        answers = []
        with capture_logs() as logs:
            for place, values in self.PLACES.items():
                answers.append(put(api, owner, place, **values))
                answers.append(put(api, owner, place, **(values | {"nothing": PLANTED})))
                answers.append(probe(api, owner, place))
                sample = {"token": "t"} if place.startswith("captcha") else {}
                answers.append(tried(api, owner, place, **sample))
            answers.append(order(api, owner, "email", "smtp"))
            answers.append(api.call("admin.providers.list", headers=owner.headers))
            tell(server)
        answers += [api.call("dev.mail", {"to": "ada@example.com", "provider": "smtp"})]
        assert {answer.status_code for answer in answers} == {200, 400}
        assert PLANTED not in "".join(answer.text for answer in answers)
        assert PLANTED not in json.dumps(logs, default=str)
        for table in tables.names():
            rows = tables.rows(f"SELECT t::text FROM {table} t")  # noqa: S608 - names of our own
            assert PLANTED not in json.dumps(rows, default=str), table
