"""Sign in with Apple: https://developer.apple.com/documentation/signinwithapplerestapi

The client secret is a JWT that the admin signs with the team's key; Apple takes it for six months at most.
"""

from providers.oauth.oidc import OpenIdProvider


class Apple(OpenIdProvider):
    name = "apple"
    issuers = ("https://appleid.apple.com",)
    jwks_uri = "https://appleid.apple.com/auth/keys"
    token_endpoint = "https://appleid.apple.com/auth/token"  # noqa: S105 - an address
    mail_domains = frozenset({"icloud.com", "me.com", "mac.com", "privaterelay.appleid.com"})
