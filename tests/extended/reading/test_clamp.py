"""`x-biore-clamp`: what lies outside counts as the nearer bound, and what is no integer is refused."""

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.clamping import LARGEST, Clamp
from contract.loader import Contract, require_valid
from contract.policy import ContractError
from tests.extended.reading.shelf import BASE, Json, contract_of, refused
from tests.harness import Server
from tests.runtime.web.wire import Answer, request

NUMBERS = f"{BASE}/numbers"


def get(server: Server, query: str = "") -> Answer:
    return request(server, "GET", f"{NUMBERS}?{query}")


class TestValues:
    @pytest.mark.parametrize(
        ("given", "limit"),
        [("1", 1), ("100", 100), ("0", 1), ("-7", 1), ("101", 100), ("2147483648", 100), ("9" * 40, 100),
         ("-" + "9" * 40, 1), ("0" * 60 + "7", 7), ("%2B5", 5), ("-0", 1), ("9" * 5000, 100), ("0" * 5000, 1)],
    )  # fmt: skip
    def test_outside_count_as_the_nearer_bound(self, shelf_server: Server, given: str, limit: int) -> None:
        assert get(shelf_server, f"limit={given}").json()["data"] == {"limit": limit, "offset": None}

    @pytest.mark.parametrize(
        "given",
        ["", "x", "1.0", "1e2", "1_0", "+5", " 5", "5 ", "٣", "0x10", "--1", "NaN", "true", "1,2", "9" * 40 + "x"],
    )
    def test_that_are_no_integers_are_refused(self, shelf_server: Server, given: str) -> None:
        written = given if given == "+5" else quote(given)  # which means a blank
        answer = get(shelf_server, f"limit={written}")
        assert (answer.status, answer.broken_rules) == (400, [("limit", "type")])

    def test_that_are_left_out_are_their_default_or_nothing(self, shelf_server: Server) -> None:
        assert get(shelf_server).json()["data"] == {"limit": 20, "offset": None}

    def test_that_come_twice_are_refused_as_ever(self, shelf_server: Server) -> None:
        assert get(shelf_server, "limit=1&limit=1").broken_rules == [("limit", "single")]

    def test_have_bounds_of_any_sign_and_size(self, shelf_server: Server) -> None:
        for sent, offset in (("-6", -5), ("-5", -5), ("999999999999999", LARGEST), ("1000000000000000", LARGEST)):
            assert get(shelf_server, f"offset={sent}").json()["data"]["offset"] == offset


class TestClamp:
    @given(st.integers(), st.integers(-50, 50), st.integers(-50, 50))
    def test_is_what_a_person_would_do(self, value: int, one: int, other: int) -> None:
        clamp = Clamp(min(one, other), max(one, other))
        assert clamp.moved(str(value)) == min(max(value, clamp.minimum), clamp.maximum)

    @given(st.text(max_size=40))
    def test_takes_nothing_else_for_a_number(self, text: str) -> None:
        moved = Clamp(1, 9).moved(text)
        assert moved == text or (text.lstrip("+-").isascii() and text.lstrip("+-").isdigit())

    def test_takes_no_longer_for_a_million_digits(self) -> None:
        began = time.thread_time()
        for text in ("9" * 10**6, "0" * 10**6, "0" * 10**6 + "x", "-" * 10**6):
            Clamp(1, 9).moved(text)
        assert time.thread_time() - began < 0.5


class TestDocument:
    def test_tells_it_in_words_and_refuses_nothing(self, shelf: Contract) -> None:
        require_valid(shelf)
        limit, offset = shelf.operation("shelf.numbers")["parameters"]
        assert limit["description"] == "How many. Values below 1 count as 1, values above 100 as 100."
        assert offset["description"] == (
            "From where. Values below -5 count as -5, values above 999999999999999 as 999999999999999."
        )
        assert limit["schema"] == {"type": "integer", "default": 20}
        assert limit["x-biore-clamp"] == {"minimum": 1, "maximum": 100}


def limit(**keywords: object) -> Callable[[Json], object]:
    named = {key.replace("_", "-"): value for key, value in keywords.items()}
    return lambda given: given["paths"]["numbers"]["get"]["parameters"][0].update(named)


def clamp(value: object) -> Callable[[Json], object]:
    return limit(x_biore_clamp=value)


def in_schema(**keywords: object) -> Callable[[Json], object]:
    return limit(schema={"type": "integer", **keywords})


def in_path(given: Json) -> None:
    slug = given["paths"]["{slug}"]["get"]["parameters"][0]
    slug |= {"schema": {"type": "integer"}, "x-biore-clamp": {"minimum": 1, "maximum": 2}, "example": 1}


def inside(given: Json) -> None:
    parameter = given["paths"]["numbers"]["get"]["parameters"][0]
    parameter["schema"]["x-biore-clamp"] = parameter.pop("x-biore-clamp")


MISUSES = {
    "one bound": (clamp({"minimum": 1}), "takes {minimum"),
    "another key": (clamp({"minimum": 1, "maximum": 2, "step": 1}), "takes {minimum"),
    "a number": (clamp(7), "takes {minimum"),
    "a text": (clamp({"minimum": "1", "maximum": 2}), "takes integers"),
    "a flag": (clamp({"minimum": True, "maximum": 2}), "takes integers"),
    "half": (clamp({"minimum": 1, "maximum": 2.5}), "takes integers"),
    "a bound of too many digits": (clamp({"minimum": 1, "maximum": 10**15}), "takes integers of at most 15 digits"),
    "bounds the wrong way round": (clamp({"minimum": 3, "maximum": 2}), "minimum above its maximum"),
    "an example that is moved": (limit(example=200), "would move its own example 200"),
    "a default that is moved": (in_schema(default=0), "would move its own default 0"),
    "a parameter of the path": (in_path, "parameter slug: x-biore-clamp is for parameters of the query"),
    "a text that is clamped": (limit(schema={"type": "string", "maxLength": 3}), "is for integers"),
    "a bound that refuses": (in_schema(maximum=100), "moves a value before ['maximum']"),
    "a choice that refuses": (in_schema(enum=[1, 20]), "moves a value before ['enum']"),
    "a clamp in the schema": (inside, "stands beside the schema"),
}


@pytest.mark.parametrize(("edit", "told"), MISUSES.values(), ids=MISUSES)
def test_misuse_stops_the_start(tmp_path: Path, edit: Callable[[Json], object], told: str) -> None:
    refusal, line = refused(tmp_path, edit)
    assert "/shelf/" in refusal
    assert told in refusal
    assert "x-biore-clamp" in line or "name: limit" in line


def test_a_clamp_in_a_body_stops_the_start(tmp_path: Path) -> None:
    def edit(given: Json) -> None:
        given["schemas"]["Book"]["properties"]["copies"]["x-biore-clamp"] = {"minimum": 1, "maximum": 2}

    with pytest.raises(ContractError, match="copies: unknown extension x-biore-clamp"):
        contract_of(tmp_path, edit)
