"""The pages that links in mails lead to: the one table of them, for who writes the links and who shows the pages."""

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from domain.config_keys import Config, UrlKey

BASE_URL = UrlKey("site.base_url", "https://bio.re", "base URL of links in mails", development="http://127.0.0.1:8000")


@dataclass(frozen=True, slots=True)
class MailedPage:
    """``path``: one for all languages. ``site``: the config key of the site that has it, by those whom it is for."""

    path: str
    site: UrlKey = BASE_URL

    def link(self, token: str) -> "Link":
        return Link(self, token)


@dataclass(frozen=True, slots=True)
class Link:
    page: MailedPage
    token: str

    def written(self, config: Config, locale: str) -> str:
        """The page speaks the language of the mail."""
        site = urlsplit(config[self.page.site])
        path = f"{site.path.rstrip('/')}/{self.page.path}"
        query = urlencode({"token": self.token, "lang": locale})
        return site._replace(path=path, query=query, fragment="").geturl()


VERIFY_EMAIL = MailedPage("verify-email")
VERIFY_EMAIL_CHANGE = MailedPage("verify-email-change")
RESET_PASSWORD = MailedPage("reset-password")
REACTIVATE = MailedPage("reactivate")
UNDO_CHANGE = MailedPage("undo-change")
APPEAL = MailedPage("appeal")
STOP_RECOVERY = MailedPage("stop-recovery")
CONFIRM_RECOVERY = MailedPage("confirm-recovery")
CONFIRM_SUBSCRIPTION = MailedPage("subscribe/confirm")

MAILED_PAGES = (
    VERIFY_EMAIL,
    VERIFY_EMAIL_CHANGE,
    RESET_PASSWORD,
    REACTIVATE,
    UNDO_CHANGE,
    APPEAL,
    STOP_RECOVERY,
    CONFIRM_RECOVERY,
    CONFIRM_SUBSCRIPTION,
)
