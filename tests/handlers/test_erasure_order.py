"""An account that is erased while a call of its owner waits for it gets no new rows."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import psycopg
import pytest

from tests.creators import findable
from tests.handlers.support import account, until, waiting_for_locks
from tests.harness import Api, Server, Tables, bearer, code_of

LEFT = {
    "discover.history.record": "SELECT 1 FROM recently_viewed WHERE user_id = %s",
    "referral.link": "SELECT 1 FROM referral_links WHERE user_id = %s",
    "wallet.loads.start": "SELECT 1 FROM wallets WHERE user_id = %s",
    "creators.upgrade": "SELECT 1 FROM creator_profiles WHERE user_id = %s",
}
BODIES = {"creators.upgrade": {"username": "ada"}, "wallet.loads.start": {"amount": "5.00"}}


@pytest.fixture
def eve(api: Api, tables: Tables) -> UUID:
    return findable(api, tables, "eve@example.com", "eve").creator_id


@pytest.mark.parametrize("operation_id", LEFT)
def test_what_came_too_late_leaves_nothing(
    operation_id: str, api: Api, server: Server, tables: Tables, eve: UUID
) -> None:
    user_id = account(api, tables, username="ada")
    headers = bearer(api.sign_in())
    body = BODIES.get(operation_id)
    path = f"/discover/history/{eve}" if operation_id == "discover.history.record" else None
    with ThreadPoolExecutor(1) as pool, psycopg.connect(server.database_url) as erasure:
        erasure.execute("SELECT FROM users WHERE id = %s FOR UPDATE", (user_id,))
        erasure.execute("UPDATE users SET status = 'DELETED', username = NULL WHERE id = %s", (user_id,))
        answer = pool.submit(api.call, operation_id, body, path=path, headers=headers)
        until(lambda: waiting_for_locks(tables) or answer.done())
        assert not answer.done()
        erasure.commit()
        response = answer.result()
    assert (response.status_code, code_of(response)) == (404, "error.user.not_found")
    assert tables.rows(LEFT[operation_id], user_id) == []
