"""One contract for all platforms that creators connect, and what each has for itself."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

import httpx
import pytest

from domain.auth.oauth import OAuthClient
from domain.creators.social_accounts import SocialGrant, SocialProfile, SocialTokens
from providers.ports import ProviderRejected, ProviderUnavailable, SocialProvider
from providers.social import social_adapters
from providers.social.vendor import SocialVendor
from tests.oidc_server import SECRET, VERIFIER
from tests.providers.servers import closed_port
from tests.social_vendors import (
    CLIENT_ID,
    PLATFORMS,
    REDIRECT,
    FakeInstagram,
    FakeTikTok,
    FakeYouTube,
    SocialPlatform,
    answer,
    social_platform,
)

# There is no TLS here, and loading certificates would take longer than most tests.
PLAIN: dict[str, Any] = {"trust_env": False, "verify": False}
NOW = datetime(2026, 1, 2, 10, 0, tzinfo=UTC)
OUTAGES = [
    *((status, b"{}") for status in (500, 503, 429, 302, 404)),
    *((200, body) for body in (b"<html>", b"[1]", b"{}")),
]
RENEWING = [name for name in PLATFORMS if name != "instagram"]

T = TypeVar("T")


class Desk:
    """The adapter of one platform, and the account that we have there."""

    def __init__(self, platform: SocialPlatform, seconds: float = 5) -> None:
        self.platform = platform
        at = platform.endpoints()
        self.client = replace(
            OAuthClient(platform.name, CLIENT_ID, SECRET),
            token_endpoint=at["token_endpoint"],
            userinfo_endpoint=at["userinfo_endpoint"],
        )
        self._seconds = seconds

    def ask(self, question: Callable[[SocialProvider], Awaitable[T]]) -> T:
        async def run() -> T:
            async with httpx.AsyncClient(**PLAIN) as http:
                (kind,) = (type(adapter) for adapter in social_adapters(http) if adapter.name == self.platform.name)
                adapter = cast("type[SocialVendor]", kind)(http, seconds=self._seconds, clock=lambda: NOW)
                return await question(adapter)

        return asyncio.run(run())

    def grant(self, code: str | None = None, **changes: Any) -> SocialGrant:
        verifier = VERIFIER if self.platform.pkce else None
        return replace(SocialGrant(code or self.platform.code(), REDIRECT, verifier), **changes)

    def exchange(self, grant: SocialGrant | None = None) -> SocialTokens:
        return self.ask(lambda adapter: adapter.exchange(self.client, grant or self.grant()))

    def renew(self, tokens: SocialTokens) -> SocialTokens:
        return self.ask(lambda adapter: adapter.renew(self.client, tokens))

    def profile(self, tokens: SocialTokens) -> SocialProfile:
        return self.ask(lambda adapter: adapter.profile(self.client, tokens))


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> Iterator[SocialPlatform]:
    with social_platform(request.param) as platform:
        yield platform


@pytest.fixture
def desk(platform: SocialPlatform) -> Desk:
    return Desk(platform)


class TestCode:
    def test_it_is_traded_for_tokens_that_tell_who_it_is(self, desk: Desk, platform: SocialPlatform) -> None:
        tokens = desk.exchange()
        assert tokens.expires_at == NOW + timedelta(seconds=platform.life)
        assert (tokens.refresh is None) == (platform.name == "instagram")
        username = "@ada" if platform.name == "youtube" else "ada"
        assert desk.profile(tokens) == SocialProfile("ada-there", username, 1200)

    def test_it_is_good_once(self, desk: Desk) -> None:
        grant = desk.grant()
        desk.exchange(grant)
        with pytest.raises(ProviderRejected):
            desk.exchange(grant)

    @pytest.mark.parametrize("changes", [{"code": "made-up"}, {"redirect_uri": "https://evil.example/"}])
    def test_another_one_is_refused(self, desk: Desk, changes: dict[str, str]) -> None:
        with pytest.raises(ProviderRejected) as caught:
            desk.exchange(desk.grant(**changes))
        assert "made-up" not in str(caught.value)

    def test_a_wrong_secret_of_ours_is_no_verdict_on_it(self, desk: Desk) -> None:
        desk.client = replace(desk.client, client_secret="another")
        with pytest.raises(ProviderUnavailable) as caught:
            desk.exchange()
        assert "another" not in str(caught.value)

    def test_an_answer_without_a_token_is_an_outage(self, desk: Desk, platform: SocialPlatform) -> None:
        for token in (None, 7, "", "ü", "a b", "x" * 5000):
            platform.outage = answer({"access_token": token, "data": [{"access_token": token}]})
            with pytest.raises(ProviderUnavailable):
                desk.exchange()


class TestTokens:
    @pytest.mark.parametrize("platform", RENEWING, indirect=True)
    def test_they_are_renewed(self, desk: Desk, platform: SocialPlatform) -> None:
        tokens = desk.exchange()
        platform.end_access()
        with pytest.raises(ProviderRejected):
            desk.profile(tokens)
        newer = desk.renew(tokens)
        assert (newer.refresh == tokens.refresh) is not platform.rotates
        assert desk.profile(newer).followers == 1200
        assert newer.expires_at == NOW + timedelta(seconds=platform.life)

    @pytest.mark.parametrize("platform", RENEWING, indirect=True)
    def test_what_the_person_withdrew_is_refused(self, desk: Desk, platform: SocialPlatform) -> None:
        tokens = desk.exchange()
        platform.withdraw()
        for question in (desk.renew, desk.profile):
            with pytest.raises(ProviderRejected):
                question(tokens)

    @pytest.mark.parametrize("platform", RENEWING, indirect=True)
    def test_without_a_refresh_token_nothing_is_asked(self, desk: Desk, platform: SocialPlatform) -> None:
        with pytest.raises(ProviderRejected):
            desk.renew(SocialTokens("an-access-token"))
        assert platform.seen == []

    @pytest.mark.parametrize("platform", RENEWING, indirect=True)
    def test_a_wrong_secret_of_ours_is_no_verdict_on_them(self, desk: Desk) -> None:
        tokens = desk.exchange()
        desk.client = replace(desk.client, client_secret="another")
        with pytest.raises(ProviderUnavailable):
            desk.renew(tokens)

    def test_they_are_not_shown(self, desk: Desk) -> None:
        tokens = desk.exchange()
        shown = f"{tokens}{desk.grant()}"
        assert not [secret for secret in (tokens.access, tokens.refresh, "code-") if secret and secret in shown]


class TestFollowers:
    def test_who_hides_them_has_an_unknown_number(self, desk: Desk, platform: SocialPlatform) -> None:
        platform.person(followers=None)
        assert desk.profile(desk.exchange()).followers is None

    @pytest.mark.parametrize("number", [0, 2_147_483_648])
    def test_they_may_be_none_or_many(self, desk: Desk, platform: SocialPlatform, number: int) -> None:
        platform.person(followers=number)
        assert desk.profile(desk.exchange()).followers == number

    @pytest.mark.parametrize("number", ["many", -1, 1.5, True, [3], 10**20])
    def test_what_is_no_number_is_unknown(self, desk: Desk, platform: SocialPlatform, number: Any) -> None:
        platform.person(followers=number)
        assert desk.profile(desk.exchange()).followers is None

    def test_a_profile_without_a_subject_is_refused(self, desk: Desk, platform: SocialPlatform) -> None:
        tokens = desk.exchange()
        platform.people["ada-there"].subject = ""
        with pytest.raises(ProviderRejected):
            desk.profile(tokens)

    def test_a_long_or_hidden_name_is_cleaned(self, desk: Desk, platform: SocialPlatform) -> None:
        platform.person(username="a\u202e" * 300)
        username = desk.profile(desk.exchange()).username
        assert username is not None
        assert (len(username), "\u202e" in username) == (100, False)


class TestOutage:
    @pytest.mark.parametrize("outage", OUTAGES)
    def test_an_answer_that_is_none(self, desk: Desk, platform: SocialPlatform, outage: tuple[int, bytes]) -> None:
        tokens = desk.exchange()
        platform.outage = outage
        with pytest.raises(ProviderUnavailable):
            desk.exchange()
        with pytest.raises(ProviderUnavailable):
            desk.renew(tokens)
        with pytest.raises((ProviderUnavailable, ProviderRejected) if outage[0] == 200 else ProviderUnavailable):
            desk.profile(tokens)

    def test_a_platform_that_hangs_is_given_up(self, platform: SocialPlatform) -> None:
        desk = Desk(platform, seconds=0.3)
        platform.hangs = True
        with pytest.raises(ProviderUnavailable):
            desk.exchange()

    def test_a_platform_that_is_not_there(self, desk: Desk) -> None:
        desk.client = replace(desk.client, token_endpoint=f"http://127.0.0.1:{closed_port()}/token")
        with pytest.raises(ProviderUnavailable) as caught:
            desk.exchange(desk.grant("a-code"))
        assert "a-code" not in str(caught.value)

    @pytest.mark.parametrize("url", ["not a url", "https://", "http://[", "ftp://127.0.0.1/"])
    def test_a_url_that_is_none(self, desk: Desk, url: str) -> None:
        desk.client = replace(desk.client, token_endpoint=url)
        with pytest.raises(ProviderUnavailable):
            desk.exchange()


class TestX:
    @pytest.fixture(params=["x"])
    def platform(self, request: pytest.FixtureRequest) -> Iterator[SocialPlatform]:
        with social_platform(request.param) as platform:
            yield platform

    @pytest.mark.parametrize("verifier", ["another-verifier", None])
    def test_a_wrong_verifier_is_refused(self, desk: Desk, verifier: str | None) -> None:
        with pytest.raises(ProviderRejected):
            desk.exchange(desk.grant(code_verifier=verifier))


class TestInstagram:
    @pytest.fixture
    def platform(self) -> Iterator[SocialPlatform]:
        with social_platform("instagram") as platform:
            yield platform

    def test_what_the_platform_appends_to_a_code_goes(self, desk: Desk, platform: SocialPlatform) -> None:
        assert desk.exchange(desk.grant(platform.code() + "#_")).access

    def test_a_short_token_that_stands_in_no_list_is_as_good(self, desk: Desk, platform: SocialPlatform) -> None:
        platform.granted = lambda subject, **_: {"access_token": platform.new_access(subject)}  # type: ignore[method-assign]
        assert desk.profile(desk.exchange()).subject == "ada-there"

    def test_a_long_token_renews_itself(self, desk: Desk, platform: SocialPlatform) -> None:
        tokens = desk.exchange()
        newer = desk.renew(tokens)
        assert newer.access != tokens.access
        assert desk.profile(newer).username == "ada"
        platform.withdraw()
        for question in (desk.renew, desk.profile):
            with pytest.raises(ProviderRejected):
                question(newer)

    def test_a_number_is_an_id_as_well(self, desk: Desk, platform: SocialPlatform) -> None:
        tokens = desk.exchange()
        platform.people["ada-there"].subject = 17841405793187218  # type: ignore[assignment]
        assert desk.profile(tokens).subject == "17841405793187218"

    @pytest.mark.parametrize(
        ("code", "expected"), [(10, ProviderRejected), (200, ProviderRejected), (4, ProviderUnavailable)]
    )
    def test_what_is_not_permitted_is_refused_and_a_limit_is_not(
        self, desk: Desk, platform: SocialPlatform, code: int, expected: type[Exception]
    ) -> None:
        tokens = desk.exchange()
        platform.forbidding = FakeInstagram.refusing(code)
        with pytest.raises(expected):
            desk.profile(tokens)


class TestYouTube:
    @pytest.fixture
    def platform(self) -> Iterator[SocialPlatform]:
        with social_platform("youtube") as platform:
            yield platform

    def test_an_account_without_a_channel_is_refused(self, desk: Desk, platform: SocialPlatform) -> None:
        platform.person().absent = True
        with pytest.raises(ProviderRejected):
            desk.profile(desk.exchange())

    @pytest.mark.parametrize(
        ("reason", "expected"), [("insufficientPermissions", ProviderRejected), ("quotaExceeded", ProviderUnavailable)]
    )
    def test_a_scope_that_is_missing_is_refused_and_a_quota_is_not(
        self, desk: Desk, platform: SocialPlatform, reason: str, expected: type[Exception]
    ) -> None:
        tokens = desk.exchange()
        platform.forbidding = FakeYouTube.refusing(403, reason)
        with pytest.raises(expected):
            desk.profile(tokens)


class TestTikTok:
    @pytest.fixture
    def platform(self) -> Iterator[SocialPlatform]:
        with social_platform("tiktok") as platform:
            yield platform

    @pytest.mark.parametrize(
        ("code", "status", "expected"),
        [
            ("scope_not_authorized", 401, ProviderRejected),
            ("scope_permission_missed", 200, ProviderRejected),
            ("rate_limit_exceeded", 429, ProviderUnavailable),
            ("internal_error", 200, ProviderUnavailable),
        ],
    )
    def test_a_scope_that_is_missing_is_refused_and_a_limit_is_not(
        self, desk: Desk, platform: SocialPlatform, code: str, status: int, expected: type[Exception]
    ) -> None:
        tokens = desk.exchange()
        platform.forbidding = FakeTikTok.refusing(code, status)
        with pytest.raises(expected):
            desk.profile(tokens)
