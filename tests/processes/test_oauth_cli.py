"""``biore oauth``: what it stores, what it shows, what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from domain.config_keys import InvalidConfig
from runtime.cli import cli
from tests.conftest import SECRET
from tests.harness import Api, Server, Tables

CLIENT_SECRET = "the-secret-of-our-app"


def shown_by(result: Result) -> list[dict[str, Any]]:
    """The server of these tests lives in this process, and its log may get in between."""
    return [json.loads(line) for line in result.output.splitlines() if line.startswith("{")]


class Admin:
    """Somebody at a shell of the deployment that ``server`` belongs to."""

    def __init__(self, server: Server, data_dir: Path) -> None:
        values = {"DATABASE_URL": server.database_url, "SECRET_KEY": SECRET, "DATA_DIR": str(data_dir)}
        self._environment = {f"BIORE_{name}": value for name, value in values.items()}

    def run(self, *arguments: str, given: str = "") -> Result:
        return CliRunner().invoke(cli, ["oauth", *arguments], env=self._environment, input=given)

    def set(self, platform: str, *options: str, given: str = "") -> dict[str, Any]:
        result = self.run("set", platform, *options, given=given)
        assert result.exit_code == 0, result.output
        assert CLIENT_SECRET not in result.output
        (shown,) = shown_by(result)
        return shown

    def list(self) -> list[dict[str, Any]]:
        result = self.run("list")
        assert result.exit_code == 0, result.output
        assert CLIENT_SECRET not in result.output
        return shown_by(result)

    def refused(self, *arguments: str) -> str:
        """The words; ``main`` prints them and ends with 2."""
        result = self.run("set", *arguments)
        assert isinstance(result.exception, InvalidConfig), result.output
        return str(result.exception)


@pytest.fixture
def admin(server: Server, tmp_path: Path) -> Admin:
    return Admin(server, tmp_path)


class TestSet:
    def test_a_platform_is_opened_at_once(self, admin: Admin, api: Api) -> None:
        assert admin.list() == []
        shown = admin.set(
            "google", "--client-id", "our-id", "--client-secret", "-", "--enable", given=f"{CLIENT_SECRET}\n"
        )
        assert shown == {
            "platform": "google",
            "client_id": "our-id",
            "redirect_uri": None,
            "issuer": None,
            "jwks_uri": None,
            "token_endpoint": None,
            "userinfo_endpoint": None,
            "audiences": [],
            "enabled": True,
            "login_enabled": True,
            "client_secret": "(set)",
        }
        told = api.call("auth.oauth.providers").json()["data"]["providers"]
        assert told == [{"platform": "google", "clientId": "our-id", "redirectUri": None}]
        admin.set("google", "--no-login")
        assert api.call("auth.oauth.providers").json()["data"]["providers"] == []
        assert admin.list() == [shown | {"login_enabled": False}]

    def test_the_secret_is_sealed_and_the_trace_without_it(self, admin: Admin, tables: Tables, server: Server) -> None:
        admin.set("x", "--client-id", "our-id", "--client-secret", "-", given=f"{CLIENT_SECRET}\n")
        stored = tables.one("SELECT client_secret FROM oauth_providers")["client_secret"]
        assert CLIENT_SECRET not in stored
        assert server.app.parts.keyring.unseal("oauth-client", stored) == CLIENT_SECRET
        entry = tables.one("SELECT * FROM audit_logs WHERE action = 'oauth.set'")
        assert (entry["target_id"], entry["details"]) == ("x", {"client_id": "our-id", "client_secret": "(set)"})

    def test_the_secret_comes_by_standard_input_only(self, admin: Admin, tables: Tables, server: Server) -> None:
        assert admin.set("apple", "--client-secret", "-", given=f"{CLIENT_SECRET}\n")["client_secret"] == "(set)"
        stored = tables.one("SELECT client_secret FROM oauth_providers")["client_secret"]
        assert server.app.parts.keyring.unseal("oauth-client", stored) == CLIENT_SECRET
        assert "on the standard input" in admin.refused("apple", "--client-secret", "another")
        assert tables.one("SELECT client_secret FROM oauth_providers")["client_secret"] == stored

    def test_only_what_is_named_changes(self, admin: Admin) -> None:
        first = admin.set("google", "--client-id", "our-id", "--redirect-uri", "https://bio.re/auth/callback/google")
        second = admin.set("google", "--jwks-uri", "https://keys.example/set")
        assert second == first | {"jwks_uri": "https://keys.example/set"}
        third = admin.set("google", "--redirect-uri", "", "--jwks-uri", "")
        assert third == first | {"redirect_uri": None}

    def test_apps_are_further_audiences_and_nobody_is_told(self, admin: Admin, api: Api) -> None:
        apps = ("--audience", "re.bio.app", "--audience", "android-id", "--audience", "re.bio.app")
        shown = admin.set("apple", "--client-id", "re.bio.web", *apps, "--enable")
        assert (shown["client_id"], shown["audiences"]) == ("re.bio.web", ["re.bio.app", "android-id"])
        assert admin.set("apple", "--redirect-uri", "https://bio.re/")["audiences"] == ["re.bio.app", "android-id"]
        (told,) = api.call("auth.oauth.providers").json()["data"]["providers"]
        assert told["clientId"] == "re.bio.web"
        assert "android-id" not in str(told)
        assert admin.set("apple", "--audience", "")["audiences"] == []

    def test_a_platform_may_be_for_connecting_only(self, admin: Admin, api: Api) -> None:
        shown = admin.set("instagram", "--client-id", "our-id", "--enable")
        assert (shown["enabled"], shown["login_enabled"]) == (True, False)
        assert api.call("auth.oauth.providers").json()["data"]["providers"] == []


class TestRefusals:
    def test_an_enabled_platform_needs_a_client_id(self, admin: Admin, tables: Tables) -> None:
        assert "client id" in admin.refused("google", "--enable")
        admin.set("google", "--client-id", "our-id", "--enable")
        assert "client id" in admin.refused("google", "--client-id", "")
        assert tables.one("SELECT client_id, enabled FROM oauth_providers") == {"client_id": "our-id", "enabled": True}

    def test_nobody_signs_in_through_a_platform_for_connecting(self, admin: Admin, tables: Tables) -> None:
        assert "google, apple, x" in admin.refused("facebook", "--login")
        assert tables.count("oauth_providers") == 0

    @pytest.mark.parametrize("address", ["http://keys.example/set", "keys", "https://", "http://[", "ftp://127.0.0.1/"])
    def test_codes_and_secrets_go_over_tls_only(self, admin: Admin, address: str) -> None:
        assert address in admin.refused("google", "--token-endpoint", address)

    @pytest.mark.parametrize("audience", ["two words", "x" * 256, "\N{SNOWMAN}"])
    def test_an_audience_is_an_id(self, admin: Admin, audience: str) -> None:
        assert "visible ASCII" in admin.refused("google", "--audience", audience)

    def test_audiences_are_few(self, admin: Admin) -> None:
        assert "at most 20" in admin.refused("google", *(f"--audience=app-{n}" for n in range(21)))

    def test_an_unknown_platform_is_named(self, admin: Admin) -> None:
        result = admin.run("set", "myspace", "--client-id", "our-id")
        assert result.exit_code == 2
        assert "google" in result.output
