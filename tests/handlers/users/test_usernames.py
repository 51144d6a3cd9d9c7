from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.handlers.support import account, audited, insert
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of

PATHS = [".well-known", "...", "....", "____", "ada.", ".ada", "a..b", ".env", ".git", "index.html", "sw.js", "ads.txt"]
SERVED = ["reset-password", "verify-email", "verify-email-change", "reactivate", "openapi.json", "metrics", "_next"]
DISGUISED = ["аda", "ａｄａ", "ad\u200ba", "\u202eada", "ada\u0301", "ádá", "ada\n.", "ada/../", "ada lovelace"]  # noqa: RUF001


OURS = ["bio_re", "b1ore", "biore-official", "biore-news", "bioresupport", "bi0reteam"]
TWO_WORDS = ["bioresupportteam", "bi0resecurityteam"]
ALIKE = [*OURS, *TWO_WORDS, "adm1n", "supp0rt", "-admin", "we11known", "5ecurity"]


def check(api: Api, username: str) -> bool:
    response = api.call("users.usernames.check", params={"username": username})
    assert response.status_code == 200
    return bool(response.json()["data"]["available"])


def rename(api: Api, access: str, username: str) -> httpx.Response:
    return api.call("users.usernames.change", {"username": username}, headers=bearer(access))


def name_of(tables: Tables, user_id: UUID) -> Any:
    return tables.one("SELECT username FROM users WHERE id = %s", user_id)["username"]


class TestCheck:
    def test_a_free_name_is_available_in_every_spelling(self, api: Api) -> None:
        assert [check(api, name) for name in ("ada", " ADA ", "a.d_a-7", "ada-lovelace", "lore")] == [True] * 5

    @pytest.mark.parametrize("name", ["bioreactor", "bio-reactor", "biorefinery", "blorenzo", "biorematerials"])
    def test_a_word_that_begins_as_our_name_is_available(self, api: Api, name: str) -> None:
        assert check(api, name)

    @pytest.mark.parametrize("name", ["", "ad", "a" * 31, "admin", "x" * 5000, *DISGUISED, *PATHS, *SERVED, *ALIKE])
    def test_a_bad_or_reserved_name_is_not(self, api: Api, name: str) -> None:
        assert check(api, name) is False

    def test_a_taken_name_is_not(self, api: Api, tables: Tables) -> None:
        account(api, tables, username="ada")
        assert (check(api, "ada"), check(api, "Ada")) == (False, False)

    def test_the_lengths_are_those_of_the_config(self, api: Api, server: Server) -> None:
        server.configure(**{"site.username_min_length": 5, "site.username_max_length": 6})
        assert [check(api, "a" * length) for length in (4, 5, 6, 7)] == [False, True, True, False]

    def test_no_name_at_all_is_refused(self, api: Api) -> None:
        assert broken_rules(api.call("users.usernames.check")) == {("username", "required")}


