"""The ``biore`` command."""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from domain.config_keys import CATALOGUE, LOCALES, InvalidConfig
from domain.oauth import PLATFORMS
from persistence.migrate import Locked
from runtime import embedded, fuzz, log, server, spec
from runtime.embedded import InUse, NotInstalled
from runtime.evidence import NoCheckout
from runtime.oauth import OAuthDirectory
from runtime.parts import Parts, build_parts, utc_now
from runtime.policy import ContractError
from runtime.recovery import NotRecovered, Recovery
from runtime.settings import InvalidSettings, Settings, load
from runtime.signing import SigningKeys
from runtime.worker import LEASE

T = TypeVar("T")

NICENESS = 10
REFUSALS = (InvalidSettings, InvalidConfig, ContractError, NotInstalled, InUse, NoCheckout, NotRecovered, Locked)


@click.group()
def cli() -> None:
    """BIO.RE: the API of bio pages, paid messages, wallets and payouts."""


@cli.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on.")
@click.option("--workers", type=click.IntRange(1), default=1, help="API processes; more than one need Redis.")
@click.option("--no-worker", is_flag=True, help="Run no worker beside the API.")
@click.option("--expose", is_flag=True, help="Let development listen beyond loopback.")
def serve(host: str | None, port: int | None, workers: int, no_worker: bool, expose: bool) -> None:
    """Run the API. In development a worker, and unless configured PostgreSQL, run beside it."""
    settings = load()
    settings = replace(settings, host=host or settings.host, port=port or settings.port)
    log.configure(readable=settings.development)
    server.serve(settings, workers=workers, with_worker=settings.development and not no_worker, exposed=expose)


@cli.command()
@click.option("--with-parent", type=int, hidden=True, help="End when this process, which started us, is gone.")
@click.option("--lease-seconds", type=click.IntRange(1), hidden=True, default=int(LEASE.total_seconds()))
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Serve /metrics of this worker there.")
@click.option("--metrics-host", default="127.0.0.1", show_default=True, help="Address to serve them on.")
def worker(with_parent: int | None, lease_seconds: int, metrics_port: int | None, metrics_host: str) -> None:
    """Run a worker: mails and other jobs of the outbox."""
    settings, lease = load(), timedelta(seconds=lease_seconds)
    place = (metrics_host, metrics_port) if metrics_port else None
    server.work(settings, server.database_url(settings), lease, parent=with_parent, metrics_at=place)


@cli.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    from persistence.migrate import upgrade  # slow to import

    settings = load()
    with ExitStack() as stack:
        url = settings.database_url or embedded.recorded_url(settings.data_dir)
        upgrade(url or stack.enter_context(embedded.running(settings.data_dir)))
    click.echo("The database is up to date.")


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document for programs.")
@click.option("--strict", is_flag=True, help="Warnings fail, too.")
def doctor(as_json: bool, strict: bool) -> None:
    """Check this deployment and say in one line each what is wrong. Changes nothing; 1 when something fails."""
    from runtime import doctor  # slow to import

    log.configure(readable=True, level=logging.CRITICAL)  # what parts would warn of is told in the lines
    findings = doctor.examine()
    click.echo(doctor.as_json(findings) if as_json else "\n".join(doctor.lines(findings)))
    if not doctor.is_healthy(findings, strict=strict):
        sys.exit(1)


@cli.group()
def config() -> None:
    """What an admin may change while the system runs."""


@config.command("list")
def config_list() -> None:
    """All keys, their values and meanings; changed ones are marked."""

    async def show(parts: Parts) -> None:
        for name, value, changed in parts.config.items():
            meaning = CATALOGUE[name].meaning if name in CATALOGUE else "overrides the contract's limit"
            click.echo(f"{'*' if changed else ' '} {name} = {json.dumps(value, ensure_ascii=False)}\n      {meaning}")

    _with_parts(show)


@config.command("get")
@click.argument("name")
def config_get(name: str) -> None:
    """The value of one key, as JSON."""

    async def show(parts: Parts) -> None:
        click.echo(json.dumps(parts.config.shown(name), ensure_ascii=False))

    _with_parts(show)


@config.command("set")
@click.argument("name")
@click.argument("value")
def config_set(name: str, value: str) -> None:
    """Change one key. VALUE is JSON, else a text; - reads it from the standard input, which secrets must come by.

    Running nodes follow within 5 seconds.
    """
    secret = name in CATALOGUE and CATALOGUE[name].kind == "secret"
    text = _secret(name, value) if secret else _given(value)

    async def change(parts: Parts) -> None:
        await parts.config.set(name, text if secret else _json_or_text(text))
        click.echo(f"{name} = {json.dumps(parts.config.shown(name), ensure_ascii=False)}")

    _with_parts(change)


