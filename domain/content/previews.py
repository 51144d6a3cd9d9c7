"""A draft, as it would be published."""

from typing import Any

from domain.content.publishing import columns_of
from domain.wire import content as wire


def preview_view(revision: Any) -> wire.ContentPreview:
    """``revision``: its kind, slug, locale, number and source."""
    made = columns_of(revision.kind, revision.source)
    return {
        "kind": revision.kind,
        "slug": revision.slug,
        "locale": revision.locale or None,
        "title": made["title"],
        "excerpt": made["excerpt"],
        "content": made["html"],
        "featuredImage": made["image"],
        "icon": made["icon"],
        "readTimeMinutes": made["minutes"],
        "revision": revision.number,
    }
