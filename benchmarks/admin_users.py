"""What a member of the staff waits for a page of 50 beside a million accounts: each order, filter and form of search.

One caller asks one page after the other, as a person does. ``tests/people.py`` says what the accounts are like.
"""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from benchmarks.me import RATE
from benchmarks.people import access_tokens, configure
from benchmarks.report import Row, at_most, row
from benchmarks.stand import Stand
from tests.people import SOMEBODY, mixed

NAME = "admin_users"
ACCOUNTS, QUICK = 1_000_000, 2_000
TIMES, WARM_UP = 200, 20
P95_MILLISECONDS = 25
PATH = "/api/v1/admin/users"
FILTERS: Mapping[str, Mapping[str, str]] = {
    "all": {},
    "an id": {"q": str(SOMEBODY)},
    "an address": {"q": "u77777@example.com"},
    "a phone": {"q": "+905551006"},
    "a username": {"q": "8f14e45f"},
    "a letter": {"q": "a"},
    "active": {"status": "ACTIVE"},
    "banned": {"status": "BANNED"},
    "erased": {"status": "DELETED"},
    "creators": {"role": "creator"},
    "staff": {"role": "staff"},
    "a large country": {"country": "TR"},
    "a small country": {"country": "IS"},
    "a second factor": {"twoFactor": "true"},
    "a day": {"createdFrom": "2025-12-01T00:00:00Z", "createdTo": "2025-12-02T00:00:00Z"},
    "suspended in a country": {"status": "SUSPENDED", "country": "PT"},
    "creators in a small country": {"role": "creator", "country": "IS"},
}
ORDERS = ("-createdAt", "createdAt", "-lastLoginAt")
STAFF = """
INSERT INTO users (id, email, email_verified, two_factor_enabled, two_factor_secret)
VALUES (%(user)s, 'owner@example.com', true, true, 'sealed');
INSERT INTO staff_roles (user_id, role, reason) VALUES (%(user)s, 'OWNER', 'the first');
INSERT INTO sessions (id, user_id, last_active_at, expires_at, confirmed_at, second_factor_at, admin_seen_at)
VALUES (gen_random_uuid(), %(user)s, %(now)s, %(ends)s, %(now)s, %(now)s, %(now)s)
"""


def measure(stand: Stand, quick: bool) -> Iterator[Row]:
    accounts, times = (QUICK, 3) if quick else (ACCOUNTS, TIMES)
    database_url = stand.database()
    fill(database_url, accounts)
    configure(database_url, ratelimit__admin__users__list=RATE)
    (token,) = access_tokens(database_url, 1)
    headers = {"Authorization": f"Bearer {token}"}
    with stand.ours(database_url) as ours, httpx.Client(base_url=ours.origin, headers=headers, trust_env=False) as api:
        for name, filters in FILTERS.items():
            for order in ORDERS:
                yield waited(api, f"{name}, {order}", {**filters, "sort": order}, times)
        cursor = page(api, {}).json()["data"]["nextCursor"]
        yield waited(api, "all, the second page", {"cursor": cursor}, times)
        yield waited(api, "all, counted", {"count": "true"}, times)


def fill(database_url: str, accounts: int) -> None:
    now = datetime.now(UTC)
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in mixed(accounts).split(";\n"):
            connection.execute(statement.encode())
        values = {"user": uuid4(), "now": now, "ends": now + timedelta(days=1)}
        for statement in STAFF.split(";\n"):
            connection.execute(statement.encode(), values)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def page(api: httpx.Client, params: Mapping[str, Any]) -> httpx.Response:
    answer = api.get(PATH, params=params)
    if answer.status_code != 200:
        raise RuntimeError(f"{params}: {answer.status_code}: {answer.text[:300]}")
    return answer


def waited(api: httpx.Client, subject: str, params: Mapping[str, Any], times: int) -> Row:
    for _ in range(min(WARM_UP, times)):
        page(api, params)
    seen = []
    for _ in range(times):
        began = time.perf_counter()
        page(api, params)
        seen.append((time.perf_counter() - began) * 1000)
    p95 = quantiles(seen, n=20)[-1]
    return row(NAME, f"GET /admin/users, {subject}", "p95", [p95], "ms", at_most(P95_MILLISECONDS))
