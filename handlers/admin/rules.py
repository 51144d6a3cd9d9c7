"""Rules of moderation: what is looked at, and what nobody may write."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.admin import not_found
from domain.admin.rules import as_written, duplicates, rule_columns, rule_view, verdict_view
from domain.errors import moved_on

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Moderation, Principal, Repositories, Walk


async def list(  # noqa: A001
    db: Repositories, walk: Walk, kind: wire.RuleKind | None = None, action: wire.RuleAction | None = None
) -> wire.ModerationRules:
    rows = await db.rules.newest(walk.after(datetime, UUID), walk.rows, kind, action)
    shown, further = walk.page(rows, lambda rule: (rule.created_at, rule.id))
    return {"items": [rule_view(row) for row in shown], "nextCursor": further}


async def add(body: wire.CreateRulesRequest, principal: Principal, db: Repositories) -> wire.CreatedRules:
    rules = rule_columns(body["rules"])
    await db.rules.move_on()
    made = [await db.rules.add(rule) for rule in rules]
    if None in made:
        raise duplicates(f"rules.{place}.pattern" for place, rule_id in enumerate(made) if rule_id is None)
    rows = await db.rules.get_all([rule_id for rule_id in made if rule_id is not None])
    told = {"rules": [as_written(row) for row in rows]}
    await db.audit.record("admin.rules.add", actor=principal.user_id, after=told)
    return {"items": [rule_view(row) for row in rows]}


async def remove(id: str, principal: Principal, db: Repositories) -> None:  # noqa: A002
    rule_id = UUID(id)
    await db.rules.move_on()
    former = await _get(db, rule_id)
    await db.rules.remove(rule_id)
    await db.audit.record("admin.rules.remove", actor=principal.user_id, target=rule_id, before=as_written(former))


async def update(
    id: str,  # noqa: A002
    body: wire.UpdateRuleRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
) -> wire.ModerationRule:
    rule_id = UUID(id)
    await db.rules.move_on()
    former = await _get(db, rule_id)
    before = as_written(former)
    (rule,) = rule_columns([before | body], path="")
    changed = await db.rules.change(rule_id, before, rule, expected_version)
    if changed is None:
        raise duplicates(["pattern"])
    if not changed:
        raise moved_on((await _get(db, rule_id)).version)
    row = await db.rules.find(rule_id)
    await db.audit.record(
        "admin.rules.update", actor=principal.user_id, target=rule_id, before=before, after=as_written(row)
    )
    return rule_view(row)


async def test(
    body: wire.TestRulesRequest, principal: Principal, db: Repositories, moderation: Moderation
) -> wire.RuleVerdict:
    await moderation.refresh()
    matches = moderation.rules.matches(body["text"], body["scope"], body.get("locale"))
    told = {"scope": body["scope"], "matches": len(matches)}
    await db.audit.record("admin.rules.test", actor=principal.user_id, after=told)
    return verdict_view(matches)


async def _get(db: Repositories, rule_id: UUID) -> Any:
    row = await db.rules.find(rule_id)
    if row is None:
        raise not_found("rule")
    return row
