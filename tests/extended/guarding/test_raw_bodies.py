"""Bodies that are no JSON: forms and bytes, hostile ones too, and the samples that send them."""

import hmac
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import html5lib
import httpx
import pytest
from tree_sitter import Parser

from contract.bounds import BODY_LIMIT
from contract.changes import compare
from contract.policy import FORM_TYPE, RawBody
from contract.raw_bodies import encoded
from contract.schemas import SchemaCompiler
from contract.texts import Texts
from contract.wire import types_of
from portal.exports.postman import collection
from portal.model import Operation, Site
from portal.samples import samples, texts
from portal.samples.call import Values
from portal.words import Words
from runtime.web.extensions.raw_bodies import Form
from tests.extended.guarding.handlers import KEY
from tests.extended.guarding.kit import STARTED, documented, refusal, sampled
from tests.harness import Api, Server, broken_rules, code_of
from tests.portal.conftest import BUILT
from tests.portal.interpreters import HAS_NODE, node, python, without_types
from tests.portal.nasty import PIECES, paired
from tests.portal.sites import ORIGIN
from tests.portal.test_samples_live import shell
from tests.portal.test_samples_syntax import GRAMMARS, faults
from tests.runtime.web.wire import request

FILE = "paths/samples.yaml"
FORM, WEBHOOK = "/api/v1/samples/forms", "/api/v1/samples/webhooks"
BYTES = "application/octet-stream"
LIMIT = 16384
SECONDS = 0.05
FORM_BODY = "        application/x-www-form-urlencoded:\n"
MISUSES = {
    "another kind": ("x-biore-raw-body: form", "x-biore-raw-body: xml", "must be form, or {bytes"),
    "bytes without a limit": ("x-biore-raw-body: {bytes: 65536}", "x-biore-raw-body: bytes", "must be form, or {bytes"),
    "no bytes": ("{bytes: 65536}", "{bytes: 0}", "must be form, or {bytes"),
    "true bytes": ("{bytes: 65536}", "{bytes: true}", "must be form, or {bytes"),
    "too many bytes": ("{bytes: 65536}", "{bytes: 262145}", "must be form, or {bytes: <1 to 262144>}"),
    "a form of another type": (FORM_BODY, "        text/plain:\n", "its content is application/x-www-form-urlencoded"),
    "bytes that are a form": ("application/octet-stream: *b", f"{FORM_TYPE}: *b", "names types such as"),
    "bytes of a type that is none": ("application/octet-stream: *b", "Octets: *b", "names types such as"),
    "bytes of any type": ("application/octet-stream: *b", "'*/*': *b", "names types such as"),
    "bytes with a schema of something else": (
        "{type: string, format: binary}", "{type: string, maxLength: 5}", "the schema of bytes is"),
    "a form that says nothing": ("    x-biore-raw-body: form\n", "", "JSON and nothing else without x-biore-raw-body"),
    "a body that there is not": (
        "x-biore-page: samples/enabled\n", "x-biore-page: samples/enabled\n    x-biore-raw-body: form\n", "no body"),
    "a captcha in a form": ("    x-biore-raw-body: form\n", "    x-biore-raw-body: form\n    x-biore-captcha: true\n",
                            "needs a body that is a named schema"),
}  # fmt: skip
OF_SCHEMA = {
    "an object in a form": ("{type: boolean, description: Whether.}", "{type: object, additionalProperties: false, "
                            "properties: {}, description: X.}", "agreed: a form holds"),
    "a form that may hold null": ("{type: boolean, description: Wh", "{type: boolean, nullable: true, description: Wh",
                                  "agreed: a form holds"),
    "a list of any length": ("      maxItems: 3\n", "", "a list needs maxItems"),
    "a text of any length": ("{type: string, maxLength: 40, description: A name.}", "{type: string, description: A.}",
                             "name: a text needs maxLength"),
    "a form that is too large": ("{type: string, maxLength: 40, description: A name.}",
                                 "{type: string, maxLength: 30000, description: A name.}", "are more than 262144"),
}  # fmt: skip
GOOD: dict[bytes, dict[str, Any]] = {
    b"email=ada%40example.com": {"email": "ada@example.com"},
    b"email=+ADA%40Example.com+": {"email": "ada@example.com"},
    b"&&email=a%40b&&": {"email": "a@b"},
    b"email=a%40b&name=": {"email": "a@b", "name": ""},
    b"email=a%40b&name": {"email": "a@b", "name": ""},
    b"email=a%40b&name=a=b": {"email": "a@b", "name": "a=b"},
    b"email=a%40b&name=%C3%BC+%F0%9F%8E%89": {"email": "a@b", "name": "ü 🎉"},
    "email=a%40b&name=ü".encode(): {"email": "a@b", "name": "ü"},
    b"em%61il=a%40b": {"email": "a@b"},
    b"email=a%40b&count=9&share=0.5&agreed=false": {"email": "a@b", "count": 9, "share": 0.5, "agreed": False},
    b"email=a%40b&share=5e-1": {"email": "a@b", "share": 0.5},
    b"email=a%40b&tags=a&tags=b+c&tags=%26": {"email": "a@b", "tags": ["a", "b c", "&"]},
    b"email=a%40b&tags=a": {"email": "a@b", "tags": ["a"]},
    b"&" * 16000 + b"email=a%40b": {"email": "a@b"},
}
BAD: dict[bytes, set[tuple[str, str]]] = {
    b"": {("", "required")},
    b"&&&": {("email", "required")},
    b"name=Ada": {("email", "required")},
    b"email=a": {("email", "minLength")},
    b"email=a%40b&email=a%40b": {("email", "single")},
    b"email=a%40b&count=1&count=2": {("count", "single")},
    b"email=a%40b&count=two": {("count", "type")},
    b"email=a%40b&count=": {("count", "type")},
    b"email=a%40b&count=1_0": {("count", "type")},
    b"email=a%40b&count=%D9%A3": {("count", "type")},
    b"email=a%40b&count=1.5": {("count", "type")},
    b"email=a%40b&count=10": {("count", "maximum")},
    b"email=a%40b&count=" + b"9" * 5000: {("count", "type")},
    b"email=a%40b&share=nan": {("share", "type")},
    b"email=a%40b&share=1e99": {("share", "maximum")},
    b"email=a%40b&share=Infinity": {("share", "type")},
    b"email=a%40b&agreed=yes": {("agreed", "type")},
    b"email=a%40b&agreed=True": {("agreed", "type")},
    b"email=a%40b&tags=a&tags=b&tags=c&tags=d": {("tags", "maxItems")},
    b"email=a%40b&tags=": {("tags.0", "minLength")},
    b"email=a%40b&tags[]=a": {("tags[]", "unknown")},
    b"email=a%40b&name=%": {("name", "escape")},
    b"email=a%40b&name=%4": {("name", "escape")},
    b"email=a%40b&name=%zz&name=%zz": {("name", "escape")},
    b"email=%4&name=%u0041": {("email", "escape"), ("name", "escape")},
    b"email=a%40b&name=%FF": {("name", "encoding")},
    b"email=a%40b&name=\xff": {("name", "encoding")},
    b"email=a%40b&name=%ED%A0%80": {("name", "encoding")},
    b"email=a%40b&name=%C0%AF": {("name", "encoding")},
    b"email=a%40b&name=%00": {("name", "encoding")},
    b"email=a%40b&name=\0": {("name", "encoding")},
    b"email=a%40b&%FF=1": {("", "encoding")},
    b"email=a%40b&%=1": {("", "escape")},
    b"email=a%40b&__proto__=1&_charset_=x": {("__proto__", "unknown"), ("_charset_", "unknown")},
    b'{"email": "ada@example.com"}': {("email", "required"), ('{"email": "ada@example.com"}', "unknown")},
    b"\x00\x01\xff": {("", "encoding"), ("email", "required")},
}


