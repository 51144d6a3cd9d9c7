"""The page of changes as Markdown and as a feed."""

from contract.changes import Change
from contract.changes.history import Note, Release, Section, Shared
from contract.texts import Texts
from portal.exports.changes import changes_text
from portal.exports.feed import feed
from portal.words import Words
from tests.portal.sites import ORIGIN, SITE

WORDS = Words("en", Texts(SITE.contract.errors))
LONGER = Change("rule.loosened", "a.b", False, "request", "name", "maxLength", 72, 128)
GONE = Change("field.removed", "a.b", True, "response", "data.id")
MANY = Change("enum.added", "", False, "request", "kind", after=tuple("abcdef"))
RELEASES = (
    Release(
        "1.1.0",
        Note("2026-02-01", "Names may be *longer*.\n"),
        5,
        first=False,
        shared=(Shared(MANY, ("a.b", "c.d", "e.f", "g.h")),),
        sections=(Section("a.b", "Get Thing", (LONGER, GONE)),),
    ),
    Release("1.0.1", Note("2026-01-02"), 5, first=False),
    Release("1.0.0", Note(), 4, first=True),
)
TEXT = """\
# Changes

{lead}

## 1.1.0 · 2026-02-01 · Breaking

Names may be *longer*.

### Several operations

- Added: `kind`: 6 new values (`a`, `b`, `c`, `d`, `e`, `f`) (`a.b`, `c.d`, `e.f`, `g.h`)

### Get Thing `a.b`

- Changed: `name`: maximum length raised from 72 to 128
- Removed: field `data.id` in the response removed **Breaking**

## 1.0.1 · 2026-01-02

{none}

## 1.0.0 · Not published yet

First version: 4 operations.
"""


def test_markdown_is_told_by_release_and_operation() -> None:
    words = {key: WORDS.plain(f"changelog.{key}") for key in ("lead", "none")}
    assert changes_text(RELEASES, WORDS) == TEXT.format(**words)


def test_the_feed_has_what_is_published() -> None:
    found = feed(SITE, RELEASES, WORDS, ORIGIN)
    assert found["version"] == "https://jsonfeed.org/version/1.1"
    assert found["home_page_url"] == f"{ORIGIN}/docs/changelog"
    assert [(item["title"], item["date_published"]) for item in found["items"]] == [
        ("1.1.0", "2026-02-01T00:00:00Z"),
        ("1.0.1", "2026-01-02T00:00:00Z"),
    ]
    assert found["items"][0]["url"] == f"{ORIGIN}/docs/changelog#release-1-1-0"
    assert found["items"][0]["content_text"].startswith("Names may be *longer*.\n\n### Several operations\n")
