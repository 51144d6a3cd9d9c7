"""Words in the caller's language: errors, validation rules, answers and mails, from ``locales/<locale>/*.json``.

English error messages stand in the contract's catalogue, so ``en`` has no ``errors.json``.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from runtime.spec import ROOT

LOCALES = ROOT / "locales"
DEFAULT = "en"
NAMESPACES = ("errors", "validation", "messages", "mails", "portal")


class Texts:
    def __init__(self, errors: Mapping[str, Mapping[str, Any]], folder: Path = LOCALES) -> None:
        self._texts = {path.name: _read(path) for path in sorted(folder.iterdir()) if path.is_dir()}
        self._texts[DEFAULT]["errors"] = {code: entry["message"] for code, entry in errors.items()}
        self.locales = tuple(self._texts)

    def say(self, locale: str, namespace: str, key: str, /, **variables: Any) -> str:
        """The text in ``locale``, in English where the locale lacks it."""
        texts = self._texts.get(locale, {}).get(namespace, {})
        text = texts.get(key) or self._texts[DEFAULT][namespace][key]
        return text.format(**variables) if variables else text

    def namespace(self, locale: str, namespace: str) -> Mapping[str, str]:
        return self._texts[locale].get(namespace, {})


def _read(folder: Path) -> dict[str, dict[str, str]]:
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def negotiate(accept_language: str | None, supported: Sequence[str]) -> str:
    """The first supported locale that the header prefers (RFC 9110, 12.5.4), else the platform's default."""
    default = supported[0] if supported else DEFAULT
    return _best(accept_language, tuple(supported)) or default if accept_language else default


@lru_cache(maxsize=1024)
def _best(header: str, supported: tuple[str, ...]) -> str | None:
    for tag in _ranked(header):
        if tag in supported:
            return tag
    return None


def _ranked(header: str) -> Iterable[str]:
    weighted = []
    for position, part in enumerate(header[:512].split(",")):
        tag, _, parameter = part.strip().partition(";")
        weighted.append((-_quality(parameter), position, tag.strip().lower().partition("-")[0]))
    return [tag for weight, _, tag in sorted(weighted) if weight < 0]


def _quality(parameter: str) -> float:
    try:
        return float(parameter.strip().removeprefix("q=")) if parameter.strip() else 1.0
    except ValueError:
        return 0.0
