"""Links that confirm subscriptions, for the call that asks for one and the job that sends them again, and their end."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from domain import topics
from domain.config_keys import Config
from domain.creators.subscribers import SUPPRESSED_FOR, daily, hourly, link_life
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
        left_alone = self.refused(subscriber.email) + self._declined(subscriber.email)
        left_alone += self._declined(subscriber.email, subscriber.page_id)
        if await db.mail_suppressions.covers(left_alone, now):
            return False
        of_hour = self._digests(Purpose.MAIL_QUOTA, "subscribe", subscriber.email)
        of_day = self._digests(Purpose.MAIL_QUOTA, "subscribe by day", subscriber.email)
        allowed = [(of_hour, hourly(self._config)), (of_day, daily(self._config))]
        if not await db.mail_quotas.take_all(now, allowed):
            return False
        token = uuid4()
        await db.subscribers.note_link(subscriber.id, token, now, now + link_life(self._config))
        await db.outbox.add(topics.ConfirmSubscription(subscriber.id), str(token))
        return True

    async def end(self, db: Repositories, subscriber_id: UUID, now: datetime) -> bool:
        """False when there is no such subscription. Who ends one unconfirmed is not asked again for a while."""
        ended = await db.subscribers.unsubscribe(subscriber_id, now)
        if ended is not None and ended.declined:
            # Creators know the ids of whom they were shown. Their calls keep the mails of no other page from anybody.
            declined = self._declined(ended.email, ended.page_id if ended.was_listed else None)
            await db.mail_suppressions.add(declined, now + SUPPRESSED_FOR)
        return ended is not None

    def refused(self, email: str) -> Digests:
        """By which an address is known whose server refused a mail for good."""
        return self._digests(Purpose.MAIL_QUOTA, "refused", email)

    def _declined(self, email: str, page_id: UUID | None = None) -> Digests:
        """By which an address is known whose owner wants no such mail: of the page, or of any."""
        return self._digests(Purpose.MAIL_QUOTA, "declined", email, *([str(page_id)] if page_id else []))
