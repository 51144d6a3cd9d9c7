"""Texts and examples of the contract as markup. Nothing here depends on the language of a page: all of it is kept."""

import json
import re
from functools import cache
from html import escape, unescape
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from contract.loader import indented
from portal.samples.highlight import coloured

MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
FORMATTER = HtmlFormatter(nowrap=True)
LEXERS = {name: get_lexer_by_name(name) for name in ("json",)}
# Pygments' classes of what has a colour, as the samples call them.
COLOURS = {"nt": "n", "s2": "s", "mi": "m", "mf": "m", "kc": "m"}
COLOURED = re.compile(r'<span class="(\w+)">([^<]*)</span>')
HEADING = re.compile(r"<(/?)h([1-6])>")
DEMOTED_BY = 2
COLOUR = re.compile(r"</?[biu]\b[^>]*>")
TAG = re.compile(r"<[^>]*>")
# Around a plain value within a tag. Texts have no bare "<" or ">".
QUOTES = re.compile(r'="([^\s"\'=<>`]+)"(?=[^<>]*>)')
ENDS = re.compile(r"</(?:li|dt|dd|tr|th|td)>")
# Bold words at the beginning end with a full stop of their own.
SENTENCE = re.compile(r"(?<=[a-z0-9)`}]\.)\s")


@cache
def block(text: str) -> Markup:
    """CommonMark as paragraphs; raw HTML stays text, and headings go below those of the page."""
    html = MARKDOWN.render(text)
    return Markup(HEADING.sub(lambda found: f"<{found[1]}h{min(6, int(found[2]) + DEMOTED_BY)}>", html).strip())  # noqa: S704


@cache
def inline(text: str) -> Markup:
    """CommonMark within a line."""
    return Markup(MARKDOWN.renderInline(text.strip()).replace("\n", " "))  # noqa: S704 - html is off


@cache
def plain(text: str) -> str:
    """CommonMark without its marks, on one line."""
    return " ".join(unescape(TAG.sub("", MARKDOWN.render(text))).split())


def first_sentence(text: str) -> str:
    return SENTENCE.split(text.strip(), maxsplit=1)[0]


@cache
def _highlighted(text: str, lexer: str) -> Markup:
    return Markup(COLOURED.sub(_shortly, highlight(text, LEXERS[lexer], FORMATTER)).rstrip("\n"))  # noqa: S704 - Pygments escapes


def _shortly(found: re.Match[str]) -> str:
    colour, text = found.groups()
    return coloured(text, COLOURS[colour]) if colour in COLOURS else text


def as_json(value: Any) -> str:
    return indented(value).decode()


def literal(value: Any) -> str:
    """A value as it stands in JSON, on one line."""
    return json.dumps(value, ensure_ascii=False)


def json_block(value: Any) -> Markup:
    return json_text(as_json(value))


def json_text(text: str) -> Markup:
    return _highlighted(text, "json")


def uncoloured(html: Markup) -> Markup:
    """What a page has two dozen of, folded: colours would be a third of it."""
    return Markup(COLOUR.sub("", html))  # noqa: S704 - the rest is as it was


def shortened(html: str) -> str:
    """The same page without what HTML lets one leave out, a twentieth of it: quotes, ends that others tell."""
    return ENDS.sub("", QUOTES.sub(lambda found: f"={found[1]}", html))


def with_text(html: Markup, old: str, new: str) -> Markup:
    """``html`` of a JSON example with one of its texts in other words."""
    return Markup(str(html).replace(_json_text(old), _json_text(new)))  # noqa: S704 - both are escaped


def _json_text(text: str) -> str:
    return escape(json.dumps(text, ensure_ascii=False), quote=False)  # as Pygments does
