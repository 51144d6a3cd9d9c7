"""The ``biore`` command: a module for each group of commands."""

import sys

import click

from contract.policy import ContractError
from domain.config_keys import InvalidConfig
from persistence.engine.reach import NotMigrated, OutOfReach
from persistence.migrate import Locked
from proof.checkout import NoCheckout
from runtime.cli import (
    admin,
    audit,
    config,
    contract,
    demo,
    i18n,
    jobs,
    keys,
    ledger,
    mailbox,
    new,
    platforms,
    portal,
    providers,
    serve,
    users,
    webhooks,
)
from runtime.serve.embedded import InUse, NotInstalled
from runtime.settings import InvalidSettings
from services.recovery import NotRecovered
from services.staff import NotDone

REFUSALS = (
    InvalidSettings, InvalidConfig, ContractError, NotInstalled, InUse, NoCheckout, NotRecovered, Locked,
    OutOfReach, NotMigrated, NotDone,
)  # fmt: skip


@click.group()
@click.version_option(package_name="biore", message="%(package)s %(version)s")
def cli() -> None:
    """BIO.RE: the API of bio pages, paid messages, wallets and payouts."""


for command in (
    serve.serve,
    serve.worker,
    serve.migrate,
    serve.doctor,
    config.config,
    platforms.oauth,
    providers.providers,
    keys.keys,
    audit.audit,
    ledger.ledger,
    jobs.jobs,
    webhooks.webhooks,
    users.users,
    admin.admin,
    i18n.i18n,
    contract.spec_group,
    new.new,
    portal.portal,
    mailbox.mailbox,
    demo.demo,
):
    cli.add_command(command)


def main() -> None:
    try:
        cli()
    except REFUSALS as error:
        click.echo(f"biore: {error}", err=True)
        sys.exit(2)
