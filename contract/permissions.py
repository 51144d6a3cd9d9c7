"""Who of the staff may do what: ``openapi/permissions.yaml``, read and checked."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contract.policy import ContractError, Policy
from domain.admin import STAFF

FILE = "permissions.yaml"


@dataclass(frozen=True, slots=True)
class Permission:
    """``roles`` that have it, those that have everything included. ``planned``: no operation needs it yet.

    ``asked``: no operation needs it, but one allows more to who has it.
    """

    meaning: str
    roles: tuple[str, ...]
    planned: bool
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Permissions:
    """``roles``: what each is for, by its name."""

    roles: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, Permission] = field(default_factory=dict)

    def of(self, roles: Iterable[str]) -> frozenset[str]:
        """What somebody with these roles may: nothing without one, and ``staff`` with any."""
        held = self.roles.keys() & set(roles)
        may = {name for name, permission in self.known.items() if held.intersection(permission.roles)}
        return frozenset(may | {STAFF}) if held else frozenset()

    def roles_with(self, name: str) -> tuple[str, ...]:
        return tuple(self.roles) if name == STAFF else self.known[name].roles


def read_permissions(folder: Path, read: Callable[[Path], Any]) -> Permissions:
    """Raises ContractError, which ``located`` can send to a line."""
    file = folder / FILE
    if not file.is_file():
        return Permissions()
    content = read(file)
    shaped = isinstance(content, dict) and content.keys() == {"roles", "permissions"}
    if not shaped or not all(isinstance(part, dict) for part in content.values()):
        raise ContractError(f"{FILE}: it has roles and permissions, and nothing else")
    roles = {name: _meaning("roles", name, entry, {"everything"}) for name, entry in content["roles"].items()}
    everything = [name for name, entry in content["roles"].items() if _flag("roles", name, entry, "everything")]
    known = {name: _permission(name, entry, roles, everything) for name, entry in content["permissions"].items()}
    for name in roles:
        if not any(name in permission.roles for permission in known.values()):
            raise _fault("roles", name, "it has no permission; give it one or take it out")
    return Permissions(roles, known)


def check(permissions: Permissions, policies: Iterable[Policy]) -> None:
    """Raises ContractError for what operations need and nobody declares, or is declared and needed by none."""
    needed = set()
    for policy in policies:
        if policy.permission is not None and policy.permission != STAFF:
            needed.add(policy.permission)
            if policy.permission not in permissions.known:
                where = f"{policy.method.upper()} {policy.path}"
                raise ContractError(f"{where}: x-biore-permission: {policy.permission!r} is not in {FILE}")
    for name, permission in permissions.known.items():
        if permission.planned and name in needed:
            raise _fault("permissions", name, "operations need it by now; take out `planned`")
        if permission.asked and name in needed:
            raise _fault("permissions", name, "operations need it; take out `asked`")
        if not permission.planned and not permission.asked and name not in needed:
            raise _fault(
                "permissions", name, "no operation needs it; take it out, or say `planned: true` or `asked: true`"
            )


def _permission(name: str, entry: Any, roles: Mapping[str, str], everything: list[str]) -> Permission:
    meaning = _meaning("permissions", name, entry, {"roles", "planned", "asked"})
    if name == STAFF:
        raise _fault("permissions", name, "whoever has a role has it; take it out")
    given = entry.get("roles")
    if not isinstance(given, list):
        raise _fault("permissions", name, "it needs `roles`, a list")
    unknown = [role for role in given if role not in roles]
    if unknown:
        raise _fault("permissions", name, f"roles {unknown} are not declared above")
    if doubled := sorted({role for role in given if given.count(role) > 1 or role in everything}):
        raise _fault("permissions", name, f"roles {doubled} have it already; take them out")
    if not given and not everything:
        raise _fault("permissions", name, "no role has it")
    held = tuple(role for role in roles if role in given or role in everything)
    planned, asked = (_flag("permissions", name, entry, key) for key in ("planned", "asked"))
    return Permission(meaning, held, planned, asked)


def _meaning(group: str, name: str, entry: Any, optional: set[str]) -> str:
    if not isinstance(entry, dict) or not isinstance(entry.get("meaning"), str):
        raise _fault(group, name, "it needs a `meaning`")
    if unknown := sorted(entry.keys() - optional - {"meaning"}):
        raise _fault(group, name, f"unknown keys {unknown}")
    return str(entry["meaning"])


def _flag(group: str, name: str, entry: Mapping[str, Any], key: str) -> bool:
    given = entry.get(key, False)
    if not isinstance(given, bool):
        raise _fault(group, name, f"`{key}` must be true, or left out")
    return given


def _fault(group: str, name: str, what: str) -> ContractError:
    return ContractError(f"{FILE}: {group}: {name}: {what}")
