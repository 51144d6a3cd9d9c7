"""Mails that left their cause behind in the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain import topics
from domain.admin.statements import APPEAL_DAYS, REDRESS, notes_of
from domain.auth import ALERT_EMAIL, REACTIVATION_TTL_DAYS, RESET_TTL_MINUTES, VERIFICATION_TTL_HOURS
from domain.auth.changes import UNDO_HOURS, YOUNG_DAYS, Notice, read_notice
from domain.auth.oauth import PLATFORM_NAMES
from domain.content.contact import CONTACT_EMAIL
from domain.creators.bank import VERIFIED
from domain.creators.subscribers import SUPPRESSED_FOR, TOKEN_DAYS
from domain.gdpr import EXPORT_TTL_HOURS, day
from domain.legal import text_page
from domain.locales import SUPPORTED_LOCALES
from domain.mailed_pages import (
    APPEAL,
    CONFIRM_RECOVERY,
    CONFIRM_SUBSCRIPTION,
    REACTIVATE,
    RESET_PASSWORD,
    STOP_RECOVERY,
    UNDO_CHANGE,
    VERIFY_EMAIL,
    VERIFY_EMAIL_CHANGE,
    Link,
)
from domain.money.amounts import Money
from domain.trust.reports import called, notes_of_report
from domain.users import mask_email, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobs.needs import Clock, Config, DeviceOf, Job, Mailer, OperationUrls, Subscriptions, UnitOfWork


async def verify_address(
    job: Job[topics.VerifyAddress], uow: UnitOfWork, mailer: Mailer, config: Config, device_of: DeviceOf
) -> None:
    """Says how the account was opened, so that who did not open it can tell."""
    async with uow() as db:
        user = await db.users.find(job.payload.user)
    if user is None or user.email_verified:  # nothing left to prove
        return
    notice, provider = read_notice(job.secret), job.payload.provider
    told: dict[str, Any] = {
        "hours": config[VERIFICATION_TTL_HOURS],
        "when": moment(user.created_at),
        "device": device_of(user.registration_device) or "",
    } | ({"provider": PLATFORM_NAMES[provider]} if provider else {})
    note = "verify_address.opened_through" if provider else "verify_address.opened"
    links = _links(config, notice, VERIFY_EMAIL.link(notice.link or job.secret))
    await mailer.send(job, "verify_address", to=user.email, locale=user.locale, notes=(note,), **links, **told)


async def reset_password(job: Job[topics.ResetPassword], uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    link, minutes = RESET_PASSWORD.link(job.secret), job.payload.minutes or config[RESET_TTL_MINUTES]
    await _tell_owner(job, uow, mailer, "reset_password", link=link, minutes=minutes)


async def reactivation(job: Job[topics.Reactivation], uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    link = REACTIVATE.link(job.secret)
    await _tell_owner(job, uow, mailer, "reactivation", link=link, days=config[REACTIVATION_TTL_DAYS])


async def account_deactivated(
    job: Job[topics.AccountDeactivated], uow: UnitOfWork, mailer: Mailer, config: Config
) -> None:
    link, days = _reactivation_link(job), config[REACTIVATION_TTL_DAYS]
    await _tell_of_change(job, uow, mailer, config, "account_deactivated", link=link, days=days)


async def change_undone(job: Job[topics.ChangeUndone], uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    link = RESET_PASSWORD.link(job.secret)
    await _tell_owner(job, uow, mailer, "change_undone", link=link, minutes=config[RESET_TTL_MINUTES])


async def confirm_new_address(
    job: Job[topics.ConfirmNewAddress], uow: UnitOfWork, mailer: Mailer, config: Config, clock: Clock
) -> None:
    """Says which account asked, how and when, so that who did not ask can tell. A former release left no such words."""
    token = UUID(job.secret)
    async with uow() as db:
        user_id = await db.email_changes.find(token, clock())
        user = await db.users.find(user_id) if user_id is not None else None
        if user is None:  # used, or replaced by a later wish
            return
        address = await db.email_changes.new_email(token)
    link = VERIFY_EMAIL_CHANGE.link(str(token))
    hours = config[VERIFICATION_TTL_HOURS]
    payload = job.payload
    told: dict[str, Any] = {"link": link, "hours": hours, "account": mask_email(user.email)}
    told |= {"when": payload.when or "", "device": payload.device, "place": ""}
    notes = ("confirm_new_address.asked",) if payload.when else ()
    await mailer.send(job, "confirm_new_address", to=address, locale=user.locale, notes=notes, **told)


async def account_recovered(job: Job[topics.AccountRecovered], uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    link = RESET_PASSWORD.link(read_notice(job.secret).link)
    minutes = config[RESET_TTL_MINUTES]
    await _tell_of_change(job, uow, mailer, config, "account_recovered", link=link, minutes=minutes)


async def recovery_requested(job: Job[topics.RecoveryRequested], uow: UnitOfWork, mailer: Mailer) -> None:
    """To the address of then, with the link that stops it."""
    notice, payload = read_notice(job.secret), job.payload
    async with uow() as db:
        user = await db.users.find(payload.user)
    if user is None or user.status == "DELETED":
        return
    told: dict[str, Any] = {"when": payload.when} | ({"address": payload.address} if payload.address else {})
    note = "recovery_requested.email" if payload.address else "recovery_requested.two_factor"
    link = STOP_RECOVERY.link(notice.link)
    await mailer.send(job, "recovery_requested", to=notice.to, locale=user.locale, link=link, notes=(note,), **told)


async def confirm_recovery_address(job: Job[topics.ConfirmRecoveryAddress], uow: UnitOfWork, mailer: Mailer) -> None:
    """To the address that the account is to have."""
    notice, payload = read_notice(job.secret), job.payload
    async with uow() as db:
        user = await db.users.find(payload.user)
    if user is None or user.status == "DELETED":
        return
    told: dict[str, Any] = {"when": payload.when, "account": mask_email(user.email)}
    link = CONFIRM_RECOVERY.link(notice.link)
    await mailer.send(job, "confirm_recovery_address", to=notice.to, locale=user.locale, link=link, **told)


async def recovery_ended(job: Job[topics.RecoveryEnded], uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "recovery_ended")


async def two_factor_reset(job: Job[topics.TwoFactorReset], uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    await _tell_of_change(job, uow, mailer, config, "two_factor_reset")


async def address_recovered(job: Job[topics.AddressRecovered], uow: UnitOfWork, mailer: Mailer) -> None:
    """To the address that the account has since."""
    async with uow() as db:
        user = await db.users.find(job.payload.user)
    if user is not None and user.status != "DELETED":
        await mailer.send(job, "address_recovered", to=job.secret, locale=user.locale)


async def address_change_requested(
    job: Job[topics.AddressChangeRequested], uow: UnitOfWork, mailer: Mailer, config: Config
) -> None:
    await _tell_of_change(job, uow, mailer, config, "address_change_requested", address=job.payload.address)


async def address_changed(job: Job[topics.AddressChanged], uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    await _tell_of_change(job, uow, mailer, config, "address_changed", address=job.payload.address)


async def address_returned(job: Job[topics.AddressReturned], uow: UnitOfWork, mailer: Mailer) -> None:
    """To the address that the account had until the change of it was undone."""
    async with uow() as db:
        user = await db.users.find(job.payload.user)
    if user is not None and user.status != "DELETED":
        address = job.payload.address
        await mailer.send(job, "address_returned", to=job.secret, locale=user.locale, address=address)


async def password_changed(job: Job[topics.PasswordChanged], uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    """Also which platforms stand, and which were unlinked for being young."""
    payload = job.payload
    told: dict[str, Any] = {"when": payload.when, "device": payload.device, "days": config[YOUNG_DAYS]}
    states = {"standing": payload.standing, "unlinked": payload.unlinked}
    platforms: dict[str, Any] = {state: _platform_names(named) for state, named in states.items() if named}
    notes = [f"platforms.{state}" for state in platforms]
    await _tell_of_change(job, uow, mailer, config, "password_changed", notes=notes, **told, **platforms)


def _platform_names(platforms: str) -> str:
    return ", ".join(PLATFORM_NAMES[platform] for platform in platforms.split(",") if platform)


async def new_sign_in(job: Job[topics.NewSignIn], uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "new_sign_in", **_circumstances(job.payload))


async def sessions_ended(job: Job[topics.SessionsEnded], uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "sessions_ended", **_circumstances(job.payload))


async def sessions_ended_by_staff(job: Job[topics.SessionsEndedByStaff], uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "sessions_ended_by_staff", when=job.payload.when)


async def sign_in_after_failures(job: Job[topics.SignInAfterFailures], uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "sign_in_after_failures", **_circumstances(job.payload))


async def wrong_second_factors(job: Job[topics.WrongSecondFactors], uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "wrong_second_factors", **_circumstances(job.payload))


def _circumstances(told: topics.Circumstances) -> dict[str, Any]:
    return {"when": told.when, "device": told.device, "place": told.place}


async def password_guessed(job: Job[topics.PasswordGuessed], uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "password_guessed")


async def two_factor_enabled(
    job: Job[topics.TwoFactorEnabled], uow: UnitOfWork, mailer: Mailer, config: Config
) -> None:
    await _tell_of_change(job, uow, mailer, config, "two_factor_enabled")


async def two_factor_disabled(
    job: Job[topics.TwoFactorDisabled], uow: UnitOfWork, mailer: Mailer, config: Config
) -> None:
    await _tell_of_change(job, uow, mailer, config, "two_factor_disabled")


async def backup_codes_renewed(
    job: Job[topics.BackupCodesRenewed], uow: UnitOfWork, mailer: Mailer, config: Config
) -> None:
    await _tell_of_change(job, uow, mailer, config, "backup_codes_renewed")


async def phone_changed(job: Job[topics.PhoneChanged], uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    await _tell_of_change(job, uow, mailer, config, "phone_changed")


async def username_changed(job: Job[topics.UsernameChanged], uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    await _tell_of_change(job, uow, mailer, config, "username_changed", hours=config[UNDO_HOURS])


async def provider_linked(job: Job[topics.ProviderLinked], uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    provider = PLATFORM_NAMES[job.payload.provider]
    await _tell_of_change(job, uow, mailer, config, "provider_linked", provider=provider)


async def provider_unlinked(job: Job[topics.ProviderUnlinked], uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    provider = PLATFORM_NAMES[job.payload.provider]
    await _tell_of_change(job, uow, mailer, config, "provider_unlinked", provider=provider)


async def export_requested(job: Job[topics.ExportRequested], uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "export_requested")


async def export_started(job: Job[topics.ExportStarted], uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "export_started")


async def export_ready(job: Job[topics.ExportReady], uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    await _tell_owner(job, uow, mailer, "export_ready", hours=config[EXPORT_TTL_HOURS])


async def deletion_scheduled(
    job: Job[topics.DeletionScheduled], uow: UnitOfWork, mailer: Mailer, config: Config
) -> None:
    link, date = _reactivation_link(job), job.payload.date
    await _tell_of_change(job, uow, mailer, config, "deletion_scheduled", link=link, date=date)


async def deletion_cancelled(job: Job[topics.DeletionCancelled], uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "deletion_cancelled")


async def account_erased(job: Job[topics.AccountErased], mailer: Mailer) -> None:
    """To an address that nothing else here knows any more."""
    (to, _, code), left = job.secret.partition(" "), job.payload.left
    told: dict[str, Any] = {"left": left, "code": code} if left else {}
    notes = ["account_erased.left", "account_erased.claim"] if left else []
    if job.payload.earnings is not None:
        told["earnings"] = job.payload.earnings
        notes.append("account_erased.earnings")
    await mailer.send(job, "account_erased", to=to, locale=job.payload.locale, notes=notes, **told)


async def statement_of_reasons(
    job: Job[topics.StatementOfReasons], uow: UnitOfWork, mailer: Mailer, config: Config
) -> None:
    """What was decided and why, for how long, and how to object (DSA Art. 17)."""
    async with uow() as db:
        made = await db.statements.find(job.payload.statement)
    if made is not None:
        told: dict[str, Any] = {
            "id": str(made.id),
            "facts": made.facts,
            "reference": made.reference,
            "explanation": made.explanation,
            "start": moment(made.starts_at),
            "end": moment(made.ends_at) if made.ends_at else None,
            "territory": ", ".join(made.territory or ()) or None,
            "days": config[APPEAL_DAYS],
        }
        await _tell_owner(
            job, uow, mailer, "statement_of_reasons", link=APPEAL.link(job.secret), notes=notes_of(made), **told
        )


async def restriction_ended(job: Job[topics.RestrictionEnded], uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "restriction_ended", id=str(job.payload.statement))


async def appeal_decided(job: Job[topics.AppealDecided], uow: UnitOfWork, mailer: Mailer) -> None:
    """Either way, with the reasons, and what remains to be done (DSA Art. 20(5))."""
    async with uow() as db:
        appeal = await db.appeals.find(job.payload.appeal)
    if appeal is not None and appeal.outcome is not None:
        notes = (f"appeal_decided.{appeal.outcome}", "appeal_decided.explanation", *REDRESS)
        told: dict[str, Any] = {"when": moment(appeal.created_at), "explanation": appeal.explanation}
        await _tell_owner(job, uow, mailer, "appeal_decided", notes=notes, **told)


async def session_theft(job: Job[topics.SessionTheft], uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    """A former release left no link."""
    link = RESET_PASSWORD.link(job.secret) if job.secret else None
    notes, minutes = ("session_theft.link",) if link else (), config[RESET_TTL_MINUTES]
    await _tell_owner(job, uow, mailer, "session_theft", link=link, notes=notes, minutes=minutes)


async def _tell_owner(
    job: Job[topics.ToOwner], uow: UnitOfWork, mailer: Mailer, template: str, link: Link | None = None, **words: Any
) -> None:
    async with uow() as db:
        user = await db.users.find(job.payload.user)
    if user is not None and user.status != "DELETED":
        await mailer.send(job, template, to=user.email, locale=user.locale, link=link, **words)


def _reactivation_link(job: Job[Any]) -> Link:
    return REACTIVATE.link(read_notice(job.secret).link or job.secret)


async def _tell_of_change(
    job: Job[topics.ToOwner],
    uow: UnitOfWork,
    mailer: Mailer,
    config: Config,
    template: str,
    link: Link | None = None,
    notes: Sequence[str] = (),
    **words: Any,
) -> None:
    """To the address that was proven before the change: by now the account may have another, and another owner."""
    notice = read_notice(job.secret)
    async with uow() as db:
        user = await db.users.find(job.payload.user)
    if user is not None and user.status != "DELETED":
        # Jobs of a release without notices had the address alone, or nothing.
        to = notice.to or (job.secret if "@" in job.secret else user.email)
        words |= _links(config, notice, link)
        await mailer.send(job, template, to=to, locale=user.locale, notes=notes, **words)


def _links(config: Config, notice: Notice, link: Link | None) -> dict[str, Any]:
    undo = UNDO_CHANGE.link(notice.undo) if notice.undo else None
    return {"link": link, "undo": undo, "undo_hours": config[UNDO_HOURS]}


async def legal_changed(job: Job[topics.LegalChanged], uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    payload = job.payload
    async with uow() as db:
        user, version = await db.users.find(payload.user), await db.legal.find(payload.version)
        if user is None or user.status == "DELETED" or version is None:
            return
        locale = user.locale or config[SUPPORTED_LOCALES][0]
        summary = await db.legal.summary(version, locale)
    told: dict[str, Any] = {"version": version.label, "date": day(version.effective_at)}
    notes = ["legal_changed.read"]
    if summary:
        notes.insert(0, "legal_changed.summary")
        told["summary"] = summary
    told["page"] = text_page(version.slug, version.label, config)
    await mailer.send(job, f"{version.slug}_changed", to=user.email, locale=locale, notes=notes, **told)


async def contact_received(job: Job[topics.ContactReceived], uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    """To whoever answers for the platform; a reply goes to who wrote."""
    async with uow() as db:
        message = await db.contact_messages.find(job.payload.message)
    if message is None or not config[CONTACT_EMAIL]:
        return
    told: dict[str, Any] = {"name": message.name or "", "email": message.email, "subject": message.subject}
    told |= {"message": message.message, "when": moment(message.created_at), "language": message.locale}
    await mailer.send(
        job, "contact_received", to=config[CONTACT_EMAIL], locale=None, reply_to=message.email,
        notes=("contact_received.message",), **told,
    )  # fmt: skip


async def confirm_subscription(
    job: Job[topics.ConfirmSubscription],
    uow: UnitOfWork,
    mailer: Mailer,
    config: Config,
    clock: Clock,
    operation_urls: OperationUrls,
    subscriptions: Subscriptions,
) -> None:
    """An address whose server refuses it for good is left alone for a while, on all pages."""
    async with uow() as db:
        asked = await db.subscribers.asked(job.payload.subscriber, UUID(job.secret))
    if asked is None:  # used, or replaced by a later one
        return
    told: dict[str, Any] = {"name": f"@{asked.username}" if asked.username else "", "when": moment(asked.mailed_at)}
    reached = await mailer.reach(
        job, "confirm_subscription", to=asked.email, locale=asked.locale, link=CONFIRM_SUBSCRIPTION.link(job.secret),
        unsubscribe=f"{operation_urls.of('creators.subscribers.unsubscribe_one_click')}?id={asked.id}",
        days=config[TOKEN_DAYS], **told,
    )  # fmt: skip
    if not reached:
        async with uow() as db:
            await db.mail_suppressions.add(subscriptions.refused(asked.email), clock() + SUPPRESSED_FOR)


async def session_theft_alert(job: Job[topics.SessionTheftAlert], mailer: Mailer, config: Config) -> None:
    if config[ALERT_EMAIL]:
        await mailer.send(job, "session_theft_alert", to=config[ALERT_EMAIL], locale=None, user=str(job.payload.user))


async def bank_details_changed(job: Job[topics.BankDetailsChanged], uow: UnitOfWork, mailer: Mailer) -> None:
    told: dict[str, Any] = job.payload.written()
    notes = ("bank_details_changed.ends",) if job.payload.last4 else ()
    await _tell_owner(job, uow, mailer, "bank_details_changed", notes=notes, **told)


async def payout_account_connected(job: Job[topics.PayoutAccountConnected], uow: UnitOfWork, mailer: Mailer) -> None:
    told: dict[str, Any] = job.payload.written()
    await _tell_owner(job, uow, mailer, "payout_account_connected", **told)


async def payout_destination_changed(
    job: Job[topics.PayoutDestinationChanged], uow: UnitOfWork, mailer: Mailer
) -> None:
    told: dict[str, Any] = job.payload.written()
    await _tell_owner(job, uow, mailer, "payout_destination_changed", **told)


async def bank_details_decided(job: Job[topics.BankDetailsDecided], uow: UnitOfWork, mailer: Mailer) -> None:
    payload = job.payload
    template = f"bank_details_{payload.state.lower()}"
    more = "payable" if payload.state == VERIFIED else payload.rejected_for
    told: dict[str, Any] = {"last4": payload.last4}
    if payload.until is not None:
        more, told["until"] = "held", payload.until
    notes = () if more is None else (f"{template}.{more}",)
    await _tell_owner(job, uow, mailer, template, notes=notes, **told)


async def tax_form_decided(job: Job[topics.TaxFormDecided], uow: UnitOfWork, mailer: Mailer) -> None:
    template, told = f"tax_form_{job.payload.state.lower()}", {}
    if job.payload.form is not None:
        async with uow() as db:
            found = await db.tax_forms.find_of(job.payload.form)
        if found is None or found.TaxForm.statement is None:  # erased, or decided otherwise since
            return
        told = {"statement": found.TaxForm.statement, "notes": ("tax_form_rejected.statement",)}
    await _tell_owner(job, uow, mailer, template, **told)


async def tax_form_ends(job: Job[topics.TaxFormEnds], uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "tax_form_ends", when=job.payload.when)


async def report_received(job: Job[topics.ReportReceived], uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_reporter(job, uow, mailer, "report_received")


async def report_decided(job: Job[topics.ReportDecided], uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_reporter(job, uow, mailer, "report_decided")


async def _tell_reporter(job: Job[topics.AboutReport], uow: UnitOfWork, mailer: Mailer, template: str) -> None:
    """To the account, or to the address that was stated."""
    async with uow() as db:
        notice = await db.cases.find_notice(job.payload.notice)
        user = await db.users.find(notice.user_id) if notice is not None and notice.user_id is not None else None
    if notice is None:
        return
    told: dict[str, Any] = {"target": called(notice.evidence, notice.target_id), "number": str(notice.id)}
    told |= {"when": moment(notice.created_at), "notes": notes_of_report(template, notice)}
    if user is not None and user.status != "DELETED":
        await mailer.send(job, template, to=user.email, locale=user.locale, **told)
    elif notice.email is not None:
        await mailer.send(job, template, to=notice.email, locale=notice.locale, **told)


async def ticket_created(job: Job[topics.TicketCreated], uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    async with uow() as db:
        ticket = await db.support_desk.find(job.payload.ticket)
    if ticket is not None:
        await _tell_support(job, uow, mailer, config, "ticket_created", ticket)


async def ticket_update(job: Job[topics.TicketUpdate], uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    """To its owner, or to whoever works on it."""
    async with uow() as db:
        ticket = await db.support_desk.find(job.payload.ticket)
        owner = await db.users.find(ticket.user_id) if ticket is not None else None
    if ticket is None or owner is None or owner.status == "DELETED":
        return
    if job.payload.user == owner.id:
        told: dict[str, Any] = {"title": ticket.subject, "number": str(ticket.id)}
        await mailer.send(job, "ticket_update", to=owner.email, locale=owner.locale, **told)
    else:
        await _tell_support(job, uow, mailer, config, "ticket_reply", ticket)


async def kyc_update(job: Job[topics.KycUpdate], uow: UnitOfWork, mailer: Mailer) -> None:
    payload = job.payload
    told: dict[str, Any] = {"date": payload.date} if payload.date is not None else {}
    if payload.verdict == "rejected":
        told["notes"] = ("kyc_rejected.final" if payload.final else "kyc_rejected.again",)
    await _tell_owner(job, uow, mailer, f"kyc_{payload.verdict}", **told)


async def debt_owed(job: Job[topics.DebtOwed], uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "debt_owed", amount=job.payload.amount)


async def reward_paid(job: Job[topics.RewardPaid], uow: UnitOfWork, mailer: Mailer) -> None:
    await _tell_owner(job, uow, mailer, "reward_paid", amount=job.payload.amount)


async def payout_told(job: Job[topics.PayoutTold], uow: UnitOfWork, mailer: Mailer) -> None:
    template, why = f"payout_{job.payload.news}", job.payload.why
    async with uow() as db:
        payout = (await db.payout_desk.find(job.payload.payout)).Payout
    told: dict[str, Any] = {"amount": f"{Money(payout.amount)} {payout.currency}"}
    notes = [] if why is None else [f"{template}.{why}"]
    if template == "payout_ended" and payout.statement is not None:
        told["statement"] = payout.statement
        notes.append("payout_ended.statement")
    await _tell_owner(job, uow, mailer, template, notes=notes, **told)


async def _tell_support(
    job: Job[topics.AboutTicket], uow: UnitOfWork, mailer: Mailer, config: Config, template: str, ticket: Any
) -> None:
    """Who is no staff any more is told nothing of tickets; then the address of support is."""
    user = job.payload.user
    told: dict[str, Any] = {"title": ticket.subject, "number": str(ticket.id)}
    async with uow() as db:
        of_staff = user is not None and bool(await db.staff.roles_of(user))
        member = await db.users.find(user) if user is not None and of_staff else None
    if member is not None and member.status == "ACTIVE":
        await mailer.send(job, template, to=member.email, locale=member.locale, **told)
    elif config[CONTACT_EMAIL]:
        await mailer.send(job, template, to=config[CONTACT_EMAIL], locale=None, **told)


async def sms_alert(job: Job[topics.SmsAlert], mailer: Mailer, config: Config) -> None:
    if config[ALERT_EMAIL]:
        told: dict[str, Any] = job.payload.written()
        await mailer.send(job, "sms_alert", to=config[ALERT_EMAIL], locale=None, **told)


async def staff_changed(job: Job[topics.StaffChanged], uow: UnitOfWork, mailer: Mailer) -> None:
    """Names are of now: whoever got or lost a role may have another address since."""
    payload = job.payload
    async with uow() as db:
        member = await db.users.find(payload.member)
        by = await db.users.find(payload.by) if payload.by is not None else None
    told: dict[str, Any] = {"account": member.email if member else str(payload.member), "role": payload.role}
    told["by"] = by.email if by else ""
    await _tell_owner(job, uow, mailer, f"staff_{payload.change}", **told)


async def staff_invited(job: Job[topics.StaffInvited], uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    link, minutes = RESET_PASSWORD.link(job.secret), config[RESET_TTL_MINUTES]
    await _tell_owner(job, uow, mailer, "staff_invited", link=link, minutes=minutes, role=job.payload.role)


async def audit_head(job: Job[topics.AuditHead], mailer: Mailer, config: Config) -> None:
    if config[ALERT_EMAIL]:
        told: dict[str, Any] = job.payload.written()
        await mailer.send(job, "audit_head", to=config[ALERT_EMAIL], locale=None, **told)


async def switch_changed(job: Job[topics.SwitchChanged], uow: UnitOfWork, mailer: Mailer) -> None:
    payload = job.payload
    async with uow() as db:
        by = await db.users.find(payload.by)
    told: dict[str, Any] = {"switch": payload.switch, "reason": payload.reason}
    told["by"] = by.email if by else str(payload.by)
    if payload.until is not None:
        told["until"] = payload.until
    notes = ("switch.until",) if payload.until is not None else ()
    await _tell_owner(job, uow, mailer, f"switch_{payload.state}", notes=notes, **told)
