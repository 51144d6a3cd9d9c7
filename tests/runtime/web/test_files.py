"""How many archives a process gives at a time."""

from contextlib import ExitStack
from uuid import uuid4

import pytest

from domain.errors import ApiError
from runtime.web.files import MOST_OF_ALL, MOST_OF_ONE, Readers


def test_an_account_takes_no_turn_of_others_and_all_together_have_a_bound() -> None:
    readers, ada = Readers(), uuid4()
    with ExitStack() as held:
        for _ in range(MOST_OF_ONE):
            held.enter_context(readers.one_more(ada))
        with pytest.raises(ApiError, match=r"service\.unavailable"), readers.one_more(ada):
            pass
        for _ in range(MOST_OF_ALL - MOST_OF_ONE - 1):
            held.enter_context(readers.one_more(uuid4()))
        with readers.one_more(uuid4()):
            with pytest.raises(ApiError, match=r"service\.unavailable") as refusal, readers.one_more(uuid4()):
                pass
            assert refusal.value.retry_after == 5
        with readers.one_more(uuid4()):
            pass
    with readers.one_more(ada), readers.one_more(ada):
        pass
