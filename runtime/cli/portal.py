"""`biore portal`."""

import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

import click

from contract import loader as spec
from contract.texts import DEFAULT
from domain.config_keys import UrlKey
from domain.locales import LOCALES
from runtime.cli.waiting import HOME, PortalBuild
from runtime.observe import log
from runtime.settings import load


def _languages(_: click.Context, option: click.Parameter, value: str | None) -> tuple[str, ...]:
    """English comes first and is never missing: the texts of the contract are English, and other pages link there."""
    asked = LOCALES if value == "all" else [name.strip() for name in value.split(",")] if value else ()
    if unknown := sorted(set(asked) - set(LOCALES)):
        raise click.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(LOCALES)}, or all", param=option)
    return tuple(dict.fromkeys((DEFAULT, *asked)))


def _address(_: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Without the slash that every path begins with. Raises InvalidConfig."""
    return UrlKey(option.opts[0], "", "").check(value.rstrip("/")) if value else None


@click.group()
def portal() -> None:
    """Build and verify the developer portal."""


@portal.command("verify", short_help="Check every claim of the pages against the running parts.")
@click.option("--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write the verdicts there, too.")
def portal_verify(file: Path | None) -> None:
    """Prove every claim of every page: against the running application, its database, and what tests saw."""
    from contract.lint import checked  # slow to import, as all of these
    from portal.evidence import DEFAULT, Evidence
    from proof import evidence, verify

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


@portal.command("build", short_help="Write the portal as static files.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="The folder; the server's, if left out.")
@click.option(
    "--origin", callback=_address, help="What the samples call. Pages that the server serves put its own address there."
)
@click.option(
    "--site",
    callback=_address,
    help="Where the pages will be found, https://docs.example.com: for search engines and previews.",
)
@click.option("--api", callback=_address, help="What the pages call if another origin serves them: https://…/api/v1.")
@click.option(
    "--languages",
    "locales",
    callback=_languages,
    help="Beside English, of developer pages: `all`, or a list such as de,fr.",
)
@click.option(
    "--public",
    is_flag=True,
    help="Leave out what only operators need: admin operations, config keys, tables, places in the source.",
)
@click.option("--with-admin", is_flag=True, help="Keep the admin operations in a public build.")
@click.option(
    "--theme",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A style sheet of your own, read after ours.",
)
@click.option("--repository", help="A URL of source lines with {commit}, {path} and {line}.")
@click.option("--commit", help="What {commit} stands for.")
@click.option("--if-stale", is_flag=True, help="Do nothing if what is there was made from the same.")
@click.option("--beside", is_flag=True, hidden=True, help="A server started us and may end us.")
def portal_build(out: Path | None, origin: str | None, if_stale: bool, beside: bool, **more: Any) -> None:
    """Write the portal as plain files. The server serves them below /docs; any other web server does as well."""
    from portal.build import ORIGIN, Options  # slow to import
    from proof import publish

    if beside:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing half made is left
    folder = out or load().portal_folder
    made_by = 1 if beside else os.cpu_count() or 1
    options = Options(origin=origin or ORIGIN, processes=made_by, **more)
    told = PortalBuild(beside=beside)
    if publish.publish(folder, options, told, if_stale=if_stale):
        told.end(f"{load().own_origin}{HOME}" if beside else str(folder))