class TestChange:
    @pytest.mark.parametrize("name", [*PATHS, *SERVED])
    def test_a_path_of_the_site_is_refused(self, api: Api, access: str, name: str) -> None:
        response = rename(api, access, name)
        assert (response.status_code, code_of(response)) == (409, "auth.register.username_unavailable")

    @pytest.mark.parametrize("name", ["", "ad", "a" * 31])
    def test_a_name_of_another_length_is_refused(self, api: Api, access: str, name: str) -> None:
        response = rename(api, access, name)
        assert (response.status_code, code_of(response)) == (400, "error.user.username_length")
        assert response.json()["error"]["i18nVars"] == {"minLen": 3, "maxLen": 30}

    @pytest.mark.parametrize("name", DISGUISED)
    def test_a_name_of_other_letters_is_refused(
        self, api: Api, access: str, user_id: UUID, tables: Tables, name: str
    ) -> None:
        response = rename(api, access, name)
        assert (response.status_code, code_of(response)) == (400, "error.user.username_format")
        assert name_of(tables, user_id) is None

    def test_what_lower_case_turns_into_plain_letters_is_plain(
        self, api: Api, access: str, user_id: UUID, tables: Tables
    ) -> None:
        assert rename(api, access, " \u212aATE ").status_code == 200  # the sign of Kelvin
        assert name_of(tables, user_id) == "kate"

    def test_the_first_name_may_be_chosen_and_changed_at_once(
        self, api: Api, access: str, user_id: UUID, tables: Tables
    ) -> None:
        assert [rename(api, access, name).status_code for name in ("ada", "countess")] == [200, 200]
        history = tables.rows("SELECT user_id, former, username FROM username_history ORDER BY created_at")
        assert [tuple(row.values()) for row in history] == [(user_id, None, "ada"), (user_id, "ada", "countess")]
        assert len(audited(tables, "user.username.change.success")) == 2

    def test_the_name_it_has_is_refused(self, api: Api, access: str) -> None:
        rename(api, access, "ada")
        response = rename(api, access, " Ada ")
        assert (response.status_code, code_of(response)) == (400, "error.user.username_same")

    def test_a_change_too_soon_is_refused(self, api: Api, access: str, tables: Tables) -> None:
        rename(api, access, "ada")
        rename(api, access, "countess")
        response = rename(api, access, "lovelace")
        assert (response.status_code, code_of(response)) == (400, "error.user.username_cooldown")
        assert response.json()["error"]["i18nVars"] == {"daysLeft": 30}
        tables.run("UPDATE username_history SET created_at = now() - interval '29 days'")
        assert rename(api, access, "lovelace").json()["error"]["i18nVars"] == {"daysLeft": 1}
        tables.run("UPDATE username_history SET created_at = now() - interval '30 days'")
        assert rename(api, access, "lovelace").status_code == 200

    def test_a_change_too_soon_is_not_refused_for_ever_under_a_key(self, api: Api, access: str, tables: Tables) -> None:
        rename(api, access, "ada")
        rename(api, access, "countess")
        headers = bearer(access) | {"Idempotency-Key": "later"}
        refused = api.call("users.usernames.change", {"username": "lovelace"}, headers=headers)
        assert code_of(refused) == "error.user.username_cooldown"
        assert 29 * 86_400 < int(refused.headers["retry-after"]) <= 30 * 86_400
        tables.run("UPDATE username_history SET created_at = now() - interval '30 days'")
        assert api.call("users.usernames.change", {"username": "lovelace"}, headers=headers).status_code == 200

    def test_the_cool_down_is_that_of_the_config(self, api: Api, server: Server, access: str) -> None:
        server.configure(**{"username.change_cooldown_days": 0})
        assert [rename(api, access, name).status_code for name in ("ada", "countess", "lovelace")] == [200] * 3

    @pytest.mark.parametrize("name", ["eve", "EVE", "admin", *ALIKE])
    def test_a_taken_or_reserved_name_is_refused(self, api: Api, access: str, tables: Tables, name: str) -> None:
        account(api, tables, "eve@example.com", username="eve")
        response = rename(api, access, name)
        assert (response.status_code, code_of(response)) == (409, "auth.register.username_unavailable")
        assert tables.count("username_history") == 0

    def test_an_account_that_is_gone_is_not_found(self, api: Api, access: str, tables: Tables) -> None:
        tables.run("DELETE FROM users")
        response = rename(api, access, "ada")
        assert (response.status_code, code_of(response)) == (404, "error.user.not_found")

    def test_another_account_stays_as_it_was(self, api: Api, access: str, tables: Tables) -> None:
        eve = account(api, tables, "eve@example.com", username="eve")
        rename(api, access, "ada")
        assert name_of(tables, eve) == "eve"


