"""Where each operation stands in the code. ``proof/sources.py`` finds it out; nothing of it is typed by hand."""

from collections.abc import Mapping
from dataclasses import dataclass

from contract.policy import ContractError

KINDS = ("contract", "handler", "rules", "repository", "model", "job", "test")


@dataclass(frozen=True, slots=True)
class Source:
    """``path`` from the root of the project; ``name`` is what begins at ``line``, such as ``Users.add``."""

    kind: str
    path: str
    line: int
    name: str = ""


@dataclass(frozen=True)
class Sources:
    found: Mapping[str, tuple[Source, ...]]

    def of(self, operation_id: str) -> tuple[Source, ...]:
        """In the order of ``KINDS``. Raises ContractError for an operation that nobody looked for."""
        if operation_id not in self.found:
            raise ContractError(f"{operation_id}: its sources were not looked for")
        return self.found[operation_id]
