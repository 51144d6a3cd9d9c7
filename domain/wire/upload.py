"""Generated from the contract by `make spec`."""

from typing import Literal, NotRequired, TypedDict


class PresignRequest(TypedDict):
    type: Literal["avatar", "media", "document"]
    contentType: str
    contentLength: NotRequired[int]


class PresignedUpload(TypedDict):
    uploadId: str
    uploadUrl: str
    publicUrl: str
    key: str
    expiresIn: int
    headers: dict[str, str]


class UploadStatus(TypedDict):
    id: str
    status: Literal["PENDING", "STORED", "REJECTED", "DELETED"]
    reason: Literal["too_large", "not_what_it_claims", "too_many_pixels", "cannot_be_cleaned", "not_checked", None]
    message: str | None
    publicUrl: str
