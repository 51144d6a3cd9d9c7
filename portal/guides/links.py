"""Links of a guide: ``[text](op:auth.login)`` names what it leads to; without a text, the target's own name stands."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contract.policy import ContractError
from portal.model import Site

# Pages that no guide is, and files: what they are called and where they stand.
PAGES = {
    "changelog": ("Changes", "/docs/changelog"),
    "contract": ("openapi.yaml", "/openapi.yaml"),
    "conventions": ("Conventions", "/docs/conventions"),
    "errors": ("Errors", "/docs/errors"),
    "llms": ("llms.txt", "/llms.txt"),
    "llms-full": ("llms-full.txt", "/llms-full.txt"),
    "operations": ("All operations", "/docs/operations"),
    "postman": ("Postman collection", "/docs/exports/postman.json"),
}
LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<kind>op|error|guide|page):(?P<name>[\w.-]+)(?P<anchor>#[\w-]+)?\)")


@dataclass(frozen=True, slots=True)
class Target:
    """``kind``: ``op`` with an operationId, ``error`` with a code, ``guide`` with a slug, ``page`` of PAGES."""

    kind: str
    name: str
    anchor: str = ""

    @property
    def is_file(self) -> bool:
        """It stands once, whatever the language."""
        return self.kind == "page" and "." in PAGES[self.name][1]


class Known:
    """What may be led to, with the name that a link without a text gets."""

    def __init__(self, site: Site, guides: Mapping[str, str]) -> None:
        self._names: dict[str, Mapping[str, str]] = {
            "op": {operation.id: operation.summary for operation in site.operations},
            "error": {code: f"`{code}`" for code in site.contract.errors},
            "guide": guides,
            "page": {name: title for name, (title, _) in PAGES.items()},
        }

    def name(self, target: Target) -> str | None:
        return self._names[target.kind].get(target.name)


def named(text: str, known: Known, where: str) -> str:
    """``text`` with a text in every link. Raises ContractError for a target that is not there."""

    def name(found: re.Match[str]) -> str:
        given = known.name(_target(found))
        if given is None:
            raise ContractError(f"guide {where}: {found[0]} leads nowhere")
        return f"[{found['text'] or given}]({found[0].partition('](')[2]}"

    return LINK.sub(name, text)


def led(text: str, address: Callable[[Target], str]) -> str:
    """``text`` with an address in every link."""
    return LINK.sub(lambda found: f"[{found['text']}]({address(_target(found))})", text)


def untied(text: str) -> str:
    """``text`` with the texts of its links alone."""
    return LINK.sub(lambda found: found["text"], text)


def targets(text: str) -> tuple[Target, ...]:
    return tuple(_target(found) for found in LINK.finditer(text))


def _target(found: re.Match[str]) -> Target:
    return Target(found["kind"], found["name"], found["anchor"] or "")
