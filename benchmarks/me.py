"""Who am I? `GET /auth/me` of 100 000 accounts, by 16 callers at once, beside what others would use.

All servers run at the same time on one core, but only one is asked at a time, in turn: ours with its limiter in
process and on Redis, fastapi-users, and the ceiling, which does nothing but the look-up. The callers hold one session,
or 5 000 different ones in turn. Everything of ours is on: contract, session check, limit, correlation id, log.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import product

import httpx
import jwt
import psycopg

from benchmarks.load import Load, Request, Script
from benchmarks.peers import SECRET
from benchmarks.people import access_tokens, configure, settle
from benchmarks.report import Row, at_most, compared, ratio_at_least, ratio_at_most, row
from benchmarks.stand import Stand

ACCOUNTS, SESSIONS = 100_000, (1, 5_000)
ROUNDS, SECONDS, WARM_UP = 3, 6, 1
OURS, OURS_REDIS = "ours", "ours, limits on Redis"
FASTAPI_USERS, CEILING = "fastapi-users", "ceiling"
RIVALS = (FASTAPI_USERS, CEILING)
AT_LEAST = {OURS: {FASTAPI_USERS: 8.0, CEILING: 1.5}, OURS_REDIS: {FASTAPI_USERS: 6.5, CEILING: 1.3}}
P99_MILLISECONDS = 10
# So high that nobody is refused, while every call is counted all the same.
RATE = "999999/minute"
PEER_USERS = """
INSERT INTO "user" (id, email, hashed_password, is_active, is_superuser, is_verified)
SELECT gen_random_uuid(), 'user' || n || '@example.com', 'none', true, false, true FROM generate_series(1, %s) AS n
"""

Seen = Mapping[tuple[str, int], Sequence[Load]]


def measure(stand: Stand, quick: bool) -> Iterator[Row]:
    accounts, sessions = (2_000, (1, 200)) if quick else (ACCOUNTS, SESSIONS)
    with ExitStack() as stack:
        scripts = _scripts(stand, stack, accounts, sessions)
        seen = _interleaved(scripts, *((2, 1) if quick else (ROUNDS, SECONDS)))
    for count in sessions:
        yield from _rows(seen, count, judged=count == sessions[-1])


def _scripts(stand: Stand, stack: ExitStack, accounts: int, sessions: Sequence[int]) -> dict[tuple[str, int], Script]:
    """What each caller sends, by subject and number of sessions. Everybody's answer was looked at once."""
    found: dict[tuple[str, int], Script] = {}
    ours, rivals = stand.database(), stand.database(empty=True)
    settle(ours, accounts)
    configure(ours, ratelimit__auth__me=RATE)
    origins = {
        OURS: stack.enter_context(stand.ours(ours)).origin,
        OURS_REDIS: stack.enter_context(stand.ours(ours, redis_url=stand.redis.url)).origin,
    }
    environment = {"PEER_DATABASE_URL": rivals, "PEER_SECRET": SECRET}
    for name, module in ((FASTAPI_USERS, "fastapi_users_app"), (CEILING, "ceiling_app")):
        origins[name] = stack.enter_context(stand.peer(module, "/health", environment)).origin
    tokens = {"ours": access_tokens(ours, max(sessions)), "rivals": rival_tokens(rivals, accounts, max(sessions))}
    for (name, origin), count in product(origins.items(), sessions):
        path, kind = ("/users/me", "rivals") if name in RIVALS else ("/api/v1/auth/me", "ours")
        _require_good(name, origin + path, tokens[kind][0])
        requests = [Request.bearer(path, token) for token in tokens[kind][:count]]
        found[name, count] = stack.enter_context(Script(origin, requests))
    return found


def rival_tokens(database_url: str, accounts: int, count: int) -> list[str]:
    """Of so many accounts of a table that this fills; fastapi-users made it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(PEER_USERS, [accounts])
        connection.execute('VACUUM ANALYZE "user"')
        ids = connection.execute('SELECT id FROM "user" ORDER BY id LIMIT %s', [count]).fetchall()
    ends = datetime.now(UTC) + timedelta(hours=1)
    claims = {"aud": "fastapi-users:auth", "exp": ends}
    return [jwt.encode(claims | {"sub": str(id_)}, SECRET, "HS256") for (id_,) in ids]


def _require_good(name: str, url: str, token: str) -> None:
    """It is the answer that is meant, and of ours nothing is switched off."""
    answer = httpx.get(url, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    body = answer.raise_for_status().json()
    assert "@example.com" in (body if name in RIVALS else body["data"])["email"], answer.text
    if name not in RIVALS:
        assert {"ratelimit", "ratelimit-policy", "x-correlation-id"} <= answer.headers.keys(), answer.headers
        assert body["success"] is True


def _interleaved(scripts: Mapping[tuple[str, int], Script], rounds: int, seconds: float) -> Seen:
    seen: dict[tuple[str, int], list[Load]] = defaultdict(list)
    for _ in range(rounds):
        for key, script in scripts.items():
            script.run(WARM_UP)
            seen[key].append(script.run(seconds))
    return seen


def _rows(seen: Seen, count: int, *, judged: bool) -> Iterator[Row]:
    per_second = {name: [load.per_second for load in loads] for (name, n), loads in seen.items() if n == count}
    p99 = {name: [load.p99 for load in loads] for (name, n), loads in seen.items() if n == count}
    told = "1 session" if count == 1 else f"{count} sessions"
    for name, values in per_second.items():
        base = row("me", f"{name}, {told}", "requests/s", values)
        if name in RIVALS:
            yield base
        else:
            for rival, bound in AT_LEAST[name].items():
                target = ratio_at_least(bound) if judged else None
                yield compared(base, values, rival, per_second[rival], target)
    for name, values in p99.items():
        judge = judged and name not in RIVALS
        base = row("me", f"{name}, {told}", "p99", values, "ms", at_most(P99_MILLISECONDS) if judge else None)
        yield base
        if judge:
            yield compared(base, values, CEILING, p99[CEILING], ratio_at_most(1))
