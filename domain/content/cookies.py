"""Categories of cookies, and what visitors choose of them."""

from collections.abc import Callable
from typing import get_args

from domain.config_keys import IntKey
from domain.wire import content as wire

VISITOR_RETENTION_DAYS = IntKey(
    "consent.visitor_retention_days",
    395,
    "days for which the cookie consent of a visitor without an account is stored",
    30,
    3650,
)
CATEGORIES: tuple[wire.CookieCategoryId, ...] = get_args(wire.CookieCategoryId)
REQUIRED = "essential"


def status_view(current: str, chosen_for: str | None) -> wire.CookieConsentStatus:
    """``chosen_for``: the version of the caller's last choice."""
    return {"currentVersion": current, "userVersion": chosen_for, "requiresReConsent": chosen_for != current}


def policy_view(say_in: Callable[[str, str], str]) -> wire.CookiePolicy:
    """``say_in`` has the words of a language by their key."""

    def text(key: str) -> wire.CookieText:
        return {"en": say_in("en", key), "tr": say_in("tr", key)}

    return {
        "categories": [
            {
                "id": name,
                "required": name == REQUIRED,
                "name": text(f"cookies.{name}.name"),
                "description": text(f"cookies.{name}.description"),
            }
            for name in CATEGORIES
        ]
    }
