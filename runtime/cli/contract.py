"""`biore spec`."""

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from contract import loader as spec
from contract import schemathesis_config as fuzz
from contract import wire
from contract.texts import Texts
from runtime.cli.scaffold import unfilled


@click.group("spec")
def spec_group() -> None:
    """Build and check the OpenAPI contract."""


@spec_group.command("build", short_help="Generate openapi/dist/ and domain/wire/ from the contract.")
@click.option("--check", is_flag=True, help="Write nothing; fail if a file is out of date.")
def spec_build(check: bool) -> None:
    """Write the self-contained contract to openapi/dist/, types of it to domain/wire/, the fuzzer's configuration.

    Fails when the migrations are no line: two of one number are mended before anything is built. Texts that a language
    lacks are counted; `biore spec words` tells which. An operation without a test class fails the check, too.
    """
    from contract.changes.history import since_published, to_be_kept
    from contract.lint import checked  # slow to import
    from persistence.migrate import disorder

    if not check:
        _write_types(spec.load())
    from proof.managed import managed_by
    from proof.sources import find_sources

    if check and (left := unfilled()):
        raise click.ClickException("still to be filled in:\n" + "\n".join(left))
    if faults := disorder():
        raise click.ClickException(f"migrations: {'; '.join(faults)}")
    keys, place = managed_by(spec.load()), spec.OPENAPI / spec.MANAGED_BY
    if not check:
        _write_stale({place: keys})  # the contract is made of them, too
    contract = checked()
    if changes := since_published(contract.document):
        first, version = changes[0], contract.document["info"]["version"]
        raise click.ClickException(
            f"version {version} is published, but {first.operation} has changed ({first.text}); raise info.version"
        )
    files = {
        **to_be_kept(contract.document),
        place: keys,
        spec.OPENAPI / "dist" / "openapi.yaml": contract.as_yaml(),
        spec.OPENAPI / "dist" / "openapi.json": contract.as_json(),
        spec.ROOT / "schemathesis.toml": fuzz.configuration(contract).encode(),
        **_types(contract),
    }
    stale = _stale(files)
    if check and stale:
        raise click.ClickException(f"stale: {', '.join(str(p.relative_to(spec.ROOT)) for p in stale)}; run `make spec`")
    if check:
        find_sources(contract)  # a page tells where its operation is made and tested
    _write_stale(files)
    if lacking := Texts(contract.errors).missing():
        click.echo(f"{sum(map(len, lacking.values()))} texts are not translated yet; `biore spec words` tells which")


@spec_group.command("words", short_help="List texts that are not translated yet.")
def spec_words() -> None:
    """Tell which texts a language lacks, and fail when there are any. English stands in for them meanwhile."""
    lacking = Texts(spec.read_errors(spec.OPENAPI)).missing()
    for key, locales in lacking.items():
        click.echo(f"{key} lacks {', '.join(locales)}")
    if lacking:
        raise click.ClickException(f"{sum(map(len, lacking.values()))} texts are not translated")


def _write_types(contract: spec.Contract) -> None:
    """First of all: the code could not be read that is annotated with types which are not there yet."""
    _write_stale(_types(contract))
    for name in [name for name in sys.modules if name.startswith(f"{wire.FOLDER.replace('/', '.')}.")]:
        importlib.reload(sys.modules[name])


def _types(contract: spec.Contract) -> Mapping[Path, bytes]:
    return {spec.ROOT / wire.FOLDER / name: content for name, content in wire.files(contract).items()}


def _stale(files: Mapping[Path, bytes]) -> list[Path]:
    return [path for path, content in files.items() if not path.exists() or path.read_bytes() != content]


def _write_stale(files: Mapping[Path, bytes]) -> None:
    for path in _stale(files):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(files[path])
        click.echo(f"wrote {path.relative_to(spec.ROOT)}")
