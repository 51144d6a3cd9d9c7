"""``/llms.txt`` and ``/llms-full.txt`` (https://llmstxt.org): where a language model finds what, and all at once."""

from collections.abc import Iterator

from portal.exports.markdown import Markdown
from portal.model import Site


def index(site: Site, markdown: Markdown) -> str:
    return "\n".join(_index(site, markdown)) + "\n"


def _index(site: Site, markdown: Markdown) -> Iterator[str]:
    info = site.contract.document["info"]
    summary, *conventions = info["description"].strip().split("\n\n")
    yield f"# {info['title']}\n"
    yield f"> {' '.join(summary.split())}\n"
    yield "\n\n".join(conventions)
    for module in site.modules:
        yield f"\n## {module.title}\n"
        yield from (markdown.link(operation) for operation in module.operations)
    yield "\n## Optional\n"
    yield "- [Errors](/docs/errors.md): every code with its status and meaning"
    yield "- [OpenAPI](/openapi.yaml): the contract itself"
    yield "- [Everything in one file](/llms-full.txt)"


def full(site: Site, markdown: Markdown) -> str:
    """Every page, one after the other."""
    pages = [markdown.conventions(), *(markdown.operation(operation) for operation in site.operations)]
    return "\n\n".join([*pages, markdown.errors()])
