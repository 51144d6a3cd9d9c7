"""Templates of bio pages, those that are switched off among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.admin import not_found
from domain.creators.bio import TEMPLATES, template_as_written, template_columns, template_view
from domain.errors import ApiError, moved_on

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Clock, Principal, Repositories, Walk


async def list(db: Repositories, walk: Walk) -> wire.BioTemplates:  # noqa: A001
    rows = await db.bio_templates.listed(walk.after(int, str, UUID), walk.rows)
    shown, further = walk.page(rows, lambda template: (template.sort_order, template.name, template.id))
    return {"items": [template_view(template) for template in shown], "nextCursor": further}


async def add(body: wire.CreateBioTemplateRequest, principal: Principal, db: Repositories) -> wire.BioTemplate:
    columns = template_columns(body)
    await db.editions.move_on(TEMPLATES)
    template = await db.bio_templates.add(columns)
    if template is None:
        raise ApiError("admin.bio_template.name_taken")
    written = template_as_written(template)
    await db.audit.record("admin.bio_templates.add", actor=principal.user_id, target=template.id, after=written)
    return template_view(template)


async def find(id: str, db: Repositories) -> wire.BioTemplate:  # noqa: A002
    return template_view(await _found(db, UUID(id)))


async def remove(id: str, expected_version: int, principal: Principal, db: Repositories) -> None:  # noqa: A002
    await db.editions.move_on(TEMPLATES)
    template = await db.bio_templates.hold(UUID(id))
    if template is None:
        raise not_found("bio_template")
    if template.version != expected_version:
        raise moved_on(template.version)
    if not await db.bio_templates.remove_unused(template.id):
        raise ApiError("admin.bio_template.in_use")
    written = template_as_written(template)
    await db.audit.record("admin.bio_templates.remove", actor=principal.user_id, target=template.id, before=written)


async def update(
    id: str,  # noqa: A002
    body: wire.UpdateBioTemplateRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.BioTemplate:
    columns = template_columns(body)
    await db.editions.move_on(TEMPLATES)
    former = await _found(db, UUID(id))
    template = await db.bio_templates.change(former.id, columns, expected_version, clock())
    if template is None:
        raise ApiError("admin.bio_template.name_taken")
    if template is False:
        raise moved_on(former.version)
    before, after = ({name: getattr(of, name) for name in columns} for of in (former, template))
    await db.audit.record(
        "admin.bio_templates.update", actor=principal.user_id, target=former.id, before=before, after=after
    )
    return template_view(template)


async def _found(db: Repositories, template_id: UUID) -> Any:
    template = await db.bio_templates.find(template_id)
    if template is None:
        raise not_found("bio_template")
    return template
