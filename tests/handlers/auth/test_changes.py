"""The links of mails about a change: what they undo, for whom, and for how long."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.auth import one_time_hash
from domain.keys import Purpose
from tests.handlers.auth.test_oauth import linked, links, opened, refused, signed_in, told
from tests.handlers.auth.test_two_factor import Factor
from tests.handlers.support import account, audited, insert, topics
from tests.harness import PASSWORD, TOKEN, Api, Server, Tables, bearer, broken_rules, code_of

ADA, MALLORY = "ada@example.com", "mallory@example.org"
NEW = "Better-Horse-8"
LONG_AGO = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
UNDO = re.compile(r"/undo-change\?token=([0-9a-f-]{36})&lang=en")
INVALID = (400, "auth.undo_change.invalid_token")


def undo_token(api: Api, to: str = ADA, newest: int = 0) -> str:
    """Of the link in a mail; the newest mail is number 0."""
    match = UNDO.search(api.mails(to)[newest]["text"])
    assert match is not None
    return match[1]


def switched_on(api: Api, tables: Tables) -> Factor:
    """A second factor, whose mail is out."""
    factor = Factor(api, tables).enable()
    api.server.work_off()
    return factor


def undo(api: Api, token: str) -> httpx.Response:
    return api.call("auth.changes.undo", {"token": token})


def undone(api: Api, token: str) -> None:
    response = undo(api, token)
    assert response.status_code == 200, response.text


def password_of(api: Api, password: str = PASSWORD, email: str = ADA) -> httpx.Response:
    return api.call("auth.login", {"email": email, "password": password})


def chosen_anew(api: Api, email: str = ADA) -> None:
    """By the link that comes with the undoing."""
    match = TOKEN.search(api.mails(email)[0]["text"])
    assert match is not None
    response = api.call("auth.passwords.reset", {"token": match[1], "newPassword": NEW})
    assert response.status_code == 200, response.text


def change_address(api: Api, access: str, email: str, **shown: str) -> None:
    body = {"newEmail": email, "password": PASSWORD}
    assert api.call("users.emails.change", body, headers=bearer(access)).status_code == 200
    token = api.verification_token(email)
    assert api.call("auth.verify_email_change", {"token": token} | shown).status_code == 200


def user(tables: Tables) -> dict[str, Any]:
    return tables.one("SELECT * FROM users WHERE password_hash IS NULL OR email LIKE 'ada%%'")


class TestToken:
    @pytest.mark.parametrize("token", ["nonsense", "0f8fad5b-d9cb-469f-a165-70867728950e"])
    def test_one_that_never_was_is_refused(self, api: Api, tables: Tables, token: str) -> None:
        before = tables.fingerprints()
        refused(undo(api, token), *INVALID)
        assert tables.changed_since(before) == set()

    def test_works_once(self, api: Api, tables: Tables) -> None:
        switched_on(api, tables)
        token = undo_token(api)
        undone(api, token)
        refused(undo(api, token), *INVALID)

    def test_works_for_three_days(self, api: Api, tables: Tables) -> None:
        switched_on(api, tables)
        token = undo_token(api)
        left = tables.one("SELECT expires_at - now() AS left FROM credential_changes")["left"]
        assert timedelta(hours=71, minutes=55) < left <= timedelta(hours=72)
        tables.run("UPDATE credential_changes SET expires_at = now() - interval '1 second'")
        refused(undo(api, token), *INVALID)

    def test_nothing_of_it_is_kept_in_clear(self, api: Api, tables: Tables) -> None:
        factor = switched_on(api, tables)
        token = undo_token(api)
        kept = str(tables.rows("SELECT * FROM credential_changes")) + str(tables.rows("SELECT payload FROM outbox"))
        for secret in (token, ADA, factor.secret):
            assert secret not in kept

    def test_is_no_way_back_into_an_erased_account(self, api: Api, tables: Tables) -> None:
        switched_on(api, tables)
        token = undo_token(api)
        tables.run("DELETE FROM credential_changes")  # as an erasure does
        refused(undo(api, token), *INVALID)


class TestUndo:
    def test_a_second_factor_goes_and_a_password_is_chosen_anew(self, api: Api, tables: Tables) -> None:
        factor = switched_on(api, tables)
        undone(api, undo_token(api))
        row = user(tables)
        assert (row["two_factor_enabled"], row["two_factor_secret"], row["password_hash"]) == (False, None, None)
        assert tables.count("backup_codes") == 0
        assert code_of(password_of(api)) == "auth.login.invalid_credentials"
        chosen_anew(api)
        assert password_of(api, NEW).json()["data"].keys() == {"accessToken", "expiresIn"}
        (entry,) = audited(tables, "auth.undo_change.success")
        assert (entry["target_id"], entry["details"]) == (str(factor.user_id), {"kind": "two_factor_enabled"})

    def test_a_second_factor_comes_back_with_its_codes(self, api: Api, tables: Tables) -> None:
        factor = switched_on(api, tables)
        used, kept = factor.backup_codes[:2]
        assert factor.finish(factor.start_sign_in(), used).status_code == 200
        access = factor.sign_in()
        body = {"password": PASSWORD}
        assert api.call("auth.two_factor.disable", body, headers=bearer(access)).status_code == 200
        undone(api, undo_token(api))
        chosen_anew(api)
        temp = password_of(api, NEW).json()["data"]["tempToken"]
        assert code_of(factor.finish(temp, factor.code())) == "auth.2fa.invalid_code"  # its step is spent
        assert code_of(factor.finish(temp, used)) == "auth.2fa.invalid_code"
        assert factor.finish(temp, kept).status_code == 200

    def test_a_code_that_was_used_since_stays_used_though_its_row_is_gone(self, api: Api, tables: Tables) -> None:
        factor = switched_on(api, tables)
        used, kept = factor.backup_codes[:2]
        verify_phone(api, factor.sign_in(), "+12025550199")
        token = undo_token(api)
        assert factor.finish(factor.start_sign_in(), used).status_code == 200
        body = {"code": factor.code()}
        headers = bearer(factor.sign_in())
        assert api.call("auth.two_factor.regenerate_backup_codes", body, headers=headers).status_code == 200
        api.server.work_off()
        undone(api, token)
        chosen_anew(api)
        temp = password_of(api, NEW).json()["data"]["tempToken"]
        assert code_of(factor.finish(temp, used)) == "auth.2fa.invalid_code"
        assert factor.finish(temp, kept).status_code == 200

    def test_renewed_backup_codes_are_mailed_and_the_former_hold_again(self, api: Api, tables: Tables) -> None:
        factor = switched_on(api, tables)
        former = factor.backup_codes[0]
        renewed = api.call(
            "auth.two_factor.regenerate_backup_codes", {"code": factor.code()}, headers=bearer(factor.sign_in())
        )
        new = renewed.json()["data"]["backupCodes"][0]
        assert api.mails(ADA)[0]["subject"] == "You have new backup codes"
        undone(api, undo_token(api))
        chosen_anew(api)
        temp = password_of(api, NEW).json()["data"]["tempToken"]
        assert code_of(factor.finish(temp, new)) == "auth.2fa.invalid_code"
        assert factor.finish(temp, former).status_code == 200

    def test_a_platform_is_unlinked_and_its_sessions_end(self, api: Api, server: Server, tables: Tables) -> None:
        account(api, tables)
        with opened(server) as platform:
            access = api.sign_in()
            assert link(api, told(platform, "mallory", email=MALLORY), access).status_code == 200
            token = undo_token(api)
            stolen = signed_in(api, told(platform, "mallory", email=MALLORY))["accessToken"]
            undone(api, token)
            assert links(tables) == []
            for ended in (access, stolen):
                assert api.call("auth.me", headers=bearer(ended)).status_code == 401
            assert signed_in(api, told(platform, "mallory", email=MALLORY))["isNewUser"] is True

    def test_a_platform_is_linked_again(self, api: Api, tables: Tables) -> None:
        user_id = account(api, tables)
        linked(tables, user_id, created_at=LONG_AGO)
        linked(tables, user_id, "instagram", access_token=b"\x00sealed")
        before = tables.rows("SELECT * FROM social_accounts ORDER BY platform")
        access = api.sign_in()
        path = "/auth/oauth/unlink/google"
        assert api.call("auth.oauth.unlink", path=path, headers=bearer(access)).status_code == 200
        undone(api, undo_token(api))
        assert tables.rows("SELECT * FROM social_accounts ORDER BY platform") == before

    def test_a_young_platform_signs_nobody_in_before_the_owner_does(
        self, api: Api, server: Server, tables: Tables
    ) -> None:
        """Linked before the change that is undone, by whoever made it."""
        account(api, tables)
        with opened(server) as platform:
            assert link(api, told(platform, "mallory", email=MALLORY), api.sign_in()).status_code == 200
            body = {"currentPassword": PASSWORD, "newPassword": NEW}
            assert api.call("auth.passwords.change", body, headers=bearer(api.sign_in())).status_code == 200
            undone(api, undo_token(api))
            assert links(tables) == []
            assert signed_in(api, told(platform, "mallory", email=MALLORY))["isNewUser"] is True

    @pytest.mark.parametrize("is_linked", [True, False])
    def test_no_platform_signs_in_before_a_new_password_is_chosen(
        self, api: Api, server: Server, tables: Tables, *, is_linked: bool
    ) -> None:
        """Neither an old one that comes back, nor one that keeps the mailbox of the address."""
        user_id = account(api, tables)
        with opened(server) as platform:
            if is_linked:
                linked(tables, user_id, created_at=LONG_AGO)
                access = api.sign_in()
                path = "/auth/oauth/unlink/google"
                assert api.call("auth.oauth.unlink", path=path, headers=bearer(access)).status_code == 200
            else:
                verify_phone(api, api.sign_in(), "+12025550199")
            undone(api, undo_token(api))
            standing = links(tables)
            body = told(platform, hd="example.com")
            refused(api.call("auth.oauth.login", body), 403, "auth.oauth.password_due")
            assert (links(tables), tables.rows("SELECT 1 FROM sessions WHERE revoked_at IS NULL")) == (standing, [])
            (entry,) = audited(tables, "auth.oauth.login.failure")
            assert entry["details"]["refusal"] == "auth.oauth.password_due"
            chosen_anew(api)
            assert signed_in(api, told(platform, hd="example.com"))["isNewUser"] is False

    def test_a_second_factor_is_no_way_in_through_a_platform_either(
        self, api: Api, server: Server, tables: Tables
    ) -> None:
        factor = switched_on(api, tables)
        linked(tables, factor.user_id, created_at=LONG_AGO)
        verify_phone(api, factor.sign_in(), "+12025550199")
        undone(api, undo_token(api))
        with opened(server) as platform:
            refused(api.call("auth.oauth.login", told(platform)), 403, "auth.oauth.password_due")
        assert tables.rows("SELECT 1 FROM challenges WHERE purpose = 'login' AND used_at IS NULL") == []

    def test_a_password_of_a_former_release_is_chosen_too(self, api: Api, server: Server, tables: Tables) -> None:
        linked(tables, account(api, tables, password_due=True), created_at=LONG_AGO)
        with opened(server) as platform:
            assert signed_in(api, told(platform))["isNewUser"] is False

    def test_the_former_phone_is_put_back_and_its_change_mailed(self, api: Api, tables: Tables) -> None:
        verified = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        account(api, tables, phone="+12025550100", phone_verified_at=verified)
        verify_phone(api, api.sign_in(), "+12025550199")
        assert user(tables)["phone"] == "+12025550199"
        assert api.mails(ADA)[0]["subject"] == "Your phone number was changed"
        undone(api, undo_token(api))
        assert (user(tables)["phone"], user(tables)["phone_verified_at"]) == ("+12025550100", verified)

    @pytest.mark.parametrize(
        ("kept", "put_back"), [("+4903012345678", "+493012345678"), ("+999123", "+999123"), (None, None)]
    )
    def test_a_phone_that_was_kept_in_another_form_is_put_back_in_the_one_form(
        self, api: Api, tables: Tables, kept: str | None, put_back: str | None
    ) -> None:
        """As revision 0020 did with those that were not kept for an undoing then."""
        account(api, tables, username="ada", phone=kept)
        rename(api, api.sign_in(), "countess")
        undone(api, undo_token(api))
        assert user(tables)["phone"] == put_back

    def test_the_former_username_and_its_link_are_put_back(self, api: Api, tables: Tables) -> None:
        user_id = account(api, tables, username="ada")
        insert(tables, "referral_links", user_id=user_id, code="ada")
        rename(api, api.sign_in(), "mallory")
        undone(api, undo_token(api))
        assert (user(tables)["username"], tables.one("SELECT code FROM referral_links")["code"]) == ("ada", "ada")
        history = tables.rows("SELECT former, username FROM username_history ORDER BY created_at")
        assert [tuple(row.values()) for row in history] == [("ada", "mallory"), ("mallory", "ada")]
        account(api, tables, "eve@example.com")
        rename(api, api.sign_in("eve@example.com"), "mallory")  # was never the owner's

    def test_it_is_put_back_with_what_was_changed_before_it(self, api: Api, tables: Tables) -> None:
        account(api, tables, username="ada")
        verify_phone(api, api.sign_in(), "+12025550199")
        first = undo_token(api)
        rename(api, api.sign_in(), "mallory")
        undone(api, first)
        assert user(tables)["username"] == "ada"

    def test_a_first_username_stays(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        verify_phone(api, api.sign_in(), "+12025550199")
        rename(api, api.sign_in(), "ada")
        undone(api, undo_token(api))
        assert (user(tables)["username"], user(tables)["phone"]) == ("ada", None)

    def test_a_username_that_somebody_has_by_now_stays_theirs(self, api: Api, tables: Tables) -> None:
        account(api, tables, username="ada")
        rename(api, api.sign_in(), "mallory")
        account(api, tables, "eve@example.com", username="ada")
        undone(api, undo_token(api))
        assert user(tables)["username"] == "mallory"

    def test_what_a_former_release_kept_has_no_username_to_put_back(
        self, api: Api, server: Server, tables: Tables
    ) -> None:
        account(api, tables, username="ada")
        rename(api, api.sign_in(), "countess")
        keyring = server.app.parts.keyring
        sealed = tables.one("SELECT former FROM credential_changes")["former"]
        state = json.loads(keyring.unseal(Purpose.FORMER_CREDENTIALS, sealed))
        del state["user"]["username"]
        sealed = keyring.seal(Purpose.FORMER_CREDENTIALS, json.dumps(state))
        tables.run("UPDATE credential_changes SET former = %s", sealed)
        undone(api, undo_token(api))
        assert user(tables)["username"] == "countess"

    def test_a_new_password_is_void(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        body = {"currentPassword": PASSWORD, "newPassword": NEW}
        assert api.call("auth.passwords.change", body, headers=bearer(api.sign_in())).status_code == 200
        undone(api, undo_token(api))
        for password in (PASSWORD, NEW):
            assert code_of(password_of(api, password)) == "auth.login.invalid_credentials"
        chosen_anew(api)

    def test_a_deactivation_is_taken_back(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        body = {"password": PASSWORD}
        assert api.call("users.deactivate", body, headers=bearer(api.sign_in())).status_code == 200
        back = TOKEN.search(api.mails(ADA)[0]["text"])
        undone(api, undo_token(api))
        assert user(tables)["status"] == "ACTIVE"
        assert back is not None
        assert code_of(api.call("users.reactivate", {"token": back[1]})) == "error.user.reactivation_invalid"

    @pytest.mark.parametrize("status", ["ACTIVE", "SUSPENDED", "BANNED"])
    def test_a_deletion_is_called_off(self, api: Api, tables: Tables, status: str) -> None:
        account(api, tables)
        access = api.sign_in()
        tables.run("UPDATE users SET status = %s", status)
        assert api.call("gdpr.delete", headers=bearer(access)).status_code == 200
        undone(api, undo_token(api))
        assert user(tables)["status"] == status
        assert tables.one("SELECT status FROM gdpr_requests")["status"] == "CANCELLED"

    @pytest.mark.parametrize("status", ["SUSPENDED", "BANNED"])
    def test_who_was_suspended_stays_so(self, api: Api, tables: Tables, status: str) -> None:
        switched_on(api, tables)
        token = undo_token(api)
        tables.run("UPDATE users SET status = %s", status)
        undone(api, token)
        assert (user(tables)["status"], user(tables)["two_factor_enabled"]) == (status, False)

    def test_open_sign_ins_and_links_are_void(self, api: Api, tables: Tables) -> None:
        factor = switched_on(api, tables)
        token = undo_token(api)
        temp = factor.start_sign_in()
        api.call("auth.passwords.forgot", {"email": ADA})
        mailed = TOKEN.search(api.mails(ADA)[0]["text"])
        assert mailed is not None
        undone(api, token)
        assert code_of(factor.finish(temp, factor.code())) == "auth.2fa.challenge_expired"
        reset = api.call("auth.passwords.reset", {"token": mailed[1], "newPassword": NEW})
        assert code_of(reset) == "auth.reset_password.invalid_token"


def link(api: Api, body: dict[str, Any], access: str) -> httpx.Response:
    return api.call("auth.oauth.link", body, headers=bearer(access))


def rename(api: Api, access: str, username: str) -> None:
    response = api.call("users.usernames.change", {"username": username}, headers=bearer(access))
    assert response.status_code == 200, response.text


def verify_phone(api: Api, access: str, phone: str) -> None:
    body = {"phone": phone, "purpose": "verify-phone-profile"}
    sent = api.call("auth.otp.send", body, headers=bearer(access))
    code = re.search(r"[0-9]{6}", api.mails(phone)[0]["text"])
    assert code is not None
    answer = {"challengeId": sent.json()["data"]["challengeId"], "code": code[0]}
    assert api.call("auth.otp.verify", answer).status_code == 200


class TestTakeover:
    """Mallory has a session of Ada's and knows the password."""

    @pytest.fixture
    def user_id(self, api: Api, tables: Tables) -> UUID:
        return account(api, tables)

    @pytest.fixture
    def taken(self, api: Api, server: Server, tables: Tables, user_id: UUID) -> Callable[[], str]:
        """Mallory moves the account to an address of her own and locks Ada out. Returns who got which link."""

        def take() -> str:
            access = api.sign_in()
            change_address(api, access, MALLORY)
            access = api.sign_in(MALLORY)
            setup = api.call("auth.two_factor.setup", headers=bearer(access))
            factor = Factor.__new__(Factor)
            factor.api, factor.tables, factor.user_id, factor.token = api, tables, user_id, access
            factor.secret = str(setup.json()["data"]["secret"])
            factor.enable()
            return undo_token(api, MALLORY)

        return take

    def test_the_former_address_gets_the_account_back(self, api: Api, tables: Tables, taken: Callable[[], str]) -> None:
        taken()
        undone(api, undo_token(api))
        row = user(tables)
        assert (row["email"], row["two_factor_enabled"]) == (ADA, False)
        chosen_anew(api)
        assert password_of(api, NEW).json()["data"].keys() == {"accessToken", "expiresIn"}

    @pytest.mark.parametrize("proof", ["reset", "platform", "password", "moved on"])
    def test_nothing_that_is_proven_at_the_new_address_ends_the_owners_link(
        self, api: Api, server: Server, tables: Tables, user_id: UUID, proof: str
    ) -> None:
        linked(tables, user_id, created_at=LONG_AGO)
        path = "/auth/oauth/unlink/google"
        assert api.call("auth.oauth.unlink", path=path, headers=bearer(api.sign_in())).status_code == 200
        earlier = undo_token(api)
        change_address(api, api.sign_in(), MALLORY, **({"password": PASSWORD} if proof == "password" else {}))
        theirs = undo_token(api)
        if proof == "platform":
            with opened(server) as platform:
                signed_in(api, told(platform, "mallory", email=MALLORY, hd="example.org"))
        elif proof == "moved on":
            change_address(api, api.sign_in(MALLORY), "eve@example.net")
            reset(api, email="eve@example.net")
        else:
            reset(api, email=MALLORY)
        undone(api, theirs)
        row = user(tables)
        assert (row["email"], row["password_hash"]) == (ADA, None)
        api.server.work_off()
        undone(api, earlier)
        assert [name for name, *_ in links(tables)] == ["google"]
        chosen_anew(api)
        assert password_of(api, NEW).json()["data"].keys() == {"accessToken", "expiresIn"}

    def test_the_address_that_loses_the_account_is_told(
        self, api: Api, tables: Tables, taken: Callable[[], str]
    ) -> None:
        taken()
        undone(api, undo_token(api))
        told_to = next(mail for mail in api.mails(MALLORY) if mail["subject"] == "Your e-mail address was changed back")
        assert "a***@e***.com" in told_to["text"]
        assert ADA not in told_to["text"]
        assert "token=" not in told_to["text"]

    def test_an_undoing_that_moves_nothing_tells_no_other_address(self, api: Api, tables: Tables) -> None:
        switched_on(api, tables)
        undone(api, undo_token(api))
        assert "email.address_returned" not in topics(tables)

    def test_what_the_new_address_was_mailed_undoes_nothing_of_the_owners(
        self, api: Api, taken: Callable[[], str]
    ) -> None:
        theirs = taken()
        undone(api, undo_token(api))
        refused(undo(api, theirs), *INVALID)
        chosen_anew(api)
        refused(undo(api, theirs), *INVALID)

    def test_the_owner_comes_back_whatever_the_new_address_undid(
        self, api: Api, tables: Tables, taken: Callable[[], str]
    ) -> None:
        undone(api, taken())
        assert tables.one("SELECT email FROM users")["email"] == MALLORY
        undone(api, undo_token(api))
        assert tables.one("SELECT email FROM users")["email"] == ADA

    def test_a_mail_goes_where_the_account_was_before_the_change(self, api: Api, tables: Tables, user_id: UUID) -> None:
        """Not where it is when the worker comes to it."""
        verify_phone(api, api.sign_in(), "+12025550199")
        tables.run("UPDATE outbox SET done_at = NULL, lease = NULL WHERE topic = 'email.phone_changed'")
        access = api.sign_in()
        body = {"currentPassword": PASSWORD, "newPassword": NEW}
        assert api.call("auth.passwords.change", body, headers=bearer(access)).status_code == 200
        tables.run("UPDATE users SET email = %s", MALLORY)
        assert UNDO.search(api.mails(ADA)[0]["text"])
        assert api.mails(MALLORY) == []

    def test_an_unproven_account_with_the_address_gives_way(
        self, api: Api, tables: Tables, taken: Callable[[], str]
    ) -> None:
        """Of a time before addresses were kept for who may take an account back."""
        taken()
        account(api, tables, ADA, email_verified=False)
        undone(api, undo_token(api))
        assert [row["email"] for row in tables.rows("SELECT email FROM users")] == [ADA]

    def test_a_proven_one_does_not(self, api: Api, tables: Tables, taken: Callable[[], str]) -> None:
        taken()
        token = undo_token(api)
        account(api, tables, ADA)
        before = tables.fingerprints()
        refused(undo(api, token), 409, "auth.undo_change.address_taken")
        assert tables.changed_since(before) == set()

    def test_an_earlier_change_can_still_be_undone(
        self, api: Api, tables: Tables, user_id: UUID, taken: Callable[[], str]
    ) -> None:
        linked(tables, user_id, created_at=LONG_AGO)
        path = "/auth/oauth/unlink/google"
        assert api.call("auth.oauth.unlink", path=path, headers=bearer(api.sign_in())).status_code == 200
        first = undo_token(api)
        taken()
        undone(api, undo_token(api))
        assert tables.count("social_accounts") == 0
        undone(api, first)
        assert tables.count("social_accounts") == 1


