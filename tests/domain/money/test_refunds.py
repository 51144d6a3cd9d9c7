"""How much of a payment is still in its wallet: money is spent oldest first."""

import pytest

from domain.money.refunds import Later, Source, unspent

A, B = 50, 50


def came(source: Source, *amounts: int) -> list[Later]:
    return [Later(source, amount) for amount in amounts]


@pytest.mark.parametrize(
    ("left", "fan", "later", "wanted"),
    [
        (A, A, [], A),
        (A, 30, [], 30),
        (A, 0, [], 0),
        (20, A, [], 20),  # the rest was given back
        (A, 80, [], A),  # what came before is not its own
        (A, A + B, came("PAYMENT", B), A),
        (A, B, came("PAYMENT", B), 0),
        (A, B + 1, came("PAYMENT", B), 1),
        (A, B - 1, came("PAYMENT", B), 0),
        (A, 10, came("ADJUSTMENT", 10), 0),
        (A, A, came("ADJUSTMENT", 10, -10), A),  # a mistake that was taken back
        (A, A, came("ADJUSTMENT", -10, 10), A - 10),  # a gift that came after something else was taken
        (A, A, came("ADJUSTMENT", 10) + came("STRAY", -10), A - 10),
        (A, A, came("STRAY", 20, -20), A),
        (A, 70, came("STRAY", 20, -20, 20), A),
        (A, 30, came("CLAIM", 20), 10),
        (A, 40, came("PAYMENT", 20) + came("ADJUSTMENT", 5) + came("CLAIM", 5), 10),
        (30, A, came("LEAVING", 20), 30),
        (30, 30, came("LEAVING", 20), 10),
    ],
)
def test_what_is_there_of_a_payment(left: int, fan: int, later: list[Later], wanted: int) -> None:
    assert unspent(left, fan, later) == wanted


@pytest.mark.parametrize("spent", range(A + B + 10))
def test_all_payments_together_have_no_more_than_the_wallet(spent: int) -> None:
    """Nothing of what came besides is ever given back as a payment."""
    fan = A + 9 + B - min(spent, A + 9 + B)
    first = unspent(A, fan, [*came("ADJUSTMENT", 9), *came("PAYMENT", B)])
    second = unspent(B, fan, [])
    assert (first, second) == (max(0, A - spent), min(B, fan))
    assert first + second <= fan
