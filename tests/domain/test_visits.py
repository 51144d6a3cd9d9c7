from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import uuid7
from domain.creators.visits import OTHERS, VALUES_PER_DAY, referring_host, visitor_of
from persistence.creators.visits import bounded
from services.devices import kind_of

APPLE = "AppleWebKit/605.1.15 Version/17.4 Mobile/15E148 Safari/604.1"
CHROME = "AppleWebKit/537.36 Chrome/124.0.0.0 Safari/537.36"
MOBILE = "AppleWebKit/537.36 Chrome/124.0.0.0 Mobile Safari/537.36"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


class TestKind:
    @pytest.mark.parametrize(
        ("user_agent", "kind"),
        [
            (f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) {APPLE}", "mobile"),
            (f"Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) {APPLE}", "tablet"),
            (f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {MOBILE}", "mobile"),
            (f"Mozilla/5.0 (Linux; Android 14; SM-X910) {CHROME}", "tablet"),
            (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME}", "desktop"),
            (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {CHROME}", "desktop"),
            ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", None),
            ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/124.0.0.0 Safari/537.36", None),
            ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", None),
            ("curl/8.5.0", None),
            ("python-httpx/0.28.1", None),
            ("", None),
            (None, None),
        ],
    )  # fmt: skip
    def test_people_have_a_device_and_programs_none(self, user_agent: str | None, kind: str | None) -> None:
        assert kind_of(user_agent) == kind


class TestReferrer:
    @pytest.mark.parametrize(
        ("referrer", "host"),
        [
            ("https://www.instagram.com/ada/", "instagram.com"),
            ("HTTPS://L.Instagram.com:443/?u=1", "l.instagram.com"),
            ("https://bio.re/ada", None),
            ("https://www.bio.re/ada", None),
            ("android-app://com.twitter.android", None),
            ("javascript:alert(1)", None),
            ("https://[::1", None),
            ("", None),
            (None, None),
        ],
    )
    def test_of_a_foreign_page_the_host_is_kept(self, referrer: str | None, host: str | None) -> None:
        assert referring_host(referrer, frozenset({"bio.re"})) == host

    @given(st.text(max_size=300))
    def test_whatever_comes_it_is_short_and_in_lower_case(self, text: str) -> None:
        for referrer in (text, f"https://{text}"):
            host = referring_host(referrer, frozenset())
            assert host is None or (0 < len(host) <= 253 and host == host.lower() and "/" not in host)


class TestVisitor:
    def test_another_day_page_or_person_is_another_one(self) -> None:
        page = uuid4()
        hashes = {
            visitor_of(b"a", page, "n", "u"), visitor_of(b"b", page, "n", "u"), visitor_of(b"a", uuid4(), "n", "u"),
            visitor_of(b"a", page, "m", "u"), visitor_of(b"a", page, "nu"),
        }  # fmt: skip
        assert len(hashes) == 5
        assert visitor_of(b"a", page, "n", "u") in hashes


class TestIds:
    @given(st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1)), st.binary(min_size=10, max_size=10))  # noqa: DTZ001
    def test_they_are_of_version_7_and_sort_by_time(self, moment: datetime, random: bytes) -> None:
        at = moment.replace(tzinfo=UTC)
        made = uuid7(at, random)
        assert (made.version, made.variant) == (7, RFC_4122)
        assert made < uuid7(at + timedelta(seconds=1), bytes(10))
        assert made.int >> 80 == int(at.timestamp() * 1000)


class TestBounds:
    @given(st.dictionaries(st.integers(0, 500).map(str), st.integers(1, 5), min_size=1), st.integers(0, VALUES_PER_DAY))
    def test_no_visit_is_lost_and_no_more_values_are_kept_apart(self, counts: dict[str, int], there: int) -> None:
        known = {str(number) for number in range(there)}
        kept = bounded(counts, known)
        assert kept.total() == sum(counts.values())
        assert len(known | set(kept) - {OTHERS}) <= VALUES_PER_DAY
        assert Counter({k: v for k, v in counts.items() if k in known}) <= kept
