"""curl, in any POSIX shell. The exit status tells a refusal, and its envelope is printed."""

from collections.abc import Iterator

from portal.samples.call import Call
from portal.samples.parts import Part

TITLE, LEXER = "curl", "bash"
NEXT = " \\\n  "
# From the second time on it names what it has, and while nothing has changed the answer is a bare 304.
TAGS = "# Again: sends If-None-Match with the ETag that is kept in etag.txt; 304 while nothing has changed.\n"


def parts(call: Call) -> Iterator[Part]:
    if call.operation.policy.cache:
        yield TAGS
    method = "" if call.method == "GET" else f" -X {call.method}"
    yield f"curl --fail-with-body{method}{NEXT}"  # the address is seen whole in a narrow column
    yield call.url
    if call.takes_cookie:
        yield f"{NEXT}-b jar.txt"
    if call.operation.sets_cookie:
        yield f"{NEXT}-c jar.txt"
    if call.operation.policy.cache:
        yield f"{NEXT}--etag-compare etag.txt{NEXT}--etag-save etag.txt"
    yield from call.each(call.headers, lambda name: f"{NEXT}-H '{name}: ", "'")
    if call.has_body:
        flag = "--data-raw" if call.raw else "-d"  # which would read a file after an @
        yield f"{NEXT}-H 'Content-Type: {call.media_type}'{NEXT}{flag} "
        yield call.body(1)
    yield "\n"
