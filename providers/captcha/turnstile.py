"""Cloudflare Turnstile: https://developers.cloudflare.com/turnstile/get-started/server-side-validation/"""

from providers.captcha.siteverify import SiteVerify


class Turnstile(SiteVerify):
    name = "turnstile"
