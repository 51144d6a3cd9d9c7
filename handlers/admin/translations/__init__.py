"""Translations, from the draft to the text that is served."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin import not_found, require_permission
from domain.errors import ApiError, moved_on
from domain.i18n import SOURCE
from domain.i18n.translations import (
    APPROVE,
    MOST_EXPORTED,
    NEW,
    SELF_REVIEW,
    WRITE,
    Filters,
    Place,
    Reviewer,
    as_written,
    draft_columns,
    entries_of,
    import_view,
    languages_of,
    require_language,
    require_placeholders,
    review_view,
    table,
    translation_view,
    verdicts,
    versions_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

    from domain.wire import admin as wire
    from handlers.needs import Config, Permissions, Principal, Repositories, UnitOfWork, Walk, Wordings


async def list(  # noqa: A001
    db: Repositories,
    walk: Walk,
    locale: str,
    namespace: str | None = None,
    status: str | None = None,
    outdated: bool | None = None,
    missing: bool | None = None,
    q: str | None = None,
) -> wire.Translations:
    only = Filters(locale, namespace, status, outdated, missing, q)
    rows = await db.translations.page(only, walk.after(str, str), walk.rows)
    shown, further = walk.page(rows, lambda row: (row.namespace, row.key))
    return {"items": [translation_view(row) for row in shown], "nextCursor": further}


async def write(
    locale: str,
    namespace: str,
    key: str,
    body: wire.WriteTranslationRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    permissions: Permissions,
    wordings: Wordings,
) -> wire.Translation:
    require_language(locale, await _assigned(db, principal, permissions, WRITE), WRITE)
    if locale not in await db.texts.hold([locale]):
        raise not_found("language")
    place = Place(namespace, key)
    source = wordings.of_files(*place) if locale == SOURCE else await db.translations.source(*place)
    if source is None and locale != SOURCE:
        raise not_found("translation")
    require_placeholders(body["text"], source)
    former = await db.translations.find(locale, *place)
    approved, submits = former and former.text, body.get("submit", False)
    columns = draft_columns(body["text"], approved, source=source, submit=submits, by=principal.user_id)
    if former is None:
        stored = expected_version == 0 and await db.translations.add_draft(locale, place, columns)
    else:
        stored = await db.translations.change_draft(former.id, columns, expected_version)
    row = await db.translations.find(locale, *place)
    if not stored:
        raise moved_on(0 if row is None else row.version)
    await db.audit.record(
        "admin.translations.write", actor=principal.user_id, target=f"{locale}/{namespace}/{key}",
        before=as_written(former), after=as_written(row),
    )  # fmt: skip
    return translation_view(row)


async def review(
    body: wire.ReviewTranslationsRequest,
    principal: Principal,
    db: Repositories,
    permissions: Permissions,
    config: Config,
) -> wire.TranslationReview:
    ids, approves, note = [UUID(each) for each in body["ids"]], body["outcome"] == "APPROVED", body.get("note")
    read = versions_of(ids, body.get("versions"))
    assigned = await _assigned(db, principal, permissions, APPROVE)
    await db.texts.hold(await db.translations.locales_of(ids))
    rows, sources = await db.translations.hold(ids)
    reviewer = Reviewer(principal.user_id, assigned, config[SELF_REVIEW], read)
    found = verdicts(rows, sources, reviewer, approves=approves)
    done = [row for row in rows if found[row.id].outcome == "DONE"]
    if approves:
        await _approve(done, principal, db)
    else:
        await db.translations.reject([row.id for row in done], principal.user_id, note)
    told: dict[str, Any] = {"outcome": body["outcome"], "texts": [f"{r.locale}/{r.namespace}/{r.key}" for r in done]}
    await db.audit.record("admin.translations.review", actor=principal.user_id, reason=note, **told)
    return review_view(ids, found)


async def _approve(rows: Sequence[Any], principal: Principal, db: Repositories) -> None:
    await db.translations.approve([row.id for row in rows], principal.user_id)
    await db.texts.mark_outdated([(row.namespace, row.key) for row in rows])
    await db.texts.move_on({row.locale for row in rows})


async def import_texts(
    body: wire.ImportTranslationsRequest,
    principal: Principal,
    db: Repositories,
    permissions: Permissions,
    wordings: Wordings,
) -> wire.TranslationImport:
    locale, namespace, mode = body["locale"], body["namespace"], body["mode"]
    approved = mode == "OVERWRITE"
    for needed in (WRITE, APPROVE) if approved else (WRITE,):
        require_permission(needed, principal.permissions)
        require_language(locale, await _assigned(db, principal, permissions, needed), needed)
    if locale not in await db.texts.hold([locale]):
        raise not_found("language")
    keys = [entry["key"] for entry in body["entries"]]
    known = await db.translations.known(locale, namespace, keys)
    sources = {key: each.source for key, each in known.items() if each.source is not None and locale != SOURCE}
    if locale == SOURCE:  # which brings new keys
        known = {key: known.get(key, NEW)._replace(source=wordings.of_files(namespace, key)) for key in keys}
    entries = entries_of(body["entries"], known, mode)
    written = [entry for entry in entries if entry.outcome == "WRITTEN"]
    if written:
        await db.translations.take_in(locale, namespace, written, sources, principal.user_id, approved=approved)
    if written and approved:
        await db.texts.mark_outdated([(namespace, entry.key) for entry in written])
        await db.texts.move_on([locale])
    told: dict[str, Any] = {"locale": locale, "namespace": namespace, "mode": mode, "written": len(written)}
    await db.audit.record("admin.translations.import_texts", actor=principal.user_id, texts=len(entries), **told)
    return import_view(entries)


async def export(
    principal: Principal, uow: UnitOfWork, locale: str, namespace: str | None = None
) -> Sequence[wire.Translation]:
    rows = await _exported(principal, uow, Filters(locale, namespace), "admin.translations.export")
    return [translation_view(row) for row in rows]


async def export_csv(principal: Principal, uow: UnitOfWork, locale: str, namespace: str | None = None) -> bytes:
    rows = await _exported(principal, uow, Filters(locale, namespace), "admin.translations.export_csv")
    return table(rows).encode()


async def _exported(principal: Principal, uow: UnitOfWork, only: Filters, action: str) -> Sequence[Any]:
    """Whoever gets the file stands in the log before they have it."""
    async with uow.reading() as db:
        rows = await db.translations.page(only, None, MOST_EXPORTED + 1)
    if len(rows) > MOST_EXPORTED:
        raise ApiError("admin.translation.export_too_large", limit=MOST_EXPORTED)
    async with uow() as db:
        told: Mapping[str, Any] = {"locale": only.locale, "namespace": only.namespace, "texts": len(rows)}
        await db.audit.record(action, actor=principal.user_id, **told)
    return rows


async def _assigned(
    db: Repositories, principal: Principal, permissions: Permissions, permission: str
) -> Collection[str] | None:
    """The languages in which the caller has the permission; None for all."""
    return languages_of(await db.staff.assignments(principal.user_id), permission, permissions.of)
