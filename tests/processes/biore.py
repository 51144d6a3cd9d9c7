"""The ``biore`` command as people run it: processes of their own, ended with the block that started them."""

import asyncio
import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, ClassVar, NoReturn, Protocol, Self, TypeVar
from uuid import UUID, uuid4

import httpx
import psutil  # type: ignore[import-untyped]

from domain.admin import OWNER
from domain.auth.two_factor import new_secret
from domain.clock import utc_now
from domain.keys import Purpose
from domain.users import REFERRAL_LENGTH, Client, Origin, new_user, referral_code
from runtime.compose import Parts, build_parts
from runtime.serve.embedded import recorded_url
from runtime.settings import PREFIX, Settings
from services.signing_keys import SigningKeys
from services.tokens import Tokens
from tests.harness import PASSWORD, TOKEN, Tables, refresh_token
from tests.providers.servers import closed_port
from tests.until import PATIENCE as PATIENCE
from tests.until import until as until

T = TypeVar("T")

SECRET = "a-secret-of-the-processes-0123456789-abcdef"
COMMAND = (sys.executable, "-m", "runtime.cli")
TRACE = re.compile(r"^Traceback \(most recent call last\):\n(?:[ |].*\n|\n)*.+", re.MULTILINE)
START_SECONDS = 60.0
GRACE = 25.0
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nobody speaks it here, and to read the authorities of the world takes each client 20 ms."""


class Running(Protocol):
    """What is needed of ``subprocess.Popen``."""

    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


class Start(Protocol):
    """Begins ``biore`` in a session of its own, which reads and writes files that are open here."""

    def __call__(
        self, arguments: Sequence[str], environment: Mapping[str, str], given: int, output: int
    ) -> Running: ...


def started_anew(arguments: Sequence[str], environment: Mapping[str, str], given: int, output: int) -> Running:
    """As people start it."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=given,
        stdout=output,
        stderr=output,
        env=dict(environment),
        start_new_session=True,
    )


