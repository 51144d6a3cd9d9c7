"""A restriction and its statement of reasons: made together, told together, and what ends with it."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain.admin.statements import REPLACED
from domain.errors import ApiError
from persistence.repositories import Repositories
from tests.handlers.gdpr.test_export import archive, built
from tests.handlers.support import account, insert, topics
from tests.harness import Api, Server, Tables, bearer
from tests.restrictions import DECIDER, TOLD, decided, lift, restrict, use


def status(tables: Tables) -> str:
    return str(tables.one("SELECT status FROM users")["status"])


class TestShutOut:
    @pytest.mark.parametrize(("kind", "after"), [("ACCOUNT_SUSPENDED", "SUSPENDED"), ("ACCOUNT_BANNED", "BANNED")])
    def test_the_account_changes_with_its_statement_and_its_sessions_end(
        self, api: Api, server: Server, tables: Tables, kind: str, after: str
    ) -> None:
        ada = account(api, tables)
        headers = bearer(api.sign_in())
        made = restrict(server, kind, ada)
        row = tables.one("SELECT * FROM statements_of_reasons")
        assert (status(tables), row["id"], row["type"], row["facts"]) == (after, made.id, kind, TOLD["facts"])
        assert (row["before"], row["after"], row["decided_by"]) == ({"status": "ACTIVE"}, {"status": after}, DECIDER)
        ban = tables.one("SELECT * FROM bans")
        assert (ban["user_id"], ban["statement_id"], ban["status"], ban["ended_at"]) == (ada, made.id, after, None)
        assert api.call("auth.me", headers=headers).status_code == 401
        assert tables.one("SELECT count(*) AS n FROM sessions WHERE revoked_at IS NULL") == {"n": 0}
        assert topics(tables).count("email.statement_of_reasons") == 1

    def test_a_second_exclusion_replaces_the_first_and_restores_what_was_before_both(
        self, api: Api, server: Server, tables: Tables
    ) -> None:
        ada = account(api, tables)
        first = restrict(server, "ACCOUNT_SUSPENDED", ada)
        second = restrict(server, "ACCOUNT_BANNED", ada)
        ended = tables.one("SELECT lifted_at, ended_as FROM statements_of_reasons WHERE id = %s", first.id)
        assert (ended["lifted_at"] is not None, ended["ended_as"]) == (True, REPLACED)
        assert [row["status"] for row in tables.rows("SELECT status FROM bans WHERE ended_at IS NULL")] == ["BANNED"]
        assert lift(server, second.id).ended_as == "LIFTED"
        assert status(tables) == "ACTIVE"
        assert tables.rows("SELECT 1 FROM bans WHERE ended_at IS NULL") == []

    @pytest.mark.parametrize(
        ("before", "code"), [("BANNED", "admin.transition_invalid"), ("DELETED", "admin.user.erased")]
    )
    def test_what_cannot_be_is_refused_and_leaves_nothing(
        self, api: Api, server: Server, tables: Tables, before: str, code: str
    ) -> None:
        ada = account(api, tables, status=before)
        with pytest.raises(ApiError) as refused:
            restrict(server, "ACCOUNT_BANNED", ada)
        assert refused.value.code == code
        assert (tables.count("statements_of_reasons"), tables.count("bans"), status(tables)) == (0, 0, before)

    def test_a_paused_account_is_paused_again(self, api: Api, server: Server, tables: Tables) -> None:
        ada = account(api, tables, status="DEACTIVATED")
        lift(server, restrict(server, "ACCOUNT_SUSPENDED", ada).id)
        assert status(tables) == "DEACTIVATED"

    def test_an_account_that_was_erased_meanwhile_stays_erased(self, api: Api, server: Server, tables: Tables) -> None:
        made = restrict(server, "ACCOUNT_SUSPENDED", account(api, tables))
        tables.run("UPDATE users SET status = 'DELETED'")
        assert lift(server, made.id) is not None
        assert status(tables) == "DELETED"

    def test_a_sign_in_ends_one_whose_time_has_come(self, api: Api, server: Server, tables: Tables) -> None:
        ada = account(api, tables)
        made = restrict(server, "ACCOUNT_SUSPENDED", ada, until=datetime.now(UTC) + timedelta(hours=1))

        async def release(db: Repositories, after: timedelta) -> str:
            user = await db.users.get_for_update(ada)
            return (await db.statements.release(user, datetime.now(UTC) + after)).status

        assert use(server, lambda db: release(db, timedelta(0))) == "SUSPENDED"
        assert use(server, lambda db: release(db, timedelta(hours=2))) == "ACTIVE"
        row = tables.one("SELECT ended_as, lifted_by FROM statements_of_reasons WHERE id = %s", made.id)
        assert row == {"ended_as": "EXPIRED", "lifted_by": None}

    def test_one_without_an_end_stays_at_a_sign_in(self, api: Api, server: Server, tables: Tables) -> None:
        account(api, tables, status="SUSPENDED")  # as it was before there were statements

        async def release(db: Repositories) -> str:
            user = await db.users.find_by_email("ada@example.com")
            assert user is not None
            return (await db.statements.release(user, datetime.now(UTC))).status

        assert use(server, release) == "SUSPENDED"


class TestContent:
    def test_what_is_taken_comes_back(self, api: Api, server: Server, tables: Tables) -> None:
        ada = account(api, tables, bio="Win a prize", display_name="Ada")
        made = restrict(server, "VISIBILITY_REMOVED", ada, {"bio": None}, target=("BIO", None))
        assert tables.one("SELECT bio, display_name FROM users") == {"bio": None, "display_name": "Ada"}
        lift(server, made.id)
        assert tables.one("SELECT bio FROM users") == {"bio": "Win a prize"}

    def test_what_was_changed_since_stays(self, api: Api, server: Server, tables: Tables) -> None:
        ada = account(api, tables, bio="Win a prize")
        made = restrict(server, "VISIBILITY_REMOVED", ada, {"bio": None}, target=("BIO", None))
        tables.run("UPDATE users SET bio = 'of numbers'")
        lift(server, made.id)
        assert tables.one("SELECT bio FROM users") == {"bio": "of numbers"}

    def test_a_name_comes_back_unless_somebody_has_it(self, api: Api, server: Server, tables: Tables) -> None:
        ada = account(api, tables, username="ada")
        made = restrict(server, "VISIBILITY_REMOVED", ada, {"username": "user-1"}, target=("USERNAME", None))
        again = restrict(server, "VISIBILITY_REMOVED", ada, {"username": "user-2"}, target=("USERNAME", None))
        lift(server, again.id)
        assert tables.one("SELECT username FROM users") == {"username": "user-1"}
        insert(tables, "users", email="eve@example.com", username="ada")
        assert lift(server, made.id) is not None
        assert tables.one("SELECT username FROM users WHERE id = %s", ada) == {"username": "user-1"}
        history = tables.rows("SELECT former, username FROM username_history")
        assert history == [{"former": "user-2", "username": "user-1"}]

    def test_what_is_restricted_elsewhere_is_told_all_the_same(self, api: Api, server: Server, tables: Tables) -> None:
        ada, link = account(api, tables), str(uuid4())
        columns = decided("VISIBILITY_REMOVED", ada, target=("LINK", link), before={}, after={})
        made = use(server, lambda db: db.statements.add(columns))
        assert (made.target_type, made.target_id) == ("LINK", link)
        assert topics(tables) == ["email.statement_of_reasons"]


class TestTold:
    def test_the_mail_says_what_why_and_how_to_object(self, api: Api, server: Server, tables: Tables) -> None:
        ada = account(api, tables)
        told = {"source": "NOTICE", "automatedDetection": True, "automatedDecision": True, "territory": ["DE", "FR"]}
        made = restrict(
            server, "ACCOUNT_BANNED", ada, told=told, until=datetime(2031, 1, 2, 3, 4, tzinfo=UTC), target=("BIO", None)
        )
        server.work_off()
        (mail,) = api.mails("ada@example.com")
        for words in (
            str(made.id), TOLD["facts"], TOLD["reference"], TOLD["explanation"], "2031-01-02 03:04 UTC", "DE, FR",
            "banned your account", "concerns your page", "on a notice", "found by automated means",
            "taken by automated means", "184 days", "out-of-court", "court",
        ):  # fmt: skip
            assert words in mail["text"], words

    def test_without_an_end_it_says_so(self, api: Api, server: Server, tables: Tables) -> None:
        restrict(server, "ACCOUNT_SUSPENDED", account(api, tables))
        server.work_off()
        (mail,) = api.mails("ada@example.com")
        assert "no end date" in mail["text"]

    def test_the_end_is_told_once(self, api: Api, server: Server, tables: Tables) -> None:
        made = restrict(server, "ACCOUNT_SUSPENDED", account(api, tables))
        assert lift(server, made.id) is not None
        assert lift(server, made.id) is None
        assert lift(server, uuid4()) is None
        assert topics(tables).count("email.restriction_ended") == 1
        server.work_off()
        assert {mail["subject"] for mail in api.mails("ada@example.com")} == {
            "We restricted your account or your content", "A restriction has ended",
        }  # fmt: skip

    def test_mass_spam_is_told_nothing(self, api: Api, server: Server, tables: Tables) -> None:
        made = restrict(server, "ACCOUNT_BANNED", account(api, tables), told={"massSpam": True})
        lift(server, made.id)
        assert topics(tables) == []


class TestPersonalData:
    def test_an_erasure_leaves_what_was_decided_and_nobodys_words(
        self, api: Api, server: Server, tables: Tables
    ) -> None:
        ada = account(api, tables, bio="Win a prize")
        headers = bearer(api.sign_in())
        made = restrict(server, "VISIBILITY_REMOVED", ada, {"bio": None}, target=("BIO", "page-of-ada"))
        appeal = {"type": "content_removal", "reason": "It was a real prize."}
        assert api.call("users.appeals.submit", appeal, headers=headers).status_code == 201
        assert api.call("gdpr.delete", headers=headers).status_code == 200
        tables.run("UPDATE gdpr_requests SET grace_ends_at = now()")
        server.let_time_come("gdpr.erase_due")
        assert tables.one("SELECT status FROM users") == {"status": "DELETED"}
        row = tables.one("SELECT * FROM statements_of_reasons")
        assert (row["id"], row["type"], row["ground"]) == (made.id, "VISIBILITY_REMOVED", TOLD["ground"])
        assert {row["facts"], row["explanation"], row["reference"]} == {"erased"}
        assert (row["before"], row["after"], row["target_id"], row["appeal_hash"]) == ({}, {}, None, None)
        assert tables.count("appeals") == 0

    def test_an_export_shows_it_without_who_decided(self, api: Api, server: Server, tables: Tables) -> None:
        ada = account(api, tables)
        restrict(server, "VISIBILITY_REMOVED", ada, {"bio": None}, target=("BIO", None))
        (row,) = archive(api.get(built(api, server, bearer(api.sign_in()))))["statements_of_reasons.json"]
        assert row["facts"] == TOLD["facts"]
        assert {"decided_by", "lifted_by", "appeal_hash"}.isdisjoint(row)
