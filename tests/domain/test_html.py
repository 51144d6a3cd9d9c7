"""HTML of staff: what is kept is harmless to who reads it, and whoever wrote it is told what is not."""

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.html import ATTRIBUTES, LANGUAGE, SCHEMES, TAGS, cleaned, removed, text_of

HOSTILE = (
    "<script>", "</script>", "<style>", "</style>", "<img src=x onerror=alert(1)>", '<a href="javascript:alert(1)">',
    "<svg><script>", "</svg>", "<math><mtext>", "<noscript>", "</noscript>", "<template>", "<!--", "-->", "<![CDATA[",
    "]]>", '<p id="x" name="y" style="position:fixed">', "<iframe srcdoc='<script>'>", "<form action=//evil>",
    "<base href=//evil>", "&lt;script&gt;", "&#60;script&#62;", "<a href='data:text/html,x'>",
    "<img src='http://a/'>", "<code class='language-py x'>", "<table><tr><td onclick=x>", "</table>", "\x00", "<p",
    '"', "'", ">", "<", "&", "<plaintext>", "<textarea>", "<title>",
)  # fmt: skip
SOURCES = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12)), max_size=12).map("".join)


def elements(html: str) -> list[tuple[str, dict[str, str]]]:
    """As a browser reads it."""
    parsed = html5lib.parseFragment(html, treebuilder="etree", namespaceHTMLElements=False)
    return [(node.tag, dict(node.attrib)) for node in parsed.iter() if isinstance(node.tag, str)][1:]


@given(SOURCES)
def test_nothing_but_what_is_kept_is_left_for_a_browser(source: str) -> None:
    for tag, attributes in elements(cleaned(source)):
        assert tag in TAGS
        for name, value in attributes.items():
            assert name in ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set())
            if name in ("href", "src"):
                scheme, colon, _ = value.partition(":")
                assert not colon or "/" in scheme or scheme.strip().lower() in SCHEMES
            if name == "src":
                assert value.lower().startswith("https://")
            if name == "class":
                assert LANGUAGE.fullmatch(value)


@given(SOURCES)
def test_what_was_cleaned_stays_as_it_is(source: str) -> None:
    once = cleaned(source)
    assert cleaned(once) == once
    assert removed(once, cleaned(once)) == []


@pytest.mark.parametrize(
    ("source", "kept", "gone"),
    [
        ("<p>Tom &amp; Jerry</p>", "<p>Tom &amp; Jerry</p>", []),
        ("<script>alert(1)</script><p>Hi</p>", "<p>Hi</p>", ["script"]),
        ('<p onclick="x()" id="a">Hi</p>', "<p>Hi</p>", ["id of p", "onclick of p"]),
        ("<iframe src=https://a></iframe>text", "text", ["iframe", "src of iframe"]),
        ('<code class="language-python">x</code>', '<code class="language-python">x</code>', []),
        ('<code class="evil">x</code>', "<code>x</code>", ["class of code"]),
        ('<img src="http://a.example/x.png" alt="A">', '<img alt="A">', ["src of img"]),
        (
            '<a href="https://a.example" target="_blank">A</a>',
            '<a href="https://a.example" rel="noopener noreferrer nofollow">A</a>',
            ["target of a"],
        ),
        ('<a href="bitcoin:1">A</a>', '<a rel="noopener noreferrer nofollow">A</a>', ["href of a"]),
        ("a < b and I <3 you", "a &lt; b and I &lt;3 you", []),
    ],
)
def test_who_wrote_it_is_told_what_goes(source: str, kept: str, gone: list[str]) -> None:
    assert (cleaned(source), removed(source, cleaned(source))) == (kept, gone)


def test_its_text_has_a_line_for_each_block() -> None:
    html = "<h1>Tom &amp; Jerry</h1><p>A <b>cat</b>\n and a mouse.</p><ul><li>one</li><li>two</li></ul>"
    assert text_of(html) == "Tom & Jerry\nA cat and a mouse.\none\ntwo"
