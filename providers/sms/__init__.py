"""The senders of text messages, one module each."""

import httpx

from domain.config_keys import ChoiceKey, Config, ListKey
from providers.ports import MailStore, SmsProvider
from providers.sms.mailbox import MailboxSms
from providers.sms.twilio import TwilioSms
from providers.sms.vonage import VonageSms

PROVIDERS = ("mailbox", "twilio", "vonage")
ACTIVE_PROVIDER = ChoiceKey(
    "external.sms.active_provider",
    "twilio",
    "provider that sends text messages",
    PROVIDERS,
    development="mailbox",
)
FAILOVER_PROVIDERS = ListKey(
    "external.sms.failover_providers", [], "used in this order when the active one fails", PROVIDERS
)


def sms_adapters(config: Config, http: httpx.AsyncClient, mail_store: MailStore, env: str) -> list[SmsProvider]:
    vendors: list[SmsProvider] = [TwilioSms(config, http), VonageSms(config, http)]
    # Readable messages hold live codes: where real people sign in, the mailbox does not exist.
    return vendors if env == "production" else [*vendors, MailboxSms(mail_store)]
