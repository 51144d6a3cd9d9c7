"""Schemas of OpenAPI 3.0 as the validator of another dialect sees them, and the violations that people read."""

from typing import Any, ClassVar

import pytest

from contract.loader import Contract
from contract.schemas import SchemaCompiler, is_moment, modern

COMPONENTS = {
    "Name": {"type": "string", "maxLength": 20, "x-biore-normalize": ["trim", "lower"], "pattern": "^[a-z]+$"},
    "Nested": {
        "type": "object",
        "properties": {
            "name": {"$ref": "#/components/schemas/Name"},
            "names": {"type": "array", "items": {"$ref": "#/components/schemas/Name"}},
            "other": {"type": "string"},
        },
    },
    "Plain": {"type": "object", "properties": {"a": {"type": "string"}}},
    "Tree": {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}},
    },
}
COMPILER = SchemaCompiler({"components": {"schemas": COMPONENTS}})


def broken(schema: dict[str, Any], value: Any) -> list[tuple[str, str]]:
    validator = COMPILER.validator(schema)
    found = [(v["field"], v["rule"]) for v in validator.violations(value)]
    assert validator.accepts(value) is (found == [])
    return sorted(found)


class TestNullable:
    def test_becomes_a_type(self) -> None:
        assert modern({"type": "string", "nullable": True}) == {"type": ["string", "null"]}
        assert modern({"type": "string", "nullable": False}) == {"type": "string"}

    def test_joins_the_values(self) -> None:
        assert modern({"type": "string", "nullable": True, "enum": ["a"]})["enum"] == ["a", None]
        assert modern({"type": "string", "nullable": True, "enum": [None]})["enum"] == [None]

    def test_is_found_at_any_depth(self) -> None:
        schema = {
            "type": "object",
            "properties": {"a": {"type": "array", "items": {"type": "integer", "nullable": True}}},
        }
        assert broken(schema, {"a": [1, None]}) == []
        assert broken(schema, {"a": None}) == [("a", "type")]

    def test_leaves_the_contract_as_it_was(self) -> None:
        schema = {"type": "string", "nullable": True, "enum": ["a"]}
        modern(schema)
        assert schema == {"type": "string", "nullable": True, "enum": ["a"]}

    def test_holds_for_every_schema_of_the_contract(self, contract: Contract) -> None:
        compiler = SchemaCompiler(contract.document)
        for name, schema in contract.document["components"]["schemas"].items():
            if "type" in schema:
                assert compiler.validator(schema).accepts(None) is (schema.get("nullable") is True), name

    def test_is_among_the_values_wherever_the_contract_lists_them(self, contract: Contract) -> None:
        """OpenAPI 3.0 asks both of a value: a reader that takes the word as it stands refuses null without this."""
        told, waiting = list[str](), list[tuple[str, Any]]([("", contract.document)])
        while waiting:
            where, node = waiting.pop()
            if isinstance(node, dict):
                if isinstance(node.get("enum"), list) and (None in node["enum"]) is not (node.get("nullable") is True):
                    told.append(where)
                waiting += [(f"{where}/{name}", inner) for name, inner in node.items()]
            elif isinstance(node, list):
                waiting += [(f"{where}/{number}", inner) for number, inner in enumerate(node)]
        assert told == []


