"""Cloudflare Turnstile: https://developers.cloudflare.com/turnstile/get-started/server-side-validation/"""

from domain.config_keys import SecretKey, UrlKey
from providers.captcha.siteverify import SiteVerify

SECRET = SecretKey("external.captcha.turnstile.secret", "", "secret key of the vendor's account")
VERIFY_URL = UrlKey(
    "external.captcha.turnstile.verify_url",
    "https://challenges.cloudflare.com/turnstile/v0/siteverify",
    "URL that verifies tokens",
)


class Turnstile(SiteVerify):
    name = "turnstile"
    secret = SECRET
    verify_url = VERIFY_URL
