"""A guide as HTML: headings with an address, code with its colours, tables that name themselves."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

from contract.policy import ContractError
from portal.guides.blocks import LANGUAGES, OUTPUT
from portal.markup import json_text
from portal.samples.highlight import highlighted

# How samples call the language of a block; others have no colours.
LEXERS = {"kotlin": "kotlin", "python": "python", "sh": "bash", "swift": "swift", "typescript": "typescript"}
NO_WORD = re.compile(r"[^a-z0-9]+")
Entry = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Shown:
    """``contents``: the headings of the second level, each with those below it, as (id, text)."""

    body: Markup
    contents: tuple[Entry, ...]


def shown(markdown: str, anchor: Callable[[str, str], Markup], output: str) -> Shown:
    """``anchor`` makes the link of a heading of (id, text) to itself; ``output`` is the word above what a block prints.

    Raises ContractError for two headings of one name, and for a block in a language that nobody colours.
    """
    parser = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")
    headings: list[tuple[int, str, str]] = []
    body = parser.render(markdown, {"headings": headings, "anchor": anchor, "output": output})
    twice = [ident for ident, times in Counter(ident for _, ident, _ in headings).items() if times > 1]
    if twice:
        raise ContractError(f"guides: two headings of one page have the address {twice}")
    return Shown(Markup(body), tuple(_contents(headings)))  # noqa: S704 - html is off, texts are escaped


def _contents(headings: Sequence[tuple[int, str, str]]) -> Iterator[Entry]:
    above: tuple[str, str] | None = None
    for top, group in groupby(headings, key=lambda heading: heading[0] == 2):
        found = [(ident, text) for _, ident, text in group]
        if top:
            yield from ((ident, text, ()) for ident, text in found[:-1])
            above = found[-1]
        elif above:
            yield (*above, tuple(found))
            above = None
    if above:
        yield (*above, ())


class _Renderer(RendererHTML):
    def heading_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        text = _plain(tokens[idx + 1])
        ident = NO_WORD.sub("-", text.lower()).strip("-")
        env["headings"].append((int(tokens[idx].tag[1]), ident, text))
        tokens[idx].attrSet("id", ident)
        return self.renderToken(tokens, idx, options, env)

    def heading_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        _, ident, text = env["headings"][-1]
        return f" {env['anchor'](ident, text)}{self.renderToken(tokens, idx, options, env)}"

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        caption = escape(env["headings"][-1][2] if env["headings"] else "")
        return f'<table>\n<caption class="hidden">{caption}</caption>\n'

    def th_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        tokens[idx].attrSet("scope", "col")
        return self.renderToken(tokens, idx, options, env)

    def code_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f'<code translate="no">{escape(tokens[idx].content)}</code>'

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        language, _, role = tokens[idx].info.strip().partition(" ")
        if language not in LANGUAGES:
            raise ContractError(f"guides: a block says that it is {language!r}; it must be one of {sorted(LANGUAGES)}")
        code = _coloured(tokens[idx].content.rstrip("\n"), language)
        told = 'tabindex="0" dir="ltr" translate="no"'
        if role == OUTPUT:
            caption = f"<figcaption>{escape(env['output'])}</figcaption>"
            return f'<figure class="example">\n{caption}\n<pre {told}><code>{code}</code></pre>\n</figure>\n'
        return f"<pre data-copy {told}><code>{code}</code></pre>\n"


@cache
def _coloured(text: str, language: str) -> str:
    if language == "json":
        return str(json_text(text))
    return highlighted((text,), LEXERS[language]) if language in LEXERS else str(escape(text))


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or () if child.type in ("text", "code_inline"))
