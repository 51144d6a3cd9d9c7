"""A hook for TanStack Query 5: a query for what only reads, else a mutation. What varies is an argument, so there are
no values to fill in."""

import re
from collections.abc import Iterator

from contract.paging import CURSOR
from contract.references import resolved
from contract.versioning import IF_MATCH
from portal.samples.call import Call, Head, around
from portal.samples.javascript import WIDTH, as_it_comes, const_url, fetching, key
from portal.samples.literals import TABLE, literal
from portal.samples.parts import Part
from portal.samples.shapes import Shapes
from portal.samples.typescript import CHECK, declarations, sent_type

TITLE, LEXER = "TanStack Query", "typescript"
MARGIN = "      "
NOTHING = " = {}"  # in place of a query that is left out
WALK = """\
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
"""
PLAIN = """\
if (!response.ok) {
  const { error } = await response.json();
  throw new Error(`${error.code}: ${error.message}`);
}
return response.text();
"""


def parts(call: Call) -> Iterator[Part]:
    shapes = Shapes(call.operation.components)
    arguments = list(_arguments(call, shapes))
    kind = "Mutation" if call.method != "GET" else "InfiniteQuery" if call.operation.policy.cursor else "Query"
    yield f'import {{ use{kind} }} from "@tanstack/react-query";\n\n'
    yield from declarations(call, shapes)
    yield f"export function use{_pascal(call.operation.id)}("
    yield from _token(call, "accessToken: string")
    yield from _mutation(call, arguments) if kind == "Mutation" else _query(call, arguments)
    yield "  });\n}\n"


def _query(call: Call, arguments: list[tuple[str, str]]) -> Iterator[Part]:
    """What varies is given to the hook, and part of the key."""
    if arguments:
        yield from _token(call, ", ")
    yield ", ".join(f"{name}: {kind}" for name, kind in arguments)
    walked = call.operation.policy.cursor is not None
    use, given = ("useInfiniteQuery", "{ pageParam }") if walked else ("useQuery", "")
    yield f") {{\n  return {use}({{\n    queryKey: {_key(call, [name for name, _ in arguments])},\n"
    yield f"    queryFn: async ({given}) => {{\n"
    yield from _function(call)
    yield "    },\n"
    yield WALK if walked else ""
    yield f"    staleTime: {call.operation.stale_time and f'{call.operation.stale_time} * 1000'},\n"


def _mutation(call: Call, arguments: list[tuple[str, str]]) -> Iterator[Part]:
    """What varies is given to each call of ``mutate``."""
    yield f") {{\n  return useMutation({{\n    mutationKey: {_key(call, [])},\n"
    yield f"    mutationFn: async ({_destructured(arguments)}) => {{\n"
    yield from _function(call)
    yield "    },\n"


def _token(call: Call, text: str) -> tuple[Part, ...]:
    return around(tuple(head for head in call.headers if head.slot == "token"), False, text)


def _key(call: Call, names: list[str]) -> str:
    fixed = [literal(TABLE, "javascript.string", part) for part in call.operation.query_key]
    return f"[{', '.join(fixed + names)}]"


def _function(call: Call) -> Iterator[Part]:
    url = _url(call)
    if any(parameter.location == "query" for parameter in call.operation.parameters):
        line = f"{MARGIN}const url = new URL({url});\n"
        yield line if len(line) <= WIDTH + 1 else f"{MARGIN}const url = new URL(\n{MARGIN}  {url},\n{MARGIN});\n"
        sent = "query"
        if call.operation.policy.cursor:
            sent = "sent"
            yield f"{MARGIN}const sent = {{ ...query, cursor: pageParam }};\n"
        yield f"{MARGIN}for (const [name, value] of Object.entries({sent})) {{\n"
        yield f"{MARGIN}  for (const one of [value].flat()) {{\n"
        yield f"{MARGIN}    if (one !== undefined) url.searchParams.append(name, String(one));\n"
        yield f"{MARGIN}  }}\n{MARGIN}}}\n"
    else:
        yield from const_url(url, url, MARGIN)
    yield f"{MARGIN}const response = "
    lines = tuple(part for head in call.headers for part in around((head,), False, _header(head)))
    yield from fetching(call, MARGIN, ("body",) if call.raw else ("JSON.stringify(body)",), lines)
    yield ";\n"
    end = f"{CHECK}return answer.data;\n" if call.enveloped else as_it_comes(call, PLAIN)
    yield re.sub("(?m)^", MARGIN, end).rstrip(" ")


def _header(head: Head) -> str:
    if head.slot == "token":
        value = "`Bearer ${accessToken}`"
    elif head.name == "Idempotency-Key":
        value = "crypto.randomUUID()"
    elif head.name == IF_MATCH:
        value = '`"${version}"`'
    else:
        value = literal(TABLE, "javascript.string", head.value)
    return f"{MARGIN}    {key(head.name)}: {value},\n"


def _url(call: Call) -> str:
    path = re.sub(r"\{([^}]*)\}", lambda match: f"${{encodeURIComponent({_camel(match[1])})}}", call.operation.path)
    whole = call.base + path
    return f"`{whole}`" if path != call.operation.path else literal(TABLE, "javascript.string", whole)


def _arguments(call: Call, shapes: Shapes) -> Iterator[tuple[str, str]]:
    """Name and type of what a caller gives: the parts of the path, the query, the body."""
    query = []
    optional = True
    for given in call.operation.document.get("parameters", ()):
        parameter = resolved({"components": call.operation.components}, given)
        where = parameter.get("in")
        if where == "path":
            yield _camel(parameter["name"]), _in_line(shapes.of(parameter["schema"]))
        elif where == "query" and not (call.operation.policy.cursor and parameter["name"] == CURSOR):
            mark = "" if parameter.get("required") else "?"
            optional = optional and bool(mark)
            query.append(f"{key(parameter['name'])}{mark}: {_in_line(shapes.of(parameter['schema']))}")
    if any(parameter.name == IF_MATCH for parameter in call.operation.parameters):
        yield "version", "number"
    if query:
        yield "query", f"{{ {'; '.join(query)} }}{NOTHING if optional else ''}"
    if call.has_body:
        yield "body", sent_type(call, shapes)


def _destructured(arguments: list[tuple[str, str]]) -> str:
    if len(arguments) < 2:
        return "".join(f"{name}: {kind}" for name, kind in arguments)
    named, types = [], []
    for name, kind in arguments:
        bare = kind.removesuffix(NOTHING)
        named.append(name if bare == kind else name + NOTHING)
        types.append(f"{name}: {bare}" if bare == kind else f"{name}?: {bare}")
    return f"{{ {', '.join(named)} }}: {{ {'; '.join(types)} }}"


def _pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[._-]", name))


def _camel(name: str) -> str:
    pascal = _pascal(name)
    return pascal[:1].lower() + pascal[1:]


def _in_line(kind: str) -> str:
    """A choice that would take a line for each of its members, among arguments."""
    return " ".join(part.strip() for part in kind.splitlines()).strip().removeprefix("| ")
