"""What a person agreed to, or did not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.users.consents import consent_view

if TYPE_CHECKING:
    from handlers.needs import Body, Client, Principal, Repositories

# ``list`` names the operation; the built-in is not needed here.


async def list(principal: Principal, db: Repositories, max_items: int) -> Any:  # noqa: A001
    return [consent_view(row) for row in await db.consents.list_for(principal.user_id, max_items)]


async def record(body: Body, principal: Principal, db: Repositories, client: Client) -> dict[str, Any]:
    await db.users.require_present(principal.user_id)
    kind, version = body["documentType"], body["documentVersion"]
    return {"id": str(await db.consents.add(principal.user_id, kind, version, body["accepted"], client))}
