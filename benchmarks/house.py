"""A deployment of real parts for the fault drill: PostgreSQL, Redis, two API processes, a worker, mail and names."""

import subprocess
import tempfile
import time
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from benchmarks.clients import SUCCESS, Person
from benchmarks.disk import Disk
from domain.clock import utc_now
from domain.users import REFERRAL_LENGTH, Client, Origin, new_user, referral_code
from persistence.migrate import upgrade
from runtime.compose import Parts
from runtime.serve.embedded import EmbeddedPostgres
from services.passwords import Hasher
from services.signing_keys import SigningKeys
from services.tokens import Tokens
from tests.dns_server import SILENT, DnsServer
from tests.harness import PASSWORD
from tests.processes.biore import Deployment, Process
from tests.processes.post_office import PostOffice
from tests.redis_server import RedisServer

LEASE_SECONDS = 5
RESTART_SECONDS = 30.0
PEOPLE = 8
WIDE = "999999/hour"
CONFIG: dict[str, Any] = {
    "auth.salt_rounds": 10,
    "auth.email_mx_check": True,
    "external.email.active_provider": "smtp",
    "external.email.failover_providers": [],
} | {f"ratelimit.{operation}": WIDE for operation in SUCCESS}
# Little of its log is kept ready, so that a full disk is soon one for the log too.
SMALL_LOG = {"min_wal_size": "32MB", "max_wal_size": "48MB"}


class AnyDomain(dict[str, Any]):
    """A zone in which every name takes mail, or, while ``silent``, none is ever answered for."""

    silent = False

    def get(self, name: str, default: Any = None) -> Any:
        return SILENT if self.silent else {"MX": [f"10 mx.{name}."]}


class House:
    """Every part of a deployment, each of which can be taken away."""

    def __init__(self, stack: ExitStack, disk: Disk) -> None:
        self.disk = disk
        self.gave_up = False  # whether PostgreSQL ever ended itself because it could not write
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="drill")))
        self.postgres = EmbeddedPostgres(disk.folder / "pg")
        stack.callback(self.postgres.stop)
        self.url = self.postgres.start()
        self._limit_log()
        upgrade(self.url)
        self.redis = stack.enter_context(RedisServer(work))
        self.zone = AnyDomain()
        self.dns = stack.enter_context(DnsServer(self.zone))
        self.post_office = PostOffice()
        stack.enter_context(self.post_office.opened())
        self.biore = stack.enter_context(
            Deployment(
                work,
                database_url=self.url,
                redis_url=self.redis.url,
                dns_resolver=self.dns.address,
                trusted_proxies="127.0.0.0/8",
            )
        )
        self.biore.configure(CONFIG | {"external.email.smtp.url": self.post_office.url})
        self.server = self.biore.serve("--workers", "2", "--no-worker")
        self.worker = self.start_worker()

    def _limit_log(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for name, value in SMALL_LOG.items():
                connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
            connection.execute("SELECT pg_reload_conf()")

    def start_worker(self) -> Process:
        self.worker = self.biore.start("worker", "--lease-seconds", str(LEASE_SECONDS))
        return self.worker

    def restart_postgres(self) -> None:
        """As a service manager does, who tries again when a start fails or takes long."""
        deadline = time.monotonic() + RESTART_SECONDS
        while True:
            try:
                self.postgres.start()
            except (psycopg.OperationalError, subprocess.SubprocessError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def settle(self) -> list[Person]:
        """Verified accounts with a password and an open session each."""
        return self.biore.with_parts(_settle)

    def unsent(self, before: datetime) -> int | None:
        """Jobs from before a time that are not done; None while the database does not tell."""
        query = b"SELECT count(*) FROM outbox WHERE done_at IS NULL AND dead_at IS NULL AND created_at <= %s"
        try:
            with psycopg.connect(self.url, connect_timeout=2) as connection:
                row = connection.execute(query, [before]).fetchone()
                return int(row[0]) if row else None
        except psycopg.Error:
            return None


async def _settle(parts: Parts) -> list[Person]:
    keys = SigningKeys(parts.database, parts.keyring, parts.config, utc_now)
    await keys.refresh()
    await parts.config.refresh()
    tokens, hasher = Tokens(parts.keyring, keys, parts.config, utc_now), Hasher(parts.config)
    password_hash = await hasher.hash(PASSWORD)
    hasher.close()
    nowhere, found = Client(None, "", None, None, "en"), []
    async with parts.database.unit() as db:
        for _ in range(PEOPLE):
            email, code = f"{uuid4().hex}@example.com", referral_code(uuid4().bytes[:REFERRAL_LENGTH])
            account = new_user({"email": email}, password_hash, "en", Origin(None, None, None))
            user_id = await db.users.add(account | {"email_verified": True}, [code], utc_now())
            session_id = await db.sessions.start(user_id, nowhere, None, utc_now(), utc_now() + timedelta(days=1))
            access = str(tokens.access(user_id, session_id)["accessToken"])
            found.append(Person(email, access, tokens.refresh(session_id, 0)))
    return found
