"""Python with requests."""

from collections.abc import Iterator

from contract.versioning import IF_MATCH
from portal.samples.call import Call, Head, around
from portal.samples.literals import TABLE, literal
from portal.samples.parts import Part, Slot

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
    lines = tuple(part for head in call.headers for part in _header(call, head))
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


def _header(call: Call, head: Head) -> Iterator[Part]:
    """A version is between double quotes of its own, which single ones spare from being escaped."""
    if head.name == IF_MATCH:
        value = (f"        {_string(head.name)}: '", Slot(head.slot, "python.quoted", head.value), "',\n")
    else:
        value = (f'        {_string(head.name)}: "{head.before}', call.value(head), '",\n')
    yield from around((head,), False, *value)


def _string(text: str) -> str:
    return literal(TABLE, "python.string", text)
