"""The rules of sessions, without clock, storage or network."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.auth import (
    COUNTER_BYTES,
    WRONG_CREDENTIALS,
    Presented,
    RefreshToken,
    judge,
    login_refusal,
    one_time_hash,
    read_refresh_token,
    registration_locale,
    require_refresh_allowed,
    session_life,
    write_refresh_token,
)
from domain.errors import ApiError
from domain.users import STATUSES
from tests.providers.fakes import FakeConfig

KEY, OTHER = b"k" * 32, b"o" * 32
NOW = datetime(2026, 1, 1, tzinfo=UTC)
GRACE = timedelta(seconds=10)
TOKEN = RefreshToken(UUID("5b0f6f0e-6f3c-4f4e-9d0e-0c7c3a1f2b64"), 7)
LARGEST = 2 ** (8 * COUNTER_BYTES) - 1


class TestRefreshToken:
    @given(st.uuids(), st.integers(0, LARGEST))
    def test_opens_again(self, session_id: UUID, counter: int) -> None:
        token = RefreshToken(session_id, counter)
        assert read_refresh_token(write_refresh_token(token, KEY), {"k": KEY}) == token

    @given(st.uuids(), st.integers(0, LARGEST))
    def test_needs_no_quoting_anywhere(self, session_id: UUID, counter: int) -> None:
        text = write_refresh_token(RefreshToken(session_id, counter), KEY)
        assert len(text) == 76
        assert text.replace("-", "").replace("_", "").isalnum()

    def test_every_bit_counts(self) -> None:
        raw = bytearray(base64.urlsafe_b64decode(write_refresh_token(TOKEN, KEY)))
        for position in range(len(raw)):
            for bit in range(8):
                raw[position] ^= 1 << bit
                assert read_refresh_token(base64.urlsafe_b64encode(raw).decode(), {"k": KEY}) is None
                raw[position] ^= 1 << bit
        assert read_refresh_token(base64.urlsafe_b64encode(raw).decode(), {"k": KEY}) == TOKEN

    def test_every_character_counts(self) -> None:
        """Also those whose bits a lenient decoder would drop: one token has one text."""
        text = write_refresh_token(TOKEN, KEY)
        for position in range(len(text)):
            for character in "AZ09-_+/= \n\x00\u00e9":
                changed = text[:position] + character + text[position + 1 :]
                if changed != text:
                    assert read_refresh_token(changed, {"k": KEY}) is None

    def test_every_length_counts(self) -> None:
        text = write_refresh_token(TOKEN, KEY)
        for end in range(len(text)):
            assert read_refresh_token(text[:end], {"k": KEY}) is None
            assert read_refresh_token(text[end + 1 :], {"k": KEY}) is None
        for longer in (text + "A", text + "AAAA", text + "=", text + text, "\n" + text, text + "\n", f" {text}"):
            assert read_refresh_token(longer, {"k": KEY}) is None

    def test_belongs_to_its_key(self) -> None:
        text = write_refresh_token(TOKEN, KEY)
        assert read_refresh_token(text, {"o": OTHER}) is None
        assert read_refresh_token(text, {}) is None
        assert read_refresh_token(text, {"o": OTHER, "k": KEY}) == TOKEN

    def test_parts_of_two_are_none(self) -> None:
        one = base64.urlsafe_b64decode(write_refresh_token(TOKEN, KEY))
        two = base64.urlsafe_b64decode(write_refresh_token(RefreshToken(uuid4(), 7), KEY))
        for cut in (8, 17, 25):
            assert read_refresh_token(base64.urlsafe_b64encode(one[:cut] + two[cut:]).decode(), {"k": KEY}) is None

    @given(st.text())
    def test_no_other_text_is_one(self, text: str) -> None:
        assert read_refresh_token(text, {"k": KEY}) is None


class TestJudge:
    @pytest.mark.parametrize(
        ("presented", "current", "rotated_ago", "verdict"),
        [
            (0, 0, None, Presented.CURRENT),
            (5, 5, 0, Presented.CURRENT),
            (5, 5, 10_000, Presented.CURRENT),
            (4, 5, 0, Presented.REPEATED),
            (4, 5, 10, Presented.REPEATED),
            (4, 5, 10.001, Presented.STOLEN),
            (4, 5, None, Presented.STOLEN),
            (3, 5, 0, Presented.STOLEN),
            (0, 5, 0, Presented.STOLEN),
            (6, 5, 0, Presented.FORGED),
            (1, 0, None, Presented.FORGED),
        ],
    )
    def test_by_place_and_time(
        self, presented: int, current: int, rotated_ago: float | None, verdict: Presented
    ) -> None:
        rotated_at = None if rotated_ago is None else NOW - timedelta(seconds=rotated_ago)
        assert judge(presented, current, rotated_at, NOW, GRACE) is verdict

    def test_without_grace_every_repetition_is_theft(self) -> None:
        moment = NOW - timedelta(microseconds=1)
        assert judge(4, 5, moment, NOW, timedelta(0)) is Presented.STOLEN

    @given(st.integers(0, LARGEST), st.integers(0, LARGEST), st.floats(0, 1e6))
    def test_only_the_current_one_moves_on(self, presented: int, current: int, ago: float) -> None:
        verdict = judge(presented, current, NOW - timedelta(seconds=ago), NOW, GRACE)
        assert (verdict is Presented.CURRENT) == (presented == current)
        assert (verdict is Presented.FORGED) == (presented > current)


class TestLoginRefusal:
    @pytest.mark.parametrize(
        ("status", "verified", "code"),
        [
            ("ACTIVE", True, None),
            ("ACTIVE", False, "auth.login.email_not_verified"),
            ("SUSPENDED", True, "auth.login.account_suspended"),
            ("SUSPENDED", False, "auth.login.account_suspended"),
            ("BANNED", True, "auth.login.account_suspended"),
            ("DEACTIVATED", True, "auth.login.account_deactivated"),
            ("DELETED", True, WRONG_CREDENTIALS),
            ("DELETED", False, WRONG_CREDENTIALS),
            ("OF_TOMORROW", True, WRONG_CREDENTIALS),
        ],
    )
    def test_by_status(self, status: str, verified: bool, code: str | None) -> None:
        assert login_refusal(status, verified) == code

    def test_only_the_active_may_sign_in(self) -> None:
        assert [status for status in STATUSES if login_refusal(status, True) is None] == ["ACTIVE"]


class TestRefreshAllowed:
    def test_the_active_may(self) -> None:
        require_refresh_allowed("ACTIVE")

    @pytest.mark.parametrize(
        ("status", "code"),
        [
            ("SUSPENDED", "auth.refresh.account_suspended"),
            ("BANNED", "auth.refresh.account_suspended"),
            ("DEACTIVATED", "auth.refresh.invalid_token"),
            ("DELETED", "auth.refresh.invalid_token"),
            (None, "auth.refresh.invalid_token"),
        ],
    )
    def test_others_may_not(self, status: str | None, code: str) -> None:
        with pytest.raises(ApiError) as refusal:
            require_refresh_allowed(status)
        assert refusal.value.code == code


class TestRest:
    def test_a_session_lives_as_configured(self) -> None:
        config = FakeConfig({"auth.refresh_idle_days": 20, "auth.refresh_absolute_days": 80})
        assert session_life(config) == (timedelta(days=20), timedelta(days=80))

    def test_one_time_tokens_are_stored_as_hashes(self) -> None:
        token = uuid4()
        assert one_time_hash(token) == one_time_hash(UUID(str(token).upper()))
        assert len(one_time_hash(token)) == 32
        assert token.bytes not in one_time_hash(token)
        assert one_time_hash(token) != one_time_hash(uuid4())

    @pytest.mark.parametrize(("wanted", "locale"), [(None, "tr"), ("", "tr"), ("en", "en"), ("tr", "tr")])
    def test_the_locale_wanted_wins(self, wanted: str | None, locale: str) -> None:
        assert registration_locale(wanted, "tr", ["en", "tr"]) == locale

    def test_a_locale_that_is_not_offered_is_refused(self) -> None:
        with pytest.raises(ApiError) as refusal:
            registration_locale("tr", "en", ["en", "de"])
        assert refusal.value.code == "validation.failed"
        assert refusal.value.details == [{"field": "locale", "rule": "enum", "limit": "en, de"}]
