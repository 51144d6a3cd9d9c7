"""Links that confirm subscriptions, for the call that asks for one and for the job that sends them again."""

from datetime import datetime, timedelta
from uuid import uuid4

from domain import topics
from domain.config_keys import Config
from domain.creators.subscribers import hourly, link_life
from domain.keys import Digests, DigestsOf, Purpose
from domain.mails import SAME_ADDRESS_MINUTES
from persistence.models import EmailSubscriber
from persistence.repositories import Repositories


class Subscriptions:
    def __init__(self, digests: DigestsOf, config: Config) -> None:
        self._digests = digests
        self._config = config

    async def mail_link(self, db: Repositories, subscriber: EmailSubscriber, now: datetime) -> bool:
        """Mail a new link to an address whose row is held; False where it was mailed enough, or takes no mail."""
        gap = timedelta(minutes=self._config[SAME_ADDRESS_MINUTES])
        if subscriber.mailed_at is not None and subscriber.mailed_at > now - gap:
            return False
        if await db.mail_suppressions.covers(self.refused(subscriber.email), now):
            return False
        counted = self._digests(Purpose.MAIL_QUOTA, "subscribe", subscriber.email)
        if not await db.mail_quotas.take(counted, now, hourly(self._config)):
            return False
        token = uuid4()
        await db.subscribers.note_link(subscriber.id, token, now, now + link_life(self._config))
        await db.outbox.add(topics.ConfirmSubscription(subscriber.id), str(token))
        return True

    def refused(self, email: str) -> Digests:
        """By which an address is known whose server refused a mail for good."""
        return self._digests(Purpose.MAIL_QUOTA, "refused", email)
