"""What a good Python team would write instead. Those with ``app`` run under uvicorn and read settings of PEER_…."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SECRET = "a-secret-of-the-rivals-0123456789-abcdef"


@dataclass(frozen=True)
class Mine:
    """In place of a value of a statement that belongs to who calls: a claim of the token, or a part of the URL.

    ``form`` is how the value is written, such as ``{{{}}}`` for an array of one.
    """

    claim: str = ""
    parameter: str = ""
    form: str = "{}"

    def of(self, claims: Mapping[str, Any], path: Mapping[str, str], query: Mapping[str, str]) -> str:
        if self.claim:
            return self.form.format(claims[self.claim])
        return self.form.format(path[self.parameter] if self.parameter in path else query[self.parameter])
