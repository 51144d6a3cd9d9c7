"""Where links may lead, and whose hosts are known."""

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.creators.urls import LONGEST, canonical, host_of, platform_of
from domain.errors import ApiError

ATOMS = ["http", "https", "HTTPS", "javascript", "data", "//", "example", "com", "EXAMPLE", "b\u00fccher", "xn--"]
ATOMS += ["127", "0x7f", "1", "443", "99999", "%2f", "%00", "::1", "user:pw", "\ud83d", "\U0001f600", "\u3002"]
ATOMS += list(":/\\@?#[].- \t\n\r\x00\x7f\xa0\u2028\u200b\u202e")
ATOM = st.sampled_from(ATOMS)
HOSTILE = st.one_of(
    st.text(max_size=80),
    st.lists(ATOM, max_size=12).map("".join),
    st.lists(ATOM, max_size=8).map(lambda parts: "https://example.com" + "".join(parts)),
    st.lists(ATOM, max_size=8).map(lambda parts: "https://" + "".join(parts)),
)


def kept(url: str) -> str | None:
    """None for what is refused."""
    try:
        return canonical(url)
    except ApiError as refusal:
        if refusal.code != "creator.links.invalid_url":
            raise
        return None


def refused(url: str) -> bool:
    return kept(url) is None


class TestCanonical:
    @pytest.mark.parametrize(
        ("given", "stored"),
        [
            ("https://example.com", "https://example.com"),
            ("HTTP://Example.COM/Path?Q=A#F", "http://example.com/Path?Q=A#F"),
            ("https://example.com:8443/a", "https://example.com:8443/a"),
            ("https://example.com?q", "https://example.com?q"),
            ("https://example.com/a@b:c", "https://example.com/a@b:c"),
            ('https://example.com/"<b>?"#<i>', "https://example.com/%22%3Cb%3E?%22#%3Ci%3E"),
            ("https://b\u00fccher.example/\u00fc", "https://xn--bcher-kva.example/\u00fc"),
            ("https://example\u3002com/", "https://example.com/"),
            ("https://\uff45xample.com/", "https://example.com/"),
            ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
            ("https://fa.wikipedia.org/wiki/\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", None),
        ],
    )
    def test_a_public_url_is_kept_with_its_host_in_ascii(self, given: str, stored: str | None) -> None:
        assert canonical(given) == (stored or given)

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "example.com",
            "//example.com/",
            "https:example.com",
            "https:/example.com",
            "https:///example.com",
            "javascript:alert(1)",
            "java\tscript:alert(1)",
            "JavaScript://example.com/%0aalert(1)",
            "data:text/html,x",
            "ftp://example.com/",
            "mailto:ada@example.com",
            "https://user@example.com/",
            "https://user:pw@example.com/",
            "https://example.com@evil.example/",
            "https://example.com\\@evil.example/",
            "https://example.com/\\evil",
            "https://example.com:/",
            "https://example.com:0/",
            "https://example.com:65536/",
            "https://example.com:x/",
            "https://localhost/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::1]/",
            "https://example.com./",
            "https://-a.example/",
            "https://a_b.example/",
            "https://ex%61mple.com/",
            "https://exa mple.com/",
            "https://example.com/a b",
            "https://example.com/a\nb",
            "https://example.com/\x7f",
            "https://example.com/\u2028",
            "https://example.com/\u202egpj.exe",
            "https://example.com/a\u200bb",
            "https://exam\u2044ple.com/",
            "https://exam\uff0fple.com/",
            f"https://{'a' * 64}.example/",
            f"https://{'a.' * 130}example/",
            "https://" + "\u00fc" * 3000 + ".example/",
        ],
    )
    def test_what_leads_elsewhere_or_nowhere_is_refused(self, url: str) -> None:
        assert refused(url)

    def test_a_host_that_grows_in_ascii_does_not_make_a_url_too_long(self) -> None:
        assert refused("https://b\u00fccher.example/" + "a" * (LONGEST - 23))
        assert len(canonical("https://b\u00fccher.example/" + "a" * (LONGEST - 30))) == LONGEST

    @given(HOSTILE)
    @example("https://example.com\\@evil.example")
    @example("https://example.com:80@evil.example/")
    def test_whatever_is_kept_is_one_public_place(self, url: str) -> None:
        found = kept(url)
        if found is None:
            return
        assert canonical(found) == found
        parts = urlsplit(found)
        assert parts.scheme in ("http", "https")
        assert (parts.username, parts.password) == (None, None)
        assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z0-9-]*[a-z][a-z0-9-]*", parts.hostname or "")
        assert not re.search(r"[\s\\\x00-\x1f\x7f]", found)
        assert len(found) <= LONGEST
        # What a browser takes for the host ends where ours does (WHATWG URL, 4.4, authority state).
        assert re.split(r"[/?#\\]", found.partition("://")[2])[0] == parts.netloc

    @given(HOSTILE)
    def test_a_platform_is_known_by_the_whole_end_of_the_host(self, url: str) -> None:
        if not refused(url):
            host = host_of(canonical(url))
            assert platform_of(f"https://instagram.com.{host}/") == platform_of(f"https://{host}/")
            assert platform_of(f"https://{host}.instagram.com/") == "instagram"


class TestPlatform:
    @pytest.mark.parametrize(
        ("url", "platform"),
        [
            ("https://instagram.com/ada", "instagram"),
            ("https://www.instagram.com/ada", "instagram"),
            ("https://twitter.com/ada", "x"),
            ("https://x.com:443/ada", "x"),
            ("https://ada.substack.com/", "substack"),
            ("https://music.apple.com/de/artist/1", "apple_music"),
            ("https://apple.com/", None),
            ("https://notinstagram.com/", None),
            ("https://shop.example.com/", None),
        ],
    )
    def test_it_follows_from_the_host(self, url: str, platform: str | None) -> None:
        assert platform_of(url) == platform
