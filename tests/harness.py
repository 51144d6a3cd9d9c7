"""What tests speak to the server with: a real uvicorn on a real socket, a client, the tables behind it."""

import asyncio
import re
import socket
import threading
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from functools import cache
from ipaddress import ip_address, ip_network
from itertools import count
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from contract.loader import Contract, load
from contract.policy import Policy
from domain.jobs import PLACES
from persistence.engine.database import Database
from runtime.serve.process import ApiServer
from runtime.serve.protocol import Limits
from runtime.settings import Settings
from runtime.web.app import Application
from runtime.web.extensions.staff import StandingOf
from runtime.worker.worker import Worker
from tests.reached import REACHED
from tests.recording import record_answer

T = TypeVar("T")

PASSWORD = "Correct-Horse-7"
LOOPBACK = (ip_network("127.0.0.0/8"),)
START_SECONDS = 20
ROUNDS = 4
CHEAP = {"auth.salt_rounds": ROUNDS}
"""Less than any admin may choose: what a hash costs is told by the tests of the hasher."""
KEPT_TABLES = {"alembic_version", "reserved_usernames", "bio_templates"}
SEEDED_BEFORE = "2026-02-01T00:00:00Z"
"""Rows of ``bio_templates`` from before then came with their migration; what tests add is younger."""
# What a process tells of its providers by the clock, whoever calls.
TOLD_BESIDE = {"provider_outcomes", "provider_states"}
# What the sandbox knows stands for the world of a vendor.
TOLD_BESIDE |= {"sandbox_payout_accounts", "sandbox_payouts", "sandbox_verifications"}
# What it counts in rows that calls write otherwise: how often rules were met is stored at the pace of the config.
COUNTED_BESIDE = {"moderation_rules": ["hits", "last_hit_at"], "reserved_usernames": ["hits", "last_hit_at"]}
TOKEN = re.compile(r"token=([0-9a-f-]{36})")

_addresses = count(1)


class Server:
    """An application under uvicorn in a thread of its own. ``changes`` are settings, ``contract`` another than ours.

    ``defaults`` are those of config keys, ``standing_of`` knows the staff in place of the database.
    """

    def __init__(
        self,
        settings: Settings,
        database_url: str,
        *,
        limits: Limits | None = None,
        contract: Contract | None = None,
        defaults: Mapping[str, Any] = CHEAP,
        standing_of: StandingOf | None = None,
        **changes: Any,
    ) -> None:
        self.database_url = database_url
        self._listening = socket.create_server(("127.0.0.1", 0))
        # asyncio sets it only on sockets that name their protocol; without it every answer waits 40 ms for an ACK.
        self._listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port = self._listening.getsockname()[1]
        own = {"port": port, "trusted_proxies": LOOPBACK, "country_header": "CF-IPCountry"}
        self.settings = replace(settings, database_url=database_url, **(own | changes))
        self.origin = f"http://127.0.0.1:{port}"
        self.app = Application(self.settings, database_url, None, defaults, standing_of, contract or our_contract())
        self.server = ApiServer(self.app.asgi, self.app.lifecycle, self.settings, limits)
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        if not self._started.wait(START_SECONDS):
            raise TimeoutError("the server did not start")
        self._tables: Tables | None = None

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        serving = self._loop.create_task(self.server.serve(sockets=[self._listening]))
        self._loop.create_task(self._tell_started())
        self._loop.run_until_complete(serving)
        self._loop.close()
        self._listening.close()

    async def _tell_started(self) -> None:
        while not self.server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        self._started.set()

    def on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the server's own event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_SECONDS)

    @property
    def tables(self) -> "Tables":
        """On one connection: a new one takes the database longer than most tests."""
        if self._tables is None or self._tables.closed:
            self._tables = Tables(self.database_url)
        return self._tables

    def leave(self) -> None:
        """Begin to stop, and do not wait for the end."""
        self.server.should_exit = True

    def stop(self) -> None:
        if self._tables is not None:
            self._tables.close()
        self.leave()
        self._thread.join(START_SECONDS)

    def configure(self, **values: Any) -> None:
        """Change config keys as an admin would; they hold at once in this server."""
        for name, value in values.items():
            self.on_loop(self.app.config.set(name, value))

    def reset(self) -> None:
        """Empty tables, default config."""
        self.tables.empty()
        self.on_loop(self.app.config.refresh())
        self.on_loop(self.app.signing_keys.refresh())
        self.on_loop(self.app.moderation.refresh())
        self.on_loop(self.app.parts.wordings.refresh())
        self.app.editions.forget()
        self.app.public_pages.forget()
        self.on_loop(self.app.editions.refresh())

    def work_off(self) -> None:
        """Do what a worker would: run every job that is due, until none is. Mails come in the order of their jobs."""
        worker = Worker(self.app.parts, places=dict.fromkeys(PLACES, 1))
        while self.on_loop(worker.work_off()):
            pass

    def let_time_come(self, topic: str) -> None:
        """Run a recurring job as if its time had come, and all that follows from it."""
        with Tables(self.database_url) as tables:
            tables.run("INSERT INTO outbox (id, topic, payload) VALUES (gen_random_uuid(), %s, '{}')", topic)
        self.work_off()

    def client(self, **options: Any) -> "Api":
        return Api(self, **options)


