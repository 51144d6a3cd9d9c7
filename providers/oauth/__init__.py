"""The platforms that people sign in through, one module each."""

import httpx

from providers.oauth.apple import Apple
from providers.oauth.google import Google
from providers.oauth.x import X
from providers.ports import OAuthProvider


def oauth_adapters(http: httpx.AsyncClient) -> list[OAuthProvider]:
    return [Google(http), Apple(http), X(http)]
