"""Where each operation stands in the code, read off the running code: what a page says about it cannot go stale.

Handlers are plain functions, so their text tells what they use: names of ``domain``, and chains such as
``db.users.require_unclaimed``, which lead through ``persistence/repositories.py`` to a method. A chain that leads
nowhere, a topic without a job and an operation without a test stop the build.
"""

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from contract.loader import ROOT, Contract, Places
from contract.policy import ContractError, Policy
from domain.jobs import UnknownTopic
from persistence.models import Base
from persistence.repositories import Repositories, Repository
from portal.source import KINDS, Source, Sources
from runtime.web.dispatch import find_handler
from runtime.worker.jobs import find_job

OURS = ("domain", "handlers", "jobs", "persistence", "providers", "runtime", "services")
# How refusals are raised and jobs left behind, by everybody and everywhere: naming it tells nobody anything.
COMMON = {"domain.errors", "domain.topics"}
UNIT = "db"

Definition = ast.FunctionDef | ast.AsyncFunctionDef
Use = tuple[str, Any, type | None]
Uses = dict[Use, None]  # in the order of the text


def find_sources(contract: Contract, root: Path = ROOT, tests: Path | None = None) -> Sources:
    """``tests`` replaces the folder of tests. Raises ContractError for what cannot be found."""
    places = {(path, method): (file, steps) for path, method, file, steps in Places().operations()}
    finder = _Finder(root, places, _Tests(tests or root / "tests" / "handlers", root, contract.policies))
    return Sources({name: finder.of(contract, policy) for name, policy in contract.policies.items()})


@dataclass
class _Finder:
    root: Path
    places: Mapping[tuple[str, str], tuple[Path, tuple[str, ...]]]
    tests: "_Tests"
    lines: Places = field(default_factory=Places)

    def of(self, contract: Contract, policy: Policy) -> tuple[Source, ...]:
        found = list(self._code(contract, policy))
        if self.tests.exist:  # an installed package has none
            found += self.tests.of(policy.operation_id)
        return tuple(sorted(dict.fromkeys(found), key=lambda source: KINDS.index(source.kind)))

    def _code(self, contract: Contract, policy: Policy) -> Iterator[Source]:
        file, steps = self.places[policy.path, policy.method]
        where = f"{policy.method.upper()} {policy.path}"
        yield Source("contract", self._name(file), self.lines.line(file, steps), where)
        handler = find_handler(policy.operation_id)
        yield self._source("handler", handler)
        uses = list(uses_of(handler))
        for effect in policy.side_effects:
            for what in effect.what:
                if effect.kind == "write":
                    yield self._source("model", _model_of(what, policy.operation_id))
                elif effect.kind == "job":
                    job = job_of(what, policy.operation_id)
                    yield self._source("job", job)
                    uses += [use for use in uses_of(job) if use[0] != "rules"]
        for kind, used, owner in uses:
            yield self._source(kind, used, owner)

    def _source(self, kind: str, found: Any, owner: type | None = None) -> Source:
        definition = _class(found) if isinstance(found, type) else definition_of(found)
        name = f"{owner.__name__}.{found.__name__}" if owner else found.__qualname__
        return Source(kind, self._name(Path(_file(found))), definition.lineno, name)

    def _name(self, path: Path) -> str:
        return path.resolve().relative_to(self.root).as_posix()


def _model_of(table: str, operation_id: str) -> type:
    try:
        return _models()[table]
    except KeyError:
        raise ContractError(f"{operation_id}: no model has the table {table}") from None


def job_of(topic: str, operation_id: str) -> Callable[..., Any]:
    try:
        return find_job(topic)
    except UnknownTopic as error:
        raise ContractError(f"{operation_id}: {error}") from None


@cache
def _models() -> Mapping[str, type]:
    return {str(mapper.local_table.name): mapper.class_ for mapper in Base.registry.mappers}  # type: ignore[attr-defined]


@cache
def _repositories() -> Mapping[str, type]:
    """Name of the attribute -> class of the repository."""
    return {name: part.kind for name, part in vars(Repositories).items() if isinstance(part, Repository)}


@cache
def uses_of(function: FunctionType, owner: type | None = None) -> Uses:
    """What a function of ours uses, by way of its helpers and services too: kind, object, class of a method.

    Raises ContractError for a repository or a method that does not exist.
    """
    return _Reader().read(function, owner)


