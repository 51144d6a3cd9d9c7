from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.handlers.conftest import Clients
from tests.handlers.support import insert
from tests.harness import Api, Server, Tables, broken_rules, code_of

DEV_TOKEN = "the-token-of-the-developers"


def mailbox(api: Api, headers: dict[str, str] | None = None, **query: Any) -> httpx.Response:
    return api.call("dev.mailbox", params=query, headers=headers or {})


def add(tables: Tables, recipient: str, subject: str) -> None:
    texts = {"text": "t", "html": "<p>t</p>", "locale": "en"}
    insert(tables, "mailbox_messages", recipient=recipient, subject=subject, **texts)


def subjects(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [message["subject"] for message in response.json()["data"]["messages"]]


@pytest.fixture(scope="module")
def staging(start_server: Callable[..., Server]) -> Server:
    return start_server(env="staging", dev_token=DEV_TOKEN)


class TestMailbox:
    def test_development_asks_for_no_token(self, api: Api) -> None:
        assert mailbox(api).json() == {"success": True, "data": {"messages": []}}

    def test_a_parameter_is_decoded_once(self, api: Api, tables: Tables) -> None:
        add(tables, "ada@example.com", "hello")
        assert subjects(api.call("dev.mailbox", path="/dev/mailbox?to=ada%40example.com")) == ["hello"]
        assert subjects(api.call("dev.mailbox", path="/dev/mailbox?to=ada%2540example.com")) == []

    @pytest.mark.parametrize("token", [None, "", "guess", DEV_TOKEN + " x", DEV_TOKEN.upper(), "ö"])
    def test_staging_refuses_without_its_token(self, staging: Server, clients: Clients, token: str | None) -> None:
        headers = [] if token is None else [(b"X-Dev-Token", token.encode())]
        response = clients(staging).call("dev.mailbox", headers=headers)
        assert (response.status_code, code_of(response)) == (401, "auth.unauthenticated")

    def test_development_answers_to_its_own_name_only(self, api: Api) -> None:
        response = mailbox(api, {"Host": "rebind.evil.example"})
        assert (response.status_code, code_of(response)) == (403, "dev.host_refused")

    def test_guesses_are_counted(self, start_server: Callable[..., Server], clients: Clients) -> None:
        api = clients(start_server(env="staging", dev_token=DEV_TOKEN))
        codes = [code_of(mailbox(api, {"X-Dev-Token": f"guess {n}"})) for n in range(61)]
        assert codes == ["auth.unauthenticated"] * 60 + ["rate_limit.exceeded"]

    def test_staging_takes_its_token(self, staging: Server, clients: Clients) -> None:
        assert subjects(mailbox(clients(staging), {"X-Dev-Token": DEV_TOKEN})) == []

    def test_production_has_no_such_path(self, start_server: Callable[..., Server], clients: Clients) -> None:
        api = clients(start_server(env="production", dev_token=DEV_TOKEN))
        for headers in ({}, {"X-Dev-Token": DEV_TOKEN}):
            response = mailbox(api, headers, to="nonsense")
            assert (response.status_code, code_of(response)) == (404, "route.not_found")

    @pytest.mark.parametrize(
        ("query", "rule"),
        [
            ({"to": "n" * 255}, "maxLength"),
            ({"to": ["a@example.com", "b@example.com"]}, "single"),
            ({"to": "\0"}, "encoding"),
        ],
    )
    def test_a_malformed_address_is_refused(self, api: Api, query: dict[str, Any], rule: str) -> None:
        response = mailbox(api, **query)
        assert code_of(response) == "validation.failed"
        assert ("to", rule) in broken_rules(response)

    def test_the_newest_come_first(self, api: Api, tables: Tables) -> None:
        for number in range(3):
            add(tables, "ada@example.com", f"mail {number}")
        assert subjects(mailbox(api)) == ["mail 2", "mail 1", "mail 0"]

    def test_one_address_alone_in_any_spelling(self, api: Api, tables: Tables) -> None:
        add(tables, "ada@example.com", "for ada")
        add(tables, "eve@example.com", "for eve")
        assert subjects(mailbox(api)) == ["for eve", "for ada"]
        assert subjects(mailbox(api, to=" ADA@example.com")) == ["for ada"]
        assert subjects(mailbox(api, to="nobody@example.com")) == []

    def test_at_most_50(self, api: Api, tables: Tables) -> None:
        for number in range(55):
            add(tables, "ada@example.com", f"mail {number}")
        assert subjects(mailbox(api)) == [f"mail {number}" for number in range(54, 4, -1)]

    def test_a_real_mail_is_kept_whole(self, api: Api, server: Server) -> None:
        api.register()
        (mail,) = api.mails("ada@example.com")
        assert (mail["to"], mail["locale"]) == ("ada@example.com", "en")
        assert f"{server.origin}/verify-email?token=" in mail["html"]

    def test_nothing_is_written(self, api: Api, tables: Tables) -> None:
        before = tables.fingerprints()
        mailbox(api)
        assert tables.changed_since(before) == set()
