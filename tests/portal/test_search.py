"""What the search is told of every page, without a browser: tests/browser/test_search.py types into it."""

import gzip
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.portal_build import large
from contract.policy import ContractError
from contract.texts import Texts
from portal.build import Options, build
from portal.model import Site
from portal.pages import Page, error_anchor, error_path, operation_path, pages
from portal.search import LISTS, Synonyms, index
from portal.words import Words
from tests.portal.conftest import ORIGIN
from tests.portal.reading import documents

MOST_BYTES = 60_000
GUIDE = """<!doctype html><body><nav>menu</nav><main id="content"><nav>breadcrumb</nav>
<a href="/x.md">Markdown</a><h1>Tokens</h1>
<p>Where <em>tokens</em> come from &amp; go.</p><pre>curl secret</pre>
<section id="native"><h2>Native apps <a class="anchor" href="#native">#</a></h2><p>Keep it in the key store.</p>
<h3 id="swift">Swift</h3><ul><li>First</li><li>second</li></ul><h3>Without an address</h3><p>goes on</p></section>
</main><footer>bottom</footer>"""


Making = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def folder(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("searched") / "site"
    build(site, out, Options(ORIGIN, locales=("en", "tr")))
    return out


@pytest.fixture(scope="module")
def made(site: Site, folder: Path) -> Making:
    """The index of a site whose pages were built, and of pages that are given with their HTML."""

    def make(of: Site = site, locale: str = "en", **given: str) -> dict[str, Any]:
        guides = {f"/docs/guides/{slug}": html for slug, html in given.items()}

        def html(page: Page) -> str:
            return guides.get(page.path) or (folder / page.file).read_text(encoding="utf-8")

        more = (Page(path, "guide.html", "Tokens", True) for path in guides)
        words = Words(locale, Texts(of.contract.errors))
        return read(index(of, (*pages(of), *more), words, lambda path: path, html))

    return make


def read(text: str) -> dict[str, Any]:
    """With ``entries``, as the script makes them of the tables."""
    content = json.loads(text)
    return dict(content, entries=[e for kind, table in content["tables"].items() for e in entries(kind, table)])


def entries(kind: str, table: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    for values in zip(*table.values(), strict=True):
        entry = {"kind": kind} | {part: value for part, value in zip(table, values, strict=True) if value}
        if entry["url"].endswith("#"):
            entry["url"] += f"{kind}-{entry['title']}".replace(".", "-").replace("_", "-")
        yield entry


@pytest.fixture(scope="module")
def content(made: Making) -> dict[str, Any]:
    return made()


class TestIndex:
    def test_is_made_for_each_language(self, folder: Path) -> None:
        """Whatever it leads to is there, with the field or the section that is meant."""
        found = documents(folder)
        for name, below in (("docs/search.json", ""), ("tr/docs/search.json", "/tr")):
            content = read((folder / name).read_text())
            lost = []
            for entry in content["entries"]:
                path, _, anchor = entry["url"].partition("#")
                fields = entry.get("fields", {}).items()
                anchors = [f"{location}-{field}" for location, paths in fields for field in paths]
                wanted = {one.replace("[]", "-items").replace(".", "-").lower() for one in anchors} | ({anchor} - {""})
                assert path.startswith(f"{below}/docs")
                lost += [(path, one) for one in wanted if one not in found[path].addresses]
            assert lost == []
            assert {*content["popular"]["urls"]} <= {entry["url"] for entry in content["entries"]}

    def test_knows_every_operation_and_every_error_once(self, site: Site, content: dict[str, Any]) -> None:
        urls = Counter(entry["url"] for entry in content["entries"])
        expected = [operation_path(operation) for operation in site.operations]
        expected += [f"{error_path(code)}#{error_anchor(code)}" for code in site.contract.errors]
        assert [url for url in expected if urls[url] != 1] == []
        assert [url for url, times in urls.items() if times > 1] == []

    def test_knows_an_operation_by_all_its_names(self, content: dict[str, Any]) -> None:
        entry = next(entry for entry in content["entries"] if entry.get("id") == "auth.register")
        assert (entry["method"], entry["path"], entry["within"]) == ("POST", "/auth/register", "Authentication")
        assert "sign up" in entry["aliases"]
        assert "auth.register.email_exists" in entry["codes"]
        assert "rate_limit.exceeded" not in entry["codes"]  # of all operations
        assert "displayName" in entry["fields"]["body"]

    def test_tells_errors_in_the_language(self, made: Making) -> None:
        told = {locale: made(locale=locale)["entries"] for locale in ("en", "de")}
        english, german = (
            next(entry["text"] for entry in entries if entry["title"] == "rate_limit.exceeded")
            for entries in told.values()
        )
        assert english != german

    def test_reads_a_guide_as_it_was_written(self, made: Making) -> None:
        path = "/docs/guides/mine"
        assert [entry for entry in made(mine=GUIDE)["entries"] if entry["url"].startswith(path)] == [
            {"kind": "guide", "url": path, "title": "Tokens", "text": "Where tokens come from & go."},
            {"kind": "guide", "url": f"{path}#native", "title": "Native apps", "within": "Tokens",
             "text": "Keep it in the key store."},
            {"kind": "guide", "url": f"{path}#swift", "title": "Swift", "within": "Tokens",
             "text": "First second Without an address goes on"},
        ]  # fmt: skip

    def test_what_has_no_page_is_not_found(self, site: Site, folder: Path) -> None:
        """Such as config keys in a portal for the public."""
        words = Words("en", Texts(site.contract.errors))
        shown = tuple(pages(site, public=True))
        text = index(site, shown, words, lambda path: path, lambda page: (folder / page.file).read_text())
        assert "/docs/config" not in text

    def test_what_a_list_names_has_entries_of_its_own(self, site: Site, content: dict[str, Any]) -> None:
        lists = {page.path for page in pages(site) if page.template in LISTS}
        assert len(lists) == len(LISTS)
        urls = [entry["url"] for entry in content["entries"] if entry["url"].partition("#")[0] in lists]
        assert sorted(urls) == sorted(lists)

    def test_long_texts_are_cut_where_a_sentence_or_a_word_ends(self, made: Making) -> None:
        def shown(text: str) -> str:
            entries = made(mine=f"<main><p>{text}</p></main>")["entries"]
            return next(str(entry["text"]) for entry in entries if entry["url"] == "/docs/guides/mine")

        sentence = "It takes the token of the mail. "
        assert shown(sentence * 9) == (sentence * 3).strip()
        assert shown("word " * 90).endswith("word …")

    def test_is_small_and_made_at_once(self, site: Site, made: Making) -> None:
        many = large(site, 300)
        before = time.process_time()
        made(many)
        assert time.process_time() - before < 1
        # Repeated texts compress better than those of 300 different operations would, and those better than this.
        now = made()["tables"]
        own = zipped({kind: now[kind] for kind in ("operation", "error")})
        assert zipped(now) + own * (300 / len(site.operations) - 1) < MOST_BYTES


def zipped(value: Any) -> int:
    return len(gzip.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()))


class TestSynonyms:
    def write(self, folder: Path, **changed: Any) -> Path:
        told = {"popular": [], "operations": {}, "pages": {}, "errors": {}, **changed}
        (folder / "synonyms.yaml").write_text(yaml.safe_dump(told))
        return folder / "synonyms.yaml"

    @pytest.mark.parametrize(
        "changed",
        [{"operations": {"auth.nothing": ["x"]}}, {"pages": {"/docs/nowhere": ["x"]}}, {"errors": {"no.code": ["x"]}},
         {"popular": ["auth.nothing"]}],
    )  # fmt: skip
    def test_name_what_there_is(self, site: Site, tmp_path: Path, changed: dict[str, Any]) -> None:
        with pytest.raises(ContractError, match=r"auth\.nothing|/docs/nowhere|no\.code"):
            Synonyms.read(site, set(), self.write(tmp_path, **changed))

    def test_mean_one_thing(self, site: Site, tmp_path: Path) -> None:
        file = self.write(tmp_path, operations={"auth.login": ["sign in"], "auth.me": ["sign-in"]})
        with pytest.raises(ContractError, match=r"means both auth\.login and auth\.me"):
            Synonyms.read(site, set(), file)

    def test_are_no_title_of_something_else(self, site: Site, tmp_path: Path) -> None:
        title = next(operation.summary for operation in site.operations if operation.id == "auth.me")
        file = self.write(tmp_path, operations={"auth.login": [title.lower()]})
        with pytest.raises(ContractError, match=r"means both auth\.me and auth\.login"):
            Synonyms.read(site, set(), file)

    @pytest.mark.parametrize("phrase", ["Sign in", 429])
    def test_are_texts_in_lower_case(self, site: Site, tmp_path: Path, phrase: object) -> None:
        with pytest.raises(ContractError, match="no text in lower case"):
            Synonyms.read(site, set(), self.write(tmp_path, operations={"auth.me": [phrase]}))
