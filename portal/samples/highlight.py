"""Colours, cut where a slot begins or ends: the markup of a sample is the template that scripts fill in.

A sample is a page of ours in a language that we choose, so that one expression per language tells what it is made of.
The lexers of Pygments, for whole languages, take ten times as long, and do not know the long strings of Swift.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape

from portal.samples.parts import Part, Slot, When, text

QUOTED = r'"(?:[^"\\\n]|\\.)*"'
BLOCK = r'"""(?:[^"]|"(?!""))*"""'
TEMPLATE = r"`(?:[^`\\]|\\.)*`"
STRINGS = {
    "bash": "'[^']*'",
    "csharp": rf'{BLOCK}|\$"(?:\{{[^}}]*\}}|[^"{{\\\n]|\\.)*"|{QUOTED}',
    "go": f"`[^`]*`|{QUOTED}",
    "java": f"{BLOCK}|{QUOTED}",
    "javascript": f"{TEMPLATE}|{QUOTED}",
    "kotlin": f"{BLOCK}|{QUOTED}",
    "python": f"f?{QUOTED}|'[^'\\n]*'",
    "swift": f"{BLOCK}|{QUOTED}",
    "typescript": f"{TEMPLATE}|{QUOTED}",
}
# A string that begins so holds programs, each the first group.
HOLES = {
    "csharp": ("$", r"(\{[^}]*\})"),
    "javascript": ("`", r"(\$\{[^}]*\})"),
    "python": ("f", r"(\{[^}]*\})"),
    "swift": ('"', r"(?<!\\)(?:\\\\)*\\\(([^)]*)\)"),
    "typescript": ("`", r"(\$\{[^}]*\})"),
}
COMMENTS = {"bash": r"(?<!\S)#[^\n]*", "python": r"#[^\n]*"}
CODE = r"(?P<m>\b\d[\w.]*)|(?P<word>[A-Za-z_]\w*)"
OTHERS = {"bash": r"(?P<n>(?<=\s)--?[A-Za-z][\w-]*)"}
SCRIPT = (
    "async await catch class const else export extends finally for from function if import in let new of return static "
    "switch this throw try typeof var void while "
)
KEYWORDS = {
    "bash": "",
    "csharp": "await else foreach if in new null out return static throw using var",
    "go": "break case const defer else for func go if import map nil package range return struct type var",
    "java": "class else extends final for if import new private public return static throw throws void",
    "javascript": SCRIPT,
    "kotlin": "as class else for fun if import in is object return throw val var when while",
    "python": "as def elif else except for from if import in is not or raise return try while with",
    "swift": "as async await case else enum for func guard if import in is let return struct throw throws try var",
    "typescript": f"{SCRIPT} as boolean enum interface keyof number readonly string type unknown",
}
ELEMENTS = {"s": "i", "k": "b", "f": "u"}
CONSTANTS = frozenset(("true", "false", "null", "nil", "None", "True", "False", "undefined"))


def coloured(marked: str, colour: str) -> str:
    """Escaped text in the markup of its colour: a page has hundreds, so that the most frequent have no class."""
    tag = ELEMENTS.get(colour)
    return f"<{tag}>{marked}</{tag}>" if tag else f"<i class={colour}>{marked}</i>"


def highlighted(parts: tuple[Part, ...], lexer: str) -> str:
    """HTML of all parts, the hidden ones too."""
    return "".join(_Pen(text(parts, hidden=True), lexer).drawn(parts))


class _Pen:
    """Goes once through the text; ``_runs`` are (end, class) of what has one colour."""

    def __init__(self, whole: str, lexer: str) -> None:
        self._runs = list(runs(whole, lexer))
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
                yield from self._marked(part.text)
                yield "</span>"
            else:
                yield from self._marked(part)

    def _marked(self, piece: str) -> Iterator[str]:
        end = self._at + len(piece)
        start = self._at
        while self._at < end:
            run_end, colour = self._runs[self._run]
            stop = min(run_end, end)
            marked = escape(piece[self._at - start : stop - start], quote=False)
            yield coloured(marked, colour) if colour else marked
            self._at = stop
            self._run += run_end == stop


def runs(whole: str, lexer: str) -> Iterator[tuple[int, str]]:
    """Where each colour ends, and its class, a letter that ``assets/code.css`` explains; without one, ordinary text."""
    end = 0
    for start, stop, colour in _coloured(whole, lexer, 0, len(whole)):
        if start > end:
            yield start, ""
        yield stop, colour
        end = stop
    if end < len(whole):
        yield len(whole), ""


def _coloured(whole: str, lexer: str, start: int, stop: int) -> Iterator[tuple[int, int, str]]:
    keywords, (opening, holes) = _keywords(lexer), _holes(lexer)
    for found in _pattern(lexer).finditer(whole, start, stop):
        kind = found.lastgroup or ""
        one, other = found.span()
        if kind == "word":
            # After a dot it is a name, whatever it would be elsewhere.
            colour = keywords.get(found[0], "") if whole[one - 1 : one] != "." else ""
            if not colour and (whole[one].isupper() or whole[other : other + 1] == "("):
                colour = "f"
            if colour:
                yield one, other, colour
            continue
        if kind == "s" and found[0].startswith(opening):
            for hole in holes.finditer(whole, one, other):
                yield one, hole.start(1), kind
                yield from _coloured(whole, lexer, *hole.span(1))
                one = hole.end(1)
        if one < other:
            yield one, other, kind


@cache
def _pattern(lexer: str) -> re.Pattern[str]:
    comment = COMMENTS.get(lexer, r"//[^\n]*")
    return re.compile(f"(?P<c>{comment})|(?P<s>{STRINGS[lexer]})|{OTHERS.get(lexer, CODE)}", re.DOTALL)


@cache
def _holes(lexer: str) -> tuple[str, re.Pattern[str]]:
    """How a string with programs within begins, and where they are; nothing begins with a line break."""
    opening, hole = HOLES.get(lexer, ("\n", ""))
    return opening, re.compile(hole, re.DOTALL)


@cache
def _keywords(lexer: str) -> dict[str, str]:
    """The word -> its class."""
    return dict.fromkeys(KEYWORDS[lexer].split(), "k") | dict.fromkeys(CONSTANTS, "m")
