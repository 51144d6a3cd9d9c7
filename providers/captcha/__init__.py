"""The captcha vendors, one module each."""

import httpx

from domain.config_keys import ChoiceKey, Config, ListKey
from providers.captcha.hcaptcha import HCaptcha
from providers.captcha.recaptcha import ReCaptcha
from providers.captcha.turnstile import Turnstile
from providers.ports import CaptchaProvider

PROVIDERS = ("none", "turnstile", "hcaptcha", "recaptcha")
ACTIVE_PROVIDER = ChoiceKey(
    "external.captcha.active_provider", "none", "captcha vendor; none disables captchas", PROVIDERS
)
FAILOVER_PROVIDERS = ListKey(
    "external.captcha.failover_providers", [], "used in this order when the active one is unreachable", PROVIDERS
)


def captcha_adapters(config: Config, http: httpx.AsyncClient) -> list[CaptchaProvider]:
    return [Turnstile(config, http), HCaptcha(config, http), ReCaptcha(config, http)]
