"""The lists of staff at 200 000 rows: every page is read by an index, and a walk shows each row that stays once.

A further list joins with one line of ``LISTS``.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import combinations
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from domain.admin.audit_filter import Filter
from domain.admin.creators import Filters as Creators
from domain.admin.users import Filters, Order, search_of
from domain.i18n.translations import Filters as Texts
from persistence.engine.database import Database
from persistence.repositories import Repositories
from tests.conftest import Databases
from tests.harness import Tables, bare_database
from tests.people import BASE, SOMEBODY, mixed
from tests.statements import asked

ROWS = 200_000
PAGE = 51
# What a page may read: of one filter its own rows and what is told of each, of several what another leaves out, too.
FEW, SOME = 8 * PAGE, 15_000
HALF = 6_000  # of the profiles, which are fewer than accounts
COUNT = "count of "
COUNTED = 12_000
MIDDLE = BASE - timedelta(minutes=ROWS // 2)

SESSIONS = f"""
INSERT INTO sessions (id, user_id, created_at, last_active_at, expires_at, revoked_at)
SELECT gen_random_uuid(), CASE WHEN n % 2000 = 0 THEN '{SOMEBODY}'::uuid ELSE gen_random_uuid() END,
       timestamptz '{BASE}' - n * interval '1 minute', now(), now() + interval '1 day',
       CASE WHEN n % 3 = 1 THEN now() END
FROM generate_series(1, {ROWS}) n
"""  # noqa: S608 - constants of this file
NOTES = f"""
INSERT INTO user_notes (id, user_id, author_id, text, created_at)
SELECT gen_random_uuid(), id, '{SOMEBODY}', 'x', created_at FROM users;
INSERT INTO user_notes (id, user_id, author_id, text, created_at)
SELECT gen_random_uuid(), '{SOMEBODY}', '{SOMEBODY}', 'x', timestamptz '{BASE}' - n * interval '1 minute'
FROM generate_series(1, 500) n
"""  # noqa: S608 - constants of this file
EVENTS = f"""
INSERT INTO audit_logs (id, action, result, actor_id, target_id, created_at)
SELECT gen_random_uuid(), CASE WHEN n % 2 = 0 THEN 'admin.users.viewed' ELSE 'auth.login.success' END, 'success',
       CASE WHEN n % 1000 = 1 THEN '{SOMEBODY}'::uuid ELSE gen_random_uuid() END,
       CASE WHEN n % 1000 = 2 OR n % 1000 = 3 THEN '{SOMEBODY}' ELSE gen_random_uuid()::text END,
       timestamptz '{BASE}' - n * interval '1 minute'
FROM generate_series(1, {ROWS}) n
"""  # noqa: S608 - constants of this file
STATEMENTS = f"""
INSERT INTO statements_of_reasons
    (id, user_id, type, target_type, facts, source, ground, reference, explanation, created_at, starts_at, ends_at,
     lifted_at)
SELECT gen_random_uuid(), CASE WHEN n % 2000 = 0 THEN '{SOMEBODY}'::uuid ELSE gen_random_uuid() END,
       CASE WHEN n % 1000 = 0 THEN 'MONEY_SUSPENDED' WHEN n % 2 = 0 THEN 'ACCOUNT_BANNED' ELSE 'VISIBILITY_REMOVED' END,
       'USER', 'x', 'NOTICE', CASE WHEN n % 3 = 0 THEN 'ILLEGAL' ELSE 'TERMS' END, 'x', 'x', moment, moment,
       CASE WHEN n % 5 = 0 THEN timestamptz '{BASE}' + n * interval '1 minute' END, CASE WHEN n % 7 > 0 THEN moment END
