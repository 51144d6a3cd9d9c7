"""What the search of the pages finds, made while they are built: one file per language, ``/docs/search.json``.

``assets/finder.js`` weighs the parts of an entry and ranks what a reader types; ``synonyms.yaml`` has the words that
the contract does not. Entries stand in tables, which compress better than a list: one of each kind, with a list of each
part, in which a part that an entry does not have is 0. These are the parts:

``kind``     ``operation``, ``guide``, ``page`` (of other kinds), ``error``, ``group`` (of errors) or ``config``
``url``      its address, with ``#anchor`` for a part of a page; it ends with ``#`` where kind and title make the anchor
``title``    an error or a config key by its name
``within``   the title of what it is a part of: a module, or the page of a section
``aliases``  phrases of ``synonyms.yaml``
``text``     what is shown below the title; of a page that somebody wrote, ``words`` has those of the rest, each once
``method``, ``path``, ``id``, ``codes``, ``fields`` (paths by location), ``deprecated``: of operations
``status``   of errors
"""

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from contract.loader import read_yaml
from contract.policy import ContractError
from portal.flows import found_in
from portal.markup import inline
from portal.model import Body, Field, Operation, Site
from portal.pages import GUIDES, ROOT, Page, config_anchor, error_anchor, operation_path
from portal.words import Words

INDEX = f"{ROOT}/search.json"
FOLDER = Path(__file__).resolve().parent
SYNONYMS = FOLDER / "synonyms.yaml"
# What a page fetches when its search is first opened, beside the index.
SCRIPTS = ("finder.js", "results.js", "vendor/minisearch.js")
# Of these pages only title and lead: what they list has entries of its own.
LISTS = ("home.html", "guides.html", "operations.html", "errors.html", "config.html", "changelog.html")
SHOWN = 100
CUT = " …"
WORDS_OF_A_PART = 160
KINDS = {
    "operation": "search.operations",
    "guide": "guides.title",
    "page": "search.overviews",
    "error": "errors.title",
    "group": "search.errorGroups",
    "config": "config.title",
}
WORD = re.compile(r"[^\W_]{3,}")
TAG = re.compile(r"<[^>]+>")

Entry = dict[str, Any]
Href = Callable[[str], str]


def write_scripts(folder: Path) -> None:
    """Put what searches the index below the folder of a portal."""
    for name in SCRIPTS:
        file = folder / "docs" / "assets" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(FOLDER / "assets" / name, file)


