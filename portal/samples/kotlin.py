"""Kotlin with OkHttp 5, which Android and servers have alike. It reads no JSON: what is printed is the whole answer."""

from collections.abc import Iterator

from portal.samples.call import Call
from portal.samples.literals import TABLE, literal
from portal.samples.parts import Part

TITLE, LEXER = "Kotlin", "kotlin"
END = """\
        .build()
    OkHttpClient().newCall(request).execute().use { response ->
        val answer = response.body.string()
        check(response.isSuccessful) { answer }
        println(answer)
    }
}
"""
LINE = "        ."
MAY_HAVE_NO_BODY = ("GET", "DELETE")


def parts(call: Call) -> Iterator[Part]:
    names = ["OkHttpClient", "Request"]
    names += ["MediaType.Companion.toMediaType"] if call.has_body else []
    sends = call.has_body or call.method not in MAY_HAVE_NO_BODY
    names += ["RequestBody.Companion.toRequestBody"] if sends else []
    yield "".join(f"import okhttp3.{name}\n" for name in sorted(names))
    yield "\nfun main() {\n"
    if call.has_body:
        yield "    val body = "
        yield call.body(1)
        yield "\n" if call.raw else ".trimIndent()\n"
    yield f"    val request = Request.Builder()\n{LINE}url("
    yield call.url
    yield ")\n"
    if sends:
        body = f'body.toRequestBody("{call.media_type}".toMediaType())' if call.has_body else '"".toRequestBody()'
        yield f"{LINE}{call.method.lower()}({body})\n"
    elif call.method != "GET":
        yield f"{LINE}{call.method.lower()}()\n"
    yield from call.each(call.headers, lambda name: f'{LINE}header({_string(name)}, "', '")\n')
    yield from call.cookie_line(f'{LINE}header("Cookie", "', '")\n')
    yield END


def _string(text: str) -> str:
    return literal(TABLE, "kotlin.string", text)
