"""What was set up on an account before its owner was proven leads nobody in, whichever proof comes then."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Table

from persistence.models import Base
from tests.bank_files import approved
from tests.handlers.auth.test_changes import ADA, MALLORY, change_address, password_of, reset, user
from tests.handlers.auth.test_oauth import opened, signed_in, told
from tests.handlers.auth.test_two_factor import Factor
from tests.handlers.support import account, change, insert, token_of
from tests.harness import PASSWORD, Api, Server, Tables, bearer, broken_rules
from tests.money import assert_books_agree
from tests.oidc_server import Platform
from tests.payment_vendor import nothing, silence
from tests.payout_vendor import payout_of, payout_vendor, ready
from tests.persistence.test_gdpr_completeness import choices_of, value_for
from tests.services.test_payout_sending import sweep

# A request for recovery is void as soon as the account is not as it was (tests/handlers/admin/test_recoveries.py).
LEADS_NOWHERE = {
    "appeals", "bans", "consent_records", "coupon_usages", "creator_profiles", "data_exports", "gdpr_requests",
    "moderation_cases", "moderation_notices", "recovery_requests", "referral_links", "referral_rewards",
    "statements_of_reasons", "tickets", "uploads", "user_notes", "user_settings", "username_history", "wallets",
}  # fmt: skip
PENDING = [
    table
    for table in Base.metadata.sorted_tables
    if {"id", "user_id"} <= set(table.columns.keys()) and table.name not in LEADS_NOWHERE
]
ENDED = ("used_at", "invalidated_at", "revoked_at", "closed_at", "ended_at")

Proof = Callable[[str], None]


@pytest.fixture
def platform(server: Server) -> Iterator[Platform]:
    with opened(server) as platform:
        yield platform


@pytest.fixture(params=["reset", "platform"])
def prove(request: pytest.FixtureRequest, api: Api, tables: Tables, platform: Platform) -> Proof:
    """Somebody shows that they read the mail of the address."""

    def by_platform(email: str) -> None:
        login = told(platform, "reader", email=email, hd=email.partition("@")[2])
        assert signed_in(api, login).get("isNewUser") in (False, None)

    def by_mail(email: str) -> None:
        tables.run("DELETE FROM mail_quotas")  # a second link within minutes
        reset(api, email=email)

    return by_platform if request.param == "platform" else by_mail


def pending(server: Server, table: Table, user_id: UUID) -> UUID:
    tables = server.tables
    if table.name == "payouts":  # with the money that is held for it
        return approved(server, user_id)
    row = {c.name: value_for(c, user_id, choices_of(table)) for c in table.columns if not c.identity and c.name != "id"}
    return insert(tables, table.name, **row | {name: None for name in ENDED if name in table.columns})


def stands(tables: Tables, table: Table, row_id: UUID) -> bool:
    live = " AND ".join(["id = %s", *(f"{name} IS NULL" for name in ENDED if name in table.columns)])
    return bool(tables.rows(f"SELECT 1 FROM {table.name} WHERE {live}", row_id))  # noqa: S608


def factored(api: Api, tables: Tables) -> UUID:
    """An account that somebody opened with Ada's address, with a young factor."""
    factor: dict[str, Any] = {
        "two_factor_enabled": True,
        "two_factor_secret": "x",
        "two_factor_enabled_at": datetime.now(UTC),
    }
    return account(api, tables, owner_unproven=True, phone="+12025550199", phone_verified_at="2026-01-01", **factor)


@pytest.mark.parametrize("table", PENDING, ids=str)
def test_nothing_that_was_pending_is_left(api: Api, tables: Tables, prove: Proof, table: Table) -> None:
    row_id = pending(api.server, table, factored(api, tables))
    assert stands(tables, table, row_id)
    prove(ADA)
    assert not stands(tables, table, row_id)
    row = user(tables)
    assert (row["phone"], row["two_factor_enabled"], row["owner_unproven"]) == (None, False, False)
    assert password_of(api).status_code == 401