class TestLeftMailbox:
    """Ada moved away from a mailbox that Mallory reads now."""

    @pytest.fixture
    def factor(self, api: Api, tables: Tables) -> Factor:
        """Young, of an account whose owner was not proven: a reset alone would be a way past it."""
        factor = switched_on(api, tables)
        tables.run("UPDATE users SET owner_unproven = TRUE")
        change_address(api, factor.sign_in(), "ada@example.net", password=PASSWORD)
        return factor

    def test_is_no_way_past_a_factor_that_was_on_when_the_account_moved(
        self, api: Api, tables: Tables, factor: Factor
    ) -> None:
        undone(api, undo_token(api))
        chosen_anew(api)
        temp = password_of(api, NEW).json()["data"]["tempToken"]
        assert factor.finish(temp, factor.backup_codes[0]).status_code == 200

    def test_nor_when_the_factor_was_changed_since(self, api: Api, tables: Tables, factor: Factor) -> None:
        token = undo_token(api)
        access = finish_at(factor, "ada@example.net")
        body = {"password": PASSWORD}
        assert api.call("auth.two_factor.disable", body, headers=bearer(access)).status_code == 200
        undone(api, token)
        chosen_anew(api)
        assert factor.finish(password_of(api, NEW).json()["data"]["tempToken"], factor.backup_codes[0]).is_success

    def test_a_factor_that_came_after_goes(self, api: Api, tables: Tables) -> None:
        """It may be the thief's."""
        account(api, tables)
        change_address(api, api.sign_in(), MALLORY)
        tables.run("UPDATE users SET two_factor_enabled = TRUE, two_factor_enabled_at = now(), two_factor_secret = 'x'")
        undone(api, undo_token(api))
        chosen_anew(api)
        assert password_of(api, NEW).json()["data"].keys() == {"accessToken", "expiresIn"}


