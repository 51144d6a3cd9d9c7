"""Notices of content that is illegal or against the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import topics
from domain.errors import ApiError
from domain.keys import Purpose
from domain.mails import allowance
from domain.trust.reports import reporter_of

if TYPE_CHECKING:
    from uuid import UUID

    from domain.trust.reports import Reporter
    from domain.wire import reports as wire
    from handlers.needs import Client, Clock, Config, DigestsOf, Principal, Repositories


async def submit(
    body: wire.SubmitReportRequest,
    principal: Principal | None,
    db: Repositories,
    client: Client,
    config: Config,
    clock: Clock,
    digests: DigestsOf,
) -> wire.Report:
    reporter = reporter_of(body, principal)
    target = await db.cases.find_target(body["targetType"], body["targetId"])
    if target is None:
        raise ApiError("report.target_not_found")
    held = await db.cases.hold_accounts(target.user_id, *([reporter.user_id] if reporter.user_id else []))
    if target.user_id not in held:
        raise ApiError("report.target_not_found")
    if reporter.user_id is not None and reporter.user_id not in held:
        raise ApiError("auth.unauthenticated")
    case_id = await db.cases.join(target, "NOTICE", body["category"])
    notice_id = await db.cases.add_notice(
        case_id,
        user_id=reporter.user_id,
        name=reporter.name,
        email=reporter.email,
        locale=client.locale,
        category=body["category"],
        explanation=body["explanation"],
    )
    if notice_id is None:
        return {"id": str(await _first(db, case_id, reporter))}
    await db.cases.note_look(case_id, target, clock())
    if await _may_be_mailed(db, reporter, config, clock, digests):
        await db.outbox.add(topics.ReportReceived(notice_id, reporter.user_id))
    await db.audit.record("report.submitted", actor=reporter.user_id, target=notice_id)
    return {"id": str(notice_id)}


async def _first(db: Repositories, case_id: UUID, reporter: Reporter) -> UUID:
    """A stranger who states somebody's address must not learn whether its owner reported the same."""
    if reporter.email is None:
        raise ApiError("report.already_open")
    return await db.cases.notice_from(case_id, reporter.email)


async def _may_be_mailed(
    db: Repositories, reporter: Reporter, config: Config, clock: Clock, digests: DigestsOf
) -> bool:
    if reporter.user_id is not None:
        return True
    if reporter.email is None:
        return False
    quota = digests(Purpose.MAIL_QUOTA, "report", reporter.email)
    return bool(await db.mail_quotas.take(quota, clock(), allowance(config)))
