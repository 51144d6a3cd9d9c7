"""Words in the caller's language: validation rules, answers and mails, from ``locales/<locale>/*.json``; errors from
the contract's catalogue, where each code has its words in all languages beside it. English stands in for what one
lacks.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from contract.loader import ROOT

LOCALES = ROOT / "locales"
DEFAULT = "en"
RIGHT_TO_LEFT = ("ar", "he", "fa")
MAX_HEADER = 512
RANGE = re.compile(r"(?P<language>[a-z]{1,8})(?:-[a-z0-9]{1,8})*", re.IGNORECASE)
WEIGHT = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")  # RFC 9110, 12.4.2
# Deprecated subtags with their Preferred-Value in the IANA Language Subtag Registry (RFC 5646, 4.5), which Java and
# Android still send; and, as CLDR has it, single languages that stand for the one of which they are the standard form.
CANONICAL = {
    "in": "id", "iw": "he", "ji": "yi", "jw": "jv", "mo": "ro",
    "arb": "ar", "cmn": "zh", "pes": "fa",
}  # fmt: skip
NAMESPACES = ("errors", "validation", "messages", "mails", "portal")


class Texts:
    def __init__(self, errors: Mapping[str, Mapping[str, Any]], folder: Path = LOCALES) -> None:
        self._texts = {path.name: _read(path) for path in sorted(folder.iterdir()) if path.is_dir()}
        self.locales = tuple(self._texts)
        for locale, texts in self._texts.items():
            words = {code: entry.get("words", {}).get(locale) for code, entry in errors.items()}
            texts["errors"] = {code: text for code, text in words.items() if text}
        self._texts[DEFAULT]["errors"] = {code: entry["message"] for code, entry in errors.items()}
        self._said = dict(self._texts)

    def say(self, locale: str, namespace: str, key: str, /, **variables: Any) -> str:
        """The text in ``locale``, in English where the locale lacks it."""
        texts = self._said.get(locale, {}).get(namespace, {})
        text = texts.get(key) or self._said[DEFAULT][namespace][key]
        return text.format(**variables) if variables else text

    def reword(self, locale: str, edited: Mapping[str, Mapping[str, str]]) -> None:
        """Say these texts, by namespace and key, from now on; all others of the locale are those of the files."""
        files = self._texts.get(locale, {})
        reworded = {namespace: {**files.get(namespace, {}), **texts} for namespace, texts in edited.items()}
        self._said[locale] = {**files, **reworded}

    def namespace(self, locale: str, namespace: str) -> Mapping[str, str]:
        """Of the files."""
        return self._texts[locale].get(namespace, {})

    def missing(self) -> Mapping[str, Sequence[str]]:
        """``<namespace>: <key>`` -> the locales in which English stands in for it."""
        found = {
            f"{namespace}: {key}": [
                locale for locale in self.locales if not self._texts[locale].get(namespace, {}).get(key)
            ]
            for namespace in NAMESPACES
            for key in self._texts[DEFAULT][namespace]
        }
        return {key: locales for key, locales in found.items() if locales}


def _read(folder: Path) -> dict[str, dict[str, str]]:
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def negotiate(accept_language: str | None, supported: Sequence[str]) -> str:
    """The first supported locale that the header prefers (RFC 9110, 12.5.4), else the platform's default."""
    default = supported[0] if supported else DEFAULT
    if not accept_language:
        return default
    # What is cut off must not change the member before it.
    bounded = accept_language if len(accept_language) <= MAX_HEADER else accept_language[:MAX_HEADER].rpartition(",")[0]
    return _best(bounded, tuple(supported)) or default


@lru_cache(maxsize=1024)
def _best(header: str, supported: tuple[str, ...]) -> str | None:
    offered = [(-weight, position, language) for position, (language, weight) in enumerate(_members(header)) if weight]
    return next((language for _, _, language in sorted(offered) if language in supported), None)


def _members(header: str) -> Iterator[tuple[str, float]]:
    """Language and weight of each well-formed member; parameters that are not known say nothing."""
    for member in header.split(","):
        named, *parameters = (part.strip() for part in member.split(";"))
        found = RANGE.fullmatch(named)
        weights = [value for name, _, value in (p.partition("=") for p in parameters) if name.lower() == "q"] or ["1"]
        if found is not None and len(weights) == 1 and WEIGHT.fullmatch(weights[0]):
            language = found["language"].lower()
            yield CANONICAL.get(language, language), float(weights[0])
