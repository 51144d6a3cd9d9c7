"""A million entries in a hundred thousand wallets: what the page of a wallet takes, the sum of an account of
ours, how many transfers a second are posted, and how long it takes to add up everything.

The transfers are made by the database alone, with its triggers off; `verify` shows that they are what the code would
have posted. A few wallets have most of them. A posting is compared with a transaction of as many statements about
nothing, in turn, so that what it costs to speak to the database is known.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from random import Random
from statistics import median, quantiles
from uuid import uuid4

import httpx
import psycopg
from sqlalchemy import func, literal, select

from benchmarks.me import RATE
from benchmarks.passwords import unpinned
from benchmarks.people import access_tokens, configure, settle
from benchmarks.report import Row, Target, at_most, compared, ratio_at_least, row
from benchmarks.stand import Stand
from domain.money import flows
from domain.money.ledger import WalletName, platform
from persistence.engine.database import Database
from persistence.engine.statements import kept
from tests.harness import bare_database

NAME = "ledger"
WALLETS, TRANSFERS = 100_000, 500_000  # each has two entries
QUICK_WALLETS, QUICK_TRANSFERS = 50, 500
PAGES, WARM_UP = 400, 20
POSTINGS, ROUNDS, SIDE_BY_SIDE = 200, 5, 8
PROVIDER = "sandbox"
PATH = "/api/v1/wallet/activity"
P95_MILLISECONDS, SUM_MILLISECONDS, GOAL = 15, 20, 0.6
NOTHING = kept(select(literal(1)))
# Without it the commit would wait for no disk.
WRITTEN = kept(select(func.pg_logical_emit_message(literal(True), literal("bench"), literal("nothing"))))
STATEMENTS = (NOTHING, NOTHING, WRITTEN)  # as many as a posting has to a wallet that is there

CLEARING = platform("clearing", PROVIDER)
OWN = "CREATE TEMP TABLE own (n bigint PRIMARY KEY, wallet_id uuid, account_id uuid)"
MADE = """
CREATE TEMP TABLE made AS
    SELECT n, gen_random_uuid() AS id, gen_random_uuid() AS payment, 100 + n %% 900 AS amount,
        1 + floor(power(random(), 3) * %(wallets)s)::bigint AS own
    FROM generate_series(1, %(transfers)s) n
"""
LINES = """
CREATE TEMP TABLE lines AS
    SELECT made.*, own.wallet_id, own.account_id, row_number() OVER mine AS version,
        (sum(amount) OVER mine)::bigint AS balance
    FROM made JOIN own ON own.n = made.own WINDOW mine AS (PARTITION BY own ORDER BY made.n)
"""
# As `domain.money.ledger.fingerprint_of` puts it together.
FINGERPRINT = """
sha256(convert_to(format('["load","PAYMENT_CHECKOUT","%%s",null,[%%s]]', payment, CASE
    WHEN account_id::text < %(clearing)s::text
    THEN format('["%%s",%%s],["%%s",-%%s]', account_id, amount, %(clearing)s, amount)
    ELSE format('["%%s",-%%s],["%%s",%%s]', %(clearing)s, amount, account_id, amount) END), 'UTF8'))
