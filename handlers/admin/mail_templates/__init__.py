"""The mails of the platform, looked at before anybody gets one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.platform.mail_templates import preview_view

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from domain.wire import common
    from handlers.needs import MailTemplates


async def list(mail_templates: MailTemplates) -> wire.MailTemplates:  # noqa: A001
    found = mail_templates.all().items()
    return {"items": [{"name": name, "subject": subject, "variables": [*told]} for name, (subject, told) in found]}


async def preview(
    name: str, locale: common.Locale, sample: wire.MailSample, mail_templates: MailTemplates
) -> wire.MailPreview:
    return preview_view(name, locale, sample, mail_templates.preview(name, locale, sample))
