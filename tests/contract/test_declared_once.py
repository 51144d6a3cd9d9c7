"""What stands in two places because readers need both says the same in both (docs/contract.md)."""

import ast
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from contract.loader import ROOT, Contract, load
from contract.policy import ContractError
from contract.texts import LOCALES as FOLDERS_OF_WORDS
from domain import gdpr, mails, support, upload, users, webhooks
from domain.admin import cases, overview
from domain.admin import users as of_users
from domain.admin.money import evidence
from domain.admin.money.payouts import MOST_ATTEMPTS
from domain.admin.schedule import recurring
from domain.auth import ACCESS_TOKEN_TTL_SECONDS, two_factor
from domain.creators import kyc, payout_account, payout_report, subscribers, tax
from domain.email_address import DOT_ATOM
from domain.locales import LOCALES
from domain.money import (
    adjustments,
    coupons,
    escrows,
    ledger,
    payments,
    payouts,
    reconciliation,
    sandbox,
    sandbox_payouts,
)
from domain.users.usernames import FORM
from domain.wallet import loads
from domain.wire import admin as wire
from domain.wire import common, creators
from persistence.admin.cases import MOST_FLAGS, MOST_LOOKS
from persistence.money.tallies import MOST_BALANCES
from persistence.platform.themes import SHOWN as OFFERED_THEMES
from portal.config_values import with_values
from portal.flows import found_in
from portal.model import read
from providers import signed as signatures
from runtime.web import dispatch, files, validation
from services.config.catalogue import CATALOGUE

NUMBERS = {2: "two", 5: "five", 8: "eight", 10: "ten", 15: "fifteen"}
ORDINALS = {2: "second", 3: "third", 4: "fourth"}
APPEALS = get_args(wire.AppealStatus)
TRANSLATIONS = get_args(wire.Translation.__annotations__["status"])
STATUSES = {
    "User": users.STATUSES,
    "Upload": upload.STATUSES,
    "Appeal": APPEALS,
    "appeal": APPEALS,
    "Translation": TRANSLATIONS,
    "Ticket": get_args(common.TicketStatus),
    "Usage": get_args(coupons.Status),
    "GdprRequest": gdpr.STATUSES,
    "Row": gdpr.STATUSES,
    "Payment": get_args(common.LoadStatus),
    "payment": get_args(common.LoadStatus),
    "SandboxPayment": get_args(sandbox.State),
    "Escrow": get_args(escrows.Status),
    "refund": get_args(payments.RefundStatus),
    **dict.fromkeys(("Payout", "payout"), get_args(payouts.Status)),
    "PayoutAccount": get_args(creators.PayoutAccountStatus),
    "SandboxPayout": get_args(sandbox_payouts.Transfer),
    "SandboxPayoutAccount": get_args(sandbox_payouts.State),
}


# They have words of others, and more: what staff freezes a wallet for, and what a bank tells of a transfer.
OWN_WORDS = (
    ["ADMIN", "CLOSING", "DISPUTE", "FRAUD"],
    ["DESTINATION_NEGATIVE", "DESTINATION_REJECTED", "PROVIDER_REJECTED", "RETURNED", "TREASURY_EMPTY"],
)


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load()


def schema(contract: Contract, name: str) -> dict[str, Any]:
    found: dict[str, Any] = contract.document["components"]["schemas"][name]
    return found


def texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "description":
                yield str(value)
            else:
                yield from texts(value)
    elif isinstance(node, list):
        for item in node:
            yield from texts(item)


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for item in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(item)


def test_each_locale_has_its_folder_of_words() -> None:
    assert {folder.name for folder in FOLDERS_OF_WORDS.iterdir() if folder.is_dir()} == set(LOCALES)


def test_the_names_of_roles_are_those_of_the_permissions(contract: Contract) -> None:
    assert schema(contract, "StaffRoleName")["enum"] == list(contract.permissions.roles)


def test_each_type_of_upload_has_a_folder_and_the_size_that_is_told(contract: Contract) -> None:
    told = schema(contract, "PresignRequest")["properties"]["type"]["description"]
    assert upload.FOLDERS.keys() == set(upload.TYPES)
    for kind in upload.TYPES:
        assert f"{CATALOGUE[f'upload.{kind}.max_bytes'].default // 1024**2} MiB" in told


def test_files_stand_where_the_contract_says(contract: Contract) -> None:
    assert contract.document["x-biore-files"]["path"] == upload.FILES + "{key}"


