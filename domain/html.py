"""HTML that staff writes for everybody: what of it is kept, and what the cleaner takes out."""

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape

import nh3

SANITIZER_VERSION = 1
"""To be raised with every change of what is kept: what was cleaned by a former one is then cleaned again."""

BLOCKS = {"p", "div", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "blockquote"}
INLINE = {
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "samp", "small",
    "span", "strong", "sub", "sup", "time", "u", "var", "wbr", "ruby", "rt", "rp",
}  # fmt: skip
TABLES = {"table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td"}
OTHERS = {"figure", "figcaption", "img", "pre", "details", "summary"}
TAGS = BLOCKS | INLINE | TABLES | OTHERS
# Neither id nor name, by which a page's own scripts find things, nor style, which covers them. The class of code says
# in which language it is written.
ATTRIBUTES = {
    "*": {"title", "lang", "dir"},
    "a": {"href"},
    "code": {"class"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
SCHEMES = {"https", "http", "mailto", "tel"}
REL = "noopener noreferrer nofollow"
LANGUAGE = re.compile(r"language-[a-z0-9+#-]{1,32}")
WITHOUT_TEXT = {"script", "style"}

TAG = re.compile(r"<([a-zA-Z][^\s<>/\"'=]*)([^<>]*)")
ATTRIBUTE = re.compile(r"[\s/\"']([a-zA-Z_:][-\w:.]*)\s*=")
BREAKS = re.compile(r"</?(?:p|div|br|hr|h[1-6]|ul|ol|li|dl|dt|dd|blockquote|tr|pre|figure|figcaption|summary)\b[^<>]*>")
MARKUP = re.compile(r"<[^<>]*>")
MOST_REMOVED = 50


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "class":
        return value if LANGUAGE.fullmatch(value) else None
    if (tag, name) == ("img", "src"):
        return value if value.lower().startswith("https://") else None
    return value


CLEANER = nh3.Cleaner(
    tags=TAGS,
    clean_content_tags=WITHOUT_TEXT,
    attributes=ATTRIBUTES,
    attribute_filter=_attribute,
    url_schemes=SCHEMES,
    link_rel=REL,
)


def cleaned(source: str) -> str:
    """What may be shown to everybody; what was cleaned once stays as it is. It takes a time that grows with the text.

    Tags that are not kept leave their text, ``script`` and ``style`` nothing.
    """
    return CLEANER.clean(source)


def removed(source: str, kept: str) -> list[str]:
    """What the cleaner took out of ``source`` to leave ``kept``: ``script``, ``onclick of a``; sorted, 50 at most."""
    gone = Counter(_marks(source)) - Counter(_marks(kept))
    return sorted(gone)[:MOST_REMOVED]


def _marks(html: str) -> Iterator[str]:
    for tag, rest in TAG.findall(html):
        yield tag.lower()[:40]
        for name in ATTRIBUTE.findall(rest):
            yield f"{name.lower()[:40]} of {tag.lower()[:40]}"


def text_of(kept: str) -> str:
    """The text of cleaned HTML, a line for each of its blocks."""
    broken = BREAKS.sub("\n", " ".join(kept.split()))
    lines = unescape(MARKUP.sub("", broken)).splitlines()
    return "\n".join(line for line in (" ".join(one.split()) for one in lines) if line)
