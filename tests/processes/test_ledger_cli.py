"""``biore ledger``: the books of a deployment, without its server."""

from pathlib import Path

import pytest
from beancount import loader
from beancount.core.data import Transaction

from domain.money import flows
from domain.money.flows import Parts
from tests.harness import Server, Tables
from tests.ledger import Books, load, wallet_of
from tests.processes.test_audit_cli import Shell


@pytest.fixture
def shell(server: Server, tables: Tables, tmp_path: Path) -> Shell:
    """With a fan who loaded 1000, of which 300 are held."""
    fan = wallet_of(tables, "fan", "FAN")
    with Books(server.database_url, pool_size=1) as books:
        books.post(load(fan), flows.held(fan, fan.user_id, Parts(0, 300)))
    return Shell(server, tmp_path)


class TestVerify:
    def test_right_books(self, shell: Shell) -> None:
        assert shell.said("ledger", "verify") == ["ok  2 transfers with 4 entries, 1 wallets are right."]

    def test_wrong_ones(self, shell: Shell, tables: Tables) -> None:
        tables.run("SET session_replication_role = replica")
        try:
            tables.run("UPDATE wallets SET balance = 701")
        finally:
            tables.run("SET session_replication_role = origin")
        wallet = tables.one("SELECT id FROM wallets")["id"]
        result = shell.run("ledger", "verify")
        assert result.exit_code == 1
        assert result.output.splitlines()[-2:] == [
            f"FAIL  wallet: {wallet}: expected 700 in its accounts, found 701 shown, 700 in line 2",
            "1 findings in 2 transfers with 4 entries, 1 wallets.",
        ]


class TestExport:
    def test_to_the_standard_output_or_a_file(self, shell: Shell, tmp_path: Path) -> None:
        file = tmp_path / "books.beancount"
        assert shell.said("ledger", "export", "--format", "beancount", "--out", str(file)) == []
        entries, errors, _ = loader.load_file(str(file))
        assert errors == []
        assert sum(isinstance(entry, Transaction) for entry in entries) == 2
        printed = shell.said("ledger", "export")
        assert printed == [line for line in file.read_text().splitlines() if line]