class Process:
    """One ``biore …`` in a session of its own, so that nothing it started can be left over."""

    def __init__(
        self, start: Start, arguments: tuple[str, ...], environment: Mapping[str, str], log: Path, given: str
    ) -> None:
        self._name = " ".join(("biore", *arguments))
        self._log = log
        with log.open("wb") as output, TemporaryFile() as typed:
            typed.write(given.encode())
            typed.seek(0)
            self._running = start(arguments, environment, typed.fileno(), output.fileno())
        self.pid = self._running.pid

    @property
    def output(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def code(self) -> int | None:
        """Its exit code, once it has one."""
        return self._running.poll()

    def fail(self, what: str) -> NoReturn:
        raise AssertionError(f"{self._name} {what}; its output ends with:\n{self.output[-4000:]}")

    def wait(self, seconds: float = PATIENCE) -> int:
        try:
            return self._running.wait(seconds)
        except subprocess.TimeoutExpired:
            self.fail(f"still runs after {seconds} s")

    def interrupt(self) -> None:
        """Ctrl-C in a terminal, which every process of the group hears."""
        os.killpg(self.pid, signal.SIGINT)

    def terminate(self) -> None:
        self._running.terminate()

    def kill(self) -> None:
        """SIGKILL to this process alone."""
        self._running.kill()
        self._running.wait()

    def end(self) -> None:
        """In peace if possible; whatever is left of the group then is killed."""
        self.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._running.wait(GRACE)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._running.wait()


class Deployment:
    """A data folder and settings (``redis_url`` is ``BIORE_REDIS_URL``), and the processes that run on them.

    ``starts`` is how they begin, unless one is to begin anew; tests have a quicker way (``zygote.py``).
    """

    starts: ClassVar[Start] = staticmethod(started_anew)

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.port = closed_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self._database_url = settings.get("database_url")
        own = {"data_dir": str(data_dir), "port": str(self.port), "secret_key": SECRET, "demo": "off"}
        given = own | {"portal_dir": str(data_dir / "no-portal")} | settings  # nobody waits for one to be built
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        self._environment = inherited | {PREFIX + name.upper(): value for name, value in given.items() if value}
        self._processes: list[Process] = []
        self._numbers = count()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.end()
        self._end_embedded()

    @property
    def environment(self) -> dict[str, str]:
        """In which a person would call its commands."""
        return dict(self._environment)

    def traces(self) -> Iterator[str]:
        """What its processes wrote of each error that nobody had expected."""
        for log in sorted(self.data_dir.glob("process-*.log")):
            for found in TRACE.finditer(log.read_text(errors="replace")):
                yield found.group()

    def start(self, *arguments: str, given: str = "", anew: bool = False, **settings: str) -> Process:
        """Any command, not waited for. ``given`` is its standard input, ``settings`` are added for this process."""
        more = {PREFIX + name.upper(): value for name, value in settings.items()}
        log = self.data_dir / f"process-{next(self._numbers)}.log"
        start = started_anew if anew else self.starts
        self._processes.append(Process(start, arguments, self._environment | more, log, given))
        return self._processes[-1]

    def kill(self, process: Process) -> None:
        """SIGKILL, and forget it: once the block ends, its pid may be that of somebody else."""
        process.kill()
        self._processes.remove(process)

    def run(self, *arguments: str, given: str = "", anew: bool = False, **settings: str) -> Process:
        """A command that ends by itself."""
        process = self.start(*arguments, given=given, anew=anew, **settings)
        process.wait()
        return process

    def cli(self, *arguments: str, given: str = "", anew: bool = False) -> str:
        """The output of a command, which must succeed."""
        process = self.run(*arguments, given=given, anew=anew)
        if process.code != 0:
            process.fail(f"ended with {process.code}")
        return process.output

    def serve(self, *options: str, anew: bool = False, **settings: str) -> Process:
        """``biore serve``, once it is ready."""
        process = self.start("serve", *options, anew=anew, **settings)
        self.wait_ready(process)
        return process

    def wait_ready(self, process: Process) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self.status("/health/ready") != 200:
            if process.code is not None:
                process.fail(f"ended with {process.code} before it was ready")
            if time.monotonic() > deadline:
                process.fail(f"is not ready after {START_SECONDS} s")
            time.sleep(0.05)

    def status(self, path: str) -> int | None:
        """The status of one GET, or None when nobody answers."""
        try:
            return httpx.get(self.origin + path, timeout=10, trust_env=False, verify=NO_TLS).status_code
        except httpx.TransportError:
            return None

    def client(self) -> "Visitor":
        return Visitor(self)

    @property
    def database_url(self) -> str:
        url = self._database_url or recorded_url(self.data_dir)
        assert url is not None, "the embedded database does not run"
        return url

    @property
    def socket(self) -> str:
        """The folder in which the embedded PostgreSQL listens."""
        return self.database_url.partition("host=")[2]

    def tables(self) -> Tables:
        return Tables(self.database_url)

    def with_parts(self, use: Callable[[Parts], Awaitable[T]]) -> T:
        """Use the parts of a node in this process: the same code and secrets, without the price of a command."""

        async def run() -> T:
            parts = build_parts(Settings(secret_key=SECRET), self.database_url)
            try:
                return await use(parts)
            finally:
                await parts.close()

        return asyncio.run(run())

    def configure(self, values: Mapping[str, Any]) -> None:
        """Store config values. Processes started later know them; running ones follow."""

        async def store(parts: Parts) -> None:
            for name, value in values.items():
                await parts.config.set(name, value)

        self.with_parts(store)

    def people(self, count: int) -> list[tuple[UUID, str]]:
        """Verified accounts without a password, each with the access token of an open session."""

        async def sign_in(parts: Parts) -> list[tuple[UUID, str]]:
            keys = SigningKeys(parts.database, parts.keyring, parts.config, utc_now)
            await keys.refresh()
            tokens, ends = Tokens(parts.keyring, keys, parts.config, utc_now), utc_now() + timedelta(days=1)
            nowhere, nothing = Client(None, "", None, None, "en"), Origin(None, None, None)
            found = []
            async with parts.database.unit() as db:
                for _ in range(count):
                    code = referral_code(os.urandom(REFERRAL_LENGTH))
                    account = new_user({"email": f"{uuid4().hex}@example.com"}, None, "en", nothing)
                    user_id = await db.users.add(account | {"email_verified": True}, [code], utc_now())
                    session_id = await db.sessions.start(user_id, nowhere, None, utc_now(), ends)
                    found.append((user_id, str(tokens.access(user_id, session_id)["accessToken"])))
            return found

        return self.with_parts(sign_in)

    def owner(self) -> str:
        """The access token of a member of the staff with every permission, who passed a second factor just now."""

        async def sign_in(parts: Parts) -> str:
            keys = SigningKeys(parts.database, parts.keyring, parts.config, utc_now)
            await keys.refresh()
            tokens, now = Tokens(parts.keyring, keys, parts.config, utc_now), utc_now()
            nowhere, nothing = Client(None, "", None, None, "en"), Origin(None, None, None)
            factor = {
                "two_factor_enabled": True,
                "two_factor_secret": parts.keyring.seal(Purpose.TOTP, new_secret(os.urandom)),
            }
            account = new_user({"email": f"{uuid4().hex}@example.com"}, None, "en", nothing) | factor
            async with parts.database.unit() as db:
                code = referral_code(os.urandom(REFERRAL_LENGTH))
                user_id = await db.users.add(account | {"email_verified": True}, [code], now)
                await db.staff.add(user_id, OWNER, "a test", by=None, expires_at=None, now=now)
                ends = now + timedelta(days=1)
                session_id = await db.sessions.start(user_id, nowhere, None, now, ends, second_factor=True)
            return str(tokens.access(user_id, session_id)["accessToken"])

        return self.with_parts(sign_in)

    def wait_for_mail(self, to: str, holding: str = "") -> str:
        """The text of the newest mail to the address in the development mailbox, once it holds that.

        It is read past the API, whose limit counts everybody who asks again and again.
        """
        newest = "SELECT text FROM mailbox_messages WHERE recipient = %s ORDER BY number DESC LIMIT 1"
        with self.tables() as tables:
            (mail,) = until(
                lambda: [row["text"] for row in tables.rows(newest, to) if holding in row["text"]],
                f"a mail to {to} {holding}",
            )
        return str(mail)

    def _end_embedded(self) -> None:
        """PostgreSQL outlives an owner that was killed; not the test."""
        with suppress(FileNotFoundError, ProcessLookupError):
            pid = int((self.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
            os.kill(pid, signal.SIGINT)
            until(lambda: not alive(pid), "the embedded PostgreSQL gone")


class Biore(Deployment):
    """A deployment whose ``biore serve`` runs as long as the block."""

    def __init__(self, data_dir: Path, *options: str, **settings: str) -> None:
        super().__init__(data_dir, **settings)
        self._options = options

    def __enter__(self) -> Self:
        try:
            self.server = self.serve(*self._options)
        except BaseException:
            self.__exit__()
            raise
        return self


class Visitor(httpx.Client):
    """Somebody who speaks to the API of a deployment."""

    def __init__(self, biore: Deployment) -> None:
        super().__init__(base_url=f"{biore.origin}/api/v1/", timeout=30, trust_env=False, verify=NO_TLS)
        self._biore = biore

    def sign_up(self, email: str, password: str = PASSWORD) -> None:
        """A verified account."""
        assert self.post("auth/register", json=registration(email) | {"password": password}).status_code == 201
        match = TOKEN.search(self._biore.wait_for_mail(email))
        assert match is not None
        assert self.post("auth/verify-email", json={"token": match[1]}).status_code == 200

    def sign_in(self, email: str, password: str = PASSWORD) -> tuple[str, str]:
        """Access token and refresh token."""
        answer = self.post("auth/login", json={"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["data"]["accessToken"]), refresh_token(answer)


def registration(email: str) -> dict[str, Any]:
    return {"email": email, "password": PASSWORD, "acceptedTerms": True, "acceptedPrivacy": True}


def alive(pid: int) -> bool:
    """A zombie, whom nobody has asked yet how it ended, is not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
