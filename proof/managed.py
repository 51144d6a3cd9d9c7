"""Which config keys shape what an operation does, read off the code: its handler, rules and services, and its jobs.

Keys are objects, so a name in that code that stands for one is a key that it reads, be it by an attribute of its class
or in a constant that holds several. How a vendor is reached is no matter of an operation: the way ends at the families
of providers, which name the active one.
"""

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

import orjson

from contract.loader import Contract
from contract.policy import Policy
from domain import admin, auth
from domain.config_keys import Key
from domain.topics import Topic
from proof.sources import chain_of, definition_of, executed, is_ours, job_of, services_of
from providers.families.visitors import CaptchaFamily
from runtime.web.dispatch import find_handler
from runtime.worker.jobs import find_job

Owner = type | None

# It lists all keys, whatever the operation is about.
OF_ALL_KEYS = "services.config."


def managed_by(contract: Contract) -> bytes:
    """As it is written beside the published contract. Raises ContractError."""
    found = {name: keys_of(policy) for name, policy in contract.policies.items()}
    kept = {name: keys for name, keys in sorted(found.items()) if keys}
    return orjson.dumps(kept, option=orjson.OPT_INDENT_2) + b"\n"


def keys_of(policy: Policy) -> list[str]:
    """Sorted. What all operations have, such as limits, is no peculiarity of one. Raises ContractError."""
    reader = _Reader()
    reader.read(find_handler(policy.operation_id))
    for effect in policy.side_effects:
        if effect.kind == "job":
            for topic in effect.what:
                reader.read(job_of(topic, policy.operation_id))
    if policy.captcha:
        reader.read(CaptchaFamily.verify, CaptchaFamily)
    if policy.fresh.always:
        reader.read(admin.require_fresh if policy.scope == "admin" else auth.require_fresh)
    switch = {policy.kill_switch.key.name} if policy.kill_switch else set[str]()
    return sorted(reader.keys | switch)


class _Reader:
    def __init__(self) -> None:
        self.keys: set[str] = set()
        self._read: set[tuple[Any, Owner]] = set()

    def read(self, function: Any, owner: Owner = None) -> None:
        """What a function reads, and what it uses."""
        function = inspect.unwrap(function)
        if (function, owner) in self._read or not _is_written(function):
            return
        self._read.add((function, owner))
        module, known = sys.modules[function.__module__], _classes(function, owner)
        for node in executed(definition_of(function)):
            if chain := chain_of(node):
                self._follow(chain, module, owner, known)

    def _follow(self, chain: list[str], module: ModuleType, owner: Owner, known: Mapping[str, type]) -> None:
        if chain[0] == "self" and owner is not None and len(chain) > 1:
            kind = _attributes(owner).get(chain[1])
            if kind is None:
                self._method(owner, chain[1])
            elif len(chain) > 2:
                self._method(kind, chain[2])
        elif chain[0] in known and len(chain) > 1:
            self._method(known[chain[0]], chain[1])
        else:
            self._global(chain, module)

    def _method(self, owner: type, name: str) -> None:
        for kind in _implementations(owner):
            found = inspect.getattr_static(kind, name, None)
            self.keys.update(_held(found))
            found = found.fget if isinstance(found, property) else getattr(found, "__func__", found)
            self.read(found, kind)

    def _global(self, chain: list[str], module: ModuleType) -> None:
        found: Any = vars(module).get(chain[0])
        for index, step in enumerate(chain[1:], 1):
            if inspect.isclass(found) and is_ours(found):
                self._method(found, chain[index])
            if not inspect.ismodule(found):
                break
            found = getattr(found, step, None)
        if inspect.isclass(found) and issubclass(found, Topic):
            if module.__name__.startswith("jobs.") and "topic" in vars(found):
                self.read(find_job(found.topic))  # a job may leave others behind, which the operation does not know
        elif inspect.isclass(found) and is_ours(found):
            for name in ("__init__", "__post_init__"):
                self._method(found, name)
        elif callable(found):
            self.read(found)
        else:
            self.keys.update(_held(found))


def _implementations(owner: type) -> list[type]:
    """What stands behind a protocol of ours in the running application, which names it as its base."""
    return owner.__subclasses__() if getattr(owner, "_is_protocol", False) else [owner]


def _is_written(function: Any) -> bool:
    """By us; the ``__init__`` of a dataclass is nowhere."""
    ours = inspect.isfunction(function) and is_ours(function) and function.__code__.co_filename != "<string>"
    return ours and not function.__module__.startswith(OF_ALL_KEYS)


def _held(value: Any) -> Iterable[str]:
    """The names of the keys that a constant holds."""
    if isinstance(value, Key):
        return [value.name]
    if is_dataclass(value) and not isinstance(value, type):
        value = [getattr(value, field.name) for field in fields(value)]
    parts = value.values() if isinstance(value, dict) else value
    return [name for part in parts for name in _held(part)] if isinstance(value, (dict, list, tuple)) else []


def _classes(function: FunctionType, owner: Owner) -> Mapping[str, type]:
    """Parameters whose type is a class of ours."""
    named = {name: vars(sys.modules[function.__module__]).get(str(kind)) for name, kind in _annotated(function)}
    found = {name: kind for name, kind in named.items() if inspect.isclass(kind) and is_ours(kind)}
    return found if owner else {**found, **services_of(function)}


def _annotated(function: FunctionType) -> Iterator[tuple[str, str]]:
    for name, kind in function.__annotations__.items():
        yield name, kind.__name__ if isinstance(kind, type) else str(kind)


@cache
def _attributes(owner: type) -> Mapping[str, type]:
    """The attributes of a class whose class is one of ours: fields, and parameters that its ``__init__`` keeps."""
    found = dict(inspect.get_annotations(owner))
    start = vars(owner).get("__init__")
    if inspect.isfunction(start) and _is_written(start):
        for node in executed(definition_of(start)):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
                for target in map(chain_of, node.targets):
                    if target[:1] == ["self"]:
                        found[target[1]] = start.__annotations__.get(node.value.id)
    module = sys.modules[owner.__module__]
    kinds = {name: vars(module).get(kind) if isinstance(kind, str) else kind for name, kind in found.items()}
    return {name: kind for name, kind in kinds.items() if inspect.isclass(kind) and is_ours(kind)}
