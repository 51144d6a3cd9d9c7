"""Every mail in every language, as it is handed to a provider."""

import re
from functools import cache
from html.parser import HTMLParser
from uuid import uuid4

import pytest

from contract.loader import load
from contract.texts import RIGHT_TO_LEFT, Texts
from domain.locales import LOCALES
from domain.mails import Mail
from services.mailer import render
from tests.each import check_each

TEXTS = Texts(load().errors)
WORDS = TEXTS.namespace("en", "mails")
TEMPLATES = sorted(key.removesuffix(".subject") for key in WORDS if key.endswith(".subject"))
LINK = "https://bio.re/verify-email?token=0f8fad5b-d9cb-469f-a165-70867728950e"
VARIABLES = {
    "hours": 24,
    "left": "12.50 USD",
    "earnings": "10.00 USD",
    "code": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "minutes": 60,
    "days": 30,
    "user": "0190d3f4-7c1e-4a52-8f3b-2d1c9e6a5b40",
    "when": "2026-01-01T09:30:00.000Z",
    "device": "Chrome on macOS",
    "provider": "Google",
    "address": "a***@e***.org",
    "date": "2026-02-01",
    "country": "TR",
    "sent": "60",
    "verified": "3",
    "budget": "500",
    "place": "TR, 192.168.1.***",
    "undo_hours": 72,
    "at": "2026-01-01T09:30:00.000Z",
    "key_id": "64e596b6",
    "digest": "9f86d081",
    "standing": "Apple, Google",
    "unlinked": "X",
    "id": "0190d3f4-7c1e-4a52-8f3b-2d1c9e6a5b41",
    "facts": "Three messages advertise a lottery that does not exist.",
    "reference": "Terms of use, section 4.2",
    "explanation": "A lottery that pays nothing deceives whoever joins it.",
    "start": "2026-01-01 09:30 UTC",
    "end": "2026-02-01 09:30 UTC",
    "territory": "DE, FR",
    "target": "@mallory",
    "number": "0190d3f4-7c1e-4a52-8f3b-2d1c9e6a5b41",
    "account": "ada@example.com",
    "role": "OPERATOR",
    "switch": "platform.registration_enabled",
    "by": "grace@example.com",
    "reason": "A wave of spam accounts.",
    "until": "2026-01-02 10:00 UTC",
    "version": "2.0",
    "summary": "Refunds are quicker.",
    "page": "https://bio.re/legal/terms?version=2.0",
    "title": "My payout did not arrive",
    "name": "Grace Hopper",
    "email": "grace@example.com",
    "subject": "Invoices",
    "message": "Where do I find them?",
    "language": "en",
    "last4": "3000",
    "amount": "120.00",
    "statement": "The messages were paid for by your own second account.",
}
UNDO = "https://bio.re/undo-change?token=0f8fad5b-d9cb-469f-a165-70867728950f"
NOTES = (
    *("verify_address.opened", "verify_address.opened_through", "platforms.standing", "platforms.unlinked"),
    *("recovery_requested.two_factor", "recovery_requested.email"),
    *sorted(key for key in WORDS if key.startswith("restriction.") and key.count(".") > 1),
    *("restriction.facts", "restriction.explanation", "restriction.until", "restriction.open_ended"),
    *("restriction.territory", "restriction.automated_detection", "restriction.automated_decision"),
    *("restriction.appeal", "restriction.dispute", "restriction.court"),
    *("appeal_decided.GRANTED", "appeal_decided.PARTLY", "appeal_decided.DENIED", "appeal_decided.explanation"),
    "switch.until",
    *("legal_changed.summary", "legal_changed.read", "contact_received.message"),
    *("report_received.stranger", "report_decided.violation", "report_decided.no_violation"),
    *("account_erased.left", "account_erased.claim", "account_erased.earnings"),
    *("bank_details_verified.payable", "bank_details_verified.held", "kyc_rejected.again", "kyc_rejected.final"),
    *sorted(key for key in WORDS if re.match(r"payout_(ended|stopped)\.(statement|destination|identity|[A-Z])", key)),
)
NASTY = "<script>alert('x')</script> & \"quoted\""


def has_button(template: str) -> bool:
    return f"{template}.button" in WORDS


@cache
def shown(template: str, locale: str) -> tuple[Mail, "Page"]:
    mail = rendered(template, locale)
    return mail, Page(mail.html)


def rendered(template: str, locale: str = "en", link: str | None = None, **changes: str) -> Mail:
    link = (LINK if has_button(template) else "") if link is None else link
    return render(TEXTS, uuid4(), template, "ada@example.com", locale, link, VARIABLES | changes)


