"""The validator of the playground gives the server's verdict, on the contract's examples and on what breaks them."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from contract.loader import Contract
from contract.schemas import SchemaCompiler
from portal.bundle import bundle
from portal.model import Operation, Site
from tests.browser.conftest import Visit

Case = tuple[Any, Any]

MUTANTS = 40
ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.5, 2.0, 61, 10**6, "", "a", "A1a", "abc\n", "x" * 129, "x" * 4097, "é", " ", "\0",
    "\U0001f600" * 64, [], [1], [None], {}, {"a": 1}, "null", "123456", "+905321234567", "en", "EN", "ACTIVE",
    "ada@example.com", "ada@example", "0f8fad5b-d9cb-469f-a165-70867728950e", "0F8FAD5B-D9CB-469F-A165-70867728950E",
    "0f8fad5bd9cb469fa16570867728950e", "2026-01-02", "2026-01-02T10:00:00Z", "2026-02-30T10:00:00Z",
    "2026-01-02t10:00:00z", "2026-01-02 10:00:00Z", "2026-01-02T24:00:00Z", "2026-01-02T23:59:60Z",
    "2026-01-02T10:00:60Z", "2026-01-02T10:00:00", "2024-02-29T10:00:00.123+02:00",
)  # fmt: skip


def mutated(value: Any, chance: random.Random) -> Any:
    """One place of it changed: a member gone, one too many, or something else in its place."""
    value = copy.deepcopy(value)
    places = list(walk(value))
    if not places:
        return chance.choice(ODD)
    holder, key = chance.choice(places)
    kind = chance.randrange(6)
    if kind == 0 and isinstance(holder, dict):
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder["surplus"] = chance.choice(ODD)
    elif kind == 2 and isinstance(holder, list):
        holder.append(chance.choice(ODD))
    else:
        holder[key] = chance.choice(ODD)
    return value


def walk(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield value, key
        yield from walk(inner)


def cases(operation: Operation, chance: random.Random) -> Iterator[Case]:
    """Schemas of the operation with values for them."""
    bodies = [(body.schema, body.example) for body in (operation.body, *(s.body for s in operation.successes)) if body]
    for schema, example in bodies:
        yield schema, example
        yield from ((schema, odd) for odd in ODD)
        yield from ((schema, mutated(mutated(example, chance), chance)) for _ in range(MUTANTS))


ONLY_THE_SERVERS = {"common_password"}  # its list is not sent to browsers

JUDGE = """async ([cases, schemas]) => {
    const { violations } = await import('/docs/assets/schema.js');
    return cases.map(([schema, value]) => violations(schema, value, schemas).map(({ field, rule }) => [field, rule]));
}"""


@pytest.fixture(scope="module")
def compiler(contract: Contract) -> SchemaCompiler:
    return SchemaCompiler(contract.document)


class TestVerdicts:
    def test_are_the_servers(self, visit: Visit, site: Site, compiler: SchemaCompiler) -> None:
        page, chance, judged, refused = visit("/docs"), random.Random(7), 0, 0
        for operation in site.operations:
            given = list(cases(operation, chance))
            theirs = judge(page, given, bundle(site, operation)["schemas"])
            schemas = {id(schema): schema for schema, _ in given}
            validators = {key: compiler.validator(schema) for key, schema in schemas.items()}
            for (schema, value), verdict in zip(given, theirs, strict=True):
                ours = validators[id(schema)].violations(value)
                expected = sorted({(v["field"], v["rule"]) for v in ours if v["rule"] not in ONLY_THE_SERVERS})
                assert sorted({(field, rule) for field, rule in verdict}) == expected, (operation.id, json.dumps(value))
                judged += 1
                refused += bool(expected)
        assert judged > 2000
        assert refused > 1000

    def test_every_documented_answer_is_accepted(self, visit: Visit, site: Site) -> None:
        page = visit("/docs")
        for operation in site.operations:
            made = bundle(site, operation)
            given = [(made["answers"][str(r.status)]["schema"], r.example) for r in operation.refusals]
            given += [(s.body.schema, s.body.example) for s in operation.successes if s.body]
            assert judge(page, given, made["schemas"]) == [[] for _ in given], operation.id


def judge(page: Page, given: list[Case], schemas: Any) -> list[list[list[str]]]:
    verdicts: list[list[list[str]]] = page.evaluate(JUDGE, [given, schemas])
    return verdicts
