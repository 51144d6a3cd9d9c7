"""The providers that do what we cannot: how they do, which of them are used, with which settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.admin.providers import (
    ConfigRefused,
    Told,
    family_view,
    probe_view,
    require_may_order,
    sample_of,
    settings_view,
    since,
    tries_view,
)
from domain.config.changes import Author
from domain.errors import moved_on

if TYPE_CHECKING:
    from datetime import datetime

    from domain.wire import admin as wire
    from domain.wire import common
    from handlers.needs import Clock, Principal, ProviderDesk, ProviderSamples, Repositories, UnitOfWork


async def list(db: Repositories, provider_desk: ProviderDesk, clock: Clock) -> wire.ProviderFamilies:  # noqa: A001
    told, versions = await _told(db, clock()), await db.providers.versions()
    shapes = provider_desk.shapes()
    return {"items": [family_view(shape, versions.get(shape.family, 0), told) for shape in shapes]}


async def get(family: str, db: Repositories, provider_desk: ProviderDesk, clock: Clock) -> wire.ProviderFamily:
    shape = provider_desk.shape(family)
    return family_view(shape, await db.providers.version(family), await _told(db, clock(), family))


async def order(
    family: str,
    body: wire.ProviderOrderRequest,
    expected_version: int,
    principal: Principal,
    provider_desk: ProviderDesk,
    uow: UnitOfWork,
    clock: Clock,
) -> wire.ProviderFamily:
    active, failover = body["active"], body["failover"]
    with ConfigRefused(family):
        provider_desk.require_order(family, active, failover)
    require_may_order(family, active, principal.permissions)
    async with uow.reading() as db:
        await _require_version(db, family, expected_version)
    if not body.get("force"):
        await provider_desk.require_ready(family, [active, *failover])
    await provider_desk.follow()
    before = provider_desk.shape(family)
    async with uow() as db:
        await _move(db, family, expected_version)
        await provider_desk.put_order(db, family, active, failover, Author(principal.user_id, body["reason"]))
        await db.audit.record(
            "admin.providers.order",
            actor=principal.user_id,
            target=family,
            reason=body["reason"],
            before={"active": before.active, "failover": [*before.failover]},
            after={"active": active, "failover": failover},
        )
        version, told = await db.providers.version(family), await _told(db, clock(), family)
    await provider_desk.follow()
    return family_view(before.ordered(active, failover), version, told)


async def settings(
    family: str,
    name: str,
    body: wire.ProviderSettingsRequest,
    expected_version: int,
    principal: Principal,
    provider_desk: ProviderDesk,
    uow: UnitOfWork,
) -> wire.ProviderSettings:
    await provider_desk.follow()
    provider_desk.settings(family, name)
    author = Author(principal.user_id, body["reason"])
    values = {each["key"]: each["value"] for each in body["values"]}
    async with uow() as db:
        await _move(db, family, expected_version)
        with ConfigRefused(f"{family}.{name}"):
            written = await provider_desk.put_settings(db, family, name, values, author)
        await db.audit.record(
            "admin.providers.settings",
            actor=principal.user_id,
            target=f"{family}.{name}",
            reason=body["reason"],
            before={one.name: one.before for one in written},
            after={one.name: one.after for one in written},
        )
        version = await db.providers.version(family)
    await provider_desk.follow()
    shown = settings_view(provider_desk.settings(family, name))
    return {"family": family, "name": name, "version": version, "settings": shown}


async def probe(
    family: str, name: str, principal: Principal, provider_desk: ProviderDesk, uow: UnitOfWork, clock: Clock
) -> common.ProviderProbe:
    probe = await provider_desk.probe(family, name)
    async with uow() as db:
        if probe.ok:
            await db.providers.pass_probe(family, name, clock())
        await db.audit.record(
            "admin.providers.probe", actor=principal.user_id, target=f"{family}.{name}", after={"ok": probe.ok}
        )
    return probe_view(probe)


async def test(
    family: str,
    name: str,
    body: wire.ProviderTestRequest,
    principal: Principal,
    provider_desk: ProviderDesk,
    provider_samples: ProviderSamples,
    uow: UnitOfWork,
) -> common.ProviderTest:
    provider_desk.require(family, name)
    async with uow.reading() as db:
        user = await db.users.find(principal.user_id)
    tries = await provider_samples.try_out(family, sample_of(family, body, user), name)
    result = tries_view(tries)
    async with uow() as db:
        await db.audit.record(
            "admin.providers.test",
            actor=principal.user_id,
            target=f"{family}.{name}",
            after={"outcome": result["outcome"]},
        )
    return result


async def _told(db: Repositories, now: datetime, family: str | None = None) -> Told:
    start = since(now)
    return Told(
        start,
        await db.providers.states(family),
        await db.providers.outcomes(start, family),
        await db.providers.faults(start, family),
        await db.providers.probes(),
    )


async def _require_version(db: Repositories, family: str, expected: int) -> None:
    current = await db.providers.version(family)
    if current != expected:
        raise moved_on(current)


async def _move(db: Repositories, family: str, expected: int) -> None:
    """The family is held still from here on, before any of its keys is."""
    await db.config.take_turns()
    if not await db.providers.move(family, expected):
        raise moved_on(await db.providers.version(family))
