"""Example content: made once in development, taken away without anything else, and nowhere else."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from persistence.engine.database import Database
from persistence.models import ModerationRule, User
from persistence.repositories import Repositories
from services import demo
from services.demo import SEEDS
from tests.harness import Tables, bare_database
from tests.processes.biore import Deployment, until
from tests.processes.conftest import DeploymentMaker

T = TypeVar("T")

RULE = {"kind": "TERM", "pattern": "x", "match": "WORD", "scopes": ["bio"], "action": "FLAG"}
KEPT = {"demo_areas", "editions"}


async def rules(db: Repositories, _now: datetime) -> None:
    for name in ("first", "second"):
        await db.demo.add(ModerationRule, folded=name, **RULE)


async def nothing_new(db: Repositories, _now: datetime) -> None:
    await db.demo.add(ModerationRule, folded="third", **RULE)
    await db.demo.add(ModerationRule, folded="first", **RULE)


async def people(db: Repositories, _now: datetime) -> None:
    for name in ("ada", "eve"):
        await db.demo.add(User, email=f"{name}@example.com")


@pytest.fixture
def biore(deploy: DeploymentMaker) -> Deployment:
    return deploy()


@pytest.fixture
def tables(biore: Deployment) -> Iterator[Tables]:
    with biore.tables() as tables:
        yield tables


def with_database(url: str, use: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        database = bare_database(url)
        try:
            return await use(database)
        finally:
            await database.close()

    return asyncio.run(run())


def seeded(url: str, seeds: Mapping[str, demo.Seed], *, again: bool = False) -> list[str]:
    """The areas that have examples then."""

    async def make(database: Database) -> list[str]:
        await demo.seed(database, datetime.now(UTC), again=again, seeds=seeds)
        return await demo.areas(database)

    return with_database(url, make)


def cleared(url: str) -> demo.Cleared:
    return with_database(url, demo.clear)


class TestSeeds:
    def test_are_made_once(self, biore: Deployment, tables: Tables) -> None:
        before = tables.fingerprints()
        assert seeded(biore.database_url, {"rules": rules}) == ["rules"]
        assert seeded(biore.database_url, {"rules": rules}) == ["rules"]
        assert tables.count("moderation_rules") == 2
        assert cleared(biore.database_url) == (2, 0)
        assert seeded(biore.database_url, {"rules": rules}) == []
        assert tables.changed_since(before) == {"demo_areas"}

    def test_are_made_again_where_it_is_asked_for(self, biore: Deployment, tables: Tables) -> None:
        for _ in range(2):
            assert seeded(biore.database_url, {"rules": rules}, again=True) == ["rules"]
            assert seeded(biore.database_url, {"rules": rules}, again=True) == ["rules"]
            assert tables.count("moderation_rules") == 2
            assert cleared(biore.database_url) == (2, 0)

    def test_that_collide_with_what_is_there_are_left_out_whole(self, biore: Deployment, tables: Tables) -> None:
        assert seeded(biore.database_url, {"rules": rules, "more": nothing_new}) == ["rules"]
        assert tables.count("moderation_rules") == 2

    def test_nothing_else_is_taken_away(self, biore: Deployment, tables: Tables) -> None:
        tables.run(
            "INSERT INTO moderation_rules (id, kind, pattern, folded, match, scopes, action) "
            "VALUES (gen_random_uuid(), 'TERM', 'own', 'own', 'WORD', '{bio}', 'FLAG')"
        )
        seeded(biore.database_url, {"rules": rules})
        assert cleared(biore.database_url) == (2, 0)
        assert [row["folded"] for row in tables.rows("SELECT folded FROM moderation_rules")] == ["own"]

    def test_what_is_referred_to_by_then_stays(self, biore: Deployment, tables: Tables) -> None:
        seeded(biore.database_url, {"people": people})
        (ada,) = tables.rows("SELECT id FROM users WHERE email = 'ada@example.com'")
        tables.run(
            "INSERT INTO content_entries (id, kind, slug, created_by) VALUES (gen_random_uuid(), 'page', 'a', %s)",
            ada["id"],
        )
        assert cleared(biore.database_url) == (1, 1)
        assert [row["email"] for row in tables.rows("SELECT email FROM users")] == ["ada@example.com"]
        tables.run("DELETE FROM content_entries")
        assert cleared(biore.database_url) == (1, 0)


class TestCommand:
    def test_what_it_makes_it_takes_away_again(self, biore: Deployment, tables: Tables) -> None:
        """Every row of every area is marked, or goes with one that is."""
        before = tables.fingerprints()
        assert f"examples of: {', '.join(sorted(SEEDS))}." in biore.cli("demo", "seed")
        made = tables.changed_since(before) - KEPT
        assert made > {"demo_rows"}
        rows = tables.count("demo_rows")
        assert biore.cli("demo", "clear") == f"Removed rows of example content: {rows}.\n"
        assert tables.changed_since(before) == KEPT

    @pytest.mark.parametrize("env", ["staging", "production"])
    def test_it_makes_nothing_elsewhere(self, biore: Deployment, tables: Tables, env: str) -> None:
        before = tables.fingerprints()
        process = biore.run("demo", "seed", env=env, dev_token="a" * 32)
        assert process.code == 2
        assert "example content is for development" in process.output
        assert tables.changed_since(before) == set()


class TestServe:
    def test_a_first_run_has_it_and_tells_so(self, embedded_dir: Path) -> None:
        with Deployment(embedded_dir, demo="on") as biore:
            first = biore.serve("--no-worker")
            until(lambda: "Examples" in first.output, "the box")
            assert f"{', '.join(sorted(SEEDS))}; `biore demo clear` removes them" in first.output
            with biore.client() as visitor:
                theme = visitor.get("themes/active", params={"target": "CLIENT"}).json()["data"]["preset"]
                assert (theme["slug"], theme["lightTokens"].keys()) == ("daylight", theme["darkTokens"].keys())
                terms = visitor.get("legal/terms").json()["data"]
                assert (terms["version"], terms["locale"]) == ("1.0", "en")
                biore.cli("demo", "clear")
                until(lambda: "daylight" not in visitor.get("themes").text, "the theme gone")
            first.terminate()
            first.wait()
            second = biore.serve("--no-worker")
            until(lambda: "Ctrl-C" in second.output, "the box")
            assert "Examples" not in second.output

    def test_where_it_is_off_there_is_none(self, embedded_dir: Path) -> None:
        with Deployment(embedded_dir) as biore:
            biore.serve("--no-worker")
            with biore.tables() as tables:
                assert tables.count("demo_areas") == 0

    def test_a_database_that_is_configured_gets_none(self, biore: Deployment, tables: Tables) -> None:
        biore.serve("--no-worker", demo="on")
        assert tables.count("demo_areas") == 0
