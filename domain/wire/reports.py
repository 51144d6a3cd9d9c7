"""Generated from the contract by `make spec`."""

from typing import Literal, NotRequired, TypeAlias, TypedDict


ReportCategory: TypeAlias = Literal["SPAM", "SCAM", "IMPERSONATION", "HARASSMENT", "HATE_SPEECH", "VIOLENCE", "SELF_HARM", "SEXUAL_CONTENT", "CHILD_SAFETY", "ILLEGAL_GOODS", "INTELLECTUAL_PROPERTY", "PRIVACY", "OTHER"]


class SubmitReportRequest(TypedDict):
    targetType: Literal["USER", "BIO", "LINK"]
    targetId: str
    category: ReportCategory
    explanation: str
    name: NotRequired[str]
    email: NotRequired[str]
    goodFaith: Literal[True]


class Report(TypedDict):
    id: str
