"""Bio pages: their templates, and the page as its owner sees it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from domain.clock import timestamp
from domain.creators.bank import BankAccount
from domain.creators.dm import package_view
from domain.creators.links import link_view
from domain.errors import ApiError
from domain.platform.themes import repeated_names
from domain.presenting import presented
from domain.wire import admin
from domain.wire import creators as wire

TEMPLATES = "bio_templates"
"""The edition of what is offered."""
PLAIN = {"name": "name", "description": "description", "thumbnail": "thumbnail", "active": "active"} | {
    "sortOrder": "sort_order"
}
TEMPLATE_COLUMNS = (*PLAIN.values(), "tokens")
CREATOR = "CREATOR"
PAGE = {
    "bio": "bio",
    "templateId": "template_id",
    "themeOverride": "theme_override",
    "customCss": "custom_css",
    "embedEnabled": "embed_enabled",
    "published": "published",
    "emailCollectionEnabled": "email_collection_enabled",
}
"""The column of each field that owners change."""


def template_columns(body: Mapping[str, Any]) -> dict[str, Any]:
    """Of the given fields. Raises ApiError admin.theme.name_twice with each token that has the name of another."""
    if found := list(repeated_names("tokens", body.get("tokens", ()))):
        raise ApiError("admin.theme.name_twice", details=found)
    tokens = {"tokens": {each["name"]: each["value"] for each in body["tokens"]}} if "tokens" in body else {}
    return {column: body[field] for field, column in PLAIN.items() if field in body} | tokens


def template_as_written(template: Any) -> dict[str, Any]:
    """As an audit entry tells it."""
    return {name: getattr(template, name) for name in TEMPLATE_COLUMNS}


def template_view(template: Any) -> admin.BioTemplate:
    tokens = [{"name": name, "value": value} for name, value in sorted(template.tokens.items())]
    return presented(admin.BioTemplate, template, tokens=tokens)


def offered_view(template: Any) -> wire.OfferedBioTemplate:
    return presented(wire.OfferedBioTemplate, template)


def template_id_of(text: str) -> UUID:
    """Raises ApiError creator.bio.template_not_found for what is no id at all."""
    try:
        return UUID(text)
    except ValueError:
        raise ApiError("creator.bio.template_not_found") from None


def page_view(page: Any, template: Any, links: Sequence[Any]) -> wire.OwnBioPage:
    """With all links, in their order."""
    return presented(
        wire.OwnBioPage,
        page,
        template=None if template is None else offered_view(template),
        links=[link_view(link) for link in links],
    )


def page_columns(body: Mapping[str, Any]) -> dict[str, Any]:
    """Of the given fields. The style sheet is still to be cleaned."""
    columns = {column: body[field] for field, column in PAGE.items() if field in body}
    if columns.get("template_id") is not None:
        columns["template_id"] = UUID(columns["template_id"])
    return columns


def creator_view(
    profile: Any, page: wire.OwnBioPage, packages: Sequence[Any], categories: Sequence[str], bank: BankAccount
) -> wire.CreatorProfile:
    return presented(
        wire.CreatorProfile,
        profile,
        iban=bank.details.iban,
        bankName=bank.details.bank_name,
        accountHolderName=bank.details.account_holder_name,
        swiftCode=bank.details.swift_code,
        bankCountry=bank.details.bank_country,
        bankAccountVerified=bank.verified_at is not None,
        bankVerifiedAt=timestamp(bank.verified_at),
        preferredPayoutMethod=bank.preferred_method,
        bioPage=page,
        dmPackages=[package_view(package) for package in packages],
        categories=list(categories),
    )
