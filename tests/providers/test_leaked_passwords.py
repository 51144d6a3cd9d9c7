"""The look-up of leaked passwords against a server that speaks the protocol of the range service."""

import asyncio
import hashlib
from collections.abc import Iterator
from email.message import Message
from threading import Event
from typing import Any

import httpx
import pytest

from providers.families.visitors import LeakedPasswordsFamily
from providers.leaked_passwords import leaked_passwords_adapters
from providers.leaked_passwords.pwned_passwords import LONGEST_ANSWER, PwnedPasswords
from providers.observing import Watch
from providers.ports import ProviderUnavailable
from tests.http_server import Answer, served
from tests.providers.fakes import FakeConfig
from tests.providers.servers import closed_port

BASE_URL = "external.leaked_passwords.pwned_passwords.base_url"
ACTIVE = "external.leaked_passwords.active_provider"
LEAKED, CLEAN = "Leaked-Horse-7", "Correct-Horse-7"


def digest(password: str) -> str:
    return hashlib.sha1(password.encode()).hexdigest().upper()  # noqa: S324 - the protocol's


class RangeServer:
    """Knows some passwords by their hashes; pads its answers where it is asked to. ``outage`` replaces them."""

    def __init__(self) -> None:
        self.known = {digest(LEAKED): 3}
        self.asked: list[tuple[str, str, str | None, bytes]] = []
        self.outage: Answer | None = None
        self.hangs = False
        self.released = Event()
        self.url = ""

    def respond(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
        self.asked.append((method, path, headers["Add-Padding"], body))
        if self.hangs:
            self.released.wait()
        if self.outage is not None:
            return self.outage
        prefix = path.rpartition("/")[2]
        lines = [f"{known[5:]}:{count}" for known, count in self.known.items() if known.startswith(prefix)]
        padding = [f"{digest(str(n))[5:]}:0" for n in range(800)] + [f"{digest(CLEAN)[5:]}:0"]
        return 200, "\r\n".join([*lines, *padding]).encode()


@pytest.fixture
def service(config: FakeConfig) -> Iterator[RangeServer]:
    stand_in = RangeServer()
    with served(stand_in) as url:
        config[BASE_URL] = url
        config[ACTIVE] = "pwned_passwords"
        yield stand_in


def holds(config: FakeConfig, password: str, **options: Any) -> bool:
    async def ask() -> bool:
        async with httpx.AsyncClient(trust_env=False) as http:
            return await PwnedPasswords(config, http, **options).holds(digest(password))

    return asyncio.run(ask())


def know(config: FakeConfig, password: str, observed: list[tuple[str, str, str]] | None = None) -> bool:
    async def ask() -> bool:
        async with httpx.AsyncClient(trust_env=False) as http:
            family = LeakedPasswordsFamily(
                config,
                leaked_passwords_adapters(config, http),
                Watch(
                    lambda family, name, outcome, _: (observed if observed is not None else []).append(
                        (family, name, outcome)
                    )
                ),
            )
            return await family.knows(password)

    return asyncio.run(ask())


class TestRange:
    def test_a_leaked_one_is_found_and_a_padded_one_is_not(self, config: FakeConfig, service: RangeServer) -> None:
        assert holds(config, LEAKED) is True
        assert holds(config, CLEAN) is False

    def test_only_five_digits_of_the_hash_leave(self, config: FakeConfig, service: RangeServer) -> None:
        holds(config, LEAKED)
        assert service.asked == [("GET", f"/range/{digest(LEAKED)[:5]}", "true", b"")]

    def test_a_slash_at_the_end_of_the_address_does_no_harm(self, config: FakeConfig, service: RangeServer) -> None:
        config[BASE_URL] += "/"
        assert holds(config, LEAKED) is True

    @pytest.mark.parametrize("answer", [b"", b"\r\n\r\n", b"no list", b":", b"\xff\xfe:1", LEAKED.encode()])
    def test_an_answer_without_the_hash_is_a_no(self, config: FakeConfig, service: RangeServer, answer: bytes) -> None:
        service.outage = (200, answer)
        assert holds(config, LEAKED) is False

    @pytest.mark.parametrize("outage", [(429, b""), (503, b"down"), (302, b""), (200, b"x" * (LONGEST_ANSWER + 1))])
    def test_a_service_that_cannot_tell_is_unavailable(
        self, config: FakeConfig, service: RangeServer, outage: Answer
    ) -> None:
        service.outage = outage
        with pytest.raises(ProviderUnavailable):
            holds(config, LEAKED)

    def test_one_that_hangs_is_not_waited_for(self, config: FakeConfig, service: RangeServer) -> None:
        service.hangs = True
        with pytest.raises(ProviderUnavailable, match="TimeoutError"):
            holds(config, LEAKED, seconds=0.2)

    @pytest.mark.parametrize("url", ["", "http://", "nonsense"])
    def test_a_wrong_address_is_unavailable(self, config: FakeConfig, url: str) -> None:
        config.slip(BASE_URL, url)
        with pytest.raises(ProviderUnavailable):
            holds(config, LEAKED)


class TestFamily:
    def test_nobody_is_asked_by_default(self, config: FakeConfig, service: RangeServer) -> None:
        config[ACTIVE] = FakeConfig()[ACTIVE]
        assert config[ACTIVE] == "none"
        assert know(config, LEAKED) is False
        assert service.asked == []

    def test_what_the_service_says_holds(self, config: FakeConfig, service: RangeServer) -> None:
        told: list[tuple[str, str, str]] = []
        assert (know(config, LEAKED, told), know(config, CLEAN, told)) == (True, False)
        outcomes = [("leaked_passwords", "pwned_passwords", outcome) for outcome in ("rejected", "ok")]
        assert told == outcomes

    def test_an_outage_keeps_nobody_out(self, config: FakeConfig) -> None:
        config[ACTIVE] = "pwned_passwords"
        config[BASE_URL] = f"http://127.0.0.1:{closed_port()}"
        told: list[tuple[str, str, str]] = []
        assert know(config, LEAKED, told) is False
        assert told == [("leaked_passwords", "pwned_passwords", "unavailable")]