class TestFormerName:
    """For as long as the change can be undone, it is still its owner's."""

    @pytest.fixture
    def others(self, api: Api, tables: Tables) -> str:
        """The access token of another account."""
        account(api, tables, "eve@example.com")
        return api.sign_in("eve@example.com")

    @pytest.fixture(autouse=True)
    def given_up(self, api: Api, access: str) -> None:
        assert [rename(api, access, name).status_code for name in ("ada", "countess")] == [200, 200]

    def test_nobody_else_can_take_it(self, api: Api, others: str) -> None:
        assert check(api, "ada") is False
        for response in (rename(api, others, "ada"), api.register("bob@example.com", username="ada")):
            assert (response.status_code, code_of(response)) == (409, "auth.register.username_unavailable")

    def test_the_account_itself_can_once_it_rested(self, api: Api, server: Server, access: str) -> None:
        assert code_of(rename(api, access, "ada")) == "error.user.username_cooldown"
        server.configure(**{"username.change_cooldown_days": 0})
        assert rename(api, access, "ada").status_code == 200

    def test_it_is_free_when_the_change_cannot_be_undone_any_more(self, api: Api, others: str, tables: Tables) -> None:
        ends = "SELECT held_until - created_at AS held FROM username_history WHERE former = 'ada'"
        assert tables.one(ends)["held"] == timedelta(hours=72)
        tables.run("UPDATE username_history SET held_until = now()")
        assert check(api, "ada")
        assert rename(api, others, "ada").status_code == 200

    def test_an_erasure_frees_it(self, api: Api, user_id: UUID, tables: Tables) -> None:
        tables.run("DELETE FROM users WHERE id = %s", user_id)
        assert check(api, "ada")

    def test_the_owner_is_mailed_a_link_for_each_name_that_was_given_up(self, api: Api) -> None:
        (mail,) = api.mails("ada@example.com")
        assert mail["subject"] == "Your username was changed"
        assert "Nobody else can take the former one for 72 hours." in mail["text"]
        assert "/undo-change?token=" in mail["text"]


class TestReferralLink:
    """A rename takes the link along; what was shared before still leads to it."""

    @pytest.fixture
    def link(self, user_id: UUID, tables: Tables) -> UUID:
        return insert(tables, "referral_links", user_id=user_id, code="ada")

    def codes(self, tables: Tables) -> tuple[str, list[str]]:
        aliases = tables.rows("SELECT code FROM referral_link_aliases ORDER BY code")
        return tables.one("SELECT code FROM referral_links")["code"], [row["code"] for row in aliases]

    def test_the_former_code_is_an_alias(
        self, api: Api, access: str, link: UUID, user_id: UUID, tables: Tables
    ) -> None:
        rename(api, access, "countess")
        assert self.codes(tables) == ("countess", ["ada"])
        for number, code in enumerate(("ada", "countess")):
            api.register(f"friend{number}@example.com", referralCode=code)
        referred = tables.rows("SELECT referred_by, referred_by_code FROM users WHERE referred_by IS NOT NULL")
        assert {tuple(row.values()) for row in referred} == {(user_id, "ada"), (user_id, "countess")}

    def test_the_way_back_takes_the_code_back(
        self, api: Api, server: Server, access: str, link: UUID, tables: Tables
    ) -> None:
        server.configure(**{"username.change_cooldown_days": 0})
        for name in ("countess", "ada"):
            assert rename(api, access, name).status_code == 200
        assert self.codes(tables) == ("ada", ["countess"])

    def test_a_code_that_leads_elsewhere_is_not_taken_away(
        self, api: Api, server: Server, access: str, link: UUID, tables: Tables
    ) -> None:
        server.configure(**{"username.change_cooldown_days": 0})
        eve = account(api, tables, "eve@example.com", referral_code="owncode")
        other = insert(tables, "referral_links", user_id=eve, code="linkcode")
        insert(tables, "referral_link_aliases", link_id=other, code="aliascode")
        for name in ("owncode", "linkcode", "aliascode"):
            assert rename(api, access, name).status_code == 200
        assert tables.one("SELECT code FROM referral_links WHERE id = %s", link)["code"] == "ada"

    def test_without_a_link_there_is_nothing_to_do(self, api: Api, access: str, tables: Tables) -> None:
        rename(api, access, "countess")
        assert (tables.count("referral_links"), tables.count("referral_link_aliases")) == (0, 0)


def test_the_cool_down_counts_whole_days(api: Api, access: str, user_id: UUID, tables: Tables) -> None:
    rename(api, access, "ada")
    moment = datetime.now(UTC) - timedelta(days=10, hours=1)
    insert(tables, "username_history", user_id=user_id, former="x", username="ada", created_at=moment)
    assert rename(api, access, "countess").json()["error"]["i18nVars"] == {"daysLeft": 20}
