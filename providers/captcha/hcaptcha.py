"""hCaptcha: https://docs.hcaptcha.com/#verify-the-user-response-server-side"""

from domain.config_keys import SecretKey, UrlKey
from providers.captcha.siteverify import SiteVerify

SECRET = SecretKey("external.captcha.hcaptcha.secret", "", "secret key of the vendor's account")
VERIFY_URL = UrlKey(
    "external.captcha.hcaptcha.verify_url", "https://api.hcaptcha.com/siteverify", "URL that verifies tokens"
)


class HCaptcha(SiteVerify):
    name = "hcaptcha"
    secret = SECRET
    verify_url = VERIFY_URL
