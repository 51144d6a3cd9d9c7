"""The audit log, as staff reads it and takes it away."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, get_type_hints

from domain.admin.sealing import Verified
from domain.answers import csv
from domain.answers.hiding import cleaned, hide
from domain.presenting import presented
from domain.wire import admin as wire

MOST_EXPORTED = 100_000
MOST_VERIFIED = 200_000
OLDEST_FIRST = "createdAt"


def entry_view(row: Any) -> wire.AuditEntry:
    """``row`` is an entry with the number of its seal. What holds no secret by rule is looked through all the same."""
    entry = row.AuditLog
    told = {name: _shown(getattr(entry, name)) for name in ("before", "after", "details")}
    texts = {"reason": _hidden(entry.reason), "targetId": _hidden(entry.target_id)}
    return presented(wire.AuditEntry, entry, network=entry.ip_prefix, seal=row.number, **texts, **told)


def _hidden(text: str | None) -> str | None:
    return None if text is None else hide(text)


def _shown(value: Any) -> Any:
    return None if value is None else cleaned("", value)


def exported(row: Any) -> dict[str, Any]:
    """An entry with the digest of its seal."""
    return {**entry_view(row), "sealDigest": None if row.digest is None else row.digest.hex()}


def lines(entries: Iterable[Mapping[str, Any]]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n" for entry in entries)


def heading() -> str:
    """The first line of a table."""
    return csv.lines([[*get_type_hints(wire.AuditEntry), "sealDigest"]])


def table(entries: Iterable[Mapping[str, Any]]) -> str:
    """As CSV."""
    return csv.lines([*entry.values()] for entry in entries)


def verification_view(found: Verified) -> wire.AuditVerification:
    bad, head = found.bad, found.head
    return {
        "ok": found.ok,
        "complete": found.complete,
        "checked": found.checked,
        "seals": found.seals,
        "firstBad": None if bad is None else {"number": bad.number, "fault": bad.fault.value},
        "until": found.until,
        "head": None
        if head is None
        else {"number": head.number, "keyId": head.key_id, "digest": head.digest, "at": head.at},
    }
