"""What may be uploaded, how much, under which name it is kept, and whether its bytes are what they claim to be."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, get_args, get_type_hints
from uuid import UUID

from domain.config_keys import ChoiceKey, Config, IntKey, ListKey, UrlKey
from domain.errors import ApiError
from domain.formats import Data, Malformed, NotUnderstood, Part, outline
from domain.wire import upload as wire

# Only what has a structure that is read here may be uploaded.
EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "application/pdf": "pdf",
}
FOLDERS = {"avatar": "avatars", "media": "media", "document": "documents"}
TYPES: tuple[str, ...] = get_args(get_type_hints(wire.PresignRequest)["type"])
STATUSES: tuple[str, ...] = get_args(get_type_hints(wire.UploadStatus)["status"])
UUID_FORM = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
PLACE = rf"(?P<folder>{'|'.join(FOLDERS.values())}|exports)/(?P<owner>{UUID_FORM})"
KEY = re.compile(rf"{PLACE}/{UUID_FORM}\.[a-z0-9]{{2,4}}")
# Where our own process takes and gives files, as `x-biore-files` of the contract says.
FILES = "/files/"
# Where a file lies until it was looked at. Nobody reads it there.
INCOMING = "incoming/"
# A transfer that began before its URL expired may end after it.
SLACK = timedelta(minutes=10)
# One that goes past us is told by nobody. Whoever sends it slowly may end it long after anybody looks for its file.
LATEST = timedelta(hours=1)
ENDED_KEPT = timedelta(days=30)
DAY = timedelta(days=1)
# How often a look at a file is begun whose every try fails: with an outage that is half a day in all.
MOST_LOOKS = 3
CACHED_SECONDS = 60
FIRST_LOOK = timedelta(seconds=2)

# What can be recognised by its structure may be uploaded.
MIME_TYPES = tuple(EXTENSIONS)
MIB = 1024 * 1024
LARGEST_FILE = 1024 * MIB
IMAGES = ["image/jpeg", "image/png", "image/webp"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What an admin allows of one type of upload."""

    mime_types: ListKey
    max_bytes: IntKey


def _limits(kind: str, mime_types: list[str], mebibytes: int) -> Limits:
    return Limits(
        ListKey(f"upload.{kind}.mime_types", mime_types, f"media types accepted for type {kind}", MIME_TYPES),
        IntKey(f"upload.{kind}.max_bytes", mebibytes * MIB, f"maximum size of a file of type {kind}", 1, LARGEST_FILE),
    )


LIMITS = {
    "avatar": _limits("avatar", IMAGES, 5),
    "media": _limits("media", [*IMAGES, "image/gif", "video/mp4"], 50),
    "document": _limits("document", ["application/pdf", "image/jpeg", "image/png"], 10),
}
MAX_PIXELS = IntKey("upload.max_pixels", 50_000_000, "maximum width times height of a picture", 1, 1_000_000_000)
OPEN_SLOTS = IntKey(
    "upload.open_slots",
    50,
    "maximum number of uploads of one account that wait for their file or for its check",
    1,
    1000,
)
DAILY_FILES = IntKey("upload.daily_files", 500, "uploads that one account may request within 24 hours", 1, 100_000)
DAILY_BYTES = IntKey(
    "upload.daily_bytes",
    2048 * MIB,
    "bytes that one account may upload within 24 hours; an unknown size counts as the largest",
    1,
    1024 * 1024 * MIB,
)
URL_TTL_SECONDS = IntKey("upload.url_ttl_seconds", 300, "lifetime of an upload URL", 10, 3600)
API_URL = UrlKey(
    "site.api_url",
    "https://api.bio.re",
    "origin of this API, from which it serves files",
    development="http://127.0.0.1:8000",
)
STORAGE_PROVIDERS = ("local", "s3")
STORAGE_PROVIDER = ChoiceKey(
    "external.storage.active_provider",
    "s3",
    "storage for new files; existing files stay where they are",
    STORAGE_PROVIDERS,
    development="local",
)


@dataclass(frozen=True, slots=True)
class Slot:
    """Room for one file: ``exact_bytes`` when its size was told beforehand, at most ``max_bytes`` else."""

    key: str
    content_type: str
    max_bytes: int
    exact_bytes: int | None
    life: timedelta

    @property
    def most_bytes(self) -> int:
        """What a quota counts before the file is there."""
        return self.max_bytes if self.exact_bytes is None else self.exact_bytes


