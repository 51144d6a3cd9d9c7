"""Every link of every mail, in every language, followed on the running server to the page that was meant."""

import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from lxml import html

from contract.texts import Texts
from domain.auth.changes import Notice
from domain.keys import Purpose
from domain.locales import LOCALES
from jobs import email
from tests.handlers.support import insert
from tests.harness import Server, Tables

TOPICS = sorted(
    name
    for name, job in vars(email).items()
    if inspect.iscoroutinefunction(job) and job.__module__ == email.__name__ and not name.startswith("_")
)
OPERATORS = {"audit_head", "session_theft_alert", "sms_alert"}
# Mails whose secret is no notice of a change; the one of all others may undo it, too.
TOKEN_ALONE = {
    "reset_password",
    "session_theft",
    "reactivation",
    "change_undone",
    "confirm_new_address",
    "confirm_subscription",
    "staff_invited",
    "statement_of_reasons",
}
# Such with a notice that has nothing to undo: nothing was changed yet.
ANNOUNCED = {"recovery_requested", "confirm_recovery_address"}
UNDO = "/auth/undo-change"
# What the first link of a mail is for: the operation that its page calls. Others offer at most to undo what they tell.
MEANT = {
    "verify_address": "/auth/verify-email",
    "confirm_new_address": "/auth/verify-email-change",
    "reset_password": "/auth/reset-password",
    "change_undone": "/auth/reset-password",
    "account_recovered": "/auth/reset-password",
    "session_theft": "/auth/reset-password",
    "staff_invited": "/auth/reset-password",
    "reactivation": "/users/reactivate",
    "account_deactivated": "/users/reactivate",
    "deletion_scheduled": "/users/reactivate",
    "statement_of_reasons": "/users/appeals/by-link",
    "recovery_requested": "/auth/recovery/stop",
    "confirm_recovery_address": "/auth/recovery/confirm",
    "confirm_subscription": "/creators/subscribe/confirm",
}
# Mails that name a page of the site, which is no page of ours and takes no token.
SITE = {"legal_changed": "/legal/terms?version="}
TOLD_ALONE = {
    "address_returned",
    "account_erased",
    "appeal_decided",
    "bank_details_changed",
    "bank_details_decided",
    "payout_account_connected",
    "payout_destination_changed",
    "contact_received",
    "debt_owed",
    "deletion_cancelled",
    "export_ready",
    "export_requested",
    "export_started",
    "kyc_update",
    "new_sign_in",
    "address_recovered",
    "password_guessed",
    "payout_told",
    "report_decided",
    "report_received",
    "restriction_ended",
    "reward_paid",
    "recovery_ended",
    "sessions_ended",
    "sessions_ended_by_staff",
    "sign_in_after_failures",
    "staff_changed",
    "switch_changed",
    "tax_form_decided",
    "tax_form_ends",
    "ticket_created",
    "ticket_update",
    "wrong_second_factors",
}
PAYLOAD = {
    "address": "a***@e***.org",
    "amount": "5.00",
    "country": "TR",
    "date": "2026-02-01",
    "device": "Chrome on macOS",
    "place": "TR, 192.168.1.***",
    "provider": "google",
    "verdict": "approved",
    "sent": "60",
    "standing": "apple",
    "unlinked": "x",
    "verified": "3",
    "budget": "500",
    "change": "granted",
    "member": "0190d3f4-7c1e-4a52-8f3b-2d1c9e6a5b40",
    "role": "ADMIN",
    "switch": "registration",
    "state": "off",
    "by": "0190d3f4-7c1e-4a52-8f3b-2d1c9e6a5b40",
    "reason": "Bots register by the thousand.",
    "number": "7",
    "key_id": "64e596b6",
    "digest": "9f86d081",
    "at": "2026-01-01T09:30:00.000Z",
    "when": "2026-01-01 09:30 UTC",
    "until": "2026-01-04 09:30 UTC",
}
# Where one word means another thing than in other mails.
OWN = {
    "bank_details_decided": {"state": "VERIFIED", "last4": "3000"},
    "payout_told": {"news": "stopped", "why": "BANK_DETAILS"},
    "tax_form_decided": {"state": "APPROVED"},
}
URL = re.compile(r"https?://\S+")


