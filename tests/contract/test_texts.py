"""Which language a caller hears, and what is said where a language lacks a word (`biore spec words` tells)."""

import copy
import json
import string
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.loader import Contract, load
from contract.schemas import CHECK, EXACT_PATTERN, OVERRIDE
from contract.texts import LOCALES, NAMESPACES, Texts, negotiate
from contract.unions import field_of, kinds_of
from domain.locales import LOCALES as OFFERED

CONTRACT = load()
TEXTS = Texts(CONTRACT.errors)
RULES_OF_REQUESTS = {"json", "encoding", "depth", "single", "required", "unknown", "type"}
# Keywords that combine or describe; none of them is broken by itself.
STRUCTURE = {"type", "properties", "items", "allOf", "description", "example", "nullable", "deprecated", "required",
             "additionalProperties", "x-biore-normalize", OVERRIDE, "$ref"}  # fmt: skip
# Labels that some languages have from the same source.
LOANWORDS = {"Account", "Accounts ({count})", "Avatar", "Captcha", "Code", "Configuration", "Contract", "Conventions",
             "Cookies", "Correction", "Creator", "Documentation", "Email", "Handler", "Marketing", "Menu", "Message",
             "Modules",
             "Operation", "Parameters", "Public", "Repository", "Server", "Status", "Tests", "Type", "Version",
             "Version {version}.", "optional", "pattern"}  # fmt: skip

of_each_locale = pytest.mark.parametrize("locale", OFFERED)
of_each_namespace = pytest.mark.parametrize("namespace", NAMESPACES)


class TestNegotiation:
    @pytest.mark.parametrize(
        ("header", "locale"),
        [
            (None, "en"),
            ("", "en"),
            ("tr", "tr"),
            ("TR", "tr"),
            ("tr-TR", "tr"),
            ("tr-Latn-TR;q=0.5", "tr"),
            ("de", "en"),
            ("de, tr", "tr"),
            ("de;q=1, tr;q=0.1", "tr"),
            ("en;q=0.5, tr;q=0.6", "tr"),
            ("tr;q=0.5, en;q=0.6", "en"),
            ("tr, en", "tr"),
            ("en, tr", "en"),
            ("tr;q=0", "en"),
            ("tr;q=0, de", "en"),
            ("  tr ; q=0.9 , en ; q=0.8 ", "tr"),
            ("*", "en"),
            ("tr;q=nonsense", "en"),
            ("tr;q=", "en"),
            ("tr;q=-1", "en"),
            ("tr;q=nan, en", "en"),
            (",,,;;;===", "en"),
            ("\x00\xff", "en"),
            ("x" * 10_000 + ",tr", "en"),
        ],
    )
    def test_the_best_that_is_offered(self, header: str | None, locale: str) -> None:
        assert negotiate(header, ["en", "tr"]) == locale

    @pytest.mark.parametrize(
        ("header", "locale"),
        [
            ("iw", "he"),
            ("iw-IL", "he"),
            ("IW-il;q=0.9, en;q=0.8", "he"),
            ("in", "id"),
            ("in-ID", "id"),
            ("cmn-Hans-CN", "zh"),
            ("arb", "ar"),
            ("pes-IR", "fa"),
            ("de;Q=0.9", "de"),
            ("fr;Q=0.1, de;q=0.5", "de"),
            ("de;q=0.5;x=y", "de"),
            ("de;x=y;q=0.5, fr;q=0.4", "de"),
            ("de ; q=0.5, fr;q=0.4", "de"),
            ("de;q=0.001", "de"),
            ("de;q=1.000, fr", "de"),
            ("de;q=1., fr;q=0.", "de"),
            ("zh-Hant-TW", "zh"),
            ("de-CH-1996", "de"),
            ("de;q=0", "en"),
        ],
    )
    def test_spellings_of_the_standards(self, header: str, locale: str) -> None:
        assert negotiate(header, OFFERED) == locale

    @pytest.mark.parametrize(
        "member",
        [
            "de;q=2", "de;q=1.1", "de;q=1.001", "de;q=inf", "de;q=nan", "de;q=1e0", "de;q=-1", "de;q=0.1234", "de;q=",
            "de;q", "de;q=.5", "de;q=0,5", "de;q=\u0661", "de;q=1;q=1",
            "de-", "-de", "de--DE", "d\u00e9", "abcdefghi", "de de",
        ],
    )  # fmt: skip
    def test_what_is_malformed_is_passed_over(self, member: str) -> None:
        assert negotiate(f"{member}, fr;q=0.1", OFFERED) == "fr"

    def test_what_is_cut_off_changes_nothing_before_it(self) -> None:
        long = "fr;q=0.5," + "x-a," * 124 + "x-aa," + "de;q=0.1"
        assert long[:512].endswith(",de")
        assert negotiate(long, OFFERED) == "fr"
        assert negotiate("de" + "-a" * 60_000, OFFERED) == "en"

    def test_the_first_offered_is_the_default(self) -> None:
        assert negotiate("de", ["tr", "en"]) == "tr"
        assert negotiate(None, ["tr"]) == "tr"
        assert negotiate("de", []) == "en"

    @given(st.text(max_size=40), st.lists(st.sampled_from(["en", "tr", "de"]), min_size=1, unique=True))
    def test_is_always_one_that_is_offered(self, header: str, offered: list[str]) -> None:
        assert negotiate(header, offered) in offered


