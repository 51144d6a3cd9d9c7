"""Which player a URL has."""

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.creators.embeds import FORMS, detect, player
from domain.creators.urls import canonical
from domain.errors import ApiError
from tests.contract.operations import CONTRACT

VIDEO = "dQw4w9WgXcQ"
TRACK = "4uLU6hMCjMI75M1A2tKUQC"
SPOTIFY = {"contentType": "track", "contentId": TRACK}
APPLE = {"country": "de", "contentType": "album", "contentId": "1440857781"}

SEEN = [
    (f"https://www.youtube.com/watch?v={VIDEO}", "YOUTUBE", {"videoId": VIDEO}),
    (f"https://www.youtube.com/watch?list=PL1&v={VIDEO}&t=3s", "YOUTUBE", {"videoId": VIDEO}),
    (f"https://m.youtube.com/watch?v={VIDEO}#t=1", "YOUTUBE", {"videoId": VIDEO}),
    (f"https://youtu.be/{VIDEO}?si=abc", "YOUTUBE", {"videoId": VIDEO}),
    (f"https://youtube.com/shorts/{VIDEO}", "YOUTUBE", {"videoId": VIDEO}),
    (f"https://www.youtube.com/live/{VIDEO}", "YOUTUBE", {"videoId": VIDEO}),
    (f"https://www.youtube-nocookie.com/embed/{VIDEO}", "YOUTUBE", {"videoId": VIDEO}),
    (f"https://open.spotify.com/track/{TRACK}?si=1", "SPOTIFY", SPOTIFY),
    (f"https://open.spotify.com/intl-de/track/{TRACK}", "SPOTIFY", SPOTIFY),
    (f"https://open.spotify.com/embed/show/{TRACK}", "SPOTIFY", SPOTIFY | {"contentType": "show"}),
    (
        "https://www.tiktok.com/@ada.l/video/7106594312292453675?lang=en",
        "TIKTOK",
        {"username": "ada.l", "videoId": "7106594312292453675"},
    ),
    ("https://soundcloud.com/ada/engine-song", "SOUNDCLOUD", {"path": "ada/engine-song"}),
    ("https://soundcloud.com/ada/sets/engines", "SOUNDCLOUD", {"path": "ada/sets/engines"}),
    ("https://www.twitch.tv/ada_plays", "TWITCH", {"channel": "ada_plays"}),
    ("https://www.twitch.tv/videos/1234567890", "TWITCH", {"videoId": "1234567890"}),
    ("https://clips.twitch.tv/Fun-Clip_1", "TWITCH", {"clip": "Fun-Clip_1"}),
    ("https://www.twitch.tv/ada_plays/clip/Fun-Clip_1?x=1", "TWITCH", {"clip": "Fun-Clip_1"}),
    ("https://music.apple.com/de/album/engines/1440857781", "APPLE_MUSIC", APPLE),
    ("https://music.apple.com/de/album/e/1440857781?i=1440857786", "APPLE_MUSIC", APPLE | {"trackId": "1440857786"}),
    ("https://music.apple.com/de/album/1440857781?i=x", "APPLE_MUSIC", APPLE),
    (
        "https://music.apple.com/us/playlist/mix/pl.f4d106fed2bd41149aaacabb233eb5eb",
        "APPLE_MUSIC",
        {"country": "us", "contentType": "playlist", "contentId": "pl.f4d106fed2bd41149aaacabb233eb5eb"},
    ),
]  # fmt: skip
UNSEEN = [
    "https://shop.example.com/",
    "https://www.youtube.com/",
    "https://www.youtube.com/watch",
    "https://www.youtube.com/watch?v=short",
    f"https://www.youtube.com/watch?v={VIDEO}x",
    f"https://www.youtube.com.evil.example/watch?v={VIDEO}",
    f"https://evil.example/https://youtu.be/{VIDEO}",
    f"https://youtu.be/{VIDEO}/more",
    "https://www.youtube.com/@ada",
    f"https://open.spotify.com/user/{TRACK}",
    f"https://open.spotify.com/track/{TRACK}x",
    "https://www.tiktok.com/@ada",
    "https://vm.tiktok.com/ZM1234567/",
    "https://soundcloud.com/ada",
    "https://soundcloud.com/ada/sets/",
    "https://soundcloud.com/you/likes",
    "https://www.twitch.tv/directory",
    "https://www.twitch.tv/settings/",
    "https://music.apple.com/de/browse",
    f"https://www.youtube.com/watch?{'a=b&' * 200}v={VIDEO}",
]
PARTS = [
    "watch",
    "shorts",
    "embed",
    "track",
    "sets",
    "video",
    "videos",
    "clip",
    "album",
    "intl-de",
    "@ada",
    "ada",
    VIDEO,
]
PARTS += [
    TRACK,
    "1440857781",
    "..",
    "%2e%2e",
    "'",
    '"',
    "<svg>",
    "\u00fc",
    "a" * 300,
    "?v=",
    "?i=",
    "&",
    "#",
    "=",
    "//",
]
HOSTS = st.sampled_from(sorted({host for form in FORMS for host in form.hosts}))