def finish_at(factor: Factor, email: str) -> str:
    """An access token of who signs in there."""
    temp = password_of(factor.api, email=email).json()["data"]["tempToken"]
    answer = factor.finish(temp, factor.code())
    factor.forget_last_step()
    return str(answer.json()["data"]["accessToken"])


class TestReset:
    def test_young_platforms_are_unlinked_and_told(self, api: Api, tables: Tables) -> None:
        user_id = account(api, tables)
        old = datetime.now(UTC) - timedelta(days=8)
        linked(tables, user_id, "apple", created_at=old)
        linked(tables, user_id, "instagram")
        linked(tables, user_id, "x")
        response = reset(api)
        assert response.json()["data"] == {"linkedPlatforms": ["apple"], "unlinkedPlatforms": ["x"]}
        text = api.mails(ADA)[0]["text"]
        assert "You can still sign in with: Apple." in text
        assert re.search(r"No longer linked.*7 days.*: X\.", text)
        assert [row[0] for row in links(tables)] == ["apple", "instagram"]
        (entry,) = audited(tables, "auth.reset_password.success")
        assert entry["details"] == {"standing": "apple", "unlinked": "x"}

    def test_the_age_is_the_admins_choice(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"auth.young_days": 0})
        linked(tables, account(api, tables), created_at=datetime.now(UTC) - timedelta(minutes=1))
        assert reset(api).json()["data"] == {"linkedPlatforms": ["google"], "unlinkedPlatforms": []}

    def test_undoing_it_links_none_of_them_again(self, api: Api, tables: Tables) -> None:
        """Who reset the password may be the owner, and who linked the platform and kept the link of a mail a thief."""
        linked(tables, account(api, tables))
        reset(api)
        assert links(tables) == []
        undone(api, undo_token(api))
        assert links(tables) == []


