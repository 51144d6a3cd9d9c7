"""Accounts of other platforms, which stand on loopback, connected and disconnected."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.creators import Creator, creator, signed_in
from tests.handlers.auth.test_oauth import set_up
from tests.handlers.support import account, audited, insert
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of
from tests.oidc_server import SECRET
from tests.social_vendors import CLIENT_ID, REDIRECT, SocialPlatform, social_platforms

Platforms = dict[str, SocialPlatform]
NAMES = ("instagram", "x", "youtube", "tiktok", "twitch")


@contextmanager
def opened(server: Server) -> Iterator[Platforms]:
    """All platforms, set up as an admin would."""
    with social_platforms() as platforms:
        for name, platform in platforms.items():
            known_as = {"client_id": CLIENT_ID, "client_secret": SECRET, "enabled": True}
            set_up(server, name, **known_as, **platform.endpoints())
        server.configure(**{"creator.social_redirect_uris": [REDIRECT]})
        yield platforms


def connected(tables: Tables, user_id: UUID, platform: str, **columns: Any) -> UUID:
    row = {"platform": platform, "platform_user_id": "ada-there", "verified": True, "signs_in": False}
    return insert(tables, "social_accounts", user_id=user_id, **(row | columns))


def followers(tables: Tables, creator_id: UUID) -> int:
    row = tables.one("SELECT total_followers FROM creator_profiles WHERE id = %s", creator_id)
    return int(row["total_followers"])


def page_version(tables: Tables, creator_id: UUID) -> int:
    return int(tables.one("SELECT version FROM bio_pages WHERE creator_id = %s", creator_id)["version"])


@pytest.fixture
def platforms(server: Server) -> Iterator[Platforms]:
    with opened(server) as platforms:
        yield platforms


@pytest.fixture
def ada(api: Api, tables: Tables) -> Creator:
    return creator(api, tables)


@pytest.fixture
def headers(api: Api, ada: Creator) -> dict[str, str]:
    return signed_in(api, ada)


def connect(api: Api, body: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
    return api.call("creators.social_accounts.connect", body, headers=headers)


def disconnect(api: Api, platform: str, headers: dict[str, str]) -> httpx.Response:
    return api.call("creators.social_accounts.disconnect", {"platform": platform}, headers=headers)


def refused(response: httpx.Response, status: int, code: str) -> None:
    assert (response.status_code, code_of(response)) == (status, code), response.text


class TestConnect:
    def test_without_a_token_nobody_is_a_creator(self, api: Api) -> None:
        refused(connect(api, {"platform": "x", "code": "c", "redirectUri": REDIRECT}, {}), 401, "auth.unauthenticated")

    def test_who_has_no_profile_is_refused(self, api: Api, platforms: Platforms, tables: Tables) -> None:
        account(api, tables)
        response = connect(api, platforms["youtube"].body(), bearer(api.sign_in()))
        refused(response, 404, "error.creator.not_found")
        assert platforms["youtube"].seen == []

    @pytest.mark.parametrize("platform", ["google", "facebook", "discord", "nonsense"])
    def test_another_platform_is_refused(
        self, api: Api, platforms: Platforms, headers: dict[str, str], platform: str
    ) -> None:
        body = {"platform": platform, "code": "c", "redirectUri": REDIRECT}
        refused(connect(api, body, headers), 400, "creator.social.unsupported_platform")

    @pytest.mark.parametrize("uri", ["https://evil.example/", REDIRECT + "/", REDIRECT + "?next=1", REDIRECT.upper()])
    def test_another_redirect_uri_is_refused(
        self, api: Api, platforms: Platforms, headers: dict[str, str], uri: str
    ) -> None:
        response = connect(api, platforms["youtube"].body(redirectUri=uri), headers)
        refused(response, 400, "creator.social.redirect_not_allowed")
        assert platforms["youtube"].seen == []

    def test_none_is_allowed_at_first(self, api: Api, server: Server, platforms: Platforms, headers: Any) -> None:
        server.configure(**{"creator.social_redirect_uris": []})
        response = connect(api, platforms["youtube"].body(), headers)
        refused(response, 400, "creator.social.redirect_not_allowed")

    def test_x_needs_a_verifier(self, api: Api, platforms: Platforms, headers: dict[str, str]) -> None:
        body = platforms["x"].body()
        del body["codeVerifier"]
        response = connect(api, body, headers)
        refused(response, 400, "validation.failed")
        assert broken_rules(response) == {("codeVerifier", "required")}
        assert platforms["x"].seen == []

    @pytest.mark.parametrize("name", NAMES)
    def test_a_code_that_is_none_is_refused(
        self, api: Api, platforms: Platforms, headers: dict[str, str], name: str, tables: Tables
    ) -> None:
        refused(connect(api, platforms[name].body(code="made-up"), headers), 400, "creator.social.invalid_code")
        assert tables.count("social_accounts") == 0

    @pytest.mark.parametrize("outage", [(500, b""), (200, b"<html>"), (429, b"{}")])
    @pytest.mark.parametrize("name", NAMES)
    def test_a_platform_that_is_away_is_told(
        self, api: Api, platforms: Platforms, headers: dict[str, str], name: str, outage: tuple[int, bytes]
    ) -> None:
        platforms[name].outage = outage
        response = connect(api, platforms[name].body(), headers)
        refused(response, 503, "service.unavailable")
        assert response.headers["retry-after"] == "5"

    def test_a_platform_that_is_off_or_unknown_is_told(
        self, api: Api, server: Server, platforms: Platforms, headers: dict[str, str], tables: Tables
    ) -> None:
        set_up(server, "youtube", enabled=False)
        refused(connect(api, platforms["youtube"].body(), headers), 503, "service.unavailable")
        tables.run("DELETE FROM oauth_providers")
        refused(connect(api, platforms["twitch"].body(), headers), 503, "service.unavailable")

    def test_x_may_be_connected_while_nobody_signs_in_through_it(
        self, api: Api, server: Server, platforms: Platforms, headers: dict[str, str]
    ) -> None:
        set_up(server, "x", login_enabled=False)
        assert connect(api, platforms["x"].body(), headers).status_code == 201

    @pytest.mark.parametrize("name", NAMES)
    def test_the_account_and_its_followers_are_recorded(
        self, api: Api, platforms: Platforms, ada: Creator, headers: dict[str, str], name: str, tables: Tables
    ) -> None:
        version = page_version(tables, ada.creator_id)
        response = connect(api, platforms[name].body(platform=f" {name.upper()} "), headers)
        assert (response.status_code, response.json()) == (201, {"success": True, "data": None})
        row = tables.one("SELECT * FROM social_accounts")
        told = ("user_id", "platform", "platform_user_id", "verified", "signs_in", "refused_at")
        assert [row[column] for column in told] == [ada.user_id, name, "ada-there", True, False, None]
        assert row["refresh_at"] - datetime.now(UTC) > timedelta(hours=23)
        metrics = tables.one("SELECT account_id, follower_count FROM social_metrics")
        assert dict(metrics) == {"account_id": row["id"], "follower_count": 1200}
        assert followers(tables, ada.creator_id) == 1200
        assert page_version(tables, ada.creator_id) == version + 1
        (entry,) = audited(tables, "creator.social.connect.success")
        assert (entry["actor_id"], entry["details"]["platform"]) == (ada.user_id, name)

    @pytest.mark.parametrize("name", NAMES)
    def test_its_tokens_are_sealed(
        self, api: Api, platforms: Platforms, headers: dict[str, str], name: str, tables: Tables
    ) -> None:
        connect(api, platforms[name].body(), headers)
        row = tables.one("SELECT access_token, refresh_token FROM social_accounts")
        stored = [bytes(row[column]) for column in ("access_token", "refresh_token") if row[column] is not None]
        assert len(stored) == (1 if name == "instagram" else 2)
        assert not [token for token in stored if b"access-" in token or b"refresh-" in token]

    def test_it_is_shown_among_the_accounts(self, api: Api, platforms: Platforms, headers: dict[str, str]) -> None:
        connect(api, platforms["tiktok"].body(), headers)
        (shown,) = api.call("creators.social", headers=headers).json()["data"]
        assert (shown["platform"], shown["platformUsername"], shown["verified"]) == ("tiktok", "ada", True)

    def test_followers_of_all_platforms_add_up(
        self, api: Api, platforms: Platforms, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        platforms["twitch"].person(followers=300)
        platforms["youtube"].person(followers=None)
        for name in ("twitch", "youtube", "x"):
            assert connect(api, platforms[name].body(), headers).status_code == 201
        assert followers(tables, ada.creator_id) == 1500

    def test_another_account_of_the_platform_takes_the_place_of_the_first(
        self, api: Api, platforms: Platforms, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        platforms["x"].person("other", "other", 5)
        for subject in ("ada-there", "ada-there", "other"):
            assert connect(api, platforms["x"].body(subject), headers).status_code == 201
        assert tables.one("SELECT platform_user_id FROM social_accounts")["platform_user_id"] == "other"
        assert followers(tables, ada.creator_id) == 5

    def test_nothing_of_the_first_is_left(
        self, api: Api, platforms: Platforms, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        platforms["x"].person("other", "other", None)  # whose followers nobody tells
        for subject in ("ada-there", "other"):
            connect(api, platforms["x"].body(subject), headers)
        (shown,) = api.call("creators.social", headers=headers).json()["data"]
        assert (shown["platformUsername"].removeprefix("@"), shown["reconnect"]) == ("other", False)
        assert tables.rows("SELECT follower_count FROM social_metrics") == [{"follower_count": None}]
        assert followers(tables, ada.creator_id) == 0
        assert tables.one("SELECT total_followers FROM creator_search") == {"total_followers": 0}
        disconnect(api, "x", headers)
        assert tables.one("SELECT facets FROM creator_search")["facets"] == []

    def test_the_account_of_another_creator_is_refused_and_nothing_is_lost(
        self, api: Api, platforms: Platforms, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        eve = creator(api, tables, "eve@example.com", "eve")
        connect(api, platforms["x"].body("eve-there"), signed_in(api, eve))
        connect(api, platforms["x"].body(), headers)
        response = connect(api, platforms["x"].body("eve-there"), headers)
        refused(response, 409, "creator.social.account_linked_elsewhere")
        kept = tables.one("SELECT platform_user_id FROM social_accounts WHERE user_id = %s", ada.user_id)
        assert kept["platform_user_id"] == "ada-there"
        assert followers(tables, ada.creator_id) == 1200

    def test_many_at_once_leave_one_account_and_the_right_total(
        self, api: Api, platforms: Platforms, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        eve = creator(api, tables, "eve@example.com", "eve")
        others = signed_in(api, eve)
        calls = [(platforms["x"].body(), owner) for owner in (headers, others) * 6]
        with ThreadPoolExecutor(12) as pool:
            codes = list(pool.map(lambda call: connect(api, *call).status_code, calls))
        assert set(codes) == {201, 409}
        owner = tables.one("SELECT user_id FROM social_accounts")["user_id"]
        totals = {followers(tables, one.creator_id): one.user_id for one in (ada, eve)}
        assert totals.keys() == {0, 1200}
        assert totals[1200] == owner

    def test_it_is_no_way_to_sign_in(
        self, api: Api, platforms: Platforms, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        """Who comes through it is somebody else: here, somebody who has no account."""
        connect(api, platforms["x"].body(), headers)
        set_up(api.server, "x", login_enabled=True)
        body = {name: value for name, value in platforms["x"].body().items() if name != "platform"}
        response = api.call("auth.oauth.login", body | {"provider": "x"})
        refused(response, 400, "auth.register.invalid_email")
        unlinked = api.call("auth.oauth.unlink", path="/auth/oauth/unlink/x", headers=headers)
        refused(unlinked, 400, "auth.oauth.not_linked")
        assert tables.count("social_accounts") == 1

    def test_it_stands_beside_a_way_to_sign_in_of_the_same_identity(
        self, api: Api, platforms: Platforms, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        connect(api, platforms["x"].body(), headers)
        body = {name: value for name, value in platforms["x"].body().items() if name != "platform"}
        linked = api.call("auth.oauth.link", body | {"provider": "x"}, headers=headers)
        assert linked.status_code == 200, linked.text
        assert tables.count("social_accounts") == 2
        unlinked = api.call("auth.oauth.unlink", path="/auth/oauth/unlink/x", headers=headers)
        assert unlinked.status_code == 200
        assert tables.one("SELECT signs_in FROM social_accounts")["signs_in"] is False
        assert followers(tables, ada.creator_id) == 1200


class TestDisconnect:
    def test_without_a_token_there_is_none(self, api: Api) -> None:
        refused(disconnect(api, "x", {}), 401, "auth.unauthenticated")

    @pytest.mark.parametrize("platform", ["", "x" * 33])
    def test_what_is_no_platform_is_refused(self, api: Api, headers: dict[str, str], platform: str) -> None:
        refused(disconnect(api, platform, headers), 400, "validation.failed")

    @pytest.mark.parametrize("platform", ["x", "nonsense"])
    def test_what_is_not_connected_is_not_found(
        self, api: Api, ada: Creator, headers: dict[str, str], platform: str, tables: Tables
    ) -> None:
        before = tables.fingerprints()
        refused(disconnect(api, platform, headers), 404, "creator.social.not_found")
        assert tables.changed_since(before) == set()

    def test_the_account_of_another_is_not_found(
        self, api: Api, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        connected(tables, account(api, tables, "eve@example.com"), "x")
        refused(disconnect(api, "x", headers), 404, "creator.social.not_found")
        assert tables.count("social_accounts") == 1

    def test_a_way_to_sign_in_is_not_found(
        self, api: Api, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        connected(tables, ada.user_id, "x", signs_in=True)
        refused(disconnect(api, "x", headers), 404, "creator.social.not_found")
        assert tables.count("social_accounts") == 1

    def test_the_account_goes_with_its_followers(
        self, api: Api, platforms: Platforms, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        platforms["twitch"].person(followers=300)
        for name in ("twitch", "x"):
            connect(api, platforms[name].body(), headers)
        version = page_version(tables, ada.creator_id)
        response = disconnect(api, " X ", headers)
        assert (response.status_code, response.json()) == (200, {"success": True, "data": None})
        assert tables.one("SELECT platform FROM social_accounts")["platform"] == "twitch"
        assert tables.count("social_metrics") == 1
        assert followers(tables, ada.creator_id) == 300
        assert page_version(tables, ada.creator_id) == version + 1
        assert len(audited(tables, "creator.social.disconnect.success")) == 1

    def test_another_creator_may_connect_it_then(
        self, api: Api, platforms: Platforms, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        eve = signed_in(api, creator(api, tables, "eve@example.com", "eve"))
        connect(api, platforms["x"].body(), headers)
        assert connect(api, platforms["x"].body(), eve).status_code == 409
        disconnect(api, "x", headers)
        assert connect(api, platforms["x"].body(), eve).status_code == 201
