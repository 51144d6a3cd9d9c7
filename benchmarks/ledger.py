"""Ten million entries in a hundred thousand wallets: what people and staff wait for a page, and what a posting costs.

`benchmarks/entries.py` says what the money is like. One caller asks one page after the other, each as somebody else or
about something else; the longest wallet is measured by itself. 64 writers post at once, each to a wallet of its own:
beside a transaction of as many statements about nothing, so that what it costs to speak to the database is known, and
to one account of ours beside 64 of them. Meanwhile somebody looks who waits for a row. One writer is measured, too.

A reconciliation is that of the hourly job. It is measured in a ledger of a million entries, and told of the large one.
"""

import asyncio
import time
from collections import ChainMap
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from random import Random
from statistics import median, quantiles
from typing import Any
from uuid import uuid4

import httpx
import psycopg
from sqlalchemy import func, literal, select

from benchmarks.admin_users import STAFF
from benchmarks.entries import OURS, PROVIDER, Filled, fill
from benchmarks.me import RATE
from benchmarks.passwords import unpinned
from benchmarks.people import configure, settle, tokens_of
from benchmarks.report import Row, Target, at_most, compared, ratio_at_least, row
from benchmarks.stand import Stand
from domain.money import flows
from domain.money.ledger import WalletName
from persistence.engine.database import NOBODY, Database
from persistence.engine.statements import kept
from persistence.engine.uow import UnitOfWork
from services.money.reconciler import Reconciler
from tests.harness import bare_database
from tests.statements import asked

