"""Translations as staff writes them, and what keeps a draft from being served."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from uuid import UUID

from domain.admin import require_permission
from domain.answers import csv
from domain.config_keys import BoolKey
from domain.errors import ApiError
from domain.i18n import SOURCE, differing, digest_of
from domain.presenting import presented
from domain.wire import admin as wire

SELF_REVIEW = BoolKey("i18n.self_review", False, "whether staff may approve drafts of their own translations")
WRITE, APPROVE = "i18n.write", "i18n.approve"
MOST_EXPORTED = 100_000
NONE = "-"

PLACEHOLDERS = "admin.translation.placeholders"
NOT_FOUND = "admin.not_found"
DENIED = "admin.permission_denied"
NOT_IN_REVIEW = "admin.transition_invalid"
CHANGED = "precondition.failed"

Reviewed = Literal["DONE", "UNCHANGED", "FAILED"]
Imported = Literal["WRITTEN", "UNCHANGED", "KEPT", "FAILED"]
Mode = Literal["MISSING", "DRAFTS", "OVERWRITE"]


class Assignment(NamedTuple):
    """A role of a member of the staff, and the languages that it is for; None for all."""

    role: str
    locales: Sequence[str] | None


class Place(NamedTuple):
    """Where a text stands in every language."""

    namespace: str
    key: str


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed by; None leaves a filter out."""

    locale: str
    namespace: str | None = None
    status: str | None = None
    outdated: bool | None = None
    missing: bool | None = None
    prefix: str | None = None

    @property
    def of_texts(self) -> bool:
        """Whether only what the language has can match, and not what is missing."""
        return self.status is not None or self.outdated is True or self.missing is False


def translation_view(row: Any) -> wire.Translation:
    """``row`` is a text with the place and the English text, or the place alone where the language has none."""
    return presented(wire.Translation, row)


def table(rows: Iterable[Any]) -> str:
    """As CSV with a header line."""
    names = ("namespace", "key", "source", "text", "draft", "status", "outdated", "note")
    return csv.lines([names, *([getattr(row, name) for name in names] for row in rows)])


def languages_of(
    assignments: Iterable[Assignment], permission: str, permissions_of: Callable[[Sequence[str]], Collection[str]]
) -> Collection[str] | None:
    """The languages in which somebody has the permission; None for all of them."""
    roles = [each for each in assignments if permission in permissions_of((each.role,))]
    if any(each.locales is None for each in roles):
        return None
    return {locale for each in roles for locale in each.locales or ()}


def require_language(locale: str | None, languages: Collection[str] | None, permission: str) -> None:
    """Raises ApiError admin.permission_denied; without a ``locale`` for who is limited to some languages."""
    if languages is not None and (locale is None or locale not in languages):
        require_permission(permission, ())


def require_placeholders(text: str, source: str | None) -> None:
    """Raises ApiError admin.translation.placeholders."""
    found = differing(text, source) if source is not None else None
    if found is not None:
        raise ApiError(PLACEHOLDERS, missing=_named(found.missing), extra=_named(found.extra))


def _named(placeholders: Sequence[str]) -> str:
    return ", ".join(placeholders) or NONE


def draft_columns(text: str, approved: str | None, *, source: str | None, submit: bool, by: UUID) -> dict[str, Any]:
    """A draft that is the approved text is none."""
    if text == approved:
        return {"draft": None, "status": "APPROVED", "draft_from": None, "draft_by": None, "note": None}
    status = "IN_REVIEW" if submit else "DRAFT"
    made_from = digest_of(source if source is not None else text)
    return {"draft": text, "status": status, "draft_from": made_from, "draft_by": by, "note": None}


def as_written(row: Any) -> dict[str, Any] | None:
    """As the audit log tells it."""
    return None if row is None else {"draft": row.draft, "status": row.status}


class Reviewer(NamedTuple):
    """``languages``: in which they may approve; None for all. ``read``: the versions that they name, by text."""

    id: UUID
    languages: Collection[str] | None
    self_review: bool
    read: Mapping[UUID, int]