class Api(httpx.Client):
    """Speaks to ``/api/v1`` of one server. Calls by operationId are remembered by the error code they got.

    Each client comes from an address of its own, so that limits of one test do not reach into another.
    """

    def __init__(self, server: Server, address: str | None = None, **options: Any) -> None:
        self.address = address or str(ip_address("10.0.0.0") + next(_addresses))
        headers = {"X-Forwarded-For": self.address, "User-Agent": "tests"}
        # There is no TLS here, and loading certificates would take longer than most tests.
        super().__init__(base_url=server.origin, timeout=30, headers=headers, verify=False, **options)
        self.server = server
        self._contract = server.app.parts.contract

    def policy(self, operation_id: str) -> Policy:
        return self._contract.policies[operation_id]

    def call(self, operation_id: str, body: Any = None, *, path: str | None = None, **options: Any) -> httpx.Response:
        """Call an operation; ``path`` replaces the contract's where it has parameters."""
        policy = self._contract.policies[operation_id]
        if body is not None:
            options["json"] = body
        response = self.request(policy.method, self._contract.base_path + (path or policy.path), **options)
        remember(operation_id, response)
        return response

    def register(self, email: str = "ada@example.com", **fields: Any) -> httpx.Response:
        body = {"email": email, "password": PASSWORD, "acceptedTerms": True, "acceptedPrivacy": True}
        return self.call("auth.register", body | fields)

    def mails(self, to: str) -> list[dict[str, Any]]:
        """What the mailbox holds for the address after all due jobs ran, the newest first."""
        self.server.work_off()
        messages: list[dict[str, Any]] = self.call("dev.mailbox", params={"to": to}).json()["data"]["messages"]
        return messages

    def verification_token(self, email: str = "ada@example.com") -> str:
        match = TOKEN.search(self.mails(email)[0]["text"])
        assert match is not None
        return match[1]

    def sign_up(self, email: str = "ada@example.com", **fields: Any) -> str:
        """A verified account; its id."""
        registered = self.register(email, **fields)
        assert registered.status_code == 201, registered.text
        verified = self.call("auth.verify_email", {"token": self.verification_token(email)})
        assert verified.status_code == 200, verified.text
        return str(registered.json()["data"]["userId"])

    def sign_in(self, email: str = "ada@example.com", password: str = PASSWORD) -> str:
        """An access token; the refresh cookie stays in ``cookies``."""
        response = self.call("auth.login", {"email": email, "password": password})
        assert response.status_code == 200, response.text
        self.keep_cookie(response)
        return str(response.json()["data"]["accessToken"])

    def keep_cookie(self, response: httpx.Response) -> None:
        """The cookie is Secure; browsers send it to a loopback address nevertheless, this client would not."""
        token = refresh_token(response)
        self.cookies.clear()
        self.cookies.set("biore_refresh", token, path="/api/v1/auth")


