"""Mails that left their cause behind in the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.oauth import PLATFORM_NAMES

if TYPE_CHECKING:
    from jobs.needs import Clock, Config, Job, Mailer, UnitOfWork


async def verify_address(job: Job, uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    async with uow() as db:
        user = await db.users.find(UUID(job.payload["user"]))
    if user is None or user.email_verified:  # nothing left to prove
        return
    link = f"{config['site.base_url']}/verify-email?token={job.secret}"
    hours = config["auth.verification_ttl_hours"]
    await mailer.send(job, "verify_address", to=user.email, locale=user.locale, link=link, hours=hours)


async def reset_password(job: Job, uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    link = f"{config['site.base_url']}/reset-password?token={job.secret}"
    await _tell_owner(job, uow, mailer, "reset_password", link=link, minutes=config["auth.reset_ttl_minutes"])


async def reactivation(job: Job, uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    link = f"{config['site.base_url']}/reactivate?token={job.secret}"
    await _tell_owner(job, uow, mailer, "reactivation", link=link, days=config["auth.reactivation_ttl_days"])


async def account_deactivated(job: Job, uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    link = f"{config['site.base_url']}/reactivate?token={job.secret}"
    await _tell_owner(job, uow, mailer, "account_deactivated", link=link, days=config["auth.reactivation_ttl_days"])


async def confirm_new_address(job: Job, uow: UnitOfWork, mailer: Mailer, config: Config, clock: Clock) -> None:
    token = UUID(job.secret)
    async with uow() as db:
        user_id = await db.email_changes.find(token, clock())
        user = await db.users.find(user_id) if user_id is not None else None
        if user is None:  # used, or replaced by a later wish
            return
        address = await db.email_changes.new_email(token)
    link = f"{config['site.base_url']}/verify-email-change?token={token}"
    hours = config["auth.verification_ttl_hours"]
    await mailer.send(job, "confirm_new_address", to=address, locale=user.locale, link=link, hours=hours)


async def address_change_requested(job: Job, uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_former_address(job, uow, mailer, "address_change_requested")


async def address_changed(job: Job, uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    await _tell_former_address(job, uow, mailer, "address_changed", link=f"{config['site.base_url']}/contact")


async def password_changed(job: Job, uow: UnitOfWork, mailer: Mailer) -> None:
    payload = job.payload
    await _tell_owner(job, uow, mailer, "password_changed", when=payload["when"], device=payload["device"])


async def new_sign_in(job: Job, uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "new_sign_in", **_circumstances(job))


async def sign_in_after_failures(job: Job, uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "sign_in_after_failures", **_circumstances(job))


async def wrong_second_factors(job: Job, uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "wrong_second_factors", **_circumstances(job))


def _circumstances(job: Job) -> dict[str, str]:
    return {name: job.payload.get(name, "") for name in ("when", "device", "place")}


async def two_factor_enabled(job: Job, uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "two_factor_enabled")


async def two_factor_disabled(job: Job, uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "two_factor_disabled")


async def provider_linked(job: Job, uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "provider_linked", provider=PLATFORM_NAMES[job.payload["provider"]])


async def provider_unlinked(job: Job, uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "provider_unlinked", provider=PLATFORM_NAMES[job.payload["provider"]])


async def export_requested(job: Job, uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "export_requested")


async def export_ready(job: Job, uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    await _tell_owner(job, uow, mailer, "export_ready", hours=config["gdpr.export_ttl_hours"])


async def deletion_scheduled(job: Job, uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    link = f"{config['site.base_url']}/reactivate?token={job.secret}"
    await _tell_owner(job, uow, mailer, "deletion_scheduled", link=link, date=job.payload["date"])


async def deletion_cancelled(job: Job, uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "deletion_cancelled")


async def account_erased(job: Job, mailer: Mailer) -> None:
    """To an address that nothing else here knows any more."""
    await mailer.send(job, "account_erased", to=job.secret, locale=job.payload.get("locale"))


async def session_theft(job: Job, uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "session_theft")


async def _tell_owner(job: Job, uow: UnitOfWork, mailer: Mailer, template: str, link: str = "", **words: Any) -> None:
    async with uow() as db:
        user = await db.users.find(UUID(job.payload["user"]))
    if user is not None and user.status != "DELETED":
        await mailer.send(job, template, to=user.email, locale=user.locale, link=link, **words)


async def _tell_former_address(job: Job, uow: UnitOfWork, mailer: Mailer, template: str, link: str = "") -> None:
    """To the address that the job names: by now the account may have another."""
    async with uow() as db:
        user = await db.users.find(UUID(job.payload["user"]))
    if user is not None and user.status != "DELETED":
        address = job.payload["address"]
        await mailer.send(job, template, to=job.secret, locale=user.locale, link=link, address=address)


async def session_theft_alert(job: Job, mailer: Mailer, config: Config) -> None:
    if config["security.alert_email"]:
        await mailer.send(
            job, "session_theft_alert", to=config["security.alert_email"], locale=None, user=job.payload["user"]
        )