class TestNormalizer:
    def test_cleans_at_any_depth(self) -> None:
        clean = COMPILER.normalizer({"$ref": "#/components/schemas/Nested"})
        assert clean is not None
        given = {"name": " ADA ", "names": [" B", 3, None], "other": " C "}
        assert clean(given) == {"name": "ada", "names": ["b", 3, None], "other": " C "}

    @pytest.mark.parametrize("value", [None, 1, [], "text", {"name": 1, "names": "x"}, {"names": [[" A "]]}, {}])
    def test_leaves_what_it_does_not_know(self, value: Any) -> None:
        clean = COMPILER.normalizer({"$ref": "#/components/schemas/Nested"})
        assert clean is not None
        assert clean(value) == value

    @pytest.mark.parametrize(("value", "clean"), [(3.0, 3), (1e3, 1000), (-0.0, 0), (3.5, 3.5), (3, 3), (True, True)])
    def test_whole_numbers_are_whole(self, value: Any, clean: Any) -> None:
        cleaned = COMPILER.normalizer({"type": "object", "properties": {"n": {"type": "integer"}}})
        assert cleaned is not None
        assert repr(cleaned({"n": value})) == repr({"n": clean})

    @pytest.mark.parametrize("text", ["a" * 20, "a" * 21, "a" * 80, "a" * 81, "a" * 100_000])
    def test_cut_ends_a_text_where_the_schema_does(self, text: str) -> None:
        clean = COMPILER.normalizer({"type": "string", "maxLength": 20, "x-biore-normalize": ["trim", "cut"]})
        assert clean is not None
        assert clean(text) == "a" * 20

    def test_is_none_where_there_is_nothing_to_clean(self) -> None:
        assert COMPILER.normalizer({"$ref": "#/components/schemas/Plain"}) is None
        assert COMPILER.normalizer({"type": "array", "items": {"type": "string"}}) is None

    def test_addresses_are_stored_clean(self, contract: Contract) -> None:
        clean = SchemaCompiler(contract.document).normalizer({"$ref": "#/components/schemas/RegisterRequest"})
        assert clean is not None
        assert clean({"email": " Ada@B\u00fccher.Example\n"}) == {"email": "ada@xn--bcher-kva.example"}


class TestViolations:
    def test_all_are_told(self) -> None:
        schema = {
            "type": "object",
            "required": ["a", "b"],
            "additionalProperties": False,
            "properties": {
                "c": {"type": "string", "minLength": 3, "pattern": "^x"},
                "d": {"type": "integer", "maximum": 1},
            },
        }
        expected = [
            ("a", "required"),
            ("b", "required"),
            ("c", "minLength"),
            ("c", "pattern"),
            ("d", "maximum"),
            ("e", "unknown"),
        ]
        assert broken(schema, {"c": "y", "d": 2, "e": 1}) == expected

    def test_name_the_place(self) -> None:
        schema = {"type": "array", "items": {"$ref": "#/components/schemas/Nested"}}
        assert broken(schema, [{}, {"names": ["a", "1"]}]) == [("1.names.1", "pattern")]
        violations = COMPILER.validator({"type": "integer"}).violations("x", "page")
        assert violations == [{"field": "page", "rule": "type", "limit": "integer"}]

    def test_the_wrong_type_breaks_that_rule_alone(self) -> None:
        schema = {"type": "object", "properties": {"a": {"type": "string", "enum": ["x"], "minLength": 2}}}
        assert broken(schema, {"a": 1}) == [("a", "type")]

    def test_limits_read_well(self) -> None:
        limits = {
            v["rule"]: v["limit"] for v in COMPILER.validator({"enum": ["a", 1, True], "minLength": 2}).violations("b")
        }
        assert limits == {"enum": "a, 1, true", "minLength": 2}

    def test_a_rule_may_have_a_name_of_its_own(self) -> None:
        schema = {"type": "string", "allOf": [{"pattern": "[A-Z]", "x-biore-rule": "uppercase"}, {"pattern": "[0-9]"}]}
        assert broken(schema, "x") == [("", "pattern"), ("", "uppercase")]

    def test_a_schema_may_refer_to_itself(self) -> None:
        tree = {"children": [{"children": [{"children": 1}]}]}
        assert broken({"$ref": "#/components/schemas/Tree"}, tree) == [("children.0.children.0.children", "type")]


class TestOutline:
    SCHEMA: ClassVar[dict[str, Any]] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "names": {"type": "array", "items": {"type": "string"}},
            "inner": {"type": "object", "additionalProperties": False, "properties": {"a": {"type": "integer"}}},
        },
    }

    def test_holds_nothing_that_the_schema_does_not(self) -> None:
        outline = COMPILER.outline(self.SCHEMA)
        assert outline({"name": [[1]], "names": ["a", {"b": 1}], "inner": [1], "x": [2]}) == {
            "name": [], "names": ["a", {}], "inner": [], "x": None
        }  # fmt: skip
        assert outline({"inner": {"a": 1, "b": [1]}, "names": {"a": 1}}) == {"inner": {"a": 1, "b": None}, "names": {}}
        assert [outline(value) for value in ([1], "a", 1, None)] == [[], "a", 1, None]

    @pytest.mark.parametrize(
        "value",
        [{"name": [1], "x": {"y": 1}}, {"names": [[1]], "inner": [1]}, {"inner": {"a": [1], "b": {}}}, [1], "a", None],
    )
    def test_breaks_the_same_rules(self, value: Any) -> None:
        assert broken(self.SCHEMA, COMPILER.outline(self.SCHEMA)(value)) == broken(self.SCHEMA, value) != []


