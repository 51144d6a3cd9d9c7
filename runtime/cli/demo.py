"""`biore demo`."""

import click

from domain.clock import utc_now
from runtime.cli.support import with_parts
from runtime.compose import Parts
from runtime.settings import InvalidSettings


@click.group()
def demo() -> None:
    """Make or remove the example content of development."""


@demo.command("seed")
def demo_seed() -> None:
    """Make example content where there is none now.

    The first `biore serve` on the embedded database has done so, unless BIORE_DEMO is off.
    """
    from services import demo as examples  # slow to import

    async def make(parts: Parts) -> None:
        if not parts.settings.development:
            raise InvalidSettings("example content is for development: set BIORE_ENV=development, or do without")
        await examples.seed(parts.database, utc_now(), again=True)
        click.echo(f"There are examples of: {', '.join(await examples.areas(parts.database)) or 'nothing'}.")

    with_parts(make)


@demo.command("clear")
def demo_clear() -> None:
    """Remove the example content, and nothing else.

    What was written since and refers to an example keeps it.
    """
    from services import demo as examples  # slow to import

    async def remove(parts: Parts) -> None:
        gone, kept = await examples.clear(parts.database)
        click.echo(f"Removed rows of example content: {gone}.")
        if kept:
            click.echo(f"Rows that stay, because what was written since refers to them: {kept}.")

    with_parts(remove)
