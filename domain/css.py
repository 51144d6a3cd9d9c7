"""Style sheets that people write for their own pages: what could run, load from elsewhere or end the element goes.

Parsed by tinycss2, never matched by patterns: escapes and comments inside of words defeat these.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import tinycss2

from domain.config_keys import ListKey
from domain.errors import ApiError
from domain.texts import visible

ALLOWED_HOSTS = ListKey(
    "bio.css_allowed_hosts", [], "hosts that style sheets of bio pages may load from; empty for every host"
)
LONGEST = 10_000
DEEPEST = 32
ROUNDS = 4
AT_RULES = frozenset({"media", "supports", "keyframes", "font-face", "layer"})
OF_RULES = frozenset({"media", "supports", "keyframes", "layer"})
"""Those whose block holds rules, where they stand outside of a rule."""
PROPERTIES = frozenset({"behavior", "-moz-binding", "-ms-behavior"})
LOADING = frozenset({"url", "src", "image", "image-set", "-webkit-image-set", "cross-fade", "-webkit-cross-fade"})
"""Functions whose texts are addresses."""
BLANK = frozenset({"whitespace", "comment"})
BLOCKS = frozenset({"{} block", "[] block", "() block"})
# Python refuses to read an integer of more digits than 4300, and nobody means one of a hundred.
SURROGATES = re.compile("[\ud800-\udfff]")  # which an escape makes, and no text may hold
# A character of its own, or one that a backslash makes one; a backslash that a backslash makes one makes none.
LESS = re.compile(r"\\?<|\\.", re.DOTALL)
NUMBER = re.compile(r"[0-9]{100}")
ADDRESS = re.compile(r"https://(?P<host>[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(:[0-9]{1,5})?(/[!#-;=?-\[\]_a-z|~]*)?")


def cleaned(css: str, hosts: Collection[str] = ()) -> str:
    """What of it may stand on a page; byte for byte what it was where nothing had to go and there is no ``<``.

    That could begin what ends the element. Media queries that compare by it are turned round; where it is a character
    of a text, a name or a comment it is escaped; elsewhere it means nothing, and what it stands in goes.

    ``hosts``: all that addresses may lead to, where there are any. Raises ApiError creator.bio.css_invalid for brackets
    that are nested deeper than ``DEEPEST``, of which a serialiser that calls itself would not come back, and for
    numbers of a hundred digits.
    """
    if NUMBER.search(css):
        raise ApiError("creator.bio.css_invalid")
    tokens = tinycss2.parse_component_value_list(css)
    if _depth(tokens) > DEEPEST:
        raise ApiError("creator.bio.css_invalid")
    for _ in range(ROUNDS):
        cleaner = _Cleaner(frozenset(host.lower() for host in hosts))
        kept = cleaner.rules(tinycss2.parse_stylesheet(css))
        if not cleaner.dropped and "<" not in css:
            return css
        css = LESS.sub(_escaped, SURROGATES.sub("\ufffd", kept))
    return ""


def texts(css: str) -> str:
    """What it can show by ``content``: its strings, a line each; those that stand side by side are one."""
    found = _texts(tinycss2.parse_component_value_list(css))
    return "\n".join(filter(None, map(visible, found)))


def _texts(tokens: Iterable[Any]) -> Iterator[str]:
    text = ""
    for token in tokens:
        if token.type == "string":
            text += token.value
        elif token.type not in BLANK:
            yield text
            text = ""
            yield from _texts(_content(token) or ())
    yield text


def _escaped(found: re.Match[str]) -> str:
    return "\\3c " if found[0].endswith("<") else found[0]


def _depth(tokens: Sequence[Any]) -> int:
    deepest, waiting = 0, [(tokens, 0)]
    while waiting:
        inside, level = waiting.pop()
        deepest = max(deepest, level)
        waiting += [(content, level + 1) for token in inside if (content := _content(token)) is not None]
    return deepest


def _content(token: Any) -> Sequence[Any] | None:
    if token.type == "function":
        return list(token.arguments)
    return list(token.content) if token.type in BLOCKS else None


class _Cleaner:
    """``dropped``: whether anything had to go."""

    def __init__(self, hosts: Collection[str]) -> None:
        self._hosts = hosts
        self.dropped = False

    def rules(self, nodes: Iterable[Any]) -> str:
        """Of a style sheet, or of an at-rule that holds rules."""
        return "".join(self._kept(node, inside=False) for node in nodes)

    def _kept(self, node: Any, *, inside: bool) -> str:
        """The node without what has to go. ``inside`` of a rule stand declarations, too."""
        if node.type in BLANK:
            return str(node.serialize())
        if node.type == "declaration" and node.lower_name not in PROPERTIES and not self._bad(node.value):
            important = " !important" if node.important else ""
            return f"{tinycss2.serialize([_named(node)])}:{tinycss2.serialize(node.value)}{important};"
        if node.type == "qualified-rule" and not self._bad(node.prelude):
            return f"{tinycss2.serialize(node.prelude)}{{{self._block(node.content)}}}"
        if node.type == "at-rule" and node.lower_at_keyword in AT_RULES:
            prelude = _turned(node.prelude) if node.lower_at_keyword == "media" else node.prelude
            if not self._bad(prelude):
                return self._at_rule(node, prelude, inside=inside)
        self.dropped = True
        return ""

    def _at_rule(self, node: Any, prelude: Sequence[Any], *, inside: bool) -> str:
        head = f"@{node.lower_at_keyword}{tinycss2.serialize(prelude)}"
        if node.content is None:
            return f"{head};"
        if node.lower_at_keyword in OF_RULES and not inside:
            return f"{head}{{{self.rules(tinycss2.parse_rule_list(node.content))}}}"
        return f"{head}{{{self._block(node.content)}}}"

    def _block(self, content: Sequence[Any]) -> str:
        return "".join(self._kept(node, inside=True) for node in tinycss2.parse_blocks_contents(content))

    def _bad(self, tokens: Iterable[Any]) -> bool:
        return any(self._is_bad(token, after) for token, after in _with_next(tokens))

    def _is_bad(self, token: Any, after: Any) -> bool:
        if token.type in ("error", "at-keyword") or (token.type == "literal" and token.value.startswith("<")):
            return True
        if token.type == "ident" and token.lower_value in PROPERTIES and after == ":":
            return True
        if token.type == "url":
            return not self._may_load(token.value)
        if token.type == "string":
            return "javascript:" in re.sub(r"[\s\x00]", "", token.value).lower()
        if token.type == "function":
            if token.lower_name == "expression":
                return True
            if token.lower_name in LOADING and not self._loads_well(token.arguments):
                return True
        content = _content(token)
        return content is not None and self._bad(content)

    def _loads_well(self, tokens: Iterable[Any]) -> bool:
        """No address but good ones, and none that only the browser puts together."""
        for token in tokens:
            if token.type == "string" and not self._may_load(token.value):
                return False
            if token.type == "function" and token.lower_name in ("var", "env", "attr"):
                return False
            content = _content(token)
            if content is not None and not self._loads_well(content):
                return False
        return True

    def _may_load(self, address: str) -> bool:
        found = ADDRESS.fullmatch(address)
        return found is not None and (not self._hosts or found["host"].lower() in self._hosts)


def _turned(tokens: Iterable[Any]) -> list[Any]:
    """Ranges that say "less" say "more" the other way round: ``(width < 1px)`` is ``(1px > width)``."""
    return [_turned_range(token) if token.type == "() block" else token for token in tokens]


def _turned_range(block: Any) -> Any:
    """As it is where it compares by other signs, or not as a range does."""
    inside = _turned(block.content)
    signs: list[str] = []
    operands: list[list[Any]] = [[]]
    for token in inside:
        if token.type == "literal" and token.value == "<":
            signs.append(">")
            operands.append([])
        elif token.type == "literal" and token.value == "=" and signs[-1:] == [">"] and not operands[-1]:
            signs[-1] = ">="
        elif token.type == "literal" and token.value in ("=", ">"):
            return block
        else:
            operands[-1].append(token)
    if signs:
        if len(signs) > 2 or any(all(token.type in BLANK for token in operand) for operand in operands):
            return block
        inside = _trimmed(operands.pop())
        while signs:
            sign = tinycss2.ast.LiteralToken(block.source_line, block.source_column, f" {signs.pop()} ")
            inside += [sign, *_trimmed(operands.pop())]
    return tinycss2.ast.ParenthesesBlock(block.source_line, block.source_column, inside)


def _trimmed(tokens: Sequence[Any]) -> list[Any]:
    told = [at for at, token in enumerate(tokens) if token.type != "whitespace"]
    return list(tokens[told[0] : told[-1] + 1])


def _named(declaration: Any) -> Any:
    return tinycss2.ast.IdentToken(declaration.source_line, declaration.source_column, declaration.name)


def _with_next(tokens: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Each token with the one behind it that is neither blank nor comment."""
    told = [token for token in tokens if token.type not in BLANK]
    return zip(told, [*told[1:], None], strict=False)
