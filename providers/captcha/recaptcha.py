"""Google reCAPTCHA: https://developers.google.com/recaptcha/docs/verify"""

from domain.config_keys import SecretKey, UrlKey
from providers.captcha.siteverify import SiteVerify

SECRET = SecretKey("external.captcha.recaptcha.secret", "", "secret key of the vendor's account")
VERIFY_URL = UrlKey(
    "external.captcha.recaptcha.verify_url",
    "https://www.google.com/recaptcha/api/siteverify",
    "URL that verifies tokens",
)


class ReCaptcha(SiteVerify):
    name = "recaptcha"
    secret = SECRET
    verify_url = VERIFY_URL