class Verdict(NamedTuple):
    outcome: Reviewed
    code: str | None = None


UNKNOWN = Verdict("FAILED", NOT_FOUND)


def versions_of(ids: Sequence[UUID], versions: Sequence[int] | None) -> dict[UUID, int]:
    """By the ids; nothing where none are named. Raises ApiError admin.translation.versions_mismatch."""
    if versions is None:
        return {}
    if len(versions) != len(ids):
        raise ApiError("admin.translation.versions_mismatch")
    return dict(zip(ids, versions, strict=True))


def verdict(row: Any, source: str | None, reviewer: Reviewer, *, approves: bool) -> Verdict:
    """What becomes of one draft. ``source``: the English text that it is served beside."""
    if reviewer.languages is not None and row.locale not in reviewer.languages:
        return Verdict("FAILED", DENIED)
    if reviewer.read.get(row.id, row.version) != row.version:
        return Verdict("FAILED", CHANGED)
    if row.status != "IN_REVIEW":
        same = "APPROVED" if approves else "REJECTED"
        return Verdict("UNCHANGED") if row.status == same else Verdict("FAILED", NOT_IN_REVIEW)
    if not approves:
        return Verdict("DONE")
    if row.draft_by == reviewer.id and not reviewer.self_review:
        return Verdict("FAILED", DENIED)
    if source is not None and differing(row.draft, source) is not None:
        return Verdict("FAILED", PLACEHOLDERS)
    return Verdict("DONE")


def verdicts(
    rows: Iterable[Any], sources: Mapping[Place, str], reviewer: Reviewer, *, approves: bool
) -> dict[UUID, Verdict]:
    """Of all rows by their ids. ``sources``: English texts. Those that are approved with the others count for these."""
    known, found = dict(sources), dict[UUID, Verdict]()
    for row in sorted(rows, key=lambda each: each.locale != SOURCE):
        place, is_source = Place(row.namespace, row.key), row.locale == SOURCE
        found[row.id] = verdict(row, None if is_source else known.get(place), reviewer, approves=approves)
        if is_source and approves and found[row.id].outcome == "DONE":
            known[place] = row.draft
    return found


def review_view(ids: Sequence[UUID], found: Mapping[UUID, Verdict]) -> wire.TranslationReview:
    told = [(each, found.get(each, UNKNOWN)) for each in ids]
    return {"results": [{"id": str(each), "outcome": one.outcome, "code": one.code} for each, one in told]}


class Known(NamedTuple):
    """What there is of a key. ``source``: what placeholders are compared with."""

    text: str | None
    draft: str | None
    source: str | None


NEW = Known(None, None, None)


class Entry(NamedTuple):
    key: str
    text: str
    outcome: Imported
    code: str | None = None


def entries_of(given: Iterable[wire.TranslationEntry], known: Mapping[str, Known], mode: Mode) -> list[Entry]:
    """What becomes of each text; of a key that comes twice the last counts."""
    texts = {entry["key"]: entry["text"] for entry in given}
    return [_entry(key, text, known.get(key), mode) for key, text in texts.items()]


def _entry(key: str, text: str, found: Known | None, mode: Mode) -> Entry:
    if found is None:
        return Entry(key, text, "FAILED", NOT_FOUND)
    if found.source is not None and differing(text, found.source) is not None:
        return Entry(key, text, "FAILED", PLACEHOLDERS)
    if mode == "MISSING" and (found.text is not None or found.draft is not None):
        return Entry(key, text, "KEPT")
    present = (found.text,) if mode == "OVERWRITE" else (found.text, found.draft)
    return Entry(key, text, "UNCHANGED" if text in present else "WRITTEN")


def import_view(entries: Sequence[Entry]) -> wire.TranslationImport:
    results: list[wire.TranslationImported] = [
        {"key": entry.key, "outcome": entry.outcome, "code": entry.code} for entry in entries
    ]
    return {"results": results, "written": sum(entry.outcome == "WRITTEN" for entry in entries)}
