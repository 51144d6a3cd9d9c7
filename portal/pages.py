"""Which pages there are. None of them knows a language; ``render.py`` gives each its words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from contract.audience import STAFF
from contract.policy import SCOPES
from domain.config_keys import Key
from portal.flows import flows
from portal.guides import Guide, read
from portal.guides.links import PAGES, Target
from portal.model import Module, Operation, Site

ROOT = "/docs"
GUIDES = f"{ROOT}/guides"


@dataclass(frozen=True, slots=True)
class Group:
    """What one kind of caller may call: the operations of one scope, by module."""

    scope: str
    modules: tuple[Module, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """``path`` without a language; ``title`` a key of the words, or a text of the contract where ``foreign`` is set.

    ``lead``: what it is about, for search engines and previews: a key of the words, or a text where ``foreign`` is set.
    """

    path: str
    template: str
    title: str
    foreign: bool = False
    lead: str = ""
    above: tuple["Page", ...] = ()
    context: Mapping[str, Any] = field(default_factory=dict)
    markdown: bool = False

    @property
    def file(self) -> str:
        return self.path.lstrip("/") if self.path.endswith(".html") else f"{self.path}/index.html".lstrip("/")


def operation_path(operation: Operation) -> str:
    return f"{ROOT}/{operation.policy.page}"


def module_path(module: Module) -> str:
    return f"{ROOT}/{module.name}{'#' if module.anchor else ''}{module.anchor}"


def group_of(code: str) -> str:
    """The page of an error: codes that differ in their last part only stand together."""
    return code.rpartition(".")[0].replace(".", "-").replace("_", "-") or code


def error_path(code: str) -> str:
    return f"{ROOT}/errors/{group_of(code)}"


def error_anchor(code: str) -> str:
    return f"error-{code}".replace(".", "-").replace("_", "-")


def family_of(key: Key[Any]) -> str:
    """The page of a config key: those of one first word stand together."""
    return key.name.partition(".")[0]


def config_path(key: Key[Any]) -> str:
    return f"{ROOT}/config/{family_of(key).replace('_', '-')}"


def config_anchor(key: Key[Any]) -> str:
    return f"config-{key.name}".replace(".", "-").replace("_", "-")


def guide_path(slug: str) -> str:
    return f"{GUIDES}/{slug}"


def target_path(site: Site, target: Target, ending: str = "") -> str:
    """Where a link of a guide leads, with its fragment. ``ending``: that of another form of the pages, ``.md``."""
    if target.kind == "error":
        return f"{error_path(target.name)}{ending}{'' if ending else '#' + error_anchor(target.name)}"
    page = _target_page(site, target)
    return page if target.is_file else f"{page}{ending}{target.anchor}"


def _target_page(site: Site, target: Target) -> str:
    if target.kind == "op":
        return operation_path(next(operation for operation in site.operations if operation.id == target.name))
    return guide_path(target.name) if target.kind == "guide" else PAGES[target.name][1]


def guides(site: Site) -> tuple[Page, ...]:
    """The pages of all guides, in the order in which they are read; their overview stands at ``GUIDES``."""
    above = (Page(ROOT, "home.html", "home.title"), Page(GUIDES, "guides.html", "guides.title"))
    found = read(site)
    beside: list[Guide | None] = [None, *found, None]
    return tuple(
        Page(guide_path(guide.slug), "guide.html", guide.title, True, guide.description, above,
             {"guide": guide, "previous": previous, "following": following}, markdown=True)
        for guide, previous, following in zip(found, beside, beside[2:], strict=False)
    )  # fmt: skip


def groups(site: Site) -> tuple[Group, ...]:
    """The menu: what the contract's scopes may call, in the order of the scopes. An empty group is left out."""
    found = (Group(scope, tuple(_of_scope(site, scope))) for scope in SCOPES)
    return tuple(group for group in found if group.modules)


def _of_scope(site: Site, scope: str) -> Iterator[Module]:
    for module in site.modules:
        operations = tuple(operation for operation in module.operations if operation.policy.scope == scope)
        own = replace(module, operations=operations, anchor="" if scope == _scopes(module)[0] else f"scope-{scope}")
        if operations:
            yield from nouns(own) if scope == STAFF else (own,)


def _scopes(module: Module) -> list[str]:
    """Those of its operations. Its overview has a part of each; the first stands at its top."""
    return [scope for scope in SCOPES if any(operation.policy.scope == scope for operation in module.operations)]


def near(site: Site) -> Mapping[str, str]:
    """Whose operations the menu lists beside a page, by its path: a module's, by its name, or a noun's, by its path."""
    found = {module_path(module): module.name for module in site.modules if not _of_staff(module)}
    for group in groups(site):
        for module in group.modules:
            of = module_path(module) if group.scope == STAFF else module.name
            found |= {operation_path(operation): of for operation in module.operations}
    return found


