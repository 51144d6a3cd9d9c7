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
from domain.locales import LOCALES
from runtime.cli.waiting import HOME, PortalBuild
from runtime.observe import log
from runtime.settings import load


def _languages(_: click.Context, option: click.Parameter, value: str | None) -> tuple[str, ...]:
    """English where nothing is said: the texts of the contract are English in all of them."""
    if value == "all":
        return LOCALES
    asked = tuple(value.split(",")) if value else (DEFAULT,)
    if unknown := sorted(set(asked) - set(LOCALES)):
        raise click.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(LOCALES)}, or all", param=option)
    return asked


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
@click.option("--origin", help="What the samples call. Pages that the server serves put its own address there.")
@click.option(
    "--site", help="Where the pages will be found, https://docs.example.com: for search engines and previews."
)
@click.option("--api", help="What the pages call if another origin serves them: https://…/api/v1.")
@click.option("--languages", "locales", callback=_languages, help="Of developer pages: `all`, or a list such as en,de.")
@click.option(
    "--public", is_flag=True, help="Leave out what only operators need: config keys, tables, places in the source."
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
    build, told = publish.publish_if_stale if if_stale else publish.publish, PortalBuild(beside=beside)
    if build(folder, options, told) is not False:
        told.end(f"{load().own_origin}{HOME}" if beside else str(folder))
