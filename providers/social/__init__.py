"""The platforms whose accounts creators connect, one module each."""

import httpx

from providers.ports import SocialProvider
from providers.social.instagram import Instagram
from providers.social.tiktok import TikTok
from providers.social.twitch import Twitch
from providers.social.x import SocialX
from providers.social.youtube import YouTube


def social_adapters(http: httpx.AsyncClient) -> list[SocialProvider]:
    return [Instagram(http), SocialX(http), YouTube(http), TikTok(http), Twitch(http)]
