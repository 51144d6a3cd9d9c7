"""What a page shows of the account behind it is another the moment that an operation has changed it, on every node."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Column, Select
from sqlalchemy.sql import visitors

from persistence.creators.pages import HEADS, PUBLIC, SHOWN
from persistence.discover.entries import FOUND
from persistence.models import User
from tests.contract.admin_cases_scenarios import STATEMENT
from tests.creators import changed, findable, link, signed_in
from tests.handlers.auth.test_changes import undo, undo_token
from tests.handlers.conftest import Clients
from tests.handlers.support import begin, change
from tests.harness import PASSWORD, Server, Tables
from tests.restrictions import excluded, lift, restrict
from tests.staff import member

REASON = "A test of what is shown."
OVER = {"vacation_mode": True, "creator_status": "VACATION", "vacation_end": datetime(2026, 1, 1, tzinfo=UTC)}
AVATAR = "https://cdn.bio.re/avatars/new.webp"


@pytest.fixture
def nodes(server: Server, start_server: Callable[..., Server]) -> list[Server]:
    nodes = [server, start_server(server.database_url)]
    begin(nodes)
    return nodes


class Watched:
    """A creator whose page was read on both nodes, so that both keep it."""

    def __init__(self, nodes: list[Server], clients: Clients, tables: Tables) -> None:
        self._readers = [clients(node) for node in nodes]
        self.tables = tables
        self.api = clients(nodes[0])
        self.one = findable(self.api, tables)
        self.headers = signed_in(self.api, self.one)
        self.staff = member(nodes[0], "OWNER")
        assert self.shown()["username"] == "ada"

    def shown(self, username: str = "ada") -> Any:
        """What everybody reads on each node; None where no page is public."""
        pages = [reader.call("creators.bio.public", path=f"/bio/{username}") for reader in self._readers]
        assert {page.status_code for page in pages} <= {200, 404}
        told = [page.json()["data"] if page.status_code == 200 else None for page in pages]
        assert told[0] == told[1]
        return told[0]

    def card(self) -> Any:
        """What the search keeps; None while the creator is not found."""
        rows = self.tables.rows("SELECT username, card FROM creator_search")
        return rows[0] if rows else None

    def recent(self) -> datetime:
        """What the order of the recent goes by."""
        found: datetime = self.tables.one("SELECT updated_at FROM creator_search")["updated_at"]
        return found

    def page(self) -> tuple[int, datetime]:
        row = self.tables.one("SELECT version, updated_at FROM bio_pages")
        return row["version"], row["updated_at"]

    def ask(self, operation: str, body: Any = None, **options: Any) -> Any:
        response = self.api.call(operation, body, **({"headers": self.headers} | options))
        assert response.status_code < 300, response.text
        return response.json()["data"]

    def decide(self, operation: str, body: Any, path: str | None = None, **headers: str) -> Any:
        return self.ask(operation, body, path=path, headers=self.staff.headers | headers)


@pytest.fixture
def ada(nodes: list[Server], clients: Clients, tables: Tables) -> Watched:
    return Watched(nodes, clients, tables)


class TestOwner:
    @pytest.mark.parametrize(
        ("field", "value"), [("displayName", "Ada Lovelace"), ("bio", "Of numbers"), ("avatarUrl", AVATAR)]
    )
    def test_the_profile(self, ada: Watched, field: str, value: str) -> None:
        ada.ask("users.update_profile", {field: value})
        assert ada.shown()[field] == value
        assert value in str(ada.card())

    def test_the_avatar(self, ada: Watched) -> None:
        ada.ask("users.avatars.change", {"avatarUrl": AVATAR})
        assert ada.shown()["avatarUrl"] == AVATAR
        ada.ask("users.avatars.remove")
        assert ada.shown()["avatarUrl"] is None
        assert AVATAR not in str(ada.card())

    def test_the_username(self, ada: Watched) -> None:
        ada.ask("users.usernames.change", {"username": "countess"})
        assert ada.shown() is None
        assert ada.shown("countess")["username"] == "countess"
        assert ada.card()["username"] == "countess"

    def test_the_end_and_the_return_of_the_account(self, ada: Watched, tables: Tables) -> None:
        ada.ask("users.deactivate", {"password": PASSWORD})
        assert (ada.shown(), ada.card()) == (None, None)
        tables.run("UPDATE sessions SET revoked_at = NULL")
        ada.ask("users.reactivate")
        assert ada.shown()["userStatus"] == "ACTIVE"
        assert ada.card()["username"] == "ada"

    def test_an_erasure_that_is_asked_for_and_called_off(self, ada: Watched, tables: Tables) -> None:
        ada.ask("gdpr.delete")
        assert (ada.shown(), ada.card()) == (None, None)
        tables.run("UPDATE sessions SET revoked_at = NULL")
        ada.ask("gdpr.cancel_deletion")
        assert ada.shown() is not None
        assert ada.card() is not None

    def test_a_sign_in_after_an_exclusion(self, ada: Watched, tables: Tables) -> None:
        excluded(tables, ada.one.user_id, datetime.now(UTC))
        changed(ada.api, ada.one)
        assert (ada.shown(), ada.card()) == (None, None)
        ada.api.sign_in(ada.one.email)
        assert ada.shown() is not None
        assert ada.card() is not None

    def test_a_change_that_is_undone(self, ada: Watched) -> None:
        ada.ask("users.usernames.change", {"username": "countess"})
        assert ada.shown("countess") is not None
        assert undo(ada.api, undo_token(ada.api)).status_code == 200
        assert ada.shown("countess") is None
        assert ada.shown()["username"] == ada.card()["username"] == "ada"

    def test_an_erasure_that_begins(self, ada: Watched, nodes: list[Server], tables: Tables) -> None:
        tables.run(
            "INSERT INTO gdpr_requests (id, user_id, kind, status, grace_ends_at)"
            " VALUES (gen_random_uuid(), %s, 'DELETION', 'PENDING', now())",
            ada.one.user_id,
        )
        request_id = UUID(str(tables.one("SELECT id FROM gdpr_requests")["id"]))

        async def begin_erasure() -> None:
            async with nodes[0].app.parts.database.unit() as db:
                assert await db.gdpr_requests.begin_erasure(request_id, datetime.now(UTC)) is not None

        nodes[0].on_loop(begin_erasure())
        assert (ada.shown(), ada.card()) == (None, None)


class TestStaff:
    def test_an_exclusion_and_its_end(self, ada: Watched) -> None:
        path = f"/admin/users/{ada.one.user_id}/status"
        body = {"status": "SUSPENDED", "statement": STATEMENT, "reason": REASON}
        told = ada.decide("admin.user_status.change", body, path, **{"If-Match": '"1"'})
        assert (ada.shown(), ada.card()) == (None, None)
        path = f"/admin/moderation/statements/{told['statementId']}/lift"
        ada.decide("admin.statements.lift", {"reason": REASON}, path)
        assert ada.shown() is not None
        assert ada.card() is not None

    def test_a_profile_that_is_taken_and_given_back(self, ada: Watched) -> None:
        ada.ask("users.update_profile", {"bio": "Win a prize", "displayName": "Prize"})
        body = {"userId": str(ada.one.user_id), "type": "VISIBILITY_REMOVED", "statement": STATEMENT, "reason": REASON}
        made = ada.decide("admin.statements.add", body)
        assert (ada.shown()["bio"], ada.shown()["displayName"]) == ("", None)
        assert "rize" not in str(ada.card())
        ada.decide("admin.statements.lift", {"reason": REASON}, f"/admin/moderation/statements/{made['id']}/lift")
        assert (ada.shown()["bio"], ada.shown()["displayName"]) == ("Win a prize", "Prize")

    def test_a_restriction_whose_time_has_come(self, ada: Watched, nodes: list[Server], tables: Tables) -> None:
        excluded(tables, ada.one.user_id, datetime.now(UTC))
        changed(ada.api, ada.one)
        assert ada.shown() is None
        lift(nodes[0], UUID(str(tables.one("SELECT id FROM statements_of_reasons")["id"])))
        assert ada.shown() is not None

    def test_a_username_that_is_replaced(self, ada: Watched) -> None:
        path = f"/admin/users/{ada.one.user_id}/username"
        body = {"username": "countess", "statement": STATEMENT, "reason": REASON}
        ada.decide("admin.usernames.replace", body, path, **{"If-Match": '"1"'})
        assert ada.shown() is None
        assert ada.shown("countess") is not None
        assert ada.card()["username"] == "countess"


class TestRecent:
    """Who comes first among the recent is for creators to decide: neither staff nor the clock moves anybody."""

    def test_what_the_owner_changes_puts_the_creator_first(self, ada: Watched) -> None:
        path = f"/creators/{ada.one.creator_id}"
        shop = {"title": "Shop", "url": "https://shop.example.com"}
        acts: tuple[Callable[[], Any], ...] = (
            lambda: ada.ask("users.update_profile", {"bio": "Of numbers"}),
            lambda: ada.ask("creators.bio.update", {"bio": "Of engines"}, path=f"{path}/bio"),
            lambda: ada.ask("creators.links.add", shop, path=f"{path}/links"),
        )
        for act in acts:
            before = ada.recent()
            act()
            assert ada.recent() > before

    def test_staff_does_not(self, ada: Watched, nodes: list[Server]) -> None:
        before = ada.recent()
        path = f"/admin/creators/{ada.one.creator_id}"
        ada.decide("admin.creators.update", {"level": "GOLD", "reason": REASON}, path, **{"If-Match": '"1"'})
        for target in (("USER", None), ("LINK", str(link(ada.tables, ada.one.page_id)))):
            takes = {"display_name": None} if target == ("USER", None) else None
            lift(nodes[0], restrict(nodes[0], "VISIBILITY_REMOVED", ada.one.user_id, takes, target=target).id)
        path = f"/admin/users/{ada.one.user_id}/username"
        version = ada.tables.one("SELECT admin_version FROM users WHERE id = %s", ada.one.user_id)["admin_version"]
        body = {"username": "countess", "statement": STATEMENT, "reason": REASON}
        ada.decide("admin.usernames.replace", body, path, **{"If-Match": f'"{version}"'})
        assert (ada.card()["username"], ada.recent()) == ("countess", before)

    def test_an_exclusion_that_ends_does_not(self, ada: Watched, nodes: list[Server], tables: Tables) -> None:
        before = ada.recent()
        excluded(tables, ada.one.user_id, datetime.now(UTC))
        lift(nodes[0], UUID(str(tables.one("SELECT id FROM statements_of_reasons")["id"])))
        assert ada.recent() == before

    def test_a_pause_of_the_account_does_not(self, ada: Watched, tables: Tables) -> None:
        before = ada.recent()
        ada.ask("users.deactivate", {"password": PASSWORD})
        tables.run("UPDATE sessions SET revoked_at = NULL")
        ada.ask("users.reactivate")
        assert ada.recent() == before

    def test_a_vacation_that_the_clock_ends_does_not(self, ada: Watched, nodes: list[Server], tables: Tables) -> None:
        change(tables, "creator_profiles", ada.one.creator_id, **OVER)
        changed(ada.api, ada.one)
        version, recent = ada.page()
        nodes[0].let_time_come("creators.sweep_vacations")
        assert ada.page() == (version + 1, recent)


def columns_of_accounts(query: Select[Any]) -> Iterator[str]:
    for part in visitors.iterate(query):
        if isinstance(part, Column) and part.table is User.__table__:
            yield part.name


@pytest.mark.parametrize("query", [HEADS, PUBLIC, FOUND])
def test_no_column_of_accounts_is_shown_whose_changes_are_not_told(query: Select[Any]) -> None:
    named = set(columns_of_accounts(query))
    assert "username" in named
    assert named - {"id"} <= SHOWN
