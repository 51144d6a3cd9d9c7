"""A literal means its value, in every language, whatever the value holds; and JavaScript writes the same literals."""

import ast
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.loader import ROOT
from portal.samples.call import percent_encoded
from portal.samples.literals import TABLE, literal, plain
from tests.portal.interpreters import HAS_NODE
from tests.portal.nasty import PIECES, paired, texts, values

Json = Any
SCRIPT = ROOT / "portal" / "assets" / "literals.js"
LANGUAGES = ("curl", "javascript", "python", "go", "java", "kotlin", "swift", "csharp")
needs_node = pytest.mark.skipif(not HAS_NODE, reason="Node reads JavaScript's literals, and is not installed")
needs_kotlin = pytest.mark.skipif(
    not shutil.which("kotlinc"), reason="Kotlin's compiler reads its literals, and is not installed"
)
needs_java = pytest.mark.skipif(not shutil.which("javac"), reason="the JDK reads Java's literals, and is not installed")

# Some machines are busy, and the real programs below read thousands of values more.
quickly = settings(max_examples=50, deadline=None)
strings = st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)).map(paired)
scalars = st.one_of(strings, st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none())
whole = st.recursive(scalars, lambda inner: st.one_of(st.lists(inner), st.dictionaries(strings, inner)), max_leaves=8)


def without_halves(value: Json) -> Json:
    """Where a language cannot write half a character, its literal holds U+FFFD."""
    return json.loads(
        json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )


class TestPython:
    @quickly
    @given(whole)
    def test_reads_its_values_back(self, value: Json) -> None:
        assert ast.literal_eval(literal(TABLE, "python.body", value, 2)) == value

    @quickly
    @given(strings)
    def test_reads_its_strings_back(self, text: str) -> None:
        assert ast.literal_eval(literal(TABLE, "python.string", text)) == text


class TestJsonInside:
    """What curl, Go, Java, Kotlin, Swift and C# send is JSON: taken out of the language's quotes, it reads back."""

    @quickly
    @given(whole)
    def test_go(self, value: Json) -> None:
        written = literal(TABLE, "go.body", value, 1)
        assert written[0] == written[-1] == "`"
        assert "`" not in written[1:-1]
        assert json.loads(written[1:-1]) == value

    @quickly
    @given(whole)
    def test_java(self, value: Json) -> None:
        assert json.loads(java_block(literal(TABLE, "java.body", value, 4))) == value

    @quickly
    @given(whole)
    def test_kotlin(self, value: Json) -> None:
        assert json.loads(kotlin_raw(literal(TABLE, "kotlin.body", value, 1))) == value

    @quickly
    @given(whole)
    def test_swift(self, value: Json) -> None:
        assert json.loads(swift_lines(literal(TABLE, "swift.body", value, 0))) == value

    @quickly
    @given(whole)
    def test_csharp(self, value: Json) -> None:
        assert json.loads(csharp_raw(literal(TABLE, "csharp.body", value, 1))) == value

    @quickly
    @given(whole)
    def test_curl(self, value: Json) -> None:
        assert json.loads(shell_word(literal(TABLE, "curl.body", value, 1))) == value

    @quickly
    @given(whole)
    def test_no_unseen_character_stands_in_a_sample(self, value: Json) -> None:
        for language in LANGUAGES:
            written = literal(TABLE, f"{language}.body", value, 1)
            assert not re.search(TABLE["hidden"], written.replace("\n", "").replace("\t", ""))
            assert not re.search(TABLE["lone"], written)


class TestStrings:
    @quickly
    @given(strings)
    def test_go(self, text: str) -> None:
        assert unescaped(literal(TABLE, "go.string", text)) == re.sub(TABLE["lone"], "\ufffd", text)

    @quickly
    @given(strings)
    def test_csharp(self, text: str) -> None:
        assert unescaped(literal(TABLE, "csharp.string", text)) == text

    @quickly
    @given(strings)
    def test_java(self, text: str) -> None:
        assert unescaped(literal(TABLE, "java.string", text)) == text

    @quickly
    @given(strings)
    def test_kotlin(self, text: str) -> None:
        written = literal(TABLE, "kotlin.string", text)
        assert not re.search(r"(?<!\\)(?:\\\\)*\$", written), "nothing is put in where a dollar stands"
        assert unescaped(written.replace("\\$", "$")) == text

    @quickly
    @given(strings)
    def test_swift(self, text: str) -> None:
        written = re.sub(r"\\u\{([0-9a-f]{4})\}", r"\\u\1", literal(TABLE, "swift.string", text))
        assert unescaped(written) == re.sub(TABLE["lone"], "\ufffd", text)

    @quickly
    @given(strings)
    def test_curl(self, text: str) -> None:
        expected = re.sub(TABLE["lone"], "\ufffd", text.replace("\0", ""))
        assert shell_word(literal(TABLE, "curl.string", text)) == expected

    @quickly
    @given(strings)
    def test_inside_is_the_string_without_its_quotes(self, text: str) -> None:
        for language in LANGUAGES:
            assert literal(TABLE, f"{language}.string", text)[1:-1] == literal(TABLE, f"{language}.inside", text)

    @quickly
    @given(strings)
    def test_javascript_cannot_end_a_script(self, text: str) -> None:
        assert "</" not in literal(TABLE, "javascript.string", text)

    @quickly
    @given(strings)
    def test_an_address_holds_no_character_of_its_own(self, text: str) -> None:
        assert re.fullmatch("[A-Za-z0-9._~%-]*", percent_encoded(text))


