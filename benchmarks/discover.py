"""What somebody waits for who looks for a creator, beside a million of them: each kind of query, many of each kind.

One caller asks one page after the other; no two queries of a kind are the same, or the database would have what the
first one read. ``benchmarks/creators.py`` says what the creators are like.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from statistics import median, quantiles
from typing import Any
from urllib.parse import quote

import httpx
import psycopg

from benchmarks.creators import fill
from benchmarks.me import RATE
from benchmarks.people import configure
from benchmarks.report import Row, at_most, row
from benchmarks.stand import Stand

NAME = "discover"
CREATORS, QUICK = 1_000_000, 2_000
TIMES, WARM_UP = 400, 20
P99_MILLISECONDS = 60
SEARCH, CATEGORY = "/api/v1/discover/search", "/api/v1/discover/category/"
SORTS = ("recent", "popular", "rating")
PLATFORMS = {"a large platform": "INSTAGRAM", "a small platform": "PATREON", "a platform of few": "RARE"}
SAMPLE = "SELECT username, folded FROM creator_search ORDER BY creator_id LIMIT %s"

Asked = tuple[str, Mapping[str, Any]]


def measure(stand: Stand, quick: bool) -> Iterator[Row]:
    creators, times = (QUICK, 5) if quick else (CREATORS, TIMES)
    database_url = stand.database()
    fill(database_url, creators)
    configure(database_url, ratelimit__discover__search=RATE, ratelimit__discover__category=RATE)
    with psycopg.connect(database_url) as connection:
        sample = connection.execute(SAMPLE.encode(), (times + WARM_UP,)).fetchall()
    with stand.ours(database_url) as ours, httpx.Client(base_url=ours.origin, trust_env=False) as api:
        for name, queries in searches(sample).items():
            yield from waited(api, f"search, {name}", [(SEARCH, {"query": query}) for query in queries])
        words = searches(sample)["a frequent name"]
        yield from waited(api, "search, a later page", [later(api, word) for word in words])
        for name, platform in PLATFORMS.items():
            for sort in SORTS:
                pages = [(CATEGORY + platform, {"sort": sort, **narrowed(at)}) for at in range(len(sample))]
                yield from waited(api, f"category, {name}, {sort}", pages)


def searches(sample: Sequence[tuple[str, str]]) -> Mapping[str, Sequence[str]]:
    """Queries of each kind, of the names that there are."""
    random = Random(7)  # noqa: S311 - the same queries each time
    names = [folded.split(" ")[-2:] for _, folded in sample]
    return {
        "a username": [username for username, _ in sample],
        "a frequent name": [first for first, _ in names],
        "a rarer name": [last for _, last in names],
        "both names": [f"{first} {last}" for first, last in names],
        "a beginning of two letters": [last[:2] for _, last in names],
        "a beginning of four letters": [last[:4] for _, last in names],
        "a name and a beginning": [f"{first} {last[:3]}" for first, last in names],
        "a part of a name": [last[2:7] for _, last in names],
        "a misspelt name": [misspelt(last, random) for _, last in names],
        "two misspelt names": [f"{misspelt(first, random)} {misspelt(last, random)}" for first, last in names],
        "nobody's name": [f"{first}{last[::-1]}qx" for first, last in names],
        "what nobody writes": ["".join(random.choices("bcdfghjkqwxz", k=9)) for _ in names],
        "an initial and a name": [f"{first[0]} {last}" for first, last in names],
        "a name and a platform": [f"{first} instagram" for first, _ in names],
    }


def misspelt(word: str, random: Random) -> str:
    """Two letters swapped, or one of them missing or another."""
    at = random.randrange(1, len(word) - 1)
    kinds = (
        word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
        word[:at] + word[at + 1 :],
        f"{word[:at]}x{word[at + 1 :]}",
    )
    return random.choice(kinds)


def later(api: httpx.Client, word: str) -> Asked:
    """The page after the first one, where there is one."""
    cursor = page(api, (SEARCH, {"query": word})).json()["data"]["nextCursor"]
    return SEARCH, {"query": word, **({"cursor": cursor} if cursor else {})}


def narrowed(at: int) -> Mapping[str, str]:
    """No further filter, or a category, or a kind of messages, or both."""
    category, kind = {"category": f"category{at % 30}"}, {"dmType": ("FREE", "SINGLE_PAY", "PER_MESSAGE")[at % 3]}
    return ({}, category, kind, category | kind)[at % 4]


def page(api: httpx.Client, asked: Asked) -> httpx.Response:
    path, params = asked
    answer = api.get(quote(path), params=params)
    if answer.status_code != 200:
        raise RuntimeError(f"{asked}: {answer.status_code}: {answer.text[:300]}")
    return answer


def waited(api: httpx.Client, subject: str, asked: Sequence[Asked]) -> Iterator[Row]:
    for each in asked[:WARM_UP]:
        page(api, each)
    seen = []
    for each in asked[WARM_UP:] or asked:
        began = time.perf_counter()
        page(api, each)
        seen.append((time.perf_counter() - began) * 1000)
    told = f"GET /discover/{subject}"
    yield row(NAME, told, "p50", [median(seen)], "ms")
    yield row(NAME, told, "p99", [quantiles(seen, n=100, method="inclusive")[-1]], "ms", at_most(P99_MILLISECONDS))
