"""Time-based one-time codes (RFC 6238) and backup codes."""

import base64
import hmac
from collections.abc import Callable
from datetime import timedelta

import pyotp

from domain.config_keys import IntKey
from domain.mails import Allowance

TOTP_WINDOW = IntKey("auth.totp_window", 1, "30-second steps by which an authenticator's clock may differ", 0, 5)
BACKUP_CODE_COUNT = IntKey("auth.backup_code_count", 10, "number of backup codes of a second factor", 1, 50)

ISSUER = "BIO.RE"
STEP_SECONDS = 30
DIGITS = 6
SECRET_BYTES = 20
CHALLENGE_LIFE = timedelta(minutes=5)
CHALLENGE_TRIES = 5
FAILURES_BEFORE_WARNING = 5
WARNINGS = Allowance(gap=timedelta(hours=1), most=24)
FAILURES_BEFORE_LOCK = 10
LOCK_SECONDS = 900
BACKUP_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
BACKUP_LENGTH = 8


def new_secret(random_bytes: Callable[[int], bytes]) -> str:
    """160 random bits in Base32, as RFC 4226 (section 4) asks for."""
    return base64.b32encode(random_bytes(SECRET_BYTES)).decode()


def matching_step(secret: str, code: str, unix_time: float, window: int) -> int | None:
    """The time step whose code this is, within ``window`` steps around now; None for none."""
    now = int(unix_time) // STEP_SECONDS
    steps = range(now - window, now + window + 1)
    codes = pyotp.HOTP(secret)
    matches = [step for step in steps if hmac.compare_digest(codes.at(step), code)]
    return matches[0] if matches else None


def is_totp(code: str) -> bool:
    return len(code) == DIGITS and code.isascii() and code.isdigit()


def otpauth_url(secret: str, account: str) -> str:
    """What authenticator apps read from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)


def backup_codes(count: int, random_bytes: Callable[[int], bytes]) -> list[str]:
    """``XXXX-XXXX`` of an alphabet without look-alikes; its 32 letters divide a byte evenly."""
    codes: set[str] = set()
    while len(codes) < count:
        letters = "".join(BACKUP_ALPHABET[byte % len(BACKUP_ALPHABET)] for byte in random_bytes(BACKUP_LENGTH))
        codes.add(f"{letters[:4]}-{letters[4:]}")
    return sorted(codes)
