"""What docs/money.md says of accounts, postings and checks is what there is, and docs/payments.md of limits."""

import re
from typing import get_args

from contract.loader import ROOT
from domain.money.ledger import FORMS
from domain.money.reconciliation import MOVEMENTS, Check
from persistence.money import reconciliation
from persistence.money.books import CHECKS
from services.config.catalogue import CATALOGUE
from tests.domain.money.every_flow import FLOWS, row
from tests.persistence.test_ledger_refusals import REFUSED

OF_ROWS = ("transfer", "owner", "fingerprint")
"""Checks that are made where all rows are read."""
DOCUMENT = (ROOT / "docs" / "money.md").read_text()
PAYMENTS = (ROOT / "docs" / "payments.md").read_text()


def table(heading: str, document: str = DOCUMENT) -> list[list[str]]:
    """The cells below a heading, without their own headings."""
    section = document.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_account_stands_there() -> None:
    said = {name.strip("`"): (whose, side) for name, whose, side, _ in table("Accounts")}
    assert list(said) == list(FORMS)
    for code, form in FORMS.items():
        whose, side = said[code]
        assert side == form.normal.lower()
        assert ("wallet" in whose) is bool(form.wallets)
        assert ("one for each provider" in whose) is form.of_provider


def test_every_flow_posts_what_stands_there() -> None:
    said = {cells[1]: cells[1:] for cells in table("Postings")}
    assert said == {row(name)[0]: list(row(name)) for name in FLOWS}


def test_every_check_stands_there() -> None:
    assert {name.strip("`") for name, _ in table("Are the books right?")} == {*CHECKS, *OF_ROWS}


def test_every_check_of_the_hour_stands_there() -> None:
    checks = [name.strip("`") for name, _ in table("Every hour")]
    assert checks == [*reconciliation.CHECKS]


def test_every_check_of_a_day_stands_there() -> None:
    assert [name.strip("`") for name, _ in table("Every day")] == [*MOVEMENTS]


def test_the_contract_names_every_check() -> None:
    assert {*get_args(Check)} == {*CHECKS, *OF_ROWS, *reconciliation.CHECKS, *MOVEMENTS}


def test_what_refuses_is_tried() -> None:
    tried = {name for _, name in REFUSED.values()}
    named = re.findall(r"`((?:ck|uq)_\w+)`", DOCUMENT)
    assert named
    assert set(named) <= tried


def test_every_limit_of_a_load_stands_there_with_its_default() -> None:
    said = set()
    for _, keys, default in table("Loading a wallet", PAYMENTS):
        names = re.findall(r"`([\w.]+)`", keys)
        said |= {*names}
        values = [CATALOGUE[name].default for name in names]
        amounts = [amount for value in values for amount in (value if isinstance(value, list) else (value,))]
        assert [int(amount) for amount in re.findall(r"\d+", default)] == [int(amount) for amount in amounts]
    assert said == {name for name in CATALOGUE if name.startswith("wallet.")}
