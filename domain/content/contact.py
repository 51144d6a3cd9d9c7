"""Messages of the contact form."""

from typing import Any

from domain.admin.masking import masked_email
from domain.config_keys import IntKey, MailAddressKey
from domain.presenting import presented
from domain.texts import something
from domain.wire import admin, content

CONTACT_EMAIL = MailAddressKey(
    "support.contact_email", "", "address for messages of the contact form and for news of tickets; empty for none"
)
RETENTION_DAYS = IntKey(
    "support.contact_retention_days", 365, "days for which messages of the contact form are stored", 1, 3650
)


def message_columns(body: content.ContactRequest) -> dict[str, Any]:
    """What is kept of it."""
    kept = {"email": body["email"], "subject": body["subject"], "message": body["message"]}
    return kept | {"name": something(body.get("name"))}


def message_view(row: Any, *, unmasked: bool) -> admin.ContactMessage:
    return presented(admin.ContactMessage, row, email=row.email if unmasked else masked_email(row.email))
