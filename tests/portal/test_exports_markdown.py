"""What is read without a page: each operation as Markdown, whole and without what only a page needs."""

import json
import re
from collections.abc import Iterator

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from contract.texts import Texts
from portal.exports.markdown import Markdown
from portal.model import Field, Operation
from portal.samples import samples
from portal.words import Words
from tests.portal.sites import IDS, OPERATIONS, ORIGIN, SITE

EXAMPLES = {operation.id: samples(operation, ORIGIN) for operation in SITE.operations}
MARKDOWN = Markdown(SITE, Words("en", Texts(SITE.contract.errors)), EXAMPLES, ORIGIN)
PAGES = {operation.id: MARKDOWN.operation(operation) for operation in SITE.operations}
READER = MarkdownIt("commonmark").enable("table")
PLACES = ("path", "query", "header", "cookie")


def fields(operation: Operation) -> Iterator[Field]:
    bodies = [success.body for success in operation.successes if success.body]
    tops = [*operation.parameters, *(operation.body.fields if operation.body else ())]
    for body in bodies:
        tops += [*body.fields, *(field for variant in body.variants for field in variant.fields)]
    for top in tops:
        yield from top.walk()


def tokens(text: str) -> Iterator[Token]:
    for token in READER.parse(text):
        yield token
        yield from token.children or ()


@pytest.mark.parametrize("operation_id", IDS)
class TestEvery:
    def test_no_id_of_a_page_stands_in_the_text(self, operation_id: str) -> None:
        operation = OPERATIONS[operation_id]
        anchors = {field.anchor for field in fields(operation)} | {one.anchor for one in operation.refusals}
        anchors |= {field.location for field in fields(operation) if "-" in field.location}
        said = " ".join(token.content for token in tokens(PAGES[operation_id]) if token.type == "text")
        assert anchors.isdisjoint(re.findall(r"[\w-]+", said))

    def test_a_pattern_reads_back_as_it_was(self, operation_id: str) -> None:
        code = {token.content for token in tokens(PAGES[operation_id]) if token.type == "code_inline"}
        rules = [rule for field in fields(OPERATIONS[operation_id]) for rule in field.rules]
        assert [rule.limit for rule in rules if rule.key == "pattern" and str(rule.limit) not in code] == []

    def test_rules_are_a_sentence(self, operation_id: str) -> None:
        rows = [line for line in PAGES[operation_id].splitlines() if re.match(r"\| `[\w.\[\]-]+` \| \w+, ", line)]
        assert len(rows) >= len({field.path for field in fields(OPERATIONS[operation_id])})
        assert [row for row in rows if not re.search(r"[.!?)`] \|$", row)] == []

    def test_a_parameter_tells_where_it_goes(self, operation_id: str) -> None:
        for parameter in OPERATIONS[operation_id].parameters:
            assert f"| `{parameter.name}` | {parameter.type}, {parameter.location}, " in PAGES[operation_id]

    def test_every_table_has_its_columns(self, operation_id: str) -> None:
        width = 0
        for line in PAGES[operation_id].splitlines():
            if not line.startswith("| "):
                width = 0
                continue
            cells = len(re.split(r"(?<!\\)\|", line))
            width = width or cells
            assert cells == width, line

    def test_examples_of_errors_have_a_heading(self, operation_id: str) -> None:
        for refusal in OPERATIONS[operation_id].refusals:
            heading = f"\n### {refusal.status} `{refusal.code}`\n\n```json\n"
            assert (heading in PAGES[operation_id]) == refusal.own

    def test_blocks_of_json_are_json(self, operation_id: str) -> None:
        blocks = [token for token in tokens(PAGES[operation_id]) if token.type == "fence"]
        assert len(blocks) * 2 == len(re.findall("(?m)^```", PAGES[operation_id]))
        for block in blocks:
            if block.info == "json":
                json.loads(block.content)

    def test_is_spaced_evenly(self, operation_id: str) -> None:
        assert "\n\n\n" not in PAGES[operation_id]
