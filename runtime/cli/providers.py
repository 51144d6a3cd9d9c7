"""`biore providers`."""

from collections.abc import Awaitable, Callable

import click

from contract.texts import DEFAULT
from domain.admin.providers import NONE, Shape
from domain.clock import utc_now
from domain.config.changes import Author
from domain.config_keys import InvalidConfig
from domain.errors import ApiError
from providers.dns.deliverability import MailRules
from providers.families.visitors import DnsFamily
from runtime.cli.support import with_parts
from runtime.compose import Parts
from services.providers.desk import ProviderDesk


@click.group(
    short_help="Show, probe and order the providers of mails, files and more.",
    epilog="""\b
Examples:
  biore providers list                              every family: its order, and what is set
  biore providers probe email smtp                  as far as one can without sending
  biore providers order email smtp smtp_secondary   the first is active, the others take over
""",
)
def providers() -> None:
    """Show, probe and order the providers of mails, text messages, captchas, files and more."""


@providers.command("list", short_help="Show providers and the settings that they lack.")
@click.argument("family", required=False)
def providers_list(family: str | None) -> None:
    """Show each provider of FAMILY, or of all, with the names of its settings that have no value."""

    async def show(parts: Parts) -> None:
        desk = _desk(parts)
        for shape in [desk.shape(family)] if family else desk.shapes():
            click.echo(click.style(shape.family, bold=True))
            click.echo("\n".join(_lines(shape)))

    with_parts(_told(show), reads=True)


@providers.command("probe", short_help="Contact providers without effect.")
@click.argument("family")
@click.argument("name", required=False)
@click.pass_context
def providers_probe(context: click.Context, family: str, name: str | None) -> None:
    """Contact provider NAME of FAMILY, or those that are chosen, without effect. Exits with 1 if one is not ready.

    A good probe closes the breakers of running processes within 2 seconds.
    """
    ready: list[bool] = []

    async def ask(parts: Parts) -> None:
        desk = _desk(parts)
        shape = desk.shape(family)
        for each in [name] if name else dict.fromkeys((shape.active, *shape.failover)):
            if each == NONE:
                continue
            probe = await desk.probe(family, each)
            ready.append(probe.ok)
            click.echo(f"{'ok  ' if probe.ok else 'FAIL'}  {each}  {probe.found}  ({probe.seconds:.2f} s)")
            if probe.ok:
                async with parts.database.unit() as db:
                    await db.providers.pass_probe(family, each, utc_now())

    with_parts(_told(ask))
    if not all(ready):
        context.exit(1)


@providers.command("order", short_help="Choose the active provider and those that take over.")
@click.argument("family")
@click.argument("active")
@click.argument("failover", nargs=-1)
@click.option("--force", is_flag=True, help="Skip the probes.")
@click.option("--reason", help="Why; audited.")
def providers_order(family: str, active: str, failover: tuple[str, ...], force: bool, reason: str | None) -> None:
    """Make ACTIVE the provider of FAMILY that is used first, and FAILOVER those that take over, in this order.

    Each must pass a probe. Running servers follow within 5 seconds; calls under way end with what they began with.
    """

    async def change(parts: Parts) -> None:
        desk = _desk(parts)
        desk.require_order(family, active, failover)
        if not force:
            await desk.require_ready(family, [active, *failover])
        before = desk.shape(family)
        async with parts.database.unit() as db:
            await desk.put_order(db, family, active, failover, Author(None, reason))
            await db.audit.record(
                "providers.order",
                target=family,
                reason=reason,
                before={"active": before.active, "failover": [*before.failover]},
                after={"active": active, "failover": [*failover]},
            )
        click.echo(f"{family}: {', '.join((active, *failover))}")

    with_parts(_told(change))


def _desk(parts: Parts) -> ProviderDesk:
    watch = parts.providers.watch
    rules = MailRules(parts.config, parts.settings.dns_resolver, watch=watch)
    return ProviderDesk(parts.providers, parts.config, [DnsFamily(rules, watch)])


def _lines(shape: Shape) -> list[str]:
    order = [shape.active, *shape.failover]
    found = [] if shape.active != NONE else ["  none is active"]
    for name, settings in shape.settings.items():
        place = f"{order.index(name) + 1}." if name in order else "  "
        missing = ", ".join(setting.key for setting in settings if not setting.is_set)
        what = "not in this environment" if name not in shape.available else f"not set: {missing}" if missing else ""
        found.append(f"  {place} {name:<16} {what}".rstrip())
    return found


def _told(use: Callable[[Parts], Awaitable[None]]) -> Callable[[Parts], Awaitable[None]]:
    """A refusal in words, as whoever calls the API reads it. Raises InvalidConfig."""

    async def tell(parts: Parts) -> None:
        try:
            await use(parts)
        except ApiError as error:
            raise InvalidConfig(parts.texts.say(DEFAULT, "errors", error.code, **error.variables)) from None

    return tell
