"""What follows when a version of a legal text is announced: who is told of it, and from when on people are asked."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from domain import topics
from domain.legal import TELL_AT_ONCE
from runtime.worker.worker import Worker
from tests.handlers.support import account, audited, insert
from tests.harness import Api, Server, Tables, bearer
from tests.legal import agreed, announced, published, withdrawn

DAY = timedelta(days=1)
MAILED = "SELECT u.id FROM mailbox_messages m JOIN users u ON u.email = m.recipient ORDER BY u.id"


def people(tables: Tables, number: int, **columns: Any) -> list[UUID]:
    """So many accounts that agreed to the terms, in the order of their ids."""
    row = {"email_verified": True} | columns
    ids = [insert(tables, "users", email=f"user{n}@example.com", **row) for n in range(number)]
    for user_id in ids:
        insert(tables, "consent_records", user_id=user_id, kind="terms", version="1.0", granted=True)
    return sorted(ids)


def mailed(tables: Tables) -> list[UUID]:
    """Who got a mail, in the order of ids, as often as it was."""
    return [row["id"] for row in tables.rows(MAILED)]


def hurry(tables: Tables) -> None:
    """What waits for its time is due now, but for what is to take effect."""
    tables.run("UPDATE outbox SET available_at = now() WHERE done_at IS NULL AND topic = 'legal.tell'")


def leave(tables: Tables, user_id: UUID, version: UUID) -> None:
    """The job of a mail."""
    payload = {"user": str(user_id), "version": str(version)}
    insert(tables, "outbox", topic="email.legal_changed", payload=payload, lane=2)


def walk_to_the_end(server: Server) -> None:
    """All batches, one after the other."""
    waiting = "SELECT 1 FROM outbox WHERE topic = 'legal.tell' AND done_at IS NULL"
    while server.tables.rows(waiting):
        hurry(server.tables)
        server.work_off()


def status(api: Api, access: str) -> dict[str, Any]:
    data: dict[str, Any] = api.call("content.cookies.status", headers=bearer(access)).json()["data"]
    return data


def consents(api: Api, access: str) -> list[tuple[str, str, bool]]:
    rows = api.call("users.consents.list", headers=bearer(access)).json()["data"]
    return [(row["documentType"], row["documentVersion"], row["requiresReConsent"]) for row in rows]


def version_of(server: Server, slug: str = "terms") -> Any:
    server.on_loop(server.app.config.refresh())
    return server.app.config.get(f"legal.{slug}_version")


class TestTelling:
    def test_who_agreed_to_another_version_is_told(self, server: Server, tables: Tables) -> None:
        (told,) = people(tables, 1)
        agreed(server, insert(tables, "users", email="new@example.com", email_verified=True), version="2.0")
        insert(tables, "users", email="never@example.com", email_verified=True)
        agreed(server, insert(tables, "users", email="unproven@example.com"))
        agreed(server, insert(tables, "users", email="gone@example.com", email_verified=True, status="DELETED"))
        agreed(server, insert(tables, "users", email="else@example.com", email_verified=True), kind="privacy")
        refused = insert(tables, "users", email="refused@example.com", email_verified=True)
        agreed(server, refused, created_at=datetime.now(UTC) - DAY)
        agreed(server, refused, granted=False)
        asked_for_tos = insert(tables, "users", email="tos@example.com", email_verified=True, status="DEACTIVATED")
        agreed(server, asked_for_tos, kind="tos", version="0.9")
        announced(server)
        server.work_off()
        assert mailed(tables) == sorted([told, asked_for_tos])

    def test_all_are_told_once_batch_by_batch(self, server: Server, tables: Tables) -> None:
        ids = people(tables, 2 * TELL_AT_ONCE + 1)
        announced(server)
        server.work_off()
        assert mailed(tables) == ids[:TELL_AT_ONCE]
        server.work_off()  # the next ones wait, so that other mails are not kept waiting
        assert mailed(tables) == ids[:TELL_AT_ONCE]
        walk_to_the_end(server)
        assert mailed(tables) == ids
        version = tables.one("SELECT reached, told_at FROM legal_versions")
        assert version["reached"] == ids[-1]
        assert version["told_at"] is not None
        assert tables.count("legal_notices") == len(ids)

    def test_a_kill_repeats_nobody_and_skips_nobody(self, server: Server, tables: Tables) -> None:
        """At whichever statement a batch dies: its mails, how far it came and who was told are one commit."""
        ids = people(tables, TELL_AT_ONCE + 5)
        announced(server)
        for table in ("legal_versions", "legal_notices", "outbox"):
            with dying(tables, table):
                server.work_off()
            assert mailed(tables) == []
            assert tables.one("SELECT reached FROM legal_versions") == {"reached": None}
            hurry(tables)
        walk_to_the_end(server)
        assert mailed(tables) == ids

    def test_a_job_that_was_left_twice_tells_nobody_twice(self, server: Server, tables: Tables) -> None:
        ids = people(tables, 5)
        announced(server)
        tables.run(
            "INSERT INTO outbox (id, topic, payload, lane) SELECT gen_random_uuid(), topic, payload, lane FROM outbox "
            "WHERE topic = 'legal.tell'"
        )
        walk_to_the_end(server)
        assert mailed(tables) == ids

    def test_two_workers_tell_everybody_once(self, server: Server, tables: Tables) -> None:
        """Both have the same batch at the same time, as after a lease that ran out."""
        ids = people(tables, 50)
        announced(server)
        tables.run(
            "INSERT INTO outbox (id, topic, payload, lane) SELECT gen_random_uuid(), topic, payload, lane FROM outbox, "
            "generate_series(1, 7) WHERE topic = 'legal.tell'"
        )
        tables.run("UPDATE outbox SET available_at = now() + interval '1 day' WHERE topic <> 'legal.tell'")
        workers = [Worker(server.app.parts) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda worker: server.on_loop(worker.work_off()), workers))
        walk_to_the_end(server)
        assert mailed(tables) == ids

    def test_of_one_without_consent_nobody_is_told(self, server: Server, tables: Tables) -> None:
        people(tables, 2)
        announced(server, requires_consent=False)
        assert tables.count("outbox") == 0

    def test_another_language_says_nothing_new(self, server: Server, tables: Tables) -> None:
        (first,) = people(tables, 1)
        moment = datetime.now(UTC) + DAY
        announced(server, effective_at=moment)
        announced(server, effective_at=moment + DAY)
        walk_to_the_end(server)
        assert mailed(tables) == [first]
        assert tables.one("SELECT effective_at FROM legal_versions")["effective_at"] == moment

    def test_a_language_that_requires_consent_makes_the_version_require_it(
        self, server: Server, tables: Tables
    ) -> None:
        (first,) = people(tables, 1)
        announced(server, requires_consent=False)
        announced(server)
        walk_to_the_end(server)
        assert mailed(tables) == [first]
        assert tables.count("legal_versions") == 1

    def test_one_that_was_withdrawn_is_told_to_nobody_else(self, server: Server, tables: Tables) -> None:
        ids = people(tables, TELL_AT_ONCE + 1)
        announced(server)
        server.work_off()
        assert withdrawn(server)
        assert not withdrawn(server)
        walk_to_the_end(server)
        assert mailed(tables) == ids[:TELL_AT_ONCE]
        announced(server)
        walk_to_the_end(server)
        assert len(mailed(tables)) == 2 * TELL_AT_ONCE + 1  # with another moment, it is another announcement


class TestMails:
    def mail(self, api: Api, server: Server, tables: Tables, locale: str, **columns: Any) -> dict[str, Any]:
        user_id = account(api, tables, locale=locale)
        agreed(server, user_id)
        announced(server, effective_at=datetime(2030, 3, 1, tzinfo=UTC))
        (mail,) = api.mails("ada@example.com")
        return mail

    def test_says_what_changes_and_when(self, api: Api, server: Server, tables: Tables) -> None:
        mail = self.mail(api, server, tables, "en")
        assert mail["subject"] == "Our terms of service are changing"
        assert "takes effect on 2030-03-01: version 2.0" in mail["text"]
        assert "What changes: Refunds are quicker." in mail["text"]
        assert "/legal/terms?version=2.0" in mail["text"]

    def test_speaks_the_language_of_the_account(self, api: Api, server: Server, tables: Tables) -> None:
        comes = datetime.now(UTC) + DAY
        published(server, "terms", "<p/>", "2.0", locale="ar", shown_from=comes, summary="تُرد الأموال أسرع.")
        mail = self.mail(api, server, tables, "ar")
        assert 'dir="rtl"' in mail["html"]
        assert "ما الذي يتغير: تُرد الأموال أسرع." in mail["text"]

    def test_without_a_summary_says_nothing_of_it(self, api: Api, server: Server, tables: Tables) -> None:
        agreed(server, account(api, tables), kind="privacy")
        announced(server, "privacy", summary="")
        (mail,) = api.mails("ada@example.com")
        assert mail["subject"] == "Our privacy policy is changing"
        assert "What changes" not in mail["text"]

    def test_who_is_gone_by_then_gets_none(self, server: Server, tables: Tables) -> None:
        """Nor anybody of a version that was withdrawn."""
        (user_id,) = people(tables, 1, status="DELETED")
        announced(server)
        version = tables.one("SELECT id FROM legal_versions")["id"]
        leave(tables, user_id, version)
        server.work_off()
        tables.run("UPDATE users SET status = 'ACTIVE'")
        withdrawn(server)
        leave(tables, user_id, version)
        server.work_off()
        assert tables.count("mailbox_messages") == 0


class TestInForce:
    def test_people_are_asked_from_then_on(self, api: Api, server: Server, tables: Tables) -> None:
        user_id = account(api, tables)
        access = api.sign_in()
        kinds = ("terms", "privacy", "COOKIE_CONSENT", "cookies", "marketing-emails")
        for kind in kinds:
            agreed(server, user_id, kind)
        before = {(kind, "1.0", False) for kind in kinds}
        announced(server, "privacy", effective_at=datetime.now(UTC) + DAY)
        server.work_off()
        assert set(consents(api, access)) == before
        assert version_of(server, "privacy") == "1.0"
        assert not status(api, access)["requiresReConsent"]
        come(server)
        assert version_of(server, "privacy") == "2.0"
        assert status(api, access) == {"currentVersion": "2.0", "userVersion": "1.0", "requiresReConsent": True}
        assert set(consents(api, access)) == {
            ("terms", "1.0", False),
            ("privacy", "1.0", True),
            ("COOKIE_CONSENT", "1.0", True),
            ("cookies", "1.0", False),
            ("marketing-emails", "1.0", False),
        }

    def test_who_answered_is_not_asked_again(self, api: Api, server: Server, tables: Tables) -> None:
        """Whatever the answer was; ``tos`` and ``terms`` are one text."""
        user_id = account(api, tables)
        access = api.sign_in()
        agreed(server, user_id, "terms", created_at=datetime.now(UTC) - DAY)
        server.configure(**{"legal.terms_version": "2.0"})
        assert consents(api, access) == [("terms", "1.0", True)]
        body = {"documentType": "tos", "documentVersion": "2.0", "accepted": False}
        assert api.call("users.consents.record", body, headers=bearer(access)).status_code == 201
        assert consents(api, access) == [("tos", "2.0", False), ("terms", "1.0", False)]

    def test_new_accounts_agree_to_it(self, api: Api, server: Server, tables: Tables) -> None:
        announced(server, effective_at=datetime.now(UTC))
        server.work_off()
        version_of(server)
        assert api.register().status_code == 201
        agreements = tables.rows("SELECT kind, version FROM consent_records ORDER BY kind")
        assert agreements == [{"kind": "privacy", "version": "1.0"}, {"kind": "terms", "version": "2.0"}]

    def test_the_change_of_the_key_is_told(self, server: Server, tables: Tables) -> None:
        announced(server, effective_at=datetime.now(UTC))
        server.work_off()
        change = tables.one("SELECT name, before, after, reason FROM config_history")
        assert change == {
            "name": "legal.terms_version",
            "before": None,
            "after": "2.0",
            "reason": "Version 2.0 took effect.",
        }
        (entry,) = audited(tables, "config.set")
        assert (entry["actor_id"], entry["target_id"]) == (None, "legal.terms_version")

    def test_one_that_requires_no_consent_changes_nothing(self, server: Server, tables: Tables) -> None:
        announced(server, effective_at=datetime.now(UTC), requires_consent=False)
        server.work_off()
        assert version_of(server) == "1.0"

    def test_the_later_one_stays_whichever_job_comes_first(self, server: Server, tables: Tables) -> None:
        """As after a pause of all workers."""
        now = datetime.now(UTC)
        announced(server, label="2.0", effective_at=now - 2 * DAY)
        announced(server, label="3.0", effective_at=now - DAY)
        tables.run(
            "UPDATE outbox SET available_at = now() - CASE WHEN (payload ->> 'version')::uuid = "
            "(SELECT id FROM legal_versions WHERE label = '3.0') THEN interval '2 days' ELSE interval '1 day' END"
        )
        server.work_off()
        assert version_of(server) == "3.0"
        assert tables.rows("SELECT 1 FROM legal_versions WHERE applied_at IS NULL") == []
        assert tables.count("config_history") == 1

    def test_one_that_was_withdrawn_never_takes_effect(self, server: Server, tables: Tables) -> None:
        announced(server, effective_at=datetime.now(UTC) + DAY)
        assert withdrawn(server)
        come(server)
        assert version_of(server) == "1.0"

    def test_one_in_force_is_not_withdrawn(self, server: Server, tables: Tables) -> None:
        announced(server, effective_at=datetime.now(UTC))
        assert not withdrawn(server)
        server.work_off()
        assert not withdrawn(server)
        assert version_of(server) == "2.0"

    def test_two_workers_set_it_once(self, server: Server, tables: Tables) -> None:
        announced(server, effective_at=datetime.now(UTC))
        tables.run(
            "INSERT INTO outbox (id, topic, payload, lane) SELECT gen_random_uuid(), topic, payload, lane FROM outbox, "
            "generate_series(1, 7) WHERE topic = 'legal.in_force'"
        )
        workers: Sequence[Worker] = [Worker(server.app.parts) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda worker: server.on_loop(worker.work_off()), workers))
        assert tables.count("config_history") == 1
        assert version_of(server) == "2.0"

    def test_a_job_that_is_early_waits(self, server: Server, tables: Tables) -> None:
        announced(server, effective_at=datetime.now(UTC) + DAY)
        tables.run("UPDATE outbox SET available_at = now() WHERE topic = %s", topics.LegalVersionInForce.topic)
        server.work_off()
        assert version_of(server) == "1.0"
        waits = tables.one(
            "SELECT available_at > now() + interval '23 hours' AS waits FROM outbox "
            "WHERE topic = %s AND done_at IS NULL",
            topics.LegalVersionInForce.topic,
        )
        assert waits == {"waits": True}


@contextmanager
def dying(tables: Tables, table: str) -> Iterator[None]:
    """A worker dies of the first row that it writes to the table, which the database plays."""
    tables.run("CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'killed'; END $$")
    when = "" if table != "outbox" else "WHEN (NEW.topic = 'email.legal_changed')"
    tables.run(f"CREATE TRIGGER die BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW {when} EXECUTE FUNCTION die()")
    try:
        with capture_logs() as logs:
            yield
        assert [entry["event"] for entry in logs if entry["event"].startswith("job.")] == ["job.failed"]
    finally:
        tables.run("DROP FUNCTION die() CASCADE")


def come(server: Server) -> None:
    """As if the moment of every version had come."""
    server.tables.run("UPDATE legal_versions SET effective_at = now() - interval '1 second'")
    server.tables.run("UPDATE outbox SET available_at = now() WHERE topic = 'legal.in_force' AND done_at IS NULL")
    server.work_off()


@pytest.fixture(autouse=True)
def _version_of_the_start(server: Server) -> None:
    assert version_of(server) == "1.0"
