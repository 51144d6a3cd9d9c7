"""Colours say what a parser says: strings and comments are these and nothing else; what runs in a string is none."""

import io
import shlex
import tokenize
from itertools import accumulate

import pytest
from tree_sitter import Node, Parser

from portal.model import Operation
from portal.samples import LANGUAGES, texts
from portal.samples.highlight import runs
from tests.portal.sites import OPERATIONS, ORIGIN
from tests.portal.test_samples_syntax import GRAMMARS, MADE, nasty

STRINGS = {
    "string", "string_literal", "template_string", "interpreted_string_literal", "raw_string_literal",
    "line_string_literal", "multi_line_string_literal", "multiline_string_literal", "interpolated_string_expression",
}  # fmt: skip
WITHIN = {"template_substitution", "interpolation", "interpolated_expression"}
COMMENTS = {"comment", "line_comment"}
HOSTILE = ("auth.login", "auth.otp.send", "users.update_profile")


def marked(text: str, language: str) -> str:
    """For each character ``s`` in a string, ``c`` in a comment, else a blank, as the colours have it."""
    found = list(runs(text, LANGUAGES[language].LEXER))
    starts = [0, *(end for end, _ in found)]
    assert starts[-1] == len(text)
    marks = (colour if colour in ("s", "c") else " " for _, colour in found)
    return "".join(mark * (end - start) for mark, start, (end, _) in zip(marks, starts, found, strict=False))


def parsed(text: str, language: str) -> str:
    """The same, as the grammar has it."""
    whole = text.encode()
    marks = [" "] * len(whole)

    def walk(node: Node, above: str) -> None:
        mark = above
        if node.is_named:
            kind = node.type
            mark = "s" if kind in STRINGS else "c" if kind in COMMENTS else " " if kind in WITHIN else above
            marks[node.start_byte : node.end_byte] = mark * (node.end_byte - node.start_byte)
        for child in node.children:
            walk(child, mark)

    walk(Parser(GRAMMARS[language]).parse(whole).root_node, " ")
    starts = accumulate((len(one.encode()) for one in text[:-1]), initial=0)
    return "".join(marks[start] for start in starts)


def hostile(operation: Operation, language: str) -> str:
    return texts(operation, ORIGIN, nasty(operation))[language]


@pytest.mark.parametrize("language", GRAMMARS)
def test_strings_and_comments_are_the_parsers(language: str) -> None:
    written = [made[language] for made in MADE.values()] + [hostile(OPERATIONS[name], language) for name in HOSTILE]
    for text in written:
        assert marked(text, language) == parsed(text, language), text


def test_strings_of_python_are_the_tokenizers() -> None:
    for text in [*(made["python"] for made in MADE.values()), hostile(OPERATIONS["auth.login"], "python")]:
        found = [
            token.string
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type == tokenize.STRING and not token.string.startswith("f")
        ]
        coloured = strings(text, "python")
        assert [one for one in found if one not in coloured] == []


def test_words_of_curl_are_the_shells() -> None:
    """A word in quotes is coloured from quote to quote."""
    for text in [made["curl"] for made in MADE.values()]:
        quoted = [one[1:-1] for one in strings(text, "curl")]
        assert [one for one in quoted if one not in shlex.split(text, comments=True)] == []


def strings(text: str, language: str) -> list[str]:
    """What is coloured as one, slots and all."""
    found, start = [], 0
    for end, colour in runs(text, LANGUAGES[language].LEXER):
        if colour == "s":
            found.append(text[start:end])
        start = end
    return found


@pytest.mark.parametrize(
    ("lexer", "text", "expected"),
    [
        ("swift", 'let a = f("\\(b.c): d")', {"let": "k", "f": "f", '"\\(': "s", '): d"': "s"}),
        ("kotlin", "val a = true // b", {"val": "k", "true": "m", "// b": "c"}),
        ("go", "if a >= 400 {", {"if": "k", "400": "m"}),
        ("bash", "curl -X PUT 'a # b' # c", {"-X": "n", "'a # b'": "s", "# c": "c"}),
        ("csharp", 'throw new A($"{b("c")}: d")', {"throw": "k", "new": "k", "A": "f", '$"': "s", "b": "f",
                                                   '"c"': "s", ': d"': "s"}),
        ("typescript", "import(a).delete() as B", {"import": "k", "delete": "f", "as": "k", "B": "f"}),
    ],
)  # fmt: skip
def test_what_has_which_colour(lexer: str, text: str, expected: dict[str, str]) -> None:
    found, start = {}, 0
    for end, colour in runs(text, lexer):
        if colour:
            found[text[start:end]] = colour
        start = end
    assert found == expected