FROM generate_series(1, {ROWS}) n, LATERAL (SELECT timestamptz '{BASE}' - n * interval '1 minute' AS moment) m;
INSERT INTO bans (id, user_id, statement_id, status, ended_at)
SELECT gen_random_uuid(), gen_random_uuid(), id, 'BANNED', lifted_at FROM statements_of_reasons
WHERE type = 'ACCOUNT_BANNED'
"""  # noqa: S608 - constants of this file
APPEALS = f"""
INSERT INTO appeals (id, user_id, type, reason, status, created_at)
SELECT gen_random_uuid(), gen_random_uuid(), CASE WHEN n % 1000 = 0 THEN 'fraud_flag' ELSE 'ban' END, 'x',
       CASE WHEN n % 500 = 0 THEN 'PENDING' ELSE 'DECIDED' END, timestamptz '{BASE}' - n * interval '1 minute'
FROM generate_series(1, {ROWS}) n
"""  # noqa: S608 - constants of this file

CASES = f"""
INSERT INTO moderation_cases (id, target_type, target_id, user_id, origin, category, state, notices, evidence,
                              assignee_id, created_at)
SELECT gen_random_uuid(), CASE WHEN n % 50 = 1 THEN 'LINK' ELSE 'USER' END, gen_random_uuid(),
       CASE WHEN n % 20000 = 0 THEN '{SOMEBODY}'::uuid ELSE gen_random_uuid() END,
       CASE WHEN n % 100 = 2 THEN 'STAFF' ELSE 'NOTICE' END, CASE WHEN n % 40 = 3 THEN 'spam' ELSE 'other' END,
       CASE WHEN n % 200 = 4 THEN 'OPEN' WHEN n % 3 = 0 THEN 'REJECTED' ELSE 'APPROVED' END, n % 7, '{{}}',
       CASE WHEN n % 500 = 5 THEN '{SOMEBODY}'::uuid WHEN n % 3 > 0 THEN gen_random_uuid() END,
       timestamptz '{BASE}' - n * interval '1 minute'
FROM generate_series(1, {ROWS}) n
"""  # noqa: S608 - constants of this file
NOTICES = f"""
INSERT INTO moderation_notices (id, case_id, user_id, locale, category, explanation, created_at)
SELECT gen_random_uuid(), CASE WHEN n % 1000 = 0 THEN '{SOMEBODY}'::uuid ELSE gen_random_uuid() END, gen_random_uuid(),
       'en', 'SPAM', '', timestamptz '{BASE}' - n * interval '1 minute'
FROM generate_series(1, {ROWS}) n
"""  # noqa: S608 - constants of this file
RULES = f"""
INSERT INTO moderation_rules (id, kind, pattern, folded, match, scopes, action, created_at)
SELECT gen_random_uuid(), CASE WHEN n % 1000 = 0 THEN 'DOMAIN' ELSE 'TERM' END, n, n, 'WORD', '{{bio}}',
       CASE WHEN n % 1000 = 1 THEN 'BLOCK' ELSE 'FLAG' END, timestamptz '{BASE}' - n * interval '1 minute'
FROM generate_series(1, {ROWS}) n
"""  # noqa: S608 - constants of this file
JOBS = f"""
INSERT INTO outbox (id, topic, payload, available_at, done_at, dead_at)
SELECT gen_random_uuid(), CASE WHEN n % 400 = 1 THEN 'gdpr.erase' ELSE 'email.export_ready' END, '{{}}',
       timestamptz '{BASE}' - n * interval '1 minute',
       CASE WHEN n % 20 > 1 THEN timestamptz '{BASE}' - n * interval '1 minute' END,
       CASE WHEN n % 20 = 1 THEN timestamptz '{BASE}' - n * interval '1 minute' END
