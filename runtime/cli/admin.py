"""`biore admin`."""

import json
import os
from datetime import UTC, datetime

import click

from domain.admin import OWNER
from domain.clock import timestamp, utc_now
from runtime.cli.support import with_parts
from runtime.compose import Parts
from services.staff import StaffOffice

TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M"]


@click.group(short_help="Open the first owner's account, and give roles.")
def admin() -> None:
    """Open the first owner's account, and give roles when the web cannot."""


reason = click.option("--reason", default="Given on the command line.", help="Why; audited.")
role = click.argument("role", metavar="ROLE")


@admin.command("create", short_help="Open an account with the role OWNER.")
@click.argument("email")
@click.option("--role", "named", default=OWNER, show_default=True, help="Another role.")
@click.option("--print-link", is_flag=True, help="Print the link to choose a password, which is also mailed.")
@reason
def admin_create(email: str, named: str, print_link: bool, reason: str) -> None:
    """Open a verified account for EMAIL with the role OWNER, and mail it a link to choose a password.

    The link works once. Development prints it in any case. The role can be used once the account has a second factor.
    """

    async def create(parts: Parts) -> None:
        link = await _office(parts).create(email, named, reason)
        click.echo(f"The account has the role {named}. Its address is mailed a link to choose a password.")
        if print_link or parts.settings.development:
            click.echo(link)

    with_parts(create)


@admin.command("grant")
@click.argument("email")
@role
@click.option("--until", type=click.DateTime(TIMES), help="When the role ends by itself, in UTC.")
@reason
def admin_grant(email: str, role: str, until: datetime | None, reason: str) -> None:
    """Give the account of EMAIL a role."""

    async def grant(parts: Parts) -> None:
        ends = until.replace(tzinfo=UTC) if until else None
        await _office(parts).grant(email, role, reason, ends)
        click.echo(f"The account has the role {role}.")

    with_parts(grant)


@admin.command("revoke")
@click.argument("email")
@role
@reason
def admin_revoke(email: str, role: str, reason: str) -> None:
    """Take a role from the account of EMAIL. The last owner keeps it."""

    async def revoke(parts: Parts) -> None:
        await _office(parts).revoke(email, role, reason)
        click.echo(f"The account does not have the role {role} any more.")

    with_parts(revoke)


@admin.command("list")
def admin_list() -> None:
    """Show who has which role, one account per line."""

    async def show(parts: Parts) -> None:
        members = await _office(parts).members()
        if not members:
            click.echo("Nobody has a role. `biore admin create EMAIL` opens the account of the first owner.", err=True)
        for member in members:
            roles = {grant.role: timestamp(grant.expires_at) for grant in member.roles}
            told = {"id": str(member.id), "email": member.email, "status": member.status, "roles": roles}
            seen = {"twoFactor": member.two_factor_enabled, "lastSeenAt": timestamp(member.last_seen_at)}
            click.echo(json.dumps(told | seen, ensure_ascii=False))

    with_parts(show, reads=True)


@admin.command("reset-2fa", short_help="Turn off the second factor of a member of the staff.")
@click.argument("email")
@reason
def admin_reset_2fa(email: str, reason: str) -> None:
    """Turn off the second factor of a member of the staff, and end all sessions."""

    async def reset(parts: Parts) -> None:
        await _office(parts).reset_two_factor(email, reason)
        click.echo("The second factor is off, its backup codes are gone and all sessions ended.")

    with_parts(reset)


def _office(parts: Parts) -> StaffOffice:
    permissions = parts.contract.permissions
    return StaffOffice(parts.database, parts.keyring, parts.config, permissions, utc_now, os.urandom)
