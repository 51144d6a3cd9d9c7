"""`biore mailbox`."""

import json

import click

from runtime.cli.support import with_parts
from runtime.compose import Parts
from runtime.settings import InvalidSettings


@click.command()
@click.option("--to", help="Only mails to this address.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document for programs.")
def mailbox(to: str | None, limit: int, as_json: bool) -> None:
    """Mails caught by the development mailbox, the newest first."""
    from domain.mails import message_view

    async def show(parts: Parts) -> None:
        if parts.settings.production:
            raise InvalidSettings("production has no mailbox")
        async with parts.database.reading() as db:
            messages = [message_view(message) for message in await db.mailbox.newest(to, limit)]
        if as_json:
            click.echo(json.dumps({"messages": messages}, ensure_ascii=False, indent=2))
            return
        for message in messages:
            click.echo(f"{message['createdAt']}  to {message['to']}\n{message['subject']}\n\n{message['text']}\n")

    with_parts(show)