FROM generate_series(1, {ROWS}) n
"""  # noqa: S608 - constants of this file

# Every tenth waits for staff, and one of them in a thousand is of somebody, urgent or of one category.
TICKETS = f"""
INSERT INTO ticket_categories (id, name, sort_order)
SELECT CASE WHEN n = 1 THEN '{SOMEBODY}'::uuid ELSE gen_random_uuid() END, 'c' || n, n FROM generate_series(1, 20) n;
INSERT INTO tickets (id, user_id, category_id, subject, priority, status, assigned_to, created_at, waiting_since)
SELECT gen_random_uuid(), CASE WHEN n % 1000 = 6 THEN '{SOMEBODY}'::uuid ELSE gen_random_uuid() END,
       CASE WHEN n % 1000 = 10 THEN '{SOMEBODY}'::uuid END, '', CASE WHEN n % 1000 = 20 THEN 'URGENT' ELSE 'LOW' END,
       CASE WHEN n % 10 > 0 THEN 'CLOSED' WHEN n % 1000 = 30 THEN 'WAITING_INTERNAL' ELSE 'OPEN' END,
       CASE WHEN n % 1000 = 40 THEN '{SOMEBODY}'::uuid WHEN n % 10 > 0 THEN gen_random_uuid() END,
       timestamptz '{BASE}' - n * interval '1 minute',
       CASE WHEN n % 10 = 0 THEN timestamptz '{BASE}' - n * interval '1 minute' END
FROM generate_series(1, {ROWS}) n;
INSERT INTO ticket_messages (id, ticket_id, author_type, author_id, content, created_at)
SELECT gen_random_uuid(), CASE WHEN n % 100 = 0 THEN '{SOMEBODY}'::uuid ELSE gen_random_uuid() END, 'USER',
       gen_random_uuid(), '', timestamptz '{BASE}' - n * interval '1 minute'
FROM generate_series(1, {ROWS}) n;
INSERT INTO ticket_notes (id, ticket_id, author_id, content, created_at)
SELECT id, ticket_id, author_id, '', created_at FROM ticket_messages
"""  # noqa: S608 - constants of this file
TRANSLATIONS = f"""
INSERT INTO languages (code, name, native_name, is_rtl, sort_order)
SELECT CASE n WHEN 0 THEN 'en' ELSE 'l' || n END, n, n, false, n FROM generate_series(0, 19) n;
INSERT INTO translations (locale, namespace, key, text, draft, status, origin, outdated)
SELECT l.code, 'n' || k % 4, 'key.' || k, CASE WHEN k % 100 > 0 OR l.code = 'en' THEN 'x' END,
       CASE WHEN k % 100 = 0 THEN 'y' END, CASE WHEN k % 100 = 0 THEN 'IN_REVIEW' ELSE 'APPROVED' END, 'FILE',
       k % 500 = 1 AND l.code <> 'en'
FROM languages l, generate_series(1, {ROWS} / 20) k
"""  # noqa: S608 - constants of this file
# Every tenth account has a profile. Many have the first category, and one in a thousand the second.
CREATORS = """
UPDATE creator_profiles p SET created_at = u.created_at,
       level = CASE WHEN n % 500 = 1 THEN 'PLATINUM' WHEN n % 3 = 0 THEN 'GOLD' ELSE 'BRONZE' END,
       kyc_status = CASE WHEN n % 500 = 2 THEN 'REJECTED' WHEN n % 2 = 0 THEN 'APPROVED' ELSE 'NOT_STARTED' END,
       creator_status = CASE WHEN n % 500 = 3 THEN 'SUSPENDED' ELSE 'ACTIVE' END,
       discover_excluded = n % 500 = 4