class TestSaying:
    def test_fills_in_variables(self) -> None:
        assert TEXTS.say("en", "validation", "minLength", limit=8) == "Must have at least 8 characters."

    def test_english_stands_in(self) -> None:
        assert TEXTS.say("xx", "errors", "auth.unauthenticated") == "Please sign in."

    def test_english_stands_in_for_one_text_that_a_language_lacks(self) -> None:
        errors = copy.deepcopy(dict(CONTRACT.errors))
        del errors["auth.unauthenticated"]["words"]["de"], errors["auth.unauthenticated"]["words"]["tr"]
        del errors["auth.forbidden"]["words"]
        texts = Texts(errors)
        assert texts.say("de", "errors", "auth.unauthenticated") == "Please sign in."
        assert texts.say("fr", "errors", "auth.unauthenticated") != "Please sign in."
        assert texts.missing() == {
            "errors: auth.unauthenticated": ["de", "tr"],
            "errors: auth.forbidden": [locale for locale in texts.locales if locale != "en"],
        }

    def test_braces_in_a_variable_are_text(self) -> None:
        assert TEXTS.say("en", "validation", "format", limit="{limit}") == "Must be a valid {limit}."


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


class TestLocales:
    def test_those_offered_are_there(self) -> None:
        assert set(OFFERED) <= set(TEXTS.locales)
        assert OFFERED[0] == "en"

    def test_the_contract_offers_them(self, contract: Contract) -> None:
        assert set(OFFERED) <= set(contract.document["components"]["schemas"]["Locale"]["enum"])

    @of_each_locale
    @of_each_namespace
    def test_all_say_the_same(self, locale: str, namespace: str) -> None:
        english, theirs = TEXTS.namespace("en", namespace), TEXTS.namespace(locale, namespace)
        assert theirs.keys() <= english.keys()
        assert [key for key in theirs if placeholders(theirs[key]) != placeholders(english[key])] == []

    @of_each_locale
    @of_each_namespace
    def test_nothing_is_empty(self, locale: str, namespace: str) -> None:
        texts = TEXTS.namespace(locale, namespace)
        assert texts
        assert [key for key, text in texts.items() if not text.strip() or text != text.strip()] == []

    @of_each_locale
    def test_no_file_is_left_over_and_no_key_stands_twice(self, locale: str) -> None:
        for file in (LOCALES / locale).iterdir():
            assert file.suffix == ".json"
            assert file.stem in NAMESPACES
            assert file.stem != "errors", "the words of a code stand beside it"
            pairs = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=list)
            assert len({key for key, _ in pairs}) == len(pairs)

    @of_each_locale
    def test_a_translation_is_one(self, locale: str) -> None:
        if locale == "en":
            return
        for namespace in NAMESPACES:
            english, theirs = TEXTS.namespace("en", namespace), TEXTS.namespace(locale, namespace)
            same = [key for key in theirs if theirs[key] == english[key]]
            assert [key for key in same if english[key] not in LOANWORDS] == []

    @of_each_locale
    def test_every_code_can_be_said(self, locale: str, contract: Contract) -> None:
        for code, entry in contract.errors.items():
            assert TEXTS.say(locale, "errors", code, **entry.get("vars", {}))


def rules(node: Any) -> Iterator[str]:
    """Every rule that a value could break in a schema, under the name that people get to see."""
    if isinstance(node, list):
        for item in node:
            yield from rules(item)
    elif isinstance(node, dict):
        yield from (str(node.get(OVERRIDE, key)) for key in node.keys() - STRUCTURE - {CHECK, EXACT_PATTERN, "default"})
        if CHECK in node:
            yield node[CHECK]
        for key, value in node.items():
            if key == "properties":
                for part in value.values():
                    yield from rules(part)
            elif key in ("items", "allOf"):
                yield from rules(value)


def request_schemas(contract: Contract) -> Iterator[Any]:
    components = contract.document["components"]
    for name in contract.policies:
        operation = contract.operation(name)
        for media in operation.get("requestBody", {}).get("content", {}).values():
            body = resolved(contract, media["schema"])
            yield from kinds_of(contract.document, body).values() if field_of(body) else [body]
        for parameter in operation.get("parameters", ()):
            found = components["parameters"][parameter["$ref"].rpartition("/")[2]] if "$ref" in parameter else parameter
            yield found["schema"]


def resolved(contract: Contract, node: Any) -> Any:
    """The schema with every reference replaced by what it means; requests do not refer to themselves."""
    if isinstance(node, list):
        return [resolved(contract, item) for item in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        return resolved(contract, contract.document["components"]["schemas"][node["$ref"].rpartition("/")[2]])
    return {key: resolved(contract, value) for key, value in node.items()}


class TestRules:
    def test_every_rule_has_words(self, contract: Contract) -> None:
        broken = {rule for schema in request_schemas(contract) for rule in rules(resolved(contract, schema))}
        assert {"pattern", "maxLength", "uppercase", "format"} <= broken
        assert (broken | RULES_OF_REQUESTS) - TEXTS.namespace("en", "validation").keys() == set()
