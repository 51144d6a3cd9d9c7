"""`biore new`: the beginnings of what is added most often."""

import click

from contract import loader as spec
from contract import wire
from contract.loader import METHODS
from contract.policy import SCOPES
from runtime.cli.scaffold import NAME, Operation, files


@click.group()
def new() -> None:
    """Create the files of a new part, for you to fill in."""


@new.command("operation", short_help="Create path, schemas, handler, repository method and tests.")
@click.argument("operation_id", metavar="MODULE[.NOUN].NAME")
@click.option("--path", required=True, help="Below the base path, such as /users/block/{userId}.")
@click.option("--method", type=click.Choice(METHODS), default="get", show_default=True)
@click.option("--scope", type=click.Choice(sorted(SCOPES)), default="user", show_default=True)
def new_operation(operation_id: str, path: str, method: str, scope: str) -> None:
    """Write path, schemas, handler, repository method and tests of an operation.

    Each place that is yours says so. `make check` names them, with file and line, until there are none.
    """
    operation = Operation(operation_id, path, method, scope)
    _require_new(operation)
    for file, text in files(operation):
        (spec.ROOT / file).parent.mkdir(parents=True, exist_ok=True)
        (spec.ROOT / file).write_text(text, encoding="utf-8")
        click.echo(f"wrote {file}")
    for name, types in wire.files(spec.load()).items():
        (spec.ROOT / wire.FOLDER / name).write_bytes(types)
    click.echo("Now `make check` says what is left to fill in.")


def _require_new(operation: Operation) -> None:
    if not (spec.ROOT / "tests").is_dir():
        raise click.ClickException("operations are added in a checkout")
    if not NAME.fullmatch(operation.id):
        raise click.ClickException(f"{operation.id}: an operation is named module.name or module.noun.name")
    contract = spec.load()
    taken = {(policy.method, policy.path): name for name, policy in contract.policies.items()}
    other = taken.get((operation.method, operation.path))
    if other or operation.id in contract.policies:
        raise click.ClickException(f"{other or operation.id} exists")
    if operation.module not in {tag["name"] for tag in contract.document["tags"]}:
        raise click.ClickException(
            f"name {operation.module} under `tags` and `x-tagGroups` of openapi/biore.yaml first"
        )