@cache
def our_contract() -> Contract:
    """Read once for all servers of a process: none of them writes in it."""
    return load()


def bare_database(url: str, pool_size: int = 10) -> Database:
    """One without secrets: what it seals stays in clear, and nothing is kept under a key."""
    return Database(url, seal=str, digests=lambda *_: (), pool_size=pool_size)


def refresh_token(response: httpx.Response) -> str:
    """The refresh token that an answer sets."""
    value = response.headers["set-cookie"].partition("biore_refresh=")[2].partition(";")[0]
    return str(value)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def remember(operation_id: str, response: httpx.Response) -> None:
    body: Any = response.json() if response.headers.get("content-type") == "application/json" else None
    if response.status_code >= 400:
        REACHED[operation_id].add(body["error"]["code"])
    record_answer(operation_id, response, body)


def code_of(response: httpx.Response) -> str:
    return str(response.json()["error"]["code"])


def broken_rules(response: httpx.Response) -> set[tuple[str, str]]:
    """Field and rule of each violation in the answer."""
    return {(detail["field"], detail["rule"]) for detail in response.json()["error"]["details"]}


class Tables:
    """The database behind a server, as plain SQL sees it."""

    def __init__(self, url: str) -> None:
        # What is prepared would not outlive a change of a table's columns.
        self._connection: psycopg.Connection[dict[str, Any]] = psycopg.connect(
            url, autocommit=True, row_factory=dict_row, prepare_threshold=None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        """Also where the database ended the connection, once that was noticed."""
        return self._connection.closed

    def close(self) -> None:
        self._connection.close()

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        return self._connection.execute(query.encode(), values).fetchall()

    def one(self, query: str, *values: Any) -> dict[str, Any]:
        (row,) = self.rows(query, *values)
        return row

    def run(self, statement: str, *values: Any) -> int:
        return self._connection.execute(statement.encode(), values).rowcount

    def count(self, table: str) -> int:
        query = sql.SQL("SELECT count(*) AS n FROM {}").format(sql.Identifier(table))
        return int(self._connection.execute(query).fetchall()[0]["n"])

    def names(self) -> list[str]:
        found = self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return sorted(row["tablename"] for row in found)

    def empty(self) -> None:
        """Row by row, and without triggers: to truncate so many small tables would take fifty times as long."""
        names = [sql.Identifier(name) for name in self.names() if name not in KEPT_TABLES]
        deletions = [sql.SQL("DELETE FROM {}").format(name) for name in names]
        added = sql.SQL("DELETE FROM bio_templates WHERE created_at >= {}")
        deletions.append(added.format(sql.Literal(SEEDED_BEFORE)))
        with self._connection.transaction():
            self._connection.execute("SET LOCAL session_replication_role = replica")
            self._connection.execute(sql.SQL("; ").join(deletions))

    def fingerprints(self) -> Mapping[str, str]:
        """A digest of each table's content; equal digests mean that no call wrote anything."""
        digest = "SELECT {} AS name, coalesce(md5(string_agg({row}, '|' ORDER BY {row})), '') AS digest FROM {} t"
        whole, told = sql.SQL("t::text"), sql.SQL("(to_jsonb(t) - {}::text[])::text")
        queries = []
        for name in self.names():
            if name not in TOLD_BESIDE:
                beside = COUNTED_BESIDE.get(name)
                row = whole if beside is None else told.format(sql.Literal(beside))
                queries.append(sql.SQL(digest).format(sql.Literal(name), sql.Identifier(name), row=row))
        rows = self._connection.execute(sql.SQL(" UNION ALL ").join(queries)).fetchall()
        return {row["name"]: row["digest"] for row in rows}

    def changed_since(self, before: Mapping[str, str]) -> set[str]:
        return {name for name, digest in self.fingerprints().items() if before.get(name) != digest}
