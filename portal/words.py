"""The words of the portal in one language, from ``locales/<locale>/portal.json``; English stands in."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape as quoted
from typing import Any

from markupsafe import Markup, escape

from contract.texts import DEFAULT, RIGHT_TO_LEFT, Texts
from domain.config_keys import in_units
from portal.model import Rule

CODE = re.compile(r"`([^`]+)`")


@cache
def code(text: str) -> Markup:
    """``text`` as it is to be typed: never translated, never turned round. Raises TypeError for anything else."""
    if not isinstance(text, str):  # templates are not type-checked
        raise TypeError(f"{text!r} is no text")
    # Quotes are safe outside of attributes, and texts in JSON have many.
    return Markup(f'<code translate="no">{quoted(text, quote=False)}</code>')  # noqa: S704 - escaped


class Words:
    """``words("key", name=…)`` is safe markup: what stands between backticks becomes code, values are escaped."""

    def __init__(self, locale: str, texts: Texts) -> None:
        self.locale = locale
        self.direction = "rtl" if locale in RIGHT_TO_LEFT else "ltr"
        self._texts = texts
        self._markup = {key: _marked(text) for key, text in texts.namespace(DEFAULT, "portal").items()}
        self._markup |= {key: _marked(text) for key, text in texts.namespace(locale, "portal").items()}

    def __call__(self, key: str, /, **values: Any) -> Markup:
        text = self._markup[key]
        return text.format(**values) if values else text

    def __contains__(self, key: str) -> bool:
        return key in self._markup

    def plain(self, key: str, /, **values: Any) -> str:
        return self._texts.say(self.locale, "portal", key, **values)

    def mail(self, key: str) -> str:
        return self._texts.say(self.locale, "mails", key)

    def error(self, code_: str, variables: Mapping[str, Any]) -> str:
        return self._texts.say(self.locale, "errors", code_, **variables)

    def error_in(self, locale: str, code_: str, variables: Mapping[str, Any]) -> str:
        return self._texts.say(locale, "errors", code_, **variables)

    def violation(self, rule: str) -> str:
        return self._texts.say(self.locale, "validation", rule)

    def for_scripts(self) -> dict[str, str]:
        """The words that the pages' scripts say, without their prefix ``js.``."""
        keys = sorted(self._texts.namespace(DEFAULT, "portal"))
        return {key.removeprefix("js."): self.plain(key) for key in keys if key.startswith("js.")}

    def rule(self, rule: Rule) -> Markup:
        """A rule that a contract names itself (``x-biore-rule``) is told as its violation is."""
        key = f"rule.{rule.key}"
        if key not in self._markup:
            return escape(self.violation(rule.key))
        if rule.limit == 1 and rule.key in ("minLength", "minItems", "minProperties"):
            return self("rule.notEmpty")
        if rule.key == "clamp":
            return self(key, **rule.limit)
        if rule.key == "normalize":
            return self(key, limit=Markup(" → ").join(self(f"rule.step.{step}") for step in rule.limit))
        return self(key, limit=code(str(rule.limit)) if rule.key in ("pattern", "format") else rule.limit)

    def one_of(self, values: Sequence[Any]) -> Markup:
        return self(
            "rule.enum" if len(values) > 1 else "rule.const",
            limit=Markup(", ").join(code(json.dumps(value, ensure_ascii=False)) for value in values),
        )

    def window(self, seconds: int) -> Markup:
        count, unit = in_units(seconds)
        return self(f"rate.{unit}", count=count)


def _marked(text: str) -> Markup:
    return Markup(CODE.sub(r'<code translate="no">\1</code>', str(escape(text))))  # noqa: S704 - escaped just here
