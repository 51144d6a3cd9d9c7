"""The sources of a client's country, one module each."""

from domain.config_keys import ChoiceKey, Config, ListKey
from providers.geoip.cdn_header import CdnHeader
from providers.geoip.maxmind import MaxMind
from providers.ports import GeoIpProvider

PROVIDERS = ("none", "cdn_header", "maxmind")
ACTIVE_PROVIDER = ChoiceKey(
    "external.geoip.active_provider", "cdn_header", "first source of a client's country", PROVIDERS
)
FAILOVER_PROVIDERS = ListKey(
    "external.geoip.failover_providers", ["maxmind"], "used in this order when the first finds nothing", PROVIDERS
)


def geoip_adapters(config: Config) -> list[GeoIpProvider]:
    return [CdnHeader(), MaxMind(config)]