def test_a_changed_password_unlinks_young_platforms_as_a_reset_does(api: Api, tables: Tables) -> None:
    user_id = account(api, tables)
    linked(tables, user_id, "apple", created_at=datetime.now(UTC) - timedelta(days=8))
    linked(tables, user_id, "instagram")
    linked(tables, user_id, "x")
    body = {"currentPassword": PASSWORD, "newPassword": NEW}
    assert api.call("auth.passwords.change", body, headers=bearer(api.sign_in())).status_code == 200
    assert [row[0] for row in links(tables)] == ["apple", "instagram"]
    text = api.mails(ADA)[0]["text"]
    assert "You can still sign in with: Apple." in text
    assert re.search(r"No longer linked.*7 days.*: X\.", text)
    (entry,) = audited(tables, "auth.change_password.success")
    assert entry["details"] == {"standing": "apple", "unlinked": "x"}


def reset(api: Api, password: str = NEW, email: str = ADA) -> httpx.Response:
    api.server.work_off()
    assert api.call("auth.passwords.forgot", {"email": email}).status_code == 200
    texts = "".join(mail["text"] for mail in api.mails(email))
    newest, *_ = re.findall(r"reset-password\?token=([0-9a-f-]{36})", texts)
    response = api.call("auth.passwords.reset", {"token": newest, "newPassword": password})
    assert response.status_code == 200, response.text
    return response