def _given(value: str) -> str:
    return sys.stdin.readline().rstrip("\r\n") if value == "-" else value


def _secret(name: str, value: str) -> str:
    """An empty text takes a secret back. Raises InvalidConfig for a secret among the arguments."""
    if value not in ("", "-"):
        raise InvalidConfig(f"arguments stand in the history and in `ps`: give - and put {name} on the standard input")
    return _given(value)


def _json_or_text(value: str) -> Any:
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


@cli.group()
def oauth() -> None:
    """Platforms to sign in through."""


@oauth.command("list")
def oauth_list() -> None:
    """What is set for each platform; secrets are not shown."""

    async def show(parts: Parts) -> None:
        for platform in await OAuthDirectory(parts.database, parts.keyring).shown():
            click.echo(json.dumps(platform, ensure_ascii=False))

    _with_parts(show)


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
        changes["client_secret"] = _secret("--client-secret", changes["client_secret"]).strip()

    async def change(parts: Parts) -> None:
        shown = await OAuthDirectory(parts.database, parts.keyring).set(platform, **changes)
        click.echo(json.dumps(shown, ensure_ascii=False))

    _with_parts(change)


@cli.group()
def keys() -> None:
    """Keys that sign access tokens."""


@keys.command("list")
def keys_list() -> None:
    """The key that signs, and retired ones; none of them in clear."""

    async def show(parts: Parts) -> None:
        signing = _signing_keys(parts)
        await signing.refresh()
        for key in signing.shown():
            click.echo(json.dumps(key))

    _with_parts(show)


@keys.command("rotate")
def keys_rotate() -> None:
    """Sign with a new key. Running nodes follow within 5 seconds; tokens of the old key live out their time."""

    async def rotate(parts: Parts) -> None:
        click.echo(f"{await _signing_keys(parts).rotate()} signs from now on.")

    _with_parts(rotate)


def _signing_keys(parts: Parts) -> SigningKeys:
    return SigningKeys(parts.database, parts.keyring, parts.config, utc_now)


@cli.group()
def users() -> None:
    """Accounts of people, for support."""


@users.command("show")
@click.argument("address")
def users_show(address: str) -> None:
    """What the account of ADDRESS is signed in to with; no secret of it."""

    async def show(parts: Parts) -> None:
        click.echo(json.dumps(await Recovery(parts, utc_now).show(address), ensure_ascii=False))

    _with_parts(show)


@users.command("recover")
@click.argument("address")
@click.option("--by", required=True, help="Who you are; audited.")
@click.option("--approve", "code", help="The code that somebody else prepared; - reads it from the standard input.")
def users_recover(address: str, by: str, code: str | None) -> None:
    """Give the account of ADDRESS back to its owner, who lost second factor and platforms: it takes two people.

    The first gets a code, good for 24 hours and for the account as it is. The second approves with it: second factor,
    platforms, phone, password and sessions are gone, and ADDRESS is mailed a link to choose a password.
    """

    async def recover(parts: Parts) -> None:
        recovery = Recovery(parts, utc_now)
        if code is None:
            click.echo(f"Somebody else approves with this code within 24 hours:\n{await recovery.prepare(address, by)}")
        else:
            await recovery.approve(address, by, _given(code))
            click.echo("The account is given back; its address is mailed a link to choose a password.")

    _with_parts(recover)


@cli.group("spec")
def spec_group() -> None:
    """The contract."""


@spec_group.command("build")
@click.option("--check", is_flag=True, help="Write nothing; fail when a file is stale.")
def spec_build(check: bool) -> None:
    """Write the self-contained contract to openapi/dist/ and the fuzzer's configuration."""
    from runtime.lint import checked  # slow to import
    from runtime.managed import managed_by

    keys, place = managed_by(spec.load()), spec.OPENAPI / spec.MANAGED_BY
    if not check:
        _write_stale({place: keys})  # the contract is made of them, too
    contract = checked()
    files = {
        place: keys,
        spec.OPENAPI / "dist" / "openapi.yaml": contract.as_yaml(),
        spec.OPENAPI / "dist" / "openapi.json": contract.as_json(),
        spec.ROOT / "schemathesis.toml": fuzz.configuration(contract).encode(),
    }
    stale = _stale(files)
    if check and stale:
        raise click.ClickException(f"stale: {', '.join(str(p.relative_to(spec.ROOT)) for p in stale)}; run `make spec`")
    _write_stale(files)


