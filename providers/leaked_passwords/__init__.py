"""Lists of leaked passwords, one module each."""

import httpx

from domain.config_keys import Config
from providers.leaked_passwords.pwned_passwords import PwnedPasswords
from providers.ports import LeakedPasswordsProvider


def leaked_passwords_adapters(config: Config, http: httpx.AsyncClient) -> list[LeakedPasswordsProvider]:
    return [PwnedPasswords(config, http)]
