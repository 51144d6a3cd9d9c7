"""Whatever arrives, the answer is a documented one: right status, right envelope, never a 500."""

import base64
import copy
import gzip
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.bounds import BODY_LIMIT
from contract.loader import Contract, load
from contract.policy import BEARER_ASKED
from contract.schemas import SchemaCompiler
from contract.unions import field_of, like
from domain.locales import SUPPORTED_LOCALES
from runtime.web.validation import MAX_DEPTH
from services.tokens import ALGORITHM, TYPE
from tests.contract.operations import OF_CREATORS, a_creator, path_of
from tests.each import check_each
from tests.handlers.support import somebody
from tests.harness import Api, Server
from tests.runtime.web.wire import JSON, Answer, Documented, Header, request
from tests.staff import hired

CONTRACT = load()
COMPILER = SchemaCompiler(CONTRACT.document)
BASE = CONTRACT.base_path
ALL = sorted(CONTRACT.policies)
TAKES_BODY = sorted(name for name in ALL if "requestBody" in CONTRACT.operation(name))
NEEDS_BODY = [name for name in TAKES_BODY if CONTRACT.operation(name)["requestBody"].get("required")]
SECURED = [name for name in ALL if CONTRACT.operation(name)["security"] == BEARER_ASKED]
POSTS = [name for name in ALL if CONTRACT.policies[name].method == "post"]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY")

of_body = pytest.mark.parametrize("name", TAKES_BODY)


def example(name: str) -> dict[str, Any]:
    """The contract's own example of a body."""
    return copy.deepcopy(dict(CONTRACT.operation(name)["requestBody"]["content"][JSON]["example"]))


def body_schema(name: str) -> Mapping[str, Any]:
    """Of a body of several kinds the one that the contract shows."""
    return like(CONTRACT.document, whole_schema(name), example(name))


def whole_schema(name: str) -> Mapping[str, Any]:
    return COMPILER.resolved(CONTRACT.operation(name)["requestBody"]["content"][JSON]["schema"])


