"""Sign in with Google: https://developers.google.com/identity/openid-connect/openid-connect"""

from typing import Any

from providers.oauth.oidc import OpenIdProvider


class Google(OpenIdProvider):
    name = "google"
    issuers = ("https://accounts.google.com", "accounts.google.com")
    jwks_uri = "https://www.googleapis.com/oauth2/v3/certs"
    token_endpoint = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    mail_domains = frozenset({"gmail.com", "googlemail.com"})

    def _keeps_mailbox(self, email: str, claims: dict[str, Any]) -> bool:
        """``hd`` is there for accounts of an organization whose mail is at Google."""
        organization = claims.get("hd")
        return super()._keeps_mailbox(email, claims) or (isinstance(organization, str) and organization != "")
