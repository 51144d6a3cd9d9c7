"""What staff writes for everybody: drafts, what is published of them and when, and what was before."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.admin import not_found
from domain.admin.content.texts import (
    LEGAL,
    SECTIONS,
    Named,
    amends,
    changed,
    entry_columns,
    entry_view,
    full_view,
    in_force,
    kept,
    next_label,
    planned,
    require_kind,
    require_may_publish,
    require_reason,
    state_of,
    unknown,
    written,
)
from domain.clock import timestamp
from domain.content.publishing import EDITIONS, category_ids_of, columns_of, folded
from domain.errors import ApiError, moved_on, transition_invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.admin.content.texts import Plan
    from domain.wire import admin as wire
    from domain.wire import common
    from handlers.needs import Clock, Config, OperationUrls, Previews, Principal, Repositories, UnitOfWork, Walk


async def list(  # noqa: A001
    kind: common.ContentKind,
    db: Repositories,
    walk: Walk,
    clock: Clock,
    state: wire.ContentState | None = None,
    locale: str | None = None,
    category: str | None = None,
    q: str | None = None,
) -> wire.ContentEntries:
    rows = await db.content_texts.page(
        kind,
        walk.after(datetime, UUID),
        walk.rows,
        clock(),
        state=state,
        locale=locale,
        category=UUID(category) if category else None,
        named=(q.lower(), folded(q)) if q else None,
    )
    shown, further = walk.page(rows, lambda entry: (entry.updated_at, entry.id))
    return {"items": [entry_view(row) for row in shown], "nextCursor": further}


async def create(
    kind: common.ContentKind, body: wire.ContentFields, principal: Principal, db: Repositories, clock: Clock
) -> wire.ContentEntry:
    require_kind(kind, body)
    source, now = kept(kind, body), clock()
    await _require_categories(db, kind, source)
    columns = entry_columns(source)
    entry_id = await db.content_texts.add(columns | {"kind": kind}, source, principal.user_id, now)
    if entry_id is None:
        raise ApiError("admin.content.slug_taken")
    told = {"kind": kind, "slug": columns["slug"], "title": columns["title"]}
    await db.audit.record("admin.content.texts.create", actor=principal.user_id, target=entry_id, after=told)
    return entry_view(await _found(db, kind, entry_id, now))


async def get(
    kind: common.ContentKind,
    id: str,  # noqa: A002
    db: Repositories,
    clock: Clock,
) -> wire.ContentInFull:
    now = clock()
    entry = await _found(db, kind, UUID(id), now)
    draft = await _revision(db, entry.id, entry.draft)
    publications = await db.content_texts.publications(entry.id, now)
    return await asyncio.to_thread(full_view, entry, draft, publications, now)


async def remove(
    kind: common.ContentKind,
    id: str,  # noqa: A002
    expected_version: int,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> None:
    entry = await _found(db, kind, UUID(id), clock())
    if entry.version != expected_version:
        raise moved_on(entry.version)
    if await db.content_texts.was_published(entry.id):
        raise ApiError("admin.content.was_live")
    if not await db.content_texts.remove(entry.id, expected_version):
        raise moved_on((await _found(db, kind, entry.id, clock())).version)
    told = {"kind": kind, "slug": entry.slug, "title": entry.title}
    await db.audit.record("admin.content.texts.remove", actor=principal.user_id, target=entry.id, before=told)


async def update(
    kind: common.ContentKind,
    id: str,  # noqa: A002
    body: wire.ContentChanges,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.ContentEntry:
    require_kind(kind, body)
    now = clock()
    entry = await _found(db, kind, UUID(id), now)
    draft = await _revision(db, entry.id, entry.draft)
    source = kept(kind, {**written(kind, draft.source), **body})
    await _require_categories(db, kind, source)
    number = entry.draft if amends(draft, principal.user_id, now) else entry.draft + 1
    told = {"revision": number, "fields": changed(draft.source, source)}
    return await _write(db, "admin.content.texts.update", entry, expected_version, source, principal, now, told)


async def publish(
    kind: common.ContentKind,
    id: str,  # noqa: A002
    body: wire.PublishContentRequest,
    expected_version: int,
    principal: Principal,
    uow: UnitOfWork,
    clock: Clock,
    config: Config,
) -> wire.ContentEntry:
    now = clock()
    require_may_publish(kind, principal, now, config)
    plan = planned(kind, body, now)
    async with uow.reading() as db:
        entry = await _found(db, kind, UUID(id), now)
        revision = await _revision(db, entry.id, body["revision"])
    made = await asyncio.to_thread(columns_of, kind, revision.source)
    named = Named.of(entry, revision.source)
    async with uow() as db:
        await db.editions.move_on(EDITIONS[kind])
        former = await _move_on(db, entry, expected_version, now)
        await _require_categories(db, kind, revision.source)
        if named.slug is not None and await db.content_texts.is_taken(*named, now):
            raise ApiError("admin.content.slug_taken")
        told: dict[str, Any] = {"revision": revision.number, "at": timestamp(plan.at)}
        if kind == LEGAL:
            made |= await _announced(db, named, plan, config, now)
            told |= {"label": made["label"], "requiresConsent": plan.requires_consent}
        await db.publications.publish(named, revision.number, made, plan.at, now)
        await db.audit.record(
            "admin.content.texts.publish",
            actor=principal.user_id,
            target=entry.id,
            reason=body.get("reason"),
            before={"revision": former.live, "scheduledAt": timestamp(former.scheduled_at)},
            after=told,
        )
        return entry_view(await _found(db, kind, entry.id, now))


async def unpublish(
    kind: common.ContentKind,
    id: str,  # noqa: A002
    body: wire.UnpublishContentRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    clock: Clock,
    config: Config,
) -> wire.ContentEntry:
    now = clock()
    require_may_publish(kind, principal, now, config)
    require_reason(kind, body)
    await db.editions.move_on(EDITIONS[kind])
    entry = await _found(db, kind, UUID(id), now)
    former = await _move_on(db, entry, expected_version, now)
    if kind == LEGAL:
        await _withdraw(db, entry.id, now)
    if not await db.publications.unpublish(former, now):
        raise transition_invalid(state_of(former), "ARCHIVED")
    await db.audit.record(
        "admin.content.texts.unpublish",
        actor=principal.user_id,
        target=entry.id,
        reason=body.get("reason"),
        before={"revision": former.live, "scheduledAt": timestamp(former.scheduled_at)},
    )
    return entry_view(await _found(db, kind, entry.id, now))


async def restore(
    kind: common.ContentKind,
    id: str,  # noqa: A002
    body: wire.RestoreContentRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.ContentEntry:
    now = clock()
    entry = await _found(db, kind, UUID(id), now)
    revision = await _revision(db, entry.id, body["revision"])
    await _require_categories(db, kind, revision.source)
    told = {"revision": entry.draft + 1, "restored": revision.number}
    return await _write(
        db, "admin.content.texts.restore", entry, expected_version, revision.source, principal, now, told
    )


async def preview(
    kind: common.ContentKind,
    id: str,  # noqa: A002
    body: wire.PreviewContentRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
    operation_urls: OperationUrls,
    previews: Previews,
) -> wire.ContentPreviewLink:
    now = clock()
    entry = await _found(db, kind, UUID(id), now)
    revision = await _revision(db, entry.id, body["revision"])
    expires = (now + timedelta(minutes=body["minutes"])).replace(microsecond=0)
    url = operation_urls.of("content.previews.find", token=previews.sign(kind, entry.id, revision.number, expires))
    told = {"revision": revision.number, "expiresAt": timestamp(expires)}
    await db.audit.record("admin.content.texts.preview", actor=principal.user_id, target=entry.id, after=told)
    return {"url": url, "expiresAt": timestamp(expires)}


async def _write(
    db: Repositories,
    action: str,
    entry: Any,
    expected_version: int,
    source: Mapping[str, Any],
    principal: Principal,
    now: datetime,
    told: Mapping[str, Any],
) -> wire.ContentEntry:
    """The draft becomes the ``source``, under the number of the revision that the audit entry is ``told``."""
    done = await db.content_texts.write(
        entry, expected_version, entry_columns(source), source, principal.user_id, now, number=told["revision"]
    )
    if done is None:
        raise ApiError("admin.content.slug_taken")
    if not done:
        raise moved_on((await _found(db, entry.kind, entry.id, now)).version)
    before = {"revision": entry.draft}
    await db.audit.record(action, actor=principal.user_id, target=entry.id, before=before, after=told)
    return entry_view(await _found(db, entry.kind, entry.id, now))


async def _move_on(db: Repositories, entry: Any, expected_version: int, now: datetime) -> Any:
    """The entry with what is public of it, held until the end."""
    if not await db.content_texts.move_on(entry.id, expected_version, now):
        raise moved_on((await _found(db, entry.kind, entry.id, now)).version)
    return await _found(db, entry.kind, entry.id, now)


async def _announced(db: Repositories, named: Named, plan: Plan, config: Config, now: datetime) -> dict[str, Any]:
    """What makes a publication a version of a legal text; of one that was announced and never came, nothing stays."""
    slug = str(named.slug)
    await _withdraw(db, named.id, now)
    labels = await db.content_texts.labels(slug, named.id, now)
    own = [row.label for row in labels if row.entry_id == named.id]
    label = next_label(own, [row.label for row in labels], in_force(slug, config), consent=plan.requires_consent)
    consent, summary = plan.requires_consent, str(plan.summary)
    await db.legal.announce(slug, label, plan.at, requires_consent=consent, summary=summary, now=now)
    return {"label": label, "requires_consent": consent, "summary": summary}


async def _withdraw(db: Repositories, entry_id: UUID, now: datetime) -> None:
    """What was announced of a legal text and does not come, unless it comes in another language."""
    for slug, label in await db.content_texts.only_scheduled(entry_id, now):
        await db.legal.withdraw(slug, label, now)


async def _require_categories(db: Repositories, kind: str, source: Mapping[str, Any]) -> None:
    ids = category_ids_of(source)
    if ids and unknown(ids, await db.content_categories.known(SECTIONS[kind], ids)):
        raise not_found("category")


async def _revision(db: Repositories, entry_id: UUID, number: int) -> Any:
    revision = await db.content_texts.revision(entry_id, number)
    if revision is None:
        raise not_found("revision")
    return revision


async def _found(db: Repositories, kind: str, entry_id: UUID, now: datetime) -> Any:
    entry = await db.content_texts.find(kind, entry_id, now)
    if entry is None:
        raise not_found("text")
    return entry
