"""A year of money, as much as one likes, made by the database alone: loads, prices of messages, answers, payouts.

Of ten loads one is not spent; of nine messages one waits for its answer, one is rejected, and seven are answered. Each
month creators are paid out all that they earned. A few people have most of it. All rows are what the code would have
written, down to the fingerprints, so that a reconciliation finds nothing in them.

Triggers are off, and indexes are made in the end. Two connections fill, since each uses one core.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from domain.money.ledger import WalletName, platform

PROVIDER, BANK = "sandbox", "bank_file"
DEALS_OF_A_CREATOR = 140
OURS = {
    "clearing": platform("clearing", PROVIDER),
    "rail": platform("rail", BANK),
    "expense": platform("promo_expense"),
    **{code: platform(code) for code in ("escrow", "commission", "payout_reserved", "payout_transit")},
}
OWN = """
CREATE UNLOGGED TABLE filled_wallets (n int PRIMARY KEY, user_id uuid, id uuid, type text, account_id uuid);
CREATE UNLOGGED TABLE filled_accounts (id uuid, wallet_id uuid, code text, normal text)
"""
# The release of a price has two accounts of ours, of which the one with the lower id is written first.
FACTS = """
CREATE UNLOGGED TABLE filled_deals AS
    SELECT n, now() - interval '361 days' + n * (interval '360 days' / %(deals)s) AS at, n %% 10 AS fate,
        100 + n %% 900 AS amount, 1 + floor(power(random(), 3) * %(fans)s)::int AS fan,
        %(fans)s + 1 + floor(power(random(), 3) * %(creators)s)::int AS creator,
        gen_random_uuid() AS payment, gen_random_uuid() AS escrow
    FROM generate_series(1, %(deals)s) n;
CREATE UNLOGGED TABLE filled_payouts AS
    SELECT creator, month, gen_random_uuid() AS id, sum(amount - amount / 5)::bigint AS amount,
        now() - interval '361 days' + month * interval '30 days' AS at
    FROM (
        SELECT creator, amount, 1 + floor(extract(epoch FROM at + interval '2 min' - now() + interval '361 days')
            / 86400 / 30)::int AS month
        FROM filled_deals WHERE fate > 2
    ) earned
    WHERE month < 12 GROUP BY creator, month
