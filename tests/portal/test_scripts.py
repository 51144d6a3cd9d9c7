"""The scripts of the pages say what the words of the portal have."""

import json
import re

import pytest

from contract.texts import DEFAULT, LOCALES
from portal.render import ASSETS

SAID = re.compile(r"""\bsay\("(\w+)\"""")
PLACEHOLDER = re.compile(r"\{\w+\}")


def words(locale: str) -> dict[str, str]:
    return dict(json.loads((LOCALES / locale / "portal.json").read_text(encoding="utf-8")))


def test_what_they_say_has_words() -> None:
    said = {word for module in ASSETS.glob("*.js") for word in SAID.findall(module.read_text(encoding="utf-8"))}
    assert len(said) > 50
    assert {word for word in said if f"js.{word}" not in words(DEFAULT)} == set()


@pytest.mark.parametrize("locale", sorted(path.name for path in LOCALES.iterdir() if path.is_dir()))
def test_each_language_has_the_same_placeholders(locale: str) -> None:
    """Scripts fill them in: one that is misspelt would be shown."""
    english, own = words(DEFAULT), words(locale)
    spoken = [key for key in english if key.startswith("js.")]
    assert [key for key in spoken if set(PLACEHOLDER.findall(english[key])) != set(PLACEHOLDER.findall(own[key]))] == []
