"""Whatever a person does in whatever order, the account is in a state that makes sense."""

from collections.abc import Callable
from uuid import UUID, uuid4

import httpx
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.handlers.support import account, tombstone
from tests.harness import PASSWORD, TOKEN, Api, Server, Tables, bearer


class Person:
    """Somebody who presses every button there is."""

    def __init__(self, api: Api, tables: Tables) -> None:
        self.api = api
        self.tables = tables
        self.email = f"{uuid4().hex}@example.com"
        self.id: UUID = account(api, tables, self.email)
        self.access = "none"

    def login(self) -> httpx.Response:
        response = self.api.call("auth.login", {"email": self.email, "password": PASSWORD})
        if response.status_code == 200:
            self.access = response.json()["data"]["accessToken"]
        return response

    def deactivate(self) -> httpx.Response:
        return self.api.call("users.deactivate", {"password": PASSWORD}, headers=bearer(self.access))

    def delete(self) -> httpx.Response:
        return self.api.call("gdpr.delete", headers=bearer(self.access))

    def cancel(self) -> httpx.Response:
        return self.api.call("gdpr.cancel_deletion", headers={"X-Reactivate-Token": self._mailed_token()})

    def cancel_by_session(self) -> httpx.Response:
        return self.api.call("gdpr.cancel_deletion", headers=bearer(self.access))

    def reactivate(self) -> httpx.Response:
        return self.api.call("users.reactivate", {"token": self._mailed_token()})

    def wait_for_the_end(self) -> None:
        self.tables.run("UPDATE gdpr_requests SET grace_ends_at = now() WHERE user_id = %s", self.id)
        self.api.server.let_time_come("gdpr.erase_due")

    def _mailed_token(self) -> str:
        found = [TOKEN.search(mail["text"]) for mail in self.api.mails(self.email)]
        return next((match[1] for match in found if match), "none")

    def require_sense(self) -> None:
        user = self.tables.one("SELECT status, email FROM users WHERE id = %s", self.id)
        wishes = [r["status"] for r in self.tables.rows("SELECT status FROM gdpr_requests WHERE user_id = %s", self.id)]
        live = self.tables.rows("SELECT 1 FROM sessions WHERE user_id = %s AND revoked_at IS NULL", self.id)
        assert wishes.count("PENDING") <= 1
        assert "PROCESSING" not in wishes
        assert user["status"] in ("ACTIVE", "DEACTIVATED", "DELETED")
        assert user["status"] == "ACTIVE" or not live
        assert ("PENDING" in wishes) <= (user["status"] == "DEACTIVATED")
        assert ("COMPLETED" in wishes) == (user["status"] == "DELETED")
        if user["status"] == "DELETED":
            assert user["email"] == tombstone(self.api.server, self.email)


Action = Callable[[Person], httpx.Response | None]
ACTIONS: dict[str, Action] = {
    "login": Person.login,
    "deactivate": Person.deactivate,
    "delete": Person.delete,
    "cancel": Person.cancel,
    "cancel by session": Person.cancel_by_session,
    "reactivate": Person.reactivate,
    "wait": Person.wait_for_the_end,
}


@settings(
    derandomize=True,
    max_examples=20,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(names=st.lists(st.sampled_from(sorted(ACTIONS)), min_size=1, max_size=8))
@example(names=["login", "delete", "cancel", "login", "delete", "reactivate", "login", "delete", "wait", "login"])
@example(names=["login", "deactivate", "login", "delete", "reactivate", "login", "delete", "cancel", "cancel"])
@example(names=["login", "deactivate", "cancel", "reactivate", "login", "deactivate", "wait", "reactivate"])
def test_any_order_leaves_a_state_that_makes_sense(api: Api, server: Server, tables: Tables, names: list[str]) -> None:
    server.configure(**{"ratelimit.enabled": False})
    person = Person(api, tables)
    for name in names:
        response = ACTIONS[name](person)
        assert response is None or response.status_code < 500, name
        person.require_sense()
