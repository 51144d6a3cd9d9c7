"""Whether a creator's identity is verified: begun at a provider, decided there, made true here."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain.clock import utc_now
from domain.creators.kyc import KycVerdict, reminder, valid_until
from tests.creators import Creator, creator, signed_in
from tests.handlers.conftest import Clients
from tests.handlers.support import account, change, insert
from tests.harness import Api, Server, Tables, bearer, code_of
from tests.http_server import Answer, served
from tests.providers.fakes import FakeConfig
from tests.providers.kyc_vendors import VeriffWorld
from tests.providers.servers import closed_port

SESSIONS = "SELECT * FROM kyc_sessions ORDER BY created_at, id"
PROFILE = "SELECT * FROM creator_profiles WHERE id = %s"
PAGE = "/sandbox/kyc/"


def started(api: Api, headers: dict[str, str]) -> httpx.Response:
    return api.call("creators.kyc.start", headers=headers)


def at_veriff(vendor: VeriffWorld) -> dict[str, Any]:
    of_vendor = {"base_url": vendor.url, "api_key": vendor.key, "shared_secret": vendor.secret}
    told = {f"external.kyc.veriff.{name}": value for name, value in of_vendor.items()}
    return told | {"external.kyc.active_provider": "veriff"}


def status(api: Api, headers: dict[str, str]) -> dict[str, Any]:
    response = api.call("creators.kyc.status", headers=headers)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()["data"]
    return told


def press(api: Api, session_id: str, button: str, **fields: str) -> httpx.Response:
    """A button of the sandbox's page."""
    form = {"action": button, "document": "", "until": ""} | fields
    with httpx.Client(trust_env=False) as browser:
        return browser.post(f"{api.server.origin}{PAGE}{session_id}", data=form)


def begun(api: Api, headers: dict[str, str]) -> str:
    response = started(api, headers)
    assert response.status_code == 201, response.text
    return str(response.json()["data"]["sessionId"])


def decided(api: Api, headers: dict[str, str], button: str, **fields: str) -> str:
    """A verification that ended; its id."""
    session_id = begun(api, headers)
    assert press(api, session_id, button, **fields).status_code == 303
    api.server.work_off()
    return session_id


@pytest.fixture
def ada(api: Api, tables: Tables) -> Creator:
    return creator(api, tables)


@pytest.fixture
def headers(api: Api, ada: Creator) -> dict[str, str]:
    return signed_in(api, ada)


@pytest.fixture
def unlimited(server: Server) -> None:
    server.configure(**{"ratelimit.enabled": False})