class _Reader:
    def __init__(self) -> None:
        self._read: set[tuple[Any, type | None]] = set()
        self._found: Uses = {}

    def read(self, function: Any, owner: type | None) -> Uses:
        if (function, owner) not in self._read:
            self._read.add((function, owner))
            module = sys.modules[function.__module__]
            definition = definition_of(function)
            services = services_of(function)
            for node in executed(definition):
                self._note(node, module, owner, services)
        return self._found

    def _note(self, node: ast.AST, module: ModuleType, owner: type | None, services: Mapping[str, type]) -> None:
        chain = chain_of(node)
        if not chain:
            return
        first, *rest = chain
        if first == UNIT:
            self._repository(rest, module, node)
        elif first == "self" and owner is not None and rest:
            self._method(owner, rest[0])
        elif first in services and rest:
            self._method(services[first], rest[0])
        else:
            self._name(chain, module)

    def _repository(self, chain: list[str], module: ModuleType, node: ast.AST) -> None:
        if len(chain) < 2:
            return  # the unit itself, or a repository as such
        name, method = chain[:2]
        where = f"{module.__file__}:{getattr(node, 'lineno', 0)}: {UNIT}.{name}.{method}"
        repository = _repositories().get(name)
        if repository is None:
            raise ContractError(f"{where} leads nowhere: persistence/repositories.py has no {name}")
        found = getattr(repository, method, None)
        if not inspect.isfunction(found):
            raise ContractError(f"{where} leads nowhere: {repository.__name__} has no method {method}")
        self._found["repository", found, repository] = None
        self._found.update(dict.fromkeys(("model", model, None) for model in _tables_of(found, repository)))

    def _method(self, owner: type, name: str) -> None:
        found = inspect.unwrap(inspect.getattr_static(owner, name, None))
        if inspect.isfunction(found) and is_ours(found):
            self.read(found, owner)
        elif found is None and not is_dataclass(owner):
            self._part(owner, name)

    def _part(self, owner: type, name: str) -> None:
        """Methods that a part of the object was made with, which calls them."""
        made = vars(owner).get("__init__")
        if not inspect.isfunction(made) or not is_ours(made):
            return
        for node in executed(definition_of(made)):
            if isinstance(node, ast.Assign) and ["self", name] in map(chain_of, node.targets):
                for chain in map(chain_of, ast.walk(node.value)):
                    if chain[:1] == ["self"] and len(chain) == 2:
                        self._method(owner, chain[1])

    def _name(self, chain: list[str], module: ModuleType) -> None:
        found: Any = vars(module).get(chain[0])
        for step in chain[1:]:
            if not inspect.ismodule(found):
                break
            found = getattr(found, step, None)
        if not (inspect.isfunction(found) or inspect.isclass(found)) or not is_ours(found):
            return
        if found.__module__.partition(".")[0] == "domain":
            if found.__module__ not in COMMON:
                self._found["rules", found, None] = None
        elif inspect.isfunction(found) and found.__module__ == module.__name__:
            self.read(found, None)


def _tables_of(method: FunctionType, repository: type) -> Iterator[type]:
    """The models that a method of a repository names."""
    module = sys.modules[method.__module__]
    for node in executed(definition_of(method)):
        chain = chain_of(node)
        found = getattr(repository, "model", None) if chain[:2] == ["self", "model"] else None
        if len(chain) == 1:
            found = vars(module).get(chain[0])
        if inspect.isclass(found) and issubclass(found, Base):
            yield found


def is_ours(found: Any) -> bool:
    return str(found.__module__).partition(".")[0] in OURS


def services_of(function: FunctionType) -> Mapping[str, type]:
    """Parameters whose type is a class of ours: the method called on one is part of the use case."""
    needs = _needs(function.__module__.partition(".")[0])
    kinds = {name: vars(needs).get(str(kind)) for name, kind in function.__annotations__.items()} if needs else {}
    return {name: kind for name, kind in kinds.items() if inspect.isclass(kind) and is_ours(kind)}


@cache
def _needs(room: str) -> ModuleType | None:
    """The types that a handler's or a job's parameters are annotated with."""
    return importlib.import_module(f"{room}.needs") if room in ("handlers", "jobs") else None


def _file(found: Any) -> str:
    return str(sys.modules[found.__module__].__file__)


@cache
def _tree(path: str) -> ast.Module:
    return ast.parse(Path(path).read_text(encoding="utf-8"))


