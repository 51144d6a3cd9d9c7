"""URLs under which others find our operations."""

from collections.abc import Mapping

from domain.config_keys import Config
from domain.upload import API_URL


class OperationUrls:
    """``paths``: that of each operation, from the root of the API on."""

    def __init__(self, config: Config, paths: Mapping[str, str]) -> None:
        self._config = config
        self._paths = paths

    def of(self, name: str, **values: str) -> str:
        """``values``: those of the parameters in the path, which need no escaping."""
        return self._config[API_URL].rstrip("/") + self._paths[name].format(**values)
