"""What providers notified of, and how far it is processed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain import topics
from domain.admin import not_found
from domain.errors import transition_invalid
from domain.webhooks import may_be_replayed, webhook_event_view

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from domain.wire import common
    from handlers.needs import Clock, Principal, Repositories, Walk


async def list(  # noqa: A001
    db: Repositories,
    walk: Walk,
    state: common.WebhookEventState | None = None,
    family: str | None = None,
    object_ref: str | None = None,
) -> wire.WebhookEvents:
    filters = {"state": state, "family": family, "object_ref": object_ref}
    rows = await db.provider_events.page(walk.after(datetime, UUID), walk.rows, filters)
    shown, further = walk.page(rows, lambda row: (row.received_at, row.id))
    return {"items": [webhook_event_view(row) for row in shown], "nextCursor": further}


async def replay(
    id: str,  # noqa: A002
    body: wire.ReplayWebhookEventRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> common.WebhookEvent:
    event = await db.provider_events.find_for_update(UUID(id))
    if event is None:
        raise not_found("webhook event")
    if not may_be_replayed(event):
        raise transition_invalid(event.state, "RECEIVED")
    replayed = await db.provider_events.replay(event.id, clock())
    await db.outbox.add(topics.ApplyEvent(event.id))
    before = {"family": event.family, "provider": event.provider, "state": event.state}
    actor, reason = principal.user_id, body["reason"]
    await db.audit.record("admin.finance.webhooks.replay", actor=actor, target=event.id, reason=reason, before=before)
    return webhook_event_view(replayed)
