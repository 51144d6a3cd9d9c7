"""Whoever takes a token holds its account first, as all do who void tokens of an account: nobody deadlocks."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from tests.contract.scenario import Act, calling, of_creators
from tests.handlers.admin.test_recoveries import CONFIRM, ELSEWHERE, FACTOR, stop, stop_token, token_of
from tests.handlers.admin.test_recoveries import move as ask_to_move
from tests.handlers.admin.test_recoveries import reset as ask_to_reset
from tests.handlers.auth.test_changes import switched_on, undo, undo_token
from tests.handlers.auth.test_passwords import NEW, reset_token
from tests.handlers.auth.test_reactivation import deactivated
from tests.handlers.auth.test_refresh import refresh, rotated
from tests.handlers.gdpr.test_delete import leaving
from tests.handlers.support import account, until, waiting_for_locks
from tests.handlers.users.test_emails import change_token
from tests.harness import PASSWORD, Api, Server, Tables, bearer
from tests.staff import member

PHONE = {"phone": "+905551112212", "purpose": "verify-phone-profile"}


def verify(api: Api, tables: Tables) -> Act:
    assert api.register().status_code == 201
    token = api.verification_token()
    return lambda: api.call("auth.verify_email", {"token": token})


def reset(api: Api, tables: Tables) -> Act:
    account(api, tables)
    token = reset_token(api)
    return lambda: api.call("auth.passwords.reset", {"token": token, "newPassword": NEW})


def reset_signed_in(api: Api, tables: Tables) -> Act:
    act = reset(api, tables)
    api.sign_in()
    return act


def change_email(api: Api, tables: Tables) -> Act:
    account(api, tables)
    token = change_token(api, api.sign_in())
    return lambda: api.call("auth.verify_email_change", {"token": token})


def reactivate(api: Api, tables: Tables) -> Act:
    token = deactivated(api, tables)
    return lambda: api.call("users.reactivate", {"token": token})


def cancel(api: Api, tables: Tables) -> Act:
    headers = {"X-Reactivate-Token": leaving(api, tables)}
    return lambda: api.call("gdpr.cancel_deletion", headers=headers)


def verify_code(api: Api, tables: Tables) -> Act:
    account(api, tables)
    sent = api.call("auth.otp.send", PHONE, headers=bearer(api.sign_in()))
    code = re.search(r"[0-9]{6}", api.mails(PHONE["phone"])[0]["text"])
    assert code is not None
    answer = {"challengeId": sent.json()["data"]["challengeId"], "code": code[0]}
    return lambda: api.call("auth.otp.verify", answer)


def send_code(api: Api, tables: Tables) -> Act:
    account(api, tables)
    headers = bearer(api.sign_in())
    assert api.call("auth.otp.send", PHONE, headers=headers).status_code == 200
    return lambda: api.call("auth.otp.send", PHONE, headers=headers)


def stale_refresh(api: Api, tables: Tables) -> Act:
    """By a token that two rotations left behind."""
    account(api, tables)
    api.sign_in()
    stolen = api.cookies["biore_refresh"]
    rotated(api, rotated(api, stolen))
    return lambda: refresh(api, body=stolen)


def end_sessions(api: Api, tables: Tables) -> Act:
    account(api, tables)
    api.sign_in()
    headers = bearer(api.sign_in())
    return lambda: api.call("auth.sessions.revoke_all", headers=headers)


def sign_out(api: Api, tables: Tables) -> Act:
    account(api, tables)
    api.sign_in()
    return lambda: api.call("auth.logout")


def change_password(api: Api, tables: Tables) -> Act:
    account(api, tables)
    api.sign_in()
    headers = bearer(api.sign_in())
    body = {"currentPassword": PASSWORD, "newPassword": NEW}
    return lambda: api.call("auth.passwords.change", body, headers=headers)


def undo_change(api: Api, tables: Tables) -> Act:
    switched_on(api, tables)
    token = undo_token(api)
    return lambda: undo(api, token)


def stop_recovery(api: Api, tables: Tables) -> Act:
    ask_to_reset(api, member(api.server, "ADMIN"), account(api, tables, **FACTOR))
    token = stop_token(api)
    return lambda: stop(api, token)


def confirm_recovery(api: Api, tables: Tables) -> Act:
    ask_to_move(api, member(api.server, "ADMIN"), account(api, tables))
    token = token_of(api.mails(ELSEWHERE)[0], CONFIRM)
    return lambda: api.call("auth.recoveries.confirm", {"token": token})


def sign_in_again(api: Api, tables: Tables) -> Act:
    account(api, tables)
    api.sign_in()
    return lambda: api.call("auth.login", {"email": "ada@example.com", "password": PASSWORD})


@pytest.mark.parametrize("table", ["known_devices", "sessions"])
@pytest.mark.parametrize(
    ("prepare", "status"),
    [
        (stale_refresh, 401),
        (end_sessions, 200),
        (sign_out, 200),
        (change_password, 200),
        (reset_signed_in, 200),
        (undo_change, 200),
        (sign_in_again, 200),
    ],
)
def test_devices_and_sessions_are_free_while_the_account_is_awaited(
    api: Api, server: Server, tables: Tables, prepare: Callable[[Api, Tables], Act], status: int, table: str
) -> None:
    response = awaiting_the_account(server, tables, prepare(api, tables), table)
    assert response.status_code == status, response.text


def by_session(api: Api, tables: Tables) -> Act:
    account(api, tables)
    headers = bearer(api.sign_in())
    tables.run("UPDATE users SET status = 'DEACTIVATED'")
    return lambda: api.call("users.reactivate", headers=headers)


@pytest.mark.parametrize(
    "prepare",
    [
        calling("users.update_profile", {"bio": "Of numbers"}),
        calling("users.avatars.change", {"avatarUrl": "https://cdn.bio.re/avatars/new.webp"}),
        calling("users.usernames.change", {"username": "countess"}),
        calling("users.deactivate", {"password": PASSWORD}),
        calling("gdpr.delete"),
        by_session,
        undo_change,
    ],
)
def test_the_page_is_free_while_the_account_is_awaited(
    api: Api, server: Server, tables: Tables, prepare: Callable[[Api, Tables], Act]
) -> None:
    response = awaiting_the_account(server, tables, of_creators(prepare)(api, tables), "bio_pages")
    assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    ("prepare", "table"),
    [
        (verify_code, "challenges"),
        (send_code, "sms_budgets"),  # whoever shows a code counts there, too, while the account is held
        (send_code, "phone_quotas"),
        (verify, "email_verifications"),
        (reset, "password_resets"),
        (change_email, "email_changes"),
        (reactivate, "reactivation_tokens"),
        (cancel, "reactivation_tokens"),
        (stop_recovery, "recovery_requests"),
        (confirm_recovery, "recovery_requests"),
    ],
)
def test_the_token_is_free_while_the_account_is_awaited(
    api: Api, server: Server, tables: Tables, prepare: Callable[[Api, Tables], Act], table: str
) -> None:
    response = awaiting_the_account(server, tables, prepare(api, tables), table)
    assert response.status_code == 200, response.text


def awaiting_the_account(server: Server, tables: Tables, act: Act, table: str) -> httpx.Response:
    """The answer. While somebody else had the account, nobody had the rows of the table."""
    with ThreadPoolExecutor(1) as pool, psycopg.connect(server.database_url) as other:
        other.execute("SELECT 1 FROM users FOR UPDATE")
        answer = pool.submit(act)
        until(lambda: waiting_for_locks(tables) == 1)
        held = other.execute(f"SELECT 1 FROM {table} FOR UPDATE NOWAIT".encode()).fetchall()  # noqa: S608
        assert held
        other.rollback()
        return answer.result()
