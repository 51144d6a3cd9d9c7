"""Every sample is a program of its language: a parser or, where one is installed, the compiler says so.

The samples of one operation are also made with values that break naive quoting.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import tree_sitter_c_sharp
import tree_sitter_go
import tree_sitter_java
import tree_sitter_kotlin
import tree_sitter_swift
from tree_sitter import Language, Node, Parser

from portal.model import Operation
from portal.samples import LANGUAGES, texts
from portal.samples.call import Values, examples
from tests.portal.interpreters import TYPESCRIPT
from tests.portal.nasty import PIECES, paired
from tests.portal.recording import record_sample
from tests.portal.sites import OPERATIONS, ORIGIN

GRAMMARS = {
    "typescript": TYPESCRIPT,
    "tanstack": TYPESCRIPT,
    "javascript": TYPESCRIPT,
    "go": Language(tree_sitter_go.language()),
    "java": Language(tree_sitter_java.language()),
    "kotlin": Language(tree_sitter_kotlin.language()),
    "swift": Language(tree_sitter_swift.language()),
    "csharp": Language(tree_sitter_c_sharp.language()),
}
NASTY = paired("".join(PIECES))
MADE = {name: texts(operation, ORIGIN) for name, operation in OPERATIONS.items()}


def nasty(operation: Operation) -> Values:
    return replace(examples(operation), token=NASTY, body={NASTY: [NASTY, {"a": NASTY}]}, query={"q": NASTY})


def faults(node: Node) -> Iterator[str]:
    if node.type == "ERROR" or node.is_missing:
        yield f"line {node.start_point.row + 1}: {node.type}"
    if node.has_error:
        for child in node.children:
            yield from faults(child)


@pytest.mark.parametrize("language", GRAMMARS)
def test_a_parser_takes_every_sample(language: str) -> None:
    parser = Parser(GRAMMARS[language])
    for operation_id, made in MADE.items():
        assert list(faults(parser.parse(made[language].encode()).root_node)) == [], made[language]
        record_sample(operation_id, language, "parsed")


@pytest.mark.parametrize("language", GRAMMARS)
def test_a_parser_takes_nasty_values(language: str) -> None:
    for name in ("auth.login", "auth.otp.send"):
        text = texts(OPERATIONS[name], ORIGIN, nasty(OPERATIONS[name]))[language]
        assert list(faults(Parser(GRAMMARS[language]).parse(text.encode()).root_node)) == [], text


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("go", "func main() { x := ` }"),
        ("java", 'class A { String a = "; }'),
        ("kotlin", 'fun main() { val a = "$ }'),
        ("swift", 'let a = "\\("'),
        ("csharp", "var a = ;"),
        ("tanstack", "const a: = 1"),
    ],
)
def test_the_parser_finds_a_fault(language: str, source: str) -> None:
    assert list(faults(Parser(GRAMMARS[language]).parse(source.encode()).root_node))


def test_python_compiles() -> None:
    for operation_id, made in MADE.items():
        compile(made["python"], operation_id, "exec")
        record_sample(operation_id, "python", "compiled")
    compile(texts(OPERATIONS["auth.login"], ORIGIN, nasty(OPERATIONS["auth.login"]))["python"], "nasty", "exec")


def test_python_is_formatted(tmp_path: Path) -> None:
    for operation_id, made in MADE.items():
        (tmp_path / f"{operation_id}.py").write_text(made["python"], encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--check", str(tmp_path)]
    assert subprocess.run(command, capture_output=True, text=True, check=False).returncode == 0


def test_a_shell_takes_curl(tmp_path: Path) -> None:
    """``-n`` reads and runs nothing."""
    script = tmp_path / "all.sh"
    script.write_text("\n".join(made["curl"] for made in MADE.values()))
    subprocess.run(["sh", "-n", script], check=True)
    for operation_id in MADE:
        record_sample(operation_id, "curl", "parsed")


@pytest.mark.skipif(not shutil.which("javac"), reason="the JDK compiles Java's samples, and is not installed")
def test_java_compiles(tmp_path: Path) -> None:
    files = []
    for made in MADE.values():
        name = re.search(r"public class (\w+)", made["java"])
        assert name
        files.append(tmp_path / f"{name[1]}.java")
        files[-1].write_text(made["java"], encoding="utf-8")
    assert len(set(files)) == len(MADE)
    options = ("--release", "17", "-encoding", "UTF-8", "-Xlint:all", "-Werror", "-d", tmp_path)
    compiled = subprocess.run(["javac", *options, *files], capture_output=True, text=True, check=False, timeout=120)
    assert compiled.returncode == 0, compiled.stderr
    for operation_id in MADE:
        record_sample(operation_id, "java", "compiled")


@pytest.mark.skipif(not shutil.which("go"), reason="the Go tools vet Go's samples, and are not installed")
def test_go_is_formatted_and_vetted(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module samples\n\ngo 1.21\n")
    for operation_id, made in MADE.items():
        folder = tmp_path / operation_id.replace(".", "_")
        folder.mkdir()
        (folder / "main.go").write_text(made["go"])
    unformatted = subprocess.run(["gofmt", "-l", tmp_path], capture_output=True, text=True, check=True)
    assert unformatted.stdout == ""
    subprocess.run(["go", "vet", "./..."], cwd=tmp_path, check=True, timeout=300)
    for operation_id in MADE:
        record_sample(operation_id, "go", "compiled")


@pytest.mark.parametrize("language", LANGUAGES)
def test_lines_are_clean(language: str) -> None:
    """What any formatter would change first: blanks at the end, tabs beside blanks, empty lines in a row."""
    for made in MADE.values():
        text = made[language]
        assert text.endswith("\n")
        assert not text.startswith("\n")
        assert not text.endswith("\n\n")
        assert not re.search(r"[ \t]\n|\n\n\n", text)
        assert not re.search(r"(?m)^ " if language == "go" else r"\t", text)
