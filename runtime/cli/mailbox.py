"""`biore mailbox`."""

import json

import click

from runtime.cli.support import with_parts
from runtime.compose import Parts
from runtime.settings import InvalidSettings


@click.command(
    epilog="""\b
Examples:
  biore mailbox                                   the last 50 mails
  biore mailbox --to ada@example.com --limit 1    the newest mail to one address
  biore mailbox --json                            for scripts
"""
)
@click.option("--to", help="Show only mails to this address.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Maximum number of mails.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def mailbox(to: str | None, limit: int, as_json: bool) -> None:
    """Show mails caught by the development mailbox, newest first."""
    from domain.mails import message_view

    async def show(parts: Parts) -> None:
        if parts.settings.production:
            raise InvalidSettings("production has no mailbox")
        async with parts.database.reading() as db:
            messages = [message_view(message) for message in await db.mailbox.newest(to, limit)]
        if as_json:
            click.echo(json.dumps({"messages": messages}, ensure_ascii=False, indent=2))
            return
        if not messages:
            whose = f" to {to}" if to else ""
            click.echo(f"No mails{whose} yet. The worker sends them within a second of the call.", err=True)
        for message in messages:
            click.echo(f"{message['createdAt']}  to {message['to']}\n{message['subject']}\n\n{message['text']}\n")

    with_parts(show, reads=True)
