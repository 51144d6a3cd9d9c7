"""What a person agreed to, or did not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.users.consents import consent_views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.wire import users as wire
    from handlers.needs import Client, Config, Principal, Repositories


async def list(  # noqa: A001
    principal: Principal, db: Repositories, config: Config, max_items: int
) -> Sequence[wire.Consent]:
    return consent_views(await db.consents.list_for(principal.user_id, max_items), config)


async def record(
    body: wire.RecordConsentRequest, principal: Principal, db: Repositories, client: Client
) -> wire.ConsentRecord:
    await db.users.require_present(principal.user_id)
    kind, version = body["documentType"], body["documentVersion"]
    return {"id": str(await db.consents.add(principal.user_id, kind, version, body["accepted"], client))}
