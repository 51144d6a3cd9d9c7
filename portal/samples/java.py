"""Java 17 with java.net.http. The JDK reads no JSON: what is printed is the whole answer, with the refusal's code."""

import re
from collections.abc import Iterator

from portal.samples.call import Call
from portal.samples.literals import TABLE, literal
from portal.samples.parts import Part

TITLE, LEXER = "Java", "java"
IMPORTS = "".join(
    f"import java.net.{name};\n" for name in ("URI", "http.HttpClient", "http.HttpRequest", "http.HttpResponse")
)
END = """\
            .build();
        HttpResponse<String> response = HttpClient.newHttpClient()
            .send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() >= 400) {
            throw new IllegalStateException(response.body());
        }
        System.out.println(response.body());
    }
}
"""
LINE = "            ."


def parts(call: Call) -> Iterator[Part]:
    name = "".join(part[:1].upper() + part[1:] for part in re.split(r"[._]", call.operation.id))
    yield f"{IMPORTS}\npublic class {name} {{\n    public static void main(String[] args) throws Exception {{\n"
    yield "        HttpRequest request = HttpRequest.newBuilder(URI.create("
    yield call.url
    yield "))\n"
    if call.has_body:
        yield f'{LINE}header("Content-Type", "{call.media_type}")\n'
    yield from call.each(call.headers, lambda name: f'{LINE}header({_string(name)}, "', '")\n')
    yield from call.cookie_line(f'{LINE}header("Cookie", "', '")\n')
    if call.has_body:
        yield f'{LINE}method("{call.method}", HttpRequest.BodyPublishers.ofString('
        yield call.body(4)
        yield "))\n"
    elif call.method != "GET":
        yield f'{LINE}method("{call.method}", HttpRequest.BodyPublishers.noBody())\n'
    yield END


def _string(text: str) -> str:
    return literal(TABLE, "java.string", text)
