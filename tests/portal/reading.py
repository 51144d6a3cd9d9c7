"""Reads built pages: what they are, what they hold, where their links lead."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lxml import html

Element = Any


@dataclass(frozen=True)
class Document:
    """One page; ``address`` is how it is served, without ``index.html``."""

    file: Path
    address: str

    @cached_property
    def root(self) -> Element:
        return html.document_fromstring(self.file.read_bytes(), parser=html.HTMLParser(encoding="utf-8"))

    @cached_property
    def _by_id(self) -> dict[str, Element]:
        """lxml would look through the whole page for each."""
        return {str(found.get("id")): found for found in reversed(self.root.xpath("//*[@id]"))}

    @cached_property
    def ids(self) -> list[str]:
        return [str(found) for found in self.root.xpath("//@id")]

    @cached_property
    def addresses(self) -> frozenset[str]:
        """What a fragment may lead to."""
        return frozenset(self.ids)

    @property
    def main(self) -> Element:
        return self.root.xpath("//main")[0]

    def links(self) -> Iterator[str]:
        yield from map(str, self.root.xpath("//a/@href"))

    def assets(self) -> Iterator[str]:
        yield from map(str, self.root.xpath("//link/@href | //script/@src | //img/@src"))

    def find(self, ident: str) -> Element:
        return self._by_id[ident]

    def text(self, ident: str) -> str:
        return " ".join(self.find(ident).text_content().split())


def documents(folder: Path) -> dict[str, Document]:
    """All pages by their addresses."""
    found = (Document(file, _address(folder, file)) for file in sorted(folder.rglob("*.html")))
    return {document.address: document for document in found}


def _address(folder: Path, file: Path) -> str:
    relative = "/" + str(file.relative_to(folder))
    return relative.removesuffix("index.html").rstrip("/") or "/"


def leads_somewhere(folder: Path, known: dict[str, Document], link: str, here: Document) -> bool:
    """Whether an address of our own exists, its fragment included; others are not ours to judge."""
    parts = urlsplit(link)
    if parts.scheme:
        return parts.scheme == "https"
    target = known.get(parts.path.rstrip("/") or "/") if parts.path else here
    if target is None:
        return bool(parts.path) and not parts.fragment and (folder / parts.path.lstrip("/")).is_file()
    return not parts.fragment or parts.fragment in target.addresses
