from datetime import UTC, datetime, timedelta
from typing import Any

from tests.content import BEGAN, day, published
from tests.harness import Api, Server


def announce(server: Server, title: str, **given: Any) -> None:
    times = {name: given.pop(name).isoformat() for name in ("startsAt", "endsAt") if name in given}
    published(server, "announcement", title=title, **({"type": "INFO"} | given | times))


def titles(api: Api) -> list[str]:
    return [one["title"] for one in api.call("content.announcements.list").json()["data"]]


class TestList:
    def test_the_last_begun_comes_first_and_those_without_a_beginning_last(self, server: Server, api: Api) -> None:
        announce(server, "always")
        announce(server, "older", startsAt=day(2), type="INCIDENT")
        announce(server, "newer", startsAt=day(3), html="<p>Hi<script>x</script></p>", type="FEATURE")
        assert titles(api) == ["newer", "older", "always"]
        response = api.call("content.announcements.list")
        assert response.headers["cache-control"] == "public, s-maxage=60"
        assert response.json()["data"][0] == {
            "title": "newer",
            "content": "<p>Hi</p>",
            "type": "FEATURE",
            "locale": "en",
            "startsAt": "2026-01-03T00:00:00.000Z",
            "endsAt": None,
        }

    def test_neither_before_its_beginning_nor_after_its_end(self, server: Server, api: Api) -> None:
        now = datetime.now(UTC)
        hour = timedelta(hours=1)
        announce(server, "over", startsAt=BEGAN, endsAt=now - hour)
        announce(server, "to come", startsAt=now + hour)
        announce(server, "now", startsAt=now - hour, endsAt=now + hour)
        assert titles(api) == ["now"]

    def test_its_end_shortens_how_long_the_list_is_kept(self, server: Server, api: Api) -> None:
        announce(server, "ending", endsAt=datetime.now(UTC) + timedelta(seconds=20))
        told = api.call("content.announcements.list").headers["cache-control"]
        assert 10 < int(told.removeprefix("public, s-maxage=")) <= 20

    def test_there_are_fifty_at_most(self, server: Server, api: Api) -> None:
        for number in range(51):
            announce(server, f"{number}", startsAt=BEGAN + timedelta(hours=number))
        assert titles(api) == [str(number) for number in range(50, 0, -1)]
