"""What staff writes for everybody: what is kept of it, what may become of it, and how it is told."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast, get_args, get_type_hints
from uuid import UUID

from domain.admin import require_fresh, require_permission
from domain.clock import timestamp
from domain.config_keys import Config
from domain.content.differences import differences
from domain.content.publishing import category_ids_of, folded, html_of, title_of
from domain.errors import ApiError
from domain.html import cleaned, removed
from domain.legal import VERSIONS
from domain.presenting import presented
from domain.users import Principal
from domain.wire import admin as wire

LEGAL = "legal"
LEGAL_PUBLISH = "legal.publish"
FIELDS: Mapping[str, tuple[str, ...]] = {
    get_args(hints.pop("kind"))[0]: tuple(hints) for hints in map(get_type_hints, get_args(wire.ContentFields))
}
"""What a text of each kind has; what is left out of one is null."""
SECTIONS = {"post": "blog", "article": "help", "faq": "faq"}
"""Kinds that have categories, and whose they are."""
RESERVED = {"post": ("feed",)}
"""Slugs that stand for something else in the URLs of a kind."""
UNFIT = "admin.content.publication_invalid"
AMENDED_WITHIN = timedelta(minutes=10)
OF_LEGAL = ("effectiveAt", "requiresConsent", "summary", "reason")
LABEL = re.compile(r"(\d{1,6})\.(\d{1,6})")
FIRST = (1, 0)


def require_kind(kind: str, fields: Mapping[str, Any]) -> None:
    """Raises ApiError admin.content.kind_mismatch unless it is the one of the path."""
    if fields["kind"] != kind:
        raise ApiError("admin.content.kind_mismatch")


def kept(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A text as its revision keeps it. Raises ApiError for a slug that it cannot have, or an end before its start."""
    if fields.get("slug") in RESERVED.get(kind, ()):
        raise ApiError("admin.content.slug_taken")
    _require_order(fields)
    return {name: fields.get(name) for name in FIELDS[kind]}


