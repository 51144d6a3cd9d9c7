"""Figures of a guide: ``{limit:auth.login}`` stands for what the contract or the config catalogue says.

| written | read |
|---|---|
| ``{limit:<operationId>}`` | 20 per hour |
| ``{call:<operationId>}`` | POST /auth/login |
| ``{name:<operationId>}`` | Login |
| ``{status:<code>}``, ``{status:<operationId>/<code>}`` | 401 |
| ``{message:<code>}``, ``{message:<locale>/<code>}`` | the message, with the example's values |
| ``{rule:<operationId>/<field>/<keyword>}`` | a bound of a field of the request |
| ``{bytes:<operationId>}`` | 16 KiB, the largest body |
| ``{bytes:<config key>}`` | 5 MiB |
| ``{time:<config key>}`` | 15 minutes, by the last word of the key |
| ``{count:<config key>}`` | 50,000,000 |
| ``{config:<config key>}`` | the default as it is; a list of values as code |
| ``{table:roles}`` | the roles of the staff, each with its permissions |
| ``{list:captcha}``, ``deprecated``, ``fresh``, ``idempotent`` | links to the operations that are so |
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from contract.policy import ContractError
from contract.texts import DEFAULT, Texts
from domain.config_keys import in_units
from portal.model import Operation, Site

FIGURE = re.compile(r"\{(?P<kind>[a-z]+):(?P<name>[A-Za-z0-9_./-]+)\}")
SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
KIB = 1024
MIB = KIB * KIB


class Figures:
    """Whatever is not there, or has no such figure, is a LookupError or a TypeError within."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._texts = Texts(site.contract.errors)
        self._operations = {operation.id: operation for operation in site.operations}
        self._kinds: Mapping[str, Callable[[str], str]] = {
            "limit": self._limit,
            "call": self._call,
            "name": lambda name: self._operations[name].summary,
            "status": self._status,
            "message": self._message,
            "rule": self._rule,
            "bytes": self._bytes,
            "time": self._time,
            "config": self._config,
            "count": lambda name: f"{self._number(name):,}",
            "list": self._list,
            "table": self._table,
        }

    def filled(self, text: str, where: str) -> str:
        """``text`` with its figures. Raises ContractError for one that nobody knows."""

        def figure(found: re.Match[str]) -> str:
            try:
                return self._kinds[found["kind"]](found["name"])
            except (LookupError, TypeError, ValueError) as error:
                raise ContractError(f"guide {where}: {found[0]} stands for nothing ({error})") from None

        return FIGURE.sub(figure, text)

    def _limit(self, name: str) -> str:
        rate = self._operations[name].policy.rate
        if rate is None:
            raise TypeError("it has no limit")
        window = length(rate.window)
        return f"{rate.limit} per {window.removeprefix('1 ')}"

    def _call(self, name: str) -> str:
        return f"{self._operations[name].method} {self._operations[name].path}"

    def _status(self, name: str) -> str:
        operation, _, code = name.rpartition("/")
        if operation:
            return str(self._operations[operation].policy.statuses[code])
        return str(self._site.contract.errors[code]["status"])

    def _message(self, name: str) -> str:
        locale, _, code = name.rpartition("/")
        entry = self._site.contract.errors[code]
        return self._texts.say(locale or DEFAULT, "errors", code, **entry.get("vars", {}))

    def _rule(self, name: str) -> str:
        operation, field, keyword = name.split("/")
        rules = {rule.key: rule.limit for rule in _field(self._operations[operation], field).rules}
        return str(rules[keyword])

    def _bytes(self, name: str) -> str:
        operation = self._operations.get(name)
        if operation is None:
            return size(self._number(name))
        if operation.body is None:
            raise TypeError("it has no body")
        return size(operation.body.limit)

    def _time(self, name: str) -> str:
        return length(self._number(name) * SECONDS[re.split(r"[._]", name)[-1]])

    def _config(self, name: str) -> str:
        default = self._site.catalogue[name].default
        return ", ".join(f"`{value}`" for value in default) if isinstance(default, list) else str(default)

    def _list(self, name: str) -> str:
        has: Mapping[str, Callable[[Operation], bool]] = {
            "deprecated": lambda operation: operation.deprecated,
            "captcha": lambda operation: bool(operation.policy.captcha),
            "fresh": lambda operation: operation.policy.fresh.always,
            "idempotent": lambda operation: operation.policy.idempotent,
        }
        chosen = filter(has[name], self._site.operations)
        return "\n".join(f"- [{operation.summary}](op:{operation.id})" for operation in chosen)

    def _table(self, name: str) -> str:
        """Permissions that no operation needs yet are left out, and roles that have no other."""
        made: Mapping[str, Callable[[], str]] = {"roles": self._roles}
        return made[name]()

    def _roles(self) -> str:
        permissions = self._site.contract.permissions
        used = {name: one for name, one in permissions.known.items() if not one.planned}
        rows = [
            f"| `{role}` | {meaning} | {', '.join(f'`{name}`' for name, one in used.items() if role in one.roles)} |"
            for role, meaning in permissions.roles.items()
            if any(role in one.roles for one in used.values())
        ]
        return "\n".join(("| role | for | permissions |", "|---|---|---|", *rows))

    def _number(self, name: str) -> int:
        value: Any = self._site.catalogue[name].default
        if not isinstance(value, int):
            raise TypeError("it is no number")
        return value


def _field(operation: Operation, name: str) -> Any:
    """A parameter or a field of the body, by its path."""
    tops = (*operation.parameters, *(operation.body.fields if operation.body else ()))
    return {field.path: field for top in tops for field in top.walk()}[name]


def length(seconds: int) -> str:
    """15 minutes, 1 hour."""
    count, unit = in_units(seconds)
    return f"{count} {unit}{'' if count == 1 else 's'}"


def size(count: int) -> str:
    """16 KiB, 5 MiB."""
    return f"{count // MIB} MiB" if count % MIB == 0 else f"{count // KIB} KiB"
