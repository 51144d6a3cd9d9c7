"""The languages that people may choose from."""

from typing import get_args

from domain.config_keys import ListKey
from domain.wire.common import Locale

LOCALES: tuple[str, ...] = get_args(Locale)
SUPPORTED_LOCALES = ListKey(
    "platform.supported_locales", list(LOCALES), "locales offered to users; the first is the default", LOCALES, 1
)
