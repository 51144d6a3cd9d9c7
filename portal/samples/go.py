"""Go with net/http."""

from collections.abc import Iterator

from portal.samples.call import Call
from portal.samples.literals import TABLE, literal
from portal.samples.parts import Part

TITLE, LEXER = "Go", "go"
FAILED = "\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n"
REQUEST = "\tresponse, err := http.DefaultClient.Do(request)\n" + FAILED + "\tdefer response.Body.Close()\n\n"
ANSWER = """\
	var answer struct {
		Data  json.RawMessage
		Error *struct{ Code, Message string }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		log.Fatal(err)
	}
	if answer.Error != nil {
		log.Fatalf("%s: %s", answer.Error.Code, answer.Error.Message)
	}
	fmt.Println(string(answer.Data))
}
"""
PLAIN = """\
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	if response.StatusCode >= 400 {
		log.Fatal(string(answer))
	}
	fmt.Println(string(answer))
}
"""


def parts(call: Call) -> Iterator[Part]:
    packages = ["fmt", "log", "net/http", "encoding/json" if call.enveloped else "io"]
    packages += ["strings"] if call.has_body else []
    imports = "".join(f'\t"{package}"\n' for package in sorted(packages))
    yield f"package main\n\nimport (\n{imports})\n\nfunc main() {{\n"
    if call.has_body:
        yield "\tbody := strings.NewReader("
        yield call.body(1)
        yield ")\n"
    yield f'\trequest, err := http.NewRequest("{call.method}", '
    yield call.url
    yield f", {'body' if call.has_body else 'nil'})\n{FAILED}"
    if call.has_body:
        yield '\trequest.Header.Set("Content-Type", "' + call.media_type + '")\n'
    yield from call.each(call.headers, lambda name: f'\trequest.Header.Set({_string(name)}, "', '")\n')
    start = "\trequest.AddCookie(&http.Cookie{Name: "
    yield from call.each(call.cookies, lambda name: f'{start}{_string(name)}, Value: "', '"})\n')
    yield REQUEST
    yield ANSWER if call.enveloped else PLAIN


def _string(text: str) -> str:
    return literal(TABLE, "go.string", text)
