"""Money as staff reads and moves it, for the test of side effects."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from domain.money import flows
from tests.contract.scenario import Conditional, Scenario, as_staff
from tests.handlers.support import account, insert
from tests.harness import Api, Tables
from tests.money import fan, freeze, load, owe, post


def with_money(operation_id: str, body: Any = None, **options: Any) -> Scenario:
    """Ada's wallet has 25 dollars; the path is filled with the ids of the wallet and of its first account."""

    def prepare(api: Api, tables: Tables) -> Any:
        wallet = fan(account(api, tables))
        load(api.server, wallet.user_id)
        ids: Mapping[str, Any] = {"id": wallet.account("fan").id if "accounts" in operation_id else wallet.id}
        return as_staff(operation_id, body, prepare=lambda _: ids, role="FINANCE", **options)(api, tables)

    return prepare


REASON = {"reason": "Ticket 4711."}
STATEMENT = {
    "facts": "Twelve cards of different owners were charged within an hour.",
    "ground": "TERMS",
    "reference": "7.1",
    "explanation": "Wallets must be loaded with one's own means of payment.",
}
ADJUSTMENT = REASON | {"amount": "10.00", "account": "fan", "contra": "goodwill"}


def freezing(*, mass_spam: bool) -> Scenario:
    body = REASON | {"frozenFor": "FRAUD", "statement": STATEMENT | {"massSpam": mass_spam}}
    return with_money("admin.finance.wallets.freeze", body)


def unfreezing(*, told: bool) -> Scenario:
    """``told``: there is a statement of reasons."""

    def prepare(api: Api, tables: Tables) -> Any:
        act = with_money("admin.finance.wallets.unfreeze", REASON)(api, tables)
        owner = tables.one("SELECT user_id FROM wallets")["user_id"]
        freeze(tables, owner)
        if told:
            columns = {"type": "MONEY_SUSPENDED", "target_type": "USER", "source": "OWN_INITIATIVE"}
            moment = {"starts_at": "2026-01-01"}
            columns |= {name: STATEMENT[name] for name in ("facts", "ground", "reference", "explanation")} | moment
            insert(tables, "statements_of_reasons", user_id=owner, **columns)
        return act

    return prepare


def deciding(what: str, code: str = "fan") -> Scenario:
    """A request of somebody else."""

    def prepare(api: Api, tables: Tables) -> Any:
        wallet = fan(account(api, tables))
        load(api.server, wallet.user_id)
        columns = {"wallet_id": wallet.id, "account": code, "contra": "goodwill", "currency": "USD", "amount": 1000}
        request = insert(tables, "adjustments", **columns, reason="x", requested_by=wallet.user_id)
        name = f"admin.finance.adjustments.{what}"
        return as_staff(name, REASON, prepare=lambda _: {"id": request}, role="FINANCE")(api, tables)

    return prepare


def writing_off(api: Api, tables: Tables) -> Any:
    """Debt that is old enough, as somebody else has asked."""
    wallet = fan(account(api, tables))
    owe(api, tables, wallet.user_id, 1000, days=180)
    columns = {"wallet_id": wallet.id, "account": "debt", "contra": "dispute_loss", "currency": "USD", "amount": 1000}
    request = insert(tables, "adjustments", **columns, reason="x", requested_by=wallet.user_id)
    name = "admin.finance.adjustments.approve"
    return as_staff(name, REASON, prepare=lambda _: {"id": request}, role="FINANCE")(api, tables)


def of_payment(operation_id: str, body: Any = None) -> Scenario:
    """Of Ada's payment, whose money is still in her wallet, and of which something is disputed elsewhere."""

    def prepare(api: Api, tables: Tables) -> Any:
        payment = paid(api, tables)
        return as_staff(operation_id, body, prepare=lambda _: {"id": payment}, role="FINANCE")(api, tables)

    return prepare


def paid(api: Api, tables: Tables) -> Any:
    wallet = fan(account(api, tables))
    payment = load(api.server, wallet.user_id)
    now = datetime.now(UTC)
    insert(
        tables, "payments", id=payment, wallet_id=wallet.id, amount=2500, currency="USD", status="PAID",
        provider="sandbox", ref="session", url="", return_url="", expires_at=now, paid_at=now,
    )  # fmt: skip
    of = {"wallet_id": wallet.id, "provider": "sandbox", "amount": 100}
    insert(tables, "disputes", payment_id=payment, ref="dp", closed_at=now, **of)
    return payment


def contested(api: Api, tables: Tables) -> Any:
    """A dispute of Ada's payment; of each thing that shows who paid there is one."""
    paid(api, tables)
    dispute = tables.one("SELECT d.id, w.user_id FROM disputes d JOIN wallets w ON w.id = d.wallet_id")
    api.sign_in()
    insert(tables, "consent_records", user_id=dispute["user_id"], kind="terms", granted=True, version="1.0")
    post(api.server, flows.refund_asked(fan(dispute["user_id"]), uuid4(), 100))
    name = "admin.finance.disputes.evidence"
    return as_staff(name, prepare=lambda _: {"id": dispute["id"]}, role="FINANCE")(api, tables)


