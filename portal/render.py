"""Gives each page its words and its markup: one ``Renderer`` per language."""

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from textwrap import shorten
from typing import Any

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup, escape

from contract.policy import ALWAYS
from contract.texts import DEFAULT, RIGHT_TO_LEFT
from domain.config_keys import AmountKey, ChoiceKey, IntKey, Key, ListKey
from domain.switches import SwitchKey
from portal import bundling, guides, markup, pages
from portal.guides.links import Target
from portal.guides.markup import Shown, shown
from portal.model import Operation, Refusal, Site
from portal.pages import Page
from portal.words import Words, code

FOLDER = Path(__file__).resolve().parent
TEMPLATES = FOLDER / "templates"
ASSETS = FOLDER / "assets"
FILTERS = {
    "block": markup.block,
    "inline": markup.inline,
    "json": markup.json_block,
    "literal": markup.literal,
    "first_sentence": markup.first_sentence,
}
ICONS = {"public": "globe", "user": "user", "creator": "sparkles", "admin": "shield", "dev": "wrench"}  # by scope
FOLDED, OPEN = "<details><summary", "<details open><summary"
LEAD = 200
# Contract texts are English wherever they stand.
ENGLISH = Markup(' lang="en" dir="ltr"')
NAME = re.compile(r"\w+")


