# ruff: noqa: RUF001 - letters of many scripts, some of which look alike
"""Search and lists of creators."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.answers.cursors import digest_of, encode
from domain.discover.entries import NOBODY
from tests.creators import Creator, changed, findable, multiplied
from tests.handlers.support import change, insert
from tests.harness import Api, Tables, broken_rules, code_of


def made(api: Api, tables: Tables, username: str, name: str | None = None, bio: str = "", **profile: Any) -> Creator:
    one = findable(api, tables, f"{username}@example.com", username, {"bio": bio}, **profile)
    if name is not None:
        change(tables, "users", one.user_id, display_name=name)
        changed(api, one)
    return one


def on(tables: Tables, api: Api, one: Creator, *platforms: str, categories: tuple[str, ...] = ()) -> None:
    for platform in platforms:
        row = {"user_id": one.user_id, "platform": platform, "platform_user_id": one.username}
        insert(tables, "social_accounts", **row, verified=True, signs_in=False)
    for category in categories:
        tables.run("INSERT INTO creator_categories VALUES (%s, %s)", one.creator_id, category)
    changed(api, one)


def names(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [one["username"] for one in response.json()["data"]["creators"]]


def walked(api: Api, operation_id: str, path: str | None = None, start: str | None = None, **params: Any) -> list[str]:
    """All pages, or all that follow."""
    found: list[str] = []
    cursor = start
    while True:
        asked = params | ({"cursor": cursor} if cursor else {})
        page = api.call(operation_id, path=path, params=asked)
        found += names(page)
        cursor = page.json()["data"]["nextCursor"]
        if cursor is None:
            return found


def sort(api: Api, tables: Tables, *sizes: int) -> None:
    """As the job sorts creators into tiers, for a platform whose first tiers have so many together."""
    query = (
        "SELECT total_messages, total_followers, creator_id FROM creator_search "
        "ORDER BY total_messages DESC, total_followers DESC, creator_id DESC LIMIT 1 OFFSET %s"
    )
    bounds: Any = [tuple(tables.one(query, size - 1).values()) for size in sizes]

    async def work() -> None:
        async with api.server.app.parts.database.unit() as db:
            await db.search_entries.sort(NOBODY, 1000, bounds)

    api.server.on_loop(work())


# How somebody is called, and how others type it.
SPELLINGS = [
    # Turkish
    ("İstanbul Işıkları", "istanbul isiklari"),
    ("İstanbul Işıkları", "ISTANBUL IŞIKLARI"),
    ("Gökçe Çağlar", "gokce caglar"),
    ("Gökçe Çağlar", "GÖKÇE"),
    ("Şule Öztürk", "sule ozturk"),
    ("Şule Öztürk", "Sule Oztürk"),
    ("Ayşegül Yıldız", "aysegul yildiz"),
    ("Ayşegül Yıldız", "AYŞEGÜL YILDIZ"),
    ("Ümit Kıvanç", "umit kivanc"),
    ("Ümit Kıvanç", "ÜMİT"),
    ("Çiğdem Ağaoğlu", "cigdem agaoglu"),
    ("Âşık Veysel", "asik veysel"),
    # German
    ("Jürgen Müller", "jurgen muller"),
    ("Jürgen Müller", "juergen mueller"),
    ("Jurgen Mueller", "jürgen müller"),
    ("Jürgen Müller", "JÜRGEN MÜLLER"),
    ("Jürgen Müller", "Ju\u0308rgen"),
    ("Anna Weiß", "anna weiss"),
    ("Anna Weiss", "weiß"),
    ("Größe Straße", "GROSSE STRASSE"),
    ("Jörg Schäfer", "joerg schaefer"),
    ("Jörg Schäfer", "jorg schafer"),
    ("Käthe Köhler", "KÄTHE"),
    ("Søren Åkesson", "soeren akesson"),
    # Arabic and Persian
    ("أحمد الأمين", "احمد الامين"),
    ("مُحَمَّد", "محمد"),
    ("فاطمة الزهراء", "فاطمه الزهراء"),
    ("ليلى مراد", "ليلي مراد"),
    ("إيمان", "ايمان"),
    ("آدم", "ادم"),
    ("عبـــد الله", "عبد الله"),
    ("علی رضایی", "علي رضايي"),
    ("کریم", "كريم"),
    ("استوديو ٢٤", "استوديو 24"),
    ("مي\u200cخواهم", "ميخواهم"),
    ("مؤمن", "مومن"),
    # Japanese
    ("東京タワー", "東京"),
    ("東京タワー", "タワー"),
    ("さくらもも", "サクラモモ"),
    ("サクラモモ", "さくら"),
    ("ｻｸﾗ", "サクラ"),
    ("ガンダム", "がんだむ"),
    ("カ\u3099ンタ\u3099ム", "ガンダム"),
    ("Ｙｕｋｉ", "yuki"),
    ("山田 太郎", "山田太郎"),
    ("山田太郎", "太郎"),
    ("髙橋みなみ", "みなみ"),
    ("初音ミク", "初音みく"),
    # Hindi
    ("फ़िल्म जगत", "फिल्म जगत"),
    ("ज़रीना", "जरीना"),
    ("चाँद", "चांद"),
    ("राजा हिंदुस्तानी", "राजा"),
    ("लता मंगेशकर", "मंगेशकर"),
    ("मीरा बाई", "मीरा बाई"),
    ("पढ़ाई", "पढाई"),
    ("सितार १२", "सितार 12"),
    ("कृष्णा", "कृष्णा"),
    ("गीता दत्त", "गीता द"),
    ("अनुष्का", "अनुष्"),
    ("सड़क", "सडक"),
]


class TestSearch:
    @pytest.mark.parametrize(("name", "typed"), SPELLINGS)
    def test_a_name_is_found_as_people_type_it(self, name: str, typed: str, api: Api, tables: Tables) -> None:
        made(api, tables, "x1", name)
        made(api, tables, "x2", "Nobody else")
        assert names(api.call("discover.search", params={"query": typed})) == ["x1"]

    def test_vowels_tell_words_apart(self, api: Api, tables: Tables) -> None:
        made(api, tables, "x1", "मीरा")
        assert names(api.call("discover.search", params={"query": "मारी"})) == []

    def test_all_words_are_wanted_and_the_last_may_be_a_beginning(self, api: Api, tables: Tables) -> None:
        made(api, tables, "ada", "Ada Lovelace", "Poetical science")
        made(api, tables, "eve", "Eve Lovelock")
        for query, found in (
            ("ada love", ["ada"]),
            ("love ada", []),
            ("lovelace ada", ["ada"]),
            ("ada science", ["ada"]),
            ("ada eve", []),
            ("lovelo", ["eve"]),
        ):
            assert names(api.call("discover.search", params={"query": query})) == found, query

    def test_names_come_before_what_is_said_in_the_bio(self, api: Api, tables: Tables) -> None:
        made(api, tables, "a1", "Somebody", "music and more")
        made(api, tables, "b1", "Music Box")
        made(api, tables, "music.max")
        assert names(api.call("discover.search", params={"query": "music"})) == ["music.max", "b1", "a1"]

    def test_who_has_exactly_that_username_comes_first(self, api: Api, tables: Tables) -> None:
        made(api, tables, "ada.music", "ada ada ada", total_messages=100)
        made(api, tables, "ada")
        api.server.let_time_come("discover.count")
        for query in ("ada", "@ADA", " Ada "):
            assert names(api.call("discover.search", params={"query": query})) == ["ada", "ada.music"]
        assert walked(api, "discover.search", query="ada", limit=1) == ["ada", "ada.music"]

    def test_platforms_and_categories_are_found_too(self, api: Api, tables: Tables) -> None:
        on(tables, api, made(api, tables, "ada"), "instagram", categories=("poetry",))
        for query in ("instagram", "poetry", "insta"):
            assert names(api.call("discover.search", params={"query": query})) == ["ada"]

    def test_a_username_is_found_with_and_without_what_separates_it(self, api: Api, tables: Tables) -> None:
        made(api, tables, "ada_love")
        for query in ("ada_love", "ada love", "adalove", "adal", "love"):
            assert names(api.call("discover.search", params={"query": query})) == ["ada_love"], query

    def test_a_part_of_a_name_is_found_after_words(self, api: Api, tables: Tables) -> None:
        made(api, tables, "x1", "Gloria")
        made(api, tables, "x2", "Lori")
        assert names(api.call("discover.search", params={"query": "lori"})) == ["x2", "x1"]
        assert walked(api, "discover.search", query="lori", limit=1) == ["x2", "x1"]

    def test_an_initial_begins_a_word(self, api: Api, tables: Tables) -> None:
        made(api, tables, "x1", "Adam Marin")
        made(api, tables, "x2", "M. Marin")
        for query, found in (("m mar", ["x2"]), ("am mar", ["x1"])):
            assert names(api.call("discover.search", params={"query": query})) == found, query

    @pytest.mark.parametrize(
        "typed", ["leonrado", "leonado", "leonardoo", "leonarfo", "lenoardo", "eonardo", "leonard0", "loenardo"]
    )
    def test_a_misspelt_name_is_found(self, typed: str, api: Api, tables: Tables) -> None:
        made(api, tables, "x1", "Leonardo da Vinci")
        made(api, tables, "x2", "Leopold")
        page = api.call("discover.search", params={"query": typed})
        assert names(page) == ["x1"]
        assert page.json()["data"]["nextCursor"] is None

    @pytest.mark.parametrize("typed", ["amhet", "ahmt", "ahmmet", "ahnet", "hmet", "ahme\u0301tt"])
    def test_a_short_misspelt_name_too(self, typed: str, api: Api, tables: Tables) -> None:
        made(api, tables, "x1", "Ahmet")
        assert names(api.call("discover.search", params={"query": typed})) == ["x1"]

    def test_each_word_may_be_misspelt_but_none_may_be_another(self, api: Api, tables: Tables) -> None:
        made(api, tables, "x1", "Mehmet Yılmaz")
        assert names(api.call("discover.search", params={"query": "mehmt yilmza"})) == ["x1"]
        assert names(api.call("discover.search", params={"query": "mehmet ozturk"})) == []

    def test_at_most_300_names_are_compared(self, api: Api, tables: Tables) -> None:
        """The most popular ones."""
        one = made(api, tables, "x1", "Marina", total_followers=9)
        multiplied(tables, 400)
        page = api.call("discover.search", params={"query": "marnia", "limit": 50})
        assert len(names(page)) == 50
        assert page.json()["data"]["creators"][0]["id"] == str(one.creator_id)

    def test_a_query_without_letters_finds_nobody(self, api: Api, tables: Tables) -> None:
        made(api, tables, "ada")
        for query in ("!!", "'':*", "%%", "\\\\", "🎉🎉"):
            assert names(api.call("discover.search", params={"query": query})) == [], query

    @pytest.mark.parametrize("query", ["'ada' | 'eve'", "ada:*", "!ada", "a\\'da", "ada & (", "3ada", "ada%", "a_a"])
    def test_no_query_is_read_as_one_of_the_database(self, query: str, api: Api, tables: Tables) -> None:
        made(api, tables, "ada")
        made(api, tables, "eve")
        assert "eve" not in names(api.call("discover.search", params={"query": query}))

    def test_the_card_is_whole(self, api: Api, tables: Tables) -> None:
        one = made(
            api, tables, "ada", "Ada", "Hi.", level="GOLD", dm_type="PER_MESSAGE", dm_price="4.5", dm_active=True,
            avg_rating="4.5", rating_count=2, total_followers=3,
        )  # fmt: skip
        on(tables, api, one, "instagram", categories=("music",))
        (card,) = api.call("discover.search", params={"query": "ada"}).json()["data"]["creators"]
        assert card == {
            "id": str(one.creator_id), "userId": str(one.user_id), "username": "ada", "displayName": "Ada",
            "avatarUrl": None, "bio": "Hi.", "level": "GOLD", "dmType": "PER_MESSAGE", "dmPrice": "4.50",
            "dmActive": True, "avgRating": "4.50", "ratingCount": 2, "totalFollowers": 3, "platforms": ["INSTAGRAM"],
            "categories": ["music"],
        }  # fmt: skip

    def test_it_may_be_kept_by_caches_and_ignores_the_platform(self, api: Api, tables: Tables) -> None:
        made(api, tables, "ada")
        page = api.call("discover.search", params={"query": "ada", "platform": "tiktok"})
        assert names(page) == ["ada"]
        assert page.headers["Cache-Control"] == "public, s-maxage=300, stale-while-revalidate=600"

    @pytest.mark.parametrize("query", ["a", " a ", "", "x" * 201])
    def test_a_query_has_2_to_200_characters(self, query: str, api: Api) -> None:
        response = api.call("discover.search", params={"query": query})
        assert response.status_code == 400
        assert {field for field, _ in broken_rules(response)} == {"query"}

    def test_while_the_switch_is_thrown_it_refuses(self, api: Api) -> None:
        api.server.configure(**{"kill_switch.DISCOVER": True})
        for operation, path in (("discover.search", None), ("discover.category", "/discover/category/x")):
            response = api.call(operation, path=path, params={"query": "ada"})
            assert (response.status_code, code_of(response)) == (503, "features.discover_disabled")


class TestWalks:
    def test_each_is_shown_once_whatever_the_size_of_a_page(self, api: Api, tables: Tables) -> None:
        """Whole words of two tiers, then parts of words."""
        for number in range(12):
            made(api, tables, f"ann{number}", "Ann", "ann " * (number % 3), total_messages=number)
            made(api, tables, f"x{number}", f"Joann{number}")
        api.server.let_time_come("discover.count")
        sort(api, tables, 3, 9, 18)
        assert tables.one("SELECT count(DISTINCT tier) AS n FROM creator_search") == {"n": 4}
        whole = names(api.call("discover.search", params={"query": "ann", "limit": 50}))
        assert len(set(whole)) == len(whole) == 24
        for limit in (1, 5, 12, 13, 23):
            assert walked(api, "discover.search", query="ann", limit=limit) == whole

    def test_who_goes_or_comes_meanwhile_moves_nobody(self, api: Api, tables: Tables) -> None:
        all_of_them = {f"ann{number}": made(api, tables, f"ann{number}", "Ann") for number in range(9)}
        first = api.call("discover.search", params={"query": "ann", "limit": 3})
        shown = names(first)
        change(tables, "bio_pages", all_of_them[shown[-1]].page_id, published=False)
        changed(api, all_of_them[shown[-1]])  # the very row that the cursor stands at
        made(api, tables, "ann99", "Ann")
        rest = walked(api, "discover.search", start=first.json()["data"]["nextCursor"], query="ann", limit=3)
        assert set(shown) | set(rest) >= set(all_of_them)
        assert not set(shown) & set(rest)

    def test_a_search_leads_to_500_at_most(self, api: Api, tables: Tables) -> None:
        made(api, tables, "ann", "Ann")
        multiplied(tables, 600)
        assert len(walked(api, "discover.search", query="ann", limit=50)) == 500

    @pytest.mark.parametrize("sort", ["recent", "popular", "rating"])
    def test_a_list_is_walked_in_its_order(self, sort: str, api: Api, tables: Tables) -> None:
        for number in range(7):
            profile: Any = {
                "total_messages": number % 3,
                "total_followers": number % 2,
                "avg_rating": number % 4 or None,
            }
            one = made(api, tables, f"u{number}", **profile, rating_count=number % 2)
            on(tables, api, one, "tiktok")
        path = "/discover/category/tiktok"
        whole = names(api.call("discover.category", path=path, params={"sort": sort}))
        assert len(whole) == 7
        for limit in (1, 2, 3):
            assert walked(api, "discover.category", path, sort=sort, limit=limit) == whole

    @pytest.mark.parametrize(
        "other",
        [{"query": "bob"}, {"query": "ann", "platform": "X"}],
    )
    def test_a_cursor_of_another_search_is_refused(self, other: dict[str, str], api: Api, tables: Tables) -> None:
        made(api, tables, "ann1", "Ann")
        made(api, tables, "ann2", "Ann")
        cursor = api.call("discover.search", params={"query": "ann", "limit": 1}).json()["data"]["nextCursor"]
        for given in (cursor, "nonsense", cursor[:-2], cursor + "A"):
            response = api.call("discover.search", params=other | {"cursor": given})
            assert (response.status_code, code_of(response)) == (400, "discover.invalid_cursor")

    def test_a_cursor_that_no_search_has_made_is_refused(self, api: Api) -> None:
        digest = digest_of({"": "discover.search", "query": "ann", "platform": None})
        for keys in ((-8, 1, uuid4()), (0, 1, uuid4()), (4000, 1, uuid4()), (9, -1, uuid4()), (9, 2**40, uuid4())):
            response = api.call("discover.search", params={"query": "ann", "cursor": encode("", keys, digest)})
            assert (response.status_code, code_of(response)) == (400, "discover.invalid_cursor")
        good = encode("", (9, 1, uuid4()), digest)
        assert names(api.call("discover.search", params={"query": "ann", "cursor": good})) == []

    @pytest.mark.parametrize(
        ("path", "params"),
        [
            ("/discover/category/twitch", {}),
            ("/discover/category/tiktok", {"sort": "popular"}),
            ("/discover/category/tiktok", {"category": "music"}),
            ("/discover/category/tiktok", {"dmType": "FREE"}),
        ],
    )
    def test_a_cursor_of_another_list_is_refused(
        self, path: str, params: dict[str, str], api: Api, tables: Tables
    ) -> None:
        for name in ("ada", "eve"):
            on(tables, api, made(api, tables, name), "tiktok")
        page = api.call("discover.category", path="/discover/category/TikTok", params={"limit": 1})
        cursor = page.json()["data"]["nextCursor"]
        response = api.call("discover.category", path=path, params=params | {"cursor": cursor})
        assert (response.status_code, code_of(response)) == (400, "discover.invalid_cursor")


class TestCategory:
    def test_lists_who_has_a_verified_account_there(self, api: Api, tables: Tables) -> None:
        on(tables, api, made(api, tables, "ada"), "instagram", "tiktok")
        on(tables, api, made(api, tables, "eve"), "tiktok")
        unproven = made(api, tables, "bob")
        row = {"user_id": unproven.user_id, "platform": "tiktok", "platform_user_id": "1"}
        insert(tables, "social_accounts", **row, verified=False, signs_in=False)
        changed(api, unproven)
        for platform, found in (("TIKTOK", ["eve", "ada"]), ("instagram", ["ada"]), ("tik", []), ("tiktok-", [])):
            assert names(api.call("discover.category", path=f"/discover/category/{platform}")) == found, platform

    def test_the_filters_narrow_it_together(self, api: Api, tables: Tables) -> None:
        on(tables, api, made(api, tables, "ada", dm_type="FREE"), "tiktok", categories=("music", "art"))
        on(tables, api, made(api, tables, "eve", dm_type="SINGLE_PAY"), "tiktok", categories=("music",))
        on(tables, api, made(api, tables, "bob", dm_type="FREE"), "twitch", categories=("music",))
        for params, found in (
            ({"category": "music"}, {"ada", "eve"}),
            ({"category": " MUSIC "}, {"ada", "eve"}),
            ({"category": "art"}, {"ada"}),
            ({"dmType": "FREE"}, {"ada"}),
            ({"category": "music", "dmType": "SINGLE_PAY"}, {"eve"}),
            ({"category": "art", "dmType": "SINGLE_PAY"}, set()),
            ({"category": "mus"}, set()),
            ({"category": "no such category"}, set()),
        ):
            response = api.call("discover.category", path="/discover/category/tiktok", params=params)
            assert set(names(response)) == found, params

    def test_the_orders(self, api: Api, tables: Tables) -> None:
        for name, columns in (
            ("ada", {"total_messages": 5}),
            ("bob", {"total_messages": 9, "avg_rating": "4.1", "rating_count": 9}),
            ("eve", {"avg_rating": "4.9", "rating_count": 1}),
        ):
            on(tables, api, made(api, tables, name, **columns), "tiktok")
        for sort, found in (
            ("recent", ["eve", "bob", "ada"]),
            ("popular", ["bob", "ada", "eve"]),
            ("rating", ["eve", "bob", "ada"]),
            (None, ["eve", "bob", "ada"]),
        ):
            params = {"sort": sort} if sort else {}
            assert names(api.call("discover.category", path="/discover/category/tiktok", params=params)) == found

    def test_nobody_on_vacation_is_listed(self, api: Api, tables: Tables) -> None:
        one = made(api, tables, "ada")
        on(tables, api, one, "tiktok")
        change(tables, "creator_profiles", one.creator_id, vacation_mode=True)
        changed(api, one)
        assert names(api.call("discover.category", path="/discover/category/tiktok")) == []

    @pytest.mark.parametrize("params", [{"sort": "newest"}, {"dmType": "free"}, {"limit": 0}, {"limit": 51}])
    def test_what_is_no_filter_is_refused(self, params: dict[str, Any], api: Api) -> None:
        response = api.call("discover.category", path="/discover/category/tiktok", params=params)
        assert (response.status_code, code_of(response)) == (400, "validation.failed")
