"""What the documents point to is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from runtime.spec import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
TEST = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)`")
FILE = re.compile(r"`((?:domain|handlers|jobs|locales|openapi|persistence|providers|runtime|tests)/[\w./]*[\w/])`")


@cache
def names_in(file: str) -> frozenset[str]:
    """As pytest names them, without parameters."""
    names: set[str] = set()
    for node in ast.parse((ROOT / file).read_text()).body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            names |= {f"{node.name}::{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)}
    return frozenset(names)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
class TestReferences:
    def test_every_test_is_there(self, document: Path) -> None:
        named = TEST.findall(document.read_text())
        assert [f"{file}::{name}" for file, name in named if name not in names_in(file)] == []

    def test_every_file_is_there(self, document: Path) -> None:
        assert [path for path in FILE.findall(document.read_text()) if not (ROOT / path).exists()] == []


def test_the_documents_name_tests() -> None:
    assert any(TEST.search(document.read_text()) for document in DOCUMENTS)