class Links(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if tag == "a" and name == "href"]


class Sender:
    """Mails of every kind to one person for each language."""

    def __init__(self, server: Server, tables: Tables) -> None:
        self.server = server
        self.tables = tables
        self.token, self.undo, self.subscription = uuid4(), uuid4(), uuid4()
        self.decided: dict[str, str] = {}

    def send_all(self, locale: str) -> dict[str, dict[str, Any]]:
        """The mails by their topics."""
        user_id = insert(self.tables, "users", email=f"{locale}@example.com", locale=locale)
        change = {"user_id": user_id, "new_email": f"{locale}@example.org", "expires_at": "2999-01-01"}
        token = uuid4()
        insert(self.tables, "email_changes", token_hash=sha256(token.bytes).digest(), **change)
        self.subscription = uuid4()
        self.decided = self._decide(user_id, locale)
        jobs = {self._add(topic, locale, user_id, token): topic for topic in TOPICS}
        self.server.work_off()
        mails = self.tables.rows("SELECT * FROM mailbox_messages WHERE id = ANY(%s)", list(jobs))
        return {jobs[mail["id"]]: mail for mail in mails}

    def _decide(self, user_id: UUID, locale: str) -> dict[str, str]:
        """A restriction, what was decided on an appeal against it, a report, a ticket, a legal text, and a message."""
        told = dict.fromkeys(("facts", "reference", "explanation"), "neutral") | {"type": "ACCOUNT_BANNED"}
        told |= {"source": "NOTICE", "ground": "TERMS", "target_type": "USER"}
        statement = insert(
            self.tables, "statements_of_reasons", user_id=user_id, starts_at="2026-01-01", ends_at="2026-02-01", **told
        )
        decided = {"type": "ban", "reason": "no", "status": "DECIDED", "outcome": "DENIED", "explanation": "no"}
        appeal = insert(self.tables, "appeals", user_id=user_id, **decided)
        of_case: dict[str, Any] = {"target_type": "USER", "target_id": user_id, "evidence": {}}
        case = insert(self.tables, "moderation_cases", user_id=user_id, origin="NOTICE", **of_case)
        noticed: dict[str, Any] = {"category": "OTHER", "explanation": "neutral", "locale": locale}
        notice = insert(self.tables, "moderation_notices", case_id=case, user_id=user_id, **noticed)
        asked = insert(self.tables, "tickets", user_id=user_id, subject="neutral", priority="LOW")
        version = insert(
            self.tables, "legal_versions", slug="terms", label=locale, effective_at="2026-01-01",
            requires_consent=True, summary="",
        )  # fmt: skip
        written = {"email": "eve@example.com", "subject": "neutral", "message": "neutral", "locale": locale}
        message = insert(self.tables, "contact_messages", **written)
        ids = {"statement": statement, "appeal": appeal, "notice": notice, "ticket": asked}
        ids["payout"] = self._payout(user_id)
        ids |= {"version": version, "message": message, "subscriber": self._subscriber(user_id, locale)}
        return {name: str(row_id) for name, row_id in ids.items()}

    def _payout(self, user_id: UUID) -> UUID:
        wallet = insert(self.tables, "wallets", user_id=user_id, type="CREATOR", currency="USD")
        told: dict[str, Any] = {"wallet_id": wallet, "amount": 1, "currency": "USD", "method": "BANK_TRANSFER"}
        return insert(self.tables, "payouts", user_id=user_id, provider="sandbox", statement="neutral", **told)

    def _subscriber(self, user_id: UUID, locale: str) -> UUID:
        profile = insert(self.tables, "creator_profiles", user_id=user_id)
        page = insert(self.tables, "bio_pages", creator_id=profile)
        told: dict[str, Any] = {"email": f"{locale}@example.com", "locale": locale, "page_id": page}
        times = dict.fromkeys(("subscribed_at", "mailed_at"), "2026-01-01") | {"token_expires_at": "2999-01-01"}
        link = sha256(self.subscription.bytes).digest()
        return insert(self.tables, "bio_email_subscribers", token_hash=link, **told, **times)

    def _add(self, topic: str, locale: str, user_id: UUID, new_address: UUID) -> UUID:
        notice = Notice(f"{locale}@example.com", str(self.undo)).written(str(self.token))
        secret = notice if topic not in TOKEN_ALONE else str(self.token)
        address = f"{locale}@example.com"
        others = {"confirm_new_address": str(new_address), "account_erased": address, "address_returned": address}
        others |= {"address_recovered": address, "confirm_subscription": str(self.subscription)}
        secret = others.get(topic, secret)
        sealed = self.server.app.parts.keyring.seal(Purpose.OUTBOX, secret)
        payload = (
            PAYLOAD | {"user": str(user_id), "locale": locale, "sealed": sealed} | self.decided | OWN.get(topic, {})
        )
        return insert(self.tables, "outbox", topic=f"email.{topic}", payload=payload)