FROM (SELECT id, created_at, row_number() OVER (ORDER BY created_at) AS n FROM users) u WHERE u.id = p.user_id;
INSERT INTO creator_categories (creator_id, category)
SELECT id, CASE WHEN n % 1000 = 5 THEN 'rare' WHEN n % 3 = 0 THEN 'music' ELSE 'c' || n % 20 END
FROM (SELECT id, row_number() OVER (ORDER BY created_at) AS n FROM creator_profiles) p
"""

Ask = Callable[[Repositories], Awaitable[Any]]


class Read(NamedTuple):
    """One page, by its name: how it is asked for, and how many rows it may look at."""

    name: str
    ask: Ask
    most: int


def accounts() -> Iterator[Read]:
    """Each order with no filter, with each one and with each pair, from the beginning and from the middle."""
    orders: tuple[Order, ...] = ("-createdAt", "createdAt", "-lastLoginAt")
    for order in orders:
        for size in (0, 1, 2):
            for chosen in combinations(FILTERS.items(), size):
                narrowed = {name: value for _, one in chosen for name, value in one.items()}
                if len(narrowed) < sum(len(one) for _, one in chosen):
                    continue  # two values of one filter
                name = " and ".join([order, *(label for label, _ in chosen)])
                most = SOME if size > 1 or any(label in SIFTED for label, _ in chosen) else FEW
                yield Read(name, _page(Filters(**narrowed), order, None), most)
                if size < 2:
                    yield Read(f"{name} from the middle", _page(Filters(**narrowed), order, (MIDDLE, SOMEBODY)), most)
    for label, given in FILTERS.items():
        # Profiles have no order of accounts: these are read until as many have one.
        most = ROWS if label == "creators" else COUNTED
        yield Read(f"{COUNT}{label}", _count(Filters(**given)), most)
    yield Read(f"{COUNT}all", _count(Filters()), COUNTED)


def _page(filters: Filters, order: Order, keys: Sequence[Any] | None, rows: int = PAGE) -> Ask:
    return lambda db: db.admin_users.page(filters, order, keys, rows)


def _count(filters: Filters) -> Ask:
    return lambda db: db.admin_users.count(filters)


FILTERS: Mapping[str, Mapping[str, Any]] = {
    "an id": {"search": search_of(str(SOMEBODY))},
    "an address": {"search": search_of("U7@example.com")},
    "a phone": {"search": search_of("+905556000")},
    "a username": {"search": search_of("8f14e45f")},
    "a letter": {"search": search_of("a")},
    "active ones": {"status": "ACTIVE"},
    "banned ones": {"status": "BANNED"},
    "suspended ones": {"status": "SUSPENDED"},
    "erased ones": {"status": "DELETED"},
    "creators": {"role": "creator"},
    "staff": {"role": "staff"},
    "a large country": {"country": "TR"},
    "a small country": {"country": "IS"},
    "no country": {"country": "XX"},
    "a second factor": {"two_factor": True},
    "no second factor": {"two_factor": False},
    "a day": {"created_from": MIDDLE, "created_to": MIDDLE + timedelta(days=1)},
}
# A beginning that many have, those with a profile, and a day in the order of sign-ins: no order has an index of them.
SIFTED = {"a letter", "creators", "a day", "staff"}


def creators() -> Iterator[Read]:
    """Each filter, and each pair: what goes together is read until a page is full."""
    filters: Mapping[str, Mapping[str, Any]] = {
        "a common level": {"level": "GOLD"},
        "a rare level": {"level": "PLATINUM"},
        "a common verification": {"kyc_status": "APPROVED"},
        "a rare verification": {"kyc_status": "REJECTED"},
        "a common status": {"creator_status": "ACTIVE"},
        "a rare status": {"creator_status": "SUSPENDED"},
        "a common category": {"category": "music"},
        "a rare category": {"category": "rare"},
        "excluded ones": {"excluded": True},
        "all others": {"excluded": False},
        "an id": {"search": search_of(str(SOMEBODY))},
        "an address": {"search": search_of("U7@example.com")},
        "a username": {"search": search_of("8f14e45f")},
    }
    for size in (0, 1, 2):
        for chosen in combinations(filters.items(), size):
            narrowed = {name: value for _, one in chosen for name, value in one.items()}
            if len(narrowed) == size:
                name = " and ".join(label for label, _ in chosen) or "all"
                most = HALF if size > 1 else 2 * FEW
                yield Read(name, _creators(narrowed, None), most)
                yield Read(f"{name} from the middle", _creators(narrowed, (MIDDLE, SOMEBODY)), most)


def _creators(filters: Mapping[str, Any], keys: Sequence[Any] | None) -> Ask:
    return lambda db: db.admin_creators.page(Creators(**filters), keys, PAGE)


def sessions() -> Iterator[Read]:
    def page(keys: Sequence[Any] | None) -> Ask:
        return lambda db: db.sessions.page_live(SOMEBODY, BASE, timedelta(days=30), keys, PAGE)

    yield Read("the latest", page(None), FEW)
    yield Read("from the middle", page((MIDDLE, SOMEBODY)), FEW)


def notes() -> Iterator[Read]:
    def page(keys: Sequence[Any] | None) -> Ask:
        return lambda db: db.user_notes.newest(SOMEBODY, keys, PAGE)

    yield Read("the newest", page(None), FEW)
    yield Read("from the middle", page((BASE - timedelta(minutes=200), SOMEBODY)), FEW)


def account() -> Iterator[Read]:
    yield Read("the account", lambda db: db.admin_users.find(SOMEBODY, BASE, timedelta(days=30)), 1_000)
    yield Read("its cases", lambda db: db.admin_users.open_cases(SOMEBODY, 20), FEW)
    yield Read("its restrictions", lambda db: db.admin_users.restrictions(SOMEBODY, 20), FEW)
    yield Read("its events", lambda db: db.admin_users.events(SOMEBODY, 20), FEW)
    yield Read("its address", lambda db: db.admin_users.last_ip(SOMEBODY), FEW)


def statements() -> Iterator[Read]:
    """With no filter, each one and each pair, from the beginning and from the middle."""
    filters: Mapping[str, Mapping[str, Any]] = {
        "somebody": {"user_id": SOMEBODY},
        "a common type": {"kind": "ACCOUNT_BANNED"},
        "a rare type": {"kind": "MONEY_SUSPENDED"},
        "a ground": {"ground": "ILLEGAL"},
        "live ones": {"live": True},
        "ended ones": {"live": False},
    }

    def page(given: Mapping[str, Any], keys: Sequence[Any] | None) -> Ask:
        return lambda db: db.statements.page(keys, PAGE, **given)

    for size in (0, 1, 2):
        for chosen in combinations(filters.items(), size):
            narrowed = {name: value for _, one in chosen for name, value in one.items()}
            if len(narrowed) == size:
                name, most = " and ".join(["newest", *(label for label, _ in chosen)]), SOME if size > 1 else FEW
                yield Read(name, page(narrowed, None), most)
                yield Read(f"{name} from the middle", page(narrowed, (MIDDLE, SOMEBODY)), most)
    yield Read("those that are due", lambda db: db.statements.due(BASE, PAGE), FEW)


def appeals() -> Iterator[Read]:
    def page(keys: Sequence[Any] | None, status: str | None = None, kind: str | None = None) -> Ask:
        return lambda db: db.appeals.page(keys, PAGE, status=status, kind=kind)

    for status in (None, "PENDING", "DECIDED"):
        for kind in (None, "ban", "fraud_flag"):
            most = FEW if status is None or kind is None else SOME
            yield Read(f"{status} {kind}", page(None, status, kind), most)
            yield Read(f"{status} {kind} from the middle", page((MIDDLE, SOMEBODY), status, kind), most)


def cases() -> Iterator[Read]:
    narrowed: tuple[dict[str, str], ...] = (
        *({}, {"state": "OPEN"}, {"state": "REJECTED"}, {"origin": "STAFF"}, {"target_type": "LINK"}),
        *({"category": "spam"}, {"assignee": str(SOMEBODY)}, {"assignee": "none"}),
    )
    for sort in ("createdAt", "-createdAt", "-notices"):
        for filters in narrowed:
            # Few of the cases of one kind are what many reported: these are looked through for it.
            most = SOME if sort == "-notices" and filters else FEW
            yield Read(f"{sort} {filters}", _cases(sort, filters), most)


def _cases(sort: str, filters: Mapping[str, str]) -> Ask:
    return lambda db: db.cases.page(sort, None, PAGE, **filters)


def case() -> Iterator[Read]:
    yield Read("its reports", lambda db: db.cases.newest_notices(SOMEBODY, 100), FEW)
    yield Read("its first report", lambda db: db.cases.first_notice(SOMEBODY), FEW)
    yield Read("its events", lambda db: db.cases.events(SOMEBODY, 100), FEW)


def rules() -> Iterator[Read]:
    """Those that are no names: of both there are two statements."""

    def page(keys: Sequence[Any] | None, kind: str | None, action: str | None) -> Ask:
        return lambda db: db.rules.newest(keys, PAGE, kind, action)

    for keys in (None, (MIDDLE, SOMEBODY)):
        for kind, action in (("TERM", None), ("DOMAIN", None), ("TERM", "BLOCK"), (None, "FLAG"), ("TERM", "FLAG")):
            yield Read(f"{kind} {action} {keys}", page(keys, kind, action), FEW)


def trail() -> Iterator[Read]:
    day = {"created_from": MIDDLE, "created_to": MIDDLE + timedelta(days=1)}
    narrowed: tuple[dict[str, Any], ...] = (
        *({}, {"actor": SOMEBODY}, {"target": str(SOMEBODY)}, {"action": "auth.login"}, {"action": "gdpr."}),
        *({"result": "failure"}, {"correlation_id": "c7"}, day),
    )
    for filters in narrowed:
        for oldest_first in (False, True):
            most = SOME if "action" in filters else FEW
            yield Read(f"{filters} {oldest_first}", _trail(filters, oldest_first=oldest_first), most)


def _trail(filters: Mapping[str, Any], *, oldest_first: bool) -> Ask:
    return lambda db: db.audit_trail.page(Filter(**filters), None, PAGE, oldest_first=oldest_first)


def jobs() -> Iterator[Read]:
    for state in ("DUE", "RUNNING", "SCHEDULED", "DEAD", "DONE", "DISCARDED"):
        for topic in (None, "email.export_ready", "gdpr.erase"):
            yield Read(f"{state} {topic}", _jobs(state, topic), SOME)


def _jobs(state: str, topic: str | None) -> Ask:
    return lambda db: db.jobs.page(state, topic, None, PAGE)


def tickets() -> Iterator[Read]:
    filters: Mapping[str, Mapping[str, Any]] = {
        "a common status": {"status": "OPEN"},
        "a rare status": {"status": "WAITING_INTERNAL"},
        "a priority": {"priority": "URGENT"},
        "a category": {"category": SOMEBODY},
        "somebody": {"assignee": str(SOMEBODY)},
        "nobody": {"assignee": "none"},
    }
    for sort in ("createdAt", "-createdAt", "waitingSince"):
        for size in (0, 1, 2):
            for chosen in combinations(filters.items(), size):
                narrowed = {name: value for _, one in chosen for name, value in one.items()}
                if len(narrowed) == size:
                    name, most = " and ".join([sort, *(label for label, _ in chosen)]), SOME if size > 1 else FEW
                    yield Read(name, _tickets(sort, narrowed, None), most)
                    yield Read(f"{name} from the middle", _tickets(sort, narrowed, (MIDDLE, SOMEBODY)), most)


def _tickets(sort: str, filters: Mapping[str, Any], keys: Sequence[Any] | None) -> Ask:
    return lambda db: db.support_desk.page(sort, keys, PAGE, **filters)


def ticket() -> Iterator[Read]:
    yield Read("its messages", lambda db: db.support_desk.messages(SOMEBODY, 500), 10 * FEW)
    yield Read("its notes", lambda db: db.support_desk.notes(SOMEBODY, 500), 10 * FEW)
    yield Read("as its owner sees them", lambda db: db.tickets.messages(SOMEBODY, 500), 10 * FEW)
    yield Read("those that are open", lambda db: db.tickets.count_open(SOMEBODY, 20), FEW)


def translations() -> Iterator[Read]:
    """Those of one language: what is missing is looked for among all English ones, of which few may be."""
    narrowed: tuple[dict[str, Any], ...] = (
        *({}, {"namespace": "n2"}, {"status": "IN_REVIEW"}, {"status": "APPROVED"}, {"outdated": True}),
        *({"outdated": False}, {"missing": False}, {"missing": True}, {"prefix": "key.77"}, {"status": "REJECTED"}),
        *({"status": "IN_REVIEW", "namespace": "n0"}, {"outdated": True, "status": "APPROVED"}),
    )
    for filters in narrowed:
        for keys in (None, ("n2", "key.5002")):
            most = 2 * SOME if filters.keys() & {"missing", "prefix"} else FEW
            yield Read(f"{filters} {keys}", _texts(Texts("l7", **filters), keys), most)
    yield Read("English", _texts(Texts("en"), None), FEW)


def _texts(only: Texts, keys: Sequence[Any] | None) -> Ask:
    return lambda db: db.translations.page(only, keys, PAGE)


def languages() -> Iterator[Read]:
    """Each is told with how many texts it has."""
    yield Read(f"{COUNT}texts", lambda db: db.languages.page(None, PAGE), 2 * ROWS)


LISTS: Mapping[str, Callable[[], Iterator[Read]]] = {
    "admin.languages.list": languages,
    "admin.translations.list": translations,
    "admin.creators.list": creators,
    "admin.users.list": accounts,
    "admin.users.get": account,
    "admin.user_sessions.list": sessions,
    "admin.user_notes.list": notes,
    "admin.statements.list": statements,
    "admin.appeals.list": appeals,
    "admin.cases.list": cases,
    "admin.cases.find": case,
    "admin.rules.list": rules,
    "admin.audit.list": trail,
    "admin.jobs.list": jobs,
    "admin.tickets.list": tickets,
    "admin.tickets.find": ticket,
}
FILL = (
    *(mixed(ROWS), CREATORS, SESSIONS, NOTES, EVENTS, STATEMENTS, APPEALS, CASES, NOTICES, RULES, JOBS, TICKETS),
    TRANSLATIONS,
)
SHORT = {"creator_profiles"}  # of a few accounts it may be cheaper to read all than to ask for each
FILLED = {
    *("users", "creator_profiles", "creator_categories", "sessions", "user_notes", "audit_logs"),
    *("statements_of_reasons", "bans", "appeals", "moderation_cases", "outbox"),
    *("moderation_notices", "moderation_rules", "translations"),
    *("tickets", "ticket_messages", "ticket_notes"),
}
# Built when their tables are full, which takes a fifth of the time.
PLAIN_INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE schemaname = 'public' AND indexdef NOT LIKE '% UNIQUE %'
"""


