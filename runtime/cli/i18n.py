"""`biore i18n`."""

import json

import click

from persistence.i18n import nested
from runtime.cli.support import with_parts
from runtime.compose import Parts


@click.group("i18n", short_help="Import the texts of this release, and export those that are served.")
def i18n() -> None:
    """Import the texts of this release into the database, and export those that are served."""


@i18n.command("import", short_help="Import the texts that come with this release.")
def i18n_import() -> None:
    """Import the texts that come with this release; `biore migrate` does it too.

    Texts that staff edited stay as they are, and are marked as outdated where the file has changed.
    """

    async def take_in(parts: Parts) -> None:
        from services.i18n.files import TextFiles  # slow to import

        changed = await TextFiles(parts.database, parts.texts).take_in()
        click.echo(f"Texts have changed: {', '.join(changed)}." if changed else "The texts are those of this release.")

    with_parts(take_in)


@i18n.command("export", short_help="Print the approved texts of a language.")
@click.argument("locale")
def i18n_export(locale: str) -> None:
    """Print the approved texts of LOCALE as JSON, by namespace and key, as the files of `locales/` have them."""

    async def export(parts: Parts) -> None:
        async with parts.database.reading() as db:
            texts = nested(await db.texts.all_of(locale))
        if not texts:
            raise click.ClickException(f"{locale} has no approved texts; GET /admin/languages lists the languages")
        click.echo(json.dumps(texts, ensure_ascii=False, indent=2))

    with_parts(export, reads=True)
