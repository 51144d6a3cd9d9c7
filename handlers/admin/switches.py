"""Features that staff turns off and on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import topics
from domain.admin.config import end_of
from domain.admin.switches import require_may_switch, switch_view
from domain.config.changes import Author, Wish
from domain.users import moment

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Clock, Config, ConfigDesk, Principal, Repositories, UnitOfWork


async def list(desk: ConfigDesk, db: Repositories, clock: Clock) -> wire.Switches:  # noqa: A001
    now = clock()
    changes = await db.config_history.current([switch.name for switch in desk.switches])
    entries = {entry.key: entry for entry in await desk.entries(db, now)}
    shown = [switch_view(switch, entries[switch.name], changes.get(switch.name)) for switch in desk.switches]
    return {"items": shown}


async def set(  # noqa: A001
    name: str,
    body: wire.SetSwitchRequest,
    expected_version: int,
    principal: Principal,
    uow: UnitOfWork,
    desk: ConfigDesk,
    config: Config,
    clock: Clock,
) -> wire.Switch:
    now, switch, on, reason = clock(), desk.switch(name), body["on"], body["reason"]
    until = end_of(name, body.get("until"), now)
    async with uow() as db:
        entry = await desk.entry(db, name, now)
        require_may_switch(switch, entry, principal, now, config, on=on, ends=until is not None)
        wish = Wish(name, switch.value_for(on=on), expected_version, until)
        await desk.change(db, [wish], Author(principal.user_id, reason), now)
        state, ends = topics.ON if on else topics.OFF, None if until is None else moment(until)
        for owner in await db.staff.owners():
            await db.outbox.add(topics.SwitchChanged(owner, name, state, principal.user_id, reason, ends))
        await db.audit.record(
            "admin.switches.set",
            actor=principal.user_id,
            target=name,
            reason=reason,
            before={"on": switch.is_on(entry)},
            after={"on": on, "until": body.get("until")},
        )
        shown = switch_view(
            switch, await desk.entry(db, name, now), (await db.config_history.current([name])).get(name)
        )
    await desk.refresh()
    return shown