def _stale(files: Mapping[Path, bytes]) -> list[Path]:
    return [path for path, content in files.items() if not path.exists() or path.read_bytes() != content]


def _write_stale(files: Mapping[Path, bytes]) -> None:
    for path in _stale(files):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(files[path])
        click.echo(f"wrote {path.relative_to(spec.ROOT)}")


@cli.group()
def portal() -> None:
    """The developer portal, made from the contract."""


@portal.command("verify")
@click.option("--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write the verdicts there, too.")
def portal_verify(file: Path | None) -> None:
    """Prove every claim of every page: against the running application, its database, and what tests saw."""
    from portal.evidence import DEFAULT, Evidence
    from runtime import evidence, verify  # slow to import
    from runtime.lint import checked

    log.configure(readable=True, level=logging.WARNING)
    contract, stamp, path = checked(), evidence.stamp(), spec.ROOT / DEFAULT
    known, found = Evidence.load(path, stamp.tree), verify.look(contract)
    badges = verify.verdicts(contract, known, found)
    if verify.is_incomplete(badges, known):
        state = "stale" if known.stale else "incomplete" if known.tree else "absent"
        click.echo(f"The evidence is {state}: running the tests that leave it.")
        verify.record()
        badges = verify.verdicts(contract, Evidence.load(path, stamp.tree), found)
    content = verify.as_json(badges)
    evidence.judge(path, stamp, content)
    if file is not None:
        file.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    for line in verify.lines(badges):
        click.echo(line)
    if not all(badge.verified for badge in badges.values()):
        sys.exit(1)


@portal.command("build")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="The folder; the server's, if left out.")
@click.option("--origin", help="What the samples call; the server itself, if left out.")
@click.option("--api", help="What the pages call if another origin serves them: https://…/api/v1.")
@click.option("--locale", "locales", multiple=True, type=click.Choice(LOCALES), help="Only these; may be repeated.")
@click.option("--repository", help="A URL of source lines with {commit}, {path} and {line}.")
@click.option("--commit", help="What {commit} stands for.")
@click.option("--if-stale", is_flag=True, help="Do nothing if what is there was made from the same.")
@click.option("--beside", is_flag=True, hidden=True, help="A server started us and may end us.")
def portal_build(
    out: Path | None, origin: str | None, locales: tuple[str, ...], if_stale: bool, beside: bool, **more: Any
) -> None:
    """Write the portal as plain files. The server serves them below /docs; any other web server does as well."""
    from portal.build import Options  # slow to import
    from runtime import publish

    if beside:
        os.nice(NICENESS)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing half made is left
    folder = out or load().portal_folder
    made_by = 1 if beside else os.cpu_count() or 1
    options = Options(origin=origin or load().own_origin, locales=locales or LOCALES, processes=made_by, **more)
    if not (if_stale and publish.is_current(folder, options)):
        publish.publish(folder, options)
        click.echo(f"The portal is in {folder}.")


@cli.command()
@click.option("--to", help="Only mails to this address.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document for programs.")
def mailbox(to: str | None, as_json: bool) -> None:
    """Mails caught by the development mailbox, the newest first."""
    from domain.mails import MAILBOX_LIMIT, message_view

    async def show(parts: Parts) -> None:
        if parts.settings.production:
            raise InvalidSettings("production has no mailbox")
        async with parts.database.reading() as db:
            messages = [message_view(message) for message in await db.mailbox.newest(to, MAILBOX_LIMIT)]
        if as_json:
            click.echo(json.dumps({"messages": messages}, ensure_ascii=False, indent=2))
            return
        for message in messages:
            click.echo(f"{message['createdAt']}  to {message['to']}\n{message['subject']}\n\n{message['text']}\n")

    _with_parts(show)


def _with_parts(use: Callable[[Parts], Awaitable[T]]) -> T:
    """Run one asynchronous use of the parts against the database."""

    async def run(settings: Settings) -> T:
        parts = build_parts(settings, server.database_url(settings))
        try:
            await parts.config.refresh()
            return await use(parts)
        finally:
            await parts.close()

    return asyncio.run(run(load()))


def main() -> None:
    try:
        cli()
    except REFUSALS as error:
        click.echo(f"biore: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
