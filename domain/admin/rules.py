"""Rules of moderation, as staff sees and writes them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain.errors import ApiError
from domain.presenting import presented
from domain.trust.rules import Match, canonical, faults, folded_pattern, strongest
from domain.wire import admin as wire

WRITTEN = ("kind", "pattern", "match", "scopes", "action", "locale")


def rule_columns(rules: Sequence[Mapping[str, Any]], path: str = "rules.{}.") -> list[dict[str, Any]]:
    """What is kept of them. Raises ApiError admin.rule.invalid with each fault; ``path`` leads to one by its place."""
    found = [
        fault | {"field": path.format(place) + fault["field"]}
        for place, rule in enumerate(rules)
        for fault in faults(rule)
    ]
    if found:
        raise ApiError("admin.rule.invalid", details=found)
    return [_columns(rule) for rule in rules]


def _columns(rule: Mapping[str, Any]) -> dict[str, Any]:
    kind = rule["kind"]
    pattern = canonical(kind, rule["pattern"]) or ""
    kept = {name: rule[name] for name in ("kind", "match", "scopes", "action")}
    return kept | {"pattern": pattern, "folded": folded_pattern(kind, pattern), "locale": rule.get("locale") or ""}


def duplicates(fields: Iterable[str]) -> ApiError:
    """What to raise for rules that there are already."""
    return ApiError("admin.rule.invalid", details=[{"field": field, "rule": "duplicate"} for field in fields])


def as_written(row: Any) -> dict[str, Any]:
    """A rule as an audit entry tells it."""
    told = {name: getattr(row, name) for name in WRITTEN}
    return told | {"scopes": list(row.scopes)}


def rule_view(row: Any) -> wire.ModerationRule:
    return presented(wire.ModerationRule, row, scopes=list(row.scopes), locale=row.locale or None)


def verdict_view(matches: Sequence[Match]) -> wire.RuleVerdict:
    told = [
        presented(wire.RuleHit, match.rule, ruleId=str(match.rule.id), start=match.start, end=match.end)
        for match in matches
    ]
    return {"action": strongest(matches), "matches": told}
