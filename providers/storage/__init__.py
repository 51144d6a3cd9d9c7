"""Where files are kept, one module each."""

from pathlib import Path

import httpx

from domain.config_keys import Config
from providers.ports import StorageProvider
from providers.storage.local import LocalStorage, Sign
from providers.storage.s3 import S3Storage


def storage_adapters(config: Config, http: httpx.AsyncClient, folder: Path, sign: Sign) -> list[StorageProvider]:
    return [LocalStorage(config, folder, sign), S3Storage(config, http)]
