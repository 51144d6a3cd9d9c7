"""Which cookies visitors accept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.auth import PRIVACY_VERSION
from domain.content.cookies import policy_view, status_view
from domain.legal import COOKIES

if TYPE_CHECKING:
    from domain.wire import content as wire
    from handlers.needs import Client, Config, Principal, Repositories, SayIn


async def save(
    body: wire.CookieConsentRequest, principal: Principal | None, db: Repositories, client: Client, config: Config
) -> None:
    user_id = principal.user_id if principal is not None else None
    if user_id is not None:
        await db.users.require_present(user_id)
    whence = client if body["analytics"] else client._replace(ip=None)
    await db.consents.add(user_id, COOKIES, config[PRIVACY_VERSION], any(body.values()), whence, body)


async def status(principal: Principal | None, db: Repositories, config: Config) -> wire.CookieConsentStatus:
    chosen_for = await db.consents.last_version(principal.user_id, COOKIES) if principal is not None else None
    return status_view(config[PRIVACY_VERSION], chosen_for)


async def policy(say_in: SayIn) -> wire.CookiePolicy:
    return policy_view(say_in)
