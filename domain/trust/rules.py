"""Rules of moderation: terms in texts, domains, names. Each is compared with folded texts; none is an expression.

All terms stand in one automaton (Aho-Corasick), so that a text is read once however many rules there are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias
from uuid import UUID

import ahocorasick
import idna

from domain.errors import ApiError
from domain.trust.folding import Folded, fold, is_edge, is_spaceless, without_signs
from domain.users.usernames import FORM, is_made_of, readings

Action: TypeAlias = Literal["FLAG", "QUARANTINE", "BLOCK"]
STRENGTH: Sequence[Action] = ("FLAG", "QUARANTINE", "BLOCK")
BLOCK = "BLOCK"
USERNAME = "username"
FIELDS: Mapping[str, str] = {
    USERNAME: "username",
    "display_name": "displayName",
    "bio": "bio",
    "link_title": "title",
    "link_icon": "icon",
    "link_platform": "platform",
    "link_url": "url",
    "bio_style": "customCss",
}
"""The field of a body in which a text comes."""
SCOPES: Mapping[str, str] = {"link_icon": "link_title", "link_platform": "link_title", "bio_style": "bio"}
"""Of texts that have no scope of their own, because rules for another are meant for them, too."""
TEXT_NOT_ALLOWED = "error.user.text_not_allowed"
SHORTEST = 2
MOST_MATCHES = 100


class Rule(NamedTuple):
    """``locale``: of the accounts that it is for; empty for all."""

    id: UUID
    kind: str
    pattern: str
    match: str
    scopes: Sequence[str]
    action: Action
    locale: str


class Match(NamedTuple):
    """``start``, ``end``: where it is in the text, in characters."""

    rule: Rule
    start: int
    end: int


def is_reserved(rule: Mapping[str, Any]) -> bool:
    """Whether it says that nobody may have a name, which is a row of ``reserved_usernames``."""
    return (rule["kind"], rule["match"], rule["action"]) == ("USERNAME", "EXACT", BLOCK)


def canonical(kind: str, pattern: str) -> str | None:
    """The pattern as it is kept, None for one that its kind cannot have."""
    if kind == "USERNAME":
        name = pattern.lower()
        return name if FORM.fullmatch(name) and without_signs(fold(name)).text else None
    if kind == "DOMAIN":
        return _host(pattern)
    return pattern if fold(pattern).text.strip() else None


def _host(pattern: str) -> str | None:
    try:
        host = idna.encode(pattern.strip("."), uts46=True).decode()
    except idna.IDNAError:
        return None
    return host if "." in host else None


def folded_pattern(kind: str, pattern: str) -> str:
    """By which two rules are the same."""
    return pattern if kind == "DOMAIN" else fold(pattern).text.strip()


def faults(rule: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """What a schema cannot say of a rule: field, rule and limit of each fault."""
    kind, match = rule["kind"], rule["match"]
    if canonical(kind, rule["pattern"]) is None:
        yield {"field": "pattern", "rule": "format", "limit": kind.lower()}
    elif kind == "TERM" and match != "EXACT" and _matches_anything(rule["pattern"]):
        yield {"field": "pattern", "rule": "minLength", "limit": str(SHORTEST)}
    if kind == "DOMAIN" and match == "PREFIX":
        yield {"field": "match", "rule": "enum", "limit": "WORD, EXACT"}
    if kind == "USERNAME" and set(rule["scopes"]) != {USERNAME}:
        yield {"field": "scopes", "rule": "enum", "limit": USERNAME}
    if is_reserved(rule) and rule.get("locale"):
        yield {"field": "locale", "rule": "unknown"}


def _matches_anything(pattern: str) -> bool:
    text = fold(pattern).text.strip()
    return len(text) < SHORTEST and not any(map(is_spaceless, text))


class Ruleset:
    """All rules as they were when it was made. ``reserved``: names that nobody may have, by their skeletons."""

    def __init__(self, rules: Iterable[Rule] = (), reserved: Mapping[str, Rule] | None = None) -> None:
        self._reserved = reserved or {}
        by_key: dict[str, list[Rule]] = {}
        for rule in rules:
            for key in _keys(rule):
                by_key.setdefault(key, []).append(rule)
        self._automaton = ahocorasick.Automaton()
        for key, held in by_key.items():
            self._automaton.add_word(key, (len(key), held))
        self._automaton.make_automaton()
        self._any = bool(by_key)

    def matches(self, text: str, scope: str, locale: str | None = None) -> list[Match]:
        """In the order of the text, at most ``MOST_MATCHES``. ``locale`` None: rules for all languages."""
        found = dict.fromkeys(self._names(text)) if scope == USERNAME else {}
        for form in _forms(text, scope) if self._any else ():
            for match in self._in(form, scope, locale):
                found[match] = None
                if len(found) >= MOST_MATCHES:
                    return sorted(found, key=_place)
        return sorted(found, key=_place)

    def _in(self, form: Folded, scope: str, locale: str | None) -> Iterator[Match]:
        for last, (length, rules) in self._automaton.iter(form.text):
            start, end = last - length + 1, last + 1
            for rule in rules:
                meant = scope in rule.scopes and (locale is None or rule.locale in ("", locale))
                if meant and _holds(rule, form.text, start, end):
                    yield Match(rule, form.at[start], form.at[end - 1] + 1)

    def _names(self, username: str) -> Iterator[Match]:
        """The rule by which nobody may have the name, or one that looks like it."""
        whole, behind = readings(username)
        for shape in (whole, behind):
            if shape in self._reserved:
                yield Match(self._reserved[shape], 0, len(username))
                return
        words = {shape: rule for shape, rule in self._reserved.items() if shape and shape in behind}
        if whole != behind and is_made_of(behind, words.keys()):
            yield from (Match(rule, 0, len(username)) for rule in words.values())


def _place(match: Match) -> tuple[int, int, str]:
    return match.start, match.end, str(match.rule.id)


def _keys(rule: Rule) -> set[str]:
    if rule.kind != "DOMAIN":
        return {fold(rule.pattern).text.strip()}
    return {fold(host).text for host in (rule.pattern, idna.decode(rule.pattern))}


def _forms(text: str, scope: str) -> Iterator[Folded]:
    folded = fold(text)
    yield folded
    if scope == USERNAME:
        yield without_signs(folded)


def _holds(rule: Rule, text: str, start: int, end: int) -> bool:
    if rule.kind == "DOMAIN":
        return _is_host(text, start, end, whole=rule.match == "EXACT")
    if rule.match == "EXACT":
        return not text[:start].strip() and not text[end:].strip()
    if rule.kind == "USERNAME" and rule.match == "PREFIX":
        return start == 0
    return is_edge(text, start) and (rule.match == "PREFIX" or is_edge(text, end))


def _is_host(text: str, start: int, end: int, *, whole: bool) -> bool:
    """Whether a host stands there; with those below it unless it is the ``whole`` one that is meant."""
    before, after = text[max(0, start - 1) : start], text[end : end + 2]
    begins = not before or not (before.isalnum() or before == "-" or (whole and before == "."))
    ends = not after or not (after[0].isalnum() or after[0] == "-" or (after[0] == "." and after[1:].isalnum()))
    return begins and ends


def strongest(matches: Iterable[Match]) -> Action | None:
    return max((match.rule.action for match in matches), key=STRENGTH.index, default=None)


def require_name(matches: Iterable[Match]) -> None:
    """Raises ApiError username_unavailable, as for any name that nobody may have."""
    if strongest(matches) == BLOCK:
        raise ApiError("auth.register.username_unavailable")


def require_text(name: str, matches: Iterable[Match], code: str = TEXT_NOT_ALLOWED) -> None:
    """Raises ApiError ``code`` with the field; which term it was is not told."""
    if strongest(matches) == BLOCK:
        raise ApiError(code, details=[{"field": FIELDS[name], "rule": "blocked"}])
