"""Lists of leaked passwords, one module each."""

import httpx

from domain.config_keys import ChoiceKey, Config, ListKey
from providers.leaked_passwords.pwned_passwords import PwnedPasswords
from providers.ports import LeakedPasswordsProvider

PROVIDERS = ("none", "pwned_passwords")
ACTIVE_PROVIDER = ChoiceKey(
    "external.leaked_passwords.active_provider",
    "none",
    "provider that looks new passwords up by the first five digits of their hash; none disables the check",
    PROVIDERS,
)
FAILOVER_PROVIDERS = ListKey(
    "external.leaked_passwords.failover_providers",
    [],
    "used in this order when the active one fails; if all fail, the password is accepted",
    PROVIDERS,
)


def leaked_passwords_adapters(config: Config, http: httpx.AsyncClient) -> list[LeakedPasswordsProvider]:
    return [PwnedPasswords(config, http)]
