import re
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import timestamp
from domain.creators import social_account_view
from domain.users import (
    REFERRAL_ALPHABET,
    REFERRAL_LENGTH,
    Identity,
    Origin,
    Referrer,
    identity_view,
    new_user,
    profile_view,
    referral_code,
    tombstones_of,
)
from services.keyring import Keyring

MOMENT = datetime(2026, 1, 3, 8, 0, 0, 123456, tzinfo=UTC)
BODY = {
    "email": "ada@example.com",
    "password": "Correct-Horse-7",
    "acceptedTerms": True,
    "acceptedPrivacy": True,
    "username": "ada",
    "displayName": "Ada",
    "intent": "fan",
    "utmSource": "s",
    "utmMedium": "m",
    "utmCampaign": "c",
    "utmTerm": "t",
    "utmContent": "n",
    "firstReferrerUrl": "https://r.example",
    "firstLandingPage": "https://l.example",
}
USER_COLUMNS = [
    "email",
    "username",
    "display_name",
    "avatar_url",
    "bio",
    "status",
    "email_verified",
    "locale",
    "two_factor_enabled",
    "referral_code",
    "first_referrer_url",
    "first_landing_page",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "registration_device",
    "registration_country",
]
ACCOUNT = SimpleNamespace(
    platform="instagram",
    platform_username="ada",
    verified=True,
    connected_at=MOMENT,
    access_token=b"secret",
    platform_user_id="4711",
    reconnect=False,
)


class TestNewUser:
    def test_takes_everything_but_the_clear_password(self) -> None:
        referrer = uuid4()
        columns = new_user(BODY, "$2b$hash", "tr", Origin("Mozilla", "TR", Referrer(referrer, "K7Q2M9TX", None)))
        assert columns["password_hash"] == "$2b$hash"
        assert BODY["password"] not in columns.values()
        assert (columns["locale"], columns["referred_by"]) == ("tr", referrer)
        assert (columns["registration_device"], columns["registration_country"]) == ("Mozilla", "TR")
        kept = set(BODY.values()) - {BODY["password"], True}
        assert kept <= set(columns.values())

    def test_what_was_left_out_is_null(self) -> None:
        columns = new_user({"email": "ada@example.com"}, "$2b$hash", "en", Origin(None, None, None))
        given = {name for name, value in columns.items() if value is not None}
        assert given == {"email", "password_hash", "locale"}


class TestReferralCode:
    @given(st.binary(min_size=REFERRAL_LENGTH, max_size=64))
    def test_is_easy_to_read_out(self, random: bytes) -> None:
        assert re.fullmatch(r"[2-9A-HJ-NP-Z]{8}", referral_code(random))

    def test_every_letter_is_as_likely(self) -> None:
        assert 256 % len(REFERRAL_ALPHABET) == 0
        assert {referral_code([byte] * 8)[0] for byte in range(256)} == set(REFERRAL_ALPHABET)

    def test_letters_that_look_alike_are_missing(self) -> None:
        assert not set("01IO") & set(REFERRAL_ALPHABET)
        assert len(set(REFERRAL_ALPHABET)) == len(REFERRAL_ALPHABET) == 32


class TestTombstone:
    def test_recognises_an_address_without_holding_it(self) -> None:
        digests = Keyring(("new-secret-" * 4, "old-secret-" * 4)).digests
        stones = tombstones_of("ada@example.com", digests)
        assert stones == tombstones_of("ada@example.com", digests)
        assert not set(stones) & set(tombstones_of("ada@example.org", digests))
        assert "ada" not in "".join(stones)
        keyed, plain = r"deleted_[0-9a-f]{8}\.[0-9a-f]{64}@deleted\.bio\.re", r"deleted_[0-9a-f]{64}@deleted\.bio\.re"
        assert all(re.fullmatch(form, stone) for form, stone in zip((keyed, keyed, plain), stones, strict=True))


class TestTimestamp:
    @pytest.mark.parametrize(
        ("moment", "text"),
        [
            (MOMENT, "2026-01-03T08:00:00.123Z"),
            (MOMENT.replace(microsecond=0), "2026-01-03T08:00:00.000Z"),
            (MOMENT.astimezone(timezone(timedelta(hours=3))), "2026-01-03T08:00:00.123Z"),
            (None, None),
        ],
    )
    def test_is_utc_with_milliseconds(self, moment: datetime | None, text: str | None) -> None:
        assert timestamp(moment) == text


class TestViews:
    def test_an_identity_shows_what_the_contract_names(self) -> None:
        identity = Identity(uuid4(), "ada@example.com", None, "Ada", None, "ACTIVE", True, False)
        assert identity_view(identity) == {
            "id": str(identity.id),
            "email": "ada@example.com",
            "username": None,
            "displayName": "Ada",
            "avatarUrl": None,
            "status": "ACTIVE",
            "emailVerified": True,
        }

    def test_platforms_are_written_in_two_ways(self) -> None:
        user = SimpleNamespace(**dict.fromkeys(USER_COLUMNS), id=uuid4(), last_login_at=None, created_at=MOMENT)
        profile = profile_view(user, True, [ACCOUNT])
        assert profile["isCreator"] is True
        assert profile["socialAccounts"] == [
            {"platform": "INSTAGRAM", "platformUsername": "ada", "connectedAt": "2026-01-03T08:00:00.123Z"}
        ]
        assert social_account_view(ACCOUNT)["platform"] == "instagram"

    def test_no_view_shows_tokens_or_foreign_ids(self) -> None:
        shown = str(social_account_view(ACCOUNT))
        assert "secret" not in shown
        assert "4711" not in shown
