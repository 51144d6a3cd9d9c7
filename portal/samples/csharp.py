"""C# 11 with HttpClient, as a file of top-level statements."""

from collections.abc import Iterator

from portal.samples.call import Call
from portal.samples.literals import TABLE, literal
from portal.samples.parts import Part

TITLE, LEXER = "C#", "csharp"
ENVELOPE = """\
using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
if (answer.RootElement.TryGetProperty("error", out var error))
{
    throw new HttpRequestException($"{error.GetProperty("code")}: {error.GetProperty("message")}");
}
Console.WriteLine(answer.RootElement.GetProperty("data"));
"""
PLAIN = """\
var answer = await response.Content.ReadAsStringAsync();
if (!response.IsSuccessStatusCode)
{
    throw new HttpRequestException(answer);
}
Console.WriteLine(answer);
"""


def parts(call: Call) -> Iterator[Part]:
    yield ("using System.Text;\n" if call.has_body else "") + ("using System.Text.Json;\n" if call.enveloped else "")
    if call.has_body or call.enveloped:
        yield "\n"
    # A handler that keeps cookies of its own would not send ours.
    handler = "new HttpClientHandler { UseCookies = false }" if call.cookies else ""
    yield f"using var client = new HttpClient({handler});\n"
    yield f"using var request = new HttpRequestMessage(HttpMethod.{call.method.capitalize()}, "
    yield call.url
    yield ");\n"
    yield from call.each(call.headers, lambda name: f'request.Headers.Add({_string(name)}, "', '");\n')
    yield from call.cookie_line('request.Headers.Add("Cookie", "', '");\n')
    if call.has_body:
        yield "request.Content = new StringContent("
        yield call.body(1)
        yield f', Encoding.UTF8, "{call.media_type}");\n'
    yield "\nusing var response = await client.SendAsync(request);\n"
    yield ENVELOPE if call.enveloped else PLAIN


def _string(text: str) -> str:
    return literal(TABLE, "csharp.string", text)
