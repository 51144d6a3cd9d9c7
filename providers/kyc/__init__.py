"""Who verifies the identity of creators, one module each."""

import httpx

from domain.config_keys import ChoiceKey, Config
from providers.kyc.sandbox import KycBook, SandboxKyc
from providers.kyc.stripe_identity import StripeIdentity
from providers.kyc.veriff import Veriff
from providers.ports import KycProvider
from providers.sandbox import Sandbox

PROVIDERS = ("none", "sandbox", "stripe_identity", "veriff")
ACTIVE_PROVIDER = ChoiceKey(
    "external.kyc.active_provider",
    "none",
    "provider that verifies the identity of creators",
    PROVIDERS,
    development="sandbox",
)


def kyc_adapters(
    config: Config, http: httpx.AsyncClient, env: str, sandbox: Sandbox[KycBook] | None
) -> list[KycProvider]:
    live = env == "production"
    vendors: list[KycProvider] = [vendor(config, http, live=live) for vendor in (StripeIdentity, Veriff)]
    # Whoever opens its page decides: where real people are paid, it does not exist.
    return vendors if live or sandbox is None else [*vendors, SandboxKyc(config, http, sandbox)]
