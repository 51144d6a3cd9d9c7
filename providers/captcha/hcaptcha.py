"""hCaptcha: https://docs.hcaptcha.com/#verify-the-user-response-server-side"""

from providers.captcha.siteverify import SiteVerify


class HCaptcha(SiteVerify):
    name = "hcaptcha"
