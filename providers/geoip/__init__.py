"""The sources of a client's country, one module each."""

from domain.config_keys import Config
from providers.geoip.cdn_header import CdnHeader
from providers.geoip.maxmind import MaxMind
from providers.ports import GeoIpProvider


def geoip_adapters(config: Config) -> list[GeoIpProvider]:
    return [CdnHeader(), MaxMind(config)]