class Renderer:
    """``extras``: what a page shows beside the contract, such as samples and sources, by operationId."""

    def __init__(self, site: Site, words: Words, languages: Mapping[str, str], extras: Mapping[str, Any]) -> None:
        self.site = site
        self.words = words
        self.locale = words.locale
        self._languages = languages
        self._kept: dict[tuple[str | int, ...], Markup] = {}
        self._extras = extras
        self._near = {self.href(path): near for path, near in pages.near(site).items()}
        self._environment = _environment()
        self._environment.filters |= FILTERS
        self._environment.globals |= {
            "site": site,
            "by_id": {operation.id: operation for operation in site.operations},
            "paragraphs": site.contract.document["info"]["description"].strip().split("\n\n"),
            "common_codes": ALWAYS,
            "t": words,
            "locale": self.locale,
            "direction": words.direction,
            "languages": languages,
            "groups": pages.groups(site),
            "icons": ICONS,
            "english": Markup("") if self.locale == DEFAULT else ENGLISH,
            "href": self.href,
            "keep": self.keep,
            "navigation": self.navigation,
            "switch": self.switch,
            "page_href": lambda operation: self.href(pages.operation_path(operation)),
            "module_path": pages.module_path,
            "module_href": lambda module: self.href(pages.module_path(module)),
            "error_href": lambda code: f"{self.href(pages.error_path(code))}#{pages.error_anchor(code)}",
            "error_anchor": pages.error_anchor,
            "error_example": self.error_example,
            "message": words.error,
            "message_in": words.error_in,
            "right_to_left": RIGHT_TO_LEFT,
            "config_anchor": pages.config_anchor,
            "config_href": lambda key: f"{self.href(pages.config_path(key))}#{pages.config_anchor(key)}",
            "bounds": self.bounds,
            "rate": self.rate,
            "code": code,
            "guide_path": pages.guide_path,
            "guide_shown": self.guide_shown,
            "guide_text": self.guide_text,
            **extras,
        }

    def href(self, path: str, locale: str | None = None) -> str:
        """The address of a page in the language of this page, or in another."""
        locale = locale or self.locale
        return path or "/" if locale == DEFAULT else f"/{locale}{path}"

    def file(self, page: Page) -> str:
        return self.href(f"/{page.file}").lstrip("/")

    def render(self, page: Page) -> str:
        template = self._environment.get_template(page.template)
        script, more = _script(page)
        said = self.keep("said", script, more, caller=lambda: self._said(script, more))
        about = {"page": page, "title": self.title(page), "lead": self.lead(page), "script": script, "said": said}
        return markup.shortened(template.render(**about, **page.context))

    def _said(self, script: str, more: str) -> Markup:
        """The words that a script says, and one more that the page itself hands to it."""
        names = _names(script) | {more}
        told = {key: text for key, text in self.words.for_scripts().items() if key in names}
        return Markup(_script_safe(told))  # noqa: S704 - no "<" is left in it

    def title(self, page: Page) -> str:
        return page.title if page.foreign else self.words.plain(page.title)

    def guide_text(self, text: str) -> str:
        """Markdown of a guide with its addresses."""
        return guides.placed(text, self._extras["options"].origin, self.site.base_path, self._target)

    def guide_shown(self, guide: guides.Guide) -> Shown:
        return shown(self.guide_text(guide.body), self._anchor, self.words.plain("guides.output"))

    def _target(self, target: Target) -> str:
        path = pages.target_path(self.site, target)
        return path if target.is_file else self.href(path)

    def _anchor(self, ident: str, name: str) -> Markup:
        label = escape(self.words.plain("anchor", name=name))
        return Markup(f'<a class="anchor" href="#{ident}" aria-label="{label}"></a>')  # noqa: S704 - escaped just here

    def lead(self, page: Page) -> str:
        """What the page is about, in a line of plain text."""
        if not page.foreign:
            return self.words.plain(page.lead) if page.lead else ""
        text = self.guide_text(page.lead) if "guide" in page.context else page.lead
        return shorten(markup.plain(text), LEAD, placeholder=" …")

    def keep(self, *key: str | int, caller: Callable[[], Markup]) -> Markup:
        """``{% call keep("error", code) %}``: what several pages have in common is rendered once."""
        if key not in self._kept:
            self._kept[key] = caller()
        return self._kept[key]

    def navigation(self, here: str) -> Markup:
        """The menu, in which ``here`` is marked and its module is open.

        All operations together would outgrow the pages: a module leads to its overview, and only the one that is read
        lists what it has.
        """
        template, near = self._environment.get_template("navigation.html"), self._near.get(here, "")
        menu = str(self.keep("navigation", near, caller=lambda: Markup(template.render(near=near))))  # noqa: S704 - our own
        before, found, after = menu.partition(f'href="{here}"')
        if not found:
            return Markup(menu)  # noqa: S704
        head, folded, tail = before.rpartition(FOLDED)
        if folded and "</details>" not in tail:
            before = f"{head}{OPEN}{tail}"
        return Markup(f'{before}{found} aria-current="page"{after}')  # noqa: S704

    def switch(self, path: str, languages: Mapping[str, str] | None = None) -> Markup:
        """The same page in every language that there is."""
        items = (
            f'<li><a href="{self.href(path, other)}" hreflang="{other}" lang="{other}"{mark}>{escape(name)}</a></li>'
            for other, name in (languages or self._languages).items()
            for mark in (' aria-current="true"' if other == self.locale else "",)
        )
        return Markup(f"<ul>{''.join(items)}</ul>")  # noqa: S704 - addresses are of safe characters

    def rate(self, operation: Operation) -> Markup:
        limit = operation.policy.rate
        return (
            self.words("rate", limit=limit.limit, window=self.words.window(limit.window))
            if limit
            else self.words("rate.none")
        )

    def bounds(self, key: Key[Any]) -> Markup:
        """Empty where any value of the kind will do."""
        if isinstance(key, (AmountKey, IntKey)):
            return self.words("config.range", minimum=key.minimum, maximum=key.maximum)
        if isinstance(key, SwitchKey):
            return self.words("config.stopsWhileTrue" if key.stops_while_true else "config.runsWhileTrue")
        choices = key.choices if isinstance(key, (ChoiceKey, ListKey)) else ()
        return Markup(", ").join(code(choice) for choice in choices)

    def error_example(self, refusal: Refusal) -> Markup:
        """The example with its texts in the language of the page."""
        html = markup.uncoloured(markup.json_block(refusal.example))
        if self.locale == DEFAULT:
            return html
        html = markup.with_text(html, refusal.message, self.words.error(refusal.code, refusal.variables))
        for detail in refusal.example["error"].get("details", ()):
            html = markup.with_text(html, detail["message"], self.words.violation(detail["rule"]))
        return html


@cache
def _loader() -> FileSystemLoader:
    return FileSystemLoader(TEMPLATES)


class _Compiled(BytecodeCache):
    """Templates are compiled once for all languages."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = _Compiled()


def _environment() -> Environment:
    return Environment(
        loader=_loader(), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        auto_reload=False, bytecode_cache=COMPILED,
    )  # fmt: skip


def _script(page: Page) -> tuple[str, str]:
    """The script of a page, and the word that the page names itself, if any."""
    if page.template == "operation.html":
        return "operation.js", ""
    action = page.context.get("action")
    return ("action.js", action.done) if action else ("portal.js", "")


@cache
def _names(script: str) -> frozenset[str]:
    """Everything that a script names, its words among it, however they get to where they are said."""
    return frozenset(NAME.findall(bundling.script(ASSETS, script)))


def _script_safe(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e")
