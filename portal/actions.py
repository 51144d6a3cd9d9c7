"""The pages that links in mails lead to. Opening one does nothing: its reader presses a button, and that calls.

Programs that scan mails open every link, and some of them run scripts; none of them presses buttons.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.mailed_pages import (
    APPEAL,
    CONFIRM_RECOVERY,
    CONFIRM_SUBSCRIPTION,
    REACTIVATE,
    RESET_PASSWORD,
    STOP_RECOVERY,
    UNDO_CHANGE,
    VERIFY_EMAIL,
    VERIFY_EMAIL_CHANGE,
    MailedPage,
)
from portal.flows import found_in
from portal.model import Operation, Site
from portal.pages import Page

LONG = 1024  # characters from which on several lines are written; a password is shorter
TOKEN = "token"  # noqa: S105 - the name of a field


@dataclass(frozen=True, slots=True)
class Action:
    """``mail``: the template of the mail that leads there, whose words the page shares.

    ``done``: the word of the scripts for its success. ``offered``: fields that need not be filled in.
    """

    page: MailedPage
    operation_id: str
    mail: str
    done: str
    offered: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return f"/{self.page.path}"


ACTIONS = (
    Action(VERIFY_EMAIL, "auth.verify_email", "verify_address", "verifyDone", ("password",)),
    Action(RESET_PASSWORD, "auth.passwords.reset", "reset_password", "resetDone"),
    Action(UNDO_CHANGE, "auth.changes.undo", "not_me", "undoDone"),
    Action(REACTIVATE, "users.reactivate", "reactivation", "reactivateDone"),
    Action(VERIFY_EMAIL_CHANGE, "auth.verify_email_change", "confirm_new_address", "verifyDone", ("password",)),
    Action(APPEAL, "users.appeals.submit_by_link", "statement_of_reasons", "appealDone"),
    Action(STOP_RECOVERY, "auth.recoveries.stop", "recovery_requested", "stopRecoveryDone"),
    Action(CONFIRM_RECOVERY, "auth.recoveries.confirm", "confirm_recovery_address", "confirmRecoveryDone"),
    Action(CONFIRM_SUBSCRIPTION, "creators.subscribers.confirm", "confirm_subscription", "subscribeDone"),
)


def pages(site: Site) -> Iterator[Page]:
    """Their forms ask for what an operation needs beside the token of the link. Raises ContractError without it."""
    for action, operation in zip(ACTIONS, found_in(site, tuple(a.operation_id for a in ACTIONS)), strict=True):
        yield _page(action, operation)


def _page(action: Action, operation: Operation) -> Page:
    fields = operation.body.fields if operation.body else ()
    asked = tuple(field for field in fields if field.name in action.offered or (field.name != TOKEN and field.required))
    long = {field.name for field in asked for rule in field.rules if rule.key == "maxLength" and rule.limit > LONG}
    context = {"action": action, "operation": operation, "asked": asked, "long": long}
    return Page(action.path, "actions/page.html", "home.title", context=context)
