"""Settings that a provider cannot do without."""

from domain.config_keys import Config, TextKey
from providers.ports import ProviderUnavailable


def required(config: Config, key: TextKey) -> str:
    """What an admin set. Raises ProviderUnavailable while the key is empty."""
    value = config[key]
    if not value:
        raise ProviderUnavailable(f"{key.name} is empty")
    return value