def in_suspense(operation_id: str, body: Any = None) -> Scenario:
    """Money that fits nothing; Ada has a wallet."""

    def prepare(api: Api, tables: Tables) -> Any:
        wallet = fan(account(api, tables))
        load(api.server, wallet.user_id)
        post(api.server, flows.strayed("sandbox", "session", 2400))
        stray = insert(tables, "strays", provider="sandbox", ref="session", amount=2400, currency="USD")
        given = {"walletId": str(wallet.id)} if operation_id.endswith("credit") else {}
        sent = None if body is None else body | given
        return as_staff(operation_id, sent, prepare=lambda _: {"id": stray}, role="FINANCE")(api, tables)

    return prepare


RUN = "admin.finance.reconciliations.run"


def found(tables: Tables) -> Mapping[str, Any]:
    moment = "2026-01-01"
    columns = {'"check"': "escrow", "what": "USD", "expected": "1", "found": "2", "severe": True}
    return {"id": insert(tables, "ledger_findings", **columns, first_seen=moment, last_seen=moment)}


def waiting(tables: Tables) -> Mapping[str, Any]:
    insert(tables, "outbox", topic="money.reconcile", payload={}, available_at="2999-01-01")
    return {}


def told_of(tables: Tables) -> Mapping[str, Any]:
    columns = {
        "family": "payment",
        "provider": "sandbox",
        "type": "checkout.paid",
        "object_ref": "s",
        "state": "PARKED",
    }
    return {"id": insert(tables, "provider_events", **columns, external_id=str(uuid4()), fault="tries")}


REPLAY = "admin.finance.webhooks.replay"
SCENARIOS: dict[str, Scenario] = {
    "admin.finance.webhooks.list": as_staff("admin.finance.webhooks.list", role="FINANCE", prepare=told_of),
    REPLAY: as_staff(REPLAY, REASON, role="FINANCE", prepare=told_of),
    "admin.finance.transfers.list": with_money("admin.finance.transfers.list"),
    "admin.finance.accounts.find": with_money("admin.finance.accounts.find"),
    "admin.finance.accounts.balances": with_money("admin.finance.accounts.balances"),
    "admin.finance.wallets.list": with_money("admin.finance.wallets.list"),
    "admin.finance.wallets.find": with_money("admin.finance.wallets.find"),
    "admin.finance.wallets.freeze": freezing(mass_spam=True),
    "admin.finance.wallets.unfreeze": unfreezing(told=False),
    "admin.finance.wallets.adjust": with_money("admin.finance.wallets.adjust", ADJUSTMENT),
    "admin.finance.reconciliations.list": as_staff("admin.finance.reconciliations.list", role="FINANCE"),
    RUN: as_staff(RUN, REASON, role="FINANCE"),
    "admin.finance.findings.list": as_staff("admin.finance.findings.list", role="FINANCE", prepare=found),
    "admin.finance.findings.close": as_staff("admin.finance.findings.close", REASON, role="FINANCE", prepare=found),
    "admin.finance.suspense.list": in_suspense("admin.finance.suspense.list"),
    "admin.finance.suspense.credit": in_suspense("admin.finance.suspense.credit", REASON),
    "admin.finance.suspense.refund": in_suspense("admin.finance.suspense.refund", REASON),
    "admin.finance.payments.list": of_payment("admin.finance.payments.list"),
    "admin.finance.payments.find": of_payment("admin.finance.payments.find"),
    "admin.finance.payments.refund": of_payment("admin.finance.payments.refund", REASON | {"amount": "5.00"}),
    "admin.finance.disputes.evidence": contested,
    "admin.finance.disputes.list": of_payment("admin.finance.disputes.list"),
    "admin.finance.adjustments.list": with_money("admin.finance.adjustments.list"),
    "admin.finance.adjustments.approve": writing_off,
    "admin.finance.adjustments.reject": deciding("reject"),
}
CONDITIONAL: Conditional = {
    RUN: [(as_staff(RUN, REASON, role="FINANCE", prepare=waiting), {"outbox"})],
    "admin.finance.wallets.freeze": [(freezing(mass_spam=False), {"email.statement_of_reasons"})],
    "admin.finance.wallets.unfreeze": [(unfreezing(told=True), {"statements_of_reasons", "email.restriction_ended"})],
    "admin.finance.adjustments.approve": [
        (deciding("approve"), {"wallets", "wallet_activity"}),
        (deciding("approve", "fan_promo"), {"promo_grants"}),
    ],
}
