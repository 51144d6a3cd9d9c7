"""Which hosts a picture may lie at: whoever looks at it calls them."""

from uuid import uuid4

import pytest

from domain.errors import ApiError
from domain.users.avatars import avatar_columns, has_public_host

SOMEBODY = uuid4()


class TestHosts:
    @pytest.mark.parametrize("host", ["cdn.bio.re", "a.b-c.example", "CDN.Bio.RE", "xn--bcher-kva.com", "1.2.3.4.com"])
    def test_public_ones_are_good(self, host: str) -> None:
        assert has_public_host(f"https://{host}/a.png")

    @pytest.mark.parametrize(
        "host",
        ["localhost", "a.localhost", "printer.local", "nas.lan", "db.internal", "x.home.arpa", "1.0.0.127.in-addr.arpa",
         "x.onion", "a.test", "a.invalid", "host.corp", "intranet", "127.0.0.1", "10.0.0.1", "0x7f.1", "2130706433",
         "[::1]", "a..bio.re", "-a.bio.re", "a-.bio.re", "a_b.bio.re", "." * 3 + "re", "a" * 64 + ".bio.re",
         "a." * 127 + "re"],
    )  # fmt: skip
    def test_others_are_not(self, host: str) -> None:
        assert not has_public_host(f"https://{host}/a.png")

    @pytest.mark.parametrize("url", ["http://127.0.0.1:22/x", "http://localhost:6379/"])
    def test_this_machine_is_only_where_it_is_the_developers(self, url: str) -> None:
        kept = avatar_columns(url, None, None, SOMEBODY, loopback=True)
        assert kept == {"avatar_url": url, "avatar_key": None}
        with pytest.raises(ApiError, match=r"error\.user\.avatar_not_allowed"):
            avatar_columns(url, None, None, SOMEBODY, loopback=False)
