"""Views of a page and clicks on its links, by whoever looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from domain.wire import creators as wire
    from handlers.needs import Client, GeoIp, Principal, Visits


async def click(
    bio_page_id: str,
    body: wire.TrackClickRequest,
    principal: Principal | None,
    client: Client,
    geoip: GeoIp,
    visits: Visits,
) -> wire.Tracked:
    country = await geoip.country(client.ip, client.cdn_country)
    await visits.count(UUID(bio_page_id), UUID(body["linkId"]), client, principal, country, body.get("visitorId"))
    return {"tracked": True}


async def view(
    bio_page_id: str,
    body: wire.TrackViewRequest,
    principal: Principal | None,
    client: Client,
    geoip: GeoIp,
    visits: Visits,
) -> wire.Tracked:
    country = await geoip.country(client.ip, client.cdn_country)
    referrer = body.get("referrer")
    await visits.count(UUID(bio_page_id), None, client, principal, country, body.get("visitorId"), referrer)
    return {"tracked": True}