def unescaped(written: str) -> str:
    """An ordinary string of Go, Java or C#, as their grammars have it."""
    assert written[0] == written[-1] == '"'
    inner = written[1:-1]
    assert re.fullmatch(r'(?:[^"\\\n\r\u0085\u2028\u2029]|\\[nrt"\\]|\\u[0-9a-f]{4})*', inner)
    plain_escapes = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
    return re.sub(
        r"\\(?:u([0-9a-f]{4})|(.))",
        lambda found: chr(int(found[1], 16)) if found[1] else plain_escapes[found[2]],
        inner,
    )


def lines_between_fences(written: str) -> list[str]:
    first, *lines, last = written.split("\n")
    margin = last.removesuffix('"""')
    assert first == '"""'
    assert margin.strip(" ") == ""
    assert all(line.startswith(margin) for line in lines)
    assert '"""' not in "\n".join(lines)
    return [line.removeprefix(margin) for line in lines]


def java_block(written: str) -> str:
    """No ``\\u`` may stand after an even number of backslashes: Java would read it before anything else."""
    text = "\n".join(lines_between_fences(written))
    assert not re.search(r"(?<!\\)(?:\\\\)*\\(?!\\)", text)
    return text.replace("\\\\", "\\")


def kotlin_raw(written: str) -> str:
    """Nothing is special between the fences but a dollar before a name or a brace."""
    text = "\n".join(lines_between_fences(written))
    assert "$" not in text
    return text


def swift_lines(written: str) -> str:
    r"""A backslash is special, above all before ``(``; here it stands before another only."""
    text = "\n".join(lines_between_fences(written))
    assert not re.search(r"(?<!\\)(?:\\\\)*\\(?!\\)", text)
    return text.replace("\\\\", "\\")


def csharp_raw(written: str) -> str:
    lines = lines_between_fences(written)
    assert not any(re.search("[\r\u0085\u2028\u2029]", line) for line in lines)
    return "\n".join(lines)


def shell_word(written: str) -> str:
    """By the rules of POSIX: nothing is special between single quotes, a backslash protects the quote between."""
    word, rest = "", written
    while rest:
        if rest.startswith("\\'"):
            word, rest = word + "'", rest[2:]
        else:
            assert rest[0] == "'"
            inner, _, rest = rest[1:].partition("'")
            word += inner
    return word


class TestRealPrograms:
    def test_a_shell_reads_thousands(self, tmp_path: Path) -> None:
        given_texts, given_values = texts(2000), values(1000)
        words = [literal(TABLE, "curl.string", text) for text in given_texts]
        words += [literal(TABLE, "curl.body", value, 1) for value in given_values]
        script = tmp_path / "words.sh"
        script.write_text("".join(f"printf '%s\\0' {word}\n" for word in words), encoding="utf-8")
        printed = subprocess.run(["sh", script], cwd=tmp_path, capture_output=True, check=True, timeout=60)
        assert printed.stderr == b""
        assert [path.name for path in tmp_path.iterdir()] == ["words.sh"], "nothing was run and nothing written"
        found = printed.stdout.decode().split("\0")[:-1]
        assert found[: len(given_texts)] == [without_halves(text.replace("\0", "")) for text in given_texts]
        assert [json.loads(text) for text in found[len(given_texts) :]] == given_values

    @needs_node
    def test_node_reads_thousands(self, tmp_path: Path) -> None:
        given_values = [*texts(2000), *values(2000)]
        items = ",\n".join(f"() => ({literal(TABLE, 'javascript.body', value)})" for value in given_values)
        program = tmp_path / "values.mjs"
        program.write_text(f"console.log(JSON.stringify([\n{items}\n].map((one) => one())));\n", encoding="utf-8")
        assert json.loads(output_of("node", program)) == given_values

    @needs_java
    def test_java_reads_hundreds(self, tmp_path: Path) -> None:
        given_texts, given_values = texts(300), values(150)
        written = [literal(TABLE, "java.string", text) for text in given_texts]
        written += [literal(TABLE, "java.body", value, 2) for value in given_values]
        program = tmp_path / "Values.java"
        program.write_text(JAVA.replace("LITERALS", ",\n".join(written)), encoding="utf-8")
        subprocess.run(["javac", "-encoding", "UTF-8", "-d", tmp_path, program], check=True, timeout=120)
        found = from_hex(output_of("java", "-cp", tmp_path, "Values"))
        assert found[: len(given_texts)] == given_texts
        assert [json.loads(text) for text in found[len(given_texts) :]] == given_values

    @needs_kotlin
    def test_kotlin_reads_hundreds(self, tmp_path: Path) -> None:
        given_texts, given_values = texts(300), values(150)
        written = [literal(TABLE, "kotlin.string", text) for text in given_texts]
        written += [f"{literal(TABLE, 'kotlin.body', value, 2)}.trimIndent()" for value in given_values]
        program, archive = tmp_path / "Values.kt", tmp_path / "values.jar"
        program.write_text(KOTLIN.replace("LITERALS", ",\n".join(f"{{ {one} }}" for one in written)), encoding="utf-8")
        subprocess.run(["kotlinc", "-Werror", "-include-runtime", "-d", archive, program], check=True, timeout=300)
        found = from_hex(output_of("java", "-cp", archive, "ValuesKt"))
        assert found[: len(given_texts)] == given_texts
        assert [json.loads(text) for text in found[len(given_texts) :]] == given_values