@pytest.fixture(scope="module")
def server(start_server: Callable[..., Server]) -> Server:
    server = start_server(**STARTED)
    server.configure(**{"ratelimit.enabled": False})
    return server


@pytest.fixture
def api(server: Server) -> Iterator[Api]:
    with server.client(event_hooks={"response": [documented()]}) as client:
        yield client


def sent(api: Api, body: bytes, content_type: str | None = FORM_TYPE, **headers: str) -> httpx.Response:
    given = headers if content_type is None else headers | {"Content-Type": content_type}
    return api.post(FORM, content=body, headers=given)


def signed(api: Api, body: bytes, content_type: str = BYTES, **headers: str) -> httpx.Response:
    signature = hmac.digest(KEY, body, "sha256").hex()
    given = {"Content-Type": content_type, "X-Signature": signature} | headers
    return api.post(WEBHOOK, content=body, headers=given)


class TestLoader:
    def test_compiles_it(self) -> None:
        policies = sampled().policies
        assert policies["samples.form"].raw_body == RawBody((FORM_TYPE,), None)
        assert policies["samples.webhook"].raw_body == RawBody(("application/json", BYTES), 65536)
        assert policies["samples.make_room"].raw_body is None

    def test_bounds_it(self) -> None:
        assert sampled().operation("samples.webhook")[BODY_LIMIT] == 65536
        assert sampled().operation("samples.form")[BODY_LIMIT] == LIMIT

    def test_has_codes_of_its_own(self) -> None:
        for name in ("samples.form", "samples.webhook"):
            codes = sampled().policies[name].codes
            assert {"request.wrong_media_type", "request.too_large", "validation.failed"} <= codes
            assert "request.unsupported_media_type" not in codes

    def test_types_are_written(self) -> None:
        types = types_of(sampled())
        assert types["samples.webhook"].body == "bytes"
        assert types["samples.form"].body == "samples.SubscribeForm"

    @pytest.mark.parametrize(("old", "new", "words"), MISUSES.values(), ids=MISUSES)
    def test_refuses(self, tmp_path: Path, old: str, new: str, words: str) -> None:
        told = refusal(tmp_path, FILE, old, new)
        assert words in told
        assert re.match(rf"openapi/{FILE}:\d+: [A-Z]+ /samples/", told)

    @pytest.mark.parametrize(("old", "new", "words"), OF_SCHEMA.values(), ids=OF_SCHEMA)
    def test_refuses_schemas(self, tmp_path: Path, old: str, new: str, words: str) -> None:
        assert words in refusal(tmp_path, "schemas/samples.yaml", old, new)

    def test_another_type_is_a_change(self) -> None:
        new = sampled().document
        operation = new["paths"]["/samples/webhooks"]["post"]
        content = {BYTES: operation["requestBody"]["content"][BYTES]}
        without = {"post": operation | {"requestBody": operation["requestBody"] | {"content": content}}}
        old = new | {"paths": new["paths"] | {"/samples/webhooks": without}}
        assert [(c.kind, c.after, c.breaking) for c in compare(old, new)] == [
            ("media.added", "application/json", False)
        ]
        assert [(c.kind, c.breaking) for c in compare(new, old)] == [("media.removed", True)]


