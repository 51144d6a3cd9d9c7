"""The captcha vendors, one module each."""

import httpx

from domain.config_keys import Config
from providers.captcha.hcaptcha import HCaptcha
from providers.captcha.recaptcha import ReCaptcha
from providers.captcha.turnstile import Turnstile
from providers.ports import CaptchaProvider


def captcha_adapters(config: Config, http: httpx.AsyncClient) -> list[CaptchaProvider]:
    return [Turnstile(config, http), HCaptcha(config, http), ReCaptcha(config, http)]
