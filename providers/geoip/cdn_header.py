"""The country that the CDN in front of us put into a header."""

import re

_COUNTRY = re.compile(r"[A-Za-z]{2}")
# The CDN's way to say unknown. Its T1, for the Tor network, is no country code either and has a digit.
_UNKNOWN = "XX"


class CdnHeader:
    name = "cdn_header"

    async def country(self, ip: str | None, cdn_country: str | None) -> str | None:
        if cdn_country is None or _COUNTRY.fullmatch(cdn_country) is None:
            return None
        country = cdn_country.upper()
        return None if country == _UNKNOWN else country

    async def probe(self) -> str:
        return "reads a header of the request; there is nobody to ask"