class TestStatus:
    def test_the_anonymous_are_refused(self, api: Api) -> None:
        assert code_of(api.call("creators.kyc.status")) == "auth.unauthenticated"

    def test_who_is_no_creator_has_none(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        response = api.call("creators.kyc.status", headers=bearer(api.sign_in()))
        assert (response.status_code, code_of(response)) == (404, "error.creator.not_found")

    def test_before_the_first(self, api: Api, headers: dict[str, str]) -> None:
        nothing = {"status": "NOT_STARTED", "provider": None, "providerId": None, "completedAt": None}
        assert status(api, headers) == nothing

    def test_what_the_newest_try_came_to(self, api: Api, tables: Tables, headers: dict[str, str]) -> None:
        session_id = begun(api, headers)
        pending = {"status": "PENDING", "provider": "sandbox", "providerId": session_id, "completedAt": None}
        assert status(api, headers) == pending
        assert press(api, session_id, "approve").status_code == 303
        api.server.work_off()
        told = status(api, headers)
        assert told == pending | {"status": "APPROVED", "completedAt": told["completedAt"]}
        assert told["completedAt"] is not None


class TestStart:
    def test_the_anonymous_are_refused(self, api: Api) -> None:
        assert code_of(started(api, {})) == "auth.unauthenticated"

    def test_who_is_no_creator_is_refused(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        assert code_of(started(api, bearer(api.sign_in()))) == "error.creator.not_found"

    def test_it_leads_to_the_provider(
        self, api: Api, server: Server, tables: Tables, ada: Creator, headers: dict[str, str]
    ) -> None:
        response = started(api, headers)
        assert response.status_code == 201
        told = response.json()["data"]
        row = tables.one(SESSIONS)
        url = f"{server.origin}{PAGE}{told['sessionId']}"
        assert told == {"redirectUrl": url, "sessionId": str(row["id"]), "provider": "sandbox"}
        assert (row["state"], row["provider"], row["ref"], row["user_id"]) == (
            "OPEN", "sandbox", str(row["id"]), ada.user_id,
        )  # fmt: skip
        (entry,) = tables.rows("SELECT * FROM audit_logs WHERE action = 'creator.kyc.start.success'")
        assert (entry["actor_id"], entry["details"]["provider"]) == (ada.user_id, "sandbox")

    def test_begun_and_not_handed_in_goes_on(self, api: Api, tables: Tables, headers: dict[str, str]) -> None:
        first, second = started(api, headers).json()["data"], started(api, headers).json()["data"]
        assert first == second
        assert tables.count("kyc_sessions") == 1

    def test_ten_at_once_are_one(self, api: Api, tables: Tables, headers: dict[str, str], unlimited: None) -> None:
        def call(_: int) -> tuple[int, str]:
            with api.server.client() as client:
                response = started(client, headers)
            return response.status_code, response.json()["data"]["sessionId"]

        with ThreadPoolExecutor(10) as pool:
            answers = set(pool.map(call, range(10)))
        assert (len(answers), {code for code, _ in answers}, tables.count("kyc_sessions")) == (1, {201}, 1)

    def test_of_two_at_once_one_counts_at_a_vendor_without_a_word_for_repetitions(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], unlimited: None
    ) -> None:
        def call(_: int) -> str:
            with api.server.client() as client:
                return str(started(client, headers).json()["data"]["redirectUrl"])

        both = Barrier(2)

        class Crowded(VeriffWorld):
            def create(self, wanted: dict[str, Any]) -> Answer:
                both.wait(30)
                return super().create(wanted)

        vendor = Crowded()
        with served(vendor) as vendor.url:
            server.configure(**at_veriff(vendor))
            with ThreadPoolExecutor(2) as pool:
                urls = set(pool.map(call, range(2)))
            assert len(vendor.asked) == 2
            row = tables.one(SESSIONS)
            assert urls == {vendor.urls[row["ref"]]}
            vendor.decide(row["ref"], "approved")
            tables.run("UPDATE kyc_sessions SET looked_at = looked_at - interval '1 hour'")
            server.let_time_come("creators.look_at_kyc")
        assert status(api, headers)["status"] == "APPROVED"

    def test_what_moved_to_another_provider_is_not_bound_to_the_former(
        self, server: Server, tables: Tables, ada: Creator
    ) -> None:
        insert(tables, "kyc_sessions", user_id=ada.user_id, provider="veriff")
        session_id = tables.one(SESSIONS)["id"]

        async def bind(provider: str) -> bool:
            async with server.app.parts.database.unit() as db:
                return await db.kyc_sessions.bind(session_id, provider, "r", None, utc_now()) is not None

        assert [server.on_loop(bind(provider)) for provider in ("sandbox", "veriff")] == [False, True]

    def test_the_switch(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        server.configure(**{"kill_switch.KYC": True})
        response = started(api, headers)
        assert (response.status_code, code_of(response)) == (503, "features.kyc_disabled")
        assert status(api, headers)["status"] == "NOT_STARTED"

    @pytest.mark.usefixtures("unlimited")
    def test_handed_in_and_not_decided(self, api: Api, headers: dict[str, str]) -> None:
        session_id = begun(api, headers)
        with httpx.Client(trust_env=False) as browser:
            assert "Nothing submitted yet" in browser.get(f"{api.server.origin}{PAGE}{session_id}").text
        press(api, session_id, "submit")
        assert code_of(started(api, headers)) == "creator.kyc.in_progress"  # before the notice of it was dealt with
        api.server.work_off()
        response = started(api, headers)
        assert (response.status_code, code_of(response)) == (400, "creator.kyc.in_progress")

    def test_who_is_verified_need_not(self, api: Api, headers: dict[str, str]) -> None:
        decided(api, headers, "approve")
        response = started(api, headers)
        assert (response.status_code, code_of(response)) == (400, "creator.kyc.already_approved")

    def test_rejected_may_try_again_three_times_a_day(
        self, api: Api, tables: Tables, headers: dict[str, str], unlimited: None
    ) -> None:
        for _ in range(3):
            decided(api, headers, "reject")
        response = started(api, headers)
        assert (response.status_code, code_of(response)) == (400, "creator.kyc.too_many_attempts")
        assert 86_000 < int(response.headers["retry-after"]) <= 86_401
        tables.run("UPDATE kyc_sessions SET created_at = created_at - interval '1 day'")
        assert started(api, headers).status_code == 201

    def test_rejected_for_good_may_not(self, api: Api, headers: dict[str, str]) -> None:
        decided(api, headers, "reject_for_good")
        response = started(api, headers)
        assert (response.status_code, code_of(response)) == (403, "creator.kyc.rejected_final")

    @pytest.mark.parametrize(("button", "can_try_again"), [("reject", True), ("reject_for_good", False)])
    def test_the_mail_of_a_rejection_says_whether_to_try_again(
        self, api: Api, ada: Creator, headers: dict[str, str], button: str, can_try_again: bool
    ) -> None:
        decided(api, headers, button)
        (mail,) = api.mails(ada.email)
        assert ("to try again" in mail["text"], "cannot try again" in mail["text"]) == (
            can_try_again, not can_try_again,
        )  # fmt: skip
        assert started(api, headers).is_success is can_try_again

    def test_no_provider(self, api: Api, server: Server, tables: Tables, headers: dict[str, str]) -> None:
        """What was begun here goes on with whichever provider is there later."""
        server.configure(**{"external.kyc.active_provider": "none"})
        response = started(api, headers)
        assert (response.status_code, code_of(response)) == (503, "service.unavailable")
        assert status(api, headers)["status"] == "NOT_STARTED"
        server.configure(**{"external.kyc.active_provider": "sandbox"})
        assert started(api, headers).status_code == 201
        assert (tables.one(SESSIONS)["provider"], tables.count("kyc_sessions")) == ("sandbox", 1)

    def test_a_provider_that_is_away(self, api: Api, server: Server, tables: Tables, headers: dict[str, str]) -> None:
        gone = f"http://127.0.0.1:{closed_port()}"
        server.configure(
            **{
                "external.kyc.active_provider": "veriff",
                "external.kyc.veriff.base_url": gone,
                "external.kyc.veriff.api_key": "k",
                "external.kyc.veriff.shared_secret": "s",
            }
        )
        assert code_of(started(api, headers)) == "service.unavailable"

    def test_what_was_begun_elsewhere_ends_there(
        self, api: Api, server: Server, headers: dict[str, str], unlimited: None
    ) -> None:
        """The active provider is of new verifications alone."""
        session_id = begun(api, headers)
        server.configure(**{"external.kyc.active_provider": "veriff"})
        assert started(api, headers).json()["data"]["provider"] == "sandbox"
        press(api, session_id, "approve")
        server.work_off()
        assert status(api, headers)["status"] == "APPROVED"

    def test_in_production_there_is_no_sandbox(self, start_server: Callable[..., Server], clients: Clients) -> None:
        server = start_server(env="production")
        api = clients(server)
        headers = signed_in(api, creator(api, server.tables))
        assert code_of(started(api, headers)) == "service.unavailable"
        server.configure(**{"external.kyc.active_provider": "sandbox"})
        assert code_of(started(api, headers)) == "service.unavailable"
        answers = [api.post("/api/v1/webhooks/kyc/sandbox", content=b"{}"), httpx.get(f"{server.origin}{PAGE}x")]
        assert [answer.status_code for answer in answers] == [404, 404]


class TestVerdicts:
    """What notices lead to."""

    def test_a_verdict_is_told_by_mail_and_kept_in_the_audit_log(
        self, api: Api, tables: Tables, ada: Creator, headers: dict[str, str]
    ) -> None:
        decided(api, headers, "approve")
        (mail,) = api.mails(ada.email)
        assert mail["subject"] == "Your identity is verified"
        entry = tables.one("SELECT * FROM audit_logs WHERE action = 'creator.kyc.verdict'")
        assert (entry["target_id"], entry["details"]["status"]) == (str(ada.user_id), "APPROVED")
        assert tables.one("SELECT state FROM provider_events")["state"] == "DONE"

    def test_it_may_be_taken_back(self, api: Api, ada: Creator, headers: dict[str, str]) -> None:
        session_id = decided(api, headers, "approve")
        for button, shown in (("reject", "REJECTED"), ("approve", "APPROVED")):
            press(api, session_id, button)
            api.server.work_off()
            assert status(api, headers)["status"] == shown
        told = [mail["subject"] for mail in reversed(api.mails(ada.email))]
        assert told == ["Your identity is verified", "Your identity is no longer verified", "Your identity is verified"]

    def test_one_that_expires_unused_can_be_followed_by_another(
        self, api: Api, ada: Creator, headers: dict[str, str]
    ) -> None:
        first = decided(api, headers, "expire")
        assert (status(api, headers)["status"], api.mails(ada.email)) == ("EXPIRED", [])
        assert begun(api, headers) != first

    @pytest.mark.usefixtures("unlimited")
    def test_the_newest_try_is_what_counts(self, api: Api, tables: Tables, headers: dict[str, str]) -> None:
        former = decided(api, headers, "reject")
        latest = decided(api, headers, "approve")
        press(api, former, "reject_for_good")
        api.server.work_off()
        told = status(api, headers)
        assert (told["status"], told["providerId"]) == ("APPROVED", latest)
        states = {str(row["id"]): (row["state"], row["final"]) for row in tables.rows(SESSIONS)}
        assert states == {former: ("REJECTED", True), latest: ("APPROVED", False)}

    @pytest.mark.usefixtures("unlimited")
    def test_an_older_try_does_not_come_back(self, api: Api, tables: Tables, headers: dict[str, str]) -> None:
        former = decided(api, headers, "reject")
        latest = begun(api, headers)
        press(api, former, "submit")
        api.server.work_off()
        assert {row["state"] for row in tables.rows("SELECT state FROM provider_events")} == {"DONE"}
        states = {str(row["id"]): row["state"] for row in tables.rows(SESSIONS)}
        assert states == {former: "REJECTED", latest: "OPEN"}

    def test_a_verdict_that_is_taken_back_leaves_no_end(
        self, api: Api, tables: Tables, headers: dict[str, str]
    ) -> None:
        session_id = decided(api, headers, "reject")
        change(tables, "kyc_sessions", UUID(session_id), verified_name=b"sealed")
        press(api, session_id, "submit")
        api.server.work_off()
        assert tables.one("SELECT verified_name FROM kyc_sessions")["verified_name"] is None
        assert (tables.one(SESSIONS)["state"], tables.one(SESSIONS)["ended_at"]) == ("PROCESSING", None)
        assert status(api, headers)["completedAt"] is None

    def test_a_fault_in_one_look_does_not_stop_the_others(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        eve = creator(api, tables, "eve@example.com", "eve")
        first: Any = begun(api, headers)
        theirs = signed_in(api, eve)
        begun(api, theirs)
        tables.run("UPDATE sandbox_verifications SET status = 'APPROVED'")
        tables.run("UPDATE kyc_sessions SET looked_at = looked_at - interval '2 hours'")
        change(tables, "kyc_sessions", first, provider="gone", looked_at=utc_now() - timedelta(hours=3))
        server.let_time_come("creators.look_at_kyc")
        assert status(api, theirs)["status"] == "APPROVED"

    def test_an_older_look_changes_nothing(self, api: Api, tables: Tables, headers: dict[str, str]) -> None:
        session_id = decided(api, headers, "approve")
        change(tables, "kyc_sessions", session_id, looked_at=utc_now() + timedelta(hours=1))  # type: ignore[arg-type]
        press(api, session_id, "reject")
        api.server.work_off()
        assert status(api, headers)["status"] == "APPROVED"

    def test_one_document_of_two_accounts_is_flagged_and_nobody_refused(
        self, api: Api, tables: Tables, headers: dict[str, str]
    ) -> None:
        eve = creator(api, tables, "eve@example.com", "eve")
        theirs = signed_in(api, eve)
        decided(api, headers, "approve", document="P-123")
        second = decided(api, theirs, "approve", document="P-123")
        assert status(api, theirs)["status"] == "APPROVED"
        assert [row["twin"] for row in tables.rows(SESSIONS)] == [False, True]
        (entry,) = tables.rows("SELECT * FROM audit_logs WHERE action = 'creator.kyc.same_document'")
        assert (entry["target_id"], entry["details"]) == (str(eve.user_id), {"session": second})
        assert "P-123" not in str(tables.rows(SESSIONS))

    def test_a_document_that_was_hashed_under_a_former_secret_is_known_by_one_hash_again(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        decided(api, headers, "approve", document="P-123")
        current = tables.one(SESSIONS)["identity_hash"]
        tables.run("UPDATE kyc_sessions SET identity_hash = 'former.1'")

        async def verified() -> None:
            async with server.app.parts.database.unit() as db:
                await db.kyc_sessions.rehash(current, [])
                await db.kyc_sessions.rehash(current, ["former.0", "former.1"])

        server.on_loop(verified())
        assert tables.one(SESSIONS)["identity_hash"] == current

    def test_a_notice_that_is_lost_is_made_good_within_the_hour(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        session_id = begun(api, headers)
        tables.run("UPDATE sandbox_verifications SET status = 'APPROVED'")
        server.let_time_come("creators.look_at_kyc")
        assert status(api, headers)["status"] == "PENDING"
        change(tables, "kyc_sessions", session_id, looked_at=utc_now() - timedelta(hours=1))  # type: ignore[arg-type]
        server.let_time_come("creators.look_at_kyc")
        assert status(api, headers)["status"] == "APPROVED"

    def test_what_the_provider_knows_no_more_is_over(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        begun(api, headers)
        tables.run("DELETE FROM sandbox_verifications")
        tables.run("UPDATE kyc_sessions SET looked_at = looked_at - interval '1 hour'")
        server.let_time_come("creators.look_at_kyc")
        assert status(api, headers)["status"] == "EXPIRED"

    def test_an_erasure_leaves_nothing_that_leads_to_the_person(
        self, api: Api, server: Server, tables: Tables, ada: Creator, headers: dict[str, str]
    ) -> None:
        decided(api, headers, "approve", document="P-123")
        assert tables.count("provider_events") == 1

        async def erase() -> None:
            async with server.app.parts.database.unit() as db:
                subject = await db.personal_data.subject(ada.user_id)
                assert subject is not None
                await db.personal_data.erase(subject)

        server.on_loop(erase())
        assert (tables.count("kyc_sessions"), tables.count("provider_events")) == (0, 0)


class TestValidity:
    """``creators.end_kyc``."""

    def test_it_is_valid_for_two_years_or_as_long_as_the_document(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        server.configure(**{"kyc.valid_days": 100})
        decided(api, headers, "approve")
        left = tables.one(SESSIONS)["valid_until"] - utc_now()
        assert timedelta(days=99, hours=23) < left <= timedelta(days=100)
        config, now = FakeConfig(), datetime(2026, 12, 1, 12, tzinfo=UTC)
        verdict = KycVerdict("APPROVED", document_until=date(2026, 12, 24))
        assert valid_until(verdict, now, config) == datetime(2026, 12, 24, 23, 59, 59, 999999, UTC)
        assert valid_until(KycVerdict("APPROVED"), now, config) == now + timedelta(days=730)

    def test_with_a_document_that_is_over_it_never_begins(self, api: Api, headers: dict[str, str]) -> None:
        decided(api, headers, "approve", until="2020-01-01")
        assert status(api, headers)["status"] == "EXPIRED"

    def test_its_owner_is_reminded_thrice_and_then_told(
        self, api: Api, server: Server, tables: Tables, ada: Creator, headers: dict[str, str]
    ) -> None:
        session_id: Any = decided(api, headers, "approve")
        change(tables, "kyc_sessions", session_id, verified_name=b"sealed")
        subjects = []
        for days in (31, 30, 29, 8, 7, 1, 0.5, 0):
            until = utc_now() + timedelta(days=days, minutes=-1)
            change(tables, "kyc_sessions", session_id, valid_until=until)
            for _ in range(2):
                server.let_time_come("creators.end_kyc")
            subjects.append(len(api.mails(ada.email)) - 1)
        assert subjects == [0, 1, 1, 1, 2, 3, 3, 4]
        assert status(api, headers)["status"] == "EXPIRED"
        assert tables.one("SELECT verified_name FROM kyc_sessions")["verified_name"] is None
        latest, before, *_ = api.mails(ada.email)
        assert latest["subject"] == "The verification of your identity has ended"
        assert before["subject"] == "The verification of your identity ends soon"
        assert started(api, headers).status_code == 201

    @pytest.mark.usefixtures("unlimited")
    def test_of_an_older_try_nobody_is_reminded(
        self, api: Api, server: Server, tables: Tables, ada: Creator, headers: dict[str, str]
    ) -> None:
        former: Any = decided(api, headers, "reject")
        decided(api, headers, "approve")
        change(tables, "kyc_sessions", former, state="APPROVED", valid_until=utc_now() + timedelta(days=5))
        before = len(api.mails(ada.email))
        server.let_time_come("creators.end_kyc")
        server.work_off()
        assert len(api.mails(ada.email)) == before

    def test_when_to_remind(self) -> None:
        now = datetime(2026, 12, 1, tzinfo=UTC)

        def due(days: float, reminded: int | None) -> int | None:
            return reminder(now + timedelta(days=days), reminded, now)

        assert [due(31, None), due(30, None), due(30, 30), due(7, 30), due(7, 7), due(1, 7), due(0.1, 1)] == [
            None, 30, None, 7, None, 1, None,
        ]  # fmt: skip


class TestSandboxPage:
    def test_it_shows_and_changes(self, api: Api, headers: dict[str, str]) -> None:
        session_id = begun(api, headers)
        address = f"{api.server.origin}{PAGE}{session_id}"
        with httpx.Client(trust_env=False) as browser:
            page = browser.get(address)
            assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
            assert "form-action 'self'" in page.headers["content-security-policy"]
            pressed = browser.post(address, data={"action": "reject", "document": '"><script>', "until": "x"})
            assert (pressed.status_code, pressed.headers["location"]) == (303, f"{PAGE}{session_id}")
            page = browser.get(address)
        assert "Rejected" in page.text
        assert "<script>" not in page.text

    @pytest.mark.parametrize("ref", ["", "x", "00000000-0000-4000-8000-000000000000", "%00", "a/b"])
    def test_nobody_is_verified_elsewhere(self, api: Api, ref: str) -> None:
        with httpx.Client(trust_env=False) as browser:
            assert browser.get(f"{api.server.origin}{PAGE}{ref}").status_code == 404
            assert browser.post(f"{api.server.origin}{PAGE}{ref}", data={"action": "approve"}).status_code == 404

    def test_what_is_no_button(self, api: Api, tables: Tables, headers: dict[str, str]) -> None:
        session_id = begun(api, headers)
        before = tables.fingerprints()
        assert press(api, session_id, "bribe").status_code == 404
        with httpx.Client(trust_env=False) as browser:
            address = f"{api.server.origin}{PAGE}{session_id}"
            assert browser.post(address, content=b"action=" + b"x" * 5000).status_code == 413
            assert browser.post(address, content=b"action=%ff&" * 30).status_code == 404
            assert browser.put(address).status_code == 405
        assert tables.changed_since(before) == set()

    def test_a_notice_that_is_not_taken_is_told(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        session_id = begun(api, headers)
        server.configure(**{"site.api_url": f"http://127.0.0.1:{closed_port()}"})
        answer = press(api, session_id, "approve")
        assert (answer.status_code, "was not taken" in answer.text) == (200, True)
        assert tables.one("SELECT status FROM sandbox_verifications")["status"] == "APPROVED"
