"""What the ledger is measured with is what the code would have written, in a database like any other."""

from benchmarks.entries import fill
from benchmarks.people import settle
from domain.money.books import Finding
from persistence.repositories import Repositories
from tests.conftest import Databases
from tests.harness import Tables
from tests.ledger import Books, load

MADE = """
SELECT conname AS name FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1
"""


async def about(db: Repositories) -> list[Finding]:
    await db.books.open()
    return [finding async for finding in db.reconciliations.findings()]


def test_a_reconciliation_finds_nothing_in_it(databases: Databases) -> None:
    url = databases.migrated()
    settle(url, 30)
    with Tables(url) as tables, Books(url) as books:
        made = tables.rows(MADE)
        filled = fill(url, 300)
        assert tables.rows(MADE) == made
        assert (filled.entries, len(filled.fans), len(filled.creators)) == (tables.count("ledger_entries"), 28, 2)
        assert tables.count("payouts") > 10
        assert books.findings() == books.do(about) == []
        assert books.post(load(filled.fans[0], 100))[0].new
        assert books.findings() == []
