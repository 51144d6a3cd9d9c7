"""Settings that a provider cannot do without."""

from domain.config_keys import Config, TextKey
from providers.ports import ProviderUntouched


def required(config: Config, key: TextKey) -> str:
    """What an admin set. Raises ProviderUntouched while the key is empty."""
    value = config[key]
    if not value:
        raise ProviderUntouched(f"{key.name} is empty")
    return value