"""
FILL = (
    f"""
    INSERT INTO ledger_transfers (id, key, fingerprint, kind, currency, about, about_id)
    SELECT id, 'load:' || payment, {FINGERPRINT}, 'load', 'USD', 'PAYMENT_CHECKOUT', payment FROM lines
    """,  # noqa: S608 - a constant of this file
    """
    INSERT INTO ledger_entries (transfer_id, leg, account_id, amount, balance_after, account_version)
    SELECT id, 1, %(clearing)s, -amount, NULL, NULL FROM lines
    UNION ALL SELECT id, 2, account_id, amount, balance, version FROM lines
    """,
    """
    INSERT INTO wallet_activity
        (wallet_id, seq, transfer_id, type, amount, balance_before, balance_after, about, about_id)
    SELECT wallet_id, version, id, 'CREDIT', amount, balance - amount, balance, 'PAYMENT_CHECKOUT', payment FROM lines
    """,
    """
    UPDATE ledger_accounts SET balance = sums.balance, version = sums.version
    FROM (SELECT account_id, sum(amount) AS balance, count(*) AS version FROM lines GROUP BY account_id) sums
    WHERE id = account_id
    """,
    """
    UPDATE wallets SET balance = sums.balance, shown = sums.shown
    FROM (SELECT wallet_id, sum(amount) AS balance, count(*) AS shown FROM lines GROUP BY wallet_id) sums
    WHERE id = wallet_id
    """,
)

Work = Callable[[], Awaitable[None]]


def measure(stand: Stand, quick: bool) -> Iterator[Row]:
    wallets, transfers = (QUICK_WALLETS, QUICK_TRANSFERS) if quick else (WALLETS, TRANSFERS)
    pages, postings, rounds = (5, 5, 1) if quick else (PAGES, POSTINGS, ROUNDS)
    url = stand.database()
    settle(url, wallets)
    names = fill(url, wallets, transfers)
    configure(url, ratelimit__wallet__activity=RATE)
    yield from page(stand, url, pages)
    with unpinned(stand):
        yield from asyncio.run(asked(url, names, postings, rounds))


def fill(url: str, wallets: int, transfers: int) -> Sequence[WalletName]:
    """Wallets of all accounts, and loads."""
    with psycopg.connect(url) as connection:
        users = connection.execute("SELECT id FROM users ORDER BY id LIMIT %s", [wallets]).fetchall()
        names = [WalletName(user_id, "FAN") for (user_id,) in users]
        cursor = connection.cursor()
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(OWN)
        with cursor.copy("COPY wallets (id, user_id, type, currency) FROM STDIN") as copy:
            for name in names:
                copy.write_row((name.id, name.user_id, name.type, name.currency))
        columns = "(id, wallet_id, code, currency, normal, balance, version)"
        with cursor.copy(f"COPY ledger_accounts {columns} FROM STDIN") as copy:
            for account in (account for name in names for account in name.accounts):
                normal = account.form.normal
                copy.write_row((account.id, account.wallet_id, account.code, account.currency, normal, 0, 0))
            for ours in (platform("clearing", PROVIDER), platform("escrow"), platform("promo_expense")):
                copy.write_row((ours.id, None, ours.code, ours.currency, ours.form.normal, None, None))
        with cursor.copy("COPY own FROM STDIN") as copy:
            for n, name in enumerate(names, 1):
                copy.write_row((n, name.id, name.account("fan").id))
        cursor.execute("SELECT setseed(0.5)")
        values = {"wallets": len(names), "transfers": transfers, "clearing": CLEARING.id}
        cursor.execute(MADE, values)
        cursor.execute(LINES)
        for statement in FILL:
            cursor.execute(statement.encode(), values)
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
    return names


def page(stand: Stand, url: str, pages: int) -> Iterator[Row]:
    """Each of somebody else, over HTTP."""
    tokens = access_tokens(url, pages + WARM_UP)
    seen = []
    with stand.ours(url) as ours, httpx.Client(base_url=ours.origin, trust_env=False) as api:
        for index in range(pages + WARM_UP):
            headers = {"Authorization": f"Bearer {tokens[index % len(tokens)]}"}
            began = time.perf_counter()
            api.get(PATH, headers=headers).raise_for_status()
            if index >= WARM_UP:
                seen.append((time.perf_counter() - began) * 1000)
    yield row(NAME, "GET /wallet/activity", "p50", [median(seen)], "ms")
    p95 = quantiles(seen, n=20, method="inclusive")[-1]
    yield row(NAME, "GET /wallet/activity", "p95", [p95], "ms", at_most(P95_MILLISECONDS))


async def asked(url: str, names: Sequence[WalletName], times: int, rounds: int) -> Sequence[Row]:
    """By one who speaks to the database, without a server in between."""
    database = bare_database(url, pool_size=SIDE_BY_SIDE)
    try:
        rows = [await summed(database, "all entries", 10)]
        async with database.unit() as db:
            await db.tallies.checkpoint()
        rows += await posted(database, names, times, rounds)
        since = times * rounds * (1 + SIDE_BY_SIDE) + WARM_UP * SIDE_BY_SIDE
        rows.append(await summed(database, f"{since} entries since it was noted", times, at_most(SUM_MILLISECONDS)))
        return [*rows, await verified(database)]
    finally:
        await database.close()


async def summed(database: Database, told: str, times: int, target: Target | None = None) -> Row:
    """What the account has that every load posts to."""
    seen = []
    for _ in range(times):
        async with database.reading() as db:
            began = time.perf_counter()
            await db.tallies.balance(CLEARING)
            seen.append((time.perf_counter() - began) * 1000)
    return row(NAME, f"balance of an account of ours, {told}", "p50", [median(seen)], "ms", target)


async def posted(database: Database, names: Sequence[WalletName], times: int, rounds: int) -> Sequence[Row]:
    random = Random(7)  # noqa: S311 - the same wallets each time

    async def post() -> None:
        async with database.unit() as db:
            await db.ledger.post(flows.loaded(random.choice(names), uuid4(), PROVIDER, 100))

    async def nothing() -> None:
        async with database.connection() as connection:
            for statement in STATEMENTS:
                await connection.execute(statement)

    for work in (post, nothing):
        await _per_second(work, WARM_UP, SIDE_BY_SIDE)
    rates: dict[tuple[Work, int], list[float]] = {}
    for _ in range(rounds):
        for at_once in (1, SIDE_BY_SIDE):
            for work in (post, nothing):
                rates.setdefault((work, at_once), []).append(await _per_second(work, times, at_once))
    empty = f"a transaction of {len(STATEMENTS)} statements about nothing"
    return [
        compared(
            row(NAME, f"posting, {at_once} at once", "transfers", rates[post, at_once], "/s"),
            rates[post, at_once], empty, rates[nothing, at_once], ratio_at_least(GOAL),
        )
        for at_once in (1, SIDE_BY_SIDE)
    ]  # fmt: skip


async def _per_second(work: Work, times: int, at_once: int) -> float:
    async def several() -> None:
        for _ in range(times):
            await work()

    began = time.perf_counter()
    await asyncio.gather(*(several() for _ in range(at_once)))
    return times * at_once / (time.perf_counter() - began)


async def verified(database: Database) -> Row:
    """Raises RuntimeError where the books are wrong."""
    began = time.perf_counter()
    async with database.unit() as db:
        await db.books.open()
        found = [finding async for finding in db.books.findings()]
    if found:
        raise RuntimeError(f"{len(found)} findings, the first is {found[0]}")
    return row(NAME, "biore ledger verify", "time", [time.perf_counter() - began], "s")
