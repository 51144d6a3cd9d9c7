"""Python with requests."""

from collections.abc import Iterator

from portal.samples.call import Call, around
from portal.samples.literals import TABLE, literal
from portal.samples.parts import Part

TITLE, LEXER = "Python", "python"
START = "import requests\n\nresponse = requests."
ENVELOPE = """\
answer = response.json()
if not answer["success"]:
    error = answer["error"]
    raise SystemExit(f"{error['code']}: {error['message']}")
print(answer["data"])
"""
PLAIN = """\
if not response.ok:
    error = response.json()["error"]
    raise SystemExit(f"{error['code']}: {error['message']}")
print(response.text)
"""


def parts(call: Call) -> Iterator[Part]:
    yield f"{START}{call.method.lower()}(\n    "
    yield call.url
    yield ",\n"
    lines = call.each(call.headers, lambda name: f'        {_string(name)}: "', '",\n')
    kind = (f'        "Content-Type": "{call.media_type}",\n',) if call.has_body and call.raw else ()
    yield from around(call.headers, bool(kind), "    headers={\n", *lines, *kind, "    },\n")
    lines = call.each(call.cookies, lambda name: f'        {_string(name)}: "', '",\n')
    yield from around(call.cookies, False, "    cookies={\n", *lines, "    },\n")
    if call.has_body:
        yield "    data=" if call.raw else "    json="
        yield call.body(1)
        yield ".encode(),\n" if call.raw else ",\n"
    yield "    timeout=10,\n)\n"
    yield ENVELOPE if call.enveloped else PLAIN


def _string(text: str) -> str:
    return literal(TABLE, "python.string", text)
