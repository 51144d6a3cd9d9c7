"""Sign in with Google: https://developers.google.com/identity/openid-connect/openid-connect"""

from providers.oauth.oidc import OpenIdProvider


class Google(OpenIdProvider):
    name = "google"
    issuers = ("https://accounts.google.com", "accounts.google.com")
    jwks_uri = "https://www.googleapis.com/oauth2/v3/certs"
    token_endpoint = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
