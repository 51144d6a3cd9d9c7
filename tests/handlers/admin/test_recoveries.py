"""Requests to recover an account: who may make one, how its owner stops it, and what it does in the end."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.admin.recoveries import recovery_view
from tests.handlers.auth.test_changes import NEW, undo_token, undone
from tests.handlers.auth.test_two_factor import Factor
from tests.handlers.support import account, audited, change, insert, tombstone, topics
from tests.harness import PASSWORD, TOKEN, Api, Server, Tables, bearer, broken_rules, code_of
from tests.staff import Hired, grant, hired, member

ADA, ELSEWHERE, PHONE = "ada@example.com", "ada@example.org", "+14155550123"
EVIDENCE = "Passport and face matched in a video call."
REASON = "The owner wrote to support."
STOP = re.compile(r"/stop-recovery\?token=([0-9a-f-]{36})&lang=en")
CONFIRM = re.compile(r"/confirm-recovery\?token=([0-9a-f-]{36})&lang=en")
FACTOR: dict[str, Any] = {"two_factor_enabled": True, "two_factor_secret": "sealed"}


@pytest.fixture
def admin(server: Server) -> Hired:
    return member(server, "ADMIN")


def reset(api: Api, caller: Hired, user_id: Any, **fields: Any) -> httpx.Response:
    body = {"evidence": EVIDENCE, "reason": REASON} | fields
    path = f"/admin/users/{user_id}/two-factor/reset"
    return api.call("admin.recoveries.reset_two_factor", body, path=path, headers=caller.headers)


def move(api: Api, caller: Hired, user_id: Any, email: str = ELSEWHERE, **fields: Any) -> httpx.Response:
    body = {"newEmail": email, "evidence": EVIDENCE, "reason": REASON} | fields
    path = f"/admin/users/{user_id}/email"
    return api.call("admin.recoveries.change_email", body, path=path, headers=caller.headers)


def cancel(api: Api, caller: Hired, request_id: Any) -> httpx.Response:
    path = f"/admin/recoveries/{request_id}/cancel"
    return api.call("admin.recoveries.cancel", {"reason": REASON}, path=path, headers=caller.headers)


def token_of(mail: dict[str, Any], link: re.Pattern[str]) -> str:
    match = link.search(mail["text"])
    assert match is not None
    return match[1]


def stop(api: Api, token: str) -> httpx.Response:
    return api.call("auth.recoveries.stop", {"token": token})


def stop_token(api: Api, to: str = ADA) -> str:
    return token_of(api.mails(to)[0], STOP)


def confirm(api: Api, email: str = ELSEWHERE) -> httpx.Response:
    """By the link that was mailed to the new address."""
    return api.call("auth.recoveries.confirm", {"token": token_of(api.mails(email)[0], CONFIRM)})


def make_due(tables: Tables, ago: str = "1 second") -> None:
    tables.run("UPDATE recovery_requests SET effective_at = now() - %s::interval WHERE state = 'PENDING'", ago)


def settle(server: Server, tables: Tables) -> None:
    """As if the delay had passed."""
    make_due(tables)
    server.let_time_come("recoveries.sweep")


def states(tables: Tables) -> list[str]:
    return [row["state"] for row in tables.rows("SELECT state FROM recovery_requests ORDER BY created_at")]


def user(tables: Tables, user_id: Any) -> dict[str, Any]:
    return tables.one("SELECT * FROM users WHERE id = %s", user_id)


class TestResetTwoFactor:
    def test_waits_for_a_day(self, api: Api, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables, **FACTOR)
        answer = reset(api, admin, user_id)
        told = answer.json()["data"]
        assert answer.status_code == 201
        assert (told["userId"], told["kind"], told["state"]) == (str(user_id), "TWO_FACTOR", "PENDING")
        assert (told["evidence"], told["requestedBy"], told["newEmail"]) == (EVIDENCE, str(admin.id), None)
        left = datetime.fromisoformat(told["effectiveAt"]) - datetime.now(UTC)
        assert timedelta(hours=23, minutes=55) < left <= timedelta(hours=24)
        api.server.let_time_come("recoveries.sweep")
        assert (states(tables), user(tables, user_id)["two_factor_enabled"]) == (["PENDING"], True)

    def test_the_delay_is_an_owners(self, api: Api, server: Server, tables: Tables, admin: Hired) -> None:
        server.configure(**{"admin.recovery_delay_hours": 72})
        told = reset(api, admin, account(api, tables, **FACTOR)).json()["data"]
        assert datetime.fromisoformat(told["effectiveAt"]) - datetime.now(UTC) > timedelta(hours=71)

    def test_is_recorded_without_evidence(self, api: Api, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables, **FACTOR)
        request = reset(api, admin, user_id).json()["data"]["id"]
        (row,) = audited(tables, "admin.recoveries.reset_two_factor")
        assert (row["actor_id"], row["target_id"], row["reason"]) == (admin.id, str(user_id), REASON)
        assert row["after"] == {"request": request, "kind": "TWO_FACTOR", "state": "PENDING"}

    def test_the_owner_is_told_by_mail_and_message(self, api: Api, tables: Tables, admin: Hired) -> None:
        proven: dict[str, Any] = {"phone": PHONE, "phone_verified_at": datetime.now(UTC)}
        answer = reset(api, admin, account(api, tables, **FACTOR, **proven))
        (mail,), (message,) = api.mails(ADA), api.mails(PHONE)
        assert token_of(mail, STOP) == token_of(message, STOP)
        assert token_of(mail, STOP) not in answer.text

    def test_a_phone_that_nobody_proved_gets_nothing(self, api: Api, tables: Tables, admin: Hired) -> None:
        reset(api, admin, account(api, tables, **FACTOR, phone=PHONE))
        assert "sms.recovery_requested" not in topics(tables)

    def test_no_token_is_kept_in_clear(self, api: Api, tables: Tables, admin: Hired) -> None:
        reset(api, admin, account(api, tables, **FACTOR))
        kept = str(tables.rows("SELECT * FROM recovery_requests")) + str(tables.rows("SELECT payload FROM outbox"))
        kept += str(tables.rows("SELECT * FROM audit_logs"))
        assert stop_token(api) not in kept

    def test_there_is_one_at_a_time(self, api: Api, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables, **FACTOR)
        reset(api, admin, user_id)
        refused = reset(api, admin, user_id)
        assert (refused.status_code, code_of(refused)) == (409, "admin.recovery.already_pending")
        assert move(api, admin, user_id).status_code == 201

    def test_of_many_at_once_one_is_made(self, server: Server, api: Api, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables, **FACTOR)

        def ask(_: int) -> int:
            with server.client() as client:
                return reset(client, admin, user_id).status_code

        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(ask, range(8))) == [201] + [409] * 7

    def test_what_was_stopped_rests(self, api: Api, server: Server, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables, **FACTOR)
        reset(api, admin, user_id)
        stop(api, stop_token(api))
        refused = reset(api, admin, user_id)
        assert (refused.status_code, code_of(refused)) == (409, "admin.recovery.stopped")
        tables.run("UPDATE recovery_requests SET ended_at = now() - interval '31 days'")
        assert reset(api, admin, user_id).status_code == 201

    def test_who_has_no_factor_needs_none(self, api: Api, tables: Tables, admin: Hired) -> None:
        assert code_of(reset(api, admin, account(api, tables))) == "auth.2fa.not_enabled"

    @pytest.mark.parametrize("status", ["SUSPENDED", "BANNED", "DEACTIVATED"])
    def test_of_an_account_that_is_not_active(self, api: Api, tables: Tables, admin: Hired, status: str) -> None:
        user_id = account(api, tables, **FACTOR, status=status)
        refused = reset(api, admin, user_id)
        assert (refused.status_code, code_of(refused)) == (409, "admin.recovery.not_active")
        assert refused.json()["error"]["i18nVars"] == {"status": status}

    def test_of_nobody_or_an_erased_one(self, api: Api, tables: Tables, admin: Hired) -> None:
        for user_id in (uuid4(), account(api, tables, **FACTOR, status="DELETED")):
            assert code_of(reset(api, admin, user_id)) == "admin.not_found"
            assert code_of(move(api, admin, user_id)) == "admin.not_found"

    def test_of_staff_takes_an_owner(self, api: Api, server: Server, tables: Tables, admin: Hired) -> None:
        other = member(server, "SUPPORT")
        assert code_of(reset(api, admin, other.id)) == "admin.user.is_staff"
        assert code_of(move(api, admin, other.id)) == "admin.user.is_staff"
        assert reset(api, member(server, "OWNER"), other.id).status_code == 201

    @pytest.mark.parametrize("role", ["SUPPORT", "MODERATOR", "AUDITOR"])
    def test_by_whom_it_may_not(self, api: Api, server: Server, tables: Tables, role: str) -> None:
        user_id = account(api, tables, **FACTOR)
        assert code_of(reset(api, member(server, role), user_id)) == "admin.permission_denied"

    def test_needs_evidence_and_a_reason(self, api: Api, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables, **FACTOR)
        refused = reset(api, admin, user_id, evidence="He said so", reason="  ok  ")
        assert broken_rules(refused) == {("reason", "minLength")}
        assert broken_rules(reset(api, admin, user_id, evidence="x" * 2001)) == {("evidence", "maxLength")}


class TestChangeEmail:
    def test_both_addresses_are_told(self, api: Api, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables)
        answer = move(api, admin, user_id)
        told = answer.json()["data"]
        assert (answer.status_code, told["newEmail"], told["provenAt"]) == (201, ELSEWHERE, None)
        (present,), (new,) = api.mails(ADA), api.mails(ELSEWHERE)
        stopping, proving = token_of(present, STOP), token_of(new, CONFIRM)
        assert stopping != proving
        assert "a***@e***.org" in present["text"]
        assert "a***@e***.com" in new["text"]
        assert not {stopping, proving} & set(re.findall(r"[0-9a-f-]{36}", answer.text))

    def test_refuses_what_cannot_be_had(self, api: Api, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables)
        account(api, tables, "eve@example.com")
        assert code_of(move(api, admin, user_id, ADA)) == "error.user.email_same"
        assert code_of(move(api, admin, user_id, "eve@example.com")) == "auth.register.email_exists"
        assert code_of(move(api, admin, user_id, "ada@mailinator.com")) == "auth.register.invalid_email"
        assert broken_rules(move(api, admin, user_id, "nonsense"))

    def test_refuses_one_of_an_erased_account(self, api: Api, server: Server, tables: Tables, admin: Hired) -> None:
        insert(tables, "users", email=tombstone(server, ELSEWHERE), status="DELETED")
        refused = move(api, admin, account(api, tables))
        assert code_of(refused) == "auth.register.account_previously_deleted"

    def test_there_is_one_at_a_time(self, api: Api, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables)
        move(api, admin, user_id)
        assert code_of(move(api, admin, user_id, "ada@example.net")) == "admin.recovery.already_pending"
        stop(api, stop_token(api))
        assert code_of(move(api, admin, user_id)) == "admin.recovery.stopped"

    def test_of_an_account_that_is_not_active(self, api: Api, tables: Tables, admin: Hired) -> None:
        assert code_of(move(api, admin, account(api, tables, status="BANNED"))) == "admin.recovery.not_active"


class TestList:
    def test_is_walked_the_newest_first(self, api: Api, tables: Tables, admin: Hired) -> None:
        ids = [account(api, tables, f"{name}@example.com", **FACTOR) for name in ("ada", "eve", "joe")]
        made = [reset(api, admin, user_id).json()["data"]["id"] for user_id in ids]
        seen, cursor = [], None
        while True:
            params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            data = api.call("admin.recoveries.list", params=params, headers=admin.headers).json()["data"]
            seen += [row["id"] for row in data["items"]]
            cursor = data["nextCursor"]
            if cursor is None:
                break
        assert seen == made[::-1]

    def test_is_narrowed(self, api: Api, tables: Tables, admin: Hired) -> None:
        ada, eve = account(api, tables, **FACTOR), account(api, tables, "eve@example.com", **FACTOR)
        for user_id in (ada, eve):
            reset(api, admin, user_id)
        stop(api, stop_token(api))
        for params, found in (({"state": "STOPPED"}, ada), ({"userId": str(eve)}, eve)):
            items = api.call("admin.recoveries.list", params=params, headers=admin.headers).json()["data"]["items"]
            assert [row["userId"] for row in items] == [str(found)]

    def test_a_cursor_of_another_filter_is_refused(self, api: Api, tables: Tables, admin: Hired) -> None:
        for name in ("ada", "eve"):
            reset(api, admin, account(api, tables, f"{name}@example.com", **FACTOR))
        first = api.call("admin.recoveries.list", params={"limit": 1}, headers=admin.headers).json()["data"]
        params = {"state": "PENDING", "cursor": first["nextCursor"]}
        refused = api.call("admin.recoveries.list", params=params, headers=admin.headers)
        assert code_of(refused) == "admin.cursor_invalid"


class TestCancel:
    def test_ends_it_and_tells_the_owner(self, api: Api, server: Server, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables, **FACTOR)
        request = reset(api, admin, user_id).json()["data"]["id"]
        token = stop_token(api)
        told = cancel(api, admin, request).json()["data"]
        assert (told["state"], told["endedAt"] is not None) == ("CANCELLED", True)
        assert "has ended" in api.mails(ADA)[0]["subject"]
        assert code_of(stop(api, token)) == "auth.recovery.invalid_token"
        settle(server, tables)
        assert user(tables, user_id)["two_factor_enabled"]
        assert reset(api, admin, user_id).status_code == 201

    def test_what_ended_stays(self, api: Api, tables: Tables, admin: Hired) -> None:
        request = reset(api, admin, account(api, tables, **FACTOR)).json()["data"]["id"]
        cancel(api, admin, request)
        refused = cancel(api, admin, request)
        assert (refused.status_code, code_of(refused)) == (400, "admin.transition_invalid")
        assert refused.json()["error"]["i18nVars"] == {"from": "CANCELLED", "to": "CANCELLED"}

    def test_one_that_never_was(self, api: Api, admin: Hired) -> None:
        assert code_of(cancel(api, admin, uuid4())) == "admin.not_found"


class TestEffect:
    def test_the_factor_goes_with_codes_and_sessions(self, api: Api, server: Server, tables: Tables) -> None:
        factor = Factor(api, tables).enable()
        access = factor.sign_in()
        admin = member(server, "ADMIN")
        reset(api, admin, factor.user_id)
        settle(server, tables)
        assert states(tables) == ["DONE"]
        row = user(tables, factor.user_id)
        assert (row["two_factor_enabled"], row["two_factor_secret"]) == (False, None)
        assert tables.count("backup_codes") == 0
        assert api.call("auth.me", headers=bearer(access)).status_code == 401
        assert api.call("admin.me", headers=admin.headers).status_code == 200
        signed = api.call("auth.login", {"email": ADA, "password": PASSWORD}).json()["data"]
        assert signed.keys() == {"accessToken", "expiresIn"}
        (entry,) = audited(tables, "admin.recoveries.effect")
        assert (entry["actor_id"], entry["target_id"]) == (None, str(factor.user_id))

    def test_the_owner_takes_it_back(self, api: Api, server: Server, tables: Tables) -> None:
        factor = Factor(api, tables).enable()
        reset(api, member(server, "ADMIN"), factor.user_id)
        settle(server, tables)
        undone(api, undo_token(api))
        assert user(tables, factor.user_id)["two_factor_enabled"]
        assert tables.count("backup_codes") == len(factor.backup_codes)

    def test_an_address_waits_for_its_proof(self, api: Api, server: Server, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables)
        move(api, admin, user_id)
        settle(server, tables)
        assert (states(tables), user(tables, user_id)["email"]) == (["PENDING"], ADA)
        assert confirm(api).status_code == 200
        server.let_time_come("recoveries.sweep")
        assert (states(tables), user(tables, user_id)["email"]) == (["DONE"], ELSEWHERE)

    def test_a_proof_alone_opens_nothing(self, api: Api, server: Server, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables)
        move(api, admin, user_id)
        confirm(api)
        server.let_time_come("recoveries.sweep")
        api.call("auth.passwords.forgot", {"email": ELSEWHERE})
        assert (states(tables), user(tables, user_id)["email"], len(api.mails(ELSEWHERE))) == (["PENDING"], ADA, 1)

    def test_an_address_that_nobody_proves_is_given_up(
        self, api: Api, server: Server, tables: Tables, admin: Hired
    ) -> None:
        move(api, admin, account(api, tables))
        make_due(tables, "8 days")
        server.let_time_come("recoveries.sweep")
        assert states(tables) == ["VOID"]
        assert "has ended" in api.mails(ADA)[0]["subject"]

    def test_the_account_moves_and_its_factor_stays(self, api: Api, server: Server, tables: Tables) -> None:
        factor = Factor(api, tables).enable()
        access = factor.sign_in()
        move(api, member(server, "ADMIN"), factor.user_id)
        confirm(api)
        settle(server, tables)
        row = user(tables, factor.user_id)
        assert (row["email"], row["email_verified"], row["owner_unproven"]) == (ELSEWHERE, True, False)
        assert row["two_factor_enabled"]
        assert api.call("auth.me", headers=bearer(access)).status_code == 401
        assert "now has this address" in api.mails(ELSEWHERE)[0]["subject"]
        api.call("auth.passwords.forgot", {"email": ELSEWHERE})
        match = TOKEN.search(api.mails(ELSEWHERE)[0]["text"])
        assert match is not None
        chosen = api.call("auth.passwords.reset", {"token": match[1], "newPassword": NEW})
        assert chosen.status_code == 200
        signed = api.call("auth.login", {"email": ELSEWHERE, "password": NEW}).json()["data"]
        assert signed.keys() == {"requiresTwoFactor", "tempToken"}

    @pytest.mark.parametrize("columns", [{"owner_unproven": True}, {"email_verified": False}])
    def test_who_was_never_proven_is_not_by_it(
        self, api: Api, server: Server, tables: Tables, admin: Hired, columns: dict[str, Any]
    ) -> None:
        user_id = account(api, tables, **columns)
        move(api, admin, user_id)
        confirm(api)
        settle(server, tables)
        row = user(tables, user_id)
        assert (row["email"], row["email_verified"], row["owner_unproven"]) == (ELSEWHERE, True, True)

    def test_the_former_address_takes_it_back(self, api: Api, server: Server, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables)
        move(api, admin, user_id)
        confirm(api)
        settle(server, tables)
        # Until then nobody else gets the former address.
        assert code_of(api.register(ADA)) == "auth.register.email_exists"
        undone(api, undo_token(api))
        assert user(tables, user_id)["email"] == ADA

    def test_an_address_that_another_took_meanwhile(
        self, api: Api, server: Server, tables: Tables, admin: Hired
    ) -> None:
        user_id = account(api, tables)
        move(api, admin, user_id)
        confirm(api)
        account(api, tables, ELSEWHERE)
        settle(server, tables)
        assert (states(tables), user(tables, user_id)["email"]) == (["VOID"], ADA)

    def test_one_that_waits_to_be_verified_gives_way(
        self, api: Api, server: Server, tables: Tables, admin: Hired
    ) -> None:
        user_id = account(api, tables)
        move(api, admin, user_id)
        confirm(api)
        account(api, tables, ELSEWHERE, email_verified=False)
        settle(server, tables)
        assert (states(tables), user(tables, user_id)["email"]) == (["DONE"], ELSEWHERE)

    def test_who_lost_both_gets_both(self, api: Api, server: Server, tables: Tables) -> None:
        factor, admin = Factor(api, tables).enable(), member(server, "ADMIN")
        reset(api, admin, factor.user_id)
        move(api, admin, factor.user_id)
        confirm(api)
        settle(server, tables)
        row = user(tables, factor.user_id)
        assert (states(tables), row["email"], row["two_factor_enabled"]) == (["DONE", "DONE"], ELSEWHERE, False)


class TestVoid:
    """What shows that a request is needless, or that it must not take effect."""

    def judged(self, server: Server, tables: Tables, user_id: Any) -> list[str]:
        """Before its time, within a minute."""
        server.let_time_come("recoveries.sweep")
        assert user(tables, user_id)["two_factor_enabled"]
        return states(tables)

    def test_the_owner_signs_in_with_the_factor(self, api: Api, server: Server, tables: Tables) -> None:
        factor = Factor(api, tables).enable()
        reset(api, member(server, "ADMIN"), factor.user_id)
        token = stop_token(api)
        factor.finish(factor.start_sign_in(), factor.code())
        assert self.judged(server, tables, factor.user_id) == ["VOID"]
        assert code_of(stop(api, token)) == "auth.recovery.invalid_token"
        assert "has ended" in api.mails(ADA)[0]["subject"]

    def test_the_owner_shows_the_factor_in_a_session(self, api: Api, server: Server, tables: Tables) -> None:
        factor = Factor(api, tables).enable()
        access = factor.sign_in()
        reset(api, member(server, "ADMIN"), factor.user_id)
        body = {"password": PASSWORD, "code": factor.backup_codes[0]}
        assert api.call("auth.confirmation.confirm", body, headers=bearer(access)).status_code == 200
        assert self.judged(server, tables, factor.user_id) == ["VOID"]

    def test_the_owner_renews_the_backup_codes(self, api: Api, server: Server, tables: Tables) -> None:
        factor = Factor(api, tables).enable()
        access = factor.sign_in()
        reset(api, member(server, "ADMIN"), factor.user_id)
        body = {"code": factor.code()}
        answer = api.call("auth.two_factor.regenerate_backup_codes", body, headers=bearer(access))
        assert answer.status_code == 200
        assert self.judged(server, tables, factor.user_id) == ["VOID"]

    def test_a_right_password_alone_is_no_sign_in(self, api: Api, server: Server, tables: Tables) -> None:
        factor = Factor(api, tables).enable()
        reset(api, member(server, "ADMIN"), factor.user_id)
        factor.start_sign_in()
        assert self.judged(server, tables, factor.user_id) == ["PENDING"]

    def test_the_owner_resets_the_password_by_the_former_address(
        self, api: Api, server: Server, tables: Tables, admin: Hired
    ) -> None:
        user_id = account(api, tables)
        move(api, admin, user_id)
        api.call("auth.passwords.forgot", {"email": ADA})
        match = TOKEN.search(api.mails(ADA)[0]["text"])
        assert match is not None
        assert api.call("auth.passwords.reset", {"token": match[1], "newPassword": NEW}).status_code == 200
        confirm(api)
        settle(server, tables)
        assert (states(tables), user(tables, user_id)["email"]) == (["VOID"], ADA)

    def test_the_owner_signs_in(self, api: Api, server: Server, tables: Tables, admin: Hired) -> None:
        move(api, admin, account(api, tables))
        api.sign_in()
        confirm(api)
        settle(server, tables)
        assert states(tables) == ["VOID"]

    @pytest.mark.parametrize("status", ["SUSPENDED", "BANNED", "DEACTIVATED"])
    def test_the_account_is_not_active_any_more(
        self, api: Api, server: Server, tables: Tables, admin: Hired, status: str
    ) -> None:
        user_id = account(api, tables, **FACTOR)
        reset(api, admin, user_id)
        change(tables, "users", user_id, status=status)
        settle(server, tables)
        assert (states(tables), user(tables, user_id)["two_factor_enabled"]) == (["VOID"], True)

    def test_who_asked_is_no_staff_any_more(self, api: Api, server: Server, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables, **FACTOR)
        reset(api, admin, user_id)
        tables.run("DELETE FROM staff_roles")
        settle(server, tables)
        assert (states(tables), user(tables, user_id)["two_factor_enabled"]) == (["VOID"], True)

    def test_the_account_became_staff(self, api: Api, server: Server, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables, **FACTOR)
        reset(api, admin, user_id)
        grant(server, user_id, "SUPPORT")
        settle(server, tables)
        assert (states(tables), user(tables, user_id)["two_factor_enabled"]) == (["VOID"], True)


class TestRace:
    def test_stops_beside_the_effect(self, api: Api, server: Server, tables: Tables, admin: Hired) -> None:
        """Twenty at once, half of them stop, half of them let the time come: one of both holds, and for good."""
        won = set()
        for number in range(6):
            email = f"ada{number}@example.com"
            user_id = account(api, tables, email, **FACTOR)
            request = reset(api, admin, user_id).json()["data"]["id"]
            token = stop_token(api, email)
            make_due(tables)
            payload = {"request": request}

            def run(turn: int, token: str = token, payload: dict[str, str] = payload) -> int:
                with server.client() as client:
                    if turn % 2:
                        return stop(client, token).status_code
                    with Tables(server.database_url) as own:
                        insert(own, "outbox", topic="recoveries.settle", payload=payload)
                    server.work_off()
                    return 0

            with ThreadPoolExecutor(20) as pool:
                told = set(pool.map(run, range(number, number + 20))) - {0}
            row = tables.one("SELECT * FROM recovery_requests WHERE id = %s", UUID(request))
            kept = user(tables, user_id)["two_factor_enabled"]
            assert (row["state"], kept) in {("STOPPED", True), ("DONE", False)}
            assert told == ({200} if kept else {400})
            won.add(row["state"])
        assert won <= {"STOPPED", "DONE"}


class TestHousekeeping:
    def test_old_requests_are_forgotten(self, api: Api, server: Server, tables: Tables, admin: Hired) -> None:
        first, second = (account(api, tables, f"{name}@example.com", **FACTOR) for name in ("ada", "eve"))
        cancel(api, admin, reset(api, admin, first).json()["data"]["id"])
        reset(api, admin, second)
        tables.run("UPDATE recovery_requests SET created_at = now() - interval '366 days'")
        server.let_time_come("housekeeping.forget_sessions")
        assert states(tables) == ["PENDING"]


def test_addresses_are_masked_for_whom_may_not_see_them() -> None:
    class Row:
        id = user_id = requested_by = uuid4()
        kind, state, evidence, reason = "EMAIL", "PENDING", EVIDENCE, REASON
        new_email = ELSEWHERE
        created_at = effective_at = datetime.now(UTC)
        proven_at = ended_at = None

    assert recovery_view(Row, unmasked=False)["newEmail"] == "a***@e***.org"
    assert recovery_view(Row, unmasked=True)["newEmail"] == ELSEWHERE


def test_nobody_without_a_role_learns_of_requests(api: Api, server: Server) -> None:
    answer = api.call("admin.recoveries.list", headers=hired(server))
    assert code_of(answer) == "auth.forbidden"
