"""The two ways in which a use case ends early. Status, words and translations of a code stand in the contract."""

from typing import Any


class ApiError(Exception):
    """A documented refusal: ``code`` is a key of ``openapi/errors/``.

    ``retry_after`` is in seconds, for codes that pass by themselves: those with ``retry_after: true`` in the catalogue.
    ``details`` lists one ``{field, rule, message}`` per violation (validation only).
    Further keyword arguments fill the placeholders of the message (``i18nVars`` on the wire).
    """

    def __init__(
        self,
        code: str,
        *,
        retry_after: float | None = None,
        details: list[dict[str, str]] | None = None,
        **variables: str | int,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after
        self.details = details
        self.variables = variables


def transition_invalid(before: str, after: str) -> ApiError:
    """What to raise when the state that a row has does not lead to the requested one."""
    told: dict[str, Any] = {"from": before, "to": after}  # ``from`` is no name of an argument
    return ApiError("admin.transition_invalid", **told)


def moved_on(current: int) -> ApiError:
    """What to raise when a row (``x-biore-versioned``) has another version than the caller has read.

    It tells the present one. The UPDATE says ``WHERE version = :v``, so that nobody overwrites it unseen.
    """
    detail = {"field": "If-Match", "rule": "version", "limit": str(current)}
    return ApiError("precondition.failed", details=[detail], version=current)
