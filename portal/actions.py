"""The pages that links in mails lead to. Opening one does nothing: its reader presses a button, which calls an operation.

Programs that scan mails open every link, and some of them run scripts; none of them presses buttons.
"""

from dataclasses import dataclass

from portal.model import Field, Operation, Site

TOKEN = "token"  # noqa: S105 - the name of a field


@dataclass(frozen=True, slots=True)
class Action:
    """``path``: where the mailed link leads; ``mail``: the template of that mail, whose words the page shares."""

    path: str
    operation_id: str
    mail: str


ACTIONS = (
    Action("verify-email", "auth.verify_email", "verify_address"),
    Action("reset-password", "auth.passwords.reset", "reset_password"),
    Action("reactivate", "users.reactivate", "reactivation"),
    Action("verify-email-change", "users.verify_email_change", "verify_email_change"),
)


@dataclass(frozen=True, slots=True)
class Page:
    """``fields``: what the reader fills in, beside the token that the link brings."""

    action: Action
    operation: Operation
    fields: tuple[Field, ...]


def pages(site: Site) -> tuple[Page, ...]:
    """Those whose operation the contract has."""
    known = {operation.id: operation for operation in site.operations}
    return tuple(_page(action, known[action.operation_id]) for action in ACTIONS if action.operation_id in known)


def _page(action: Action, operation: Operation) -> Page:
    fields = operation.body.fields if operation.body else ()
    return Page(action, operation, tuple(field for field in fields if field.name != TOKEN and field.required))
