from datetime import UTC, datetime, timedelta

from tests.content import category, published
from tests.handlers.support import statements
from tests.harness import Api, Server


class TestCategories:
    def test_each_counts_what_is_shown_of_it(self, server: Server, api: Api) -> None:
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        second = category(server, "help", "billing", sort_order=2, description="Money", icon="coin")
        first = category(server, "help", "account", sort_order=1, icon_background="#E8F0FE")
        category(server, "help", "hidden", active=False)
        category(server, "help", "konto", locale="de")
        category(server, "blog", "news")
        published(server, "article", "one", categoryId=first)
        published(server, "article", "two", categoryId=first)
        published(server, "article", "zwei", "de", categoryId=first)
        published(server, "article", "later", categoryId=second, at=tomorrow)
        with statements(server) as asked:
            found = api.call("content.help.categories").json()["data"]
        assert len(asked) == 3
        assert found == [
            {
                "id": first,
                "slug": "account",
                "name": "account",
                "description": None,
                "icon": None,
                "iconBackground": "#E8F0FE",
                "sortOrder": 1,
                "articleCount": 2,
            },
            {
                "id": second,
                "slug": "billing",
                "name": "billing",
                "description": "Money",
                "icon": "coin",
                "iconBackground": None,
                "sortOrder": 2,
                "articleCount": 0,
            },
        ]
        german = api.call("content.help.categories", params={"locale": "de"}).json()["data"]
        assert [one["slug"] for one in german] == ["konto"]
