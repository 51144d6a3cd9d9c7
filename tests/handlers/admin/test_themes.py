"""Themes as staff makes, changes and activates them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.editions import follow
from tests.handlers.conftest import Clients
from tests.handlers.support import audited
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.staff import Hired, member

NEW = {"name": "Day", "slug": "day", "target": "CLIENT"}
LISTS: dict[str, Any] = {
    "lightTokens": [{"name": "background", "value": "#fff"}, {"name": "primary", "value": "rgb(0 0 0 / 10%)"}],
    "darkTokens": [{"name": "background", "value": "#000"}],
    "typography": [{"name": "fontSans", "value": "\"Segoe UI\", 'Noto Sans', sans-serif"}],
    "layout": [{"name": "gap", "value": "calc(1rem * 1.5 + 2px)"}],
    "assets": [{"name": "logo", "url": "https://cdn.bio.re/logo.svg?v=2"}],
}


@pytest.fixture
def admin(server: Server) -> Hired:
    return member(server, "ADMIN")


def add(api: Api, caller: Hired, **fields: Any) -> httpx.Response:
    return api.call("admin.themes.add", NEW | fields, headers=caller.headers)


def made(api: Api, caller: Hired, **fields: Any) -> dict[str, Any]:
    response = add(api, caller, **fields)
    assert response.status_code == 201, response.text
    return dict(response.json()["data"])


def update(api: Api, caller: Hired, theme_id: Any, version: int = 1, **body: Any) -> httpx.Response:
    headers = caller.headers | {"If-Match": f'"{version}"'}
    return api.call("admin.themes.update", body, path=f"/admin/themes/{theme_id}", headers=headers)


def move(api: Api, caller: Hired, theme_id: Any, to: str, version: int) -> httpx.Response:
    headers = caller.headers | {"If-Match": f'"{version}"'}
    path = f"/admin/themes/{theme_id}/state"
    return api.call("admin.themes.change_state", {"to": to}, path=path, headers=headers)


def moved(api: Api, caller: Hired, theme: dict[str, Any], *states: str) -> dict[str, Any]:
    for state in states:
        response = move(api, caller, theme["id"], state, theme["version"])
        assert response.status_code == 200, response.text
        theme = response.json()["data"]
    return theme


def find(api: Api, caller: Hired, theme_id: Any) -> httpx.Response:
    return api.call("admin.themes.find", path=f"/admin/themes/{theme_id}", headers=caller.headers)


def whole(api: Api, caller: Hired, theme: dict[str, Any]) -> dict[str, Any]:
    """With its tokens."""
    return dict(find(api, caller, theme["id"]).json()["data"])


def listed(api: Api, caller: Hired, **params: Any) -> dict[str, Any]:
    response = api.call("admin.themes.list", params=params, headers=caller.headers)
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


class TestAdd:
    def test_a_draft_is_kept_as_it_is_told(self, api: Api, admin: Hired, tables: Tables) -> None:
        theme = made(api, admin, **LISTS, description="For a try.", thumbnail="https://cdn.bio.re/t.png")
        assert (theme["state"], theme["version"], theme["publishedAt"], theme["activatedAt"]) == (
            "DRAFT",
            1,
            None,
            None,
        )
        assert whole(api, admin, theme) == theme | LISTS
        (entry,) = audited(tables, "admin.themes.add")
        assert (entry["actor_id"], entry["target_id"]) == (admin.id, theme["id"])
        assert entry["after"]["light_tokens"] == {"background": "#fff", "primary": "rgb(0 0 0 / 10%)"}

    def test_nobody_but_staff_sees_it(self, api: Api, server: Server, admin: Hired) -> None:
        made(api, admin)
        follow(server)
        assert api.call("themes.list").json()["data"] == {"themes": []}

    def test_a_slug_is_taken_once_per_target(self, api: Api, admin: Hired, tables: Tables) -> None:
        made(api, admin)
        response = add(api, admin, name="Other")
        assert (response.status_code, code_of(response)) == (409, "admin.theme.slug_taken")
        assert add(api, admin, target="ADMIN").status_code == 201
        assert tables.count("theme_presets") == 2

    def test_a_name_occurs_once_in_its_list(self, api: Api, admin: Hired, tables: Tables) -> None:
        twice = [*LISTS["lightTokens"], {"name": "primary", "value": "red"}]
        response = add(api, admin, lightTokens=twice, darkTokens=LISTS["lightTokens"], assets=LISTS["assets"] * 2)
        assert (response.status_code, code_of(response)) == (400, "admin.theme.name_twice")
        assert broken_rules(response) == {("lightTokens.2.name", "duplicate"), ("assets.1.name", "duplicate")}
        assert tables.count("theme_presets") == 0

    @pytest.mark.parametrize(
        "value",
        [
            "url(https://evil.example/x.png)", "URL(//evil.example)", "url('x')", 'url("x")', "u\\72l(x)", "ur/**/l(x)",
            'image-set("x" 1x)', "image(x)", "src('x')", "element(#x)", "cross-fade(x, y)", "paint(x)", "attr(href)",
            "env(x)", "var(--x)", "expression(alert(1))", "</style><script>", "<!--", "red;} body{display:none",
            "red; color: blue", "red}", "{", "@import 'x'", "javascript:alert(1)", "data:x", "red !important", "a/*",
            "/* a */", "\"unclosed", "'unclosed", "\"a'", '"a" "', "rgb(1 2 3", "rgb(calc(1))", "rgb()", ")",
            "(", "red\nblue", "red\x00", "\u202ered", "ﬁ", "é", "", "x" * 101, "&quot;", "$x", "a=b", "~", "^", "[x]",
            "`x`", "url (x)", "calc((1px))",
        ],
    )  # fmt: skip
    def test_a_value_that_is_more_than_a_value_is_refused(
        self, api: Api, admin: Hired, tables: Tables, value: str
    ) -> None:
        response = add(api, admin, lightTokens=[{"name": "a", "value": value}])
        assert (response.status_code, code_of(response)) == (400, "validation.failed"), value
        assert tables.count("theme_presets") == 0

    @pytest.mark.parametrize(
        "value",
        [
            "#ffffff", "#fff8", "rebeccapurple", "1.5rem", "-0.02em", "100%", "650", "hsl(250deg 60% 50% / 80%)",
            "oklch(0.7 0.1 250)", "color(display-p3 1 0 0)", "0 1px 2px rgb(0 0 0 / 10%), 0 8px 24px rgb(1,2,3)",
            "clamp(1rem, 2vw + 1rem, 3rem)", "cubic-bezier(0.4, 0, 0.2, 1)", "calc(100% - 2rem * 2)", "16/9",
            "system-ui", '"Segoe UI", sans-serif', "1fr 2fr", "x" * 100,
        ],
    )  # fmt: skip
    def test_what_themes_need_is_taken(self, api: Api, admin: Hired, value: str) -> None:
        assert add(api, admin, lightTokens=[{"name": "a", "value": value}]).status_code == 201

    @pytest.mark.parametrize("name", ["", "a b", "a:b", "a;", "__proto__", "--a{", "a" * 41, "é", "a.b"])
    def test_names_are_plain_words(self, api: Api, admin: Hired, name: str) -> None:
        response = add(api, admin, layout=[{"name": name, "value": "1"}])
        assert code_of(response) == "validation.failed"

    @pytest.mark.parametrize(
        "url",
        [
            "http://cdn.bio.re/a.svg", "//cdn.bio.re/a.svg", "javascript:alert(1)", "data:image/svg+xml,x", "https://",
            "https://user:pass@cdn.bio.re/", "https://cdn.bio.re/<svg>", "https://cdn.bio.re/\"", "https://cdn.bio.re/'",
            "https://cdn.bio.re/a b", "https://-cdn/", f"https://cdn.bio.re/{'a' * 255}", "HTTPS://cdn.bio.re/",
            "https://cdn.bio.re\\@evil.example/", "https://cdn.bio.re/)", "ftp://cdn.bio.re/",
        ],
    )  # fmt: skip
    def test_pictures_are_on_https(self, api: Api, admin: Hired, url: str) -> None:
        assert code_of(add(api, admin, assets=[{"name": "logo", "url": url}])) == "validation.failed"
        assert code_of(add(api, admin, thumbnail=url)) == "validation.failed"

    @pytest.mark.parametrize(
        ("field", "most"), [("lightTokens", 60), ("darkTokens", 60), ("typography", 20), ("layout", 20)]
    )
    def test_lists_have_an_end(self, api: Api, admin: Hired, field: str, most: int) -> None:
        tokens = [{"name": f"t{number}", "value": "1"} for number in range(most + 1)]
        assert broken_rules(add(api, admin, **{field: tokens})) == {(field, "maxItems")}
        assert add(api, admin, **{field: tokens[:most]}).status_code == 201

    def test_the_largest_theme_is_taken(self, api: Api, admin: Hired) -> None:
        value = "0123456789" * 10
        sizes = {"lightTokens": 60, "darkTokens": 60, "typography": 20, "layout": 20}
        lists = {
            field: [{"name": f"{number:040}", "value": value} for number in range(most)]
            for field, most in sizes.items()
        }
        assert add(api, admin, **lists).status_code == 201


class TestFind:
    def test_its_version_is_the_tag(self, api: Api, admin: Hired) -> None:
        theme = made(api, admin)
        assert find(api, admin, theme["id"]).headers["ETag"] == '"1"'

    def test_an_unknown_one_is_not_found(self, api: Api, admin: Hired) -> None:
        response = find(api, admin, uuid4())
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")

    def test_an_auditor_may_look_and_not_touch(self, api: Api, server: Server, admin: Hired) -> None:
        auditor, theme = member(server, "AUDITOR"), made(api, admin)
        assert find(api, auditor, theme["id"]).status_code == 200
        assert code_of(update(api, auditor, theme["id"], name="x")) == "admin.permission_denied"


class TestList:
    def test_tells_what_each_is_for_and_since_when_it_is_active(self, api: Api, admin: Hired) -> None:
        theme = moved(api, admin, made(api, admin, description="For the day."), "PUBLISHED", "ACTIVE")
        assert listed(api, admin)["items"] == [theme]
        assert (theme["description"], theme["activatedAt"] is None) == ("For the day.", False)
        renamed = update(api, admin, theme["id"], theme["version"], name="Noon").json()["data"]
        assert (renamed["name"], renamed["description"]) == ("Noon", "For the day.")

    def test_the_newest_come_first_and_are_walked(self, api: Api, admin: Hired) -> None:
        slugs = [f"theme-{number}" for number in range(5)]
        for slug in slugs:
            made(api, admin, slug=slug)
        first = listed(api, admin, limit=3)
        rest = listed(api, admin, limit=3, cursor=first["nextCursor"])
        assert [row["slug"] for row in first["items"] + rest["items"]] == slugs[::-1]
        assert rest["nextCursor"] is None
        assert "lightTokens" not in first["items"][0]

    def test_by_target_and_state(self, api: Api, admin: Hired) -> None:
        moved(api, admin, made(api, admin, slug="a"), "PUBLISHED")
        made(api, admin, slug="b")
        made(api, admin, slug="c", target="ADMIN")

        def slugs(**filters: str) -> list[str]:
            return [row["slug"] for row in listed(api, admin, **filters)["items"]]

        assert slugs() == ["c", "b", "a"]
        assert slugs(target="CLIENT") == ["b", "a"]
        assert slugs(state="DRAFT") == ["c", "b"]
        assert slugs(target="CLIENT", state="PUBLISHED") == ["a"]

    def test_a_cursor_of_another_list_is_refused(self, api: Api, admin: Hired) -> None:
        response = api.call("admin.themes.list", params={"cursor": "nonsense"}, headers=admin.headers)
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")


class TestUpdate:
    def test_the_given_fields_change(self, api: Api, admin: Hired, tables: Tables) -> None:
        theme = made(api, admin, **LISTS)
        layout = [{"name": "radius", "value": "1rem"}]
        response = update(api, admin, theme["id"], layout=layout, description=None, name="Night")
        told = response.json()["data"]
        assert (response.status_code, response.headers["ETag"]) == (200, '"2"')
        changed = {"name": "Night", "version": 2, "updatedAt": told["updatedAt"], "description": None}
        assert told == theme | changed
        assert whole(api, admin, theme) == told | LISTS | {"layout": layout}
        (entry,) = audited(tables, "admin.themes.update")
        assert entry["before"] == {"name": "Day", "description": None, "layout": {"gap": "calc(1rem * 1.5 + 2px)"}}
        assert entry["after"] == {"name": "Night", "description": None, "layout": {"radius": "1rem"}}

    def test_what_was_read_in_lists_can_be_sent_back(self, api: Api, admin: Hired) -> None:
        theme = made(api, admin, **LISTS)
        read = whole(api, admin, theme)
        again = update(api, admin, theme["id"], **{name: read[name] for name in LISTS}).json()["data"]
        assert whole(api, admin, theme) == again | LISTS

    def test_it_is_public_at_once(self, api: Api, server: Server, admin: Hired) -> None:
        theme = moved(api, admin, made(api, admin), "PUBLISHED", "ACTIVE")
        follow(server)
        assert api.call("themes.active", params={"target": "CLIENT"}).json()["data"]["preset"]["name"] == "Day"
        assert update(api, admin, theme["id"], theme["version"], name="Night").status_code == 200
        follow(server)
        assert api.call("themes.active", params={"target": "CLIENT"}).json()["data"]["preset"]["name"] == "Night"

    def test_nobody_overwrites_unseen(self, api: Api, admin: Hired) -> None:
        theme = made(api, admin)
        assert update(api, admin, theme["id"], name="One").status_code == 200
        response = update(api, admin, theme["id"], name="Two")
        assert (response.status_code, code_of(response)) == (412, "precondition.failed")
        assert response.headers["ETag"] == '"2"'
        without = api.call(
            "admin.themes.update", {"name": "x"}, path=f"/admin/themes/{theme['id']}", headers=admin.headers
        )
        assert (without.status_code, code_of(without)) == (428, "precondition.required")

    def test_faults_are_those_of_a_new_one(self, api: Api, admin: Hired) -> None:
        made(api, admin)
        theme = made(api, admin, slug="night")
        assert code_of(update(api, admin, theme["id"], slug="day")) == "admin.theme.slug_taken"
        assert code_of(update(api, admin, theme["id"], assets=LISTS["assets"] * 2)) == "admin.theme.name_twice"
        assert code_of(update(api, admin, uuid4(), name="x")) == "admin.not_found"
        assert find(api, admin, theme["id"]).json()["data"]["version"] == 1


class TestChangeState:
    def test_a_theme_goes_its_way(self, api: Api, admin: Hired, tables: Tables) -> None:
        published = moved(api, admin, made(api, admin), "PUBLISHED")
        assert (published["state"], published["version"], published["activatedAt"]) == ("PUBLISHED", 2, None)
        active = moved(api, admin, published, "ACTIVE")
        assert (active["state"], active["publishedAt"]) == ("ACTIVE", published["publishedAt"])
        assert active["activatedAt"] is not None
        restored = moved(api, admin, active, "PUBLISHED", "ARCHIVED", "PUBLISHED")
        assert (restored["version"], restored["publishedAt"]) == (6, published["publishedAt"])
        entries = audited(tables, "admin.themes.change_state")
        told = [(entry["before"]["state"], entry["after"]["state"]) for entry in entries]
        assert told == [
            ("DRAFT", "PUBLISHED"), ("PUBLISHED", "ACTIVE"), ("ACTIVE", "PUBLISHED"), ("PUBLISHED", "ARCHIVED"),
            ("ARCHIVED", "PUBLISHED"),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("states", "to"),
        [
            ((), "ACTIVE"),
            (("PUBLISHED",), "PUBLISHED"),
            (("PUBLISHED", "ACTIVE"), "ACTIVE"),
            (("PUBLISHED", "ACTIVE"), "ARCHIVED"),
            (("ARCHIVED",), "ACTIVE"),
            (("ARCHIVED",), "ARCHIVED"),
        ],
    )
    def test_other_ways_are_refused(self, api: Api, admin: Hired, states: tuple[str, ...], to: str) -> None:
        theme = moved(api, admin, made(api, admin), *states)
        response = move(api, admin, theme["id"], to, theme["version"])
        assert (response.status_code, code_of(response)) == (400, "admin.transition_invalid")
        assert response.json()["error"]["i18nVars"] == {"from": theme["state"], "to": to}
        assert whole(api, admin, theme).items() >= theme.items()

    def test_an_active_one_frees_the_former(self, api: Api, server: Server, admin: Hired, tables: Tables) -> None:
        former = moved(api, admin, made(api, admin), "PUBLISHED", "ACTIVE")
        staffs = moved(api, admin, made(api, admin, target="ADMIN"), "PUBLISHED", "ACTIVE")
        new = moved(api, admin, made(api, admin, slug="night"), "PUBLISHED", "ACTIVE")
        found = whole(api, admin, former)
        assert (found["state"], found["version"]) == ("PUBLISHED", former["version"] + 1)
        assert whole(api, admin, staffs).items() >= staffs.items()
        assert audited(tables, "admin.themes.change_state")[-1]["after"] == {
            "state": "ACTIVE",
            "replaced": former["id"],
        }
        follow(server)
        assert api.call("themes.active", params={"target": "CLIENT"}).json()["data"]["preset"]["id"] == new["id"]
        assert move(api, admin, former["id"], "ACTIVE", former["version"]).status_code == 412

    def test_unknown_and_overtaken_ones(self, api: Api, admin: Hired) -> None:
        theme = moved(api, admin, made(api, admin), "PUBLISHED")
        assert code_of(move(api, admin, uuid4(), "ACTIVE", 1)) == "admin.not_found"
        response = move(api, admin, theme["id"], "ACTIVE", 1)
        assert (response.status_code, response.headers["ETag"]) == (412, '"2"')

    def test_of_twenty_at_once_one_is_active(
        self, server: Server, clients: Clients, api: Api, admin: Hired, tables: Tables
    ) -> None:
        themes = [moved(api, admin, made(api, admin, slug=f"t{number}"), "PUBLISHED") for number in range(20)]
        callers = [clients(server) for _ in themes]

        def activate(place: int) -> int:
            return move(callers[place], admin, themes[place]["id"], "ACTIVE", themes[place]["version"]).status_code

        with ThreadPoolExecutor(len(themes)) as pool:
            assert set(pool.map(activate, range(len(themes)))) == {200}
        states = sorted(row["state"] for row in tables.rows("SELECT state FROM theme_presets"))
        assert states == ["ACTIVE", *["PUBLISHED"] * 19]

    def test_of_twenty_who_read_the_same_version_one_succeeds(
        self, server: Server, clients: Clients, api: Api, admin: Hired
    ) -> None:
        theme = moved(api, admin, made(api, admin), "PUBLISHED")
        callers = [clients(server) for _ in range(20)]
        with ThreadPoolExecutor(len(callers)) as pool:
            statuses = list(pool.map(lambda each: move(each, admin, theme["id"], "ACTIVE", 2).status_code, callers))
        assert sorted(statuses) == [200, *[412] * 19]
