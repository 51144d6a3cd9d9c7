"""Lists of leaked passwords, one module each."""

import httpx

from domain.config_keys import ChoiceKey, Config, ListKey
from providers.leaked_passwords.pwned_passwords import PwnedPasswords
from providers.ports import LeakedPasswordsProvider

PROVIDERS = ("none", "pwned_passwords")
ACTIVE_PROVIDER = ChoiceKey(
    "external.leaked_passwords.active_provider",
    "none",
    "who is asked whether a new password was leaked, by the first five digits of its hash; none for nobody",
    PROVIDERS,
)
FAILOVER_PROVIDERS = ListKey(
    "external.leaked_passwords.failover_providers",
    [],
    "asked in this order when the active one fails; when all do, the password is taken",
    PROVIDERS,
)


def leaked_passwords_adapters(config: Config, http: httpx.AsyncClient) -> list[LeakedPasswordsProvider]:
    return [PwnedPasswords(config, http)]
