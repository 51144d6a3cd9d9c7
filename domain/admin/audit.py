"""The audit log, as staff reads it and takes it away."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any, get_type_hints

from domain.admin.sealing import Verified
from domain.answers.hiding import cleaned, hide
from domain.presenting import presented
from domain.wire import admin as wire

MOST_EXPORTED = 100_000
MOST_VERIFIED = 200_000
OLDEST_FIRST = "createdAt"
# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


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
    return _lines([[*get_type_hints(wire.AuditEntry), "sealDigest"]])


def table(entries: Iterable[Mapping[str, Any]]) -> str:
    """As CSV (RFC 4180)."""
    return _lines([_cell(value) for value in entry.values()] for entry in entries)


def _lines(rows: Iterable[Iterable[str]]) -> str:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(FORMULA) else text


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
