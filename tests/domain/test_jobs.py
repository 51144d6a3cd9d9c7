from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.jobs import FIRST_DELAY, LONGEST_DELAY, MAX_ATTEMPTS, GivenUp, require_try, retry_delay


class TestRetryDelay:
    @pytest.mark.parametrize(("attempt", "seconds"), [(1, 2), (2, 4), (3, 8), (11, 2048), (12, 3600), (16, 3600)])
    def test_doubles_up_to_an_hour(self, attempt: int, seconds: int) -> None:
        assert retry_delay(attempt, 1.0) == timedelta(seconds=seconds)
        assert retry_delay(attempt, 0.0) == timedelta(seconds=seconds / 2)

    @given(st.integers(1, 1000), st.floats(0, 1))
    def test_stays_within_bounds(self, attempt: int, random: float) -> None:
        assert FIRST_DELAY / 2 <= retry_delay(attempt, random).total_seconds() <= LONGEST_DELAY

    @given(st.integers(1, MAX_ATTEMPTS), st.floats(0, 1), st.floats(0, 1))
    def test_spreads(self, attempt: int, one: float, two: float) -> None:
        earlier, later = sorted([one, two])
        assert retry_delay(attempt, earlier) <= retry_delay(attempt, later)

    def test_all_attempts_reach_over_hours(self) -> None:
        waits = [retry_delay(attempt, 0.5).total_seconds() for attempt in range(1, MAX_ATTEMPTS)]
        assert 3.5 * 3600 < sum(waits) < 4.5 * 3600


class TestTries:
    def test_are_as_many_as_may_be(self) -> None:
        require_try(MAX_ATTEMPTS)
        with pytest.raises(GivenUp):
            require_try(MAX_ATTEMPTS + 1)
