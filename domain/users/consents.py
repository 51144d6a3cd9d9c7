"""What a person agreed to, or did not."""

from typing import Any

from domain.presenting import presented
from domain.wire import users as wire


def consent_view(row: Any) -> wire.Consent:
    """Where the consent was given from is kept as evidence and not told."""
    return presented(wire.Consent, row, documentType=row.kind, documentVersion=row.version, accepted=row.granted)
