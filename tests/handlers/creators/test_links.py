"""Links of a bio page, as their owner changes them."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.creators import Creator, creator, link, signed_in
from tests.handlers.support import change
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.moderation import ruled

SHOP = {"title": "My shop", "url": "https://shop.example.com/"}
VIDEO = "dQw4w9WgXcQ"
START, END = "2026-05-01T10:00:00+02:00", "2026-05-02T10:00:00+02:00"
NOT_SENT = {"id", "isSocial", "platform", "statementId"}
OF_PAGES = ["link_title", "link_url"]


class Owner:
    """A creator at work."""

    def __init__(self, api: Api, tables: Tables, **options: Any) -> None:
        self._api, self._tables = api, tables
        self.one: Creator = creator(api, tables, **options)
        self.headers = signed_in(api, self.one)

    def add(self, creator_id: Any = None, **fields: Any) -> httpx.Response:
        path = f"/creators/{creator_id or self.one.creator_id}/links"
        return self._api.call("creators.links.add", SHOP | fields, path=path, headers=self.headers)

    def added(self, **fields: Any) -> Any:
        response = self.add(**fields)
        assert response.status_code == 201, response.text
        return response.json()["data"]

    def update(self, link_id: Any, **fields: Any) -> httpx.Response:
        return self._api.call("creators.links.update", fields, path=f"/creators/links/{link_id}", headers=self.headers)

    def updated(self, link_id: Any, **fields: Any) -> Any:
        response = self.update(link_id, **fields)
        assert response.status_code == 200, response.text
        return response.json()["data"]

    def delete(self, link_id: Any) -> httpx.Response:
        return self._api.call("creators.links.delete", path=f"/creators/links/{link_id}", headers=self.headers)

    def reorder(self, link_ids: list[Any], creator_id: Any = None) -> httpx.Response:
        path = f"/creators/{creator_id or self.one.creator_id}/links/reorder"
        body = {"linkIds": [str(link_id) for link_id in link_ids]}
        return self._api.call("creators.links.reorder", body, path=path, headers=self.headers)

    def link(self, **columns: Any) -> UUID:
        return link(self._tables, self.one.page_id, **columns)

    def row(self, link_id: Any) -> dict[str, Any]:
        return self._tables.one("SELECT * FROM bio_links WHERE id = %s", UUID(str(link_id)))

    def profile(self, **columns: Any) -> None:
        change(self._tables, "creator_profiles", self.one.creator_id, **columns)

    @property
    def version(self) -> int:
        return int(self._tables.one("SELECT version FROM bio_pages WHERE id = %s", self.one.page_id)["version"])

    def order(self) -> list[UUID]:
        rows = self._tables.rows(
            "SELECT id FROM bio_links WHERE page_id = %s ORDER BY sort_order, created_at, id", self.one.page_id
        )
        return [row["id"] for row in rows]


@pytest.fixture
def ada(api: Api, tables: Tables) -> Owner:
    return Owner(api, tables)


@pytest.fixture
def eve(ada: Owner, api: Api, tables: Tables) -> Owner:
    """Another creator."""
    return Owner(api, tables, email="eve@example.com", username="eve")


def told(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, code_of(response)


def without_page(owner: Owner, tables: Tables) -> None:
    tables.run("DELETE FROM bio_pages WHERE id = %s", owner.one.page_id)


class TestAdd:
    def test_answers_the_link_as_it_is_kept(self, ada: Owner) -> None:
        added = ada.added(icon=" shop ", scheduledStart=START, scheduledEnd=END)
        row = ada.row(added.pop("id"))
        assert added == {
            "title": "My shop",
            "url": "https://shop.example.com/",
            "icon": "shop",
            "sortOrder": 0,
            "active": True,
            "isSocial": False,
            "platform": None,
            "embedType": None,
            "embedMeta": None,
            "scheduledStart": "2026-05-01T08:00:00.000Z",
            "scheduledEnd": "2026-05-02T08:00:00.000Z",
            "statementId": None,
        }
        assert (row["page_id"], row["title"], row["url"]) == (ada.one.page_id, "My shop", "https://shop.example.com/")
        assert row["scheduled_start"] == datetime.fromisoformat(START)

    def test_the_page_is_another_one_then(self, ada: Owner) -> None:
        before = ada.version
        ada.added()
        assert ada.version == before + 1

    def test_comes_last_unless_told_where(self, ada: Owner) -> None:
        ada.link()
        ada.link(active=False)
        assert ada.added()["sortOrder"] == 2
        assert ada.added(sortOrder=0)["sortOrder"] == 0

    @pytest.mark.parametrize(("field", "value"), [("sortOrder", -1), ("sortOrder", 1001), ("icon", "x" * 51)])
    def test_fields_have_their_bounds(self, ada: Owner, field: str, value: Any) -> None:
        rule = {-1: "minimum", 1001: "maximum"}.get(value, "maxLength")
        assert broken_rules(ada.add(**{field: value})) == {(field, rule)}

    def test_a_title_is_text_in_one_line(self, ada: Owner) -> None:
        assert ada.added(title=" <b>Tom</b> &amp;\n Jerry ")["title"] == "Tom & Jerry"
        assert broken_rules(ada.add(title="<b> </b>")) == {("title", "minLength")}
        assert broken_rules(ada.add(title="x" * 101)) == {("title", "maxLength")}

    def test_an_icon_that_nobody_sees_is_none(self, ada: Owner) -> None:
        assert ada.added(icon="")["icon"] is None

    @pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a@b.example/", "ftp://example.com/", "https://x"])
    def test_a_url_leads_to_a_public_host(self, ada: Owner, tables: Tables, url: str) -> None:
        assert told(ada.add(url=url)) == (400, "creator.links.invalid_url")
        assert tables.count("bio_links") == 0

    def test_a_url_is_kept_with_its_host_in_ascii(self, ada: Owner) -> None:
        assert ada.added(url=" HTTPS://B\u00fccher.example/A ")["url"] == "https://xn--bcher-kva.example/A"

    def test_a_player_is_known_by_the_url(self, ada: Owner) -> None:
        added = ada.added(url=f"https://youtu.be/{VIDEO}")
        assert (added["embedType"], added["embedMeta"]) == ("YOUTUBE", {"videoId": VIDEO})

    def test_a_player_is_what_the_client_says(self, ada: Owner) -> None:
        url = f"https://youtu.be/{VIDEO}"
        added = ada.added(url=url, embedType="CUSTOM", embedMeta={"contentId": "x"})
        assert (added["embedType"], added["embedMeta"]) == ("CUSTOM", {"contentId": "x"})
        assert ada.added(url=url, embedType="CUSTOM")["embedMeta"] is None

    @pytest.mark.parametrize("meta", [{"videoId": "<svg>"}, {"videoId": 1}, {"html": "x"}, {"videoId": "x" * 201}])
    def test_parameters_of_a_player_are_harmless(self, ada: Owner, meta: Any) -> None:
        assert told(ada.add(embedType="YOUTUBE", embedMeta=meta)) == (400, "validation.failed")

    def test_a_social_link_has_the_platform_of_its_host(self, ada: Owner) -> None:
        url = "https://www.instagram.com/ada"
        assert ada.added(url=url, isSocial=True)["platform"] == "instagram"
        assert ada.added(url=url, isSocial=True, platform="Mastodon")["platform"] == "mastodon"
        assert ada.added(url=url)["platform"] is None

    def test_no_social_links_while_messages_are_on(self, ada: Owner, tables: Tables) -> None:
        ada.profile(dm_active=True)
        assert told(ada.add(isSocial=True, active=False)) == (400, "creator.links.social_dm_active")
        assert tables.count("bio_links") == 0
        ada.added(isSocial=False)

    def test_a_link_ends_after_it_begins(self, ada: Owner) -> None:
        for end in (START, "2026-05-01T07:59:59Z"):
            assert told(ada.add(scheduledStart=START, scheduledEnd=end)) == (400, "creator.links.invalid_schedule")
        ada.added(scheduledEnd=START)

    def test_a_page_has_so_many_links(self, ada: Owner, server: Server) -> None:
        server.configure(**{"bio.max_links": 2})
        ada.link(active=False)
        ada.added()
        response = ada.add()
        assert told(response) == (400, "creator.links.limit_reached")
        assert response.json()["error"]["i18nVars"] == {"max": 2}

    @pytest.mark.parametrize(("scope", "field"), [("link_title", "title"), ("link_url", "url")])
    def test_what_a_rule_blocks_is_not_kept(
        self, ada: Owner, server: Server, tables: Tables, scope: str, field: str
    ) -> None:
        ruled(server, "scam", "BLOCK", scopes=[scope])
        response = ada.add(title="Scam" if field == "title" else "Shop", url="https://example.com/scam")
        assert told(response) == (400, "creator.bio.content_flagged")
        assert [detail["field"] for detail in response.json()["error"]["details"]] == [field]
        assert (tables.count("bio_links"), tables.count("moderation_cases")) == (0, 0)

    @pytest.mark.parametrize("field", ["icon", "platform"])
    def test_rules_for_titles_are_for_icons_and_platforms(
        self, ada: Owner, server: Server, tables: Tables, field: str
    ) -> None:
        ruled(server, "scam", "BLOCK", scopes=["link_title"])
        ruled(server, "spam", scopes=["link_title"])
        response = ada.add(**{field: "Scam"})
        assert told(response) == (400, "creator.bio.content_flagged")
        assert [detail["field"] for detail in response.json()["error"]["details"]] == [field]
        added = ada.added(**{field: "spam"})
        (flag,) = tables.one("SELECT evidence FROM moderation_cases")["evidence"]["flags"]
        assert (flag["scope"], flag["text"]) == ("link_title", "spam")
        response = ada.update(added["id"], icon="Scam")
        assert told(response) == (400, "creator.bio.content_flagged")

    def test_what_a_rule_flags_opens_a_case(self, ada: Owner, server: Server, tables: Tables) -> None:
        rule = ruled(server, "evil.example", kind="DOMAIN", folded="evil.example", scopes=OF_PAGES)
        added = ada.added(url="https://shop.evil.example/x")
        assert ada.row(added["id"])["active"] is True
        case = tables.one("SELECT user_id, origin, evidence FROM moderation_cases")
        assert (case["user_id"], case["origin"]) == (ada.one.user_id, "RULE")
        (flag,) = case["evidence"]["flags"]
        assert (flag["scope"], flag["text"], flag["rules"]) == ("link_url", "https://shop.evil.example/x", [str(rule)])

    def test_rules_of_other_texts_are_not_meant(self, ada: Owner, server: Server) -> None:
        ruled(server, "shop", "BLOCK")
        ada.added()

    def test_a_page_of_somebody_else_is_refused_as_one_that_is_not(self, ada: Owner, eve: Owner) -> None:
        for creator_id in (ada.one.creator_id, uuid4()):
            assert told(eve.add(creator_id)) == (403, "creator.bio.not_owner")

    def test_without_a_page_there_is_no_place(self, ada: Owner, tables: Tables) -> None:
        without_page(ada, tables)
        assert told(ada.add()) == (404, "creator.bio.not_found")


class TestUpdate:
    def test_changes_what_is_given(self, ada: Owner) -> None:
        link_id, before = ada.link(icon="shop", sort_order=3), ada.version
        updated = ada.updated(link_id, title="<i>New</i>", active=False, sortOrder=7, icon="")
        assert (updated["title"], updated["active"], updated["sortOrder"], updated["icon"]) == ("New", False, 7, None)
        assert updated["url"] == "https://shop.example.com/"
        assert ada.version == before + 1

    def test_an_empty_request_changes_nothing(self, ada: Owner) -> None:
        link_id, before = ada.link(), ada.version
        assert ada.updated(link_id)["title"] == "My shop"
        assert ada.version == before

    def test_another_url_has_another_player(self, ada: Owner) -> None:
        link_id = ada.link(url=f"https://youtu.be/{VIDEO}", embed_type="YOUTUBE", embed_meta={"videoId": VIDEO})
        url = "https://soundcloud.com/ada/song"
        updated = ada.updated(link_id, url=url)
        assert (updated["embedType"], updated["embedMeta"]) == ("SOUNDCLOUD", {"path": "ada/song"})
        updated = ada.updated(link_id, url="https://shop.example.com/")
        assert (updated["embedType"], updated["embedMeta"]) == (None, None)

    def test_another_url_keeps_the_player_that_the_client_says(self, ada: Owner) -> None:
        link_id = ada.link(embed_type="CUSTOM", embed_meta={"path": "a"})
        url = f"https://youtu.be/{VIDEO}"
        updated = ada.updated(link_id, url=url, embedMeta={"path": "b"})
        assert (updated["embedType"], updated["embedMeta"]) == ("CUSTOM", {"path": "b"})
        updated = ada.updated(link_id, url=url + "?t=1", embedType="CUSTOM")
        assert (updated["embedType"], updated["embedMeta"]) == ("CUSTOM", None)

    def test_the_same_url_changes_no_player(self, ada: Owner) -> None:
        url = f"https://youtu.be/{VIDEO}"
        link_id = ada.link(url=url, embed_type="CUSTOM", embed_meta={"path": "a"})
        updated = ada.updated(link_id, url=url, title="New")
        assert (updated["embedType"], updated["embedMeta"]) == ("CUSTOM", {"path": "a"})

    def test_a_player_can_change_alone(self, ada: Owner) -> None:
        link_id = ada.link(url=f"https://youtu.be/{VIDEO}", embed_type="CUSTOM", embed_meta={"path": "a"})
        updated = ada.updated(link_id, embedMeta={"path": "b"})
        assert (updated["embedType"], updated["embedMeta"]) == ("CUSTOM", {"path": "b"})
        updated = ada.updated(link_id, embedType="CUSTOM")
        assert (updated["embedType"], updated["embedMeta"]) == ("CUSTOM", {"path": "b"})
        updated = ada.updated(link_id, embedType="YOUTUBE")
        assert (updated["embedType"], updated["embedMeta"]) == ("YOUTUBE", {"videoId": VIDEO})

    def test_the_platform_follows_the_host_of_a_social_link(self, ada: Owner) -> None:
        link_id = ada.link(url="https://mastodon.example/@ada", is_social=True, platform="mastodon")
        assert ada.updated(link_id, url="https://mastodon.example/@lovelace")["platform"] == "mastodon"
        assert ada.updated(link_id, url="https://x.com/ada")["platform"] == "x"
        assert ada.updated(link_id, url="https://elsewhere.example/ada")["platform"] is None
        assert ada.updated(ada.link(), url="https://x.com/ada")["platform"] is None

    def test_a_url_leads_to_a_public_host(self, ada: Owner) -> None:
        assert told(ada.update(ada.link(), url="javascript:alert(1)")) == (400, "creator.links.invalid_url")

    def test_a_link_ends_after_it_begins(self, ada: Owner) -> None:
        link_id = ada.link(scheduled_start=START)
        assert told(ada.update(link_id, scheduledEnd=START)) == (400, "creator.links.invalid_schedule")
        assert ada.updated(link_id, scheduledEnd=END)["scheduledEnd"] == "2026-05-02T08:00:00.000Z"
        assert told(ada.update(link_id, scheduledStart=END)) == (400, "creator.links.invalid_schedule")

    def test_a_schedule_cannot_be_null(self, ada: Owner) -> None:
        response = ada.update(ada.link(), scheduledStart=None)
        assert broken_rules(response) == {("scheduledStart", "type")}

    def test_a_social_link_stays_off_while_messages_are_on(self, ada: Owner) -> None:
        link_id = ada.link(is_social=True, active=False, paused_by_dm=True)
        ada.profile(dm_active=True)
        assert told(ada.update(link_id, active=True)) == (400, "creator.links.social_dm_active")
        assert ada.updated(link_id, title="New")["title"] == "New"
        assert ada.row(link_id)["paused_by_dm"] is True
        assert ada.updated(ada.link(active=False), active=True)["active"] is True

    def test_what_its_owner_hides_does_not_come_back_with_the_end_of_messages(self, ada: Owner) -> None:
        link_id = ada.link(is_social=True, active=False, paused_by_dm=True)
        ada.profile(dm_active=True)
        ada.updated(link_id, active=False)
        assert ada.row(link_id)["paused_by_dm"] is False

    def test_what_a_rule_blocks_is_not_kept(self, ada: Owner, server: Server) -> None:
        ruled(server, "scam", "BLOCK", scopes=OF_PAGES)
        link_id = ada.link()
        assert told(ada.update(link_id, title="Scam")) == (400, "creator.bio.content_flagged")
        assert ada.row(link_id)["title"] == "My shop"
        ada.updated(link_id, active=False)

    def test_what_a_rule_flags_opens_a_case(self, ada: Owner, server: Server, tables: Tables) -> None:
        ruled(server, "scam", scopes=OF_PAGES)
        assert ada.updated(ada.link(), title="Scam")["title"] == "Scam"
        assert tables.one("SELECT user_id FROM moderation_cases") == {"user_id": ada.one.user_id}

    def test_links_of_others_stay_as_they_are(self, ada: Owner, eve: Owner) -> None:
        link_id = ada.link()
        assert told(eve.update(link_id, title="Mine")) == (403, "creator.links.not_owner")
        assert ada.row(link_id)["title"] == "My shop"
        assert told(eve.update(uuid4(), title="Mine")) == (404, "creator.links.not_found")

    def test_without_a_page_nothing_is_found(self, ada: Owner, eve: Owner, tables: Tables) -> None:
        without_page(eve, tables)
        assert told(eve.update(ada.link(), title="Mine")) == (403, "creator.links.not_owner")
        assert told(eve.update(uuid4(), title="Mine")) == (404, "creator.links.not_found")


class TestDelete:
    def test_takes_the_link_and_leaves_the_places(self, ada: Owner) -> None:
        first, second, third = (ada.link(sort_order=place) for place in range(3))
        before = ada.version
        assert ada.delete(second).json()["data"] is None
        assert ada.order() == [first, third]
        assert ada.row(third)["sort_order"] == 2
        assert ada.version == before + 1
        assert told(ada.delete(second)) == (404, "creator.links.not_found")

    def test_links_of_others_stay(self, ada: Owner, eve: Owner, tables: Tables) -> None:
        link_id = ada.link()
        assert told(eve.delete(link_id)) == (403, "creator.links.not_owner")
        without_page(eve, tables)
        assert told(eve.delete(link_id)) == (403, "creator.links.not_owner")
        assert tables.count("bio_links") == 1


class TestReorder:
    def test_gives_places_in_the_order_of_the_request(self, ada: Owner) -> None:
        links = [ada.link(sort_order=5) for _ in range(4)]
        before = ada.version
        assert ada.reorder([links[2], links[0]]).json()["data"] is None
        assert [ada.row(one)["sort_order"] for one in links] == [1, 5, 0, 5]
        assert ada.version == before + 1

    def test_a_foreign_or_deleted_one_changes_nothing(self, ada: Owner, eve: Owner) -> None:
        own, foreign = ada.link(sort_order=5), eve.link(sort_order=5)
        before = ada.version, eve.version
        for other in (foreign, uuid4()):
            assert told(ada.reorder([own, other])) == (400, "creator.links.not_owned")
        assert (ada.row(own)["sort_order"], eve.row(foreign)["sort_order"]) == (5, 5)
        assert (ada.version, eve.version) == before

    def test_an_id_comes_once(self, ada: Owner) -> None:
        link_id = ada.link()
        for twice in ([link_id, link_id], [str(link_id), str(link_id).upper()]):
            assert broken_rules(ada.reorder(twice)) == {("linkIds", "uniqueItems")}
        assert broken_rules(ada.reorder([])) == {("linkIds", "minItems")}
        assert ada.reorder([str(link_id).upper()]).status_code == 200

    def test_a_page_of_somebody_else_is_refused_as_one_that_is_not(self, ada: Owner, eve: Owner) -> None:
        link_id = ada.link()
        for creator_id in (ada.one.creator_id, uuid4()):
            assert told(eve.reorder([link_id], creator_id)) == (403, "creator.bio.not_owner")

    def test_without_a_page_there_is_no_order(self, ada: Owner, tables: Tables) -> None:
        without_page(ada, tables)
        assert told(ada.reorder([uuid4()])) == (404, "creator.bio.not_found")


TEXTS = st.text(st.characters(codec="utf-8"), max_size=120) | st.sampled_from(
    ["", "<b>", "&lt;script&gt;", "\U0001f600", "\u202e", "a" * 101]
)
URLS = (
    st.sampled_from([f"https://youtu.be/{VIDEO}", "https://b\u00fccher.example/", "javascript:x", "https://x.com/ada"])
    | st.text(st.characters(codec="utf-8"), max_size=40).map(lambda text: f"https://example.com/{text}")
    | st.text(st.characters(codec="utf-8"), max_size=40).map(lambda text: f"https://{text}/")
    | TEXTS
)
TIMES = st.datetimes().map(lambda moment: moment.isoformat() + "Z") | st.sampled_from(
    ["0001-01-01T00:00:00+14:00", "x"]
)
KINDS = st.sampled_from(["YOUTUBE", "SPOTIFY", "CUSTOM", "OTHER", None])
META = st.dictionaries(st.sampled_from(["videoId", "path", "clip", "x"]), TEXTS | st.just("a-1"), max_size=3)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "title": TEXTS, "url": URLS, "icon": TEXTS, "platform": TEXTS, "sortOrder": st.integers() | st.floats(0, 9),
    "active": st.booleans(), "isSocial": st.booleans(), "embedType": KINDS, "embedMeta": META | st.none(),
    "scheduledStart": TIMES, "scheduledEnd": TIMES,
}  # fmt: skip
BODIES = st.fixed_dictionaries({}, optional=FIELDS)


class TestStrangeBodies:
    """Whatever is sent is kept, or refused as documented; what is kept is taken again."""

    def test_of_a_new_link(self, ada: Owner, server: Server, tables: Tables) -> None:
        server.configure(**{"ratelimit.enabled": False, "bio.max_links": 500})

        @given(BODIES)
        @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        def ask(body: dict[str, Any]) -> None:
            response = ada.add(**body)
            assert response.status_code in (201, 400)
            if response.status_code == 201:
                kept = response.json()["data"]
                again = {name: value for name, value in kept.items() if name not in NOT_SENT and value is not None}
                assert ada.updated(kept["id"], **again) == kept

        ask()

    def test_of_a_change(self, ada: Owner, server: Server) -> None:
        server.configure(**{"ratelimit.enabled": False})
        link_id = ada.link()

        @given(BODIES)
        @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        def ask(body: dict[str, Any]) -> None:
            assert ada.update(link_id, **body).status_code in (200, 400)

        ask()


def at_once(calls: list[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


class TestRace:
    def test_of_fifty_at_the_last_free_place_one_gets_it(self, ada: Owner, server: Server, tables: Tables) -> None:
        server.configure(**{"bio.max_links": 3, "ratelimit.enabled": False})
        ada.link()
        ada.link()
        answers = at_once([ada.add] * 50)
        assert Counter(answer.status_code for answer in answers) == {201: 1, 400: 49}
        assert {code_of(answer) for answer in answers if answer.status_code == 400} == {"creator.links.limit_reached"}
        assert tables.count("bio_links") == 3

    def test_twenty_orders_at_once_leave_one_of_them(self, ada: Owner) -> None:
        links = [ada.link() for _ in range(20)]
        orders = [links[turn:] + links[:turn] for turn in range(20)]
        answers = at_once([lambda order=order: ada.reorder(order) for order in orders])  # type: ignore[misc]
        assert {answer.status_code for answer in answers} == {200}
        assert ada.order() in orders
        assert sorted(ada.row(one)["sort_order"] for one in links) == list(range(20))

    def test_no_social_link_is_on_while_messages_are(self, ada: Owner, server: Server, tables: Tables) -> None:
        """The switch of messages beside edits that want their social links on."""
        server.configure(**{"ratelimit.enabled": False})
        links = [ada.link(is_social=True) for _ in range(4)]
        switch = (
            "SELECT 1 FROM bio_pages WHERE id = %(page)s FOR UPDATE",
            "UPDATE creator_profiles SET dm_active = true WHERE id = %(creator)s",
            "UPDATE bio_links SET active = false WHERE page_id = %(page)s AND is_social AND active",
        )
        values = {"page": ada.one.page_id, "creator": ada.one.creator_id}

        def messages_on() -> httpx.Response:
            with psycopg.connect(server.database_url) as connection:
                for statement in switch:
                    connection.execute(statement, values)
            return httpx.Response(200)

        for _ in range(5):
            tables.run("UPDATE creator_profiles SET dm_active = false")
            tables.run("UPDATE bio_links SET active = true")
            calls: list[Callable[[], httpx.Response]] = [messages_on]
            calls += [lambda one=one: ada.update(one, active=True) for one in links]  # type: ignore[misc]
            calls += [lambda: ada.add(isSocial=True)] * 4
            answers = at_once(calls)
            assert {answer.status_code for answer in answers} <= {200, 201, 400}
            assert tables.one("SELECT dm_active FROM creator_profiles") == {"dm_active": True}
            assert tables.rows("SELECT 1 FROM bio_links WHERE is_social AND active") == []