NAME = "ledger"
WALLETS, QUICK_WALLETS = 100_000, 80
DEALS, MILLION, QUICK = 1_535_000, 153_000, 500  # of about 6.5 entries
PAGES, QUICK_PAGES, WARM_UP = 400, 3, 20
REPORTS, RECONCILIATIONS = 3, 3
WRITERS, POSTINGS, ROUNDS = 64, 60, 5
P95_MILLISECONDS, DESK_MILLISECONDS, SUM_MILLISECONDS, RECONCILED_SECONDS = 15, 25, 20, 5
EMPTY, SHARED = 0.6, 0.9
STATEMENTS = 3
MOST_STATEMENTS = {"": STATEMENTS, ", a new wallet": STATEMENTS + 1}
LIMITED = (
    "wallet.balance", "wallet.activity", "payouts.report", "admin.finance.transfers.list",
    "admin.finance.accounts.find", "admin.finance.accounts.balances", "admin.finance.wallets.list",
    "admin.finance.wallets.find",
)  # fmt: skip
NOTHING = kept(select(literal(1)))
# Without it the commit would wait for no disk.
WRITTEN = kept(select(func.pg_logical_emit_message(literal(True), literal("bench"), literal("nothing"))))
# Whoever waits for a row of somebody else waits for its transaction, or to be the next who does.
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event IN ('transactionid', 'tuple')
"""
SAMPLE = "SELECT key, about_id FROM ledger_transfers ORDER BY md5(key) LIMIT %s"

Work = Callable[[int], Awaitable[None]]
Asked = tuple[str, Mapping[str, str], Mapping[str, Any]]
"""A path, headers and parameters."""


def measure(stand: Stand, quick: bool) -> Iterator[Row]:
    wallets, pages, rounds = (QUICK_WALLETS, QUICK_PAGES, 1) if quick else (WALLETS, PAGES, ROUNDS)
    url, filled = filled_with(stand, wallets, QUICK if quick else MILLION)
    with unpinned(stand):
        seconds = asyncio.run(reconciled(url, 1 if quick else RECONCILIATIONS))
    yield row(NAME, "the hourly reconciliation, a million entries", "time", seconds, "s", at_most(RECONCILED_SECONDS))
    if not quick:
        stand.drop(url)
        url, filled = filled_with(stand, wallets, DEALS)
        with unpinned(stand):
            seconds = asyncio.run(reconciled(url, 1))
        yield row(NAME, "the hourly reconciliation, ten million entries", "time", seconds, "s")
    yield row(NAME, "the ledger of which the following is told", "entries", [filled.entries])
    yield asyncio.run(noted(url))
    staff = hire(url)
    configure(url, **{f"ratelimit__{name.replace('.', '__')}": RATE for name in LIMITED})
    with stand.ours(url) as ours, httpx.Client(base_url=f"{ours.origin}/api/v1", trust_env=False) as api:
        for subject, calls in people(url, filled, pages + WARM_UP).items():
            yield waited(api, subject, calls, P95_MILLISECONDS)
        for subject, calls in desk(url, filled, staff, pages + WARM_UP).items():
            yield waited(api, subject, calls, DESK_MILLISECONDS)
        for subject, at in {"now": None, "a day ago": 1, "a month ago": 30, "half a year ago": 180}.items():
            yield waited_for_balances(api, staff, subject, at, 1 if quick else REPORTS)
    with unpinned(stand):
        yield from asyncio.run(written(url, filled, 2 if quick else POSTINGS, rounds))
    stand.drop(url)


def filled_with(stand: Stand, wallets: int, deals: int) -> tuple[str, Filled]:
    url = stand.database()
    with unpinned(stand):
        settle(url, wallets)
        return url, fill(url, deals)


def hire(url: str) -> dict[str, str]:
    """The headers of somebody who may read all of it."""
    now, user_id = datetime.now(UTC), uuid4()
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in STAFF.split(";\n"):
            connection.execute(statement.encode(), {"user": user_id, "now": now, "ends": now + timedelta(days=1)})
    return bearer(tokens_of(url, [user_id])[0])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def people(url: str, filled: Filled, times: int) -> Mapping[str, Sequence[Asked]]:
    """Pages that people ask for: the later ones by those who have the most lines."""
    random = Random(7)  # noqa: S311 - the same people each time
    all_of_them, busy = chosen(random, filled.fans, times), chosen(random, filled.fans[: len(filled.fans) // 16], times)
    creators = chosen(random, filled.creators, times)
    tokens = {name: bearer(token) for name, token in _tokens(url, {*all_of_them, *busy, *creators, filled.fans[0]})}
    longest = [tokens[filled.fans[0]]] * times
    types = [{"type": type_} for type_ in islice(cycle(("CREDIT", "DEBIT")), times)]
    any_page = [{"page": 1 + n} for n in range(times)]

    def of(names: Sequence[WalletName]) -> list[dict[str, str]]:
        return [tokens[name] for name in names]

    def activity(who: Sequence[Mapping[str, str]], *params: Sequence[Mapping[str, Any]]) -> Sequence[Asked]:
        return [
            ("/wallet/activity", headers, dict(ChainMap(*map(dict, asked_for))))
            for headers, *asked_for in zip(who, *params, strict=True)
        ]

    return {
        "GET /wallet/balance": [("/wallet/balance", each, {}) for each in of(all_of_them)],
        "GET /wallet/activity": activity(of(all_of_them)),
        "GET /wallet/activity, a later page": activity(of(busy), [{"page": 3}] * times),
        "GET /wallet/activity, of a type": activity(of(busy), types),
        "GET /wallet/activity, of a type, a later page": activity(of(busy), types, [{"page": 2}] * times),
        "GET /wallet/activity of the longest wallet, any page": activity(longest, any_page),
        "GET /wallet/activity of the longest wallet, of a type, any page": activity(longest, types, any_page),
        "GET /payouts/report": [("/payouts/report", each, {}) for each in of(creators)],
        "GET /payouts/report, of a month": [
            ("/payouts/report", each, {"month": month})
            for each, month in zip(of(creators), cycle(months()), strict=False)
        ],
    }  # fmt: skip


def desk(url: str, filled: Filled, staff: Mapping[str, str], times: int) -> Mapping[str, Sequence[Asked]]:
    """Pages of the staff."""
    random = Random(8)  # noqa: S311
    with psycopg.connect(url) as connection:
        found = connection.execute(SAMPLE, [times]).fetchall()
    some = list(islice(cycle(found), times))
    wallets, ours = chosen(random, [*filled.fans, *filled.creators], times), list(OURS.values())
    transfers, accounts = "/admin/ledger/transfers", "/admin/ledger/accounts"
    return {
        "GET /admin/ledger/transfers": [(transfers, staff, {}) for _ in range(times)],
        "GET /admin/ledger/transfers, about one thing": [(transfers, staff, {"reference": of}) for _, of in some],
        "GET /admin/ledger/transfers, by key": [(transfers, staff, {"key": key}) for key, _ in some],
        "GET /admin/ledger/transfers, of an account": [
            (transfers, staff, {"account": str(name.main.id)}) for name in wallets
        ],
        "GET /admin/ledger/transfers, of an account of ours": [
            (transfers, staff, {"account": str(account.id)}) for account in islice(cycle(ours), times)
        ],
        "GET /admin/ledger/accounts/{id}": [(f"{accounts}/{name.main.id}", staff, {}) for name in wallets],
        "GET /admin/ledger/accounts/{id}, one of ours": [
            (f"{accounts}/{account.id}", staff, {}) for account in islice(cycle(ours), times)
        ],
        "GET /admin/wallets": [("/admin/wallets", staff, {}) for _ in range(times)],
        "GET /admin/wallets, of a person": [
            ("/admin/wallets", staff, {"userId": str(name.user_id)}) for name in wallets
        ],
        "GET /admin/wallets/{id}": [(f"/admin/wallets/{name.id}", staff, {}) for name in wallets],
    }  # fmt: skip


def chosen(random: Random, names: Sequence[WalletName], times: int) -> Sequence[WalletName]:
    """Different ones as far as there are so many."""
    return list(islice(cycle(random.sample(names, min(times, len(names)))), times))


def months() -> Sequence[str]:
    """The last ten that are over."""
    now = datetime.now(UTC)
    count = now.year * 12 + now.month - 1
    return [f"{(count - n) // 12:04}-{(count - n) % 12 + 1:02}" for n in range(1, 11)]


def _tokens(url: str, names: set[WalletName]) -> Iterator[tuple[WalletName, str]]:
    asked_for = list(names)
    return zip(asked_for, tokens_of(url, [name.user_id for name in asked_for]), strict=True)


def page(api: httpx.Client, call: Asked) -> None:
    path, headers, params = call
    answer = api.get(path, headers=headers, params=params, timeout=60)
    if answer.status_code != 200:
        raise RuntimeError(f"{path}, {params}: {answer.status_code}: {answer.text[:300]}")


def waited(api: httpx.Client, subject: str, calls: Sequence[Asked], most: float) -> Row:
    for call in calls[:WARM_UP]:
        page(api, call)
    seen = milliseconds(api, calls[WARM_UP:])
    return row(NAME, subject, "p95", [quantiles(seen, n=20, method="inclusive")[-1]], "ms", at_most(most))


def waited_for_balances(api: httpx.Client, staff: Mapping[str, str], told: str, days: int | None, times: int) -> Row:
    """All of the ledger is in it, and it is asked for ten times a minute at most: nobody waits for it as for a page."""
    at = {} if days is None else {"at": (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")}
    seen = milliseconds(api, [("/admin/ledger/balances", staff, at)] * times)
    return row(NAME, f"GET /admin/ledger/balances, {told}", "p50", [median(seen)], "ms")


def milliseconds(api: httpx.Client, calls: Sequence[Asked]) -> Sequence[float]:
    seen = []
    for call in calls:
        began = time.perf_counter()
        page(api, call)
        seen.append((time.perf_counter() - began) * 1000)
    return seen


async def reconciled(url: str, times: int) -> Sequence[float]:
    """Seconds. Raises RuntimeError where anything is found: then the books were filled wrongly, or are wrong."""
    database, times_taken = bare_database(url, pool_size=2), []
    uow = UnitOfWork(database, NOBODY)
    try:
        for _ in range(times):
            began = time.perf_counter()
            seen, _ = await Reconciler.look(uow)
            times_taken.append(time.perf_counter() - began)
            if seen.count:
                raise RuntimeError(f"{seen.count} findings, the first is {next(iter(seen.kept.values()))}")
    finally:
        await database.close()
    return times_taken


async def noted(url: str) -> Row:
    """What the accounts of ours have is noted, as it is every hour: how long it took to add up one of them before."""
    database = bare_database(url, pool_size=1)
    try:
        before = await summed(database, "all entries", 5)
        async with database.unit() as db:
            await db.tallies.checkpoint()
        return before
    finally:
        await database.close()


async def written(url: str, filled: Filled, times: int, rounds: int) -> Sequence[Row]:
    """By one who speaks to the database, without a server in between."""
    database = bare_database(url, pool_size=WRITERS)
    try:
        rows = [*await counted(database, filled), *await posted(database, url, filled, times, rounds)]
        posts = len(MOST_STATEMENTS) + (WRITERS + 1) * times * rounds + WRITERS * min(times, WARM_UP)
        since = f"{posts} entries since it was noted"
        return [*rows, await summed(database, since, 5 * times, at_most(SUM_MILLISECONDS))]
    finally:
        await database.close()


async def counted(database: Database, filled: Filled) -> Sequence[Row]:
    """Statements of a posting, without those that begin and end the transaction."""
    rows = []
    new = WalletName(filled.creators[0].user_id, "FAN")
    for wallet, (told, most) in zip((filled.fans[-1], new), MOST_STATEMENTS.items(), strict=True):
        with asked(database) as seen:
            async with database.unit() as db:
                await db.ledger.post(flows.loaded(wallet, uuid4(), PROVIDER, 100))
        rows.append(row(NAME, f"posting{told}", "statements", [len(seen)], "", at_most(most)))
    return rows


async def summed(database: Database, told: str, times: int, target: Target | None = None) -> Row:
    """What the account has that every load posts to."""
    seen = []
    for _ in range(times):
        async with database.reading() as db:
            began = time.perf_counter()
            await db.tallies.balance(OURS["clearing"])
            seen.append((time.perf_counter() - began) * 1000)
    return row(NAME, f"balance of an account of ours, {told}", "p50", [median(seen)], "ms", target)


async def posted(database: Database, url: str, filled: Filled, times: int, rounds: int) -> Sequence[Row]:
    names = filled.fans[-WRITERS:]

    def loads(provider: str) -> Work:
        async def post(writer: int) -> None:
            async with database.unit() as db:
                await db.ledger.post(flows.loaded(names[writer], uuid4(), provider.format(writer), 100))

        return post

    async def nothing(_: int) -> None:
        async with database.connection() as connection:
            for statement in (*[NOTHING] * (STATEMENTS - 1), WRITTEN):
                await connection.execute(statement)

    shared, apart = loads(PROVIDER), loads("of_{}")
    ways = ((shared, WRITERS), (apart, WRITERS), (nothing, WRITERS), (shared, 1), (nothing, 1))
    for work in (shared, apart, nothing):
        await per_second(work, WRITERS, min(times, WARM_UP))  # until each connection has its statements prepared
    rates: dict[tuple[Work, int], list[float]] = {way: [] for way in ways}
    waits: list[int] = []
    for _ in range(rounds):
        for (work, writers), seen in rates.items():
            async with looked_at(url, waits if (work, writers) == (shared, WRITERS) else []):
                seen.append(await per_second(work, writers, times))
    empty = f"a transaction of {STATEMENTS} statements about nothing"
    together = row(
        NAME, f"posting, {WRITERS} writers to one account of ours", "transfers", rates[shared, WRITERS], "/s"
    )
    alone = row(NAME, "posting, one writer", "transfers", rates[shared, 1], "/s")
    return [
        compared(together, rates[shared, WRITERS], empty, rates[nothing, WRITERS], ratio_at_least(EMPTY)),
        compared(
            together, rates[shared, WRITERS], "an account for each", rates[apart, WRITERS], ratio_at_least(SHARED)
        ),
        replace(together, metric="looks at who waits", value=len(waits), unit="", spread=None),
        row(NAME, together.subject, "waits for a row", [sum(waits)], "", at_most(0)),
        compared(alone, rates[shared, 1], empty, rates[nothing, 1], ratio_at_least(EMPTY)),
    ]


@asynccontextmanager
async def looked_at(url: str, waits: list[int]) -> AsyncIterator[None]:
    """Again and again until the block ends, how many wait for a row is added to ``waits``."""
    done = asyncio.Event()

    async def look() -> None:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            while not done.is_set():
                (found,) = await (await connection.execute(WAITING)).fetchone() or (0,)
                waits.append(found)
                await asyncio.wait([stopped], timeout=0.02)

    stopped = asyncio.ensure_future(done.wait())
    looking = asyncio.ensure_future(look())
    try:
        yield
    finally:
        done.set()
        await looking


async def per_second(work: Work, writers: int, times: int) -> float:
    """By so many at once, each so many times."""

    async def several(writer: int) -> None:
        for _ in range(times):
            await work(writer)

    began = time.perf_counter()
    await asyncio.gather(*map(several, range(writers)))
    return times * writers / (time.perf_counter() - began)
