"""What keys are for. One secret of the deployment gives a key for each purpose (services/keyring.py)."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Purpose(StrEnum):
    """Every use of the secret. ``tests/handlers/test_rotation.py`` rotates it with work of each in flight."""

    # Signatures that clients hand back: made with the current secret, accepted under each that is known.
    ACCESS_TOKEN = "access-token"  # noqa: S105 - the name of a purpose
    REFRESH_TOKEN = "refresh-token"  # noqa: S105
    CONTENT_PREVIEW = "content-preview"
    DEVICE = "device"
    EXPORT_LINK = "export-link"
    SANDBOX = "sandbox"
    UPLOAD_URL = "upload-url"
    # Sealed texts: ``<key id>.<hex>``, opened with the key that they name.
    BANK_DETAILS = "bank-details"
    CONFIG = "config"
    FORMER_CREDENTIALS = "former-credentials"
    IDEMPOTENCY = "idempotency"
    OAUTH_CLIENT = "oauth-client"
    OUTBOX = "outbox"
    PROVIDER_EVENT = "provider-event"
    RECOVERY = "account-recovery"
    SIGNING_KEY = "signing-key"
    SOCIAL_TOKEN = "social-token"  # noqa: S105
    TAX_FORM = "tax-form"
    TOTP = "totp"
    # Digests that are kept: made with the current secret, looked up under each that is known.
    AUDIT_ADDRESS = "audit-address"
    AUDIT_SEAL = "audit-seal"
    BACKUP_CODE = "backup-code"
    CONFIG_FINGERPRINT = "config-fingerprint"
    KNOWN_NETWORK = "known-network"
    KYC_IDENTITY = "kyc-identity"
    OTP_CODE = "otp-code"
    TOMBSTONE = "tombstone"
    # Claims and counters: written under every secret that is known, so that nodes with different lists meet in one row.
    # Only a code that is sent again counts under one, that of its challenge, which keeps no other.
    IDEMPOTENCY_CALLER = "idempotency-caller"
    IDEMPOTENCY_FINGERPRINT = "idempotency-fingerprint"
    LOGIN_ATTEMPTS = "login-attempts"
    MAIL_QUOTA = "mail-quota"
    OTP_PHONE = "otp-phone"
    PASSWORD_GUESSES = "password-guesses"  # noqa: S105
    TWO_FACTOR_ATTEMPTS = "two-factor-attempts"


@dataclass(frozen=True, slots=True)
class Digest:
    """A keyed hash and the id of its key."""

    kid: str
    value: bytes

    @property
    def text(self) -> str:
        return f"{self.kid}.{self.value.hex()}"


Digests: TypeAlias = tuple[Digest, ...]
"""Of one thing under each known secret, the current one first."""
DigestsOf: TypeAlias = Callable[..., Digests]
"""As ``Keyring.digests``: of a purpose and the parts of what is hashed."""