"""
MOVES = """
CREATE UNLOGGED TABLE filled_moves AS
WITH moves AS (
    SELECT at, 'load' AS kind, 'PAYMENT_CHECKOUT' AS about, payment::text AS about_id, 'load:' || payment AS key,
        NULL AS resolves, fan AS who, amount AS moved, %(clearing)s::uuid AS one, -amount AS to_one, NULL::uuid AS two,
        0 AS to_two, 'CREDIT' AS type, NULL AS shown
    FROM filled_deals
    UNION ALL
    SELECT at + interval '1 min', 'hold', 'MESSAGE', escrow::text, 'hold:' || escrow, NULL, fan, -amount, %(escrow)s,
        amount, NULL, 0, 'DEBIT', NULL
    FROM filled_deals WHERE fate <> 2
    UNION ALL
    SELECT at + interval '2 min', 'unhold', 'MESSAGE_REFUND', escrow::text, 'unhold:' || escrow, 'hold:' || escrow, fan,
        amount, %(escrow)s, -amount, NULL, 0, 'CREDIT', NULL
    FROM filled_deals WHERE fate = 1
    UNION ALL
    SELECT at + interval '2 min', 'release', 'MESSAGE', escrow::text, 'release:' || escrow, 'hold:' || escrow, creator,
        amount - amount / 5, least(%(escrow)s::uuid, %(commission)s),
        CASE WHEN %(escrow)s::uuid < %(commission)s THEN -amount ELSE amount / 5 END,
        greatest(%(escrow)s::uuid, %(commission)s),
        CASE WHEN %(escrow)s::uuid < %(commission)s THEN amount / 5 ELSE -amount END, 'CREDIT', NULL
    FROM filled_deals WHERE fate > 2
    UNION ALL
    SELECT at, 'payout', 'PAYOUT', id || ':1', 'payout:' || id || ':1', NULL, creator, -amount, %(payout_reserved)s,
        amount, NULL, 0, 'DEBIT', NULL
    FROM filled_payouts
    UNION ALL
    SELECT at + interval '1 min', 'payout-send', 'PAYOUT', id::text, 'payout-send:' || id || ':1',
        'payout:' || id || ':1', NULL, NULL, least(%(payout_reserved)s::uuid, %(payout_transit)s),
        CASE WHEN %(payout_reserved)s::uuid < %(payout_transit)s THEN -amount ELSE amount END,
        greatest(%(payout_reserved)s::uuid, %(payout_transit)s),
        CASE WHEN %(payout_reserved)s::uuid < %(payout_transit)s THEN amount ELSE -amount END, NULL, NULL
    FROM filled_payouts
    UNION ALL
    SELECT at + interval '1 day', 'payout-done', 'PAYOUT', id::text, 'payout-done:' || id || ':1',
        'payout-send:' || id || ':1', NULL, NULL, least(%(rail)s::uuid, %(payout_transit)s),
        CASE WHEN %(rail)s::uuid < %(payout_transit)s THEN amount ELSE -amount END,
        greatest(%(rail)s::uuid, %(payout_transit)s),
        CASE WHEN %(rail)s::uuid < %(payout_transit)s THEN -amount ELSE amount END, NULL, NULL
    FROM filled_payouts
)
SELECT overlay(overlay(gen_random_uuid()::text PLACING '7' FROM 15) PLACING
        overlay(lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') PLACING '-' FROM 9 FOR 0) FROM 1)::uuid
        AS id,
    moves.*, own.id AS wallet_id, own.account_id,
    CASE WHEN own.id IS NOT NULL THEN row_number() OVER chain END AS version,
    CASE WHEN own.id IS NOT NULL THEN (sum(moved) OVER chain)::bigint END AS balance
FROM moves LEFT JOIN filled_wallets own ON own.n = who
WINDOW chain AS (PARTITION BY who ORDER BY at, key);
ANALYZE filled_moves
"""
PROFILES = """
INSERT INTO creator_profiles (id, user_id) SELECT gen_random_uuid(), user_id FROM filled_wallets WHERE type = 'CREATOR'
"""
# As `domain.money.ledger.fingerprint_of` puts it together: legs in the order of their accounts.
SAID = """
sha256(convert_to(concat(
    '["', kind, '","', about, '","', about_id, '",', coalesce('"' || resolves || '"', 'null'), ',[', concat_ws(',',
        CASE WHEN account_id < one THEN own END, format('["%s",%s]', one, to_one),
        CASE WHEN account_id > one AND (two IS NULL OR account_id < two) THEN own END,
        CASE WHEN two IS NOT NULL THEN format('["%s",%s]', two, to_two) END, CASE WHEN account_id > two THEN own END
    ), ']]'), 'UTF8'))
"""
# In the order of time, as they would have come.
FILL = {
    "ledger_transfers": f"""
        INSERT INTO ledger_transfers (id, created_at, key, fingerprint, kind, currency, about, about_id, resolves)
        SELECT id, at, key, {SAID}, kind, 'USD', about, about_id, resolves
        FROM filled_moves, LATERAL (
            SELECT CASE WHEN account_id IS NOT NULL THEN format('["%s",%s]', account_id, moved) END AS own
        ) o
        ORDER BY id
    """,  # noqa: S608 - a constant of this file
    "ledger_entries": """
        INSERT INTO ledger_entries (transfer_id, leg, account_id, amount, balance_after, account_version)
        SELECT m.id, row_number() OVER (PARTITION BY m.id), leg.account_id, leg.amount, leg.balance, leg.version
        FROM filled_moves m, LATERAL (
            VALUES (one, to_one::bigint, NULL::bigint, NULL::bigint), (two, to_two, NULL, NULL),
                (account_id, moved, balance, version)
        ) leg (account_id, amount, balance, version)
        WHERE leg.account_id IS NOT NULL ORDER BY m.id
    """,
    "wallet_activity": """
        INSERT INTO wallet_activity
            (created_at, wallet_id, seq, transfer_id, type, amount, balance_before, balance_after, about, about_id)
        SELECT at, wallet_id, version, id, type, abs(moved), balance - moved, balance, about, about_id
        FROM filled_moves WHERE wallet_id IS NOT NULL ORDER BY id
    """,
    "payments": """
        INSERT INTO payments (id, created_at, wallet_id, amount, currency, status, provider, ref, url, return_url,
            expires_at, paid_at)
        SELECT payment, at, own.id, amount, 'USD', 'PAID', 'sandbox', payment::text, '', '', at + interval '1 hour', at
        FROM filled_deals JOIN filled_wallets own ON own.n = fan ORDER BY at
    """,
    "escrows": """
        INSERT INTO escrows (id, created_at, message_id, fan_id, creator_user_id, currency, price, promo, paid, coupon,
            commission_bps, status, deadline, outcome, settled_at)
        SELECT escrow, at + interval '1 min', gen_random_uuid(), f.user_id, c.user_id, 'USD', amount, 0, amount, 0,
            2000, (ARRAY['HELD', 'REFUNDED', NULL, 'RELEASED'])[1 + least(fate, 3)], now() + interval '2 days',
            (ARRAY[NULL, 'REJECTED', NULL, 'REPLIED'])[1 + least(fate, 3)],
            CASE WHEN fate > 0 THEN at + interval '2 min' END
        FROM filled_deals JOIN filled_wallets f ON f.n = fan JOIN filled_wallets c ON c.n = creator
        WHERE fate <> 2 ORDER BY at
    """,
    "payouts": """
        INSERT INTO payouts (id, created_at, user_id, wallet_id, amount, currency, method, provider, destination,
            destination_last4, status, approved_at, processed_at)
        SELECT p.id, at, user_id, own.id, amount, 'USD', 'BANK_TRANSFER', 'bank_file', '', '0000', 'PROCESSED', at,
            at + interval '1 day'
        FROM filled_payouts p JOIN filled_wallets own ON own.n = creator ORDER BY at
    """,
    "payout_attempts": """
        INSERT INTO payout_attempts (created_at, payout_id, number, provider, ref, state, settled_at)
        SELECT at, id, 1, 'bank_file', id::text, 'PAID', at + interval '1 day' FROM filled_payouts
    """,
    "wallets": """
        INSERT INTO wallets (id, created_at, user_id, type, currency, balance, shown)
        SELECT own.id, now() - interval '361 days', user_id, own.type, 'USD', coalesce(balance, 0), coalesce(shown, 0)
        FROM filled_wallets own LEFT JOIN (
            SELECT wallet_id, sum(moved) AS balance, count(*) AS shown FROM filled_moves GROUP BY wallet_id
        ) sums ON wallet_id = own.id
    """,
    "ledger_accounts": """
        INSERT INTO ledger_accounts (id, created_at, wallet_id, code, currency, normal, balance, version)
        SELECT a.id, now() - interval '361 days', a.wallet_id, code, 'USD', normal,
            CASE WHEN a.wallet_id IS NOT NULL THEN coalesce(balance, 0) END,
            CASE WHEN a.wallet_id IS NOT NULL THEN coalesce(version, 0) END
        FROM filled_accounts a LEFT JOIN (
            SELECT account_id, sum(moved) AS balance, count(*) AS version FROM filled_moves GROUP BY account_id
        ) sums ON account_id = a.id
    """,
}
CLEAR = "DROP TABLE filled_wallets, filled_accounts, filled_deals, filled_payouts, filled_moves"
# What others refer to stays; it is met in the order of time, or small.
HELD_BY_CONSTRAINTS = """
SELECT conname, contype = 'f', pg_get_constraintdef(oid) FROM pg_constraint c
WHERE conrelid = %(table)s::regclass AND (contype = 'f' OR contype IN ('p', 'u') AND NOT EXISTS (
    SELECT FROM pg_constraint r WHERE r.contype = 'f' AND r.conindid = c.conindid AND r.conrelid <> c.conrelid
)) ORDER BY contype <> 'f'
"""
INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = %(table)s::regclass
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
"""
SETTINGS = (
    "SET session_replication_role = replica",
    "SET synchronous_commit = off",
    "SET work_mem = '512MB'",
    "SET maintenance_work_mem = '512MB'",
    "SET max_parallel_maintenance_workers = 0",
)


class Filled(NamedTuple):
    """``entries``: how many there are. Fans come first, then creators."""

    entries: int
    fans: Sequence[WalletName]
    creators: Sequence[WalletName]


def fill(url: str, deals: int) -> Filled:
    """Into empty tables, beside as many accounts as are to have wallets. A deal is six entries, and a bit."""
    with _connected(url) as connection:
        users = [user_id for (user_id,) in connection.execute("SELECT id FROM users ORDER BY id").fetchall()]
        at = len(users) - max(1, deals // DEALS_OF_A_CREATOR)
        fans = [WalletName(each, "FAN") for each in users[:at]]
        creators = [WalletName(each, "CREATOR") for each in users[at:]]
        _write(connection, [*fans, *creators])
        connection.execute("SELECT setseed(0.5)")
        values: dict[str, Any] = {"deals": deals, "fans": len(fans), "creators": len(creators)}
        values |= {name: account.id for name, account in OURS.items()}
        for statement in ";".join((PROFILES, FACTS, MOVES)).split(";\n"):
            psycopg.ClientCursor(connection).execute(statement.encode(), values)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda table: _filled(url, table), FILL))
    with _connected(url) as connection:
        connection.execute(CLEAR)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
        (entries,) = connection.execute("SELECT count(*) FROM ledger_entries").fetchone() or (0,)
    return Filled(entries, fans, creators)


def _connected(url: str) -> psycopg.Connection:
    connection = psycopg.connect(url, autocommit=True)
    for setting in SETTINGS:
        connection.execute(setting)
    return connection


def _write(connection: psycopg.Connection, names: Iterable[WalletName]) -> None:
    """Ids are made from what they are of, which the database cannot."""
    connection.execute(OWN)
    cursor = connection.cursor()
    with cursor.copy("COPY filled_wallets FROM STDIN") as copy:
        for n, name in enumerate(names, 1):
            copy.write_row((n, name.user_id, name.id, name.type, name.main.id))
    with cursor.copy("COPY filled_accounts FROM STDIN") as copy:
        for account in (*(account for name in names for account in name.accounts), *OURS.values()):
            copy.write_row((account.id, account.wallet_id, account.code, account.form.normal))


def _filled(url: str, table: str) -> None:
    with _connected(url) as connection, connection.transaction():
        held = connection.execute(HELD_BY_CONSTRAINTS, {"table": table}).fetchall()
        own = sql.Identifier(table)
        for name, _, _ in held:
            connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(own, sql.Identifier(name)))
        indexes = connection.execute(INDEXES, {"table": table}).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}".encode())
        connection.execute(FILL[table].encode())
        for _, definition in indexes:
            connection.execute(definition.encode())
        for name, refers, definition in reversed(held):  # what refers to another table is true, and is not looked at
            told = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(own, sql.Identifier(name), sql.SQL(definition))
            connection.execute(told + sql.SQL(" NOT VALID" if refers else ""))
