"""Swift with URLSession, as statements of a ``main.swift`` or within an ``async`` function that throws."""

from collections.abc import Iterator

from portal.samples.call import Call
from portal.samples.literals import TABLE, literal
from portal.samples.parts import Part

TITLE, LEXER = "Swift", "swift"
ENVELOPE = """\

struct Answer: Decodable {
    struct Failure: Decodable {
        let code: String
        let message: String
    }
    let error: Failure?
}

let (data, _) = try await URLSession.shared.data(for: request)
if let error = try JSONDecoder().decode(Answer.self, from: data).error {
    fatalError("\\(error.code): \\(error.message)")
}
print(String(decoding: data, as: UTF8.self))
"""
PLAIN = """\

let (data, response) = try await URLSession.shared.data(for: request)
let answer = String(decoding: data, as: UTF8.self)
guard let http = response as? HTTPURLResponse, http.statusCode < 400 else {
    fatalError(answer)
}
print(answer)
"""


def parts(call: Call) -> Iterator[Part]:
    yield "import Foundation\n\nvar request = URLRequest(url: URL(string: "
    yield call.url
    yield ")!)\n"
    if call.method != "GET":
        yield f'request.httpMethod = "{call.method}"\n'
    if call.has_body:
        yield f'request.setValue("{call.media_type}", forHTTPHeaderField: "Content-Type")\n'
    for head in call.headers:
        yield from call.each((head,), lambda _: 'request.setValue("', _field(head.name))
    if call.cookies:
        # The session would put those that it keeps itself in their place.
        yield "request.httpShouldHandleCookies = false\n"
    yield from call.cookie_line('request.setValue("', _field("Cookie"))
    if call.has_body:
        yield "request.httpBody = Data("
        yield call.body(0)
        yield ".utf8)\n"
    yield ENVELOPE if call.enveloped else PLAIN


def _field(name: str) -> str:
    return f'", forHTTPHeaderField: {literal(TABLE, "swift.string", name)})\n'
