"""Google reCAPTCHA: https://developers.google.com/recaptcha/docs/verify"""

from providers.captcha.siteverify import SiteVerify


class ReCaptcha(SiteVerify):
    name = "recaptcha"