def written(kind: str, source: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a revision, as they were given."""
    return {"kind": kind} | {name: source.get(name) for name in FIELDS[kind]}


def _require_order(fields: Mapping[str, Any]) -> None:
    starts, ends = fields.get("startsAt"), fields.get("endsAt")
    if starts is not None and ends is not None and moment(ends) <= moment(starts):
        detail = {"field": "endsAt", "rule": "minimum", "limit": timestamp(moment(starts))}
        raise ApiError("validation.failed", details=[detail])


def entry_columns(source: Mapping[str, Any]) -> dict[str, Any]:
    """By which an entry is found: those of its draft."""
    return {
        "slug": source.get("slug"),
        "locale": source.get("locale") or "",
        "title": title_of(source),
        "folded": folded(title_of(source)),
        "category_ids": category_ids_of(source),
    }


def amends(draft: Any, author_id: UUID, now: datetime) -> bool:
    """Whether what somebody writes now belongs to the revision that is the draft."""
    young = now - draft.created_at < AMENDED_WITHIN
    return young and draft.author_id == author_id and not draft.published


class Named(NamedTuple):
    """An entry under the name that one of its revisions gives it."""

    id: UUID
    kind: str
    slug: str | None
    locale: str

    @classmethod
    def of(cls, entry: Any, source: Mapping[str, Any]) -> "Named":
        return cls(entry.id, entry.kind, source.get("slug"), source.get("locale") or "")


class Plan(NamedTuple):
    """``at``: from when on it is shown. The rest is of legal texts."""

    at: datetime
    requires_consent: bool = False
    summary: str | None = None


def planned(kind: str, body: wire.PublishContentRequest, now: datetime) -> Plan:
    """Raises ApiError publication_invalid for what this kind lacks, or cannot have."""
    if kind != LEGAL:
        foreign = [{"field": name, "rule": "unknown"} for name in OF_LEGAL[:-1] if name in body]
        if foreign:
            raise ApiError(UNFIT, details=foreign)
        at = moment(body["publishAt"]) if "publishAt" in body else now
        if "publishAt" in body and at <= now:
            raise ApiError(UNFIT, details=[{"field": "publishAt", "rule": "future"}])
        return Plan(at)
    faults = [{"field": name, "rule": "required"} for name in OF_LEGAL if name not in body]
    faults += [{"field": "publishAt", "rule": "unknown"}] if "publishAt" in body else []
    if faults:
        raise ApiError(UNFIT, details=faults)
    return Plan(max(now, moment(body["effectiveAt"])), body["requiresConsent"], body["summary"])


def require_may_publish(kind: str, principal: Principal, now: datetime, config: Config) -> None:
    """Raises ApiError admin.permission_denied and admin.reauthentication_required, for legal texts."""
    if kind == LEGAL:
        require_permission(LEGAL_PUBLISH, principal.permissions)
        require_fresh(principal.confirmed_at, now, config)


def require_reason(kind: str, body: wire.UnpublishContentRequest) -> None:
    """Raises ApiError publication_invalid: why a legal text is taken off is recorded."""
    if kind == LEGAL and "reason" not in body:
        raise ApiError(UNFIT, details=[{"field": "reason", "rule": "required"}])


def next_label(own: Iterable[str | None], published: Iterable[str | None], in_force: str, *, consent: bool) -> str:
    """Of a version of a legal text. ``own``: the labels in its language, ``published``: in any.

    A language that is behind the others catches up with them. What asks for consent is another whole number.
    """
    mine, all_of_them = _highest(own), _highest(published)
    top = max(all_of_them or FIRST, _highest([in_force]) or FIRST)
    if all_of_them is not None and (mine is None or mine < all_of_them) and all_of_them == top:
        major, minor = top
    elif consent:
        major, minor = top[0] + 1, 0
    elif mine is None:
        major, minor = top
    else:
        major, minor = top[0], top[1] + 1
    return f"{major}.{minor}"


def _highest(labels: Iterable[str | None]) -> tuple[int, int] | None:
    found = (LABEL.fullmatch(label or "") for label in labels)
    return max(((int(one[1]), int(one[2])) for one in found if one), default=None)


def in_force(slug: str, config: Config) -> str:
    return config[VERSIONS[slug]]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def state_of(row: Any) -> wire.ContentState:
    if row.live is not None:
        return "LIVE"
    if row.scheduled_at is not None:
        return "SCHEDULED"
    return "DRAFT" if row.published_at is None else "ARCHIVED"


def entry_view(row: Any) -> wire.ContentEntry:
    return presented(wire.ContentEntry, row, locale=row.locale or None, state=state_of(row), liveRevision=row.live)


def full_view(row: Any, draft: Any, publications: Sequence[Any], now: datetime) -> wire.ContentInFull:
    """Long texts take their time: call it off the event loop."""
    written_html = html_of(draft.source)
    html = cleaned(written_html)
    live = next((one for one in publications if one.shown_from <= now), None)
    scheduled = next((one for one in publications if one.shown_from > now), None)
    return {
        "entry": entry_view(row),
        "fields": fields_view(row.kind, draft.source),
        "html": html,
        "removed": removed(written_html, html),
        "live": publication_view(live),
        "scheduled": publication_view(scheduled),
        "version": row.version,
    }


def fields_view(kind: str, source: Mapping[str, Any]) -> wire.ContentFields:
    return cast(wire.ContentFields, written(kind, source))


def publication_view(row: Any) -> wire.ShownPublication | None:
    if row is None:
        return None
    return presented(wire.ShownPublication, row, locale=row.locale or None, readTimeMinutes=row.minutes)


def revision_view(row: Any) -> wire.ContentRevision:
    return presented(wire.ContentRevision, row)


def compared_view(kind: str, revision: Any, other: Any) -> wire.ContentRevisionInFull:
    """A megabyte takes a second: call it off the event loop. ``other``: what it is compared with, if anything."""
    after = written(kind, revision.source)
    before = after if other is None else written(kind, other.source)
    changes = [
        wire.FieldChange(
            field=name, parts=[_part(*part) for part in differences(_text(before[name]), _text(after[name]))]
        )
        for name in FIELDS[kind]
        if before[name] != after[name]
    ]
    return presented(
        wire.ContentRevisionInFull,
        revision,
        fields=fields_view(kind, revision.source),
        against=None if other is None else other.number,
        changes=changes,
    )


def _part(change: Any, text: str) -> wire.TextChange:
    return {"change": change, "text": text}


def _text(value: Any) -> str:
    """As people compare it: nothing for what there is not, a line for each of several."""
    if isinstance(value, list):
        return "\n".join(map(_text, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names of the fields that differ, for an audit entry, which holds no texts."""
    return [name for name in after if before.get(name) != after[name]]


def unknown(ids: Collection[UUID], known: Collection[UUID]) -> list[UUID]:
    return [one for one in ids if one not in known]