class TestOpenedByAnother:
    """Mallory opens an account with Ada's address; Ada presses the button of a mail that she did not ask for."""

    def test_the_mail_says_how_it_was_opened(self, api: Api, tables: Tables) -> None:
        api.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        api.register()
        text = api.mails(ADA)[0]["text"]
        assert re.search(r"opened on [0-9-]{10} [0-9:]{5} UTC from Firefox", text)
        assert UNDO.search(text)

    def test_who_wants_none_takes_it_back(self, api: Api, server: Server, tables: Tables) -> None:
        api.register()
        verification, token = api.verification_token(), undo_token(api)
        undone(api, token)
        assert topics(tables) == ["email.verify_address"]
        assert code_of(password_of(api)) == "auth.login.invalid_credentials"
        assert code_of(api.call("auth.verify_email", {"token": verification})) == "auth.verify_email.invalid_token"
        assert tables.count("users") == 0
        assert api.register().status_code == 201

    def test_also_after_the_button_was_pressed(self, api: Api, server: Server, tables: Tables) -> None:
        access, token = self._plant(api, server, tables)
        undone(api, token)
        assert api.call("auth.me", headers=bearer(access)).status_code == 401
        row = user(tables)
        assert (row["email_verified"], row["two_factor_enabled"], row["phone"]) == (False, False, None)
        assert links(tables) == []
        assert code_of(password_of(api)) == "auth.login.invalid_credentials"

    @pytest.mark.parametrize("leaving", ["users.deactivate", "gdpr.delete"])
    def test_who_opened_it_keeps_no_address_by_leaving(self, api: Api, tables: Tables, leaving: str) -> None:
        api.register()
        token = undo_token(api)
        assert api.call("auth.verify_email", {"token": api.verification_token()}).status_code == 200
        body = {"password": PASSWORD} if leaving == "users.deactivate" else None
        assert api.call(leaving, body, headers=bearer(api.sign_in())).status_code == 200
        undone(api, token)
        assert (user(tables)["status"], user(tables)["email_verified"]) == ("ACTIVE", False)
        assert reset(api).status_code == 200
        assert password_of(api, NEW).status_code == 200

    def test_nothing_of_theirs_stays_after_a_reset(self, api: Api, server: Server, tables: Tables) -> None:
        access, _ = self._plant(api, server, tables)
        response = reset(api)
        assert response.json()["data"] == {"linkedPlatforms": [], "unlinkedPlatforms": ["google"]}
        assert api.call("auth.me", headers=bearer(access)).status_code == 401
        assert links(tables) == []
        assert tables.count("backup_codes") == 0
        assert user(tables)["phone"] is None
        assert password_of(api, NEW).json()["data"].keys() == {"accessToken", "expiresIn"}
        assert code_of(password_of(api)) == "auth.login.invalid_credentials"

    def test_nor_after_a_sign_in_through_who_keeps_the_mailbox(self, api: Api, server: Server, tables: Tables) -> None:
        access, _ = self._plant(api, server, tables)
        tables.run("UPDATE social_accounts SET platform = 'apple'")
        with opened(server) as platform:
            data = signed_in(api, told(platform, hd="example.com"))
        assert data["isNewUser"] is False
        assert api.call("auth.me", headers=bearer(access)).status_code == 401
        assert [(name, subject) for name, subject, _ in links(tables)] == [("google", "ada-at-platform")]
        assert user(tables)["password_hash"] is None
        assert tables.count("backup_codes") == 0

    def test_an_old_factor_stands_for_a_reset_is_no_way_past_it(self, api: Api, server: Server, tables: Tables) -> None:
        self._plant(api, server, tables)
        tables.run("UPDATE users SET two_factor_enabled_at = now() - interval '8 days'")
        reset(api)
        assert password_of(api, NEW).json()["data"]["requiresTwoFactor"] is True

    def test_who_shows_the_password_with_the_mail_keeps_all(self, api: Api, server: Server, tables: Tables) -> None:
        _, token = self._plant(api, server, tables, password=PASSWORD)
        tables.run("UPDATE social_accounts SET created_at = now() - interval '8 days'")
        refused(undo(api, token), *INVALID)
        assert reset(api).json()["data"] == {"linkedPlatforms": ["google"], "unlinkedPlatforms": []}
        assert password_of(api, NEW).json()["data"]["requiresTwoFactor"] is True

    @staticmethod
    def _plant(api: Api, server: Server, tables: Tables, **shown: str) -> tuple[str, str]:
        """A session of who opened the account and all ways back into it; and the link for who did not."""
        api.register()
        token, body = undo_token(api), {"token": api.verification_token()} | shown
        assert api.call("auth.verify_email", body).status_code == 200
        access = api.sign_in()
        with opened(server) as platform:
            assert link(api, told(platform, "mallory", email=MALLORY), access).status_code == 200
        verify_phone(api, access, "+12025550199")
        setup = api.call("auth.two_factor.setup", headers=bearer(access))
        factor = Factor.__new__(Factor)
        factor.api, factor.tables, factor.token = api, tables, access
        factor.user_id = tables.one("SELECT id FROM users")["id"]
        factor.secret = str(setup.json()["data"]["secret"])
        factor.enable()
        return factor.sign_in(), token