def fits(meta: Any) -> bool:
    """Whether the contract would take the parameters from a client."""
    fields = CONTRACT.document["components"]["schemas"]["EmbedMeta"]["properties"]
    return all(
        re.fullmatch(fields[name]["pattern"], value) and len(value) <= fields[name]["maxLength"]
        for name, value in meta.items()
    )


class TestDetect:
    @pytest.mark.parametrize(("url", "kind", "meta"), SEEN)
    def test_players_are_known_by_the_url(self, url: str, kind: str, meta: dict[str, str]) -> None:
        found = detect(canonical(url))
        assert found is not None
        assert (found.type, found.meta) == (kind, meta)

    @pytest.mark.parametrize("url", UNSEEN)
    def test_other_pages_have_none(self, url: str) -> None:
        assert detect(canonical(url)) is None

    @given(HOSTS, st.lists(st.sampled_from(PARTS), max_size=8), st.sampled_from(["/", ""]))
    def test_parameters_are_harmless_whatever_the_url(self, host: str, parts: list[str], between: str) -> None:
        try:
            url = canonical(f"https://{host}/{between.join(parts)}")
        except ApiError:
            return
        found = detect(url)
        if found is not None:
            assert found.meta
            assert fits(found.meta)
            assert found.type != "CUSTOM"
            assert all(value in url for value in found.meta.values())

    @pytest.mark.parametrize("kind", sorted({form.type for form in FORMS}))
    def test_no_url_takes_long_to_read(self, kind: str) -> None:
        hosts = next(form.hosts for form in FORMS if form.type == kind)
        paths = ["a" * 2000, "a/" * 1000, "intl-" * 400, "de/album/" + "-" * 1900, "watch?v=" + "&v=" * 600, "@" * 2000]
        began = time.perf_counter()
        for path in paths:
            detect(f"https://{min(hosts)}/{path}")
        assert time.perf_counter() - began < 0.1


class TestPlayer:
    YOUTUBE = f"https://youtu.be/{VIDEO}"

    @pytest.mark.parametrize(
        ("kind", "meta", "wanted"),
        [
            (None, None, ("YOUTUBE", {"videoId": VIDEO})),
            ("YOUTUBE", None, ("YOUTUBE", {"videoId": VIDEO})),
            (None, {"videoId": "x"}, ("YOUTUBE", {"videoId": "x"})),
            ("CUSTOM", None, ("CUSTOM", {})),
            ("SPOTIFY", {"contentId": "x"}, ("SPOTIFY", {"contentId": "x"})),
        ],
    )
    def test_what_a_client_says_comes_first(self, kind: str | None, meta: Any, wanted: Any) -> None:
        assert player(self.YOUTUBE, kind, meta) == wanted

    def test_parameters_alone_make_no_player(self) -> None:
        assert player("https://shop.example.com/", None, {"videoId": VIDEO}) is None