@pytest.fixture(scope="module")
def serving(start_server: Callable[..., Server], built: Path) -> Server:
    server = start_server(portal_dir=built)
    server.configure(**dict.fromkeys(("security.alert_email", "support.contact_email"), "operators@example.com"))
    return server


@pytest.fixture(scope="module")
def sender(serving: Server) -> Iterator[Sender]:
    with Tables(serving.database_url) as tables:
        yield Sender(serving, tables)


def links_of(mail: dict[str, Any]) -> list[str]:
    """Those of both parts, which say the same."""
    plain, shown = URL.findall(mail["text"]), Links(mail["html"]).found
    assert plain == list(dict.fromkeys(shown)), mail["subject"]
    return plain


@cache
def what_it_calls(page: bytes) -> tuple[str, str]:
    """Its language, and the operation behind its button. Dozens of links lead to one page."""
    root = html.document_fromstring(page)
    (form,) = root.xpath("//form[@data-path]")
    return root.get("lang"), form.get("data-path")


@pytest.mark.parametrize("locale", LOCALES)
def test_every_link_leads_to_the_page_that_was_meant(sender: Sender, serving: Server, locale: str) -> None:
    mails = sender.send_all(locale)
    assert sorted(mails) == TOPICS
    with serving.client() as reader:
        for topic, mail in mails.items():
            if topic in SITE:
                assert URL.findall(mail["text"]) == [f"{serving.origin}{SITE[topic]}{locale}"]
                continue
            told_alone = topic in TOLD_ALONE | OPERATORS
            undone = topic not in TOKEN_ALONE | ANNOUNCED and not told_alone
            expected = ([MEANT[topic]] if topic in MEANT else []) + [UNDO] * undone
            reached = []
            for link in links_of(mail):
                answer = reader.get(link)
                assert (answer.status_code, answer.history) == (200, []), link
                locale_of_page, path = what_it_calls(answer.content)
                assert locale_of_page == mail["locale"], link
                reached.append(path)
                (token,) = parse_qs(urlsplit(link).query)["token"]
                assert str(UUID(token)) == token
            assert reached == expected, (topic, locale)


def test_a_mail_with_words_for_a_button_has_a_link(texts: Texts) -> None:
    words = {key.removesuffix(".button") for key in texts.namespace("en", "mails") if key.endswith(".button")}
    assert words == MEANT.keys() | {"not_me"}


@pytest.mark.parametrize("path", ["/contact", "/verify-mail"])
def test_a_page_that_does_not_exist_is_none(serving: Server, path: str) -> None:
    with serving.client() as reader:
        assert reader.get(f"{path}?lang=de").status_code == 404
