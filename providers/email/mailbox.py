"""The development mailbox: mails are kept where a developer can read them and reach nobody."""

from providers.ports import Mail, MailStore


class MailboxEmail:
    name = "mailbox"

    def __init__(self, store: MailStore) -> None:
        self._store = store

    async def send(self, mail: Mail) -> None:
        await self._store.add(mail)

    async def probe(self) -> str:
        return "mails are kept in the database and reach nobody"