def index(site: Site, pages: tuple[Page, ...], words: Words, href: Href, html: Callable[[Page], str]) -> str:
    """``search.json`` of one language. ``href``: the address of a path; ``html``: a page as it was written.

    Raises ContractError where ``synonyms.yaml`` names what there is not.
    """
    entries = [entry for page in pages if page.path.startswith(ROOT) for entry in _entries(page, site, words, html)]
    synonyms = Synonyms.read(site, {entry["url"] for entry in entries})
    for entry in entries:
        aliases = synonyms.of(entry)
        entry["url"] = href(entry["url"])
        if aliases:
            entry["aliases"] = aliases
    content = {
        "base": site.base_path,
        "kinds": {kind: words.plain(key) for kind, key in KINDS.items()},
        "popular": {
            "title": words.plain("search.popular"),
            "urls": [href(operation_path(operation)) for operation in found_in(site, synonyms.popular)],
        },
        "otherwise": words.plain("search.otherwise"),
        "deprecated": words.plain("deprecated"),
        "tables": _tables(entries),
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _tables(entries: list[Entry]) -> dict[str, dict[str, list[Any]]]:
    by_kind: dict[str, list[Entry]] = {}
    for entry in entries:
        page, _, anchor = entry["url"].partition("#")
        named = f"{entry['kind']}-{entry['title']}".replace(".", "-").replace("_", "-")
        by_kind.setdefault(entry.pop("kind"), []).append(entry | {"url": f"{page}#"} if anchor == named else entry)
    return {kind: _columns(found) for kind, found in by_kind.items()}


def _columns(entries: list[Entry]) -> dict[str, list[Any]]:
    parts = dict.fromkeys(part for entry in entries for part, value in entry.items() if value)
    return {part: [entry.get(part) or 0 for entry in entries] for part in parts}


@dataclass(frozen=True, slots=True)
class Synonyms:
    """Phrases by operationId, by address of a page or its part, and by error code."""

    popular: tuple[str, ...]
    operations: Mapping[str, list[str]]
    pages: Mapping[str, list[str]]
    errors: Mapping[str, list[str]]

    @classmethod
    def read(cls, site: Site, addresses: Set[str], file: Path = SYNONYMS) -> "Synonyms":
        """``addresses``: of pages and their parts.

        Raises ContractError for a name that there is not, and for a phrase or title of two things.
        """
        told = read_yaml(file)
        made = cls(tuple(told["popular"]), told["operations"], told["pages"], told["errors"])
        found_in(site, made.popular)
        unknown = {
            *(made.operations.keys() - {operation.id for operation in site.operations}),
            *(made.pages.keys() - addresses),
            *(made.errors.keys() - site.contract.errors.keys()),
        }
        unknown = {name for name in unknown if name.partition("#")[0] not in site.left_out}
        if unknown:
            raise ContractError(f"{file.name} names {sorted(unknown)}, which the portal does not have")
        made._require_one_meaning(site, file)
        return made

    def _require_one_meaning(self, site: Site, file: Path) -> None:
        meant = {_squeezed(operation.summary): operation.id for operation in site.operations}
        for name, phrases in (*self.operations.items(), *self.pages.items(), *self.errors.items()):
            for phrase in phrases:
                if phrase != str(phrase).lower():
                    raise ContractError(f"{file.name}: {phrase!r} of {name} is no text in lower case")
                other = meant.setdefault(_squeezed(phrase), name)
                if other != name:
                    raise ContractError(f"{file.name}: {phrase!r} means both {other} and {name}")

    def of(self, entry: Entry) -> list[str]:
        """``entry`` has its address without a language."""
        if entry["kind"] == "operation":
            return self.operations.get(entry["id"], [])
        if entry["kind"] == "error":
            return self.errors.get(entry["title"], [])
        return self.pages.get(entry["url"], [])


def _squeezed(phrase: str) -> str:
    """As names are compared: ``Sign-up``, ``sign up`` and ``signup`` are one."""
    return re.sub(r"[\s-]", "", phrase.lower())


def _entries(page: Page, site: Site, words: Words, html: Callable[[Page], str]) -> Iterator[Entry]:
    title = page.title if page.foreign else words.plain(page.title)
    if page.template == "operation.html":
        yield _operation(page.context["operation"], page)
    elif page.template == "module.html":
        about = _cut(_plain(page.context["module"].description))
        yield {"kind": "page", "url": page.path, "title": title, "text": about}
    elif page.template == "error_group.html":
        yield from _errors(page, site, words)
    elif page.template == "config_group.html":
        for key, _ in page.context["shaped"]:
            url = f"{page.path}#{config_anchor(key)}"
            yield {"kind": "config", "url": url, "title": key.name, "text": _cut(_plain(key.meaning))}
    else:
        yield from _written(page, title, html(page))


def _operation(operation: Operation, page: Page) -> Entry:
    return {
        "kind": "operation",
        "url": page.path,
        "title": _plain(operation.summary),
        "within": page.above[-1].title,
        "method": operation.method,
        "path": operation.path,
        "id": operation.id,
        "text": _cut(_plain(operation.description)),
        "codes": [refusal.code for refusal in operation.refusals if refusal.own],
        "fields": _fields(operation),
        "deprecated": operation.deprecated,
    }


def _fields(operation: Operation) -> dict[str, list[str]]:
    """The path of each field by its location, which together make its anchor. What all operations take is left out."""
    bodies = (operation.body, *(success.body for success in operation.successes))
    told = [field for body in bodies if body for field in (*body.fields, *_of_variants(body))]
    told += [parameter for parameter in operation.parameters if parameter.location != "header"]
    found: dict[str, list[str]] = {}
    for top in told:
        for field in top.walk():
            found.setdefault(field.location, []).append(field.path)
    return found


def _of_variants(body: Body) -> Iterator[Field]:
    for variant in body.variants:
        yield from variant.fields


def _errors(page: Page, site: Site, words: Words) -> Iterator[Entry]:
    codes = page.context["codes"]
    if len(codes) > 1:
        yield {"kind": "group", "url": page.path, "title": page.title, "text": _cut(", ".join(codes))}
    for code in codes:
        error = site.contract.errors[code]
        message = words.error(code, error.get("vars") or {})
        yield {
            "kind": "error",
            "url": f"{page.path}#{error_anchor(code)}",
            "title": code,
            "status": error["status"],
            "text": _cut(f"{message} {_plain(site.meaning(code))}"),
        }


def _written(page: Page, title: str, html: str) -> Iterator[Entry]:
    """A page that is read as it was written: its beginning, and each of its sections."""
    kind = "guide" if page.path.startswith(f"{GUIDES}/") else "page"
    reading = _Reading()
    reading.feed(html)
    lead, *sections = reading.parts
    yield {"kind": kind, "url": page.path, "title": title, **lead.told}
    if page.template not in LISTS:
        for part in sections:
            yield {"kind": kind, "url": f"{page.path}#{part.anchor}", "title": part.title, "within": title, **part.told}


class _Part:
    """What stands below one heading."""

    def __init__(self, anchor: str) -> None:
        self.anchor = anchor
        self._heading: list[str] = []
        self._text: list[str] = []

    def add(self, text: str, *, heading: bool) -> None:
        (self._heading if heading else self._text).append(text)

    @property
    def title(self) -> str:
        return _joined(self._heading)

    @property
    def told(self) -> Entry:
        return _told(_joined(self._text))


class _Reading(HTMLParser):
    """The parts of a page: what stands between its title and the first heading with an address, and what follows each.

    The anchor of a heading is its own id or that of its section. Code samples, links within the page and what is said
    to readers without scripts are left out.
    """

    LEFT_OUT = ("pre", "nav", "noscript", "script", "style", "button", "thead", "caption", "figcaption")
    BLOCKS = ("p", "li", "td", "th", "dd", "dt", "div", "section", "h2", "h3", "h4", "summary")

    def __init__(self) -> None:
        super().__init__()
        self.parts = [_Part("")]
        self._inside = False
        self._skipping = ""
        self._depth = 0
        self._heading = ""
        self._section: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "main":
            self._inside = True
        if not self._inside:
            return
        if self._skipping:
            self._depth += tag == self._skipping
        elif tag in self.LEFT_OUT or (tag == "a" and told.get("class") == "anchor"):
            self._skipping, self._depth = tag, 1
        elif tag == "section":
            self._section = told.get("id")
        elif tag == "h1":
            self.parts = [_Part("")]
            self._skipping, self._depth = tag, 1
        elif tag in ("h2", "h3"):
            self._open(tag, told.get("id"))
        if tag in self.BLOCKS:
            self._say(" ")

    def _open(self, tag: str, own: str | None) -> None:
        anchor = own or self._section
        self._section = None
        if anchor:
            self.parts.append(_Part(anchor))
            self._heading = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == "main":
            self._inside = False
        elif self._skipping == tag:
            self._depth -= 1
            self._skipping = self._skipping if self._depth else ""
        elif tag == self._heading:
            self._heading = ""

    def handle_data(self, data: str) -> None:
        if self._inside and not self._skipping:
            self._say(data)

    def _say(self, text: str) -> None:
        self.parts[-1].add(text, heading=bool(self._heading))


def _plain(text: str) -> str:
    """CommonMark without its marks."""
    return _joined([unescape(TAG.sub("", inline(text)))])


def _joined(texts: list[str]) -> str:
    return " ".join("".join(texts).split())


def _told(text: str) -> Entry:
    """What is shown of ``text``, and the words of the rest, each once."""
    shown = _cut(text)
    beyond = dict.fromkeys(WORD.findall(text[len(shown.removesuffix(CUT)) :].lower()))
    return {"text": shown, "words": " ".join([word for word in beyond if word not in shown.lower()][:WORDS_OF_A_PART])}


def _cut(text: str) -> str:
    """Its first sentences, as many as have room, or the words that have."""
    if len(text) <= SHOWN:
        return text
    end = text.rfind(". ", 0, SHOWN) + 1
    return text[:end] if end > SHOWN // 2 else text[:SHOWN].rpartition(" ")[0] + CUT