@cache
def _definitions(path: str) -> Mapping[int, Definition]:
    """By the line where Python says that the function begins: the one of its first decorator."""
    found = [n for n in ast.walk(_tree(path)) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return {min([node.lineno, *(d.lineno for d in node.decorator_list)]): node for node in found}


def definition_of(function: FunctionType) -> Definition:
    found = _definitions(_file(function)).get(function.__code__.co_firstlineno)
    if found is None or found.name != function.__name__:
        raise _stale(function)
    return found


def _class(found: type) -> ast.ClassDef:
    for node in _tree(_file(found)).body:
        if isinstance(node, ast.ClassDef) and node.name == found.__name__:
            return node
    raise _stale(found)


def _stale(found: Any) -> ContractError:
    return ContractError(f"{_file(found)}: {found.__qualname__} is not where it was; build with fresh code")


def executed(definition: Definition) -> Iterator[ast.AST]:
    """The nodes of the body; an attribute chain comes whole, and annotations are no use of anything."""
    waiting: list[ast.AST] = list(reversed(definition.body))
    while waiting:
        node = waiting.pop()
        yield node
        if not chain_of(node):
            annotation = node.annotation if isinstance(node, ast.AnnAssign) else None
            inner = [child for child in ast.iter_child_nodes(node) if child is not annotation]
            waiting += reversed(inner)


def chain_of(node: ast.AST) -> list[str]:
    """``db.users.add`` -> its three names; empty for anything else."""
    if isinstance(node, ast.Name):
        return [node.id]
    above = chain_of(node.value) if isinstance(node, ast.Attribute) else []
    return [*above, node.attr] if above and isinstance(node, ast.Attribute) else []


class _Tests:
    """The test classes of each operation, by their names and places.

    ``auth.otp.send`` has `TestSend…` of ``test_otp.py`` below the module's folder (of ``admin.content.texts.get`` it is
    ``content/test_texts.py``), an operation of the module itself any file there that is no noun's. A class that stands
    elsewhere has the whole name, such as `TestReactivate`, or the name of the noun, such as `TestAvatars`. Else it is
    one that begins alike: `TestSetup` is about ``setup_init``.
    """

    def __init__(self, folder: Path, root: Path, operations: Iterable[str]) -> None:
        self.exist = folder.is_dir()
        self._folder = folder
        self._operations = [operation_id.split(".") for operation_id in operations]
        self._classes: dict[Path, list[Source]] = {}
        for path in sorted(folder.rglob("test_*.py")):
            name = path.relative_to(root if path.is_relative_to(root) else folder).as_posix()
            top = ast.parse(path.read_text(encoding="utf-8")).body
            classes = [node for node in top if isinstance(node, ast.ClassDef)]
            self._classes[path] = [Source("test", name, node.lineno, node.name) for node in classes]

    def of(self, operation_id: str) -> list[Source]:
        """Raises ContractError where there is none."""
        *above, name = operation_id.split(".")
        own = [source for path in self._files(above) for source in self._classes[path]]
        everywhere = [source for sources in self._classes.values() for source in sources]
        whole = _class_name(name if len(above) == 1 else above[-1])
        found = (
            [source for source in own if self._is_about(source.name, above, name)]
            or [source for source in everywhere if source.name == whole]
            or [source for source in own if source.name != "Test" and _class_name(name).startswith(source.name)]
        )
        if not found:
            raise ContractError(f"{operation_id}: no test class {_class_name(name)} in tests/handlers")
        return found

    def _is_about(self, found: str, above: list[str], name: str) -> bool:
        """`TestRevokeAll` is about ``revoke_all``, and about ``revoke`` only where there is no such operation."""
        beside = [other for *rest, other in self._operations if rest == above and other.startswith(name)]
        alike = [other for other in beside if re.match(f"{_class_name(other)}(?![a-z])", found)]
        return bool(alike) and max(alike, key=len) == name

    def _files(self, above: list[str]) -> list[Path]:
        module, *noun = above
        if noun:
            whole = self._folder.joinpath(module, *noun[:-1], f"test_{noun[-1]}.py")
            own = dict.fromkeys([self._folder / module / f"test_{noun[0]}.py", whole])
            return [path for path in own if path in self._classes]
        nouns = {f"test_{other[1]}" for other in self._operations if other[0] == module and len(other) > 2}
        of_module = re.compile(rf"test_{module}(_\w+)?")
        return [
            path
            for path in self._classes
            if (path.parent == self._folder / module and path.stem not in nouns) or of_module.fullmatch(path.stem)
        ]


def _class_name(name: str) -> str:
    return "Test" + "".join(part.capitalize() for part in name.split("_"))