class TestMovedToAnothersAddress:
    """Mallory moves her account to Ada's address; Ada presses the button of a mail that she did not ask for."""

    @pytest.fixture
    def factor(self, api: Api, tables: Tables) -> Factor:
        """Of Mallory's account, which has a phone, a platform and a factor for a year."""
        factor = Factor(api, tables).enable()
        linked(tables, factor.user_id, created_at=datetime.now(UTC) - timedelta(days=365))
        tables.run("UPDATE users SET phone = '+12025550199', two_factor_enabled_at = now() - interval '1 year'")
        return factor

    @staticmethod
    def _session(factor: Factor) -> str:
        access = factor.sign_in()
        factor.tables.run("UPDATE users SET email = %s", MALLORY)
        return access

    def test_the_mail_says_which_account_asked(self, api: Api, tables: Tables) -> None:
        api.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        account(api, tables, MALLORY)
        move(api, api.sign_in(MALLORY))
        text = api.mails(ADA)[0]["text"]
        assert re.search(r"m\S*\*\S*@\S+ asked for this on [0-9-]{10} [0-9:]{5} UTC from Firefox", text)
        assert MALLORY not in text

    def test_the_button_alone_proves_no_owner(self, api: Api, tables: Tables) -> None:
        account(api, tables, MALLORY)
        assert moved(api, move(api, api.sign_in(MALLORY))).status_code == 200
        assert user(tables)["owner_unproven"] is True

    def test_the_former_address_may_want_it_back_after_a_reset_too(self, api: Api, tables: Tables) -> None:
        """For all that anybody can tell, Mallory is the owner, and Ada the thief who moved the account to herself."""
        account(api, tables, MALLORY)
        moved(api, move(api, api.sign_in(MALLORY)))
        token = undo_token(api, MALLORY)
        reset(api)
        assert user(tables)["email"] == ADA
        assert password_of(api, NEW).json()["data"].keys() == {"accessToken", "expiresIn"}
        undone(api, token)
        assert tables.one("SELECT email FROM users")["email"] == MALLORY
        assert "Your e-mail address was changed back" in {mail["subject"] for mail in api.mails(ADA)}

    def test_what_was_changed_since_is_undone_by_nobody_after_a_reset(self, api: Api, tables: Tables) -> None:
        """It would bring back what Mallory had set up."""
        account(api, tables, MALLORY)
        access = api.sign_in(MALLORY)
        moved(api, move(api, access))
        verify_phone(api, api.sign_in(), "+12025550199")
        token = undo_token(api)
        reset(api)
        refused(undo(api, token), *INVALID)

    def test_the_button_alone_moves_no_account_with_a_factor(self, api: Api, tables: Tables, factor: Factor) -> None:
        """Ada could never get past Mallory's."""
        token = move(api, self._session(factor))
        before = tables.fingerprints()
        response = moved(api, token)
        refused(response, 400, "validation.failed")
        assert broken_rules(response) == {("password", "required")}
        assert tables.changed_since(before) == set()
        assert tables.one("SELECT email FROM users")["email"] == MALLORY

    def test_nothing_from_before_leads_in_after_a_reset(self, api: Api, tables: Tables) -> None:
        user_id = account(api, tables, MALLORY, phone="+12025550199", phone_verified_at=LONG_AGO)
        linked(tables, user_id, created_at=LONG_AGO)
        moved(api, move(api, api.sign_in(MALLORY)))
        reset(api)
        assert (user(tables)["phone"], links(tables)) == (None, [])

    def test_who_shows_the_password_with_the_mail_keeps_all(self, api: Api, tables: Tables, factor: Factor) -> None:
        moved(api, move(api, self._session(factor)), password=PASSWORD)
        token = undo_token(api, MALLORY)
        assert reset(api).json()["data"]["linkedPlatforms"] == ["google"]
        assert password_of(api, NEW).json()["data"]["requiresTwoFactor"] is True
        undone(api, token)
        assert tables.one("SELECT email FROM users")["email"] == MALLORY

    def test_a_wrong_password_is_refused_and_keeps_the_token(self, api: Api, tables: Tables) -> None:
        account(api, tables, MALLORY)
        token = move(api, api.sign_in(MALLORY))
        before = tables.fingerprints()
        refused(moved(api, token, password="Wrong-Horse-7"), 400, "error.user.password_incorrect")
        assert tables.changed_since(before) == {"login_attempts", "audit_logs"}
        assert moved(api, token, password=PASSWORD).status_code == 200
        assert user(tables)["owner_unproven"] is False

    def test_an_account_without_a_password_has_none_to_show(self, api: Api, tables: Tables) -> None:
        account(api, tables, MALLORY)
        token = move(api, api.sign_in(MALLORY))
        tables.run("UPDATE users SET password_hash = NULL")
        refused(moved(api, token, password=PASSWORD), 400, "error.user.password_required")


