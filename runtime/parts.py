"""What the API, the worker and the commands have in common. Nothing of the web, so that a command starts fast."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from persistence.database import Database
from providers.observing import nobody
from providers.ports import ObserveAttempt
from providers.registry import Providers, build_providers
from runtime import spec
from runtime.config import LiveConfig
from runtime.i18n import Texts
from runtime.keyring import Keyring
from runtime.mailer import MailStorage
from runtime.settings import Settings

OUTBOX = "outbox"
UPLOADS = "upload-url"


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Parts:
    settings: Settings
    contract: spec.Contract
    keyring: Keyring
    database: Database
    config: LiveConfig
    texts: Texts
    providers: Providers

    async def close(self) -> None:
        await self.providers.aclose()
        await self.database.close()


def build_parts(settings: Settings, database_url: str, observe: ObserveAttempt = nobody) -> Parts:
    """``observe`` is told of each call of a provider."""
    contract = spec.load()
    keyring = Keyring(settings.secrets)
    database = Database(database_url, seal=partial(keyring.seal, OUTBOX))
    origin = settings.own_origin
    own_origin = {"site.base_url": origin, "site.api_url": origin} if settings.development else {}
    config = LiveConfig(database, keyring, settings.env, contract.policies, own_origin)
    texts = Texts(contract.errors)
    files, sign = settings.data_dir / "uploads", partial(keyring.digest, UPLOADS)
    providers = build_providers(config, MailStorage(database), settings.env, files, sign, observe)
    return Parts(settings, contract, keyring, database, config, texts, providers)