class Page(HTMLParser):
    """What a mail program would see: tags, links, and the text between."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def first(self, tag: str) -> dict[str, str | None]:
        return next(attributes for name, attributes in self.tags if name == tag)


of_each = pytest.mark.parametrize("template", TEMPLATES)


class TestTemplates:
    @of_each
    def test_both_parts_say_it(self, template: str) -> None:
        def check(locale: str) -> None:
            mail, page = shown(template, locale)
            for part in ("heading", "body", "footer"):
                if f"{template}.{part}" not in WORDS:
                    assert part == "footer"
                    continue
                words = TEXTS.say(locale, "mails", f"{template}.{part}", **VARIABLES)
                assert words in mail.text
                assert words in page.text
            assert mail.subject == TEXTS.say(locale, "mails", f"{template}.subject", **VARIABLES)
            assert "\n" not in mail.subject

        check_each(LOCALES, check)

    @of_each
    def test_no_placeholder_is_left(self, template: str) -> None:
        def check(locale: str) -> None:
            mail, page = shown(template, locale)
            for text in (mail.subject, mail.text, page.text):
                assert not re.search(r"[{}]", text)

        check_each(LOCALES, check)

    @of_each
    def test_the_page_names_its_language(self, template: str) -> None:
        def check(locale: str) -> None:
            mail, page = shown(template, locale)
            assert page.first("html")["lang"] == mail.locale == locale
            assert page.first("html")["dir"] == ("rtl" if locale in RIGHT_TO_LEFT else "ltr")
            assert page.first("meta")["charset"] == "utf-8"

        check_each(LOCALES, check)

    def test_some_read_from_the_right(self) -> None:
        assert Page(rendered("session_theft", "ar").html).first("html") == {"lang": "ar", "dir": "rtl"}

    @of_each
    def test_nothing_is_loaded_from_elsewhere(self, template: str) -> None:
        page = Page(rendered(template).html)
        assert {tag for tag, _ in page.tags} & {"img", "script", "link", "iframe", "style"} == set()


class TestLinks:
    @pytest.mark.parametrize("template", [t for t in TEMPLATES if has_button(t)])
    def test_stand_in_both_parts(self, template: str) -> None:
        def check(locale: str) -> None:
            mail, page = shown(template, locale)
            assert LINK in mail.text.splitlines()
            assert page.first("a")["href"] == LINK
            assert LINK in page.text
            assert TEXTS.say(locale, "mails", f"{template}.button") in page.text

        check_each(LOCALES, check)

    @pytest.mark.parametrize("template", [t for t in TEMPLATES if not has_button(t)])
    def test_are_left_out_where_there_is_none(self, template: str) -> None:
        mail = rendered(template)
        assert "a" not in {tag for tag, _ in Page(mail.html).tags}
        assert "\n\n\n" not in mail.text

    @pytest.mark.parametrize("locale", LOCALES)
    def test_another_one_is_for_who_did_not_do_it(self, locale: str) -> None:
        given = (TEXTS, uuid4(), "password_changed", "ada@example.com", locale, "", VARIABLES)
        mail = render(*given, undo=UNDO, notes=NOTES)
        page = Page(mail.html)
        assert UNDO in mail.text.splitlines()
        assert page.first("a")["href"] == UNDO
        assert TEXTS.say(locale, "mails", "not_me.button") in page.text
        for key in ("not_me.footer", *NOTES):
            words = TEXTS.say(locale, "mails", key, **VARIABLES)
            assert words in mail.text
            assert words in page.text
            assert not re.search(r"[{}]", words)

    def test_are_escaped(self) -> None:
        page = Page(rendered("verify_address", link='https://bio.re/?a=1&b="><script>').html)
        assert page.first("a")["href"] == 'https://bio.re/?a=1&b="><script>'
        assert "script" not in {tag for tag, _ in page.tags}


class TestVariables:
    @of_each
    def test_are_escaped_in_html_and_plain_in_text(self, template: str) -> None:
        nasty = dict.fromkeys(VARIABLES, NASTY)

        def check(locale: str) -> None:
            mail = rendered(template, locale, **nasty)
            page = Page(mail.html)
            assert NASTY not in mail.html
            assert "script" not in {tag for tag, _ in page.tags}
            if NASTY in TEXTS.say(locale, "mails", f"{template}.body", **nasty):
                assert NASTY in mail.text
                assert NASTY in page.text

        check_each(LOCALES, check)