@dataclass(frozen=True, slots=True)
class SignedUpload:
    """Where the file goes by one PUT, with exactly these headers."""

    url: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Usage:
    """What an account was given within a day. The times say when less will be counted; None where nothing is."""

    open_slots: int
    next_slot_at: datetime | None
    files: int
    bytes: int
    next_free_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What a storage tells of a file without giving it."""

    size: int
    content_type: str


def slot(body: Any, user_id: UUID, name: UUID, config: Config) -> Slot:
    """Raises ApiError error.upload.content_type_not_allowed or error.upload.too_large."""
    kind, content_type, size = body["type"], body["contentType"], body.get("contentLength")
    allowed, max_bytes = config[LIMITS[kind].mime_types], config[LIMITS[kind].max_bytes]
    if content_type not in allowed:
        raise ApiError("error.upload.content_type_not_allowed", allowed=", ".join(allowed))
    if size is not None and size > max_bytes:
        raise ApiError("error.upload.too_large", maxBytes=max_bytes)
    key = f"{FOLDERS[kind]}/{user_id}/{name}.{EXTENSIONS[content_type]}"
    return Slot(key, content_type, max_bytes, size, timedelta(seconds=config[URL_TTL_SECONDS]))


def require_quota(slot: Slot, usage: Usage, now: datetime, config: Config) -> None:
    """Raises ApiError error.upload.too_many_open, daily_files or daily_limit, each with the time to wait."""
    if usage.open_slots >= config[OPEN_SLOTS]:
        raise ApiError("error.upload.too_many_open", retry_after=_seconds_until(usage.next_slot_at, now))
    most, wait = config[DAILY_FILES], _seconds_until(usage.next_free_at, now)
    if usage.files >= most:
        raise ApiError("error.upload.daily_files", retry_after=wait, maxFiles=most)
    most = config[DAILY_BYTES]
    if usage.bytes + slot.most_bytes > most:
        raise ApiError("error.upload.daily_limit", retry_after=wait, maxBytes=most)


def _seconds_until(moment: datetime | None, now: datetime) -> float:
    return max(1.0, (moment - now).total_seconds()) if moment else DAY.total_seconds()


def owner_of(key: str) -> UUID | None:
    """Whose file it is, by its name; None for what is no name of ours."""
    match = KEY.fullmatch(key)
    return UUID(match["owner"]) if match else None


def is_public(key: str) -> bool:
    """Archives are given only to whom they belong to."""
    match = KEY.fullmatch(key)
    return match is not None and match["folder"] != "exports"


def incoming(key: str) -> str:
    """Where the file of this key lies until it was looked at."""
    return INCOMING + key


def is_document(key: str) -> bool:
    return key.startswith("documents/")


def shown_with(key: str) -> dict[str, str]:
    """The headers of a file that everybody may read. What is removed shall vanish soon from caches, too."""
    if not is_public(key):
        return {}
    shown, name = "attachment" if is_document(key) else "inline", key.rpartition("/")[2]
    return {
        "Cache-Control": f"public, max-age={CACHED_SECONDS}, must-revalidate",
        "Content-Disposition": f'{shown}; filename="{name}"',
    }


class Refused(Exception):
    """A file may not stay; ``reason`` is the end of a message's name, ``upload.rejected.…``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def require_claimed(content_type: str, max_bytes: int, stored: StoredFile) -> None:
    """What can be told without reading the file. Raises Refused."""
    if stored.size > max_bytes:
        raise Refused("too_large")
    if stored.content_type != content_type or stored.size == 0:
        raise Refused("not_what_it_claims")


def cleaned(content_type: str, data: Data, max_pixels: int) -> list[Part]:
    """What of a file is kept: all but what tells where, when and with what it was made. Raises Refused."""
    try:
        found = outline(content_type, data)
    except NotUnderstood as fault:
        raise Refused("cannot_be_cleaned") from fault
    except Malformed as fault:
        raise Refused("not_what_it_claims") from fault
    if found.pixels > max_pixels:
        raise Refused("too_many_pixels")
    return found.parts


def is_over(expires_at: datetime, now: datetime) -> bool:
    """Whether a transfer that began while the URL was good is no longer waited for."""
    return expires_at <= now - SLACK


def next_look(created_at: datetime, expires_at: datetime, now: datetime) -> timedelta:
    """The pause before another look for a file that comes past us: four times as long each time, up to the last."""
    return min(max(FIRST_LOOK, 3 * (now - created_at)), expires_at + SLACK - now)


def is_usable(upload: Any, user_id: UUID) -> bool:
    """Whether its owner may show it. One that waits to be looked at counts: nobody else sees it before."""
    if upload is None or upload.user_id != user_id:
        return False
    arrived = upload.uploaded_at is not None or upload.direct
    return upload.status == "STORED" or (upload.status == "PENDING" and arrived)


def upload_view(upload_id: UUID, upload: SignedUpload, public_url: str, slot: Slot) -> wire.PresignedUpload:
    return {
        "uploadId": str(upload_id),
        "uploadUrl": upload.url,
        "publicUrl": public_url,
        "key": slot.key,
        "expiresIn": int(slot.life.total_seconds()),
        "headers": upload.headers,
    }


def status_view(upload: Any, public_url: str, say: Callable[[str], str]) -> wire.UploadStatus:
    return {
        "id": str(upload.id),
        "status": upload.status,
        "reason": upload.reason,
        "message": say(f"upload.rejected.{upload.reason}") if upload.reason else None,
        "publicUrl": public_url,
    }
