"""Colours by Pygments, cut where a slot begins or ends: the markup of a sample is the template that scripts fill in."""

from collections.abc import Iterable, Iterator
from functools import cache

from markupsafe import escape
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES, Comment, Keyword, Literal, Name, Token, _TokenType

from portal.samples.parts import Part, Slot, When, text

# What is worth a colour. Names, operators and white space would double the size of a page.
COLOURED = {Comment, Keyword, Literal, Name.Builtin, Name.Class, Name.Function, Name.Tag}


def highlighted(parts: tuple[Part, ...], lexer: str) -> str:
    """HTML of all parts, the hidden ones too."""
    return "".join(_Pen(text(parts, hidden=True), lexer).drawn(parts))


class _Pen:
    """Goes once through the text; ``_runs`` are (end, class) of what has one colour."""

    def __init__(self, whole: str, lexer: str) -> None:
        self._runs = list(_runs(whole, lexer))
        self._at = 0
        self._run = 0

    def drawn(self, parts: Iterable[Part]) -> Iterator[str]:
        for part in parts:
            if isinstance(part, When):
                hidden = "" if part.shown else " hidden"
                yield f'<span data-if="{escape(" ".join(part.names))}"{hidden}>'
                yield from self.drawn(part.parts)
                yield "</span>"
            elif isinstance(part, Slot):
                indent = f' data-indent="{part.indent}"' if part.indent else ""
                yield f'<span data-slot="{escape(part.name)}" data-literal="{part.key}"{indent}>'
                yield from self._coloured(part.text)
                yield "</span>"
            else:
                yield from self._coloured(part)

    def _coloured(self, piece: str) -> Iterator[str]:
        end = self._at + len(piece)
        start = self._at
        while self._at < end:
            run_end, colour = self._runs[self._run]
            stop = min(run_end, end)
            marked = escape(piece[self._at - start : stop - start])
            yield f'<span class="{colour}">{marked}</span>' if colour else str(marked)
            self._at = stop
            self._run += run_end == stop


def _runs(whole: str, lexer: str) -> Iterator[tuple[int, str]]:
    end, colour = 0, ""
    for start, kind, value in _lexer(lexer).get_tokens_unprocessed(whole):
        found = _class(kind) if value.strip() else ""
        if found != colour and end:
            yield end, colour
        end, colour = start + len(value), found
    yield end, colour


@cache
def _lexer(name: str) -> Lexer:
    return get_lexer_by_name(name)


@cache
def _class(kind: _TokenType) -> str:
    if COLOURED.isdisjoint(kind.split()):
        return ""
    while kind not in STANDARD_TYPES:
        kind = kind.parent or Token
    return STANDARD_TYPES[kind]
