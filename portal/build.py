"""Writes the portal: static files, the same for the same contract. A reader never sees half a build."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from html import escape
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from typing import Any

from contract.audience import for_everybody
from contract.changes.history import history
from contract.policy import ContractError
from contract.texts import DEFAULT, Texts
from domain.locales import LOCALES
from portal import actions, audience, bundle, bundling, search
from portal.evidence import Evidence
from portal.exports import enriched, feed, llms, postman
from portal.exports.changes import changes_text
from portal.exports.markdown import Markdown
from portal.exports.written import Written
from portal.former import Former
from portal.markup import as_json
from portal.model import Site
from portal.pages import Page, guides, pages
from portal.progress import Tell, nobody
from portal.render import ASSETS, FOLDER, Renderer
from portal.samples import Sample, samples
from portal.source import Source, Sources
from portal.words import Words

MARK = ".biore-portal"
ORIGIN = "http://127.0.0.1:8000"
PAGES = "writing pages"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
LITERALS = FOLDER / "samples" / "literals.json"


@dataclass(frozen=True)
class Options:
    """``origin``: what the samples call. A page that the API itself serves puts its own origin in its place.

    ``site``: where readers find the portal, ``https://docs.example.com``; None where nobody else shall.
    ``public``: without what only operators need: config keys, tables, kill switches, places in the source, and
    operations of scope admin, which ``with_admin`` keeps.
    ``locales``: of the developer pages. Pages behind mailed links come in every language of the platform.
    ``repository``: a URL of source lines with {commit}, {path}, {line}.
    ``theme``: a style sheet of your own, read after ours. ``search``: whether the index of the search is made.
    ``api``: where pages on another origin find the API.
    ``processes``: languages written side by side, where the system can fork; a program with threads leaves it at 1.
    """

    origin: str = ORIGIN
    locales: tuple[str, ...] = (DEFAULT,)
    site: str | None = None
    public: bool = False
    with_admin: bool = False
    repository: str | None = None
    commit: str | None = None
    evidence: Evidence | None = None
    sources: Sources | None = None
    theme: Path | None = None
    search: bool = True
    api: str | None = None
    processes: int = 1


class Samples(dict[str, tuple[Sample, ...]]):
    """By operationId, each made when a page needs it."""

    def __init__(self, site: Site, origin: str) -> None:
        super().__init__()
        self._operations = {operation.id: operation for operation in site.operations}
        self._origin = origin

    def __missing__(self, operation_id: str) -> tuple[Sample, ...]:
        self[operation_id] = samples(self._operations[operation_id], self._origin)
        return self[operation_id]


@dataclass(frozen=True)
class Book:
    """What all languages share."""

    site: Site
    folder: Path
    pages: tuple[Page, ...]
    texts: Texts
    languages: Mapping[str, str]
    extras: Mapping[str, Any]
    former: Former

    def words(self, locale: str) -> Words:
        return Words(locale, self.texts)


def build(site: Site, out: Path, options: Options, tell: Tell = nobody) -> None:
    """Make the whole portal in ``out``, whose former content it replaces. Raises ContractError."""
    _require_ours(out)
    if options.public and not options.with_admin:
        site = audience.without_staff(site)
    fresh = out.parent / f".{out.name}.{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        _write(site, out, fresh, options, tell)
        _swap(fresh, out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _require_ours(out: Path) -> None:
    if out.exists() and any(out.iterdir()) and not (out / MARK).exists():
        raise ContractError(f"{out} holds something else than a portal; name an empty folder")


def _swap(fresh: Path, out: Path) -> None:
    old = fresh.with_suffix(".old")
    if out.exists():
        out.rename(old)
    fresh.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _write(site: Site, out: Path, folder: Path, options: Options, tell: Tell) -> None:
    folder.mkdir(parents=True)
    (folder / MARK).touch()
    texts = Texts(site.contract.errors)
    languages = {locale: texts.say(locale, "portal", "language") for locale in options.locales}
    extras = _extras(texts, site, options)
    former = Former(out, folder, site, options, lambda o: (extras["sources"][o.id], extras["badges"][o.id]))
    book = Book(site, folder, (*pages(site, options.public), *_standing()), texts, languages, extras, former)
    _write_assets(folder, options)
    _write_languages(book, options, tell)
    _write_mailed_pages(book)
    _write_for_crawlers(book, options)
    tell("writing exports", 0, 0)
    _write_exports(book, options)
    _write_collections(book, options.origin)
    bundle.write(site, folder, options.origin, options.api, former)
    if options.search:
        search.write_scripts(folder)
    former.close()


def _write_languages(book: Book, options: Options, tell: Tell) -> None:
    """The first is written here, so that its processes inherit what does not depend on the language."""
    first, *others = options.locales
    pages, total = len(book.pages), len(book.pages) * len(options.locales)

    def counted(before: int) -> Callable[[int], None]:
        return lambda done: tell(PAGES, before * pages + done, total)

    _write_language(book, first, counted(0))
    if options.processes > 1 and others and "fork" in get_all_start_methods():
        for locale in others:
            _note_language(book, locale)
        with get_context("fork").Pool(options.processes, _remember, (book,)) as pool:
            for done, _ in enumerate(pool.imap_unordered(_write_remembered, others), 2):
                tell(PAGES, done * pages, total)
    else:
        for before, locale in enumerate(others, 1):
            _write_language(book, locale, counted(before))


def _note_language(book: Book, locale: str) -> None:
    """What another process writes, this one notes."""
    renderer = Renderer(book.site, book.words(locale), book.languages, book.extras)
    for page in book.pages:
        if "operation" in page.context:
            book.former.note(page.context["operation"], renderer.file(page))


_remembered: list[Book] = []


def _remember(book: Book) -> None:
    _remembered.append(book)


def _write_remembered(locale: str) -> None:
    _write_language(_remembered[0], locale)


def _write_language(book: Book, locale: str, tell: Callable[[int], None] = lambda _: None) -> None:
    renderer = Renderer(book.site, book.words(locale), book.languages, book.extras)
    for done, page in enumerate(book.pages):
        tell(done)
        _put_page(book, page, renderer.file(page), partial(renderer.render, page))
    if book.extras["options"].search:
        _put(book.folder / renderer.href(search.INDEX).lstrip("/"), _search_index(book, renderer))


def _search_index(book: Book, renderer: Renderer) -> str:
    def written(page: Page) -> str:
        return (book.folder / renderer.file(page)).read_text(encoding="utf-8")

    return search.index(book.site, book.pages, renderer.words, renderer.href, written)


def _standing() -> Iterator[Page]:
    """The front door, and the page of wrong addresses."""
    yield Page("", "start.html", "home.title", lead="home.lead")
    yield Page("/404.html", "404.html", "404.title")


def _write_mailed_pages(book: Book) -> None:
    """In every language of the platform: whoever follows a link of a mail need not read English."""
    mailed = tuple(actions.pages(book.site))
    for locale in LOCALES:
        renderer = Renderer(book.site, book.words(locale), book.languages, book.extras)
        for page in mailed:
            _put(book.folder / renderer.file(page), renderer.render(page))


def _write_assets(folder: Path, options: Options) -> None:
    assets = folder / "docs" / "assets"
    assets.mkdir(parents=True)
    for name in ("theme.js", "icon.svg"):
        shutil.copyfile(ASSETS / name, assets / name)
    shutil.copyfile(LITERALS, assets / LITERALS.name)
    shutil.copyfile(ASSETS / "favicon.ico", folder / "favicon.ico")
    _put(assets / "portal.css", bundling.style(ASSETS, options.theme))
    for name in bundling.SCRIPTS:
        _put(assets / name, bundling.script(ASSETS, name))


def _write_for_crawlers(book: Book, options: Options) -> None:
    """What is published is to be found; what is not, such as a server in development, is to be left alone."""
    if options.site is None:
        _put(book.folder / "robots.txt", "User-agent: *\nDisallow: /\n")
        return
    renderer = Renderer(book.site, book.words(DEFAULT), book.languages, book.extras)
    addresses = (options.site + renderer.href(page.path) for page in book.pages if page.lead)
    entries = "".join(f"<url><loc>{escape(address)}</loc></url>\n" for address in addresses)
    _put(
        book.folder / "sitemap.xml",
        f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{SITEMAP}">\n{entries}</urlset>\n',
    )
    _put(book.folder / "robots.txt", f"User-agent: *\nAllow: /\nSitemap: {options.site}/sitemap.xml\n")


def _write_exports(book: Book, options: Options) -> None:
    """What is the same in all languages stands once, without one in its address."""
    site, folder = book.site, book.folder
    markdown = Markdown(site, book.words(DEFAULT), book.extras["samples"], options.origin, options.public)
    found = tuple(page.context["guide"] for page in book.extras["guides"])
    releases, words = book.extras["changes"], book.words(DEFAULT)
    written = Written(site, words, markdown, found, releases)
    for page in book.pages:
        if page.markdown:
            text = _put_page(book, page, f"{page.path.strip('/')}.md", partial(written.page, page))
            if (operation := page.context.get("operation")) is not None:
                markdown.take(operation, text)
    _put(folder / "docs" / "changelog.json", as_json(feed.feed(site, releases, words, options.origin)) + "\n")
    _put(folder / "llms.txt", llms.index(site, markdown, found))
    _put(folder / "llms-full.txt", llms.full(site, markdown, found, changes_text(releases, words)))


def _write_collections(book: Book, origin: str) -> None:
    """The contract: itself, for Postman, and for other portals. Whoever has the file has no other hint of our host."""
    located = enriched.located(book.site.contract, book.extras["options"].api or origin + book.site.base_path)
    (book.folder / "openapi.yaml").write_bytes(located.as_yaml())
    (book.folder / "openapi.json").write_bytes(located.as_json())
    folder = book.folder / "docs" / "exports"
    _put(folder / "postman.json", as_json(postman.collection(book.site, origin)) + "\n")
    contract = enriched.enriched(book.site, origin, book.extras["samples"])
    _put(folder / "openapi.enriched.yaml", contract.as_yaml().decode())
    _put(folder / "openapi.enriched.json", contract.as_json().decode())


def _put_page(book: Book, page: Page, address: str, write: Callable[[], str]) -> str:
    """That of an operation only where a former build has it not."""
    operation = page.context.get("operation")
    if operation is not None:
        return book.former.put(operation, address, write)
    _put(book.folder / address, text := write())
    return text


def _put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _extras(texts: Texts, site: Site, options: Options) -> Mapping[str, Any]:
    told = for_everybody if site.left_out else None
    return {
        "options": options,
        "guides": guides(site),
        "all_languages": {locale: texts.say(locale, "portal", "language") for locale in LOCALES},
        "samples": Samples(site, options.origin),
        "sources": {o.id: options.sources.of(o.id) if options.sources else () for o in site.operations},
        "badges": {o.id: options.evidence.badge(o.id) if options.evidence else None for o in site.operations},
        "changes": history(site.contract.document, site.contract.folder, told),
        "source_href": lambda source: _source_href(source, options),
    }


def _source_href(source: Source, options: Options) -> str | None:
    if options.repository is None:
        return None
    return options.repository.format(commit=options.commit or "HEAD", path=source.path, line=source.line)
