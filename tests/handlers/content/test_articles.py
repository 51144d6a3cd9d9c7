from tests.content import category, day, published
from tests.harness import Api, Server, broken_rules, code_of


def slugs(api: Api, **params: object) -> list[str]:
    response = api.call("content.articles.list", params=params)
    assert response.status_code == 200, response.text
    return [article["slug"] for article in response.json()["data"]["items"]]


class TestList:
    def test_the_newest_come_first_in_one_language(self, server: Server, api: Api) -> None:
        account = category(server, "help", "account", name="Account")
        for number in range(1, 4):
            published(server, "article", f"article-{number}", at=day(number), categoryId=account)
        published(server, "article", "artikel", "de", categoryId=account)
        assert slugs(api) == ["article-3", "article-2", "article-1"]
        assert slugs(api, locale="de") == ["artikel"]
        assert slugs(api, page=2, limit=2) == ["article-1"]
        told = api.call("content.articles.list", params={"limit": 2}).json()["data"]
        assert (told["total"], told["totalPages"]) == (3, 2)
        assert told["items"][0] == {
            "slug": "article-3",
            "title": "article-3",
            "excerpt": None,
            "icon": None,
            "readTimeMinutes": 1,
            "isFeatured": False,
            "publishedAt": "2026-01-03T00:00:00.000Z",
            "category": {"name": "Account", "slug": "account"},
        }

    def test_by_category(self, server: Server, api: Api) -> None:
        account, hidden = category(server, "help", "account"), category(server, "help", "hidden", active=False)
        published(server, "article", "one", categoryId=account)
        published(server, "article", "two", categoryId=hidden)
        assert slugs(api, category="account") == ["one"]
        assert slugs(api, category="hidden") == slugs(api, category="nowhere") == []
        listed = api.call("content.articles.list").json()["data"]["items"]
        assert {article["slug"]: article["category"] for article in listed}["two"] is None

    def test_only_the_word_true_asks_for_featured_ones(self, server: Server, api: Api) -> None:
        published(server, "article", "plain", at=day(1))
        published(server, "article", "star", at=day(2), isFeatured=True)
        assert slugs(api, featured="true") == ["star"]
        for other in ("false", "1", "TRUE", ""):
            assert slugs(api, featured=other) == ["star", "plain"]


class TestSearch:
    def test_it_looks_in_title_excerpt_and_text(self, server: Server, api: Api) -> None:
        published(server, "article", "in-title", title="Reset your Password", at=day(1))
        published(server, "article", "in-excerpt", excerpt="a forgotten password", at=day(2))
        published(server, "article", "in-text", html="<p>The <b>pass</b>word\n is <i>gone</i></p>", at=day(3))
        published(server, "article", "nowhere", html='<p><a href="https://x.org/password">link</a></p>', at=day(4))
        assert slugs(api, search="PASSWORD") == ["in-text", "in-excerpt", "in-title"]
        assert slugs(api, search="password is gone") == ["in-text"]
        assert slugs(api, search="  password\u200b  ", limit=1, page=2) == ["in-excerpt"]
        assert slugs(api, search="no such thing") == []

    def test_letters_that_read_alike_are_one(self, server: Server, api: Api) -> None:
        published(server, "article", "tr", title="İSTANBUL nerede? Çalışmak")  # noqa: RUF001
        published(server, "article", "zh", title="重置密码")
        for typed in ("istanbul", "ISTANBUL", "ıstanbul", "calismak"):  # noqa: RUF001
            assert slugs(api, search=typed) == ["tr"]
        assert slugs(api, search="密码") == ["zh"]

    def test_signs_of_patterns_are_signs(self, server: Server, api: Api) -> None:
        published(server, "article", "percent", title="100% yours", at=day(1))
        published(server, "article", "under", title="snake_case", at=day(2))
        published(server, "article", "back", title=r"C:\new /etc", at=day(3))
        assert slugs(api, search="0% y") == ["percent"]
        assert slugs(api, search="e_c") == ["under"]
        assert slugs(api, search="\\") == ["back"]
        assert slugs(api, search="/e") == ["back"]
        assert slugs(api, search="%%") == slugs(api, search="s__") == slugs(api, search="%_") == []

    def test_a_search_for_nothing_is_none(self, server: Server, api: Api) -> None:
        published(server, "article", "one")
        assert slugs(api, search="") == slugs(api, search=" \u200b ") == ["one"]

    def test_together_with_everything_else(self, server: Server, api: Api) -> None:
        account = category(server, "help", "account")
        published(server, "article", "wanted", categoryId=account, isFeatured=True, title="Password")
        published(server, "article", "elsewhere", isFeatured=True, title="Password")
        published(server, "article", "plain", categoryId=account, title="Password")
        assert slugs(api, category="account", featured="true", search="pass") == ["wanted"]


class TestFind:
    def test_who_has_it_is_told_so(self, server: Server, api: Api) -> None:
        published(server, "article", "help")
        tag = api.call("content.articles.find", path="/public/help/articles/help").headers["etag"]
        again = api.call("content.articles.find", path="/public/help/articles/help", headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")

    def test_it_is_found_in_whatever_language_it_is(self, server: Server, api: Api) -> None:
        account = category(server, "help", "account", name="Account")
        words = "Wort " * 401
        published(server, "article", "hilfe", "de", html=f"<p>{words}</p>", icon="key", categoryId=account, excerpt="E")
        found = api.call("content.articles.find", path="/public/help/articles/hilfe").json()["data"]
        assert found.pop("content").startswith("<p>Wort")
        assert found == {
            "slug": "hilfe",
            "title": "hilfe",
            "excerpt": "E",
            "icon": "key",
            "readTimeMinutes": 3,
            "publishedAt": "2026-01-01T00:00:00.000Z",
            "category": {"name": "Account", "slug": "account"},
        }

    def test_what_is_no_article_is_not_found(self, server: Server, api: Api) -> None:
        published(server, "post", "hello")
        response = api.call("content.articles.find", path="/public/help/articles/hello")
        assert (response.status_code, code_of(response)) == (404, "content.article.not_found")

    def test_what_is_no_name_is_told(self, api: Api) -> None:
        response = api.call("content.articles.find", path="/public/help/articles/no--name")
        assert broken_rules(response) == {("slug", "pattern")}
