"""What the public reads at 200 000 texts: by an index, and little more than it shows."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from domain.content.articles import SEARCHED
from domain.content.lists import Wanted
from tests.conftest import Databases
from tests.harness import bare_database
from tests.people import BASE
from tests.persistence.test_admin_lists import PLAIN_INDEXES, ROWS, Ask, Read, looked_at, nodes, run
from tests.statements import asked

COMMON, RARE = UUID(int=1), UUID(int=2)
PAGE, MANY = 20, 500
NOW = BASE + timedelta(days=1)
# Of a rare category all, of other lists what a page shows and what beside it is over or to come.
FEW, SOME = 8 * PAGE, 1_000
# Of each twenty texts nine are posts, six articles, two questions, two announcements and one is a page.
FILL = f"""
INSERT INTO publications (id, entry_id, revision, kind, slug, locale, title, html, folded, featured, type, starts_at,
    ends_at, sort_order, category_ids, published_at, updated_at, shown_from, shown_until, sanitizer_version)
SELECT gen_random_uuid(), gen_random_uuid(), 1, kind, 'text-' || n, CASE WHEN n % 100 = 7 THEN 'de' ELSE 'en' END,
       'Text ' || n, repeat('x', 200), 'text ' || n, n % 400 = 10, 'INFO',
       CASE WHEN n % 3 > 0 THEN moment END, CASE WHEN n % 7 = 0 THEN moment + interval '1 day' END, n % 1000,
       ARRAY[CASE WHEN n % 2000 IN (0, 10) THEN '{RARE}' ELSE '{COMMON}' END::uuid], moment, moment,
       moment + CASE WHEN n % 50 = 1 THEN interval '10 years' ELSE interval '0' END,
       CASE WHEN n % 10 = 3 THEN moment + interval '1 hour' END, 1
FROM generate_series(1, {ROWS}) n,
     LATERAL (SELECT timestamptz '{BASE}' - n * interval '1 minute' AS moment,
              (ARRAY['post', 'post', 'post', 'post', 'post', 'post', 'post', 'post', 'post', 'page', 'article',
               'article', 'article', 'article', 'article', 'article', 'faq', 'faq', 'announcement',
               'announcement'])[n % 20 + 1] AS kind) m
"""  # noqa: S608 - constants of this file


def reads() -> Iterator[Read]:
    yield Read("pages", lambda db: db.publications.pages(NOW, MANY), 2 * MANY)
    for kind in ("page", "post", "article"):
        yield Read(f"one {kind}", _found(kind), 10)
    yield Read("posts", lambda db: db.publications.list(Wanted("post"), NOW, PAGE), FEW)
    yield Read("posts, page 50", lambda db: db.publications.list(Wanted("post"), NOW, PAGE, 49 * PAGE), 2 * 50 * PAGE)
    for name, category_id, most in (("common", COMMON, FEW), ("rare", RARE, SOME)):
        wanted = Wanted("post", category_id=category_id)
        yield Read(f"posts of a {name} category", _listed(wanted), most)
        yield Read(f"articles of a {name} category", _listed(wanted._replace(kind="article", locale="en")), most)
    for locale in ("en", "de"):
        yield Read(f"articles in {locale}", _listed(Wanted("article", locale)), FEW)
    yield Read("featured articles", _listed(Wanted("article", "en", featured=True)), FEW)
    for typed in ("text 77", "nowhere"):
        wanted = Wanted("article", "en", folded=typed, newest=SEARCHED)
        yield Read(f"articles with {typed}", _listed(wanted), 2 * SEARCHED)
        yield Read(f"how many with {typed}", _counted(wanted), 2 * SEARCHED)
    yield Read("questions", lambda db: db.publications.questions("en", NOW, MANY), 2 * MANY)
    yield Read("announcements", lambda db: db.publications.announcements(NOW, 50), 8 * 50)
    for kind in ("page", "post", "announcement"):
        yield Read(f"what changes a {kind}", _next(kind), 10)
    yield Read("what changes one post", lambda db: db.publications.next_change("post", NOW, "text-40"), 10)


def _listed(wanted: Wanted) -> Ask:
    return lambda db: db.publications.list(wanted, NOW, PAGE)


def _counted(wanted: Wanted) -> Ask:
    return lambda db: db.publications.count(wanted, NOW)


def _found(kind: str) -> Ask:
    return lambda db: db.publications.find(kind, "text-40", NOW)


def _next(kind: str) -> Ask:
    return lambda db: db.publications.next_change(kind, NOW)


@pytest.fixture(scope="module")
def full_url(databases: Databases) -> str:
    url = databases.migrated()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        indexes = connection.execute(PLAIN_INDEXES + " AND tablename = 'publications'").fetchall()
        for name, _ in indexes:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        connection.execute(FILL.encode())
        for _, definition in indexes:
            connection.execute(definition)
        connection.execute("VACUUM ANALYZE publications")
    return url


def test_every_read_looks_at_little_more_than_it_shows(full_url: str) -> None:
    wanted, wrong = list(reads()), []
    database = bare_database(full_url)
    with asked(database) as seen:
        run(database, *(read.ask for read in wanted))
    assert len(seen) == len(wanted)
    with psycopg.connect(full_url, autocommit=True) as connection:
        for read, (text, values) in zip(wanted, seen, strict=True):
            (row,) = connection.execute(b"EXPLAIN (ANALYZE, FORMAT JSON) " + text.encode(), values).fetchall()
            plan: Mapping[str, object] = (row[0] if isinstance(row[0], list) else json.loads(row[0]))[0]["Plan"]
            scans = [node for node in nodes(plan) if node.get("Relation Name") == "publications"]
            looked = sum(map(looked_at, scans))
            if looked > read.most or any(node["Node Type"] == "Seq Scan" for node in scans):
                wrong.append(f"{read.name}: {looked:.0f} rows, {[node['Node Type'] for node in scans]}")
    assert wrong == [], "\n".join(wrong)
