"""Whoever takes a token holds its account first, as all do who void tokens of an account: nobody deadlocks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from tests.contract.scenario import Act
from tests.handlers.support import account, until, waiting_for_locks
from tests.handlers.test_auth_passwords import NEW, reset_token
from tests.handlers.test_gdpr_delete import leaving
from tests.handlers.test_reactivation import deactivated
from tests.handlers.test_users_emails import change_token
from tests.harness import Api, Server, Tables


def verify(api: Api, tables: Tables) -> Act:
    assert api.register().status_code == 201
    token = api.verification_token()
    return lambda: api.call("auth.verify_email", {"token": token})


def reset(api: Api, tables: Tables) -> Act:
    account(api, tables)
    token = reset_token(api)
    return lambda: api.call("auth.passwords.reset", {"token": token, "newPassword": NEW})


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


@pytest.mark.parametrize(
    ("prepare", "table"),
    [
        (verify, "email_verifications"),
        (reset, "password_resets"),
        (change_email, "email_changes"),
        (reactivate, "reactivation_tokens"),
        (cancel, "reactivation_tokens"),
    ],
)
def test_the_token_is_free_while_the_account_is_awaited(
    api: Api, server: Server, tables: Tables, prepare: Callable[[Api, Tables], Act], table: str
) -> None:
    act = prepare(api, tables)
    with ThreadPoolExecutor(1) as pool, psycopg.connect(server.database_url) as other:
        other.execute("SELECT 1 FROM users FOR UPDATE")
        answer = pool.submit(act)
        until(lambda: waiting_for_locks(tables) == 1)
        other.execute(f"SELECT 1 FROM {table} FOR UPDATE NOWAIT".encode())  # noqa: S608
        other.rollback()
        response: httpx.Response = answer.result()
    assert response.status_code == 200, response.text
