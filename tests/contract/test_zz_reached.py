"""Every error code that the contract documents was got over HTTP by some test, and no other one was.

All tests fill ``tests.reached.REACHED``, so this one runs at the very end: of a process that was asked for all tests
that it counts on, or alone, with what other processes kept. After ``-k``, a path or ``--lf`` codes would be missing
because nobody asked for them, not because nothing answers them. ``conftest.py`` beside this file sees to it.
"""

import pytest

from tests.contract.operations import CONTRACT, IDS
from tests.reached import REACHED


@pytest.mark.parametrize("operation_id", IDS)
def test_the_documented_codes_are_the_reached_ones(operation_id: str) -> None:
    documented, reached = CONTRACT.policies[operation_id].codes, REACHED[operation_id]
    never = sorted(documented - reached)
    unheard_of = sorted(reached - documented)
    assert not never, f"{operation_id} documents what no test reached: {', '.join(never)}"
    assert not unheard_of, f"{operation_id} answered what it does not document: {', '.join(unheard_of)}"


def test_nothing_else_was_called() -> None:
    assert sorted(REACHED) == IDS
