"""TypeScript with fetch: the same call as in JavaScript, with the types that it needs."""

from collections.abc import Iterator

from portal.samples.call import Call
from portal.samples.javascript import PLAIN, as_it_comes, const_url, fetching
from portal.samples.parts import Part
from portal.samples.shapes import Shapes

TITLE, LEXER = "TypeScript", "typescript"
ANSWER = """\
type Answer =
  | {{ success: true; data: {data} }}
  | {{ success: false; error: {{ code: string; message: string }} }};
"""
CHECK = """\
const answer: Answer = await response.json();
if (!answer.success) {
  throw new Error(`${answer.error.code}: ${answer.error.message}`);
}
"""


def parts(call: Call) -> Iterator[Part]:
    shapes = Shapes(call.operation.components)
    sent = sent_type(call, shapes)
    yield from declarations(call, shapes)
    if call.has_body:
        yield f"const body: {sent} = "
        yield call.body(0)
        yield ";\n"
    yield from const_url(call.url, call.url.text)
    yield "const response = "
    yield from fetching(call, "", ("body",) if call.raw else ("JSON.stringify(body)",))
    yield ";\n"
    yield f"{CHECK}console.log(answer.data);\n" if call.enveloped else as_it_comes(call, PLAIN)


def sent_type(call: Call, shapes: Shapes) -> str:
    if call.raw and call.has_body:
        return "string"
    return shapes.of(call.operation.body.schema, request=True) if call.operation.body and call.has_body else "undefined"


def declarations(call: Call, shapes: Shapes) -> Iterator[str]:
    """The named types, and that of the answer."""
    answer = ""
    if call.enveloped and call.operation.success.body:
        schema = call.operation.components["schemas"][call.operation.success.body.name]
        answer = ANSWER.format(data=shapes.of(schema["properties"]["data"], "    "))
    for declaration in shapes.declarations.values():
        yield f"{declaration}\n"
    if answer:
        yield f"{answer}\n"
