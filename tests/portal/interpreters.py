"""Real processes that run samples, one after another: starting an interpreter for each would take most of the time."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

HAS_NODE = shutil.which("node") is not None
TYPESCRIPT = Language(tree_sitter_typescript.language_typescript())
TYPES = {"type_alias_declaration", "type_annotation"}

# They take one path per line and answer one line of JSON: how the program ended and what it printed.
PYTHON = """
import contextlib, io, json, sys
import requests
for path in sys.stdin:
    path = path.strip()
    printed, ok = io.StringIO(), True
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(open(path, encoding="utf-8").read(), path, "exec"), {"__name__": "__main__"})
        except BaseException as error:
            print(type(error).__name__, error)
            ok = False
    print(json.dumps({"ok": ok, "printed": printed.getvalue()}), flush=True)
"""
NODE = """
import { createInterface } from "node:readline";
import { inspect } from "node:util";
import { pathToFileURL } from "node:url";
let count = 0;  // a module that was imported before would not run again
for await (const path of createInterface({ input: process.stdin })) {
  let printed = "";
  let ok = true;
  console.log = (value) => { printed += (typeof value === "string" ? value : inspect(value)) + "\\n"; };
  try { await import(`${pathToFileURL(path)}?${count++}`); } catch (error) { ok = false; printed += String(error); }
  process.stdout.write(JSON.stringify({ ok, printed }) + "\\n");
}
"""


class Outcome(NamedTuple):
    ok: bool
    printed: str


class Interpreter:
    """Runs each file that it is given to its end, in one process."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder, text=True, encoding="utf-8"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def run(self, file: Path) -> Outcome:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{file}\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return Outcome(answer["ok"], answer["printed"])


def python(folder: Path) -> Interpreter:
    program = folder / "run.py"
    program.write_text(PYTHON)
    return Interpreter([sys.executable, str(program)], folder)


def node(folder: Path) -> Interpreter:
    program = folder / "run.mjs"
    program.write_text(NODE)
    return Interpreter(["node", str(program)], folder)


def without_types(source: str) -> str:
    """TypeScript as JavaScript: what a parser says is a type is left out, all else stands as it is."""
    whole = source.encode()
    tree = Parser(TYPESCRIPT).parse(whole)
    assert not tree.root_node.has_error, source
    for node in sorted(_types(tree.root_node), key=lambda node: node.start_byte, reverse=True):
        whole = whole[: node.start_byte] + whole[node.end_byte :]
    return whole.decode()


def _types(node: Node) -> list[Node]:
    if node.type in TYPES:
        return [node]
    return [found for child in node.children for found in _types(child)]
