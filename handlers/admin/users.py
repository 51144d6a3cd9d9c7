"""Accounts as staff finds them, views them, and helps their owners."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain import topics
from domain.admin import not_found
from domain.admin.users import (
    AT_A_TIME,
    COLUMNS,
    HELD,
    MOST_ROWS,
    MOST_TOLD,
    Beside,
    Filters,
    account_view,
    counted,
    export_view,
    require_helps,
    require_status,
    row_cells,
    row_view,
    search_of,
)
from domain.answers.csv import lines
from domain.auth import REFRESH_IDLE_DAYS
from domain.errors import ApiError
from domain.gdpr import EXPORT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.admin.users import Order
    from domain.wire import admin as wire
    from handlers.needs import (
        Clock,
        Config,
        CurrentPassword,
        DeviceOf,
        Principal,
        Repositories,
        SecondFactor,
        Walk,
    )


async def list(  # noqa: A001
    walk: Walk,
    principal: Principal,
    db: Repositories,
    q: str | None,
    status: str | None,
    role: str | None,
    country: str | None,
    two_factor: bool | None,
    created_from: str | None,
    created_to: str | None,
    count: bool | None,
) -> wire.AdminUsers:
    filters = Filters(search_of(q), status, role, country, two_factor, *_moments(created_from, created_to))
    order: Any = walk.sort
    rows = await db.admin_users.page(filters, order, walk.after(datetime, UUID), walk.rows)
    shown, further = walk.page(rows, lambda row: (_sorted_by(row, order), row.id))
    page: wire.AdminUsers = {"items": [row_view(row, principal) for row in shown], "nextCursor": further}
    if count:
        page["count"], page["exact"] = counted(await db.admin_users.count(filters))
    return page


def _moments(*texts: str | None) -> Iterator[datetime | None]:
    return (None if text is None else datetime.fromisoformat(text) for text in texts)


def _sorted_by(row: Any, order: Order) -> datetime:
    moment: datetime = row.signed_in_at if order == "-lastLoginAt" else row.created_at
    return moment


async def csv(
    principal: Principal,
    db: Repositories,
    q: str | None,
    status: str | None,
    role: str | None,
    country: str | None,
    two_factor: bool | None,
    created_from: str | None,
    created_to: str | None,
) -> str:
    """A few rows at a time, so that others have their turn."""
    filters = Filters(search_of(q), status, role, country, two_factor, *_moments(created_from, created_to))
    await db.admin_users.use_snapshot()
    parts, keys, found = [lines([COLUMNS])], None, 0
    while found < MOST_ROWS:
        rows = await db.admin_users.page(filters, "-createdAt", keys, AT_A_TIME)
        parts.append(lines(row_cells(row, principal) for row in rows))
        found += len(rows)
        if len(rows) < AT_A_TIME:
            break
        keys = (rows[-1].created_at, rows[-1].id)
    narrowed = {"status": status, "role": role, "country": country, "twoFactor": two_factor}
    narrowed |= {"createdFrom": created_from, "createdTo": created_to, "q": filters.search and filters.search.kind}
    told = {name: value for name, value in narrowed.items() if value is not None}
    await db.audit.record("admin.users.csv", actor=principal.user_id, filters=told, rows=found)
    return "".join(parts)


async def get(
    id: str,  # noqa: A002
    principal: Principal,
    db: Repositories,
    config: Config,
    clock: Clock,
    device_of: DeviceOf,
) -> wire.AdminUser:
    user_id = UUID(id)
    found = await db.admin_users.find(user_id, clock(), timedelta(days=config[REFRESH_IDLE_DAYS]))
    if found is None:
        raise not_found("account")
    beside = Beside(
        await db.admin_users.open_cases(user_id, MOST_TOLD),
        await db.admin_users.restrictions(user_id, MOST_TOLD),
        await db.admin_users.events(user_id, MOST_TOLD),
    )
    await db.audit.record("admin.users.viewed", actor=principal.user_id, target=user_id)
    return account_view(found, beside, device_of(found.user.registration_device), principal)


async def reveal(id: str, body: wire.RevealRequest, principal: Principal, db: Repositories) -> wire.Revealed:  # noqa: A002
    user = await db.users.find(UUID(id))
    if user is None:
        raise not_found("account")
    fields = sorted(set(body["fields"]))
    await db.audit.record(
        "admin.users.reveal", actor=principal.user_id, target=user.id, reason=body["reason"], fields=fields
    )
    revealed: wire.Revealed = {}
    if "email" in fields:
        revealed["email"] = user.email
    if "phone" in fields:
        revealed["phone"] = user.phone
    if "ip" in fields:
        revealed["ip"] = await db.admin_users.last_ip(user.id)
    return revealed


async def assist(
    id: str,  # noqa: A002
    body: wire.AssistRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
    current_password: CurrentPassword,
    second_factor: SecondFactor,
) -> None:
    act = body["act"]
    user = await db.admin_users.hold(UUID(id), principal)
    require_helps(act, user)
    if act == "VERIFY_EMAIL":
        await db.outbox.add(topics.ResendVerification(), secret=user.email)
    elif act == "PASSWORD_RESET":
        await db.outbox.add(topics.ForgotPassword("known"), secret=user.email)
    else:
        await db.users.change(user.id, unlocked_at=clock())
        await current_password.forget_guesses(db, user.id)
        await second_factor.forget_failures(db, user.id)
    await db.audit.record("admin.users.assist", actor=principal.user_id, target=user.id, reason=body["reason"], act=act)


async def export(
    id: str,  # noqa: A002
    body: wire.ExportUserRequest,
    principal: Principal,
    db: Repositories,
) -> wire.ExportOfUser:
    user = await db.admin_users.hold(UUID(id), principal)
    require_status(user.status, HELD)
    request = await db.gdpr_requests.add(user.id, EXPORT, unless=("PENDING", "PROCESSING"))
    if request is None:
        raise ApiError("error.gdpr.export_already_pending")
    await db.outbox.add(topics.BuildExport(request.id))
    await db.outbox.add(topics.ExportStarted(user.id))
    await db.audit.record(
        "admin.users.export",
        actor=principal.user_id,
        target=user.id,
        reason=body["reason"],
        request=str(request.id),
    )
    return export_view(request)
