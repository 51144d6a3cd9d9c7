from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.handlers.conftest import Clients
from tests.handlers.support import account
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of

ON = {"emailNotifications": True, "pushNotifications": True, "inAppNotifications": True}


@pytest.fixture
def user_id(api: Api, tables: Tables) -> UUID:
    return account(api, tables, locale="tr")


@pytest.fixture
def access(api: Api, user_id: UUID) -> str:
    return api.sign_in()


def get(api: Api, access: str) -> dict[str, Any]:
    data: dict[str, Any] = api.call("users.settings.get", headers=bearer(access)).json()["data"]
    return data


def update(api: Api, access: str, **fields: Any) -> httpx.Response:
    return api.call("users.settings.update", fields, headers=bearer(access))


class TestGet:
    def test_the_first_call_makes_the_defaults_and_the_next_none(
        self, api: Api, access: str, user_id: UUID, tables: Tables
    ) -> None:
        first = get(api, access)
        before = tables.fingerprints()
        assert get(api, access) == first
        assert tables.changed_since(before) == set()
        assert first.pop("id") == str(tables.one("SELECT id FROM user_settings")["id"])
        assert first.pop("createdAt") == first.pop("updatedAt")
        assert first == {"userId": str(user_id), "locale": "tr", "theme": None, "digestMode": None} | ON

    def test_parallel_first_calls_make_one_row(
        self, api: Api, server: Server, access: str, tables: Tables, clients: Clients
    ) -> None:
        callers = [clients(server) for _ in range(16)]
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda caller: get(caller, access)["id"], callers))
        assert (len(set(answers)), tables.count("user_settings")) == (1, 1)

    def test_everybody_has_their_own(self, api: Api, access: str, tables: Tables) -> None:
        account(api, tables, "eve@example.com")
        update(api, access, theme="dark")
        assert get(api, api.sign_in("eve@example.com"))["theme"] is None

    def test_an_account_that_is_gone_is_not_found(self, api: Api, access: str, tables: Tables) -> None:
        tables.run("DELETE FROM users")
        response = api.call("users.settings.get", headers=bearer(access))
        assert (response.status_code, code_of(response)) == (404, "error.user.not_found")


class TestUpdate:
    def test_only_what_is_given_changes(self, api: Api, access: str) -> None:
        update(api, access, theme="dark", pushNotifications=False)
        changed = update(api, access, digestMode="WEEKLY", emailNotifications=False).json()["data"]
        assert changed == get(api, access)
        told = {name: changed[name] for name in ("theme", "digestMode", "locale", *ON)}
        assert told == {
            "theme": "dark",
            "digestMode": "WEEKLY",
            "locale": "tr",
            "emailNotifications": False,
            "pushNotifications": False,
            "inAppNotifications": True,
        }
        assert changed["updatedAt"] > changed["createdAt"]

    def test_with_nothing_given_nothing_changes(self, api: Api, access: str) -> None:
        assert update(api, access).json()["data"] == get(api, access)

    def test_the_locale_is_the_accounts_too(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        assert update(api, access, locale="ja").json()["data"]["locale"] == "ja"
        assert tables.one("SELECT locale FROM users")["locale"] == "ja"

    @pytest.mark.parametrize(
        ("field", "value", "rule"),
        [
            ("locale", "xx", "enum"),
            ("locale", "EN", "enum"),
            ("locale", None, "type"),
            ("theme", "pink", "enum"),
            ("digestMode", "daily", "enum"),
            ("pushNotifications", "true", "type"),
            ("userId", "5b0f6f0e-6f3c-4f4e-9d0e-0c7c3a1f2b64", "unknown"),
        ],
    )
    def test_what_is_none_of_the_choices_is_refused(
        self, api: Api, access: str, tables: Tables, field: str, value: Any, rule: str
    ) -> None:
        assert (field, rule) in broken_rules(update(api, access, **{field: value}))
        assert tables.count("user_settings") == 0

    def test_a_locale_that_is_not_offered_now_is_refused(
        self, api: Api, server: Server, access: str, tables: Tables
    ) -> None:
        server.configure(**{"platform.supported_locales": ["en", "tr"]})
        assert broken_rules(update(api, access, locale="ja")) == {("locale", "enum")}
        assert tables.count("user_settings") == 0

    def test_an_account_that_is_gone_is_not_found(self, api: Api, access: str, tables: Tables) -> None:
        tables.run("DELETE FROM users")
        assert code_of(update(api, access, theme="dark")) == "error.user.not_found"
