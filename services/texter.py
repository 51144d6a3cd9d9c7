"""Text messages: words from the locales, the active provider with its failover."""

from typing import Any

from contract.texts import Texts
from domain.auth.sms import Sms
from domain.jobs import Job
from domain.topics import Topic
from providers.families.messages import SmsFamily
from providers.ports import RecordAttempt


class Texter:
    """Of one job: every attempt is handed to ``record``."""

    def __init__(self, sms: SmsFamily, texts: Texts, record: RecordAttempt) -> None:
        self._sms = sms
        self._texts = texts
        self._record = record

    async def send(self, job: Job[Topic], template: str, *, to: str, locale: str, **variables: Any) -> None:
        """``template`` names the key ``sms.<template>`` in ``messages.json``.

        Raises ProviderUnavailable or ProviderRejected.
        """
        text = self._texts.say(locale, "messages", f"sms.{template}", **variables)
        await self._sms.send(Sms(job.id, to, text, locale), self._record)
