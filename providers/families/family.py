"""What families have in common: the active provider of the config is asked first, then the others in their order."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import takewhile
from typing import ClassVar, Generic, Protocol, TypeVar

import structlog

from domain.config_keys import ChoiceKey, Config, ListKey
from domain.money.movements import Movement
from providers.observing import Watch
from providers.ports import MovementSource, ProviderUnavailable

PROBE_SECONDS = 5.0

log = structlog.get_logger()


class Probed(Protocol):
    name: str

    async def probe(self) -> str:
        """As ``EmailProvider.probe``."""


AdapterT = TypeVar("AdapterT", bound=Probed)
AnswerT = TypeVar("AnswerT")


class Telling(Probed, MovementSource, Protocol):
    """It has a book of its own."""


TellingT = TypeVar("TellingT", bound=Telling)


class Family(Generic[AdapterT]):
    family: ClassVar[str]
    active_provider: ClassVar[ChoiceKey]

    def __init__(self, config: Config, adapters: Iterable[AdapterT], watch: Watch) -> None:
        self._config = config
        self._adapters = {adapter.name: adapter for adapter in adapters}
        self._watch = watch

    @property
    def names(self) -> tuple[str, ...]:
        """The providers that this environment has."""
        return tuple(self._adapters)

    @property
    def active_name(self) -> str:
        return self._config[self.active_provider]

    @property
    def stand_ins(self) -> list[str]:
        """Those that take over when the active one fails, in this order."""
        return []

    async def probe(self, name: str, seconds: float = PROBE_SECONDS) -> str:
        """What was found by going as far as one can without effect; a good probe closes the breaker.

        Raises ProviderUnavailable.
        """
        try:
            async with asyncio.timeout(seconds):
                found = await self.adapter(name).probe()
        except TimeoutError:
            raise ProviderUnavailable(f"no answer within {seconds:g} seconds") from None
        self._watch.close(self.family, name)
        return found

    def adapter(self, name: str) -> AdapterT:
        """Raises ProviderUnavailable."""
        if name not in self._adapters:
            raise ProviderUnavailable(f"the {self.family} provider {name} does not exist in this environment")
        return self._adapters[name]


class Books(Family[TellingT]):
    def tells_movements(self, provider: str) -> bool:
        """Whether there is a provider of that name here, with a list of what moved that we may read."""
        adapter = self._adapters.get(provider)
        return adapter is not None and adapter.tells_movements

    async def movements(self, provider: str, day: date) -> Sequence[Movement]:
        """As ``MovementSource.movements``."""
        with self._watch.call(self.family, provider):
            return await self.adapter(provider).movements(day)


class Chain(Family[AdapterT]):
    failover_providers: ClassVar[ListKey]

    def chosen(self) -> list[str]:
        """The providers to ask, each once. ``none`` ends the list."""
        chosen = [self.active_name, *self.stand_ins]
        return list(dict.fromkeys(takewhile(lambda name: name != "none", chosen)))

    @property
    def stand_ins(self) -> list[str]:
        return self._config[self.failover_providers]

    def _asked(self) -> Iterator[str]:
        """Those chosen whose breaker lets them be asked, one after the other; all of them where it lets none.

        Whoever goes through them ends with those that it began with.
        """
        skipped, asked = list[str](), False
        for name in self.chosen():
            if self._watch.allows(self.family, name):
                asked = True
                yield name
            else:
                skipped.append(name)
        if not asked:
            yield from skipped

    async def _first_available(self, ask: Callable[[str], Awaitable[AnswerT]]) -> AnswerT:
        faults = []
        for name in self._asked():
            try:
                return await ask(name)
            except ProviderUnavailable as fault:
                log.warning("provider.unavailable", family=self.family, provider=name, fault=str(fault))
                faults.append(f"{name}: {fault}")
        raise ProviderUnavailable(f"no {self.family} provider is available ({'; '.join(faults) or 'none is active'})")
