"""Disputes of payments, as staff sees them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.admin.money import evidence
from domain.money import flows
from tests.handlers.admin.pages import walked
from tests.handlers.support import account, audited, insert
from tests.harness import Api, Server, Tables, bearer, code_of
from tests.money import begin, do, fan, load, post
from tests.staff import Hired, hired, member

NOW = datetime.now(UTC)
PAID = (NOW - timedelta(days=60)).replace(microsecond=0)
"""When the disputed payment was paid."""
CHROME = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
)


@pytest.fixture
def ada(api: Api, tables: Tables) -> UUID:
    """Whose account is older than everything else."""
    return account(api, tables, registration_country="TR", created_at=PAID - timedelta(days=90))


def payment(tables: Tables, ada: UUID, payment_id: UUID | None = None, **columns: Any) -> UUID:
    """One that was paid, and credited long ago or not at all."""
    paid = columns.get("paid_at", PAID)
    row = {"wallet_id": fan(ada).id, "amount": 2500, "currency": "USD", "status": "PAID", "provider": "sandbox"}
    row |= {"ref": str(uuid4()), "url": "", "return_url": "", "created_at": paid, "expires_at": paid, "paid_at": paid}
    return insert(tables, "payments", id=payment_id or uuid4(), **(row | columns))


def disputed(tables: Tables, ada: UUID, payment_id: UUID) -> UUID:
    of = {"wallet_id": fan(ada).id, "provider": "sandbox", "amount": 2500}
    return insert(tables, "disputes", payment_id=payment_id, ref=f"dp_{payment_id}", **of)


@pytest.fixture
def dispute(api: Api, tables: Tables, ada: UUID) -> UUID:
    """Of a load of 25 dollars."""
    return disputed(tables, ada, payment(tables, ada, load(api.server, ada)))


def shown(api: Api, headers: dict[str, str], dispute: UUID) -> dict[str, Any]:
    response = asked(api, headers, dispute)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["data"]
    return found


def asked(api: Api, headers: dict[str, str], dispute: object) -> httpx.Response:
    return api.call("admin.finance.disputes.evidence", path=f"/admin/disputes/{dispute}/evidence", headers=headers)


def signed_in(tables: Tables, user_id: UUID, moment: datetime, way: str = "login", **columns: Any) -> UUID:
    """What the audit log has of it; the id of the session."""
    session, row = uuid4(), {"result": "success", "actor_id": user_id, "ip_prefix": "203.0.113.0/24"}
    row |= {"action": f"auth.{way}.success", "created_at": moment, "details": {}}
    insert(tables, "audit_logs", target_id=str(session), **(row | columns))
    return session


def in_use(tables: Tables, user_id: UUID, begun: datetime, seen: datetime, **columns: Any) -> UUID:
    lives = {"created_at": begun, "last_active_at": seen, "expires_at": NOW}
    return insert(tables, "sessions", user_id=user_id, ip="203.0.113.9", user_agent=CHROME, **(lives | columns))


def consented(tables: Tables, user_id: UUID, kind: str, version: str, moment: datetime, **columns: Any) -> None:
    row = {"kind": kind, "version": version, "granted": True, "ip_address": "203.0.113.9", "user_agent": CHROME}
    insert(tables, "consent_records", user_id=user_id, created_at=moment, **(row | columns))


class TestList:
    def test_those_that_are_open_first(self, api: Api, finance: Hired, tables: Tables) -> None:
        account(api, tables, created_at=datetime.now(UTC) - timedelta(days=30))
        headers, ids = bearer(api.sign_in()), []
        for actions in (["charge_back"], ["charge_back", "lose"], ["charge_back"], ["charge_back", "win"]):
            tables.run("UPDATE wallets SET frozen_at = NULL, frozen_for = NULL")
            session = begin(api, headers)
            ids.append(session["sessionId"])
            do(api, session, "pay", *actions)
        listed = "admin.finance.disputes.list"
        found = api.call(listed, headers=finance.headers).json()["data"]["items"]
        assert walked(api, listed, finance) == [row["id"] for row in found]
        assert [row["paymentId"] for row in found] == [ids[2], ids[0], ids[3], ids[1]]
        assert [row["returnedAt"] is not None for row in found] == [False, False, True, False]

    def test_a_cursor_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.finance.disputes.list", params={"cursor": "x"}, headers=finance.headers)
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")


DAY = timedelta(days=1)


class TestEvidence:
    def test_the_payment_and_the_account(
        self, api: Api, finance: Hired, tables: Tables, ada: UUID, dispute: UUID
    ) -> None:
        signed_in(tables, ada, PAID - 80 * DAY, "verify_email")
        signed_in(tables, ada, PAID - 9 * DAY, "verify_email")
        found = shown(api, finance.headers, dispute)
        row = tables.one("SELECT payment_id, ref FROM disputes")
        assert (found["dispute"]["id"], found["dispute"]["ref"]) == (str(dispute), row["ref"])
        paid = found["payment"]
        assert (paid["id"], paid["userId"], paid["amount"]) == (str(row["payment_id"]), str(ada), "25.00")
        assert moment(paid["paidAt"]) == PAID
        told = found["account"]
        assert (moment(told["createdAt"]), moment(told["emailVerifiedAt"])) == (PAID - 90 * DAY, PAID - 80 * DAY)
        assert {name: told[name] for name in ("email", "emailVerified", "status", "country")} == {
            "email": "a***@e***.com", "emailVerified": True, "status": "ACTIVE", "country": "TR",
        }  # fmt: skip

    def test_sign_ins_of_the_days_around_it(
        self, api: Api, finance: Hired, tables: Tables, ada: UUID, dispute: UUID
    ) -> None:
        before, after = PAID - 29 * DAY, PAID + 29 * DAY
        ids = [
            signed_in(tables, ada, before),
            signed_in(tables, ada, PAID - DAY, "oauth.login"),
            signed_in(tables, ada, after, "2fa.login"),
        ]
        for way, at in (("login", before - 2 * DAY), ("login", after + 2 * DAY), ("change_password", PAID)):
            signed_in(tables, ada, at, way)
        signed_in(tables, member(api.server).id, PAID)
        found = shown(api, finance.headers, dispute)["signIns"]
        assert [(row["sessionId"], row["method"]) for row in found] == list(
            zip(map(str, ids), ("PASSWORD", "PLATFORM", "SECOND_FACTOR"), strict=True)
        )
        assert {row["network"] for row in found} == {"203.0.113.0/24"}

    def test_of_many_sign_ins_the_nearest(
        self, api: Api, finance: Hired, tables: Tables, ada: UUID, dispute: UUID
    ) -> None:
        most, hour = evidence.MOST_SIGN_INS, timedelta(hours=1)
        ids = {n: str(signed_in(tables, ada, PAID + n * hour)) for n in range(-most - 2, most + 3)}
        found = shown(api, finance.headers, dispute)["signIns"]
        assert [row["sessionId"] for row in found] == [ids[n] for n in range(-most + 1, most + 1)]

    def test_sessions_in_use_then(self, api: Api, finance: Hired, tables: Tables, ada: UUID, dispute: UUID) -> None:
        long = in_use(tables, ada, PAID - 80 * DAY, PAID + DAY, revoked_at=PAID + 2 * DAY)
        late = in_use(tables, ada, PAID + DAY, NOW)
        near = in_use(tables, ada, PAID - DAY, PAID, country="TR")
        in_use(tables, ada, PAID - 80 * DAY, PAID - 31 * DAY)
        in_use(tables, ada, PAID + 31 * DAY, NOW)
        in_use(tables, member(api.server).id, PAID - DAY, NOW)
        found = shown(api, finance.headers, dispute)["sessions"]
        assert [row["id"] for row in found] == [str(near), str(long), str(late)]
        assert [row["endedAt"] is None for row in found] == [True, False, True]
        assert (found[0]["device"], found[0]["country"]) == ("Chrome on macOS", "TR")

    def test_networks_and_addresses_are_whole_for_who_may_see_them(
        self, api: Api, finance: Hired, server: Server, tables: Tables, ada: UUID, dispute: UUID
    ) -> None:
        in_use(tables, ada, PAID, PAID)
        consented(tables, ada, "terms", "1.0", PAID)
        for headers, ip, email in (
            (finance.headers, "203.0.113.***", "a***@e***.com"),
            (hired(server, "ADMIN"), "203.0.113.9", "ada@example.com"),
        ):
            found = shown(api, headers, dispute)
            assert [found[name][0]["ip"] for name in ("sessions", "consents")] == [ip, ip]
            assert found["account"]["email"] == email

    def test_terms_that_were_agreed_to_before(
        self, api: Api, finance: Hired, tables: Tables, ada: UUID, dispute: UUID
    ) -> None:
        consented(tables, ada, "terms", "1.0", PAID - 90 * DAY)
        consented(tables, ada, "tos", "1.1", PAID - DAY, granted=False, ip_address=None, user_agent=None)
        consented(tables, ada, "privacy", "1.0", PAID - DAY)
        consented(tables, ada, "terms", "2.0", PAID + DAY)
        found = shown(api, finance.headers, dispute)["consents"]
        assert [(row["version"], row["accepted"], row["ip"]) for row in found] == [
            ("1.1", False, None),
            ("1.0", True, "203.0.113.***"),
        ]
        assert found[1]["device"] == "Chrome on macOS"

    def test_earlier_payments_that_stood(
        self, api: Api, finance: Hired, tables: Tables, ada: UUID, dispute: UUID
    ) -> None:
        none = {"count": 0, "firstPaidAt": None, "lastPaidAt": None}
        assert shown(api, finance.headers, dispute)["earlierPayments"] == none
        for days in (3, 2, 1):
            payment(tables, ada, paid_at=PAID - days * DAY)
        payment(tables, ada, paid_at=PAID + DAY)
        payment(tables, ada, status="EXPIRED", paid_at=None, created_at=PAID - 9 * DAY, expires_at=PAID - 9 * DAY)
        disputed(tables, ada, payment(tables, ada, paid_at=PAID - 10 * DAY))
        found = shown(api, finance.headers, dispute)["earlierPayments"]
        assert found["count"] == 3
        assert [moment(found[name]) for name in ("firstPaidAt", "lastPaidAt")] == [PAID - 3 * DAY, PAID - DAY]

    def test_what_became_of_the_money(self, api: Api, finance: Hired, tables: Tables, ada: UUID) -> None:
        load(api.server, ada, 700)  # before it
        dispute = disputed(tables, ada, payment(tables, ada, load(api.server, ada)))
        spent, further = uuid4(), uuid4()
        parts = flows.Parts(promo=0, fan=500)
        post(api.server, flows.held(fan(ada), spent, parts), flows.unheld(fan(ada), spent, parts))
        post(api.server, flows.loaded(fan(ada), further, "sandbox", 100))
        found = shown(api, finance.headers, dispute)["activity"]
        assert [(row["type"], row["amount"], row["referenceType"], row["referenceId"]) for row in found] == [
            ("DEBIT", "5.00", "MESSAGE", str(spent)),
            ("CREDIT", "5.00", "MESSAGE_REFUND", str(spent)),
            ("CREDIT", "1.00", "PAYMENT_CHECKOUT", str(further)),
        ]

    def test_of_much_that_happened_the_first(self, api: Api, finance: Hired, ada: UUID, dispute: UUID) -> None:
        more = [flows.loaded(fan(ada), uuid4(), "sandbox", 1) for _ in range(evidence.MOST_LINES + 1)]
        post(api.server, *more)
        found = shown(api, finance.headers, dispute)["activity"]
        assert [row["referenceId"] for row in found] == [each.about_id for each in more[:-1]]

    def test_of_an_account_that_is_erased_books_and_sign_ins_are_left(
        self, api: Api, finance: Hired, tables: Tables, ada: UUID
    ) -> None:
        """Sign-ins by ids and networks alone, as the audit log has them for good."""
        session = begin(api, bearer(api.sign_in()))
        do(api, session, "pay", "charge_back", "lose")
        consented(tables, ada, "terms", "1.0", PAID)
        row = {"user_id": ada, "kind": "DELETION", "status": "PENDING", "grace_ends_at": NOW}
        insert(tables, "gdpr_requests", **row)
        api.server.let_time_come("gdpr.erase_due")
        found = shown(api, finance.headers, tables.one("SELECT id FROM disputes")["id"])
        assert (found["account"]["status"], found["account"]["email"]) == ("DELETED", "d***@d***.re")
        assert found["sessions"] == []
        assert [(row["version"], row["ip"], row["device"]) for row in found["consents"]] == [("1.0", None, None)]
        assert [row["method"] for row in found["signIns"]] == ["PASSWORD"]
        assert [row["type"] for row in found["activity"]] == ["CHARGEBACK"]

    def test_one_of_a_payment_that_was_never_credited(
        self, api: Api, finance: Hired, tables: Tables, ada: UUID
    ) -> None:
        load(api.server, ada)
        odd = payment(tables, ada, status="FAILED", misfit="AMOUNT", paid_at=None, created_at=PAID, expires_at=PAID)
        signed_in(tables, ada, PAID)
        found = shown(api, finance.headers, disputed(tables, ada, odd))
        assert (found["payment"]["paidAt"], found["activity"], len(found["signIns"])) == (None, [], 1)

    def test_every_look_is_audited(self, api: Api, finance: Hired, tables: Tables, ada: UUID, dispute: UUID) -> None:
        shown(api, finance.headers, dispute)
        (row,) = audited(tables, "admin.finance.disputes.evidence")
        assert (row["actor_id"], row["target_id"], row["role"]) == (finance.id, str(ada), "FINANCE")
        assert row["details"] == {"dispute": str(dispute)}

    def test_nobodys(self, api: Api, finance: Hired, server: Server, tables: Tables, dispute: UUID) -> None:
        response = asked(api, finance.headers, uuid4())
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")
        assert code_of(asked(api, finance.headers, "no")) == "validation.failed"
        refused = asked(api, hired(server, "SUPPORT"), dispute)
        assert (refused.status_code, code_of(refused)) == (403, "admin.permission_denied")
        assert [row["result"] for row in audited(tables, "admin.finance.disputes.evidence")] == ["refused"]


def moment(told: str) -> datetime:
    return datetime.fromisoformat(told)
