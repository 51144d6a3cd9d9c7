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
    """Platforms to sign in through."""


@oauth.command("list")
def oauth_list() -> None:
    """What is set for each platform; secrets are not shown."""

    async def show(parts: Parts) -> None:
        for platform in await OAuthDirectory(parts.database, parts.keyring).shown():
            click.echo(json.dumps(platform, ensure_ascii=False))

    with_parts(show)


@oauth.command("set")
@click.argument("platform", type=click.Choice(PLATFORMS))
@click.option("--enable/--disable", "enabled", default=None, help="Whether the platform is used at all.")
@click.option("--login/--no-login", "login_enabled", default=None, help="Whether people may sign in through it.")
@click.option("--client-id", help="What the platform knows our web client by.")
@click.option(
    "--audience",
    "audiences",
    multiple=True,
    help="Another id of ours at the platform, such as an app's, whose id tokens are accepted; may be repeated.",
)
@click.option(
    "--client-secret", help="Stored sealed; always -, which reads the standard input. Apple's is a JWT made ready."
)
@click.option("--redirect-uri", help="Where the platform sends people back to.")
@click.option("--issuer", help="Replaces the platform's own.")
@click.option("--jwks-uri", help="Replaces the platform's own.")
@click.option("--token-endpoint", help="Replaces the platform's own.")
@click.option("--userinfo-endpoint", help="Replaces the platform's own.")
def oauth_set(platform: str, **options: Any) -> None:
    """Change what is set for PLATFORM; an empty text takes a value back. Running nodes follow at once."""
    changes = {name: value for name, value in options.items() if value not in (None, ())}
    if "client_secret" in changes:
        changes["client_secret"] = secret_given("--client-secret", changes["client_secret"]).strip()

    async def change(parts: Parts) -> None:
        shown = await OAuthDirectory(parts.database, parts.keyring).set(platform, **changes)
        click.echo(json.dumps(shown, ensure_ascii=False))

    with_parts(change)
