"""The senders of mail, one module each."""

from domain.config_keys import ChoiceKey, Config, ListKey
from providers.email.mailbox import MailboxEmail
from providers.email.smtp import SmtpEmail
from providers.ports import EmailProvider, MailStore

PROVIDERS = ("mailbox", "smtp", "smtp_secondary")
ACTIVE_PROVIDER = ChoiceKey(
    "external.email.active_provider", "smtp", "provider that sends mail", PROVIDERS, development="mailbox"
)
FAILOVER_PROVIDERS = ListKey(
    "external.email.failover_providers", [], "used in this order when the active one fails", PROVIDERS
)


def email_adapters(config: Config, mail_store: MailStore, env: str) -> list[EmailProvider]:
    servers: list[EmailProvider] = [SmtpEmail("smtp", config), SmtpEmail("smtp_secondary", config)]
    # Readable mails hold live sign-in links: where real people sign in, the mailbox does not exist.
    return servers if env == "production" else [*servers, MailboxEmail(mail_store)]
