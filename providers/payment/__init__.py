"""The payment providers, one module each."""

import httpx

from domain.config_keys import ChoiceKey, Config, ListKey
from providers.payment.mollie import MolliePayments
from providers.payment.sandbox import PaymentBook, SandboxPayments
from providers.payment.stripe import StripePayments
from providers.ports import PaymentProvider
from providers.sandbox import Sandbox

PROVIDERS = ("none", "mollie", "sandbox", "stripe")
ACTIVE_PROVIDER = ChoiceKey(
    "external.payment.active_provider",
    "none",
    "provider of new payments; none begins none, and what was begun goes on; sandbox does not exist in production",
    PROVIDERS,
    development="sandbox",
)
FAILOVER_PROVIDERS = ListKey(
    "external.payment.failover_providers",
    [],
    "used for new payments, in this order, when the active one certainly began none",
    tuple(name for name in PROVIDERS if name != "none"),
)


def payment_adapters(
    config: Config, http: httpx.AsyncClient, env: str, sandbox: Sandbox[PaymentBook] | None
) -> list[PaymentProvider]:
    live = env == "production"
    vendors: list[PaymentProvider] = [vendor(config, http, live=live) for vendor in (StripePayments, MolliePayments)]
    # Whoever presses its button pays: where money is real, there is no such button.
    return vendors if live or sandbox is None else [*vendors, SandboxPayments(config, http, sandbox)]
