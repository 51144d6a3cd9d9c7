"""The pages that links in mails lead to. Opening one does nothing: its reader presses a button, and that calls.

Programs that scan mails open every link, and some of them run scripts; none of them presses buttons.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from portal.model import Operation, Site
from portal.pages import Page

TOKEN = "token"  # noqa: S105 - the name of a field


@dataclass(frozen=True, slots=True)
class Action:
    """``path``: where the mailed link leads; ``mail``: the template of that mail, whose words the page shares.

    ``done``: the word of the scripts for its success. ``offered``: fields that need not be filled in.
    """

    path: str
    operation_id: str
    mail: str
    done: str
    offered: tuple[str, ...] = ()


ACTIONS = (
    Action("verify-email", "auth.verify_email", "verify_address", "verifyDone", ("password",)),
    Action("reset-password", "auth.passwords.reset", "reset_password", "resetDone"),
    Action("undo-change", "auth.changes.undo", "not_me", "undoDone"),
    Action("reactivate", "users.reactivate", "reactivation", "reactivateDone"),
    Action("verify-email-change", "auth.verify_email_change", "confirm_new_address", "verifyDone", ("password",)),
)


def pages(site: Site) -> Iterator[Page]:
    """Those whose operation the contract has. Their forms ask for what it needs beside the token of the link."""
    known = {operation.id: operation for operation in site.operations}
    for action in ACTIONS:
        if action.operation_id in known:
            yield _page(action, known[action.operation_id])


def _page(action: Action, operation: Operation) -> Page:
    fields = operation.body.fields if operation.body else ()
    asked = tuple(field for field in fields if field.name in action.offered or (field.name != TOKEN and field.required))
    context = {"action": action, "operation": operation, "asked": asked}
    return Page(f"/{action.path}", "actions/page.html", "home.title", context=context)
