"""How calls of providers end, told to whoever counts them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from providers.ports import ObserveAttempt, ProviderRejected, ProviderUnavailable


def nobody(_family: str, _provider: str, _outcome: str, _seconds: float) -> None:
    """For those who do not count."""


class Ending:
    """``outcome`` may be changed by the call that it is of."""

    outcome = "ok"


@contextmanager
def observed(observe: ObserveAttempt, family: str, provider: str) -> Iterator[Ending]:
    """The block is one call. It is ``ok`` or what the block says, else what its exception amounts to.

    That is ``unavailable``, ``rejected``, ``failed``, or ``cancelled`` when whoever waited for it gave up.
    """
    began, ending = time.perf_counter(), Ending()
    try:
        yield ending
    except BaseException as error:
        ending.outcome = _outcome(error)
        raise
    finally:
        observe(family, provider, ending.outcome, time.perf_counter() - began)


def _outcome(error: BaseException) -> str:
    if not isinstance(error, Exception):
        return "cancelled"
    if isinstance(error, ProviderUnavailable):
        return "unavailable"
    return "rejected" if isinstance(error, ProviderRejected) else "failed"
