"""Every page of the documentation as Markdown: which of them is told how, and those that only list."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from contract.changes.history import Release
from portal import pages
from portal.exports.changes import changes_text
from portal.exports.markdown import Markdown, table
from portal.guides import Guide
from portal.markup import literal
from portal.model import Operation, Site
from portal.pages import Page
from portal.words import Words


class Written:
    """``guides`` in the order in which they are read, ``releases`` with the newest first."""

    def __init__(
        self, site: Site, words: Words, markdown: Markdown, guides: Sequence[Guide], releases: Sequence[Release]
    ) -> None:
        self._site = site
        self._words = words
        self._say = words.plain
        self._markdown = markdown
        self._guides = guides
        self._by_template: Mapping[str, Callable[[Page], str]] = {
            "home.html": self._home,
            "guides.html": lambda page: self._listing(page, map(markdown.guide_link, guides)),
            "guide.html": lambda page: markdown.guide(page.context["guide"]),
            "module.html": lambda page: markdown.module(page.context["module"]),
            "operation.html": lambda page: markdown.operation(page.context["operation"]),
            "operations.html": lambda page: self._listing(page, self._modules()),
            "conventions.html": lambda page: markdown.conventions(),
            "changelog.html": lambda page: changes_text(releases, words),
            "errors.html": lambda page: markdown.errors(),
            "error_group.html": self._error_group,
            "config.html": lambda page: self._listing(page, self._keys(page)),
            "config_group.html": self._config_group,
        }

    def page(self, page: Page) -> str:
        """What stands at its path with ``.md`` behind it."""
        return self._by_template[page.template](page)

    def _home(self, page: Page) -> str:
        info = self._site.contract.document["info"]
        others = (
            f"- [{self._say(f'{name}.title')}]({self._markdown.origin}{pages.ROOT}/{name}.md)"
            for name in ("operations", "errors", "conventions", "changelog")
        )
        parts = (
            f"# {info['title']}\n",
            f"{info['description'].strip().partition(chr(10) * 2)[0]}\n",
            *others,
            f"\n## {self._say('guides.title')}\n",
            *map(self._markdown.guide_link, self._guides),
            *self._modules(),
        )
        return "\n".join(parts) + "\n"

    def _modules(self) -> Iterable[str]:
        for module in self._site.modules:
            yield f"\n## {module.title}\n"
            yield from map(self._markdown.link, module.operations)

    def _listing(self, page: Page, lines: Iterable[str]) -> str:
        head = f"# {self._say(page.title)}\n\n{self._say(page.lead)}\n"
        return "\n".join((head, *lines)).replace("\n\n\n", "\n\n") + "\n"

    def _error_group(self, page: Page) -> str:
        return f"# {page.title}\n" + "".join(map(self._error, page.context["codes"]))

    def _error(self, code: str) -> str:
        entry = self._site.contract.errors[code]
        returned = self._links(self._site.answered_by[code]) or [f"- {self._say('errors.nobody')}"]
        for name, codes in self._site.contract.codes_of_doors.items():
            if code in codes and not self._site.answered_by[code]:
                returned = [f"- {self._say(f'conventions.{name}')}"]
        lines = (
            f"\n## {entry['status']} `{code}`\n\n{self._site.meaning(code).strip()}\n",
            f"{self._say('errors.message')}: {entry['message']}\n",
            f"{self._say('errors.answeredBy')}:\n",
            *returned,
        )
        return "\n".join(lines) + "\n"

    def _keys(self, page: Page) -> Iterable[str]:
        heads = [self._say(f"config.{name}") for name in ("key", "default", "meaning")]
        return table(
            heads, [(f"`{key.name}`", f"`{literal(key.default)}`", key.meaning) for key, _ in page.context["shaped"]]
        )

    def _config_group(self, page: Page) -> str:
        parts = [f"# {page.title}"]
        for key, shaping in page.context["shaped"]:
            parts.append(f"## `{key.name}`\n\n{key.meaning}")
            parts.append(f"{self._say('config.default')}: `{literal(key.default)}`")
            parts.append("\n".join((f"{self._say('config.operations')}:\n", *self._links(shaping))))
        return "\n\n".join(parts) + "\n"

    def _links(self, operations: Iterable[Operation]) -> list[str]:
        return [self._markdown.link(operation) for operation in operations]
