import asyncio
import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from providers.geoip.cdn_header import CdnHeader
from providers.geoip.maxmind import RECHECK_SECONDS, MaxMind
from tests.providers.conftest import DatabaseMaker
from tests.providers.fakes import FakeConfig

MAGIC = b"\xab\xcd\xefMaxMind.com"
PATH = "external.geoip.maxmind.path"
TURKEY = {"country": {"iso_code": "TR"}}
GERMANY = {"country": {"iso_code": "DE"}, "city": {"names": {"en": "Berlin"}}, "registered_country": {"iso_code": "US"}}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def maxmind(config: FakeConfig, clock: Clock) -> MaxMind:
    return MaxMind(config, monotonic=clock)


def country(source: MaxMind | CdnHeader, ip: str | None, cdn_country: str | None = None) -> str | None:
    return asyncio.run(source.country(ip, cdn_country))


class TestCdnHeader:
    @pytest.mark.parametrize(("header", "known"), [("TR", "TR"), ("de", "DE"), ("gB", "GB")])
    def test_two_letters_are_a_country(self, header: str, known: str) -> None:
        assert country(CdnHeader(), "203.0.113.7", header) == known

    @pytest.mark.parametrize(
        "header",
        [None, "", "XX", "xx", "T1", "t1", "T", "TUR", "TR\n", " TR", "T\x00", "\u0422R", "\u0131s", "ß", "١٢", "12"],
    )
    def test_anything_else_is_unknown(self, header: str | None) -> None:
        assert country(CdnHeader(), "203.0.113.7", header) is None


class TestLookup:
    def test_country_and_city_databases_tell_the_country(
        self, config: FakeConfig, maxmind: MaxMind, make_database: DatabaseMaker
    ) -> None:
        config[PATH] = make_database({"203.0.113.0/24": TURKEY, "2001:db8::/32": GERMANY})
        assert country(maxmind, "203.0.113.7") == "TR"
        assert country(maxmind, "2001:db8::1") == "DE"
        assert country(maxmind, "::ffff:203.0.113.7") == "TR"

    def test_the_cdns_word_is_not_its_business(
        self, config: FakeConfig, maxmind: MaxMind, make_database: DatabaseMaker
    ) -> None:
        config[PATH] = make_database({"203.0.113.0/24": TURKEY})
        assert country(maxmind, "203.0.113.7", "FR") == "TR"

    @pytest.mark.parametrize("ip", [None, "198.51.100.1", "::1"])
    def test_an_unlisted_address_is_unknown_and_no_fault(
        self, config: FakeConfig, maxmind: MaxMind, make_database: DatabaseMaker, ip: str | None
    ) -> None:
        config[PATH] = make_database({"203.0.113.0/24": TURKEY})
        with capture_logs() as logs:
            assert country(maxmind, ip) is None
        assert logs == []

    @pytest.mark.parametrize("record", [{}, {"country": {}}, {"country": "TR"}, {"country": {"iso_code": 7}}, "TR"])
    def test_a_record_without_a_country_is_unknown(
        self, config: FakeConfig, maxmind: MaxMind, make_database: DatabaseMaker, record: object
    ) -> None:
        config[PATH] = make_database({"203.0.113.0/24": record})
        assert country(maxmind, "203.0.113.7") is None

    def test_many_at_once(self, config: FakeConfig, maxmind: MaxMind, make_database: DatabaseMaker) -> None:
        config[PATH] = make_database({"203.0.113.0/24": TURKEY})

        async def ask() -> list[str | None]:
            return await asyncio.gather(*(maxmind.country(f"203.0.113.{n}", None) for n in range(50)))

        assert asyncio.run(ask()) == ["TR"] * 50


class TestReopening:
    def test_a_replaced_file_is_noticed_after_a_minute(
        self, config: FakeConfig, maxmind: MaxMind, clock: Clock, make_database: DatabaseMaker
    ) -> None:
        config[PATH] = make_database({"203.0.113.0/24": TURKEY})
        assert country(maxmind, "203.0.113.7") == "TR"
        os.utime(make_database({"203.0.113.0/24": GERMANY}), (1, 1))
        clock.now += RECHECK_SECONDS - 1
        assert country(maxmind, "203.0.113.7") == "TR"
        clock.now += 1
        assert country(maxmind, "203.0.113.7") == "DE"

    def test_another_path_is_noticed_at_once(
        self, config: FakeConfig, maxmind: MaxMind, make_database: DatabaseMaker
    ) -> None:
        config[PATH] = make_database({"203.0.113.0/24": TURKEY})
        assert country(maxmind, "203.0.113.7") == "TR"
        config[PATH] = make_database({"203.0.113.0/24": GERMANY}, name="other.mmdb")
        assert country(maxmind, "203.0.113.7") == "DE"
        config[PATH] = ""
        assert country(maxmind, "203.0.113.7") is None

    def test_a_file_that_comes_late_is_found(
        self, config: FakeConfig, maxmind: MaxMind, clock: Clock, make_database: DatabaseMaker, tmp_path: Path
    ) -> None:
        config[PATH] = str(tmp_path / "geo.mmdb")
        assert country(maxmind, "203.0.113.7") is None
        make_database({"203.0.113.0/24": TURKEY})
        clock.now += RECHECK_SECONDS
        assert country(maxmind, "203.0.113.7") == "TR"


class TestFaults:
    @pytest.mark.parametrize("content", [None, b"", b"not a database", MAGIC, MAGIC + b"\xe0"])
    def test_an_unusable_file_is_told_once_and_knows_nothing(
        self, config: FakeConfig, maxmind: MaxMind, tmp_path: Path, content: bytes | None
    ) -> None:
        if content is not None:
            (tmp_path / "broken.mmdb").write_bytes(content)
        config[PATH] = str(tmp_path / "broken.mmdb")
        with capture_logs() as logs:
            assert [country(maxmind, "203.0.113.7") for _ in range(3)] == [None] * 3
        assert [line["event"] for line in logs] == ["geoip.database_unusable"]

    def test_an_address_that_cannot_be_asked_is_told_once_and_not_by_name(
        self, config: FakeConfig, maxmind: MaxMind, make_database: DatabaseMaker
    ) -> None:
        config[PATH] = make_database({"203.0.113.0/24": TURKEY}, ip_version=4)
        with capture_logs() as logs:
            assert [country(maxmind, ip) for ip in ("2001:db8::1", "testclient", "203.0.113.7")] == [None, None, "TR"]
        assert [line["event"] for line in logs] == ["geoip.lookup_failed"]
        assert "2001:db8" not in repr(logs)