def test_notices_of_providers_are_taken_below_the_api(contract: Contract) -> None:
    assert contract.webhooks["path"] == webhooks.WEBHOOKS + "{family}/{provider}"
    assert webhooks.WEBHOOKS.startswith(f"{contract.base_path}/")


def test_a_signature_is_good_for_as_long_as_its_refusal_says(contract: Contract) -> None:
    assert f"{signatures.TOLERANCE // 60} minutes" in contract.errors["webhook.signature_invalid"]["meaning"]


def test_a_life_of_an_access_token_has_the_bounds_of_its_config_key(contract: Contract) -> None:
    key = ACCESS_TOKEN_TTL_SECONDS
    schemas = contract.document["components"]["schemas"].values()
    answers = [found for found in schemas if {"accessToken", "expiresIn"} <= set(found.get("required", ()))]
    found = [answer["properties"]["expiresIn"] for answer in answers]
    assert found
    assert {(life["minimum"], life["maximum"]) for life in found} == {(key.minimum, key.maximum)}


def test_names_of_cookies_in_prose_are_those_that_are_declared(contract: Contract) -> None:
    declared = [p for p in contract.document["components"]["parameters"].values() if p["in"] == "cookie"]
    told = {name for text in texts(contract.document) for name in re.findall(r"\bbiore_\w+", text)}
    assert told == {parameter["name"] for parameter in declared}
    paths = {path for text in texts(contract.document) for path in re.findall(r"for\s+the\s+path\s+`([^`]+)`", text)}
    assert paths == {contract.base_path + parameter["x-biore-cookie-path"] for parameter in declared}


