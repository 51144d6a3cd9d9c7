"""Guides: what one does with several operations, as Markdown files beside this one.

What the contract or the config catalogue says is not typed a second time: a guide names it (``figures.py``,
``links.py``), and an unknown name stops the build. Fenced blocks tell what they are: the tests run each ``run`` block
as it stands and compare what it prints with the ``output`` block that follows it (``blocks.py``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from contract.audience import STAFF
from contract.policy import ContractError
from portal.guides.figures import Figures
from portal.guides.links import Known, Target, led, named
from portal.model import Site

FOLDER = Path(__file__).resolve().parent
ORDER = (
    "quick-start",
    "tokens",
    "errors",
    "limits",
    "uploads",
    "two-factor",
    "personal-data",
    "testing",
    "administration",
    "versioning",
    "ai-tools",
)
# What staff do, which a build without their operations does not tell.
OF_STAFF = ("administration",)


@dataclass(frozen=True, slots=True)
class Guide:
    """``description`` is its first paragraph, ``body`` what follows; their links and the origin are still names."""

    slug: str
    title: str
    description: str
    body: str


def read(site: Site, folder: Path = FOLDER, order: tuple[str, ...] = ORDER) -> tuple[Guide, ...]:
    """All guides in their order. Raises ContractError for a file without a place in it, and for an unknown name."""
    found = {file.stem for file in folder.glob("*.md")}
    if found != set(order):
        raise ContractError(f"guides {sorted(found ^ set(order))} are a file without a place in ORDER, or the reverse")
    if not any(operation.policy.scope == STAFF for operation in site.operations):
        order = tuple(slug for slug in order if slug not in OF_STAFF)
    parts = {slug: _parts(slug, (folder / f"{slug}.md").read_text(encoding="utf-8")) for slug in order}
    titles = {slug: title for slug, (title, _, _) in parts.items()}
    known, figures = Known(site, titles), Figures(site)

    def resolved(slug: str, text: str) -> str:
        return named(figures.filled(text.replace("{version}", site.version), slug), known, slug)

    return tuple(
        Guide(slug, title, resolved(slug, description), resolved(slug, body))
        for slug, (title, description, body) in parts.items()
    )


def placed(text: str, origin: str, base_path: str, address: Callable[[Target], str]) -> str:
    """The Markdown of a guide as it is published at ``origin``: ``address`` tells where a link leads."""
    return led(text, address).replace("{base}", origin + base_path).replace("{origin}", origin)


def _parts(slug: str, text: str) -> tuple[str, str, str]:
    heading, _, rest = text.partition("\n\n")
    description, _, body = rest.partition("\n\n")
    if not heading.startswith("# ") or "\n" in heading or not body.strip() or description.startswith(("#", "```")):
        raise ContractError(f"guide {slug}: it must begin with one '# Title' and a paragraph that tells what it is for")
    return heading.removeprefix("# "), " ".join(description.split()), body.strip() + "\n"
