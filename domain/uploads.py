"""What may be uploaded, under which name it is kept, and whether its bytes are what they claim to be."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import puremagic

from domain.config_keys import Config
from domain.errors import ApiError

# Only what can be recognised by its bytes may be uploaded.
EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "application/pdf": "pdf",
}
FOLDERS = {"avatar": "avatars", "media": "media", "document": "documents"}
TYPES = tuple(FOLDERS)
STATUSES = ("PENDING", "STORED", "REJECTED", "DELETED")
KEY = re.compile(r"(?P<folder>avatars|media|documents|exports)/(?P<owner>[0-9a-f-]{36})/[0-9a-f-]{36}\.[a-z0-9]{2,4}")
HEAD_BYTES = 4096
# A transfer that began before its URL expired may end after it.
SLACK = timedelta(minutes=10)
ENDED_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Slot:
    """Room for one file: ``exact_bytes`` when its size was told beforehand, at most ``max_bytes`` else."""

    key: str
    content_type: str
    max_bytes: int
    exact_bytes: int | None
    life: timedelta


@dataclass(frozen=True, slots=True)
class SignedUpload:
    """Where the file goes by one PUT, with exactly these headers."""

    url: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What a storage tells of a file without giving it."""

    size: int
    content_type: str


def slot(body: Any, user_id: UUID, name: UUID, config: Config) -> Slot:
    """Raises ApiError error.upload.content_type_not_allowed or error.upload.too_large."""
    kind, content_type, size = body["type"], body["contentType"], body.get("contentLength")
    allowed, max_bytes = config[f"upload.{kind}.mime_types"], config[f"upload.{kind}.max_bytes"]
    if content_type not in allowed:
        raise ApiError("error.upload.content_type_not_allowed", allowed=", ".join(allowed))
    if size is not None and size > max_bytes:
        raise ApiError("error.upload.too_large", maxBytes=max_bytes)
    key = f"{FOLDERS[kind]}/{user_id}/{name}.{EXTENSIONS[content_type]}"
    return Slot(key, content_type, max_bytes, size, timedelta(seconds=config["upload.url_ttl_seconds"]))


def owner_of(key: str) -> UUID | None:
    """Whose file it is, by its name; None for what is no name of ours."""
    match = KEY.fullmatch(key)
    try:
        return UUID(match["owner"]) if match else None
    except ValueError:
        return None


def is_public(key: str) -> bool:
    """Archives are given only to whom they belong to."""
    match = KEY.fullmatch(key)
    return match is not None and match["folder"] != "exports"


def is_document(key: str) -> bool:
    return key.startswith("documents/")


def fault_of(content_type: str, max_bytes: int, stored: StoredFile, head: bytes) -> str | None:
    """Why a file may not stay: it is larger than allowed, or not what it claims to be. None when it may."""
    if stored.size > max_bytes:
        return "too_large"
    if stored.content_type != content_type or content_type not in _looks(head):
        return "not_what_it_claims"
    return None


def _looks(head: bytes) -> set[str]:
    """The media types that begin like this."""
    try:
        return {match.mime_type for match in puremagic.magic_string(head)}
    except (puremagic.PureError, ValueError):
        return set()


def upload_view(upload: SignedUpload, public_url: str, slot: Slot) -> dict[str, Any]:
    return {
        "uploadUrl": upload.url,
        "publicUrl": public_url,
        "key": slot.key,
        "expiresIn": int(slot.life.total_seconds()),
        "headers": upload.headers,
    }
