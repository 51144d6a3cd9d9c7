"""Objects of one of several kinds: each is cleaned and judged by the rules of its own kind."""

from typing import Any

import pytest

from contract.bounds import LARGEST, LARGEST_OF_STAFF, Bounds
from contract.policy import ContractError
from contract.schemas import SchemaCompiler
from contract.unions import field_of, like, merged

TITLE: dict[str, Any] = {"type": "string", "maxLength": 5, "x-biore-normalize": ["trim"], "description": "A title."}
CAT: dict[str, Any] = {
    "type": "object",
    "required": ["kind", "title"],
    "additionalProperties": False,
    "properties": {"kind": {"type": "string", "enum": ["cat"]}, "title": TITLE},
}
DOG: dict[str, Any] = {
    "type": "object",
    "required": ["kind", "bites"],
    "additionalProperties": False,
    "properties": {"kind": {"type": "string", "enum": ["dog"]}, "title": TITLE, "bites": {"type": "boolean"}},
}
PET: dict[str, Any] = {
    "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
    "discriminator": {
        "propertyName": "kind",
        "mapping": {"cat": "#/components/schemas/Cat", "dog": "#/components/schemas/Dog"},
    },
}
DOCUMENT: dict[str, Any] = {"components": {"schemas": {"Cat": CAT, "Dog": DOG, "Pet": PET}}}
REFERENCE = {"$ref": "#/components/schemas/Pet"}
SCHEMAS = SchemaCompiler(DOCUMENT)


@pytest.mark.parametrize(
    ("value", "broken"),
    [
        ({"kind": "cat", "title": "Tom"}, []),
        ({"kind": "dog", "bites": False}, []),
        ({"kind": "cat", "bites": True}, [("title", "required"), ("bites", "unknown")]),
        ({"kind": "dog", "title": "Too long", "bites": 1}, [("title", "maxLength"), ("bites", "type")]),
        ({"title": "Tom"}, [("kind", "required")]),
        ({"kind": "cow", "milk": 1, "bites": 2}, [("kind", "enum"), ("milk", "unknown")]),
        ({"kind": "cow"}, [("kind", "enum")]),
        ({"kind": ["cat"]}, [("kind", "type")]),
        ({"kind": None}, [("kind", "type")]),
        ([], [("", "type")]),
        (None, [("", "type")]),
    ],
)
def test_the_rules_of_its_kind_alone_are_told(value: Any, broken: list[tuple[str, str]]) -> None:
    validator = SCHEMAS.validator(REFERENCE)
    assert validator.accepts(value) == (not broken)
    found = validator.violations(SCHEMAS.outline(REFERENCE)(value))
    assert sorted((one["field"], one["rule"]) for one in found) == sorted(broken)


def test_is_cleaned_as_its_kind_says() -> None:
    clean = SCHEMAS.normalizer(REFERENCE)
    assert clean is not None
    assert clean({"kind": "cat", "title": " Tom "}) == {"kind": "cat", "title": "Tom"}
    others: list[Any] = [{"kind": "cow", "title": " Tom "}, {"kind": {}}, ["kind"], 1]
    for value in others:
        assert clean(value) == value


def test_where_it_is_a_part_the_place_is_told() -> None:
    assert SCHEMAS.validator(REFERENCE).violations({}, "pet") == [{"field": "pet.kind", "rule": "required"}]


def test_a_page_shows_the_fields_of_all_kinds() -> None:
    shown = merged(DOCUMENT, REFERENCE)
    assert list(shown["properties"]) == ["kind", "title", "bites"]
    assert shown["required"] == ["kind"]
    assert shown["properties"]["kind"]["enum"] == ["cat", "dog"]
    assert shown["properties"]["title"] == TITLE
    assert shown["properties"]["bites"]["description"] == "Only for `dog`."


def test_what_is_no_union_is_itself() -> None:
    assert (field_of(CAT), merged(DOCUMENT, CAT), like(DOCUMENT, CAT, {})) == (None, CAT, CAT)
    assert like(DOCUMENT, REFERENCE, {"kind": "dog"}) == DOG


def of_text(longest: int, **options: Any) -> int | None:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"text": {"type": "string", "maxLength": longest}},
    }
    operation = {"requestBody": {"content": {"application/json": {"schema": schema}}}} | options
    return Bounds({"components": {}}).check(operation, "POST /x")


def test_a_large_body_has_room_for_every_text_in_utf_8() -> None:
    limit = of_text(1_000_000, **{"x-biore-large-body": True})
    assert limit == LARGEST_OF_STAFF
    assert len('{"text": ""}') + len(("\U0001f600" * 1_000_000).encode()) <= limit
    assert of_text(10_000, **{"x-biore-large-body": True}) == 64 * 1024
    with pytest.raises(ContractError, match=f"are more than {LARGEST_OF_STAFF}"):
        of_text(1_100_000, **{"x-biore-large-body": True})
    with pytest.raises(ContractError, match=f"are more than {LARGEST}"):
        of_text(1_000_000)