class TestForms:
    @pytest.mark.parametrize(("body", "value"), GOOD.items(), ids=lambda body: repr(body)[:50])
    def test_are_read(self, api: Api, body: bytes, value: dict[str, Any]) -> None:
        answer = sent(api, body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"] == value

    @pytest.mark.parametrize(("body", "rules"), BAD.items(), ids=lambda body: repr(body)[:50])
    def test_are_refused_with_one_detail_per_violation(
        self, api: Api, body: bytes, rules: set[tuple[str, str]]
    ) -> None:
        answer = sent(api, body)
        assert answer.status_code == 400, answer.text
        details = [(detail["field"], detail["rule"]) for detail in answer.json()["error"]["details"]]
        assert len(details) == len(set(details))
        assert set(details) == rules

    @pytest.mark.parametrize(
        "content_type",
        [None, "", "application/json", "text/plain", "multipart/form-data; boundary=x", f"{FORM_TYPE}; charset=latin-1",
         f"{FORM_TYPE}; charset=utf-16", f"{FORM_TYPE};{'x' * 5000}", "application/x-www-form-urlencoded2"],
    )  # fmt: skip
    def test_of_another_type_are_refused(self, api: Api, content_type: str | None) -> None:
        refused = sent(api, b"email=a%40b", content_type)
        assert (refused.status_code, code_of(refused)) == (415, "request.wrong_media_type")
        assert refused.json()["error"]["message"] == f"The body must be of the type {FORM_TYPE}."

    @pytest.mark.parametrize(
        "content_type", [f"{FORM_TYPE}; charset=UTF-8", FORM_TYPE.upper(), f'{FORM_TYPE};charset="utf-8"']
    )
    def test_of_the_type_in_other_words_are_read(self, api: Api, content_type: str) -> None:
        assert sent(api, b"email=a%40b", content_type).status_code == 200

    @pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip"])
    def test_compressed_ones_are_refused(self, api: Api, encoding: str) -> None:
        assert sent(api, b"email=a%40b", **{"Content-Encoding": encoding}).status_code == 415

    def test_two_types_are_refused(self, api: Api) -> None:
        headers = [("Content-Type", FORM_TYPE), ("Content-Type", FORM_TYPE)]
        assert broken_rules(api.post(FORM, content=b"email=a%40b", headers=headers)) == {("Content-Type", "single")}

    @pytest.mark.parametrize("chunked", [False, True])
    def test_what_is_too_large_is_refused_before_it_is_read(self, server: Server, chunked: bool) -> None:
        body = b"email=a%40b&name=" + b"x" * LIMIT
        chunks = (body[:9000], body[9000:]) if chunked else None
        answer = request(server, "POST", FORM, body, content_type=FORM_TYPE, chunks=chunks)
        assert (answer.status, answer.code) == (413, "request.too_large")

    def test_what_is_announced_too_large_is_not_waited_for(self, server: Server) -> None:
        answer = request(server, "POST", FORM, b"email=a", content_type=FORM_TYPE, announced=10**12)
        assert (answer.status, answer.code) == (413, "request.too_large")

    @pytest.mark.parametrize("pair", [b"a%d=&", b"email=%d&", b"tags=%d&", b"%%%d&", b"&%d"])
    def test_no_number_of_fields_takes_long(self, api: Api, pair: bytes) -> None:
        body = b"".join(pair % n if b"%d" in pair else pair for n in range(4000))[:LIMIT]
        answer = sent(api, body)
        assert answer.status_code == 400
        assert len(answer.json()["error"]["details"]) <= 51
        assert len(answer.content) < 65536

    def test_eighty_thousand_fields_hold_nobody_up(self) -> None:
        schemas = SchemaCompiler(sampled().document)
        form = Form(schemas, {"$ref": "#/components/schemas/SubscribeForm"})
        for pair in (b"a=&", b"%=&", b"tags=a&", b"email=&", b"&&&"):
            raw = pair * 87_000
            assert min(timed(form, raw) for _ in range(3)) < SECONDS

    def test_what_stands_after_many_empty_pairs_is_not_lost(self) -> None:
        form = Form(SchemaCompiler(sampled().document), {"$ref": "#/components/schemas/SubscribeForm"})
        assert form.parse(b"&" * 200_000 + b"email=x") == ({"email": "x"}, [])

    def test_a_repetition_is_stored(self, api: Api) -> None:
        key = {"Idempotency-Key": uuid4().hex}
        first, again = (sent(api, b"email=a%40b", **key) for _ in range(2))
        assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
        assert code_of(sent(api, b"email=c%40d", **key)) == "idempotency.key_reused"


def timed(form: Form, raw: bytes) -> float:
    began = time.perf_counter()
    form.parse(raw)
    return time.perf_counter() - began


class TestBytes:
    @pytest.mark.parametrize(
        "body", [b"{}", b"\0", bytes(range(256)), b"\xff\xfe", b"a" * 65536, b'{"a":', "ü".encode("latin-1")],
        ids=lambda body: repr(body)[:20],
    )  # fmt: skip
    @pytest.mark.parametrize("content_type", [BYTES, "application/json", "application/json; charset=latin-1"])
    def test_come_as_they_are(self, api: Api, body: bytes, content_type: str) -> None:
        answer = signed(api, body, content_type)
        assert (answer.status_code, answer.json().get("data")) == (200, {"bytes": len(body)})

    def test_a_wrong_signature_is_refused(self, api: Api) -> None:
        refused = signed(api, b"{}", **{"X-Signature": "0" * 64})
        assert code_of(refused) == "samples.signature_invalid"

    @pytest.mark.parametrize("signature", ["", "x" * 64, "0" * 63, "0" * 65])
    def test_a_header_breaks_its_own_rules(self, api: Api, signature: str) -> None:
        assert {field for field, _ in broken_rules(signed(api, b"{}", **{"X-Signature": signature}))} == {"X-Signature"}

    def test_an_empty_body_is_refused(self, api: Api) -> None:
        assert broken_rules(signed(api, b"")) == {("", "required")}

    @pytest.mark.parametrize(
        "content_type", ["", "text/plain", FORM_TYPE, "application/*", "application/octet-streams"]
    )
    def test_another_type_is_refused(self, api: Api, content_type: str) -> None:
        refused = signed(api, b"{}", content_type)
        assert (refused.status_code, code_of(refused)) == (415, "request.wrong_media_type")
        assert refused.json()["error"]["i18nVars"] == {"types": f"application/json, {BYTES}"}

    def test_compressed_bytes_are_refused(self, api: Api) -> None:
        assert signed(api, b"{}", **{"Content-Encoding": "gzip"}).status_code == 415

    def test_more_than_stated_are_refused(self, api: Api) -> None:
        assert code_of(signed(api, b"a" * 65537)) == "request.too_large"

    def test_a_repetition_is_stored(self, api: Api) -> None:
        key = {"Idempotency-Key": uuid4().hex}
        first, again = (signed(api, b"\0\xff", **key) for _ in range(2))
        assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
        assert code_of(signed(api, b"\0\xfe", **key)) == "idempotency.key_reused"


@pytest.fixture
def operations(site: Site) -> dict[str, Operation]:
    return {operation.id: operation for operation in site.operations}


RAW = ("samples.form", "samples.webhook")
NASTY = paired("".join(PIECES))


class TestSamples:
    @pytest.mark.parametrize("name", RAW)
    @pytest.mark.parametrize("language", GRAMMARS)
    def test_are_programs(self, operations: dict[str, Operation], name: str, language: str) -> None:
        nasty = Values(body=NASTY, headers={"X-Signature": "0" * 64})
        for values in (None, nasty):
            text = texts(operations[name], ORIGIN, values)[language]
            assert list(faults(Parser(GRAMMARS[language]).parse(text.encode()).root_node)) == [], text

    @pytest.mark.parametrize("name", RAW)
    def test_run(self, operations: dict[str, Operation], name: str, server: Server, tmp_path: Path) -> None:
        """The signature of the example is right, so all of them succeed."""
        made = texts(operations[name], server.origin)
        (tmp_path / "a.sh").write_text(made["curl"])
        assert shell(tmp_path / "a.sh").ok
        (tmp_path / "a.py").write_text(made["python"])
        with python(tmp_path) as snake:
            assert snake.run(tmp_path / "a.py").ok
        if HAS_NODE:
            (tmp_path / "a.mjs").write_text(made["javascript"])
            (tmp_path / "b.mjs").write_text(without_types(made["typescript"]))
            with node(tmp_path) as browser:
                assert browser.run(tmp_path / "a.mjs").ok
                assert browser.run(tmp_path / "b.mjs").ok

    def test_a_text_that_begins_with_an_at_is_no_file(
        self, operations: dict[str, Operation], server: Server, tmp_path: Path
    ) -> None:
        body = "@/etc/passwd\n\u00fc"
        signature = hmac.digest(KEY, body.encode(), "sha256").hex()
        values = Values(body=body, headers={"X-Signature": signature})
        (tmp_path / "a.sh").write_text(texts(operations["samples.webhook"], server.origin, values)["curl"])
        assert shell(tmp_path / "a.sh").ok

    @pytest.mark.parametrize("name", RAW)
    def test_their_slots_hold_what_is_sent(self, operations: dict[str, Operation], name: str) -> None:
        for sample in samples(operations[name], ORIGIN):
            if sample.key != "tanstack":
                assert re.search(r'data-slot="body" data-literal="[a-z]+\.string"', sample.html)

    def test_a_form_is_encoded(self) -> None:
        value = {"email": "a@b", "agreed": True, "tags": ["a", "b c"], "count": 3}
        assert encoded(value) == "email=a%40b&agreed=true&tags=a&tags=b+c&count=3"


class TestPages:
    def test_say_what_a_body_is_in_every_language(self, built: Path, site: Site) -> None:
        words = Texts(site.contract.errors)
        for locale in BUILT:
            folder = built / ("" if locale == "en" else locale) / "docs" / "samples"
            say = Words(locale, words).plain
            for page, text in (
                ("form", say("request.form", types=FORM_TYPE)),
                ("webhook", say("request.bytes", types=f"application/json, {BYTES}")),
            ):
                parsed = html5lib.parse((folder / page / "index.html").read_text(), namespaceHTMLElements=False)
                assert text in " ".join("".join(parsed.itertext()).split())

    def test_show_it_as_it_is_sent(self, built: Path) -> None:
        folder = built / "docs" / "samples"
        assert "email=ada%40example.com&amp;name=Ada+%26+Eve" in (folder / "form" / "index.html").read_text()
        assert "email=ada%40example.com&name=Ada+%26+Eve" in (folder / "form.md").read_text()
        assert '{"event": "it\'s done", "amount": 5}' in (folder / "webhook.md").read_text()

    def test_forms_of_the_page_know_what_to_send(self, built: Path) -> None:
        found = {name: json.loads((built / f"docs/samples/{name}.json").read_text())["request"] for name in
                 ("form", "webhook", "make-room")}  # fmt: skip
        assert {name: (given["mediaType"], given.get("raw")) for name, given in found.items()} == {
            "form": (FORM_TYPE, "form"), "webhook": ("application/json", "bytes"),
            "make-room": ("application/json", None),
        }  # fmt: skip

    def test_postman_knows_both(self, site: Site) -> None:
        (folder,) = [item for item in collection(site, ORIGIN)["item"] if item["name"] == "samples"]
        bodies = {item["name"]: item["request"].get("body") for item in folder["item"]}
        assert bodies["Submit Form"]["mode"] == "urlencoded"
        assert {"key": "tags", "value": "b c"} in bodies["Submit Form"]["urlencoded"]
        assert bodies["Process Webhook"] == {"mode": "raw", "raw": '{"event": "it\'s done", "amount": 5}'}