@pytest.fixture(scope="module")
def full_url(databases: Databases) -> str:
    url = databases.migrated()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        indexes = connection.execute(PLAIN_INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        for statement in ";\n".join(FILL).split(";\n"):
            connection.execute(statement.encode())
        for _, definition in indexes:
            connection.execute(definition)
        connection.execute("VACUUM ANALYZE")
    return url


def run(database: Database, *asks: Ask) -> list[Any]:
    async def each() -> list[Any]:
        try:
            async with database.unit() as db:
                return [await ask(db) for ask in asks]
        finally:
            await database.close()

    return asyncio.run(each())


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def looked_at(node: Mapping[str, Any]) -> float:
    """Rows that a scan read, of the index too where that only leads to the table's."""
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    found: float = (node["Actual Rows"] + removed) * node["Actual Loops"]
    return found


def scans_of(connection: psycopg.Connection, text: str, values: Any) -> tuple[list[Mapping[str, Any]], int]:
    """Of the tables that are full, and how many blocks the whole plan read."""
    (row,) = connection.execute(b"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + text.encode(), values).fetchall()
    plan = (row[0] if isinstance(row[0], list) else json.loads(row[0]))[0]["Plan"]
    return [node for node in nodes(plan) if node.get("Relation Name", "") in FILLED], plan["Shared Hit Blocks"]


class TestByIndex:
    @pytest.mark.parametrize("name", LISTS)
    def test_every_page_reads_little_more_than_it_shows(self, full_url: str, name: str) -> None:
        reads, wrong = list(LISTS[name]()), []
        database = bare_database(full_url)
        with asked(database) as seen:
            run(database, *(read.ask for read in reads))
        with psycopg.connect(full_url, autocommit=True) as connection:
            for read, (text, values) in zip(reads, seen, strict=True):
                scans, blocks = scans_of(connection, text, values)
                whole = {node["Relation Name"] for node in scans if node["Node Type"] == "Seq Scan"}
                rows = sum(map(looked_at, scans))
                if rows > read.most or (whole - SHORT and not read.name.startswith(COUNT)):
                    wrong.append(f"{read.name}: {rows:.0f} rows, {whole}, {blocks} blocks")
        assert wrong == [], "\n".join(wrong)

    @pytest.mark.parametrize("only", [Texts("l7", outdated=False), Texts("l7", status="APPROVED")], ids=str)
    def test_a_merge_of_two_languages_begins_where_the_page_does(self, full_url: str, only: Texts) -> None:
        """Which the planner takes or leaves as its sample of the rows has it."""
        database = bare_database(full_url)
        with asked(database) as seen:
            run(database, _texts(only, ("n2", "key.5002")))
        with psycopg.connect(full_url, autocommit=True) as connection:
            connection.execute("SET enable_nestloop = off; SET enable_hashjoin = off")
            scans, _ = scans_of(connection, *seen[0])
        assert sum(map(looked_at, scans)) <= FEW


class TestWalk:
    """While others come, go, sign in and are suspended."""

    SEED = 200

    @pytest.mark.parametrize("order", ["-createdAt", "createdAt", "-lastLoginAt"])
    @pytest.mark.parametrize("filters", [Filters(), Filters(country="TR"), Filters(status="BANNED")], ids=str)
    def test_it_misses_and_repeats_nothing(
        self, rows: Tables, database_url: str, order: Order, filters: Filters
    ) -> None:
        chance = random.Random(self.SEED)
        stayed = {self.somebody(rows, chance) for _ in range(120)}
        wanted = len(stayed)
        shown: list[UUID] = []
        keys: Sequence[Any] | None = None
        while True:
            (page,) = run(bare_database(database_url), _page(filters, order, keys, 8))
            shown += [row.id for row in page]
            if len(page) < 8:
                break
            last = page[-1]
            keys = (last.signed_in_at if order == "-lastLoginAt" else last.created_at, last.id)
            coming = [self.somebody(rows, chance) for _ in range(5)]
            gone = [last.id, *chance.sample(sorted(stayed), 2), coming[0]]
            rows.run("DELETE FROM users WHERE id = ANY(%s)", gone)
            stayed -= set(gone)
        assert len(shown) == len(set(shown))
        assert stayed <= set(shown)
        assert 0 < len(stayed) < wanted

    @staticmethod
    def somebody(rows: Tables, chance: random.Random) -> UUID:
        """Of few moments, so that many are alike but for the id."""
        user_id, moments = uuid4(), [None, *(BASE + timedelta(hours=number) for number in range(4))]
        rows.run(
            "INSERT INTO users (id, email, status, registration_country, created_at, last_login_at) "
            "VALUES (%s, %s, 'BANNED', 'TR', %s, %s)",
            user_id, f"{user_id}@example.com", chance.choice(moments[1:]), chance.choice(moments),
        )  # fmt: skip
        return user_id
