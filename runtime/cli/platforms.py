"""`biore oauth`."""

import json
from typing import Any

import click

from domain.auth.oauth import PLATFORMS
from runtime.cli.support import secret_given, with_parts
from runtime.compose import Parts
from services.platforms import OAuthDirectory


@click.group()
def oauth() -> None:
    """Set up sign-in through other platforms (OAuth)."""


@oauth.command("list")
def oauth_list() -> None:
    """Show the settings of each platform, without secrets."""

    async def show(parts: Parts) -> None:
        known = await OAuthDirectory(parts.database, parts.keyring).shown()
        if not known:
            click.echo("No platform is set up. `biore oauth set --help` tells how.", err=True)
        for platform in known:
            click.echo(json.dumps(platform, ensure_ascii=False))

    with_parts(show, reads=True)


@oauth.command("set")
@click.argument("platform", type=click.Choice(PLATFORMS))
@click.option("--enable/--disable", "enabled", default=None, help="Turn the platform on or off.")
@click.option("--login/--no-login", "login_enabled", default=None, help="Allow or forbid signing in through it.")
@click.option("--client-id", help="Client id of our web client at the platform.")
@click.option(
    "--audience",
    "audiences",
    multiple=True,
    help="Another client id of ours, such as an app's, whose id tokens are accepted; may be repeated.",
)
@click.option(
    "--client-secret",
    help="Always -: the secret is read from the standard input and stored encrypted. Apple's is a signed JWT.",
)
@click.option("--redirect-uri", help="Address that the platform redirects to.")
@click.option("--issuer", help="Replaces the platform's own.")
@click.option("--jwks-uri", help="Replaces the platform's own.")
@click.option("--token-endpoint", help="Replaces the platform's own.")
@click.option("--userinfo-endpoint", help="Replaces the platform's own.")
def oauth_set(platform: str, **options: Any) -> None:
    """Change settings of PLATFORM. An empty string clears a value. Running servers follow at once."""
    changes = {name: value for name, value in options.items() if value not in (None, ())}
    if "client_secret" in changes:
        changes["client_secret"] = secret_given("--client-secret", changes["client_secret"]).strip()

    async def change(parts: Parts) -> None:
        shown = await OAuthDirectory(parts.database, parts.keyring).set(platform, **changes)
        click.echo(json.dumps(shown, ensure_ascii=False))

    with_parts(change)
