"""What the documents point to is there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from contract.loader import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
TEST = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)`")
FILE = re.compile(
    r"`((?:contract|domain|handlers|jobs|locales|openapi|persistence|portal|proof|providers|runtime|services|tests)/[\w./]*[\w/])`"
)

LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


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

    def test_every_link_leads_to_a_file(self, document: Path) -> None:
        assert [link for link in LINK.findall(document.read_text()) if not (document.parent / link).exists()] == []


def test_the_documents_name_tests() -> None:
    assert any(TEST.search(document.read_text()) for document in DOCUMENTS)


ASVS = (ROOT / "docs" / "asvs.md").read_text()
CHAPTERS = {text.partition("\n")[0]: text for text in re.split(r"^## ", ASVS, flags=re.MULTILINE)[1:]}


def requirements(text: str) -> Iterator[str]:
    """``10.6 (10.6.1, 10.6.2)`` and ``10.3.1 to 10.3.5``, one by one."""
    for part in re.sub(r"^\d+\.\d+ \((.*)\)$", r"\1", text).split(", "):
        first, _, last = part.partition(" to ")
        section, _, at = first.rpartition(".")
        for number in range(int(at), int((last or first).rpartition(".")[2]) + 1):
            yield f"{section}.{number}"


class TestAsvs:
    def test_its_counts_are_those_of_its_rows(self) -> None:
        *told, (_, *together) = re.findall(r"^\| (\w[\w ,-]+) \| (\d+) \| (\d+) \| (\d+) \|$", ASVS, re.MULTILINE)
        assert [chapter for chapter, *_ in told] == list(CHAPTERS)
        sums = [sum(map(int, column)) for column in zip(*(counts for _, *counts in told), strict=True)]
        assert list(map(int, together)) == sums
        for chapter, *counts in told:
            rows = re.findall(r"^\| \d+\.\d+\.\d+ \|.*$", CHAPTERS[chapter], re.MULTILINE)
            bare = re.findall(r"^- (.*) does not apply", CHAPTERS[chapter], re.MULTILINE)
            open_ = sum("**Not met" in row for row in rows)
            without = sum(len(list(requirements(text))) for text in bare)
            assert list(map(int, counts)) == [len(rows) - open_, without, open_], chapter

    def test_each_requirement_stands_once_and_in_its_chapter(self) -> None:
        for chapter, text in CHAPTERS.items():
            rows = re.findall(r"^\| (\d+\.\d+\.\d+) \|", text, re.MULTILINE)
            without = [
                one for bare in re.findall(r"^- (.*) does not apply", text, re.MULTILINE) for one in requirements(bare)
            ]
            assert len({*rows, *without}) == len(rows) + len(without)
            assert {f"V{one.partition('.')[0]}" for one in (*rows, *without)} == {chapter.partition(" ")[0]}
