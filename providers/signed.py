"""Signatures of notices: ``t=<unix seconds>,v1=<hex>[,v1=…]``, each HMAC-SHA256 over ``<t>.<raw body>``.

Any of several may be right, so that a provider can sign with two secrets while one takes the other's place; and any of
our secrets, for the same reason.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime

from domain.webhooks import RawNotice
from providers.ports import ProviderRejected

TOLERANCE = 300
"""Seconds that a signature may be old, or ahead of our clock."""
LONGEST = 4096
MOMENT = re.compile(r"[0-9]{1,12}")


def signature(secret: str, body: bytes, moment: int) -> str:
    return hmac.digest(secret.encode(), b"%d." % moment + body, hashlib.sha256).hex()


def signed(secret: str, body: bytes, now: datetime) -> str:
    """The header of a notice."""
    moment = int(now.timestamp())
    return f"t={moment},v1={signature(secret, body, moment)}"


def require_signed(notice: RawNotice, header: str, secrets: Sequence[str], now: datetime) -> None:
    """Raises ProviderRejected unless one of the secrets signed the body within the last minutes.

    How long it takes tells nothing of the secrets: every signature is compared with each of ours, to the end.
    """
    moment, given = _read(notice.only(header))
    if abs(now.timestamp() - moment) > TOLERANCE:
        raise ProviderRejected("the signature is of another time")
    ours = [signature(secret, notice.body, moment).encode() for secret in secrets if secret]
    found = [hmac.compare_digest(one, other) for one in ours for other in given]
    if not any(found):
        raise ProviderRejected("none of the signatures is right")


def _read(value: str | None) -> tuple[int, list[bytes]]:
    """When it was signed, and the signatures. Raises ProviderRejected for what is none, or stands there twice."""
    if value is None or len(value) > LONGEST:
        raise ProviderRejected("there is no signature")
    parts = [part.partition("=") for part in value.split(",")]
    moments = [text for name, _, text in parts if name == "t"]
    if len(moments) != 1 or not MOMENT.fullmatch(moments[0]):
        raise ProviderRejected("the signature names no time")
    given = [text.encode() for name, _, text in parts if name == "v1"]
    if not given:
        raise ProviderRejected("there is no signature of a known scheme")
    return int(moments[0]), given
