"""A bio page that the whole world opens: `GET /bio/{username}` beside 100 000 creators, by 16 callers at once.

One page as when somebody is in the news, 1 000 pages that are warm, and 20 000 of which more are asked than a node
keeps. ``/users/me`` of fastapi-users is what it is compared with, on the same core, in turn. Everything is on.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import httpx
import psycopg

from benchmarks.load import Load, Request, Script
from benchmarks.me import FASTAPI_USERS, P99_MILLISECONDS, RATE, rival_tokens
from benchmarks.peers import SECRET
from benchmarks.people import configure, settle
from benchmarks.report import Row, at_most, compared, ratio_at_least, row
from benchmarks.stand import Stand

NAME = "bio"
CREATORS, SESSIONS = 100_000, 5_000
ROUNDS, SECONDS, WARM_UP = 3, 6, 4
TIMES = 7.0
SUBJECTS = {"one page": 1, "1 000 pages": 1_000, "20 000 pages": 20_000}
JUDGED = {"one page", "1 000 pages"}  # those that are warm
PAGES = """
INSERT INTO creator_profiles (id, user_id) SELECT id, id FROM users;
INSERT INTO bio_pages (id, creator_id, template_id, bio)
    SELECT id, id, (SELECT id FROM bio_templates ORDER BY sort_order LIMIT 1), 'Notes on engines.' FROM users;
INSERT INTO bio_links (id, page_id, title, url, sort_order)
    SELECT gen_random_uuid(), id, 'Link ' || n, 'https://shop.example.com/' || n, n
    FROM users, generate_series(1, 10) AS n;
"""
NAMES = "SELECT username FROM users WHERE username IS NOT NULL ORDER BY id LIMIT %s"


def measure(stand: Stand, quick: bool) -> Iterator[Row]:
    creators, count = (2_000, 100) if quick else (CREATORS, SESSIONS)
    rounds, seconds, warm_up = (1, 1, 1) if quick else (ROUNDS, SECONDS, WARM_UP)
    with ExitStack() as stack:
        ours, rivals = stand.database(), stand.database(empty=True)
        settle(ours, creators)
        names = _fill(ours)
        configure(ours, ratelimit__creators__bio__public=RATE)
        origin = stack.enter_context(stand.ours(ours)).origin
        environment = {"PEER_DATABASE_URL": rivals, "PEER_SECRET": SECRET}
        rival = stack.enter_context(stand.peer("fastapi_users_app", "/health", environment)).origin
        me = [Request.bearer("/users/me", token) for token in rival_tokens(rivals, creators, count)]
        _write_out(rivals, ours)
        theirs = stack.enter_context(Script(rival, me))
        _require_good(origin + _path(names[0]))
        scripts = {
            subject: stack.enter_context(Script(origin, [Request(_path(name)) for name in names[:pages]]))
            for subject, pages in SUBJECTS.items()
        }
        seen: dict[str, list[Load]] = {subject: [] for subject in scripts}
        least: list[float] = []
        for script in scripts.values():
            script.run(warm_up)
        for _ in range(rounds):
            theirs.run(1)
            least.append(theirs.run(seconds).per_second)
            for subject, script in scripts.items():
                script.run(1)
                seen[subject].append(script.run(seconds))
    yield row(NAME, f"{FASTAPI_USERS}, /users/me", "requests/s", least)
    for subject, loads in seen.items():
        yield from _rows(subject, loads, least)


def _rows(subject: str, loads: Sequence[Load], least: Sequence[float]) -> Iterator[Row]:
    judged, rates = subject in JUDGED, [load.per_second for load in loads]
    base = row(NAME, subject, "requests/s", rates)
    yield compared(base, rates, FASTAPI_USERS, least, ratio_at_least(TIMES) if judged else None)
    slowest = [load.p99 for load in loads]
    yield row(NAME, subject, "p99", slowest, "ms", at_most(P99_MILLISECONDS) if judged else None)


def _fill(database_url: str) -> list[str]:
    """The names of pages, as many as there are subjects for."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(PAGES.encode())
        return [name for (name,) in connection.execute(NAMES, [max(SUBJECTS.values())])]


def _write_out(*database_urls: str) -> None:
    """Or the databases would be tidied up, and written to disk, while pages are read."""
    for database_url in database_urls:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")


def _path(name: str) -> str:
    return f"/api/v1/bio/{name}"


def _require_good(url: str) -> None:
    """It is a whole page, and nothing is switched off."""
    answer = httpx.get(url, trust_env=False).raise_for_status()
    assert len(answer.json()["data"]["bioPage"]["links"]) == 10, answer.text
    assert {"etag", "cache-control", "x-correlation-id"} <= answer.headers.keys(), answer.headers
