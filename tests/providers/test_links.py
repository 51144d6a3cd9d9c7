"""Addresses of vendors that are handed to people: of a web page, and no longer than anybody takes."""

from typing import Any

import pytest

from providers.vendor import LONGEST_LINK, page

GOOD = [
    "https://pay.example.com",
    "https://pay.example.com:8443/c/1?x=%20#fidkdWxOYHwnPyd1blpxYHZxWjA0",
    "https://a.b/",
]
GOOD += ["https://pay.example.com/" + "x" * (LONGEST_LINK - 24)]
BAD = [
    None, 7, "", "https://", "http://pay.example.com/", "HTTPS://pay.example.com/", "javascript:alert(1)", "//a.b/c",
    " https://a.b/", "https://a.b/ c", "https://a.b/\n", "https://a.b/\x00", "https://a.b/ü", "https://user:pw@a.b/",
    "https://a.b\\@c.d/", "https:a.b", "https:///a.b", ["https://a.b"], GOOD[-1] + "x",
]  # fmt: skip


@pytest.mark.parametrize("url", GOOD)
def test_links_are_taken_as_they_are(url: str) -> None:
    assert page({"link": {"href": url}}, "link", "href") == url


@pytest.mark.parametrize("url", BAD)
def test_anything_else_is_none(url: Any) -> None:
    assert page({"link": {"href": url}}, "link", "href") is None
