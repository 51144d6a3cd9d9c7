"""The senders of mail, one module each."""

from domain.config_keys import Config
from providers.email.mailbox import MailboxEmail
from providers.email.smtp import SmtpEmail
from providers.ports import EmailProvider, MailStore


def email_adapters(config: Config, mail_store: MailStore, env: str) -> list[EmailProvider]:
    servers: list[EmailProvider] = [SmtpEmail("smtp", config), SmtpEmail("smtp_secondary", config)]
    # Readable mails hold live sign-in links: where real people sign in, the mailbox does not exist.
    return servers if env == "production" else [*servers, MailboxEmail(mail_store)]
