"""By what entries of the audit log are looked for."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.clock import timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """``action`` is how it begins, ``created_to`` is after the last moment."""

    actor: UUID | None = None
    target: str | None = None
    action: str | None = None
    result: str | None = None
    correlation_id: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None

    def written(self) -> dict[str, Any]:
        """What was asked for."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return {name: timestamp(value) if isinstance(value, datetime) else str(value) for name, value in given.items()}


def filter_of(
    *, actor: str | None = None, created_from: str | None = None, created_to: str | None = None, **texts: str | None
) -> Filter:
    """The parameters of a list as they were given."""
    whose, since, before = None if actor is None else UUID(actor), _moment(created_from), _moment(created_to)
    return Filter(actor=whose, created_from=since, created_to=before, **texts)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
