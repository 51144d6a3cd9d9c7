"""``/llms.txt`` and ``/llms-full.txt`` (https://llmstxt.org): where a language model finds what, and all at once."""

from collections.abc import Iterator, Sequence

from portal.exports.markdown import Markdown
from portal.guides import Guide
from portal.model import Site


def index(site: Site, markdown: Markdown, guides: Sequence[Guide]) -> str:
    """Every address is whole: a model reads this file by itself."""
    return "\n".join(_index(site, markdown, guides)) + "\n"


def _index(site: Site, markdown: Markdown, guides: Sequence[Guide]) -> Iterator[str]:
    info = site.contract.document["info"]
    summary, *conventions = info["description"].strip().split("\n\n")
    yield f"# {info['title']}\n"
    yield f"> {' '.join(summary.split())}\n"
    yield "\n\n".join(conventions)
    yield "\n## Guides\n"
    yield from map(markdown.guide_link, guides)
    for module in site.modules:
        yield f"\n## {module.title}\n"
        yield from (markdown.link(operation) for operation in module.operations)
    yield "\n## Optional\n"
    yield f"- [Errors]({markdown.origin}/docs/errors.md): every code with its status and meaning"
    yield f"- [Changes]({markdown.origin}/docs/changelog.md): what each version added, changed and removed"
    yield f"- [OpenAPI]({markdown.origin}/openapi.yaml): the contract itself"
    yield f"- [Everything in one file]({markdown.origin}/llms-full.txt)"


def full(site: Site, markdown: Markdown, guides: Sequence[Guide], changes: str) -> str:
    """Every page that tells more than what there is, one after the other."""
    pages = [
        markdown.conventions(),
        *map(markdown.guide, guides),
        *map(markdown.operation, site.operations),
    ]
    return "\n\n".join([*pages, markdown.errors(), changes])
