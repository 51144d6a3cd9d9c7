"""A real SMTP server on a port of its own choice, which may close and open again."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from typing import Any

from aiosmtpd.controller import Controller

from tests.providers.servers import closed_port

REFUSED = "nobody@example.com"


class PostOffice:
    """``accepted`` holds recipient and Message-ID of each mail, in the order of their acceptance."""

    def __init__(self, slowest: float = 0.0) -> None:
        self.accepted: list[tuple[str, str]] = []
        self.port = closed_port()
        self.url = f"smtp://127.0.0.1:{self.port}?tls=none"
        self.slowest = slowest

    @contextmanager
    def opened(self) -> Iterator["PostOffice"]:
        controller = Controller(self, hostname="127.0.0.1", port=self.port)
        controller.start()
        try:
            yield self
        finally:
            controller.stop()

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.accepted]

    async def handle_RCPT(  # noqa: N802 - the library's names
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address == REFUSED:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        message_id = message_from_bytes(envelope.content)["Message-ID"]
        self.accepted += [(recipient, message_id) for recipient in envelope.rcpt_tos]
        await asyncio.sleep(random.uniform(0, self.slowest))  # between taking a mail and saying so, all may be lost
        return "250 OK"