def move(api: Api, access: str) -> str:
    """The token of the mail to Ada."""
    body = {"newEmail": ADA, "password": PASSWORD}
    assert api.call("users.emails.change", body, headers=bearer(access)).status_code == 200
    return api.verification_token(ADA)


def moved(api: Api, token: str, **shown: str) -> httpx.Response:
    return api.call("auth.verify_email_change", {"token": token} | shown)


class TestVerifyWithPassword:
    def test_a_wrong_one_is_refused_and_keeps_the_token(self, api: Api, tables: Tables) -> None:
        api.register()
        token = api.verification_token()
        before = tables.fingerprints()
        refused(verify(api, token, "Wrong-Horse-7"), 400, "error.user.password_incorrect")
        assert tables.changed_since(before) == {"login_attempts", "audit_logs"}
        assert verify(api, token, PASSWORD).status_code == 200
        assert user(tables)["owner_unproven"] is False

    def test_wrong_ones_are_counted_with_those_of_sessions(self, api: Api, tables: Tables) -> None:
        user_id = account(api, tables)
        headers, body = bearer(api.sign_in()), {"newEmail": MALLORY, "password": PASSWORD}
        assert api.call("users.emails.change", body, headers=headers).status_code == 200
        token, mailed = api.verification_token(MALLORY), uuid4()
        columns = {"token_hash": one_time_hash(mailed), "expires_at": datetime.now(UTC) + timedelta(hours=1)}
        insert(tables, "email_verifications", user_id=user_id, **columns)
        for _ in range(4):
            refused(moved(api, token, password="Wrong-Horse-7"), 400, "error.user.password_incorrect")
        refused(verify(api, str(mailed), "Wrong-Horse-7"), 400, "error.user.password_incorrect")
        assert len(audited(tables, "auth.password.failure")) == 5
        assert api.mails(ADA)[0]["subject"] == "Wrong passwords for your account"
        for answer in (moved(api, token, password=PASSWORD), verify(api, str(mailed), PASSWORD)):
            refused(answer, 429, "auth.password.locked")
        assert code_of(api.call("users.emails.change", body, headers=headers)) == "auth.password.locked"

    def test_without_it_the_owner_is_not_proven(self, api: Api, tables: Tables) -> None:
        api.sign_up()
        assert user(tables)["owner_unproven"] is True

    def test_an_account_of_a_platform_has_none(self, api: Api, server: Server, tables: Tables) -> None:
        with opened(server) as platform:
            body = told(platform, email_verified=False)
            refused(api.call("auth.oauth.login", body), 403, "auth.login.email_not_verified")
        refused(verify(api, api.verification_token(), PASSWORD), 400, "error.user.password_required")