def test_the_conventions_tell_what_holds(contract: Contract) -> None:
    told = " ".join(contract.document["info"]["description"].split())
    assert f"at most {validation.MAX_DEPTH} levels deep" in told
    hours = int(dispatch.LIFE.total_seconds() // 3600)
    assert f"once per caller and key for {hours} hours" in told
    assert f"within {hours} hours" in contract.document["components"]["parameters"]["IdempotencyKey"]["description"]


def test_a_sign_in_with_a_second_factor_tells_the_figures_of_its_rules(contract: Contract) -> None:
    told = " ".join(contract.operation("auth.two_factor.login")["description"].split())
    minutes = NUMBERS[two_factor.CHALLENGE_LIFE.seconds // 60], NUMBERS[two_factor.LOCK_SECONDS // 60]
    assert f"The challenge is valid for {minutes[0]} minutes" in told
    assert f"is void after {NUMBERS[two_factor.CHALLENGE_TRIES]} wrong codes" in told
    wrong = NUMBERS[two_factor.FAILURES_BEFORE_LOCK]
    assert f"{wrong} wrong codes in a row lock the second factor for {minutes[1]} minutes" in told
    assert contract.errors["auth.2fa.locked"]["meaning"].startswith(f"{wrong.title()} wrong codes in a row")


def test_archives_and_links_to_reset_tell_the_figures_of_their_rules(contract: Contract) -> None:
    (shown,) = [found for found in contract.document["x-biore-files"]["operations"] if found["method"] == "GET"]
    told = " ".join(shown["description"].split())
    most = NUMBERS[files.MOST_OF_ONE], files.MOST_OF_ALL
    assert f"serves one account at most {most[0]} archives at a time, and {most[1]} in all" in told
    told = " ".join(contract.operation("auth.passwords.forgot")["description"].split())
    assert f"The last {NUMBERS[mails.RESERVED]} of a day" in told
    assert f"one more link is mailed every {NUMBERS[mails.REFILL.seconds // 3600]} hours" in told


def test_what_staff_is_told_ends_where_the_code_stops(contract: Contract) -> None:
    listed, count = (schema(contract, name)["properties"]["count"] for name in ("AdminUsers", "Count"))
    assert (listed["maximum"], count["maximum"]) == (of_users.COUNTED_TO, overview.COUNTED_TO)
    account = schema(contract, "AdminUser")["properties"]
    assert {account[name]["maxItems"] for name in ("cases", "statements", "events")} == {of_users.MOST_TOLD}
    case = schema(contract, "ModerationCaseInFull")["properties"]
    assert {case[name]["maxItems"] for name in ("reports", "history")} == {cases.SHOWN}
    evidence = schema(contract, "CaseEvidence")["properties"]
    assert (evidence["flags"]["maxItems"], evidence["later"]["maxItems"]) == (MOST_FLAGS, MOST_LOOKS)
    assert f"at most {of_users.MOST_ROWS:,}" in contract.operation("admin.users.csv")["description"]


def test_tickets_and_themes_are_told_as_far_as_they_are_read(contract: Contract) -> None:
    told = [schema(contract, name)["properties"]["messages"]["maxItems"] for name in ("TicketDetail", "TicketInFull")]
    assert told == [support.SHOWN, 2 * support.SHOWN]
    assert schema(contract, "PublicThemes")["properties"]["themes"]["maxItems"] == OFFERED_THEMES


def test_coupons_and_loads_tell_the_figures_of_their_rules(contract: Contract) -> None:
    minutes = int(coupons.RESERVED_FOR.total_seconds() // 60)
    told = contract.operation("referral.apply_coupon")["description"]
    assert told.startswith(f"Reserves a use of a coupon for {minutes} minutes")
    assert contract.errors["coupon.exhausted"]["meaning"].endswith(f"becomes free after {minutes} minutes.")
    told = " ".join(contract.operation("wallet.loads.start")["description"].split())
    assert f"In the first {loads.DAY // loads.HOUR} hours of an account" in told


def test_the_ledger_is_told_as_far_as_it_is_read(contract: Contract) -> None:
    told = " ".join(contract.operation("admin.finance.reconciliations.list")["description"].split())
    assert recurring(reconciliation.TOPIC).seconds == 3600
    assert "This happens every hour" in told
    findings = schema(contract, "Reconciliation")["properties"]["findings"]["description"]
    assert f"The first {reconciliation.MOST} are stored" in findings
    assert schema(contract, "LedgerTransfer")["properties"]["entries"]["maxItems"] == ledger.MOST_LEGS
    assert schema(contract, "LedgerBalances")["properties"]["items"]["maxItems"] == MOST_BALANCES


def test_evidence_is_told_as_far_as_it_is_read(contract: Contract) -> None:
    told = " ".join(contract.operation("admin.finance.disputes.evidence")["description"].split())
    assert f"those of the {evidence.AROUND.days} days before and after the payment" in told
    lists = schema(contract, "DisputeEvidence")["properties"]
    assert lists["signIns"]["maxItems"] == 2 * evidence.MOST_SIGN_INS
    assert (
        f"last {evidence.MOST_SIGN_INS} before it and the first {evidence.MOST_SIGN_INS} after it"
        in (lists["signIns"]["description"])
    )
    assert lists["sessions"]["maxItems"] == evidence.MOST_SESSIONS
    assert lists["consents"]["maxItems"] == evidence.MOST_CONSENTS
    assert lists["activity"]["maxItems"] == evidence.MOST_LINES


def test_payouts_are_told_as_far_as_they_are_read(contract: Contract) -> None:
    assert schema(contract, "PayoutReport")["properties"]["payouts"]["maxItems"] == payout_report.MOST_SHOWN
    told = contract.operation("payouts.report")["responses"]["200"]["description"]
    assert f"at most the {payout_report.MOST_SHOWN} newest" in told
    assert schema(contract, "AdminPayoutInFull")["properties"]["attempts"]["maxItems"] == MOST_ATTEMPTS
    told = " ".join(contract.operation("creators.payout_account.status")["description"].split())
    assert f"within {payout_account.LIVE_SECONDS} seconds" in told


def test_an_enum_that_may_be_null_has_all_words_of_the_one_that_may_not(contract: Contract) -> None:
    """OpenAPI 3.0 has no null beside a reference, so such an enum is written once more."""
    enums = [set(found["enum"]) for found in nodes(contract.document["components"]["schemas"]) if "enum" in found]
    plain = [words for words in enums if None not in words and len(words) > 1]
    for words in (words - {None} for words in enums if None in words):
        alike = [other for other in plain if len(words & other) > 1]
        if sorted(words) not in OWN_WORDS:
            assert not alike or words in alike, words


def test_what_creators_hand_in_is_told_with_the_figures_of_its_rules(contract: Contract) -> None:
    told = " ".join(contract.operation("creators.tax.submit")["description"].split())
    *days, last = tax.REMINDERS
    assert f"reminded {', '.join(map(str, days))} and {last} days before" in told
    assert f"ends with the {ORDINALS[tax.YEARS]} calendar year after it was signed" in told
    asked = schema(contract, "SubmitTaxFormRequest")["properties"]["tin"]["description"]
    assert f"it has {tax.TIN_DIGITS} digits" in asked
    assert f"not of {tax.TIN_DIGITS} digits" in contract.errors["creator.tax.invalid_tin"]["meaning"]
    for name in ("TaxForm", "TaxFormToReview"):
        shown = schema(contract, name)["properties"]["tinLast4"]["description"]
        assert shown.endswith(f"at least {tax.TIN_DIGITS} characters.")
    hours = kyc.ATTEMPTS_WITHIN // loads.HOUR
    assert f"in the last {hours} hours" in contract.errors["creator.kyc.too_many_attempts"]["meaning"]


def test_debt_is_written_off_when_it_is_as_old_as_is_told(contract: Contract) -> None:
    days = adjustments.WRITE_OFF_AFTER.days
    told = " ".join(contract.operation("admin.finance.wallets.adjust")["description"].split())
    assert f"after the debt has stood for {days} days" in told
    assert f"has not stood for {days} days yet" in contract.errors["admin.debt.too_early"]["meaning"]


def test_an_address_that_is_left_alone_is_so_for_as_long_as_is_told(contract: Contract) -> None:
    told = {"subscribe": 2, "unsubscribe": 1}
    for name, times in told.items():
        text = " ".join(contract.operation(f"creators.subscribers.{name}")["description"].split())
        assert re.findall(r"for (\d+) days", text) == [str(subscribers.SUPPRESSED_FOR.days)] * times


def test_a_ticket_moves_as_its_page_says(contract: Contract) -> None:
    lines = contract.operation("admin.tickets.move")["description"].splitlines()
    moves = [re.findall(r"`(\w+)`", line) for line in lines if line.startswith("- ")]
    assert {before: tuple(after) for before, *after in moves} == support.TRANSITIONS
    told = " ".join(contract.operation("support.reply")["description"].split())
    assert dict(re.findall(r"\(`(\w+)` → `(\w+)`\)", told)) == support.AFTER_REPLY


def test_a_username_has_one_form_and_the_lengths_that_are_told(contract: Contract) -> None:
    assert schema(contract, "RegisterRequest")["properties"]["username"]["pattern"] == f"^{FORM.pattern}$"
    told = schema(contract, "ChangeUsernameRequest")["properties"]["username"]["description"]
    least, most = (CATALOGUE[f"site.username_{end}_length"].default for end in ("min", "max"))
    assert with_values(told, CATALOGUE).startswith(f"{least} to {most} characters")


def test_the_address_of_the_contract_has_the_local_part_of_our_own(contract: Contract) -> None:
    assert schema(contract, "EmailAddress")["pattern"].startswith(f"^{DOT_ATOM.pattern.replace('(?:', '(')}@")


def test_an_operation_that_the_portal_names_and_the_contract_lost_stops_the_build() -> None:
    with pytest.raises(ContractError, match="gone"):
        found_in(read(load()), ("auth.login", "auth.gone"))


def statuses() -> Iterator[tuple[str, str, str]]:
    """File, what has the status, and the word that it is compared with or set to, wherever code writes one."""
    for room in ("domain", "handlers", "jobs", "persistence", "providers", "services", "runtime"):
        for path in (ROOT / room).rglob("*.py"):
            if "migrations" not in path.parts:
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                    yield from ((str(path.relative_to(ROOT)), *pair) for pair in of_node(node))


def of_node(node: ast.AST) -> Iterator[tuple[str, str]]:
    compared: list[tuple[ast.expr, list[ast.expr]]] = []
    if isinstance(node, ast.Compare):
        compared = [(node.left, node.comparators)]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("in_", "not_in"):
        compared = [(node.func.value, node.args)]
    for owner, values in compared:
        named = owner.attr == "status" if isinstance(owner, ast.Attribute) else getattr(owner, "id", "") == "status"
        if named:
            base = getattr(getattr(owner, "value", None), "id", "")
            for value in values:
                items = value.elts if isinstance(value, (ast.Tuple, ast.Set, ast.List)) else [value]
                for item in items:
                    if isinstance(item, ast.Constant) and isinstance(item.value, str):
                        yield base, item.value


def test_code_knows_no_status_that_the_contract_does_not_have() -> None:
    known = {word for words in STATUSES.values() for word in words}
    found = list(statuses())
    assert len(found) > 30
    told = [
        (file, owner, word) for file, owner, word in found if owner or not word.islower()
    ]  # `paused` is for clients
    assert [(file, word) for file, owner, word in told if word not in STATUSES.get(owner, known)] == []
