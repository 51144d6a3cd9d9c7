"""Sign-in through another platform: what a client may hand in, what a platform vouches for, what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.errors import ApiError
from domain.presenting import presented
from domain.users import Client
from domain.wire import auth as wire

# People sign in through these; the names are for mails.
PLATFORM_NAMES = {"google": "Google", "apple": "Apple", "x": "X"}
# Creators connect accounts there; nobody signs in through them.
CONNECT_ONLY = (
    "discord",
    "facebook",
    "github",
    "instagram",
    "linkedin",
    "pinterest",
    "reddit",
    "spotify",
    "threads",
    "tiktok",
    "twitch",
    "youtube",
)
PLATFORMS = (*PLATFORM_NAMES, *CONNECT_ONLY)


CLOCK_SKEW = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """What a platform knows us by, as an admin entered it. An endpoint that is None is the adapter's own.

    ``client_id`` is the web client's. ``audiences`` are further ids of ours at the platform, of apps on phones, whose
    id tokens are accepted as well.
    """

    platform: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    redirect_uri: str | None = None
    issuer: str | None = None
    jwks_uri: str | None = None
    token_endpoint: str | None = None
    userinfo_endpoint: str | None = None
    audiences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OAuthProof:
    """What a client got from the platform: an id token bound to its ``nonce``, or a code to be exchanged."""

    id_token: str | None = field(default=None, repr=False)
    nonce: str | None = None
    code: str | None = field(default=None, repr=False)
    code_verifier: str | None = field(default=None, repr=False)
    redirect_uri: str | None = None


@dataclass(frozen=True, slots=True)
class OAuthIdentity:
    """Who somebody is at a platform.

    ``authoritative``: the platform keeps the mailbox of the address, so that its word is good today. Others verified it
    once, and it may be somebody else's by now. ``digest`` names the id token that said so, to be kept until
    ``expires_at``. ``entered_at``: when the person last signed in there, where the platform tells. ``issued_at``: when
    the id token was made.
    """

    platform: str
    subject: str
    email: str | None = None
    email_verified: bool = False
    authoritative: bool = False
    display_name: str | None = None
    username: str | None = None
    digest: bytes | None = None
    expires_at: datetime | None = None
    entered_at: datetime | None = None
    issued_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """Who came, from where, and when. ``verification``: the token of the mail that asks to prove the address."""

    identity: OAuthIdentity
    client: Client
    country: str | None
    now: datetime
    verification: UUID | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """How a visit ended: with a session, with the question for the second factor, or refused."""

    user_id: UUID
    is_new: bool
    session_id: UUID | None = None
    temp_token: UUID | None = None
    refusal: str | None = None


class ConcurrentChange(Exception):
    """Another call for the same person was faster; what it left behind decides anew."""


def proof_of(body: Mapping[str, Any], within: str = "") -> OAuthProof:
    """What the request proves an identity with. Raises ApiError validation.failed when something of it is missing.

    ``within``: where it stands in the body, such as ``platform.``.
    """
    missing = [within + name for name in _needed(body) if name not in body]
    if missing:
        raise ApiError("validation.failed", details=[{"field": name, "rule": "required"} for name in missing])
    # Where both were sent the id token counts: it is here already, and a code may be meant for another exchange.
    code = None if "idToken" in body and body["provider"] != "x" else body.get("code")
    return OAuthProof(
        id_token=None if code else body.get("idToken"),
        nonce=body.get("nonce"),
        code=code,
        code_verifier=body.get("codeVerifier"),
        redirect_uri=body.get("redirectUri"),
    )


def _needed(body: Mapping[str, Any]) -> tuple[str, ...]:
    if body["provider"] == "x":
        return ("code", "codeVerifier")
    if "idToken" in body:
        return ("nonce",)
    return () if "code" in body else ("idToken", "code")


def may_claim(identity: OAuthIdentity, email: str, email_verified: bool) -> bool:
    """Whether the platform proves the address of an account that never proved it itself."""
    return identity.email_verified and identity.email == email and not email_verified


def proves_owner(identity: OAuthIdentity, email: str) -> bool:
    """Whether who came reads the mail of the address now."""
    return identity.authoritative and identity.email_verified and identity.email == email


def is_recent(identity: OAuthIdentity, now: datetime, life: timedelta) -> bool:
    """Whether the person signed in there just now, as far as the platform tells: a session kept open is no proof.

    Where it does not tell, the id token is as young at least: one that was kept is no proof either.
    """
    entered = identity.entered_at is None or identity.entered_at + life > now
    return entered and (identity.issued_at is None or identity.issued_at + life + CLOCK_SKEW > now)


def client_view(client: Any) -> wire.OAuthClient:
    return presented(wire.OAuthClient, client)
