"""Preconditions and ranges of RFC 9110, 13 and 14, for a file with a strong tag. Werkzeug reads the headers."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from werkzeug.datastructures import ETags
from werkzeug.http import http_date, parse_date, parse_etags, unquote_etag

MOST_CHARACTERS = 4096
LONGEST_DATE = 64
# The first byte and perhaps the last, or so many at the end.
RANGE = re.compile(r"\s*bytes\s*=\s*(?:([0-9]+)-([0-9]*)|-([0-9]+))\s*", re.ASCII | re.IGNORECASE)

Verdict = Literal["whole", "unchanged", "failed", "part", "unsatisfiable"]


class Version(NamedTuple):
    """Which state of a file it is. ``tag`` without its quotes."""

    tag: str
    changed_at: datetime
    size: int

    @property
    def headers(self) -> dict[str, str]:
        return {"ETag": f'"{self.tag}"', "Last-Modified": http_date(self.changed_at)}


class Judgement(NamedTuple):
    verdict: Verdict
    start: int = 0
    stop: int = 0


def judge(method: str, headers: Mapping[str, str], version: Version) -> Judgement:
    """What to answer, in the order of section 13.2.2. ``start`` and ``stop`` are of the bytes that are given."""
    if _has_failed(headers, version):
        return Judgement("failed")
    if _is_known(headers, version):
        return Judgement("unchanged")
    if method == "GET" and _may_be_partial(headers, version):
        return _ranged(headers.get("range", ""), version.size)
    return Judgement("whole", 0, version.size)


def is_named(tag: str, condition: str) -> bool:
    """13.1.2: whether ``If-None-Match`` names the tag, weakly compared, or any that there is."""
    return _tags(condition).contains_weak(tag)


def _tags(condition: str) -> ETags:
    """No tag holds a blank, and long runs of them take the parser a time that grows with the square of their length."""
    return parse_etags(" ".join(condition[:MOST_CHARACTERS].split()))


def _has_failed(headers: Mapping[str, str], version: Version) -> bool:
    """13.1.1 and 13.1.4: the client wants only the state that it knows."""
    tags = headers.get("if-match")
    if tags is not None:
        return not _tags(tags).contains(version.tag)
    since = _date(headers.get("if-unmodified-since"))
    return since is not None and _seconds(version.changed_at) > since


def _is_known(headers: Mapping[str, str], version: Version) -> bool:
    """13.1.2 and 13.1.3: the client has it already. Tags win over dates, and are compared weakly."""
    tags = headers.get("if-none-match")
    if tags is not None:
        return is_named(version.tag, tags)
    since = _date(headers.get("if-modified-since"))
    return since is not None and _seconds(version.changed_at) <= since


def _may_be_partial(headers: Mapping[str, str], version: Version) -> bool:
    """13.1.5: a part is of use only beside the rest that the client has."""
    given = headers.get("if-range")
    if given is None:
        return True
    if given.startswith("W/"):
        return False
    date = _date(given)
    if date is not None:
        return date == _seconds(version.changed_at)
    return unquote_etag(given[:MOST_CHARACTERS]) == (version.tag, False)


def _ranged(given: str, size: int) -> Judgement:
    """14.2: another unit, a broken set and more than one range, of which there may be thousands, are no ranges."""
    wanted = RANGE.fullmatch(given[:MOST_CHARACTERS])
    if wanted is None:
        return Judgement("whole", 0, size)
    first, last, suffix = (int(number) if number else None for number in wanted.groups())
    if first is None:
        start, stop = max(0, size - (suffix or 0)), size
    else:
        start, stop = first, size if last is None else min(last + 1, size)
        if last is not None and last < first:
            return Judgement("whole", 0, size)
    return Judgement("part", start, stop) if start < size else Judgement("unsatisfiable")


def _date(given: str | None) -> datetime | None:
    """None for what is no date, and for a date that no calendar of ours holds."""
    try:
        return parse_date(given[:LONGEST_DATE]) if given else None
    except (ValueError, OverflowError):  # such as a year or a zone of twenty digits
        return None


def _seconds(moment: datetime) -> datetime:
    """As a header can say it."""
    return moment.astimezone(UTC).replace(microsecond=0)
