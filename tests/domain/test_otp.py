from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.auth import otp
from tests.providers.fakes import FakeConfig

NOW = datetime(2026, 1, 1, 9, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@dataclass
class Stored:
    id: Any = "3f1c2a8e-5a0b-4a57-9d43-6f0a1f6c7b21"
    purpose: Any = "verify-phone-fan"
    user_id: Any = None
    phone: Any = "+905551112212"
    attempts: Any = 0
    resend_count: Any = 0
    sent_at: Any = NOW
    expires_at: Any = NOW + timedelta(minutes=5)
    used_at: Any = None


def giving(value: int) -> Callable[[int], bytes]:
    return lambda size: value.to_bytes(size, "big")


class TestCode:
    @pytest.mark.parametrize(
        ("random", "code"), [(0, "000000"), (42, "000042"), (999_999, "999999"), (1_000_007, "000007")]
    )
    def test_it_has_six_digits(self, random: int, code: str) -> None:
        assert otp.new_code(giving(random)) == code

    def test_all_random_bits_count(self) -> None:
        assert otp.new_code(giving(2**64 - 1)) == "551615"

    def test_the_id_is_a_random_uuid(self) -> None:
        assert otp.new_id(giving(2**128 - 1)).version == 4

    @pytest.mark.parametrize(
        ("purpose", "user_id", "reached"),
        [
            ("verify-phone-fan", None, True),
            ("verify-phone-profile", uuid4(), True),
            ("2fa-setup", uuid4(), True),
            ("login-2fa", uuid4(), True),
            ("login-2fa", None, False),
        ],
    )
    def test_a_sign_in_with_another_phone_reaches_nobody(
        self, purpose: str, user_id: UUID | None, reached: bool
    ) -> None:
        assert otp.reaches_somebody(purpose, user_id) is reached

    @pytest.mark.parametrize(
        ("changes", "current"),
        [
            ({}, True),
            ({"resend_count": 1}, False),
            ({"used_at": NOW}, False),
            ({"expires_at": NOW}, False),
            ({"expires_at": NOW + SECOND}, True),
        ],
    )
    def test_only_the_code_that_is_good_now_is_worth_sending(self, changes: dict[str, Any], current: bool) -> None:
        assert otp.is_current(replace(Stored(), **changes), 0, NOW) is current

    @pytest.mark.parametrize(("seconds", "minutes"), [(300, 5), (298, 5), (240, 4), (1, 1), (0, 1)])
    def test_the_minutes_that_are_left(self, seconds: int, minutes: int) -> None:
        assert otp.minutes_left(NOW + seconds * SECOND, NOW) == minutes


class TestRefusals:
    @pytest.mark.parametrize(
        ("challenge", "code"),
        [
            (None, "invalid"),
            (Stored(used_at=NOW, expires_at=NOW, attempts=5), "already_used"),
            (Stored(expires_at=NOW, attempts=5), "expired"),
            (Stored(attempts=5), "attempts_exhausted"),
        ],
    )
    def test_why_a_guess_was_not_taken(self, challenge: Stored | None, code: str) -> None:
        assert otp.verify_refusal(challenge, NOW) == f"auth.otp.verify.{code}"

    @pytest.mark.parametrize(
        ("challenge", "code", "wait"),
        [
            (None, "not_found", None),
            (Stored(used_at=NOW), "not_found", None),
            (Stored(expires_at=NOW), "not_found", None),
            (Stored(resend_count=3), "cap_reached", None),
            (Stored(), "cooldown", 60),
            (Stored(sent_at=NOW - 59.5 * SECOND), "cooldown", 1),
        ],
    )
    def test_why_a_challenge_was_not_resent(self, challenge: Stored | None, code: str, wait: float | None) -> None:
        refusal = otp.resend_refusal(challenge, NOW, FakeConfig())
        assert (refusal.code, refusal.retry_after) == (f"auth.otp.resend.{code}", wait)


class TestMask:
    @pytest.mark.parametrize(
        ("phone", "mask"),
        [
            ("+905551112212", "+90 ••• ••• ••12"),
            ("+12025550143", "+1 ••• ••• ••43"),
            ("+79161234567", "+7 ••• ••• ••67"),
            ("+4915112345678", "+49 ••• ••• ••78"),
            ("+358401234567", "+358 ••• ••• ••67"),
            ("+97150123456", "+971 ••• ••• ••56"),
            ("+21612345678", "+216 ••• ••• ••78"),
            ("+12345678", "+1 ••• ••• ••78"),
        ],
    )
    def test_country_code_and_last_two_digits(self, phone: str, mask: str) -> None:
        assert otp.mask_phone(phone) == mask


class TestView:
    def test_what_is_shown(self) -> None:
        assert otp.challenge_view(replace(Stored(), attempts=2), FakeConfig()) == {
            "challengeId": "3f1c2a8e-5a0b-4a57-9d43-6f0a1f6c7b21",
            "purpose": "verify-phone-fan",
            "phoneMask": "+90 ••• ••• ••12",
            "expiresAt": "2026-01-01T09:35:00.000Z",
            "attemptsRemaining": 3,
            "resendAvailableAt": "2026-01-01T09:31:00.000Z",
        }

    @pytest.mark.parametrize("changes", [{"used_at": NOW}, {"resend_count": 3}])
    def test_no_time_where_no_resend_is_left(self, changes: dict[str, Any]) -> None:
        assert otp.challenge_view(replace(Stored(), **changes), FakeConfig())["resendAvailableAt"] is None

    def test_a_lowered_maximum_leaves_no_attempt_rather_than_less(self) -> None:
        assert otp.challenge_view(replace(Stored(), attempts=9), FakeConfig())["attemptsRemaining"] == 0
