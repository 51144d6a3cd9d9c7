"""Samples are what pages and scripts count on: complete, with real addresses, their markup the same as their text."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from portal.samples import LANGUAGES, Sample, samples
from portal.samples.call import ABSENT, Values, examples
from tests.portal.sites import IDS, OPERATIONS, ORIGIN, SITE

KEYS = ("curl", "javascript", "typescript", "tanstack", "python", "go", "java", "kotlin", "swift", "csharp")
EVERY = {
    operation_id: {sample.key: sample for sample in samples(OPERATIONS[operation_id], ORIGIN)} for operation_id in IDS
}
HOOK = "tanstack"


class Markup(HTMLParser):
    """What a browser shows, and the slots with what stands in them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.shown = ""
        self.slots: dict[str, str] = {}
        self._open: list[dict[str, str | None]] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ("span", "b", "i", "u")
        self._open.append(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if not any("hidden" in span for span in self._open):
            self.shown += data
        for span in self._open:
            if name := span.get("data-slot"):
                self.slots[name] = self.slots.get(name, "") + data


def of(operation_id: str, key: str, values: Values | None = None) -> Sample:
    return next(sample for sample in samples(OPERATIONS[operation_id], ORIGIN, values) if sample.key == key)


@pytest.mark.parametrize("operation_id", IDS)
class TestEvery:
    def test_language_is_there(self, operation_id: str) -> None:
        assert tuple(EVERY[operation_id]) == KEYS == tuple(LANGUAGES)

    def test_markup_shows_the_text(self, operation_id: str) -> None:
        for sample in EVERY[operation_id].values():
            assert Markup(sample.html).shown == sample.text

    def test_names_the_real_server_and_path(self, operation_id: str) -> None:
        operation = OPERATIONS[operation_id]
        start = f"{ORIGIN}{SITE.base_path}{operation.path.partition('{')[0]}"
        for sample in EVERY[operation_id].values():
            assert start in sample.text
            assert "{id}" not in sample.text.replace("{encodeURIComponent(id)}", "")

    def test_secured_one_carries_the_token(self, operation_id: str) -> None:
        for sample in EVERY[operation_id].values():
            bearer = re.search(r"Authorization.{1,5}Bearer|Bearer .*Authorization", sample.text)
            assert bool(bearer) == OPERATIONS[operation_id].secured
            assert ("Bearer" in sample.html) == OPERATIONS[operation_id].takes_token

    def test_idempotent_one_offers_the_key(self, operation_id: str) -> None:
        for sample in EVERY[operation_id].values():
            assert "Idempotency-Key" not in sample.text
            offered = 'data-if="header.Idempotency-Key" hidden' in sample.html
            assert offered == OPERATIONS[operation_id].policy.idempotent

    def test_slots_hold_what_is_sent(self, operation_id: str) -> None:
        for sample in EVERY[operation_id].values():
            if sample.key == HOOK:
                continue
            slots = Markup(sample.html).slots
            assert ("body" in slots) == (OPERATIONS[operation_id].body is not None)
            assert ORIGIN in slots["url"]
            assert ("token" in slots) == OPERATIONS[operation_id].takes_token

    def test_cookie_travels(self, operation_id: str) -> None:
        operation = OPERATIONS[operation_id]
        cookies = {parameter.name for parameter in operation.parameters if parameter.location == "cookie"}
        takes = bool(cookies)
        found = {key: sample.text for key, sample in EVERY[operation_id].items()}
        assert ("-b jar.txt" in found["curl"]) == takes
        assert ("-c jar.txt" in found["curl"]) == operation.sets_cookie
        for browser in ("typescript", "tanstack", "javascript"):
            assert ('credentials: "include"' in found[browser]) == (takes or operation.sets_cookie)
        for other in ("python", "go", "java", "kotlin", "swift", "csharp"):
            assert {name for name in ("biore_refresh", "biore_device") if name in found[other]} == cookies

    def test_refusal_is_told(self, operation_id: str) -> None:
        told = {
            "curl": "--fail-with-body",
            "java": "response.body()",
            "kotlin": "check(response.isSuccessful) { answer }",
            "go": "answer.Error.Code",
        }
        if OPERATIONS[operation_id].policy.bare:  # what is no JSON is told as it came
            told |= {"go": "string(answer)", "swift": "fatalError(answer)", "csharp": "HttpRequestException(answer)"}
        for key, sample in EVERY[operation_id].items():
            assert told.get(key, "message") in sample.text

    def test_a_page_stays_small(self, operation_id: str) -> None:
        assert sum(len(sample.html) for sample in EVERY[operation_id].values()) < 30_000


class TestValues:
    def test_optional_parts_appear_with_their_value(self) -> None:
        given = examples(OPERATIONS["auth.register"])
        values = Values(headers={"Idempotency-Key": "a-key"}, body=given.body)
        for sample in samples(OPERATIONS["auth.register"], ORIGIN, values):
            assert "Idempotency-Key" in sample.text
            assert ("a-key" in sample.text) == (sample.key != HOOK)
            assert " hidden>" not in sample.html

    def test_optional_token_appears_with_its_value(self) -> None:
        values = Values(token="a-token", body={"phone": "+905551112212", "purpose": "verify-phone-fan"})
        for sample in samples(OPERATIONS["auth.otp.send"], ORIGIN, values):
            assert "Bearer " in sample.text

    def test_addresses_are_percent_encoded(self) -> None:
        values = Values(query={"to": "a+b@ex.com&x=ü 'ŕ"}, path={})
        for sample in samples(OPERATIONS["dev.mailbox"], ORIGIN, values):
            if sample.key != HOOK:
                assert "/mailbox?to=a%2Bb%40ex.com%26x%3D%C3%BC%20%27%C5%95" in sample.text

    def test_a_path_cannot_be_left(self) -> None:
        values = Values(path={"id": "../../admin?x#y"}, token="t")
        assert "/auth/sessions/..%2F..%2Fadmin%3Fx%23y'" in of("auth.sessions.revoke", "curl", values).text

    def test_a_list_in_the_query_repeats_its_name(self) -> None:
        assert "?to=a&to=b'" in of("dev.mailbox", "curl", Values(query={"to": ["a", "b"]})).text

    def test_without_a_body_nothing_speaks_of_one(self) -> None:
        for sample in samples(OPERATIONS["auth.refresh"], ORIGIN, Values(body=ABSENT)):
            assert "Content-Type" not in sample.html
            assert 'data-slot="body"' not in sample.html

    def test_markup_in_values_stays_text(self) -> None:
        values = Values(body={"email": '</pre><script>alert("1")</script>', "password": "&amp;"})
        for sample in samples(OPERATIONS["auth.login"], ORIGIN, values):
            assert "<script" not in sample.html
            assert Markup(sample.html).shown == sample.text

    def test_a_body_that_no_sample_can_send_stops_the_build(self) -> None:
        login = OPERATIONS["auth.login"]
        assert login.body
        form = replace(login, body=replace(login.body, media_type="application/x-www-form-urlencoded"))
        with pytest.raises(ValueError, match="form-urlencoded"):
            samples(form, ORIGIN)


class TestHooks:
    def test_reading_is_a_query_with_the_contracts_key_and_age(self) -> None:
        text = EVERY["users.profile"][HOOK].text
        assert "useQuery" in text
        assert 'queryKey: ["users", "profile"]' in text
        assert "staleTime: 60 * 1000" in text

    def test_what_varies_is_part_of_the_key(self) -> None:
        assert 'queryKey: ["auth", "challenge", id]' in EVERY["auth.otp.challenge"][HOOK].text

    def test_anything_else_is_a_mutation(self) -> None:
        text = EVERY["auth.sessions.revoke"][HOOK].text
        assert "useMutation" in text
        assert "mutationFn: async (id: string) =>" in text


class TestTypes:
    def test_say_what_the_schema_says(self) -> None:
        text = EVERY["auth.register"]["typescript"].text
        assert "  acceptedTerms: true;\n" in text
        assert '  intent?: "creator" | "fan";\n' in text
        assert "turnstileToken" not in text, "what is deprecated is not taught"
        assert "avatarUrl: string | null;" in EVERY["auth.me"]["typescript"].text
        assert "type LoginResult = AccessToken | TwoFactorRequired;" in EVERY["auth.login"]["typescript"].text


def test_bodies_are_the_contracts_examples() -> None:
    body = OPERATIONS["auth.login"].body
    assert body
    text = EVERY["auth.login"]["curl"].text
    assert json.loads(text[text.index("-d '") + 4 : text.rindex("'")]) == body.example