def verify(api: Api, token: str, password: str) -> httpx.Response:
    return api.call("auth.verify_email", {"token": token, "password": password})


class TestOpenedThroughAPlatform:
    """The platform did not verify the address that it told."""

    @pytest.fixture
    def mailed(self, api: Api, server: Server) -> str:
        """The token that Ada was mailed when Mallory came with her address."""
        with opened(server) as platform:
            body = told(platform, "mallory", email_verified=False)
            refused(api.call("auth.oauth.login", body), 403, "auth.login.email_not_verified")
        text = api.mails(ADA)[0]["text"]
        assert "opened through Google" in text
        assert "Google is unlinked" in text
        return api.verification_token()

    def test_the_button_alone_makes_it_the_readers(self, api: Api, server: Server, tables: Tables, mailed: str) -> None:
        assert api.call("auth.verify_email", {"token": mailed}).status_code == 200
        assert links(tables) == []
        with opened(server) as platform:
            refused(
                api.call("auth.oauth.login", told(platform, "mallory", email_verified=False)),
                409,
                "auth.oauth.email_exists",
            )
        chosen_anew(api)
        assert password_of(api, NEW).status_code == 200
        assert user(tables)["owner_unproven"] is False

    def test_who_shows_the_mail_at_the_platform_keeps_it(
        self, api: Api, server: Server, tables: Tables, mailed: str
    ) -> None:
        with opened(server) as platform:
            body = told(platform, "mallory", email_verified=False) | {"verificationToken": mailed}
            assert signed_in(api, body)["isNewUser"] is False
        assert (user(tables)["email_verified"], user(tables)["owner_unproven"]) == (True, False)
        assert len(links(tables)) == 1

    def test_the_mail_of_another_account_proves_nothing(
        self, api: Api, server: Server, tables: Tables, mailed: str
    ) -> None:
        api.register("eve@example.com")
        other = api.verification_token("eve@example.com")
        with opened(server) as platform:
            body = told(platform, "mallory", email_verified=False) | {"verificationToken": other}
            refused(api.call("auth.oauth.login", body), 400, "auth.verify_email.invalid_token")
        assert user(tables)["email_verified"] is False
        assert api.call("auth.verify_email", {"token": other}).status_code == 200

    def test_a_mail_that_is_sent_again_says_so_too(self, api: Api, tables: Tables, mailed: str) -> None:
        api.call("auth.resend_verification", {"email": ADA})
        assert "opened through Google" in api.mails(ADA)[0]["text"]

    def test_nothing_can_be_added_before_the_address_is_proven(
        self, api: Api, server: Server, tables: Tables, mailed: str
    ) -> None:
        with opened(server) as platform:
            body = told(platform, "mallory-at-apple", email_verified=False) | {"provider": "apple"}
            refused(api.call("auth.oauth.login", body), 409, "auth.oauth.email_exists")
        assert (tables.count("sessions"), len(links(tables))) == (0, 1)


class TestNotAuthoritative:
    def test_an_address_that_a_platform_verified_once_takes_no_account(
        self, api: Api, server: Server, tables: Tables
    ) -> None:
        account(api, tables)
        with opened(server) as platform:
            before = tables.fingerprints()
            for body in (told(platform), told(platform) | {"provider": "apple"}):
                refused(api.call("auth.oauth.login", body), 409, "auth.oauth.email_exists")
            assert tables.changed_since(before) == set()

    def test_an_account_opened_so_is_the_readers_after_a_reset(self, api: Api, server: Server, tables: Tables) -> None:
        with opened(server) as platform:
            signed_in(api, told(platform))
            tables.run("UPDATE social_accounts SET created_at = now() - interval '1 year'")
            assert reset(api).json()["data"] == {"linkedPlatforms": [], "unlinkedPlatforms": ["google"]}
            refused(api.call("auth.oauth.login", told(platform)), 409, "auth.oauth.email_exists")

    def test_linking_a_platform_that_keeps_the_mailbox_proves_the_owner(
        self, api: Api, server: Server, tables: Tables
    ) -> None:
        api.sign_up()
        with opened(server) as platform:
            assert link(api, told(platform, hd="example.com"), api.sign_in()).status_code == 200
        assert user(tables)["owner_unproven"] is False