class TestAlternatives:
    SCHEMA: ClassVar[dict[str, Any]] = {
        "x-biore-rule": "one_of_these",
        "oneOf": [
            {"type": "boolean"},
            {"type": "integer"},
            {"type": "string", "maxLength": 4, "x-biore-normalize": ["trim"]},
            {"type": "array", "maxItems": 2, "items": {"type": "string", "maxLength": 2}},
        ],
    }

    @pytest.mark.parametrize(
        ("value", "cleaned"), [(True, True), (8, 8), (8.0, 8), (" a ", "a"), (["ab", "c"], ["ab", "c"]), ([], [])]
    )
    def test_each_is_cleaned_and_taken(self, value: Any, cleaned: Any) -> None:
        clean = COMPILER.normalizer(self.SCHEMA)
        assert clean is not None
        assert repr(clean(value)) == repr(cleaned)
        assert broken(self.SCHEMA, cleaned) == []

    @pytest.mark.parametrize("value", [None, 8.5, "abcde", ["abc"], ["a"] * 3, [1], [["a"]], {}, {"a": [1]}])
    def test_what_is_none_of_them_breaks_one_rule(self, value: Any) -> None:
        outlined = COMPILER.outline(self.SCHEMA)(value)
        assert broken(self.SCHEMA, value) == broken(self.SCHEMA, outlined) == [("", "one_of_these")]

    def test_of_what_is_too_long_no_more_is_kept_than_shows_it(self) -> None:
        clean = COMPILER.normalizer(self.SCHEMA)
        assert clean is not None
        assert clean(["a"] * 1000) == ["a"] * 3


class TestPatterns:
    @pytest.mark.parametrize("value", ["abc\n", "\nabc", "abc\nabc", "abc\u2028", "", "abc "])
    def test_anchors_hold_the_whole_text(self, value: str) -> None:
        assert broken({"type": "string", "pattern": "^[a-z]+$"}, value) == [("", "pattern")]


class TestFormats:
    @pytest.mark.parametrize(
        ("name", "good", "bad"),
        [
            (
                "uuid",
                ["0f8fad5b-d9cb-469f-a165-70867728950e", "0F8FAD5B-D9CB-469F-A165-70867728950E"],
                ["", "x", "0f8fad5bd9cb469fa16570867728950e", "{0f8fad5b-d9cb-469f-a165-70867728950e}",
                 "0f8fad5b-d9cb-469f-a165-70867728950g", "0f8fad5b-d9cb-469f-a165-70867728950e\n"],
            ),
            (
                "date-time",
                ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.123+03:00"],
                ["2026-01-01", "2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00", "now"],
            ),
            ("date", ["2024-02-29"], ["2023-02-29", "2024-2-1", "2024-02-29T00:00:00Z"]),
            ("uri", ["https://bio.re/a?b=c"], ["bio.re", "//bio.re", "https://bio re"]),
        ],
    )  # fmt: skip
    def test_are_really_checked(self, name: str, good: list[str], bad: list[str]) -> None:
        schema = {"type": "string", "format": name}
        assert [value for value in good if broken(schema, value)] == []
        assert [value for value in bad if broken(schema, value) != [("", "format")]] == []


class TestMoments:
    @pytest.mark.parametrize(
        "text",
        ["2026-01-01T00:00:60Z", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", "2026-02-30T00:00:00Z",
         "2026-01-01", "2026-01-01T00:00:00", "tomorrow", ""],
    )  # fmt: skip
    def test_that_cannot_be_reckoned_with_are_none(self, text: str) -> None:
        assert not is_moment(text)

    @pytest.mark.parametrize("text", ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.123456789+02:00"])
    def test_of_rfc_3339(self, text: str) -> None:
        assert is_moment(text)
