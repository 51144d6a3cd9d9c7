"""What the success of an operation is on the wire: its status, its media type, the schema of its body."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Success:
    """``schema`` is that of the whole body, its envelope included."""

    status: int
    media_type: str
    schema: Json

    @property
    def is_json(self) -> bool:
        return self.media_type == JSON or self.media_type.endswith("+json")


def success_of(operation: Json) -> Success:
    """The first success of an operation as the loader leaves it."""
    status = min(status for status in operation["responses"] if status.startswith("2"))
    ((media_type, media),) = operation["responses"][status]["content"].items()
    return Success(int(status), media_type, media["schema"])
