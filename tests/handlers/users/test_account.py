"""Change of profile and avatar, attribution, deactivation."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.handlers.auth.test_passwords import reset, reset_token
from tests.handlers.conftest import Clients
from tests.handlers.support import account, audited, change, insert, topics
from tests.handlers.users.test_emails import change_token, verify
from tests.harness import PASSWORD, TOKEN, Api, Server, Tables, bearer, broken_rules, code_of

PARALLEL = 5  # as many hashes as one account may have under way on a single core
AVATAR = "https://cdn.bio.re/avatars/ada.webp"
OTHER = "https://cdn.bio.re/avatars/eve.webp"
OWN = "http://localhost/files/avatars/ada.webp"
LOOPBACK = ["http://127.0.0.1:8000/files/a.webp", "http://localhost:80/"]
NO_URLS = [
    "",
    "ada.webp",
    "http://cdn.bio.re/a.webp",
    "http://cdn.bio.re:8000/a.webp",
    "http://127.0.0.1.bio.re:8000/a.webp",
    "http://127.0.0.1:8000@bio.re/a.webp",
    "http://localhost.bio.re:8000/a.webp",
    "http://127.0.0.1/a.webp",
    "http://10.0.0.1:8000/a.webp",
    "javascript:alert(1)",
    "data:image/png;base64,AAAA",
    "https://",
    "https://localhost/a.webp",
    "https://127.0.0.1/a.webp",
    "https://[::1]/a.webp",
    "https://user:secret@cdn.bio.re/a.webp",
    "https://cdn.bio.re/a b.webp",
    "https://cdn.bio.re",
    "https://cdn.bio.re:8443/a.webp",
    "https://cdn.bio.re/é.webp",
    "https://cdn.bio.re/a.webp#x",
    'https://cdn.bio.re/"onerror=',
    "https://cdn.bio.re\\@evil.example/",
    " https://cdn.bio.re/a.webp",
    "https://cdn.bio.re/a.webp\n",
]


def row(tables: Tables, user_id: UUID) -> dict[str, Any]:
    return tables.one("SELECT * FROM users WHERE id = %s", user_id)


class TestUpdateProfile:
    def update(self, api: Api, access: str, **fields: Any) -> httpx.Response:
        return api.call("users.update_profile", fields, headers=bearer(access))

    def test_only_what_is_given_changes(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        eve = account(api, tables, "eve@example.com")
        self.update(api, access, displayName="Ada", bio="Notes on engines.", avatarUrl=AVATAR)
        assert self.update(api, access, bio="Else.").json()["data"] == {
            "id": str(user_id),
            "displayName": "Ada",
            "bio": "Else.",
            "avatarUrl": AVATAR,
            "username": None,
            "email": "ada@example.com",
            "locale": "en",
        }
        assert row(tables, eve)["bio"] is None

    def test_with_nothing_given_nothing_is_written(self, api: Api, access: str, tables: Tables) -> None:
        before = tables.fingerprints()
        assert self.update(api, access).json()["data"]["email"] == "ada@example.com"
        assert tables.changed_since(before) == set()

    @pytest.mark.parametrize("nothing", [None, "", "  ", "\u200b", "\u3000\u2800", "\ufe0f"])
    def test_nothing_clears(self, api: Api, access: str, nothing: str | None) -> None:
        self.update(api, access, displayName="Ada", bio="x")
        data = self.update(api, access, displayName=nothing, bio=nothing).json()["data"]
        assert (data["displayName"], data["bio"]) == (None, None)

    def test_what_hides_or_turns_is_dropped(self, api: Api, access: str) -> None:
        data = self.update(
            api, access, displayName=" \u202eAda\u200b\n Love\u00adlace\u2066 ", bio="one\r\ntwo\u202e\x07 👩\u200d💻"
        ).json()["data"]
        assert (data["displayName"], data["bio"]) == ("Ada Lovelace", "one\ntwo 👩\u200d💻")

    def test_the_length_is_that_of_what_is_seen(self, api: Api, access: str) -> None:
        assert self.update(api, access, displayName="\u200b" * 50 + "a" * 100).status_code == 200
        assert broken_rules(self.update(api, access, displayName="a" * 101, bio="a" * 501)) == {
            ("displayName", "maxLength"),
            ("bio", "maxLength"),
        }

    @pytest.mark.parametrize("url", [*NO_URLS, None])
    def test_an_avatar_is_a_secure_address(self, api: Api, access: str, url: str | None) -> None:
        rules = broken_rules(self.update(api, access, avatarUrl=url))
        assert rules == {("avatarUrl", "https_url" if url is not None else "type")}

    def test_a_former_file_stays(self, api: Api, access: str, tables: Tables) -> None:
        self.update(api, access, avatarUrl=AVATAR)
        self.update(api, access, avatarUrl=OTHER)
        assert "storage.delete_file" not in topics(tables)

    @pytest.mark.parametrize("fields", [{}, {"bio": "x"}])
    def test_an_account_that_is_gone_is_not_found(
        self, api: Api, access: str, tables: Tables, fields: dict[str, str]
    ) -> None:
        tables.run("DELETE FROM users")
        assert code_of(self.update(api, access, **fields)) == "error.user.not_found"

    def test_a_name_at_sign_up_is_cleaned_likewise(self, api: Api, tables: Tables) -> None:
        api.register("eve@example.com", displayName="\u202eEve\u200b \n")
        assert tables.one("SELECT display_name FROM users")["display_name"] == "Eve"


class TestAvatars:
    def show(self, api: Api, access: str, url: str) -> httpx.Response:
        return api.call("users.avatars.change", {"avatarUrl": url}, headers=bearer(access))

    def remove(self, api: Api, access: str) -> httpx.Response:
        return api.call("users.avatars.remove", headers=bearer(access))

    def deleted(self, tables: Tables) -> list[str]:
        jobs = tables.rows("SELECT payload FROM outbox WHERE topic = 'storage.delete_file' ORDER BY created_at")
        return [job["payload"]["url"] for job in jobs]

    def test_it_is_answered_and_kept(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        assert self.show(api, access, AVATAR).json()["data"] == {"avatarUrl": AVATAR}
        assert row(tables, user_id)["avatar_url"] == AVATAR
        assert self.deleted(tables) == []

    def test_the_former_file_is_deleted_once(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        change(tables, "users", user_id, avatar_url=OWN, avatar_key="k")
        for url in (AVATAR, AVATAR, OTHER):
            assert self.show(api, access, url).status_code == 200
        assert self.deleted(tables) == [OWN]
        assert tables.one("SELECT payload FROM outbox")["payload"]["user"] == str(user_id)

    def test_removing_it_twice_deletes_its_file_once(
        self, api: Api, access: str, user_id: UUID, tables: Tables
    ) -> None:
        change(tables, "users", user_id, avatar_url=OWN, avatar_key="k")
        assert [self.remove(api, access).status_code for _ in range(2)] == [200, 200]
        assert row(tables, user_id)["avatar_url"] is None
        assert self.deleted(tables) == [OWN]

    def test_an_address_elsewhere_leaves_no_work(self, api: Api, access: str, tables: Tables) -> None:
        for url in (AVATAR, OTHER, AVATAR):
            assert self.show(api, access, url).status_code == 200
        assert self.remove(api, access).status_code == 200
        assert self.deleted(tables) == []

    @pytest.mark.parametrize("url", [*NO_URLS, "https://cdn.bio.re/" + "a" * 2048])
    def test_it_is_a_secure_address(self, api: Api, access: str, url: str) -> None:
        rule = "maxLength" if len(url) > 2048 else "https_url"
        assert ("avatarUrl", rule) in broken_rules(self.show(api, access, url))

    @pytest.mark.parametrize(
        "url", [AVATAR, "https://cdn.example/", "https://a.b-c.example/%C3%A9/~x?w=1&h=(2)", *LOOPBACK]
    )
    def test_of_any_host(self, api: Api, access: str, url: str) -> None:
        assert self.show(api, access, url).status_code == 200

    def test_an_account_that_is_gone_is_not_found(self, api: Api, access: str, tables: Tables) -> None:
        tables.run("DELETE FROM users")
        assert code_of(self.show(api, access, AVATAR)) == "error.user.not_found"
        assert code_of(self.remove(api, access)) == "error.user.not_found"


class TestAttribution:
    def of(self, api: Api, access: str) -> dict[str, Any]:
        data: dict[str, Any] = api.call("users.attribution", headers=bearer(access)).json()["data"]
        return data

    def test_it_is_as_captured_at_sign_up(self, api: Api, tables: Tables) -> None:
        eve = account(api, tables, "eve@example.com", referral_code="K7Q2M9TX")
        creator = insert(tables, "creator_profiles", user_id=eve)
        told = {"utmSource": "s", "utmMedium": "m", "utmCampaign": "c", "utmTerm": "t", "utmContent": "n"}
        places = {"firstReferrerUrl": "https://r.example/", "firstLandingPage": "https://bio.re/eve"}
        api.headers["CF-IPCountry"] = "TR"
        api.sign_up(referralCode="K7Q2M9TX", **told, **places)
        access = api.sign_in()
        tables.run("DELETE FROM creator_profiles")
        data = self.of(api, access)
        assert data.pop("createdAt").endswith("Z")
        assert data == told | places | {
            "referredBy": str(eve),
            "referredByCode": "K7Q2M9TX",
            "acquiredViaCreatorId": str(creator),
            "registrationDevice": "tests",
            "registrationCountry": "TR",
        }

    def test_a_code_that_led_to_nobody_is_not_kept(self, api: Api) -> None:
        api.sign_up(referralCode="NOBODYS")
        data = self.of(api, api.sign_in())
        assert (data["referredBy"], data["referredByCode"], data["acquiredViaCreatorId"]) == (None, None, None)

    def test_who_is_no_creator_is_none(self, api: Api, tables: Tables) -> None:
        account(api, tables, "eve@example.com", referral_code="K7Q2M9TX")
        api.sign_up(referralCode="K7Q2M9TX")
        assert self.of(api, api.sign_in())["acquiredViaCreatorId"] is None

    def test_an_account_that_is_gone_is_not_found(self, api: Api, access: str, tables: Tables) -> None:
        tables.run("DELETE FROM users")
        response = api.call("users.attribution", headers=bearer(access))
        assert (response.status_code, code_of(response)) == (404, "error.user.not_found")


class TestDeactivate:
    def deactivate(self, api: Api, access: str, password: str = PASSWORD) -> httpx.Response:
        return api.call("users.deactivate", {"password": password}, headers=bearer(access))

    def test_a_wrong_password_is_refused(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        response = self.deactivate(api, access, "Wrong-Horse-7")
        assert (response.status_code, code_of(response)) == (400, "error.user.password_incorrect")
        assert row(tables, user_id)["status"] == "ACTIVE"

    def test_an_account_without_password_is_refused(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        change(tables, "users", user_id, password_hash=None)
        response = self.deactivate(api, access)
        assert (response.status_code, code_of(response)) == (400, "error.user.password_required")

    def test_an_account_that_is_gone_is_not_found(self, api: Api, access: str, tables: Tables) -> None:
        tables.run("DELETE FROM users")
        assert code_of(self.deactivate(api, access)) == "error.user.not_found"

    def test_every_session_ends_and_nobody_can_sign_in(
        self, api: Api, access: str, user_id: UUID, tables: Tables
    ) -> None:
        other = api.sign_in()
        assert self.deactivate(api, access).status_code == 200
        for token in (access, other):
            assert code_of(api.call("auth.me", headers=bearer(token))) == "auth.unauthenticated"
        refused = api.call("auth.login", {"email": "ada@example.com", "password": PASSWORD})
        assert code_of(refused) == "auth.login.account_deactivated"
        assert audited(tables, "user.deactivate.success")

    def test_the_mailed_link_brings_it_back(self, api: Api, access: str) -> None:
        self.deactivate(api, access)
        (mail,) = api.mails("ada@example.com")
        token = TOKEN.search(mail["text"])
        assert "deactivated" in mail["subject"]
        assert token is not None
        assert api.call("users.reactivate", {"token": token[1]}).status_code == 200
        assert api.sign_in()

    def test_links_that_were_open_are_void(self, api: Api, access: str) -> None:
        changing, resetting = change_token(api, access), reset_token(api)
        self.deactivate(api, access)
        token = TOKEN.search(api.mails("ada@example.com")[0]["text"])
        assert token is not None
        api.call("users.reactivate", {"token": token[1]})
        assert code_of(verify(api, changing)) == "auth.verify_email.invalid_token"
        assert code_of(reset(api, resetting)) == "auth.reset_password.invalid_token"

    def test_parallel_calls_deactivate_once(
        self, api: Api, server: Server, access: str, tables: Tables, clients: Clients
    ) -> None:
        server.configure(**{"ratelimit.enabled": False})
        callers = [clients(server) for _ in range(PARALLEL)]
        with ThreadPoolExecutor(PARALLEL) as pool:
            answers = list(pool.map(lambda caller: self.deactivate(caller, access).status_code, callers))
        assert sorted(answers) == [200] + [401] * (PARALLEL - 1)
        assert (tables.count("reactivation_tokens"), topics(tables)) == (1, ["email.account_deactivated"])
