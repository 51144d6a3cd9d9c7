"""Values with which mails are previewed, as typical or long ones."""

from collections.abc import Mapping

from domain.mails import Mail
from domain.wire import admin as wire
from domain.wire import common

MOMENT, LATER, DAY = "2026-01-02 10:00 UTC", "2026-02-02 10:00 UTC", "2026-02-02"
TYPICAL: Mapping[str, str] = {
    "account": "a***@e***.com",
    "address": "a***@e***.org",
    "amount": "120.00 USD",
    "at": MOMENT,
    "budget": "1000",
    "by": "owner@example.com",
    "code": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "country": "TR",
    "date": DAY,
    "days": "30",
    "device": "Firefox on Windows",
    "digest": "6f1ed002ab5595859014ebf0951522d9",
    "earnings": "10.00 USD",
    "email": "ada@example.com",
    "end": LATER,
    "explanation": "The page offered goods whose sale is forbidden.",
    "facts": "The page linked to a shop that sells forged documents.",
    "hours": "24",
    "id": "7d0a3c52-6d4e-4c83-9a39-0c5a7d3b1f90",
    "key_id": "k1",
    "language": "en",
    "last4": "3000",
    "left": "12.50 USD",
    "message": "The page of my profile does not open.",
    "minutes": "60",
    "name": "Ada",
    "number": "4711",
    "page": "Privacy Policy",
    "place": "192.0.2.0/24, Türkiye",
    "provider": "Google",
    "reason": "Maintenance of the payment provider.",
    "reference": "Terms of Service, section 4",
    "role": "EDITOR",
    "sent": "950",
    "standing": "Google, Apple",
    "start": MOMENT,
    "statement": "The name on the form is not the one on your document.",
    "subject": "My profile",
    "summary": "We explain how long messages are kept.",
    "switch": "platform.registration_enabled",
    "target": "the page of ada",
    "territory": "DE, FR",
    "title": "My payout did not arrive",
    "undo_hours": "72",
    "unlinked": "Discord",
    "until": LATER,
    "user": "5b0f6f0e-6f3c-4f4e-9d0e-0c7c3a1f2b64",
    "verified": "120",
    "version": "2.0",
    "when": MOMENT,
}
WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
PARAGRAPH = " ".join(["A long text, as somebody wrote it who had much to say about the matter."] * 12)
LONG: Mapping[str, str] = {
    "account": f"{'a' * 64}@{'example.' * 20}com",
    "address": f"{'a' * 64}@{'example.' * 20}org",
    "by": f"{'owner' * 12}@{'example.' * 20}com",
    "device": f"{WORD} on {WORD}",
    "explanation": f"{PARAGRAPH} {WORD * 3}",
    "facts": f"{PARAGRAPH} {WORD * 3}",
    "message": f"{PARAGRAPH}\n\n{WORD}",
    "name": f"{WORD} {WORD}"[:100],
    "place": "2001:db8:1234:5678::/64, Saint Vincent and the Grenadines",
    "reason": PARAGRAPH,
    "reference": PARAGRAPH[:300],
    "standing": "Google, Apple, Discord, Facebook, Instagram, LinkedIn, Spotify, TikTok, Twitch, X, YouTube",
    "subject": PARAGRAPH[:200],
    "summary": PARAGRAPH[:500],
    "target": f"the page of {'ada.' * 25}",
    "territory": ", ".join(["AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"] * 2),
    "title": PARAGRAPH[:200],
    "unlinked": "Google, Apple, Discord, Facebook, Instagram, LinkedIn, Spotify, TikTok, Twitch, X, YouTube",
}
# Whose sentences stand under another name than the template's.
FURTHER: Mapping[str, tuple[str, ...]] = {
    "appeal_decided": ("restriction.dispute", "restriction.court"),
    "password_changed": ("platforms.",),
    "statement_of_reasons": ("restriction.",),
    "switch_off": ("switch.",),
    "switch_on": ("switch.",),
}
# Who gets one of these and did not do what it tells follows a link that undoes it.
UNDOABLE = frozenset(
    {
        "account_deactivated",
        "account_recovered",
        "address_change_requested",
        "address_changed",
        "backup_codes_renewed",
        "deletion_scheduled",
        "password_changed",
        "phone_changed",
        "provider_linked",
        "provider_unlinked",
        "two_factor_disabled",
        "two_factor_enabled",
        "two_factor_reset",
        "username_changed",
        "verify_address",
    }
)


def sample_of(variable: str, sample: wire.MailSample, may_be_unknown: bool) -> str:
    """The value of a variable; empty for an unknown one, which the mail has words for. A new one stands for itself."""
    if sample == "UNKNOWN" and may_be_unknown:
        return ""
    usual = TYPICAL.get(variable, f"[{variable}]")
    return LONG.get(variable, usual) if sample == "LONG" else usual


def preview_view(name: str, locale: common.Locale, sample: wire.MailSample, mail: Mail) -> wire.MailPreview:
    return {
        "name": name,
        "locale": locale,
        "sample": sample,
        "subject": mail.subject,
        "html": mail.html,
        "text": mail.text,
    }