def may_be_empty(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "array" and not schema.get("minItems")


def told_by_kind(name: str) -> dict[str, Any]:
    """The field that says of which kind a body is, without which nothing else of it is looked at."""
    teller = field_of(whole_schema(name))
    return {} if teller is None else {teller: example(name)[teller]}


def properties(name: str) -> dict[str, Any]:
    return {field: COMPILER.resolved(part) for field, part in body_schema(name)["properties"].items()}


def limit_of(name: str) -> int:
    return int(CONTRACT.operation(name)[BODY_LIMIT])


def raw_example(name: str) -> bytes:
    return json.dumps(example(name)).encode()


@pytest.fixture(scope="module")
def documented(contract: Contract) -> Documented:
    return Documented(contract)


def is_of_staff(name: str) -> bool:
    return CONTRACT.policies[name].scope == "admin"


class Caller:
    """Calls operations with raw bytes; each answer must be a documented one."""

    def __init__(self, server: Server, documented: Documented) -> None:
        self.server = server
        self._documented = documented

    def call(
        self,
        name: str,
        body: bytes | None = None,
        *headers: Header,
        query: str = "",
        signed_in: bool = True,
        **options: Any,
    ) -> Answer:
        policy = CONTRACT.policies[name]
        target = f"{BASE}{path_of(name)}{query}"
        if signed_in and name in SECURED and name in TAKES_BODY:
            headers = (*headers, ("Authorization", self._token(name)))
        answer = request(self.server, policy.method.upper(), target, body, headers, **options)
        self._documented.require(answer, name)
        return answer

    def _token(self, name: str) -> str:
        """Of an owner for an operation of the staff, which is closed to everybody else before a body is read."""
        if is_of_staff(name):
            return hired(self.server, "OWNER")["Authorization"]
        return f"Bearer {a_creator(self.server, name) if name in OF_CREATORS else somebody(self.server)}"

    def plain(self, method: str, target: str | bytes, *headers: Header) -> Answer:
        answer = request(self.server, method, target, None, headers)
        self._documented.require(answer)
        return answer


@pytest.fixture
def caller(shared_server: Server, documented: Documented) -> Caller:
    """Nothing that is refused writes anything, so these tests share tables without emptying them."""
    return Caller(shared_server, documented)


@pytest.fixture
def clean_caller(server: Server, documented: Documented) -> Caller:
    return Caller(server, documented)


NO_JSON = {
    "words": b"hello",
    "python": b"{'email': 'a'}",
    "trailing comma": b'{"email": "a",}',
    "two documents": b"{}{}",
    "byte order mark": b"\xef\xbb\xbf{}",
    "not utf-8": b'{"email": "\xff\xfe"}',
    "overlong utf-8": b'{"email": "\xc0\x80"}',
    "utf-16": "{}".encode("utf-16"),
    "utf-32": "{}".encode("utf-32"),
    "raw NUL": b'{"email": "a\x00b"}',
    "raw NUL outside": b"{}\x00",
    "raw line feed": b'{"email": "a\nb"}',
    "lone high surrogate": b'{"email": "\\ud800"}',
    "lone low surrogate": b'{"email": "\\udc00"}',
    "swapped surrogates": b'{"email": "\\udc00\\ud800"}',
    "5000 digits": b'{"email": ' + b"1" * 5000 + b"}",
    "too large a number": b'{"email": 1e400}',
    "NaN": b'{"email": NaN}',
    "Infinity": b'{"email": Infinity}',
    "-Infinity": b'{"email": -Infinity}',
    "open brackets": b"[" * 16_000,
    "deeper than the parser goes": b"[" * 8_000 + b"]" * 8_000,
    "white space": b"  \r\n\t ",
}


class TestBodiesThatAreNoJson:
    @of_body
    def test_are_refused(self, caller: Caller, name: str) -> None:
        def check(kind: str) -> None:
            answer = caller.call(name, NO_JSON[kind])
            assert (answer.status, answer.code) == (400, "validation.failed")
            assert answer.broken_rules == [("", "json")]

        check_each(NO_JSON, check)

    @of_body
    def test_truncated(self, caller: Caller, name: str) -> None:
        for end in (1, -1):
            assert caller.call(name, raw_example(name)[:end]).broken_rules == [("", "json")]

    @of_body
    def test_escaped_nul(self, caller: Caller, name: str) -> None:
        for body in (b'{"email": "a\\u0000b"}', b'{"\\u0000": 1}', b'{"a": ["\\u0000"]}', b'"\\u0000"'):
            assert caller.call(name, body).broken_rules == [("", "encoding")]


class TestDepth:
    @of_body
    def test_a_thousand_levels_are_too_many(self, caller: Caller, name: str) -> None:
        for body in (b"[" * 1000 + b"]" * 1000, b'{"a":' * 1000 + b"1" + b"}" * 1000):
            assert caller.call(name, body).broken_rules == [("", "depth")]

    @of_body
    def test_the_deepest_allowed_reaches_the_schema(self, caller: Caller, name: str) -> None:
        deepest = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
        assert caller.call(name, deepest).broken_rules == [("", "type")]
        assert caller.call(name, b"[" + deepest + b"]").broken_rules == [("", "depth")]

    def test_many_brackets_side_by_side_are_not_deep(self, caller: Caller) -> None:
        body = json.dumps({"refreshToken": "[{" * 200}).encode()
        assert caller.call("auth.logout", body).status == 200


class TestSize:
    @of_body
    def test_announced_too_large_is_refused_unread(self, caller: Caller, name: str) -> None:
        for size in (limit_of(name) + 1, 10**18):
            answer = caller.call(name, announced=size)
            assert (answer.status, answer.code) == (413, "request.too_large")

    @of_body
    def test_exactly_the_largest_is_read(self, caller: Caller, name: str) -> None:
        body = b'{"x": "' + b"x" * (limit_of(name) - 9) + b'"}'
        assert len(body) == limit_of(name)
        assert ("x", "unknown") in caller.call(name, body).broken_rules

    @of_body
    def test_chunked_too_large(self, caller: Caller, name: str) -> None:
        half = b"x" * (limit_of(name) // 2)
        answer = caller.call(name, chunks=(half, half, b"x"))
        assert (answer.status, answer.code) == (413, "request.too_large")

    @of_body
    def test_chunked_is_as_good_as_announced(self, clean_caller: Caller, name: str) -> None:
        body = raw_example(name)
        whole = clean_caller.call(name, body)
        clean_caller.server.reset()
        chunked = clean_caller.call(name, chunks=(body[:1], body[1:], b""))
        assert chunked.status == whole.status
        assert chunked.status < 300 or chunked.code == whole.code != "validation.failed"

    def test_a_body_where_none_is_taken_is_let_be(self, caller: Caller) -> None:
        assert caller.call("dev.mailbox", b'{"a": 1}').status == 200


UNSUPPORTED: dict[str, tuple[str | None, tuple[Header, ...]]] = {
    "none": (None, ()),
    "empty": ("", ()),
    "text": ("text/plain", ()),
    "xml": ("application/xml", ()),
    "form": ("application/x-www-form-urlencoded", ()),
    "multipart": ("multipart/form-data; boundary=x", ()),
    "multipart without boundary": ("multipart/form-data", ()),
    "multipart with a bad boundary": ('multipart/form-data; boundary="\xff;', ()),
    "longer": ("application/jsonx", ()),
    "problem": ("application/problem+json", ()),
    "garbage": (";;;=", ()),
    "utf-16": ("application/json; charset=utf-16", ()),
    "latin-1": ("application/json;charset=iso-8859-1", ()),
    "unknown charset": ('application/json; charset="nonsense"', ()),
    "gzip": (JSON, (("Content-Encoding", "gzip"),)),
    "two codings": (JSON, (("Content-Encoding", "identity"), ("Content-Encoding", "gzip"))),
    "br": (JSON, (("Content-Encoding", "br"),)),
}
SUPPORTED = (
    "Application/JSON",
    "APPLICATION/JSON",
    "application/json; charset=UTF-8",
    ' application/json ;charset="utf-8"',
)


class TestContentType:
    @of_body
    def test_unsupported(self, caller: Caller, name: str) -> None:
        def check(kind: str) -> None:
            content_type, headers = UNSUPPORTED[kind]
            answer = caller.call(name, raw_example(name), *headers, content_type=content_type)
            assert (answer.status, answer.code) == (415, "request.unsupported_media_type")

        check_each(UNSUPPORTED, check)

    @of_body
    def test_compressed(self, caller: Caller, name: str) -> None:
        answer = caller.call(name, gzip.compress(raw_example(name)), ("Content-Encoding", "gzip"))
        assert answer.status == 415

    @of_body
    def test_in_any_spelling_is_validated(self, caller: Caller, name: str) -> None:
        def check(content_type: str) -> None:
            answer = caller.call(name, b'{"nonsense": 1}', content_type=content_type)
            assert ("nonsense", "unknown") in answer.broken_rules

        check_each(SUPPORTED, check)

    @of_body
    def test_twice(self, caller: Caller, name: str) -> None:
        answer = caller.call(name, raw_example(name), ("Content-Type", JSON))
        assert answer.broken_rules == [("Content-Type", "single")]


class TestAbsentBody:
    @pytest.mark.parametrize("name", NEEDS_BODY)
    def test_where_one_is_required(self, caller: Caller, name: str) -> None:
        no_body: tuple[dict[str, Any], ...] = (
            {},
            {"body": b""},
            {"chunks": (b"",)},
            {"body": b"", "content_type": None},
        )
        for options in no_body:
            answer = caller.call(name, **options)
            assert answer.status == 400
            assert answer.broken_rules == [("", "required")]

    def test_where_none_is_required(self, caller: Caller) -> None:
        assert caller.call("auth.logout").status == 200
        assert caller.call("auth.logout", b"", content_type="text/plain").status == 200
        assert caller.call("auth.refresh").code == "auth.refresh.invalid_token"


class TestManyViolations:
    @of_body
    def test_fifty_are_told_and_that_there_are_more(self, caller: Caller, name: str) -> None:
        for count in (60, 1000):
            answer = caller.call(name, json.dumps({f"x{number}": 1 for number in range(count)}).encode())
            told = answer.json()["error"]["details"]
            assert len(told) == 51
            assert (told[-1]["field"], told[-1]["rule"]) == ("", "more")
            assert "more" not in {entry["rule"] for entry in told[:-1]}

    def test_in_the_callers_language(self, caller: Caller) -> None:
        body = json.dumps({f"x{number}": 1 for number in range(60)}).encode()
        answer = caller.call("auth.logout", body, ("Accept-Language", "de"))
        assert answer.json()["error"]["details"][-1]["message"] == "Es gibt mehr Verstöße, als hier aufgeführt sind."

    @of_body
    def test_a_long_name_is_cut_off(self, caller: Caller, name: str) -> None:
        answer = caller.call(name, json.dumps({"x" * 10_000: 1, "\U0001f600" * 200: 1}, ensure_ascii=False).encode())
        told = {field for field, rule in answer.broken_rules if rule == "unknown"}
        assert told == {"x" * 100, "\U0001f600" * 100}

    def test_a_text_that_is_too_long_uncleaned_breaks_that_rule_alone(self, caller: Caller) -> None:
        for text in ("a" + "\u0301\u0316" * 600 + "@b", "\u200b" * 1100):
            answer = caller.call("auth.passwords.forgot", json.dumps({"email": text}, ensure_ascii=False).encode())
            assert answer.broken_rules == [("email", "maxLength")]


class TestShape:
    @of_body
    def test_no_object(self, caller: Caller, name: str) -> None:
        def check(body: bytes) -> None:
            assert caller.call(name, body).broken_rules == [("", "type")]

        check_each((b"[]", b"null", b'"text"', b"1", b"1.5", b"true", b"[{}]"), check)

    @of_body
    def test_each_unknown_field_is_named_once(self, caller: Caller, name: str) -> None:
        body = example(name) | {"one": 1, "two.three": 2, "": 3, "üç": 4}
        answer = caller.call(name, json.dumps(body).encode())
        expected = [("", "unknown"), ("one", "unknown"), ("two.three", "unknown"), ("üç", "unknown")]
        assert sorted(answer.broken_rules) == expected

    @of_body
    def test_every_field_of_another_type(self, caller: Caller, name: str) -> None:
        kind = told_by_kind(name)
        fields = {field: schema for field, schema in properties(name).items() if field not in kind}
        of_several_types = {field for field, schema in fields.items() if "oneOf" in schema}

        def check(value: Any) -> None:
            if value == [] and all(may_be_empty(schema) for schema in fields.values()):
                return  # a good body
            answer = caller.call(name, json.dumps(dict.fromkeys(fields, value) | kind).encode())
            broken = {field for field, schema in fields.items() if value is not None or not schema.get("nullable")}
            objects = {field for field in broken if value == {} and fields[field].get("type") == "object"}
            lacking = [
                (f"{field}.{part}", "required") for field in objects for part in fields[field].get("required", ())
            ]
            lists = {field for field in broken if value == [] and fields[field].get("type") == "array"}
            lacking += [(field, "minItems") for field in lists if fields[field].get("minItems")]
            numbers = {field for field in broken if value == 1.5 and fields[field].get("type") == "number"}
            of_one_type = broken - objects - lists - numbers - of_several_types
            told = [rule for rule in answer.broken_rules if rule[0] not in of_several_types]
            assert sorted(told) == sorted([*((field, "type") for field in of_one_type), *lacking])

        check_each((None, {}, [], 1.5), check)

    @pytest.mark.parametrize("name", [name for name in NEEDS_BODY if "required" in body_schema(name)])
    def test_every_missing_field_is_named(self, caller: Caller, name: str) -> None:
        answer = caller.call(name, b"{}")
        missing = told_by_kind(name) or body_schema(name)["required"]
        assert sorted(answer.broken_rules) == sorted((field, "required") for field in missing)

    def test_all_violations_at_once(self, caller: Caller) -> None:
        body = {
            "email": "a",
            "password": "\u00e4",
            "acceptedTerms": False,
            "username": "Not Allowed",
            "intent": "x" * 21,
            "locale": 7,
            "utmTerm": "x" * 101,
            "extra": None,
        }
        answer = caller.call("auth.register", json.dumps(body).encode())
        assert sorted(answer.broken_rules) == [
            ("acceptedPrivacy", "required"),
            ("acceptedTerms", "enum"),
            ("email", "minLength"),
            ("email", "pattern"),
            ("extra", "unknown"),
            ("intent", "enum"),
            ("intent", "maxLength"),
            ("locale", "type"),
            ("password", "digit"),
            ("password", "minLength"),
            ("password", "uppercase"),
            ("username", "pattern"),
            ("utmTerm", "maxLength"),
        ]


LONG_DOMAIN = ".".join(["d" * 63, "d" * 63, "d" * 61])  # with a local part of 64 and the @ these are 254 characters


def text_of(field: str, schema: Any, length: int) -> str:
    """A text of the length that breaks no other rule of the field."""
    if field == "email":
        surplus = length - 254
        return f"{'a' * (length - 5)}@b.co" if length < 64 else f"{'a' * 64}@{LONG_DOMAIN}{'d' * surplus}"[:length]
    if field == "password":
        return "Aa1" + "x" * (length - 3)
    return "a" * length if "pattern" in schema else "\U0001f600" * length


def bounds() -> Iterator[tuple[str, str, str | None]]:
    """Field, value and the one rule it breaks (None for none), for every bound of the registration."""
    for field, schema in properties("auth.register").items():
        for rule, outward in (("minLength", -1), ("maxLength", 1)):
            if rule in schema and "enum" not in schema:
                yield field, text_of(field, schema, schema[rule]), None
                yield field, text_of(field, schema, schema[rule] + outward), rule


class TestBounds:
    def register(self, caller: Caller, **changes: Any) -> Answer:
        return caller.call("auth.register", json.dumps(example("auth.register") | changes).encode())

    @pytest.mark.parametrize(("field", "value", "rule"), list(bounds()))
    def test_lengths(self, clean_caller: Caller, field: str, value: str, rule: str | None) -> None:
        answer = self.register(clean_caller, **{field: value})
        if rule is None:
            assert answer.status == 201, answer.body
        else:
            assert (field, rule) in answer.broken_rules
            assert {broken for broken, _ in answer.broken_rules} == {field}

    def test_every_bounded_field_was_tried(self) -> None:
        bounded = {f for f, s in properties("auth.register").items() if "maxLength" in s and "enum" not in s}
        assert {field for field, _, _ in bounds()} == bounded

    @pytest.mark.parametrize("intent", properties("auth.register")["intent"]["enum"])
    def test_intents(self, clean_caller: Caller, intent: str) -> None:
        assert self.register(clean_caller, intent=intent).status == 201
        assert self.register(clean_caller, intent=intent.upper()).broken_rules == [("intent", "enum")]

    def test_locales_that_are_not_offered_are_refused_alike(self, clean_caller: Caller) -> None:
        offered = clean_caller.server.app.config[SUPPORTED_LOCALES]
        for locale in [*properties("auth.register")["locale"]["enum"], "xx", "EN", ""]:
            answer = self.register(
                clean_caller, locale=locale, email=f"ada-{locale}@example.com", username=f"lovelace-{locale}x".lower()
            )
            if locale in offered:
                assert answer.status == 201
            else:
                assert answer.broken_rules == [("locale", "enum")]

    @pytest.mark.parametrize("consent", ["acceptedTerms", "acceptedPrivacy"])
    def test_consents(self, caller: Caller, consent: str) -> None:
        assert self.register(caller, **{consent: False}).broken_rules == [(consent, "enum")]
        for value in ("true", 1, None):
            assert self.register(caller, **{consent: value}).broken_rules == [(consent, "type")]

    @pytest.mark.parametrize("username", ["Ada", "ad a", "ada\n", "\nada", "ada/", "ад", "ada@", "a%00"])
    def test_usernames_out_of_form(self, caller: Caller, username: str) -> None:
        assert self.register(caller, username=username).broken_rules == [("username", "pattern")]

    @pytest.mark.parametrize(
        "email",
        ["plain", "a@b", "a@b@c.de", '"a b"@example.com', "a@[127.0.0.1]", "a..b@example.com", ".a@example.com",
         "a@-b.example", "a@b..example", "a b@example.com", "a@example.com.", "a@127.0.0.1"],
    )  # fmt: skip
    def test_addresses_out_of_form(self, caller: Caller, email: str) -> None:
        assert ("email", "pattern") in self.register(caller, email=email).broken_rules

    def test_a_uuid_is_one(self, caller: Caller) -> None:
        for token in ("", "x", "0" * 36, f"{uuid4()}\n", str(uuid4()).replace("-", "")):
            assert caller.call("auth.verify_email", json.dumps({"token": token}).encode()).broken_rules == [
                ("token", "format")
            ]


class TestQuery:
    @pytest.mark.parametrize(
        ("query", "rule"),
        [
            ("?to=a@example.com&to=b@example.com", "single"),
            ("?to=a@example.com&%74o=a@example.com", "single"),
            ("?to=%ff@example.com", "encoding"),
            ("?to=%00", "encoding"),
            ("?to=%ed%a0%80", "encoding"),
            ("?to=" + "a" * 60_000, "maxLength"),
        ],
    )
    def test_refused(self, caller: Caller, query: str, rule: str) -> None:
        answer = caller.call("dev.mailbox", query=query)
        assert ("to", rule) in answer.broken_rules

    @pytest.mark.parametrize(
        "query",
        [
            "",
            "?",
            "?&&",
            "?=",
            "?to=ada%40example.com",
            "?t%6F=+ADA@example.com+",
            "?%ff=%ff",
            "?to=%zz",
            "?to=%",
            "?to=",
            "?to",
        ],
    )
    def test_taken(self, caller: Caller, query: str) -> None:
        assert caller.call("dev.mailbox", query=query).status == 200

    @pytest.mark.parametrize(
        "limit", ["1_0", "%D9%A3", "%EF%BC%91", "+1", "1%20", "%0A1", "1.0", "1e1", "0x1", "", "-"]
    )
    def test_an_integer_has_ascii_digits_and_nothing_else(self, caller: Caller, limit: str) -> None:
        answer = caller.call("discover.search", query=f"?query=ada&limit={limit}")
        assert answer.broken_rules == [("limit", "type")]

    @pytest.mark.parametrize("limit", ["0", "%2B0", "00", "-1"])
    def test_an_integer_may_have_a_sign_and_zeros(self, caller: Caller, limit: str) -> None:
        answer = caller.call("discover.search", query=f"?query=ada&limit={limit}")
        assert answer.broken_rules == [("limit", "minimum")]

    @pytest.mark.parametrize(("query", "rule"), [("", "required"), ("?token", "minLength"), ("?token=", "minLength")])
    def test_a_required_one_is_missed(self, caller: Caller, query: str, rule: str) -> None:
        assert caller.call("auth.reactivation.validate", query=query).broken_rules == [("token", rule)]


class TestHeaders:
    @pytest.mark.parametrize(
        ("key", "rule"),
        [
            ("", "minLength"),
            ("k" * 256, "maxLength"),
            ("k" * 30_000, "maxLength"),
            (b"k\xff", "pattern"),
            (b"k\tk", "pattern"),
        ],
    )
    def test_idempotency_key_out_of_bounds(self, caller: Caller, key: str | bytes, rule: str) -> None:
        answer = caller.call("auth.register", raw_example("auth.register"), ("Idempotency-Key", key))
        assert ("Idempotency-Key", rule) in answer.broken_rules

    @pytest.mark.parametrize("key", ["k", "k" * 255, "!", "a b~"])
    def test_idempotency_key_within_bounds(self, clean_caller: Caller, key: str) -> None:
        answer = clean_caller.call("auth.register", raw_example("auth.register"), ("Idempotency-Key", key))
        assert answer.status == 201

    def test_idempotency_key_twice(self, caller: Caller) -> None:
        twice: tuple[Header, ...] = (("Idempotency-Key", "k"), ("idempotency-key", "k"))
        answer = caller.call("auth.register", raw_example("auth.register"), *twice)
        assert answer.broken_rules == [("Idempotency-Key", "single")]

    def test_parameters_and_body_are_refused_together(self, caller: Caller) -> None:
        answer = caller.call("auth.register", b"{}", ("Idempotency-Key", "k" * 256))
        assert ("Idempotency-Key", "maxLength") in answer.broken_rules
        assert ("email", "required") in answer.broken_rules

    @pytest.mark.parametrize("given", [(b"a\xff",), ("",), ("x" * 129,), ("a b",), ("one", "two"), ("../a",)])
    def test_correlation_ids_that_are_none_are_replaced(self, caller: Caller, given: tuple[str | bytes, ...]) -> None:
        answer = caller.call("auth.logout", None, *(("X-Correlation-Id", value) for value in given))
        (correlation_id,) = answer.all("x-correlation-id")
        assert len(correlation_id) == 36

    @pytest.mark.parametrize(
        "cookie",
        [
            "biore_refresh=" + "x" * 513,
            'biore_refresh="\\400\\999',
            b"biore_refresh=\xff\xfe",
            "=;;=,",
            "biore_refresh=a\tb",
        ],
    )
    @pytest.mark.parametrize("name", ["auth.refresh", "auth.logout"])
    def test_strange_cookies(self, caller: Caller, name: str, cookie: str | bytes) -> None:
        assert caller.call(name, None, ("Cookie", cookie)).status in (200, 400, 401)

    def test_strange_values_everywhere(self, caller: Caller) -> None:
        names = ("Accept-Language", "Accept", "User-Agent", "CF-IPCountry", "CF-Connecting-IP", "X-Dev-Token", "Origin")
        for value in (b"\xff\xfe", b"", b"," * 5000, b"q=;q=;*", b"en;q=nan", b"en;q=1e999"):
            answer = caller.call("auth.logout", None, *((name, value) for name in names))
            assert answer.status == 200


class TestPaths:
    @pytest.mark.parametrize(
        "path",
        ["//", "/api", "/api/v1", "/api/v1/", "/api/v1//auth/me", "//api/v1/auth/me", "/api/v1/auth/me/",
         "/api/v1/auth/me//", "/api/v1/auth/%6de/", "/api/v1/auth/me%00", "/api/v1/auth/%2e%2e/auth/me",
         "/api/v1/auth/../auth/me", "/api/v1/auth%2Fme%2F", "/api/v1/auth/me;a=b", "/API/V1/auth/me", "/api/v2/auth/me",
         "/%", "/%ff", "/api/v1/%ff%fe", "/.env", "/api/v1/" + "a" * 30_000, "/a?" + "b" * 30_000],
    )  # fmt: skip
    def test_unknown(self, caller: Caller, path: str) -> None:
        for method in ("GET", "POST", "HEAD", "DELETE"):
            assert caller.plain(method, path).status == 404

    def test_the_refusal_says_so(self, caller: Caller) -> None:
        assert caller.plain("GET", "/api/v1/nowhere").code == "route.not_found"


class TestMethods:
    @pytest.mark.parametrize("name", ALL)
    def test_the_wrong_one(self, caller: Caller, name: str) -> None:
        path = CONTRACT.policies[name].path
        known = {policy.method.upper() for policy in CONTRACT.policies.values() if policy.path == path}

        def check(method: str) -> None:
            answer = caller.plain(method, BASE + path)
            assert (answer.status, answer.code) == (405, "route.method_not_allowed")
            assert answer.all("allow") == [", ".join(sorted(known | ({"HEAD"} if "GET" in known else set())))]

        check_each((method for method in METHODS if method not in known), check)

    def test_head_answers_as_get_without_a_body(self, caller: Caller) -> None:
        answer = caller.plain("HEAD", f"{BASE}/dev/mailbox")
        assert (answer.status, answer.body) == (200, b"")
        assert answer.all("content-type") == [JSON]
        assert caller.plain("HEAD", f"{BASE}/auth/me").status == 401
        assert caller.plain("HEAD", f"{BASE}/auth/login").status == 405


class TestNoHttp:
    """The parser refuses these before there is a request that could have a correlation id."""

    def test_is_refused(self, caller: Caller) -> None:
        for method, target in (("FOO", "/"), ("GET", b"/\xff"), ("get", "/"), ("GET", "")):
            assert request(caller.server, method, target).status == 400
        assert request(caller.server, "POST", f"{BASE}/auth/login", announced=10**30).status == 400


def forged(server: Server, **changes: Any) -> str:
    """A token as good as the server's own, but for the changes. ``None`` leaves a claim out."""
    keyring = server.app.parts.keyring
    now = datetime.now(UTC)
    claims = {
        "sub": str(uuid4()),
        "sid": str(uuid4()),
        "jti": str(uuid4()),
        "iat": now,
        "exp": now + timedelta(minutes=5),
    }
    headers = {"typ": changes.pop("typ", TYPE), "kid": changes.pop("kid", keyring.current)}
    key = changes.pop("key", keyring.key("access-token"))
    algorithm = changes.pop("algorithm", ALGORITHM)
    kept = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode(kept, key, algorithm, headers=headers)


def live_session(api: Api) -> dict[str, str]:
    """The claims that make a token good: a live session and whose it is."""
    api.sign_up()
    claims = jwt.decode(api.sign_in(), options={"verify_signature": False})
    return {"sub": claims["sub"], "sid": claims["sid"]}


def forgeries(server: Server) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    return [
        {"exp": now - timedelta(seconds=1)},
        {"iat": now + timedelta(days=1)},
        {"typ": "JWT"},
        {"typ": None},
        {"kid": "nobody"},
        {"kid": ""},
        {"key": b"k" * 32},
        {"key": server.app.parts.keyring.key("refresh-token")},
        {"key": None, "algorithm": "none"},
        {"key": server.app.parts.keyring.key("access-token") * 2, "algorithm": "HS512"},
        *({claim: None} for claim in ("exp", "iat", "sub", "sid", "jti")),
        *({claim: "nonsense"} for claim in ("exp", "sub", "sid")),
        *({claim: str(uuid4())} for claim in ("sub", "sid")),
    ]


def base64url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def nested(levels: int, opening: str = '{"a":') -> str:
    return base64url(opening * levels)


class TestTokens:
    def refused(self, caller: Caller, *headers: Header) -> None:
        for name in SECURED:
            answer = caller.call(name, None, *headers, signed_in=False)
            assert (answer.status, answer.code) == (401, "auth.unauthenticated")
            assert answer.all("www-authenticate") == ['Bearer realm="BIO.RE"']

    @pytest.mark.parametrize(
        "value",
        ["", "Bearer", "Bearer ", "Bearer a b", "Basic YTpi", "bearer x.y.z", "Bearer ..", "Bearer e30.e30.",
         "Bearer null", b"Bearer \xff", "Bearer " + "a." * 10_000, "Bearer eyJ0eXAiOiJhdCtqd3QiLCJraWQiOltdfQ.e30.eA",
         "Bearer bnVsbA.bnVsbA.bnVsbA", "Bearer W10.e30.eA", f"Bearer {nested(1500)}.e30.eA",
         f"Bearer {nested(100)}.e30.eA",
         f"Bearer {nested(100, '[')}.e30.eA", f"Bearer {base64url('9' * 5000)}.e30.eA", "Bearer " + "a" * 60_000],
    )  # fmt: skip
    def test_malformed(self, caller: Caller, value: str | bytes) -> None:
        self.refused(caller, ("Authorization", value))

    def test_absent(self, caller: Caller) -> None:
        self.refused(caller)

    def test_forged(self, clean_caller: Caller, api: Api) -> None:
        live, server = live_session(api), clean_caller.server
        assert clean_caller.call("auth.me", None, ("Authorization", f"Bearer {forged(server, **live)}")).status == 200
        for changes in forgeries(server):
            self.refused(clean_caller, ("Authorization", f"Bearer {forged(server, **live | changes)}"))

    def test_two_good_ones_are_none(self, clean_caller: Caller, api: Api) -> None:
        api.sign_up()
        token = api.sign_in()
        good: Header = ("Authorization", f"Bearer {token}")
        assert clean_caller.call("auth.me", None, good).status == 200
        self.refused(clean_caller, good, good)
        self.refused(clean_caller, ("Authorization", f"Bearer {token}x"))


WORDS = st.one_of(st.text(max_size=20), st.sampled_from(["ada@example.com", "Correct-Horse-7", str(uuid4()), "", "en"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted({field for name in TAKES_BODY for field in properties(name)})
BODIES = st.one_of(
    st.binary(max_size=200),
    VALUES.map(json.dumps).map(str.encode),
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8).map(json.dumps).map(str.encode),
)

patiently = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],  # both only hand on the server
)


class TestAnything:
    @patiently
    @given(body=BODIES, name=st.sampled_from(POSTS), content_type=st.sampled_from([JSON, JSON, JSON, "text/plain"]))
    def test_is_answered(self, caller: Caller, body: bytes, name: str, content_type: str) -> None:
        assert caller.call(name, body, content_type=content_type).status < 500
