"""The platforms that people sign in through, as staff sets them up."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from services.platforms import OAuthDirectory
from tests.handlers.support import audited
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.oidc_server import Platform, SigningKey, oidc_server
from tests.providers.servers import closed_port
from tests.staff import Hired, member

REASON = "Sign-in through it begins today."
PLANTED = "planted-secret-of-the-platform"


@pytest.fixture
def owner(server: Server) -> Hired:
    return member(server, "OWNER")


@pytest.fixture
def platform() -> Iterator[Platform]:
    with oidc_server() as found:
        yield found


def listed(api: Api, caller: Hired) -> dict[str, Any]:
    response = api.call("admin.providers.oauth.list", headers=caller.headers)
    return {one["platform"]: one for one in response.json()["data"]["items"]}


def put(api: Api, caller: Hired, name: str = "google", version: int | None = None, **fields: Any) -> httpx.Response:
    known = listed(api, caller)[name]["version"] if version is None else version
    headers = caller.headers | {"If-Match": f'"{known}"'}
    return api.call(
        "admin.providers.oauth.set", fields | {"reason": REASON}, path=f"/admin/oauth-providers/{name}", headers=headers
    )


def opened(platform: Platform) -> dict[str, Any]:
    """What makes a platform of ours be used."""
    told = {"clientId": platform.client_id, "enabled": True, "issuer": platform.url, "jwksUri": f"{platform.url}/keys"}
    return told | {"clientSecret": PLANTED}


class TestList:
    def test_every_platform_whether_set_up_or_not(self, api: Api, owner: Hired) -> None:
        told = listed(api, owner)
        assert {"google", "apple", "x", "github"} <= told.keys()
        nothing = {"isSet": False, "fingerprint": None}
        assert {(one["version"], one["enabled"]) for one in told.values()} == {(0, False)}
        assert all(one["clientSecret"] == nothing for one in told.values())

    def test_a_secret_is_shown_by_its_fingerprint(self, api: Api, owner: Hired, platform: Platform) -> None:
        assert put(api, owner, **opened(platform)).status_code == 200
        secret = listed(api, owner)["google"]["clientSecret"]
        assert secret["isSet"] is True
        assert len(secret["fingerprint"].partition(".")[2]) == 8


class TestOauth:
    def test_people_can_sign_in_afterwards(self, api: Api, owner: Hired, platform: Platform) -> None:
        response = put(api, owner, **opened(platform))
        told = response.json()["data"]
        assert (told["version"], told["clientId"], told["issuer"]) == (1, platform.client_id, platform.url)
        assert response.headers["ETag"] == '"1"'
        offered = api.call("auth.oauth.providers").json()["data"]["providers"]
        assert [one["platform"] for one in offered] == ["google"]
        assert {"/.well-known/openid-configuration", "/keys"} <= set(platform.seen)

    def test_what_is_left_out_stays_and_null_removes(self, api: Api, owner: Hired, platform: Platform) -> None:
        put(api, owner, **opened(platform), redirectUri="https://bio.re/back", audiences=["an-app"])
        told = put(api, owner, redirectUri=None).json()["data"]
        assert (told["redirectUri"], told["audiences"], told["clientSecret"]["isSet"]) == (None, ["an-app"], True)
        told = put(api, owner, clientSecret=None, audiences=[], enabled=False).json()["data"]
        assert (told["audiences"], told["clientSecret"]["isSet"], told["enabled"]) == ([], False, False)

    @pytest.mark.parametrize("fault", ["dead", "another", "no keys", "500", "unusable keys"])
    def test_one_whose_keys_cannot_be_fetched(self, api: Api, owner: Hired, platform: Platform, fault: str) -> None:
        fields = opened(platform)
        if fault == "dead":
            fields |= {"issuer": f"http://127.0.0.1:{closed_port()}"}
        elif fault == "another":
            platform.named = "https://another.example"
        elif fault == "no keys":
            platform.published = []
        elif fault == "unusable keys":
            platform.published = [SigningKey("RS256").entry() | {"use": "enc"}]
        else:
            platform.outage = (500, b"")
        response = put(api, owner, **fields)
        assert (response.status_code, code_of(response)) == (400, "admin.provider.not_ready")
        assert response.json()["error"]["i18nVars"]["provider"] == "google"
        assert listed(api, owner)["google"]["version"] == 0

    def test_one_that_is_turned_off_is_not_asked(self, api: Api, owner: Hired, platform: Platform) -> None:
        put(api, owner, **opened(platform))
        platform.outage = (500, b"")
        assert put(api, owner, enabled=False).status_code == 200
        assert code_of(put(api, owner, enabled=True)) == "admin.provider.not_ready"

    def test_a_platform_without_keys_is_not_asked(self, api: Api, owner: Hired) -> None:
        assert put(api, owner, "x", clientId="our-app", enabled=True).status_code == 200

    @pytest.mark.parametrize("mask", ["***", "\u2022\u2022\u2022", "(set)", "abc***def"])
    def test_a_mask_is_no_secret(self, api: Api, owner: Hired, mask: str) -> None:
        response = put(api, owner, clientSecret=mask)
        if mask.isascii():
            assert (code_of(response), [rule for _, rule in broken_rules(response)]) == (
                "admin.config.invalid",
                ["masked"],
            )
        else:
            assert code_of(response) == "validation.failed"

    def test_a_fingerprint_is_no_secret(self, api: Api, owner: Hired, platform: Platform) -> None:
        put(api, owner, **opened(platform))
        fingerprint = listed(api, owner)["google"]["clientSecret"]["fingerprint"]
        assert code_of(put(api, owner, clientSecret=fingerprint)) == "admin.config.invalid"

    @pytest.mark.parametrize(
        ("name", "fields"),
        [
            ("google", {"tokenEndpoint": "http://elsewhere.example/token"}),
            ("google", {"issuer": "no address"}),
            ("google", {"enabled": True}),
            ("github", {"clientId": "us", "enabled": True, "loginEnabled": True}),
            ("google", {"nothing": 1}),
            ("google", {"enabled": None}),
        ],
    )
    def test_settings_that_cannot_be(self, api: Api, owner: Hired, name: str, fields: dict[str, Any]) -> None:
        response = put(api, owner, name, **fields)
        assert response.status_code == 400
        assert code_of(response) in {"admin.config.invalid", "validation.failed"}
        assert listed(api, owner)[name]["version"] == 0

    def test_an_unknown_platform(self, api: Api, owner: Hired) -> None:
        assert code_of(put(api, owner, "myspace", version=0, clientId="us")) == "admin.not_found"

    def test_another_version(self, api: Api, owner: Hired) -> None:
        put(api, owner, clientId="first")
        for wrong in (0, 7):
            response = put(api, owner, version=wrong, clientId="second")
            assert (response.status_code, code_of(response)) == (412, "precondition.failed")
        assert listed(api, owner)["google"]["clientId"] == "first"

    def test_of_many_with_one_version_one_is_done(self, api: Api, server: Server) -> None:
        callers = [member(server, "OWNER") for _ in range(4)]

        def change(number: int) -> int:
            return put(api, callers[number % 4], version=0, clientId=f"us-{number}").status_code

        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(change, range(20)))
        assert (done.count(200), done.count(412)) == (1, 19)

    def test_a_command_moves_the_version(self, api: Api, server: Server, owner: Hired) -> None:
        put(api, owner, clientId="first")
        parts = server.app.parts
        server.on_loop(OAuthDirectory(parts.database, parts.keyring).set("google", client_id="second"))
        assert code_of(put(api, owner, version=1, clientId="third")) == "precondition.failed"

    def test_the_secret_is_in_no_answer_log_or_row(
        self, api: Api, tables: Tables, owner: Hired, platform: Platform
    ) -> None:
        with capture_logs() as logs:
            answers = [put(api, owner, **opened(platform)), put(api, owner, **(opened(platform) | {"issuer": "bad"}))]
            answers.append(api.call("admin.providers.oauth.list", headers=owner.headers))
        (row,) = audited(tables, "admin.providers.oauth.set")
        assert (row["target_id"], row["reason"], row["before"]["clientSecret"]["isSet"]) == ("google", REASON, False)
        assert row["after"]["clientSecret"]["fingerprint"]
        told = [answer.text for answer in answers] + [json.dumps([row, logs], default=str)]
        assert PLANTED not in "".join(told)
        assert PLANTED not in json.dumps(tables.rows("SELECT * FROM oauth_providers"), default=str)
