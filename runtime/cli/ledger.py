"""`biore ledger`."""

import sys
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TextIO

import click

from domain.clock import utc_now
from domain.money import beancount
from domain.money.amounts import USD
from persistence.money.books import Books
from runtime.cli.support import with_parts
from runtime.compose import Parts


async def written(books: Books) -> AsyncIterator[str]:
    yield beancount.heading([USD])
    async for account in books.balances():
        yield beancount.opening(account)
    yield "\n"
    async for transfer in books.transfers():
        yield beancount.entry(transfer)
    latest = await books.latest() or utc_now()
    async for account in books.balances():
        yield beancount.assertion(account, latest)


FORMATS: Mapping[str, Callable[[Books], AsyncIterator[str]]] = {"beancount": written}


@click.group(
    epilog="""\b
Examples:
  biore ledger verify
  biore ledger export > books.beancount && bean-check books.beancount
"""
)
def ledger() -> None:
    """Verify the books, and export them."""


@ledger.command("verify")
def ledger_verify() -> None:
    """Add up the whole ledger and name what is wrong.

    It exits with 1 if anything is. All of it is of one moment. Nothing is written or repaired, and nobody waits for it.
    """

    async def verify(parts: Parts) -> int:
        found = 0
        async with parts.database.unit() as db:
            await db.books.open()
            async for finding in db.books.findings():
                click.echo(f"FAIL  {finding}")
                found += 1
            size = await db.books.size()
        told = f"{size.transfers} transfers with {size.entries} entries, {size.wallets} wallets"
        click.echo(f"{found} findings in {told}." if found else f"ok  {told} are right.")
        return found

    if with_parts(verify, reads=True):
        sys.exit(1)


@ledger.command("export")
@click.option("--format", "form", type=click.Choice([*FORMATS]), default="beancount", show_default=True)
@click.option("--out", type=click.File("w", encoding="utf-8"), default="-", help="A file; else the standard output.")
def ledger_export(form: str, out: TextIO) -> None:
    """Write all accounts and transfers into one file.

    They are as of one moment, with what each account must have after them. The file holds ids, amounts and references
    of providers, and nobody's name or address.
    """

    async def export(parts: Parts) -> None:
        async with parts.database.unit() as db:
            await db.books.open()
            async for part in FORMATS[form](db.books):
                out.write(part)

    with_parts(export, reads=True)
