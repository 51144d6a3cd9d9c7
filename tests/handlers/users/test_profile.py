from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.handlers.support import account, change, insert
from tests.harness import Api, Tables, bearer, code_of

BIRTH = datetime(2026, 1, 3, 8, 0, 0, 250_000, tzinfo=UTC)


class TestProfile:
    def test_without_a_token_there_is_none(self, api: Api) -> None:
        response = api.call("users.profile")
        assert (response.status_code, code_of(response)) == (401, "auth.unauthenticated")

    def test_nobody_sees_what_is_of_others(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        eve = account(api, tables, "eve@example.com")
        insert(tables, "creator_profiles", user_id=eve)
        insert(tables, "social_accounts", user_id=eve, platform="instagram", platform_user_id="1")
        data = api.call("users.profile", headers=bearer(access)).json()["data"]
        assert (data["id"], data["isCreator"], data["socialAccounts"]) == (str(user_id), False, [])

    @pytest.mark.parametrize("ended", ["revoked_at = now()", "expires_at = now() - interval '1 second'"])
    def test_an_ended_session_has_none(self, api: Api, access: str, tables: Tables, ended: str) -> None:
        tables.run(f"UPDATE sessions SET {ended}")  # noqa: S608
        assert code_of(api.call("users.profile", headers=bearer(access))) == "auth.unauthenticated"

    @pytest.mark.parametrize("status", ["SUSPENDED", "BANNED", "DEACTIVATED"])
    def test_an_account_that_may_not_act_is_refused(
        self, api: Api, access: str, user_id: UUID, tables: Tables, status: str
    ) -> None:
        change(tables, "users", user_id, status=status)
        response = api.call("users.profile", headers=bearer(access))
        assert (response.status_code, code_of(response)) == (403, f"auth.account_{status.lower()}")

    def test_an_account_that_is_gone_is_not_found(self, api: Api, access: str, tables: Tables) -> None:
        tables.run("DELETE FROM users")
        response = api.call("users.profile", headers=bearer(access))
        assert (response.status_code, code_of(response)) == (404, "error.user.not_found")

    def test_the_whole_account_is_answered(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        columns = {
            "username": "ada",
            "display_name": "Ada Lovelace",
            "avatar_url": "https://example.com/a.png",
            "bio": "Notes on engines.",
            "locale": "tr",
            "two_factor_enabled": True,
            "two_factor_secret": "sealed",
            "referral_code": "K7Q2M9TX",
            "first_referrer_url": "https://example.org/",
            "first_landing_page": "https://bio.re/",
            "utm_source": "newsletter",
            "utm_medium": "email",
            "utm_campaign": "spring",
            "registration_device": "Mozilla/5.0",
            "registration_country": "TR",
            "created_at": BIRTH,
            "last_login_at": None,
        }
        change(tables, "users", user_id, **columns)
        insert(tables, "creator_profiles", user_id=user_id)
        account_row = {"user_id": user_id, "platform": "instagram", "platform_user_id": "1", "created_at": BIRTH}
        insert(tables, "social_accounts", **account_row, platform_username="ada", access_token=b"the-token")
        assert api.call("users.profile", headers=bearer(access)).json() == {
            "success": True,
            "data": {
                "id": str(user_id),
                "email": "ada@example.com",
                "username": "ada",
                "displayName": "Ada Lovelace",
                "avatarUrl": "https://example.com/a.png",
                "bio": "Notes on engines.",
                "status": "ACTIVE",
                "emailVerified": True,
                "locale": "tr",
                "lastLoginAt": None,
                "twoFactorEnabled": True,
                "createdAt": "2026-01-03T08:00:00.250Z",
                "isCreator": True,
                "socialAccounts": [
                    {"platform": "INSTAGRAM", "platformUsername": "ada", "connectedAt": "2026-01-03T08:00:00.250Z"}
                ],
                "referralCode": "K7Q2M9TX",
                "firstReferrerUrl": "https://example.org/",
                "firstLandingPage": "https://bio.re/",
                "utmSource": "newsletter",
                "utmMedium": "email",
                "utmCampaign": "spring",
                "registrationDevice": "Mozilla/5.0",
                "registrationCountry": "TR",
            },
        }

    def test_the_last_login_is_told(self, api: Api, access: str) -> None:
        told = api.call("users.profile", headers=bearer(access)).json()["data"]["lastLoginAt"]
        assert (datetime.now(UTC) - datetime.fromisoformat(told)).total_seconds() < 60

    def test_at_most_50_social_accounts_are_told(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        for number in range(55):
            insert(tables, "social_accounts", user_id=user_id, platform=f"p{number}", platform_user_id="1")
        accounts = api.call("users.profile", headers=bearer(access)).json()["data"]["socialAccounts"]
        assert [account["platform"] for account in accounts] == [f"P{number}" for number in range(50)]

    def test_nothing_is_written(self, api: Api, access: str, tables: Tables) -> None:
        before = tables.fingerprints()
        api.call("users.profile", headers=bearer(access))
        assert tables.changed_since(before) == set()
