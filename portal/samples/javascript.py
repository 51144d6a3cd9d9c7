"""JavaScript with fetch, in a browser or Node, as a module."""

from collections.abc import Iterator

from portal.samples.call import Call, around
from portal.samples.literals import TABLE, literal
from portal.samples.parts import Part

TITLE, LEXER = "JavaScript", "javascript"
WIDTH = 80
PLAIN = """\
if (!response.ok) {
  const { error } = await response.json();
  throw new Error(`${error.code}: ${error.message}`);
}
console.log(await response.text());
"""
ENVELOPE = """\
const { success, data, error } = await response.json();
if (!success) {
  throw new Error(`${error.code}: ${error.message}`);
}
console.log(data);
"""


def parts(call: Call) -> Iterator[Part]:
    yield from const_url(call.url, call.url.text)
    yield "const response = "
    yield from fetching(call, "", (call.body(1),) if call.raw else ("JSON.stringify(", call.body(1), ")"))
    yield ";\n"
    yield ENVELOPE if call.enveloped else as_it_comes(call, PLAIN)


def as_it_comes(call: Call, text: str) -> str:
    """``text`` reads a body without an envelope."""
    return text.replace("response.text()", "response.json()") if call.is_json else text


def const_url(url: Part, written: str, margin: str = "") -> Iterator[Part]:
    start = f"{margin}const url ="
    yield start + (" " if len(start) + len(written) + 2 <= WIDTH or written[0] == "`" else f"\n{margin}  ")
    yield url
    yield ";\n"


def fetching(call: Call, margin: str, body: tuple[Part, ...], lines: tuple[Part, ...] | None = None) -> Iterator[Part]:
    """The call of ``fetch`` of ``url``; ``margin`` stands before its lines, ``lines`` replace those of the headers."""
    inner = f"{margin}  "
    fixed = f'{inner}method: "{call.method}",\n' if call.method != "GET" else ""
    if call.takes_cookie or call.operation.sets_cookie:
        fixed += f'{inner}credentials: "include",\n'
    sent = (f"{inner}body: ", *body, ",\n") if call.has_body else ()
    yield "await fetch(url"
    always = bool(fixed or sent)
    yield from around(call.headers, always, ", {\n", fixed, *headers(call, inner, lines), *sent, f"{margin}}}")
    yield ")"


def headers(call: Call, margin: str, lines: tuple[Part, ...] | None = None) -> tuple[Part, ...]:
    inner = f"{margin}  "
    if lines is None:
        lines = call.each(call.headers, lambda name: f'{inner}{key(name)}: "', '",\n')
    kind = (f'{inner}"Content-Type": "{call.media_type}",\n',) if call.has_body else ()
    return around(call.headers, call.has_body, f"{margin}headers: {{\n", *lines, *kind, f"{margin}}},\n")


def key(name: str) -> str:
    """A name in an object or a type: in quotes only where it must be."""
    return literal(TABLE, "javascript.body", {name: 0}).partition(": ")[0].removeprefix("{\n").strip()
