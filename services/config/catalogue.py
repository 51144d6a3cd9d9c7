"""All config keys, assembled from the modules that declare them."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from types import ModuleType
from typing import Any

from domain import (
    admin,
    auth,
    content,
    css,
    gdpr,
    locales,
    mailed_pages,
    mails,
    schedule,
    support,
    switches,
    upload,
    wallet,
)
from domain.admin import cases, recoveries, statements
from domain.auth import changes, otp, passwords, sms, two_factor
from domain.config_keys import RATE_LIMIT_PREFIX, InvalidConfig, Key, SecretKey, checked_override
from domain.content import contact, cookies
from domain.creators import bank, dm, kyc, links, payout_account, social_accounts, subscribers, visits
from domain.i18n import translations
from domain.money import bank_files, payout_approval, payout_rules, refunds
from domain.referral import rewards
from domain.users import usernames
from domain.wallet import loads
from providers import captcha, email, geoip, leaked_passwords, payment, payout
from providers import kyc as kyc_vendors
from providers import sms as sms_vendors
from providers.captcha import hcaptcha, recaptcha, turnstile
from providers.dns import deliverability
from providers.email import smtp
from providers.geoip import maxmind
from providers.kyc import stripe_identity, veriff
from providers.leaked_passwords import pwned_passwords
from providers.payment import mollie, stripe
from providers.payment import sandbox as sandbox_payments
from providers.payout import paypal, stripe_connect, wise
from providers.payout import sandbox as sandbox_payouts
from providers.sms import twilio, vonage
from providers.storage import s3

DECLARING = (
    *(
        admin,
        auth,
        bank,
        bank_files,
        cases,
        changes,
        contact,
        content,
        cookies,
        dm,
        css,
        gdpr,
        kyc,
        links,
        loads,
        payout_account,
        locales,
        mailed_pages,
        mails,
        otp,
        passwords,
        payout_approval,
        payout_rules,
        recoveries,
        refunds,
        rewards,
        sms,
        social_accounts,
        statements,
        subscribers,
        support,
        switches,
        translations,
        two_factor,
        upload,
        usernames,
        visits,
        wallet,
    ),
    *(
        captcha,
        deliverability,
        email,
        geoip,
        hcaptcha,
        leaked_passwords,
        maxmind,
        payment,
        payout,
        pwned_passwords,
        recaptcha,
        s3,
    ),
    *(sms_vendors, smtp, turnstile, twilio, vonage),
    *(kyc_vendors, stripe_identity, veriff),
    *(mollie, sandbox_payments, stripe),
    *(paypal, sandbox_payouts, stripe_connect, wise),
)


def _declared(modules: Iterable[ModuleType]) -> Iterator[Key[Any]]:
    for module in modules:
        yield from (value for value in vars(module).values() if isinstance(value, Key))
    for limits in upload.LIMITS.values():
        yield from (limits.mime_types, limits.max_bytes)
    yield from (job.pace for job in schedule.RECURRING)


def assembled(keys: Iterable[Key[Any]]) -> dict[str, Key[Any]]:
    """By their names. A key that a module imports is met twice; two keys of one name are a mistake."""
    found = dict[str, Key[Any]]()
    for key in keys:
        if found.setdefault(key.name, key) is not key:
            raise ValueError(f"{key.name} is declared twice")
    return dict(sorted(found.items()))


CATALOGUE = assembled(_declared(DECLARING))


def exists(name: str, operation_ids: Iterable[str]) -> bool:
    """``ratelimit.<operationId>`` is a key for every operation."""
    return name in CATALOGUE or (
        name.startswith(RATE_LIMIT_PREFIX) and name.removeprefix(RATE_LIMIT_PREFIX) in operation_ids
    )


def below(prefix: str) -> list[Key[Any]]:
    """The keys whose names begin so, in their order."""
    return [key for name, key in CATALOGUE.items() if name.startswith(prefix)]


def is_secret(name: str) -> bool:
    return isinstance(CATALOGUE.get(name), SecretKey)


def check(name: str, value: Any, operation_ids: Iterable[str]) -> Any:
    """The value as it is stored. Raises InvalidConfig, which knows the key."""
    if not exists(name, operation_ids):
        raise unknown(name, operation_ids)
    try:
        return CATALOGUE[name].check(value) if name in CATALOGUE else checked_override(name, value)
    except InvalidConfig as error:
        error.key = name
        raise


def unknown(name: str, operation_ids: Iterable[str]) -> InvalidConfig:
    """Of a name that is no key, with the one that was probably meant."""
    names = [*CATALOGUE, *(RATE_LIMIT_PREFIX + operation for operation in operation_ids)]
    close = get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]}?" if close else "`biore config list` shows all"
    return InvalidConfig(f"there is no config key {name!r}; {hint}")