def _of_staff(module: Module) -> bool:
    return _scopes(module) == [STAFF]


def _parts(module: Module) -> tuple[Module, ...]:
    """Those of a long overview; none where the module is read as a whole."""
    return tuple(nouns(module)) if _of_staff(module) else ()


def nouns(module: Module) -> Iterator[Module]:
    """What staff may call is one module of many nouns: ``admin.user_notes.add`` is found below *User notes*."""
    found: dict[str, list[Operation]] = {}
    for operation in module.operations:
        _, *noun = operation.id.split(".")[:-1]
        found.setdefault(noun[0] if noun else "", []).append(operation)
    for name, operations in found.items():
        title = name.replace("_", " ").capitalize() or module.title
        anchor = (name or module.name).replace("_", "-")
        yield replace(module, title=title, operations=tuple(operations), anchor=anchor)


def pages(site: Site, public: bool = False) -> Iterator[Page]:
    """``public``: without the pages that only operators need."""
    context = {"flows": tuple(flows(site))}
    home = Page(ROOT, "home.html", "home.title", lead="home.lead", context=context, markdown=True)
    yield home
    yield Page(GUIDES, "guides.html", "guides.title", lead="guides.lead", above=(home,), markdown=True)
    yield from guides(site)
    yield from _operations(site, home)
    yield from _errors(site, home)
    if not public:
        yield from _config(site, home)
    for name in ("operations", "conventions", "changelog"):
        lead = f"{name}.lead"
        told = {"listed_modules": tuple((one, _parts(one)) for one in site.modules)} if name == "operations" else {}
        yield Page(f"{ROOT}/{name}", f"{name}.html", f"{name}.title", False, lead, (home,), told, True)


def _operations(site: Site, home: Page) -> Iterator[Page]:
    """Each leads to the one before and after it in the menu."""
    overviews = {module.name: _overview(module, home) for module in site.modules}
    yield from overviews.values()
    listed = [(module, one) for group in groups(site) for module in group.modules for one in module.operations]
    for at, (module, operation) in enumerate(listed):
        beside = {
            "previous": listed[at - 1][1] if at else None,
            "following": listed[at + 1][1] if at + 1 < len(listed) else None,
        }
        yield Page(
            operation_path(operation),
            "operation.html",
            operation.summary,
            foreign=True,
            lead=operation.description or operation.summary,
            above=(home, overviews[module.name]),
            context={"operation": operation, "module": module, **beside},
            markdown=True,
        )


def _overview(module: Module, home: Page) -> Page:
    context = {"module": module, "parts_of_it": _parts(module)}
    return Page(module_path(module), "module.html", module.title, True, module.description, (home,), context, True)


def _errors(site: Site, home: Page) -> Iterator[Page]:
    areas: dict[str, list[str]] = {}
    for code in sorted(site.contract.errors):
        areas.setdefault(code.partition(".")[0], []).append(code)
    told = {"areas": tuple(areas.items())}
    index = Page(f"{ROOT}/errors", "errors.html", "errors.title", False, "errors.lead", (home,), told, True)
    yield index
    groups: dict[str, list[str]] = {}
    for code in site.contract.errors:
        groups.setdefault(group_of(code), []).append(code)
    for codes in groups.values():
        title = codes[0].rpartition(".")[0] or codes[0]
        lead = site.meaning(codes[0])
        context = {"codes": tuple(codes)}
        yield Page(error_path(codes[0]), "error_group.html", title, True, lead, (home, index), context, True)


def _config(site: Site, home: Page) -> Iterator[Page]:
    """One page with every key, and one of each family: together they would be too large to read."""
    keys = shaped(site)
    context: dict[str, Any] = {"shaped": keys}
    index = Page(
        f"{ROOT}/config",
        "config.html",
        "config.title",
        lead="config.lead",
        above=(home,),
        context=context,
        markdown=True,
    )
    yield index
    for family, members in groupby(keys, key=lambda pair: family_of(pair[0])):
        context = {"shaped": tuple(members)}
        path = config_path(context["shaped"][0][0])
        lead = context["shaped"][0][0].meaning
        yield Page(path, "config_group.html", family, True, lead, (home, index), context, True)


def shaped(site: Site) -> tuple[tuple[Key[Any], tuple[Operation, ...]], ...]:
    """Each config key that shapes an answer, with the operations that it shapes."""
    keys: dict[str, list[Operation]] = {}
    for operation in site.operations:
        for key in operation.managed_by:
            keys.setdefault(key.name, []).append(operation)
    return tuple((site.catalogue[name], tuple(keys[name])) for name in sorted(keys))