def from_hex(printed: str) -> list[str]:
    """Lines of four digits for each unit of UTF-16: no console changes them on their way."""
    return [bytes.fromhex(line).decode("utf-16-be", "surrogatepass") for line in printed.split("\n")[:-1]]


KOTLIN = """\
fun main() {
    for (value in listOf<() -> String>(
LITERALS
    )) println(value().map { "%04x".format(it.code) }.joinToString(""))
}
"""
JAVA = """\
public class Values {
    public static void main(String[] args) {
        String[] values = {
LITERALS
        };
        for (String value : values) {
            StringBuilder line = new StringBuilder();
            for (char one : value.toCharArray()) line.append(String.format("%04x", (int) one));
            System.out.println(line);
        }
    }
}
"""
TWIN = """\
import { readFileSync } from "node:fs";
import { address, literal, plain } from %s;
const { table, cases, addresses } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const written = cases.map(([key, value, indent]) => literal(table, key, value, indent));
const found = addresses.map((value) => address("http://h", "/a/{id}", { id: value }, { q: [value, value] }));
console.log(JSON.stringify({ written, found }));
"""


@needs_node
class TestTheTwin:
    def test_writes_what_python_writes(self, tmp_path: Path) -> None:
        cases: list[tuple[str, Json, int]] = [
            (key, value, index % 4)
            for key, entry in TABLE["literals"].items()
            for index, value in enumerate(texts(300) if entry["kind"] in ("string", "inside") else values(400))
        ]
        cases += [("curl.string", value, 0) for value in (True, None, 1.5, 10)]
        given_texts = texts(500)
        program, data = tmp_path / "twin.mjs", tmp_path / "cases.json"
        program.write_text(TWIN % json.dumps(SCRIPT.as_uri()))
        data.write_text(json.dumps({"table": TABLE, "cases": cases, "addresses": given_texts}))
        answer = json.loads(output_of("node", program, data))
        assert answer["written"] == [literal(TABLE, key, value, indent) for key, value, indent in cases]
        encoded = [percent_encoded(text) for text in given_texts]
        assert answer["found"] == [f"http://h/a/{text}?q={text}&q={text}" for text in encoded]


def output_of(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, check=True, timeout=120).stdout.decode()


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("javascript.body", {"a": [1, "b"], "b-c": {}}, '{\n  a: [1, "b"],\n  "b-c": {},\n}'),
        ("javascript.body", {"__proto__": 1}, '{\n  ["__proto__"]: 1,\n}'),
        ("python.body", {"a": None, "b": [True, False]}, '{\n    "a": None,\n    "b": [True, False],\n}'),
        ("python.body", [{}], "[\n    {},\n]"),
        ("go.body", {"a": "`"}, '`{\n\t"a": "\\u0060"\n}`'),
        ("java.body", {"a": "\\"}, '"""\n{\n  "a": "\\\\\\\\"\n}\n"""'),
        ("curl.body", {"a": "it's"}, "'{\n  \"a\": \"it'\\''s\"\n}'"),
        ("kotlin.body", {"a": "$b"}, '"""\n{\n  "a": "\\u0024b"\n}\n"""'),
        ("kotlin.string", "$b ${c}", '"\\$b \\${c}"'),
        ("swift.body", {"a": "\\(b)"}, '"""\n{\n  "a": "\\\\\\\\(b)"\n}\n"""'),
        ("swift.string", "\\(b)\u202e", '"\\\\(b)\\u{202e}"'),
        ("curl.string", "$(id)", "'$(id)'"),
        ("javascript.string", "</script>", '"<\\/script>"'),
        ("csharp.string", "\u202e", '"\\u202e"'),
        ("python.body", "x" * 70, f'"{"x" * 70}"'),
        ("javascript.body", ["x" * 40, "y" * 40], f'[\n  "{"x" * 40}",\n  "{"y" * 40}",\n]'),
    ],
)
def test_how_it_looks(key: str, value: Json, expected: str) -> None:
    assert literal(TABLE, key, value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (1e21, "1e+21"),
        (1e-6, "0.000001"),
        (1.5e-7, "1.5e-7"),
        (-1.25e-5, "-0.0000125"),
        (True, "true"),
    ],
)
def test_numbers_look_as_in_javascript(value: Json, expected: str) -> None:
    assert plain(value) == expected
