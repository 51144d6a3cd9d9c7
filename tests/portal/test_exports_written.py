"""Every page of the documentation as Markdown."""

import re

import pytest
from markdown_it import MarkdownIt

from contract.changes.history import history
from contract.texts import Texts
from portal import pages
from portal.exports.markdown import Markdown
from portal.exports.written import Written
from portal.samples import samples
from portal.words import Words
from tests.portal.sites import ORIGIN, SITE

WORDS = Words("en", Texts(SITE.contract.errors))
MARKDOWN = Markdown(SITE, WORDS, {one.id: samples(one, ORIGIN) for one in SITE.operations}, ORIGIN)
GUIDES = tuple(page.context["guide"] for page in pages.guides(SITE))
WRITTEN = Written(SITE, WORDS, MARKDOWN, GUIDES, history(SITE.contract.document))
PAGES = {page.path: page for page in pages.pages(SITE)}
TEXTS = {path: WRITTEN.page(page) for path, page in PAGES.items()}
READER = MarkdownIt("commonmark").enable("table")
# What an id of a page looks like: a kind, and a name of several parts.
IDENT = re.compile(r"\b(body|response|error|path|query|header|cookie|config|release|module)-[a-z0-9]+(-[a-z0-9]+)*\b")


def said(text: str) -> str:
    """Without code, addresses and markup."""
    inline = (child for token in READER.parse(text) for child in token.children or ())
    return " ".join(token.content for token in inline if token.type == "text")


@pytest.mark.parametrize("path", TEXTS)
class TestEveryPage:
    def test_is_published_so(self, path: str) -> None:
        assert PAGES[path].markdown

    def test_begins_with_its_title_and_ends_with_a_line(self, path: str) -> None:
        title = PAGES[path].title if PAGES[path].foreign else WORDS.plain(PAGES[path].title)
        home = SITE.contract.document["info"]["title"]
        assert TEXTS[path].startswith(f"# {home if path == pages.ROOT else title}\n")
        assert TEXTS[path].endswith("\n")
        assert not TEXTS[path].endswith("\n\n")
        assert "\n\n\n" not in re.sub(r"(?s)```.*?\n```", "code", TEXTS[path])

    def test_no_id_stands_in_its_text(self, path: str) -> None:
        assert [found[0] for found in IDENT.finditer(said(TEXTS[path]))] == []

    def test_its_links_lead_to_markdown(self, path: str) -> None:
        """Or to a file that is the same in every language."""
        links = re.findall(rf"\]\({re.escape(ORIGIN)}(/[^)#]*)", TEXTS[path])
        files = {"/openapi.yaml", "/llms.txt", "/llms-full.txt", "/docs/exports/postman.json"}
        assert [link for link in links if link not in files and link.removesuffix(".md") not in PAGES] == []
        assert [link for link in links if link not in files and not link.endswith(".md")] == []
        assert not re.search(r"\]\(/", TEXTS[path]), "every address is whole"


def test_every_error_is_told_on_the_page_of_its_group() -> None:
    for code in SITE.contract.errors:
        text = TEXTS[pages.error_path(code)]
        assert f"\n## {SITE.contract.errors[code]['status']} `{code}`\n" in text
        for operation in SITE.answered_by[code]:
            assert MARKDOWN.link(operation) in text


def test_every_config_key_is_told_on_the_page_of_its_family() -> None:
    for key, shaping in pages.shaped(SITE):
        text = TEXTS[pages.config_path(key)]
        assert f"\n## `{key.name}`\n\n{key.meaning}\n" in text
        assert [operation.id for operation in shaping if MARKDOWN.link(operation) not in text] == []
        assert f"| `{key.name}` |" in TEXTS["/docs/config"]


def test_lists_have_every_operation_and_guide() -> None:
    for path in ("/docs", "/docs/operations"):
        assert [one.id for one in SITE.operations if MARKDOWN.link(one) not in TEXTS[path]] == []
    for path in ("/docs", "/docs/guides"):
        assert [guide.slug for guide in GUIDES if MARKDOWN.guide_link(guide) not in TEXTS[path]] == []
