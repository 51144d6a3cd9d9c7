"""Who pays creators out, one module each."""

import httpx

from domain.config_keys import ChoiceKey, Config
from domain.money.bank_files import BANK_FILE
from providers.payout.paypal import PayPal
from providers.payout.sandbox import PayoutBook, SandboxPayouts
from providers.payout.stripe_connect import StripeConnect
from providers.payout.wise import Wise
from providers.ports import PayoutProvider
from providers.sandbox import Sandbox

ACCOUNT_PROVIDERS = ("none", "sandbox", "stripe_connect", "paypal")
BANK_PROVIDERS = ("none", "sandbox", "wise", BANK_FILE)
ACTIVE_PROVIDER = ChoiceKey(
    "external.payout.active_provider",
    "none",
    "provider at which creators open payout accounts; what was begun at another one goes on",
    ACCOUNT_PROVIDERS,
    development="sandbox",
)
BANK_PROVIDER = ChoiceKey(
    "external.payout.bank_provider",
    "none",
    "who makes bank transfers of payouts that are requested from now on; bank_file: staff, by files",
    BANK_PROVIDERS,
    development="sandbox",
)


def payout_adapters(
    config: Config, http: httpx.AsyncClient, env: str, sandbox: Sandbox[PayoutBook] | None
) -> list[PayoutProvider]:
    """The sandbox does not exist in production, nor where it has no book."""
    live = env == "production"
    vendors: list[PayoutProvider] = [vendor(config, http, live=live) for vendor in (StripeConnect, Wise, PayPal)]
    return vendors if live or sandbox is None else [*vendors, SandboxPayouts(config, http, sandbox)]
