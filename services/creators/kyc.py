"""Verifications of identity, between the providers that decide and the rows that say what they decided."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import structlog

from domain.config_keys import Config
from domain.creators.kyc import LIVE, RETURN_URL, KycLook, KycSubject, KycVerdict, settled, shadow, told_of
from domain.errors import ApiError
from domain.keys import Purpose
from domain.webhooks import Hopeless
from persistence.models import CreatorProfile, KycSession, ProviderEvent
from persistence.repositories import Repositories
from providers.families.money import KycFamily
from providers.ports import NoticeSource, ProviderRejected, ProviderUnavailable
from services.keyring import Keyring
from services.money.payouts import PayoutService
from services.webhooks import EVERY_BYTE, SEALED

RETRY_SECONDS = 5

Columns = dict[str, Any]

log = structlog.get_logger(__name__)


class Begun(NamedTuple):
    """``link`` is the sealed URL, where it is the only one that there will be."""

    ref: str
    url: str
    link: bytes | None


class KycDesk:
    """Also what is done with notices of its family (``services.webhooks.NoticeFamily``)."""

    family = "kyc"

    def __init__(
        self,
        providers: KycFamily,
        keyring: Keyring,
        config: Config,
        clock: Callable[[], datetime],
        payouts: PayoutService,
    ) -> None:
        self._providers = providers
        self._keyring = keyring
        self._config = config
        self._clock = clock
        self._payouts = payouts

    @property
    def provider(self) -> str:
        """The one with which tries begin now."""
        return self._providers.active_name

    async def begin(self, session: KycSession) -> Begun:
        """Let the provider know of a try; repeated, of the same one. Raises ApiError service.unavailable."""
        subject = KycSubject(session.id, self._config[RETURN_URL])
        try:
            link = await self._providers.start(session.provider, subject)
        except (ProviderRejected, ProviderUnavailable) as fault:
            raise self._unavailable(session.provider, fault) from fault
        return Begun(link.ref, link.url, self._seal(link.url) if link.lasts else None)

    async def resume(self, session: KycSession) -> str | None:
        """A URL by which a try that was begun goes on; None where the provider has all that it needs.

        Raises ApiError service.unavailable.
        """
        if session.link is not None:
            return self._open(session.link)
        try:
            link = await self._providers.resume(session.provider, session.ref or "")
        except (ProviderRejected, ProviderUnavailable) as fault:
            raise self._unavailable(session.provider, fault) from fault
        return None if link is None else link.url

    def source(self, provider: str) -> NoticeSource | None:
        return self._providers.source(provider)

    async def knows(self, db: Repositories, provider: str, ref: str) -> bool:
        return await db.kyc_sessions.find(provider, ref) is not None

    async def look(self, provider: str, ref: str) -> KycLook:
        at = self._clock()
        try:
            return KycLook(await self._providers.find(provider, ref), at)
        except ProviderRejected as refusal:
            raise Hopeless(str(refusal)) from refusal

    async def look_again(self, session: KycSession) -> KycLook | None:
        """As ``look``, of one that nobody told of. None while the provider cannot tell.

        What it knows no more is over.
        """
        try:
            return await self.look(session.provider, session.ref or "")
        except ProviderUnavailable as fault:
            log.info("kyc.put_off", provider=session.provider, fault=str(fault))
            return None
        except Hopeless:
            return KycLook(KycVerdict("EXPIRED"), self._clock())

    def failed(self, session: KycSession, error: Exception) -> None:
        """A fault of ours in what concerns this verification alone."""
        log.error("kyc.failed", provider=session.provider, session=str(session.id), exc_info=error)

    async def write(self, db: Repositories, event: ProviderEvent, found: KycLook) -> None:
        session = await db.kyc_sessions.find(event.provider, event.object_ref or "")
        if session is not None:
            await self.settle(db, session.user_id, session.id, found)

    async def give_up(self, db: Repositories, event: ProviderEvent) -> None:
        """A verification that nobody here began is nobody's."""

    async def settle(self, db: Repositories, user_id: UUID, session_id: UUID, found: KycLook) -> None:
        """Make the try, and the profile if it is the newest, what the provider says. An older look changes nothing."""
        profile = await db.kyc_sessions.hold_profile(user_id)
        session = await db.kyc_sessions.get(session_id)
        if profile is None or session is None or (session.looked_at is not None and session.looked_at > found.at):
            return
        columns = dict(settled(session, found, self._config))
        newest = await db.kyc_sessions.newest(user_id)
        is_newest = newest is not None and newest.id == session.id
        if not is_newest and columns.get("state") in LIVE:  # one try at a time is under way, and another began
            columns = {"looked_at": found.at}
        columns |= await self._document(db, session, columns, found)
        if found.verdict.name is not None and columns.get("state", session.state) == "APPROVED":
            columns["verified_name"] = self._keyring.seal(Purpose.BANK_DETAILS, found.verdict.name).encode()
        elif columns.get("state", "APPROVED") != "APPROVED":
            columns["verified_name"] = None  # it is shown while the verification stands, and kept no longer
        await db.kyc_sessions.change(session.id, columns)
        if is_newest:
            await self._show(db, profile, session, columns)

    async def _document(self, db: Repositories, session: KycSession, columns: Columns, found: KycLook) -> Columns:
        """Whether another account has the same document is for people to look at; nobody is refused for it."""
        if found.verdict.identity is None or columns.get("state", session.state) != "APPROVED":
            return {}
        hashes = [digest.text for digest in self._keyring.digests(Purpose.KYC_IDENTITY, found.verdict.identity)]
        twin = await db.kyc_sessions.has_twin(session.user_id, hashes)
        await db.kyc_sessions.rehash(hashes[0], hashes[1:])
        if twin and not session.twin:
            await db.audit.record("creator.kyc.same_document", target=session.user_id, session=str(session.id))
        return {"identity_hash": hashes[0], "twin": session.twin or twin}

    async def _show(self, db: Repositories, profile: CreatorProfile, session: KycSession, columns: Columns) -> None:
        state = str(columns.get("state", session.state))
        if state == session.state:
            return
        ended_at = columns.get("ended_at", session.ended_at)
        shown = shadow(state, session.provider, session.ref, ended_at)
        await db.creator_modes.change(profile.id, shown)
        if profile.kyc_status == "APPROVED" != shown["kyc_status"]:
            await self._payouts.cancel_open(db, session.user_id, None, "IDENTITY")
        told: dict[str, Any] = {"provider": session.provider, "session": str(session.id), "status": state}
        await db.audit.record("creator.kyc.verdict", target=session.user_id, **told)
        mail = told_of(session.state, state)
        if mail is not None:
            once = f"kyc:{session.id}:verdict:{columns['changes']}"
            told = {"verdict": mail, "final": int(columns.get("final", False))}
            await db.notifications.notify("kyc_update", session.user_id, told, once)

    def _seal(self, url: str) -> bytes:
        return self._keyring.seal(SEALED, url).encode(EVERY_BYTE)

    def _open(self, link: bytes) -> str:
        """Raises ApiError service.unavailable for a link that was sealed under a secret that is gone."""
        try:
            return self._keyring.unseal(SEALED, link.decode(EVERY_BYTE))
        except ValueError as fault:
            raise ApiError("service.unavailable", retry_after=RETRY_SECONDS) from fault

    def _unavailable(self, provider: str, fault: Exception) -> ApiError:
        log.warning("provider.unavailable", family=self.family, provider=provider, fault=str(fault))
        return ApiError("service.unavailable", retry_after=RETRY_SECONDS)
