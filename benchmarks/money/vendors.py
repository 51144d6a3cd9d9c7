"""Vendors on this machine: they fail as real ones do, their clock is wrong, and they tell of things until it is heard.

What each of them did is in a book of its own, which our books must equal in the end.
"""

import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email.message import Message
from threading import Event, Lock, Thread
from typing import NamedTuple

import httpx

from domain.clock import utc_now
from providers.signed import signed
from tests.http_server import Answer, StandIn

DRIFT = timedelta(seconds=90)
BEFORE = ("dropped", "503", "429")
AFTER = ("dropped after", "500 after", "late")
COURIERS = 4
PAUSE = 0.2
TWICE = 0.1


def their_clock() -> datetime:
    return utc_now() + DRIFT


class Unreliable:
    """Answers for a vendor. Of all calls a ``share`` goes wrong: half before anything was done, half when all was.

    ``broken``: what was asked so wrongly that the stand-in itself failed.
    """

    def __init__(self, vendor: StandIn, share: float, late: float, chance: random.Random) -> None:
        self.released = vendor.released
        self.share = share
        self.met: Counter[str] = Counter()
        self.broken: list[str] = []
        self._vendor = vendor
        self._late = late
        self._chance = chance

    def respond(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
        fault = self._fault()
        self.met[fault] += 1
        if fault in BEFORE:
            return self._failed(fault)
        try:
            answer = self._vendor.respond(method, path, headers, body)
        except Exception as error:
            self.broken.append(f"{method} {path}: {type(error).__name__} {error}")
            raise
        return self._failed(fault) if fault in AFTER else answer

    def _fault(self) -> str:
        if self._chance.random() >= self.share:
            return "none"
        return self._chance.choice(self._chance.choice((BEFORE, AFTER)))

    def _failed(self, fault: str) -> Answer:
        if fault == "late":
            self.released.wait(self._late)
        if fault[:3].isdigit():
            return int(fault[:3]), b"{}"
        raise ConnectionError


class Told(NamedTuple):
    path: str
    secret: str
    body: bytes


class Courier:
    """Brings notices to us, in any order and some of them twice, until each was taken."""

    def __init__(self, origin: str, chance: random.Random) -> None:
        self.statuses: Counter[str] = Counter()
        self._url = f"{origin}/api/v1/webhooks/"
        self._chance = chance
        self._waiting: list[Told] = []
        self._carried = 0
        self._lock = Lock()
        self._stopped = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many nobody has taken yet."""
        with self._lock:
            return len(self._waiting) + self._carried

    def tell(self, told: Sequence[Told]) -> None:
        with self._lock:
            self._waiting += told

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        with httpx.Client(trust_env=False, verify=False, timeout=30) as http, ThreadPoolExecutor(COURIERS) as threads:  # noqa: S501
            while not self._stopped.is_set():
                bag = self._packed()
                taken = list(threads.map(lambda told: self._bring(http, told), bag))
                left = [told for told, good in zip(bag, taken, strict=True) if not good]
                with self._lock:
                    self._waiting += left
                    self._carried = 0
                time.sleep(PAUSE)

    def _packed(self) -> list[Told]:
        with self._lock:
            bag, self._waiting = self._waiting, []
            bag += [told for told in bag if self._chance.random() < TWICE]
            self._chance.shuffle(bag)
            self._carried = len(bag)
        return bag

    def _bring(self, http: httpx.Client, told: Told) -> bool:
        headers = {
            "Content-Type": "application/json",
            "Stripe-Signature": signed(told.secret, told.body, their_clock()),
        }
        try:
            status = http.post(self._url + told.path, content=told.body, headers=headers).status_code
        except httpx.TransportError as error:
            self.statuses[type(error).__name__] += 1
            return False
        self.statuses[str(status)] += 1
        return status == httpx.codes.OK
