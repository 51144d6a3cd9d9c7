"""Texts for everybody, as staff writes, shows, publishes and corrects them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.editions import follow
from tests.handlers.support import audited, topics
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.staff import Hired, member
from tests.texts import ANNOUNCEMENT, PAGE, POST, TERMS, Desk, Json, category, data_of, shown, text, where

VERSION: Json = {"requiresConsent": False, "summary": "Shorter.", "reason": "The lawyers said so."}


def in_time(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).isoformat()


def since(tables: Tables, entry: Json, **delta: float) -> None:
    """As if what is public or scheduled had been published so much earlier."""
    earlier = timedelta(**delta)
    moved = "published_at = published_at - %s, shown_from = shown_from - %s, shown_until = shown_until - %s"
    tables.run(f"UPDATE publications SET {moved} WHERE entry_id = %s", earlier, earlier, earlier, entry["id"])  # noqa: S608


@pytest.fixture
def editor(server: Server) -> Hired:
    return member(server, "EDITOR")


@pytest.fixture
def desk(api: Api, editor: Hired) -> Desk:
    return Desk(api, editor)


@pytest.fixture
def lawyer(api: Api, server: Server) -> Desk:
    return Desk(api, member(server, "ADMIN"))


def public(api: Api, server: Server, path: str = "/public/pages/about", **params: str) -> httpx.Response:
    follow(server)
    return api.get(f"/api/v1{path}", params=params)


class TestCreate:
    def test_a_draft_is_kept_as_it_was_written(self, desk: Desk, editor: Hired, tables: Tables) -> None:
        news = str(category(tables))
        fields = POST | {"categoryIds": [news], "html": "<p onclick=x>Hello!</p>"}
        entry = desk.made(fields)
        assert (entry["state"], entry["draft"], entry["version"], entry["liveRevision"]) == ("DRAFT", 1, 1, None)
        assert (entry["slug"], entry["title"], entry["createdBy"]) == ("hello-world", "Hello World", str(editor.id))
        assert desk.get(entry)["fields"] == fields
        (entry_of_log,) = audited(tables, "admin.content.texts.create")
        assert entry_of_log["after"] == {"kind": "post", "slug": "hello-world", "title": "Hello World"}

    @pytest.mark.parametrize(
        "fields",
        [
            PAGE,
            POST | {"excerpt": None, "image": None},
            TERMS,
            ANNOUNCEMENT | {"locale": None, "startsAt": None, "endsAt": None},
        ],
    )
    def test_each_kind_has_its_fields(self, desk: Desk, fields: Json) -> None:
        assert desk.get(desk.made(fields))["fields"] == fields

    def test_what_has_a_category(self, desk: Desk, tables: Tables) -> None:
        help_id, faq_id = str(category(tables, "help")), str(category(tables, "faq"))
        article: Json = {"kind": "article", "slug": "start", "locale": "de", "title": "Start", "html": "<p>So.</p>"}
        article |= {"excerpt": None, "icon": "book", "categoryId": help_id, "isFeatured": True}
        question: Json = {
            "kind": "faq",
            "locale": "en",
            "question": "Why?",
            "answer": "<p>So.</p>",
            "categoryId": faq_id,
        }
        question |= {"sortOrder": 3}
        for fields in (article, question):
            assert desk.get(desk.made(fields))["fields"] == fields
        response = desk.create(article | {"slug": "other", "categoryId": faq_id})
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")

    def test_the_kind_is_that_of_the_path(self, desk: Desk) -> None:
        response = desk.call("content.texts.create", "page", POST)
        assert (response.status_code, code_of(response)) == (400, "admin.content.kind_mismatch")

    def test_the_rules_of_its_kind_are_told(self, desk: Desk) -> None:
        page = PAGE | {"categoryIds": [], "title": "", "slug": "Not A Slug"}
        told = broken_rules(desk.create(page))
        assert told == {("categoryIds", "unknown"), ("title", "minLength"), ("slug", "pattern")}
        assert broken_rules(desk.call("content.texts.create", "page", {"title": "x"})) == {("kind", "required")}
        assert broken_rules(desk.call("content.texts.create", "page", {"kind": "poem"})) == {("kind", "enum")}

    def test_a_slug_is_given_once(self, desk: Desk) -> None:
        desk.made(POST)
        for fields in (POST, POST | {"locale": "de"}, POST | {"slug": "feed"}):
            response = desk.create(fields)
            assert (response.status_code, code_of(response)) == (409, "admin.content.slug_taken")
        desk.made(PAGE)
        assert code_of(desk.create(PAGE)) == "admin.content.slug_taken"
        assert desk.create(PAGE | {"locale": "de"}).status_code == 201

    def test_an_announcement_does_not_end_before_it_begins(self, desk: Desk) -> None:
        times = {"startsAt": in_time(days=2), "endsAt": in_time(days=1)}
        assert broken_rules(desk.create(ANNOUNCEMENT | times)) == {("endsAt", "minimum")}

    def test_a_post_of_a_megabyte_survives(self, desk: Desk) -> None:
        html = "<p>Grüße und ein 日本 </p>"
        html *= 1_000_000 // len(html)
        entry = desk.made(POST | {"html": html})
        assert desk.get(entry)["fields"]["html"] == html
        assert desk.published(entry)["state"] == "LIVE"
        assert desk.get(entry)["live"]["html"] == html
        assert broken_rules(desk.create(POST | {"slug": "longer", "html": "x" * 1_000_001})) == {("html", "maxLength")}
        assert desk.create(POST | {"slug": "longer", "html": "x" * 4_200_000}).status_code == 413

    @pytest.mark.parametrize("role", ["AUDITOR", "TRANSLATOR", "SUPPORT"])
    def test_others_may_not(self, api: Api, server: Server, role: str) -> None:
        response = Desk(api, member(server, role)).create(PAGE)
        assert (response.status_code, code_of(response)) == (403, "admin.permission_denied")


class TestGet:
    def test_tells_what_the_cleaner_removes(self, desk: Desk) -> None:
        entry = desk.made(PAGE | {"html": '<p onclick="x()">Hi</p><script>alert(1)</script>'})
        told = desk.get(entry)
        assert told["html"] == "<p>Hi</p>"
        assert told["removed"] == ["onclick of p", "script"]
        assert (told["live"], told["scheduled"], told["version"]) == (None, None, 1)

    def test_tells_what_is_live_beside_the_draft(self, desk: Desk) -> None:
        entry = desk.published(desk.made(PAGE))
        entry = desk.updated(entry, title="About us")
        entry = desk.published(entry, publishAt=in_time(days=1))
        told = desk.get(entry)
        assert (told["live"]["title"], told["live"]["revision"]) == ("About", 1)
        assert (told["scheduled"]["title"], told["scheduled"]["revision"]) == ("About us", 2)
        assert told["live"]["shownUntil"] == told["scheduled"]["shownFrom"] == told["entry"]["scheduledAt"]

    def test_is_of_its_kind_alone(self, desk: Desk) -> None:
        entry = desk.made(PAGE)
        for path in (f"post/{entry['id']}", f"page/{uuid4()}"):
            response = desk.call("content.texts.get", path)
            assert (response.status_code, code_of(response)) == (404, "admin.not_found")

    def test_an_auditor_may_read(self, desk: Desk, api: Api, server: Server) -> None:
        entry = desk.made(PAGE)
        assert Desk(api, member(server, "AUDITOR")).get(entry)["entry"] == entry


class TestList:
    def test_what_was_edited_last_comes_first(self, desk: Desk) -> None:
        first, second = desk.made(PAGE), desk.made(PAGE | {"slug": "press"})
        assert desk.listed() == [second, first]
        first = desk.updated(first, title="About us")
        assert desk.listed() == [first, second]
        assert desk.listed("post") == []

    def test_is_narrowed_by_state(self, desk: Desk, tables: Tables) -> None:
        draft, live, due, gone = (desk.made(PAGE | {"slug": slug}) for slug in ("draft", "live", "due", "gone"))
        desk.published(live)
        desk.published(due, publishAt=in_time(days=1))
        data_of(desk.unpublish(desk.published(gone)))
        states = {"DRAFT": draft, "LIVE": live, "SCHEDULED": due, "ARCHIVED": gone}
        for state, entry in states.items():
            assert [(one["id"], one["state"]) for one in desk.listed(state=state)] == [(entry["id"], state)]
        since(tables, due, days=2)
        assert {one["id"] for one in desk.listed(state="LIVE")} == {live["id"], due["id"]}

    def test_is_narrowed_by_locale_category_and_name(self, desk: Desk, tables: Tables) -> None:
        news = str(category(tables))
        german = desk.made(POST | {"slug": "hallo", "locale": "de", "title": "Grüße", "categoryIds": [news]})
        english = desk.made(POST | {"slug": "hello_"[:5], "title": "100% off"})
        assert desk.listed("post", locale="de") == [german]
        assert desk.listed("post", category=news) == [german]
        assert desk.listed("post", category=str(uuid4())) == []
        for q, found in {
            "HAL": [german], "grusse": [german], "GRÜSSE": [german], "üße": [german], "0% o": [english], "%": [english],
            "allo": [], "_": [], "he": [english],
        }.items():  # fmt: skip
            assert desk.listed("post", q=q) == found, q

    def test_is_walked(self, desk: Desk) -> None:
        made = [desk.made(PAGE | {"slug": f"page-{number}"}) for number in range(3)]
        seen: list[Json] = []
        cursor: str | None = ""
        while cursor is not None:
            params: Json = {"limit": 1} | ({"cursor": cursor} if cursor else {})
            data = data_of(desk.call("content.texts.list", "page", **params))
            seen, cursor = seen + data["items"], data["nextCursor"]
        assert seen == made[::-1]
        response = desk.call("content.texts.list", "post", cursor="bm8")
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")


class TestUpdate:
    def test_is_a_revision_and_changes_nothing_public(
        self, desk: Desk, api: Api, server: Server, tables: Tables
    ) -> None:
        entry = desk.published(desk.made(PAGE))
        entry = desk.updated(entry, html="<p>Draft.</p>")
        assert (entry["draft"], entry["version"], entry["state"], entry["liveRevision"]) == (2, 3, "LIVE", 1)
        assert desk.get(entry)["fields"] == PAGE | {"html": "<p>Draft.</p>"}
        assert public(api, server).json()["data"]["content"] == "<p>About us.</p>"
        (told,) = audited(tables, "admin.content.texts.update")
        assert (told["before"], told["after"]) == ({"revision": 1}, {"revision": 2, "fields": ["html"]})

    def test_the_same_author_amends_for_ten_minutes(self, desk: Desk, api: Api, server: Server, tables: Tables) -> None:
        entry = desk.made(PAGE)
        entry = desk.updated(entry, title="One")
        assert (entry["draft"], entry["version"], entry["title"]) == (1, 2, "One")
        other = Desk(api, member(server, "EDITOR"))
        entry = other.updated(entry, title="Two")
        assert entry["draft"] == 2
        tables.run("UPDATE content_revisions SET created_at = created_at - interval '11 minutes'")
        entry = other.updated(entry, title="Three")
        assert entry["draft"] == 3
        assert [desk.get(entry)["fields"]["title"], desk.listed()[0]["title"]] == ["Three", "Three"]

    def test_nobody_overwrites_unseen(self, desk: Desk) -> None:
        entry = desk.made(PAGE)
        desk.updated(entry, title="One")
        response = desk.update(entry, title="Two")
        assert (response.status_code, response.headers["ETag"]) == (412, '"2"')
        response = desk.call("content.texts.update", where(entry), {"kind": "page"})
        assert (response.status_code, code_of(response)) == (428, "precondition.required")

    def test_refusals(self, desk: Desk) -> None:
        entry = desk.made(PAGE)
        desk.made(PAGE | {"slug": "press"})
        assert code_of(desk.update(entry, slug="press")) == "admin.content.slug_taken"
        response = desk.call("content.texts.update", where(entry), {"kind": "post"}, 1)
        assert code_of(response) == "admin.content.kind_mismatch"
        response = desk.call("content.texts.update", f"page/{uuid4()}", {"kind": "page"}, 1)
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")
        post = desk.made(POST)
        assert code_of(desk.update(post, categoryIds=[str(uuid4())])) == "admin.not_found"
        assert code_of(desk.update(post, slug="feed")) == "admin.content.slug_taken"

    def test_which_legal_text_it_is_stays(self, desk: Desk) -> None:
        assert broken_rules(desk.update(desk.made(TERMS), slug="privacy")) == {("slug", "unknown")}


class TestPublish:
    def test_what_the_public_sees_is_cleaned(self, desk: Desk, api: Api, server: Server, tables: Tables) -> None:
        entry = desk.made(PAGE | {"html": "<p id=x>About us.</p><script>x()</script>"})
        assert public(api, server).status_code == 404
        entry = desk.published(entry)
        assert (entry["state"], entry["liveRevision"], entry["version"]) == ("LIVE", 1, 2)
        assert public(api, server).json()["data"]["content"] == "<p>About us.</p>"
        (told,) = audited(tables, "admin.content.texts.publish")
        assert (told["before"], told["after"]["revision"]) == ({"revision": None, "scheduledAt": None}, 1)

    def test_a_scheduled_correction_leaves_the_former_one_until_then(
        self, desk: Desk, api: Api, server: Server, tables: Tables
    ) -> None:
        entry = desk.published(desk.made(PAGE))
        first = entry["publishedAt"]
        entry = desk.published(desk.updated(entry, html="<p>Better.</p>"), publishAt=in_time(hours=1))
        assert (entry["state"], entry["liveRevision"], entry["publishedAt"]) == ("LIVE", 1, first)
        assert entry["scheduledAt"] is not None
        assert public(api, server).json()["data"]["content"] == "<p>About us.</p>"
        version = entry["version"]
        since(tables, entry, hours=2)
        server.app.editions.forget()
        assert public(api, server).json()["data"]["content"] == "<p>Better.</p>"
        told = desk.get(entry)["entry"]
        assert (told["liveRevision"], told["scheduledAt"], told["version"]) == (2, None, version)

    def test_what_was_scheduled_is_replaced(self, desk: Desk, tables: Tables) -> None:
        entry = desk.published(desk.made(PAGE), publishAt=in_time(hours=1))
        assert entry["state"] == "SCHEDULED"
        entry = desk.published(entry, publishAt=in_time(hours=3))
        assert tables.count("publications") == 1
        entry = desk.published(entry)
        assert (entry["state"], entry["scheduledAt"], tables.count("publications")) == ("LIVE", None, 1)

    def test_any_revision_may_be_published(self, desk: Desk, api: Api, server: Server) -> None:
        entry = desk.published(desk.made(PAGE))
        entry = desk.published(desk.updated(entry, html="<p>Worse.</p>"))
        entry = desk.published(entry, revision=1)
        assert (entry["liveRevision"], entry["draft"]) == (1, 2)
        assert public(api, server).json()["data"]["content"] == "<p>About us.</p>"

    def test_a_published_revision_is_never_amended(self, desk: Desk) -> None:
        entry = desk.published(desk.made(PAGE), publishAt=in_time(hours=1))
        assert desk.updated(entry, title="About us")["draft"] == 2

    def test_two_are_never_public_under_one_name(self, desk: Desk, api: Api, server: Server) -> None:
        first = desk.published(desk.made(PAGE))
        first = desk.updated(first, slug="about-us")
        second = desk.made(PAGE)
        response = desk.publish(second)
        assert (response.status_code, code_of(response)) == (409, "admin.content.slug_taken")
        desk.published(first)
        assert desk.published(second)["state"] == "LIVE"
        assert public(api, server, "/public/pages/about-us").status_code == 200

    def test_how_long_it_takes_to_read(self, desk: Desk) -> None:
        entry = desk.published(desk.made(POST | {"html": f"<p>{'word ' * 401}</p>"}))
        assert desk.get(entry)["live"]["readTimeMinutes"] == 3
        entry = desk.published(desk.made(POST | {"slug": "cjk", "html": f"<p>{'語' * 501}</p>"}))
        assert desk.get(entry)["live"]["readTimeMinutes"] == 2

    def test_refusals(self, desk: Desk) -> None:
        entry = desk.made(PAGE)
        assert broken_rules(desk.publish(entry, publishAt=in_time(seconds=-1))) == {("publishAt", "future")}
        assert broken_rules(desk.publish(entry, summary="Shorter.")) == {("summary", "unknown")}
        response = desk.publish(entry, revision=2)
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")
        desk.published(entry)
        assert desk.publish(entry).status_code == 412

    def test_who_may_only_read_may_not(self, desk: Desk, api: Api, server: Server) -> None:
        entry = desk.made(PAGE)
        response = Desk(api, member(server, "AUDITOR")).publish(entry)
        assert (response.status_code, code_of(response)) == (403, "admin.permission_denied")


class TestPublishLegalTexts:
    def test_each_version_has_a_label_and_stays(self, lawyer: Desk, api: Api, server: Server, tables: Tables) -> None:
        entry = lawyer.published(lawyer.made(TERMS), effectiveAt=in_time(days=-1), **VERSION)
        assert lawyer.get(entry)["live"]["label"] == "1.0"
        entry = lawyer.updated(entry, html="<p>Be kinder.</p>")
        assert entry["draft"] == 2
        entry = lawyer.published(entry, effectiveAt=in_time(days=-1), **VERSION)
        assert lawyer.get(entry)["live"]["label"] == "1.1"
        labels = tables.rows("SELECT label, html FROM publications ORDER BY label")
        assert labels == [
            {"label": "1.0", "html": "<p>Be kind.</p>"},
            {"label": "1.1", "html": "<p>Be kinder.</p>"},
        ]
        (_, told) = audited(tables, "admin.content.texts.publish")
        assert (told["reason"], told["after"]["label"]) == (VERSION["reason"], "1.1")
        assert public(api, server, "/legal/terms").json()["data"]["content"] == "<p>Be kinder.</p>"

    def test_consent_is_asked_for_when_it_takes_effect(self, lawyer: Desk, server: Server, tables: Tables) -> None:
        entry = lawyer.made(TERMS)
        entry = lawyer.published(entry, effectiveAt=in_time(days=30), **VERSION | {"requiresConsent": True})
        scheduled = lawyer.get(entry)["scheduled"]
        assert (scheduled["label"], scheduled["requiresConsent"], scheduled["summary"]) == ("2.0", True, "Shorter.")
        assert {"legal.tell", "legal.in_force"} <= set(topics(tables))
        announced = tables.one("SELECT label, requires_consent FROM legal_versions")
        assert announced == {"label": "2.0", "requires_consent": True}

    def test_another_language_of_a_version_has_its_label(self, lawyer: Desk) -> None:
        english = lawyer.made(TERMS)
        english = lawyer.published(english, effectiveAt=in_time(), **VERSION | {"requiresConsent": True})
        german = lawyer.made(TERMS | {"locale": "de"})
        german = lawyer.published(german, effectiveAt=in_time(), **VERSION | {"requiresConsent": True})
        assert [lawyer.get(one)["live"]["label"] for one in (english, german)] == ["2.0", "2.0"]

    def test_what_was_announced_and_replaced_never_takes_effect(self, lawyer: Desk, tables: Tables) -> None:
        entry = lawyer.made(TERMS)
        consent = VERSION | {"requiresConsent": True}
        entry = lawyer.published(entry, effectiveAt=in_time(days=30), **consent)
        entry = lawyer.published(entry, effectiveAt=in_time(days=60), **consent)
        rows = tables.rows("SELECT label, withdrawn_at IS NULL AS stands FROM legal_versions ORDER BY effective_at")
        assert rows == [{"label": "2.0", "stands": False}, {"label": "2.0", "stands": True}]
        data_of(lawyer.unpublish(entry, reason="Too early."))
        assert tables.rows("SELECT 1 FROM legal_versions WHERE withdrawn_at IS NULL") == []

    def test_what_it_needs_is_named(self, lawyer: Desk) -> None:
        entry = lawyer.made(TERMS)
        assert broken_rules(lawyer.publish(entry, publishAt=in_time(days=1))) == {
            ("effectiveAt", "required"), ("requiresConsent", "required"), ("summary", "required"),
            ("reason", "required"), ("publishAt", "unknown"),
        }  # fmt: skip

    def test_an_editor_may_write_but_not_publish_it(self, desk: Desk) -> None:
        entry = desk.made(TERMS)
        for response in (desk.publish(entry, effectiveAt=in_time(), **VERSION), desk.unpublish(entry, reason="None.")):
            assert (response.status_code, code_of(response)) == (403, "admin.permission_denied")
            assert response.json()["error"]["i18nVars"] == {"permission": "legal.publish"}

    def test_needs_a_fresh_proof(self, lawyer: Desk, api: Api, server: Server) -> None:
        entry = lawyer.made(TERMS)
        stale = Desk(api, member(server, "ADMIN", session={"confirmed_at": None}))
        publishing = stale.publish(entry, effectiveAt=in_time(), **VERSION)
        for response in (publishing, stale.unpublish(entry, reason="None.")):
            assert (response.status_code, code_of(response)) == (403, "admin.reauthentication_required")


class TestUnpublish:
    def test_takes_it_off_at_once(self, desk: Desk, api: Api, server: Server, tables: Tables) -> None:
        entry = desk.published(desk.made(PAGE))
        assert public(api, server).status_code == 200
        entry = data_of(desk.unpublish(entry, reason="Outdated."))
        assert (entry["state"], entry["liveRevision"], entry["version"]) == ("ARCHIVED", None, 3)
        assert public(api, server).status_code == 404
        (told,) = audited(tables, "admin.content.texts.unpublish")
        assert (told["reason"], told["before"]["revision"]) == ("Outdated.", 1)
        assert desk.published(entry)["state"] == "LIVE"
        assert public(api, server).status_code == 200

    def test_cancels_what_is_scheduled(self, desk: Desk) -> None:
        entry = desk.published(desk.made(PAGE), publishAt=in_time(hours=1))
        entry = data_of(desk.unpublish(entry))
        assert (entry["state"], entry["scheduledAt"]) == ("DRAFT", None)
        assert desk.remove(entry).status_code == 200

    def test_refusals(self, desk: Desk, lawyer: Desk) -> None:
        entry = desk.made(PAGE)
        response = desk.unpublish(entry)
        assert (response.status_code, code_of(response)) == (400, "admin.transition_invalid")
        assert response.json()["error"]["i18nVars"] == {"from": "DRAFT", "to": "ARCHIVED"}
        assert desk.unpublish(desk.published(entry), 1).status_code == 412
        assert desk.unpublish(entry | {"id": str(uuid4())}).status_code == 404
        assert broken_rules(lawyer.unpublish(lawyer.made(TERMS))) == {("reason", "required")}


class TestRemove:
    def test_a_draft_goes_with_its_revisions(self, desk: Desk, tables: Tables) -> None:
        entry = desk.made(PAGE)
        assert desk.remove(entry).status_code == 200
        assert [tables.count(name) for name in ("content_entries", "content_revisions")] == [0, 0]
        (told,) = audited(tables, "admin.content.texts.remove")
        assert told["before"] == {"kind": "page", "slug": "about", "title": "About"}
        assert (desk.remove(entry).status_code, desk.create(PAGE).status_code) == (404, 201)

    @pytest.mark.parametrize("when", [{}, {"publishAt": True}])
    def test_what_was_published_stays(self, desk: Desk, when: dict[str, Any]) -> None:
        entry = desk.published(desk.made(PAGE), **({"publishAt": in_time(hours=1)} if when else {}))
        response = desk.remove(entry)
        assert (response.status_code, code_of(response)) == (409, "admin.content.was_live")
        if not when:
            assert code_of(desk.remove(data_of(desk.unpublish(entry)))) == "admin.content.was_live"

    def test_nobody_deletes_unseen(self, desk: Desk) -> None:
        entry = desk.made(PAGE)
        desk.updated(entry, title="One")
        assert desk.remove(entry).status_code == 412


class TestRestore:
    def test_is_a_new_revision(self, desk: Desk, tables: Tables) -> None:
        entry = desk.published(desk.made(PAGE))
        entry = desk.updated(entry, slug="about-us", html="<p>Worse.</p>")
        entry = data_of(desk.restore(entry, 1))
        assert (entry["draft"], entry["slug"], entry["version"], entry["liveRevision"]) == (3, "about", 4, 1)
        assert desk.get(entry)["fields"] == PAGE
        (told,) = audited(tables, "admin.content.texts.restore")
        assert (told["before"], told["after"]) == ({"revision": 2}, {"revision": 3, "restored": 1})

    def test_refusals(self, desk: Desk, tables: Tables) -> None:
        entry = desk.published(desk.made(PAGE))
        entry = desk.updated(entry, slug="about-us")
        assert (desk.restore(entry, 9).status_code, desk.restore(entry, 1, 1).status_code) == (404, 412)
        desk.made(PAGE)
        response = desk.restore(entry, 1)
        assert (response.status_code, code_of(response)) == (409, "admin.content.slug_taken")


class TestPreview:
    def test_shows_a_draft_to_who_has_the_url_until_it_expires(self, desk: Desk, api: Api, tables: Tables) -> None:
        entry = desk.made(PAGE | {"html": "<p onclick=x>Hi</p>"})
        told = data_of(desk.preview(entry))
        shown_draft = httpx.get(told["url"].replace(told["url"].split("/api/")[0], str(api.base_url)))
        assert shown_draft.json()["data"]["content"] == "<p>Hi</p>"
        assert shown_draft.headers["X-Robots-Tag"] == "noindex"
        assert shown_draft.headers["Cache-Control"] == "no-store"
        (logged,) = audited(tables, "admin.content.texts.preview")
        assert logged["after"] == {"revision": 1, "expiresAt": told["expiresAt"]}
        changed_url = told["url"].replace(".1.", ".2.")
        assert api.get("/api/" + changed_url.split("/api/")[1]).status_code == 404

    def test_refusals(self, desk: Desk) -> None:
        entry = desk.made(PAGE)
        assert broken_rules(desk.preview(entry, minutes=1441)) == {("minutes", "maximum")}
        assert (desk.preview(entry, revision=2).status_code, code_of(desk.preview(entry, revision=2))) == (
            404,
            "admin.not_found",
        )


class TestCleaner:
    def test_what_a_former_cleaner_made_is_cleaned_again(self, server: Server, api: Api, tables: Tables) -> None:
        entry_id = text(tables, html="<p>New.</p>")
        shown(tables, entry_id, html="<p onclick=x>Old.</p>", sanitizer_version=0)
        server.let_time_come("content.reclean")
        assert tables.one("SELECT html, sanitizer_version FROM publications") == {
            "html": "<p>New.</p>",
            "sanitizer_version": 1,
        }
        assert public(api, server).json()["data"]["content"] == "<p>New.</p>"


def test_an_editors_walk(desk: Desk, api: Api, server: Server, tables: Tables) -> None:
    """Write, show, schedule, publish, correct, bring back, take off."""
    news = data_of(
        desk.call(
            "content.categories.set",
            "categories/blog",
            {"items": [{"slug": "news", "locale": "en", "name": "News", "active": True}]},
            0,
        )
    )["items"][0]["id"]
    entry = desk.made(POST | {"categoryIds": [news], "html": "<p>Helo!</p><script>x()</script>"})
    assert desk.get(entry)["removed"] == ["script"]
    entry = desk.updated(entry, html="<p>Hello!</p>")

    url = data_of(desk.preview(entry, entry["draft"]))["url"]
    assert api.get("/api/" + url.split("/api/")[1]).json()["data"]["content"] == "<p>Hello!</p>"
    post = "/public/blog/hello-world"
    assert public(api, server, post).status_code == 404

    entry = desk.published(entry, publishAt=in_time(hours=1))
    assert public(api, server, post).status_code == 404
    since(tables, entry, hours=2)
    server.app.editions.forget()
    told = public(api, server, post).json()["data"]
    assert (told["content"], told["categories"]) == ("<p>Hello!</p>", [{"name": "News", "slug": "news"}])

    entry = desk.updated(entry, html="<p>Hello, word!</p>")
    entry = desk.published(entry)
    assert public(api, server, post).json()["data"]["content"] == "<p>Hello, word!</p>"
    changes = data_of(desk.revision(entry, entry["draft"]))["changes"]
    assert [part["text"] for part in changes[0]["parts"] if part["change"] == "ADDED"] == [", word"]

    entry = data_of(desk.restore(entry, 1))
    entry = desk.published(entry)
    assert public(api, server, post).json()["data"]["content"] == "<p>Hello!</p>"

    entry = data_of(desk.unpublish(entry))
    assert entry["state"] == "ARCHIVED"
    assert public(api, server, post).status_code == 404
    assert public(api, server, "/public/blog").json()["data"]["items"] == []
