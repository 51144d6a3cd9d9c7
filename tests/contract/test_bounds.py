"""How large a body may be: as large as the largest that its schema takes, however it is written."""

import json
from typing import Any

import pytest

from contract.bounds import LARGEST, SMALLEST, Bounds, max_items, uncleaned
from contract.policy import ContractError

EMOJI = "\U0001f600"


def limit_of(schema: dict[str, Any], stated: Any = None, **components: Any) -> int | None:
    document = {"components": {"schemas": components}}
    operation: dict[str, Any] = {"requestBody": {"content": {"application/json": {"schema": schema}}}}
    operation |= {"x-biore-body-limit": stated} if stated is not None else {}
    return Bounds(document).check(operation, "POST /x")


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


class TestBodyLimit:
    def test_is_at_least_16_kib(self) -> None:
        assert limit_of(closed(a={"type": "boolean"})) == SMALLEST

    @pytest.mark.parametrize("count", [1, 1000, 5000, 20_000])
    def test_a_text_of_escaped_emoji_fits(self, count: int) -> None:
        body = json.dumps({"text": EMOJI * count}, indent=2)
        limit = limit_of(closed(text={"type": "string", "maxLength": count}))
        assert limit is not None
        assert len(body) <= limit <= max(SMALLEST, 2 * len(body))

    def test_plain_texts_take_less(self) -> None:
        token = {"type": "string", "maxLength": 8000, "pattern": "^[!-~]*$"}
        assert limit_of(closed(token=token)) == SMALLEST
        assert limit_of(closed(token=token | {"pattern": "^[^a]*$"})) == 128 * 1024
        assert limit_of(closed(token=token | {"x-biore-normalize": ["trim"]})) == 128 * 1024

    def test_lists_objects_and_references_add_up(self) -> None:
        item = closed(id={"type": "string", "format": "uuid"}, kind={"type": "string", "enum": ["a", "b"]})
        schema = closed(items={"type": "array", "maxItems": 100, "items": {"$ref": "#/components/schemas/Item"}})
        limit = limit_of(schema, Item=item)
        largest = {"items": [{"id": "\\u0030" * 36, "kind": "a"}] * 100}
        assert limit is not None
        assert len(json.dumps(largest, indent=2).replace("\\\\", "\\")) <= limit < LARGEST

    def test_of_alternatives_the_largest_counts(self) -> None:
        texts = [{"type": "string", "maxLength": count} for count in (1, 2000)]
        assert limit_of(closed(a={"oneOf": [{"type": "boolean"}, *texts]})) == limit_of(closed(a=texts[1]))
        with pytest.raises(ContractError, match="a text needs maxLength"):
            limit_of(closed(a={"oneOf": [{"type": "boolean"}, {"type": "string"}]}))

    def test_none_may_be_larger_than_256_kib(self) -> None:
        with pytest.raises(ContractError, match="lower what its fields may hold"):
            limit_of(closed(a={"type": "string", "maxLength": 30_000}))

    @pytest.mark.parametrize("stated", [True, "64 KiB", SMALLEST - 1, LARGEST + 1])
    def test_one_that_is_stated_is_a_number_of_bytes(self, stated: Any) -> None:
        with pytest.raises(ContractError, match="x-biore-body-limit must be"):
            limit_of(closed(a={"type": "string", "maxLength": 30_000}), stated)

    def test_it_lowers_what_the_fields_may_hold(self) -> None:
        assert limit_of(closed(a={"type": "string", "maxLength": 30_000}), LARGEST) == LARGEST
        with pytest.raises(ContractError, match=r"its fields hold [0-9]+ bytes at most; take it out"):
            limit_of(closed(a={"type": "string", "maxLength": 1000}), LARGEST)

    def test_whoever_takes_no_body_has_none(self) -> None:
        assert Bounds({"components": {}}).check({}, "GET /x") is None


def listed_by(data: dict[str, Any]) -> int | None:
    answer = {"application/json": {"schema": closed(success={"type": "boolean"}, data=data)}}
    document = {"components": {"schemas": {"Names": {"type": "array", "maxItems": 7}}}}
    return max_items(document, {"responses": {"200": {"content": answer}, "400": {}}})


NAMES = {"$ref": "#/components/schemas/Names"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (NAMES, 7),
        (closed(names=NAMES, total={"type": "integer"}), 7),
        (closed(total={"type": "integer"}), None),
        (closed(names=NAMES, others=NAMES), None),
        ({"type": "array"}, None),
    ],
    ids=["a list", "a list in an object", "no list", "two lists", "a list without a bound"],
)
def test_the_one_list_of_an_answer_has_a_bound(data: dict[str, Any], expected: int | None) -> None:
    assert listed_by(data) == expected


def test_an_answer_without_json_lists_nothing() -> None:
    assert max_items({}, {"responses": {"200": {"content": {"image/png": {}}}}}) is None


def test_a_text_may_be_longer_before_it_is_cleaned() -> None:
    assert (uncleaned(6), uncleaned(16), uncleaned(254)) == (64, 64, 1016)
