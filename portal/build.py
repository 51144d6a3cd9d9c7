"""Writes the portal: static files, the same for the same contract. A reader never sees half a build."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.config_keys import LOCALES
from portal.model import Site
from portal.pages import Page, pages
from portal.render import ASSETS, TEMPLATES, Renderer
from portal.seams import part
from portal.words import Words
from runtime.i18n import Texts
from runtime.policy import ContractError

MARK = ".biore-portal"


@dataclass(frozen=True)
class Options:
    """``origin``: the real base of the samples. ``repository``: a URL of source lines with {commit}, {path}, {line}.

    ``theme``: a style sheet of your own, read after ours. ``search``: whether the index for full-text search is made.
    """

    origin: str
    locales: tuple[str, ...] = LOCALES
    repository: str | None = None
    commit: str | None = None
    evidence: Any = None
    theme: Path | None = None
    search: bool = True
    processes: int = 1


def build(site: Site, out: Path, options: Options) -> None:
    """Make the whole portal in ``out``, whose former content it replaces. Raises ContractError."""
    _require_ours(out)
    _check(site)
    fresh = out.parent / f".{out.name}.{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        _write(site, fresh, options)
        _swap(fresh, out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _require_ours(out: Path) -> None:
    if out.exists() and any(out.iterdir()) and not (out / MARK).exists():
        raise ContractError(f"{out} holds something else than a portal; name an empty folder")


def _check(site: Site) -> None:
    lint = part("lint", "require_sound")
    if lint:
        lint(site)


def _swap(fresh: Path, out: Path) -> None:
    old = fresh.with_suffix(".old")
    if out.exists():
        out.rename(old)
    fresh.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _write(site: Site, folder: Path, options: Options) -> None:
    folder.mkdir(parents=True)
    (folder / MARK).touch()
    _write_assets(folder / "docs" / "assets", options)
    written = tuple(pages(site))
    extras = _extras(site, options)
    texts = Texts(site.contract.errors)
    languages = {locale: texts.say(locale, "portal", "language") for locale in options.locales}
    for locale in options.locales:
        renderer = Renderer(site, Words(locale, texts), languages, extras)
        _write_pages(renderer, folder, (*written, *_standing()))
    (folder / "openapi.yaml").write_bytes(site.contract.as_yaml())
    (folder / "openapi.json").write_bytes(site.contract.as_json())


def _write_pages(renderer: Renderer, folder: Path, written: Iterable[Page]) -> None:
    for page in written:
        file = folder / renderer.file(page)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(renderer.render(page), encoding="utf-8")


def _standing() -> Iterator[Page]:
    """The front door, the page of wrong addresses, and where mails lead: ``templates/actions/<name>.html`` as ``/<name>``."""
    yield Page("", "start.html", "home.title")
    yield Page("/404", "404.html", "404.title")
    for template in sorted((TEMPLATES / "actions").glob("[!_]*.html")):
        yield Page(f"/{template.stem}", f"actions/{template.name}", "home.title")


def _write_assets(folder: Path, options: Options) -> None:
    folder.mkdir(parents=True)
    for asset in sorted(ASSETS.iterdir()):
        shutil.copyfile(asset, folder / asset.name)
    theme = options.theme.read_text(encoding="utf-8") if options.theme else ""
    (folder / "theme.css").write_text(theme, encoding="utf-8")


def _extras(site: Site, options: Options) -> Mapping[str, Any]:
    samples = part("samples", "samples")
    return {
        "options": options,
        "scripts": frozenset(asset.name for asset in ASSETS.glob("*.js")),
        "samples": {o.id: samples(o, options.origin) if samples else () for o in site.operations},
        "sources": _sources(site),
        "badges": {o.id: options.evidence.badge(o.id) if options.evidence else None for o in site.operations},
        "changes": (),
        "source_href": lambda source: _source_href(source, options),
    }


def _sources(site: Site) -> Mapping[str, tuple[Any, ...]]:
    made = part("source", "Sources")
    sources = made(site) if made else None
    return {o.id: sources.of(o.id) if sources else () for o in site.operations}


def _source_href(source: Any, options: Options) -> str | None:
    if options.repository is None:
        return None
    return options.repository.format(commit=options.commit or "HEAD", path=source.path, line=source.line)
