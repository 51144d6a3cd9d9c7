"""Coupons as the staff makes and changes them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin import not_found
from domain.admin.money.coupons import as_written, changed_columns, coupon_columns, coupon_view, lowers, require_window
from domain.errors import ApiError, moved_on

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Principal, Repositories, Walk


async def list(db: Repositories, walk: Walk, active: bool | None = None) -> wire.Coupons:  # noqa: A001
    rows = await db.coupons.page(walk.after(datetime, UUID), walk.rows, active)
    shown, further = walk.page(rows, lambda coupon: (coupon.created_at, coupon.id))
    return {"items": [coupon_view(row) for row in shown], "nextCursor": further}


async def add(body: wire.CreateCouponRequest, principal: Principal, db: Repositories) -> wire.Coupon:
    columns = coupon_columns(body)
    require_window(columns)
    coupon = await db.coupons.add(columns)
    if coupon is None:
        raise ApiError("admin.coupon.code_taken")
    told = as_written(columns)
    await db.audit.record(
        "admin.coupons.add", actor=principal.user_id, target=coupon.id, reason=body["reason"], after=told
    )
    return coupon_view(coupon)


async def update(
    id: str,  # noqa: A002
    body: wire.UpdateCouponRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
) -> wire.Coupon:
    former = await db.coupons.hold(UUID(id))
    if former is None:
        raise not_found("coupon")
    if former.version != expected_version:
        raise moved_on(former.version)
    columns = changed_columns(body)
    require_window({"starts_at": former.starts_at, "ends_at": former.ends_at} | columns)
    if lowers(former, columns) and await db.coupons.in_use(former.id):
        raise ApiError("admin.coupon.limit_lowered")
    coupon = await db.coupons.change(former.id, columns)
    before = as_written({name: getattr(former, name) for name in columns})
    await db.audit.record(
        "admin.coupons.update", actor=principal.user_id, target=coupon.id, reason=body["reason"], before=before,
        after=as_written(columns),
    )  # fmt: skip
    return coupon_view(coupon)
