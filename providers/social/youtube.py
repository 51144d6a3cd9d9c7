"""YouTube Data API v3 with Google's OAuth: https://developers.google.com/youtube/v3/docs/channels/list

Scope ``https://www.googleapis.com/auth/youtube.readonly``; a refresh token comes with ``access_type=offline`` and the
first consent, or with ``prompt=consent``, and stays the same.
"""

import httpx

from domain.auth.oauth import OAuthClient
from domain.creators.social_accounts import SocialProfile, SocialTokens
from providers.oauth.claims import NoSubject, label, subject
from providers.ports import ProviderRejected
from providers.social.vendor import Answer, SocialVendor, count, first

# Of a 403: what else stands there (a quota, an API that is off) is about us.
OF_THE_PERSON = frozenset(
    {"insufficientPermissions", "authenticatedUserAccountClosed", "authenticatedUserAccountSuspended"}
    | {"channelClosed", "channelNotFound", "channelSuspended"}
)


class YouTube(SocialVendor):
    name = "youtube"
    token_endpoint = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    userinfo_endpoint = "https://www.googleapis.com/youtube/v3/channels"

    async def profile(self, client: OAuthClient, tokens: SocialTokens) -> SocialProfile:
        """Raises ProviderRejected, too, for an account without a channel."""
        answer = await self._told(client, tokens, {"part": "snippet,statistics", "mine": "true"})
        _require_permitted(answer)
        channel = first(answer.good.get("items"))
        if not channel:
            raise NoSubject("the account has no channel")
        snippet, statistics = first(channel.get("snippet")), first(channel.get("statistics"))
        hidden = statistics.get("hiddenSubscriberCount") is True
        followers = None if hidden else count(statistics.get("subscriberCount"))
        username = label(snippet.get("customUrl")) or label(snippet.get("title"))
        return SocialProfile(subject(channel.get("id")), username, followers)


def _require_permitted(answer: Answer) -> None:
    reason = first(first(answer.body.get("error")).get("errors")).get("reason")
    if answer.status == httpx.codes.FORBIDDEN and isinstance(reason, str) and reason in OF_THE_PERSON:
        raise ProviderRejected("the account may not be read with this token")