class TestPayouts:
    """Of a creator whose account somebody else opened with her address."""

    def test_the_account_at_a_provider_is_closed_and_its_owner_opens_another(
        self, api: Api, tables: Tables, prove: Proof
    ) -> None:
        ada = factored(api, tables)
        ready = {"status": "ACTIVE", "payouts_enabled": True, "charges_enabled": True}
        shown = {f"payout_{name}": value for name, value in ready.items() if name != "status"}
        shown |= {"payout_account_id": "acct_1", "payout_account_status": "ACTIVE", "kyc_status": "APPROVED"}
        insert(tables, "creator_profiles", user_id=ada, **shown)
        insert(tables, "payout_accounts", user_id=ada, provider="sandbox", ref="acct_1", **ready)
        prove(ADA)
        closed = tables.one("SELECT * FROM payout_accounts")
        assert (closed["status"], closed["payouts_enabled"], closed["charges_enabled"]) == ("ACTIVE", False, False)
        assert closed["closed_at"] is not None
        profile = tables.one("SELECT * FROM creator_profiles")
        assert (profile["payout_account_id"], profile["payout_account_status"]) == (None, "NOT_STARTED")
        assert (profile["payout_payouts_enabled"], profile["payout_charges_enabled"]) == (False, False)
        change(tables, "creator_profiles", profile["id"], kyc_status="APPROVED")
        headers = bearer(token_of(api.server, ada))
        assert api.call("creators.payout_account.initiate", headers=headers).status_code == 201
        assert tables.count("payout_accounts") == 2

    def test_an_answer_that_comes_later_opens_none(self, api: Api, tables: Tables, prove: Proof) -> None:
        ada = factored(api, tables)
        account_id = insert(tables, "payout_accounts", user_id=ada, provider="sandbox")
        prove(ADA)

        async def bind() -> Any:
            async with api.server.app.parts.database.unit() as db:
                account = await db.payout_accounts.get(account_id)
                assert account is not None
                return await db.payout_accounts.bind(account, "acct_1", datetime.now(UTC))

        assert api.server.on_loop(bind()) is None

    def test_money_that_was_not_sent_is_in_the_balance_again(
        self, api: Api, server: Server, tables: Tables, prove: Proof
    ) -> None:
        payout_id = approved(server, factored(api, tables), 10_000)
        prove(ADA)
        assert tables.one("SELECT status FROM payouts WHERE id = %s", payout_id)["status"] == "CANCELLED"
        assert tables.one("SELECT balance FROM wallets WHERE type = 'CREATOR'")["balance"] == 20_000
        assert_books_agree(tables)
        assert any("Your identity is no longer verified." in mail["text"] for mail in api.mails(ADA))

    @pytest.mark.parametrize("there", [False, True])
    def test_one_of_which_nobody_knows_whether_it_was_sent_goes_nowhere_anew(
        self, api: Api, server: Server, tables: Tables, prove: Proof, there: bool
    ) -> None:
        """The provider was asked and not heard. Where it has it, it is paid; otherwise it is not sent another time."""
        one = ready(api, tables)
        change(tables, "users", one.user_id, owner_unproven=True)
        payout_id = payout_of(server, one, 10_000, status="APPROVED")
        with payout_vendor(server) as vendor:
            setattr(vendor, "after" if there else "before", silence)
            sweep(server)
            assert tables.one("SELECT status FROM payouts")["status"] == "PROCESSING"
            prove(ADA)
            vendor.before = vendor.after = nothing
            for _ in range(3):
                sweep(server)
            assert (len(vendor.book), vendor.paid) == ((1, 10_000) if there else (0, 0))
        status = tables.one("SELECT status FROM payouts WHERE id = %s", payout_id)["status"]
        assert status == ("PROCESSED" if there else "CANCELLED")
        assert tables.one("SELECT balance FROM wallets WHERE type = 'CREATOR'")["balance"] == (0 if there else 10_000)


class TestMovedAway:
    """Ada's account, which has a second factor, is moved to a mailbox that Mallory comes to read."""

    @pytest.fixture
    def factor(self, api: Api, tables: Tables) -> Factor:
        factor = Factor(api, tables).enable()
        change_address(api, factor.sign_in(), MALLORY, password=PASSWORD)
        api.server.work_off()
        return factor

    @pytest.mark.parametrize("later", ["1 minute", "1 year"])
    def test_no_proof_of_the_mailbox_is_ever_a_way_past_the_factor(
        self, api: Api, tables: Tables, prove: Proof, factor: Factor, later: str
    ) -> None:
        tables.run("UPDATE credential_changes SET expires_at = expires_at - %s::interval", later)
        tables.run("UPDATE email_changes SET used_at = used_at - %s::interval", later)
        tables.run("UPDATE users SET two_factor_enabled_at = two_factor_enabled_at - %s::interval", later)
        for _ in range(2):
            prove(MALLORY)
            row = tables.one("SELECT * FROM users")
            assert (row["two_factor_enabled"], row["owner_unproven"]) == (True, False)
            assert tables.count("backup_codes") == len(factor.backup_codes)

    def test_the_link_alone_moves_it_not(self, api: Api, tables: Tables) -> None:
        access = Factor(api, tables).enable().sign_in()
        wish = {"newEmail": MALLORY, "password": PASSWORD}
        assert api.call("users.emails.change", wish, headers=bearer(access)).status_code == 200
        token = api.verification_token(MALLORY)
        response = api.call("auth.verify_email_change", {"token": token})
        assert broken_rules(response) == {("password", "required")}
        assert user(tables)["email"] == ADA
        assert api.call("auth.verify_email_change", {"token": token, "password": PASSWORD}).status_code == 200


def test_the_change_of_address_that_a_stranger_asked_for_comes_to_nothing(
    api: Api, tables: Tables, platform: Platform
) -> None:
    account(api, tables, owner_unproven=True)
    headers = {"authorization": f"Bearer {api.sign_in()}"}
    wish = {"newEmail": MALLORY, "password": PASSWORD}
    assert api.call("users.emails.change", wish, headers=headers).status_code == 200
    token = api.verification_token(MALLORY)
    signed_in(api, told(platform, "reader", hd="example.com"))
    assert api.call("auth.verify_email_change", {"token": token}).status_code == 400
    assert tables.one("SELECT email FROM users")["email"] == ADA
