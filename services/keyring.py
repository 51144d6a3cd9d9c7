"""Keys for every purpose, derived from the one secret of the deployment, and sealing of what must be read back."""

import hashlib
import hmac
import os
from collections.abc import Mapping
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.keys import Digest, Digests, Purpose

KEY_BYTES = 32
NONCE_BYTES = 12


def _derive(secret: str, purpose: str) -> bytes:
    """HKDF (RFC 5869)."""
    return HKDF(SHA256(), KEY_BYTES, salt=b"biore", info=purpose.encode()).derive(secret.encode())


class Keyring:
    """``secrets``: the deployment's secrets, the one in use first, then those that are only known.

    Each has a key id of its own. Known are retired secrets, and one that is about to come into use.
    """

    def __init__(self, secrets: tuple[str, ...]) -> None:
        if not secrets:
            raise ValueError("a keyring needs a secret")
        self._secrets = {hashlib.sha256(b"kid:" + secret.encode()).hexdigest()[:8]: secret for secret in secrets}
        self.current = next(iter(self._secrets))
        self.keys = cache(self._keys)

    def _keys(self, purpose: str) -> Mapping[str, bytes]:
        """Key id -> key for one purpose; the current one first. Raises ValueError for what is no ``Purpose``."""
        return {kid: _derive(secret, Purpose(purpose)) for kid, secret in self._secrets.items()}

    def key(self, purpose: str) -> bytes:
        return self.keys(purpose)[self.current]

    def digests(self, purpose: str, *parts: str) -> Digests:
        """Keyed hashes: equal inputs are recognised, but nobody without the secret can try candidates.

        One under each known secret, the current one first: what was written under another is found all the same.
        """
        message = b"\0".join(part.encode() for part in parts)
        return tuple(Digest(kid, hmac.digest(key, message, hashlib.sha256)) for kid, key in self.keys(purpose).items())

    def seal(self, purpose: str, clear: str, kid: str | None = None) -> str:
        """``<key id>.<hex>`` of AES-256-GCM, under the current secret unless ``kid`` names another."""
        kid, nonce = kid or self.current, os.urandom(NONCE_BYTES)
        return f"{kid}.{(nonce + AESGCM(self.keys(purpose)[kid]).encrypt(nonce, clear.encode(), None)).hex()}"

    def unseal(self, purpose: str, sealed: str) -> str:
        """The clear text. Raises ValueError when it was sealed under a secret that is gone, or tampered with."""
        kid, _, text = sealed.partition(".")
        key = self.keys(purpose).get(kid)
        if key is None:
            raise ValueError(f"sealed under the unknown key {kid}")
        raw = bytes.fromhex(text)
        try:
            return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None).decode()
        except InvalidTag:
            raise ValueError("the sealed text was tampered with") from None
