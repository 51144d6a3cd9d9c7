"""Subscribers of bio pages: nobody is one who did not press the button of the mailed page."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest

from domain.locales import LOCALES
from tests.creators import Creator, creator, signed_in
from tests.dns_server import DnsServer, Zone
from tests.handlers.conftest import Clients
from tests.handlers.gdpr.test_export import archive, built
from tests.handlers.support import account, change, insert, statements, topics
from tests.harness import TOKEN, Api, Server, Tables, bearer, broken_rules, code_of
from tests.persistence.test_gdpr_completeness import erase
from tests.providers.servers import SmtpServer, smtp_server

GRACE = "grace@example.com"
OPEN = {"email_collection_enabled": True}
NO_GAP = {"mail.same_address_minutes": 0}


@pytest.fixture
def ada(api: Api, tables: Tables) -> Creator:
    """A creator whose page takes subscriptions."""
    return creator(api, tables, page=OPEN)


def subscribe(api: Api, page_id: UUID, email: str = GRACE, **fields: Any) -> httpx.Response:
    return api.call("creators.subscribers.subscribe", {"email": email} | fields, path=f"/creators/{page_id}/subscribe")


def confirm(api: Api, token: str | None) -> httpx.Response:
    return api.call("creators.subscribers.confirm", params={"token": token} if token is not None else {})


def resend(api: Api, email: str = GRACE) -> httpx.Response:
    return api.call("creators.subscribers.resend", {"email": email})


def unsubscribe(api: Api, subscriber: UUID, **options: Any) -> httpx.Response:
    return api.call("creators.subscribers.unsubscribe", params={"id": str(subscriber)}, **options)


def links(api: Api, email: str = GRACE) -> list[str]:
    """The tokens that the address was mailed, the oldest first."""
    found = [TOKEN.search(mail["text"]) for mail in api.mails(email)]
    return [match[1] for match in reversed(found) if match]


def row(tables: Tables) -> dict[str, Any]:
    return tables.one("SELECT * FROM bio_email_subscribers")


def subscriber(tables: Tables, page_id: UUID, email: str = GRACE, **columns: Any) -> UUID:
    """A confirmed one, as a row."""
    now = datetime.now(UTC)
    usual = {"subscribed_at": now, "confirmed_at": now, "token_expires_at": now + timedelta(days=7), "locale": "en"}
    return insert(tables, "bio_email_subscribers", page_id=page_id, email=email, **(usual | columns))


class TestSubscribe:
    def test_the_address_is_mailed_a_link_and_no_subscriber_yet(self, api: Api, tables: Tables, ada: Creator) -> None:
        response = subscribe(api, ada.page_id, " Grace@Example.com ", name="<b>Grace</b>\nHopper")
        assert response.status_code == 200
        assert response.json()["data"] == {"message": "Please check your email to confirm subscription"}
        (token,) = links(api)
        found = row(tables)
        assert (found["email"], found["name"], found["locale"]) == (GRACE, "Grace Hopper", "en")
        assert (found["page_id"], found["confirmed_at"], found["unsubscribed_at"]) == (ada.page_id, None, None)
        assert timedelta(days=6, hours=23) < found["token_expires_at"] - datetime.now(UTC) <= timedelta(days=7)
        assert api.call("creators.subscribers.list", headers=signed_in(api, ada)).json()["data"]["total"] == 0
        assert confirm(api, token).status_code == 200

    def test_the_clear_token_is_nowhere_but_in_the_mail(self, api: Api, tables: Tables, ada: Creator) -> None:
        with statements(api.server) as asked:
            subscribe(api, ada.page_id)
        payload = tables.one("SELECT payload FROM outbox")["payload"]
        assert payload.keys() == {"subscriber", "sealed"}
        (token,) = links(api)
        assert token not in str(payload)
        assert token not in str(asked)
        tables.run("DELETE FROM mailbox_messages")
        for name in tables.names():
            assert not tables.rows(f"SELECT 1 FROM {name} t WHERE t::text LIKE %s", f"%{token}%")  # noqa: S608

    def test_the_mail_says_whose_page_it_is_in_the_readers_language(self, api: Api, ada: Creator) -> None:
        api.headers["Accept-Language"] = "de"
        answer = subscribe(api, ada.page_id)
        assert answer.json()["data"]["message"].startswith("Bitte bestätigen Sie")
        (mail,) = api.mails(GRACE)
        assert (mail["subject"], mail["locale"]) == ("Bestätigen Sie Ihr Abonnement von @ada", "de")
        assert "auf der Seite von @ada" in mail["text"]
        assert "7 Tage" in mail["text"]
        (link,) = [word for word in mail["text"].split() if word.startswith("http")]
        assert urlsplit(link).path == "/subscribe/confirm"
        assert parse_qs(urlsplit(link).query).keys() == {"token", "lang"}

    @pytest.mark.parametrize(
        ("field", "value", "rule"),
        [("email", None, "required"), ("email", "grace", "pattern"), ("name", "x" * 101, "maxLength")],
    )
    def test_a_field_outside_its_rules_is_refused(
        self, api: Api, tables: Tables, ada: Creator, field: str, value: str | None, rule: str
    ) -> None:
        body = {name: told for name, told in {"email": GRACE, field: value}.items() if told is not None}
        path = f"/creators/{ada.page_id}/subscribe"
        refused = api.call("creators.subscribers.subscribe", body, path=path)
        assert (field, rule) in broken_rules(refused)
        assert tables.count("bio_email_subscribers") == 0

    @pytest.mark.parametrize("page", [OPEN | {"published": False}, {"published": False}])
    def test_a_page_that_nobody_can_open_is_none(self, api: Api, tables: Tables, page: dict[str, Any]) -> None:
        hidden = subscribe(api, creator(api, tables, page=page).page_id)
        unknown = subscribe(api, uuid4())
        assert code_of(hidden) == code_of(unknown) == "creator.bio.not_found"
        assert hidden.json()["error"]["message"] == unknown.json()["error"]["message"]

    @pytest.mark.parametrize("status", ["SUSPENDED", "BANNED", "DEACTIVATED"])
    def test_nor_is_that_of_an_account_that_may_not_act(
        self, api: Api, tables: Tables, ada: Creator, status: str
    ) -> None:
        change(tables, "users", ada.user_id, status=status)
        assert code_of(subscribe(api, ada.page_id)) == "creator.bio.not_found"

    def test_a_page_that_takes_none_says_so(self, api: Api, tables: Tables) -> None:
        refused = subscribe(api, creator(api, tables).page_id)
        assert (refused.status_code, code_of(refused)) == (400, "creator.subscribe.not_enabled")
        assert tables.count("bio_email_subscribers") == tables.count("outbox") == 0

    def test_a_subscriber_is_told(self, api: Api, tables: Tables, ada: Creator) -> None:
        subscriber(tables, ada.page_id, name="Grace")
        before = tables.fingerprints()
        refused = subscribe(api, ada.page_id, name="Eve")
        assert (refused.status_code, code_of(refused)) == (409, "creator.subscribe.already_subscribed")
        assert tables.changed_since(before) == set()

    def test_the_same_address_may_subscribe_elsewhere(self, api: Api, tables: Tables, ada: Creator) -> None:
        eve = creator(api, tables, "eve@example.com", "eve", page=OPEN)
        assert [subscribe(api, one.page_id).status_code for one in (ada, eve)] == [200, 200]
        assert len(links(api)) == tables.count("bio_email_subscribers") == 2

    def test_who_left_starts_again(self, api: Api, tables: Tables, ada: Creator) -> None:
        long_ago = datetime(2026, 1, 1, tzinfo=UTC)
        subscriber(tables, ada.page_id, confirmed_at=long_ago, subscribed_at=long_ago, unsubscribed_at=long_ago)
        assert subscribe(api, ada.page_id).status_code == 200
        assert row(tables)["confirmed_at"] is None
        assert confirm(api, links(api)[0]).status_code == 200
        found = row(tables)
        assert found["unsubscribed_at"] is None
        assert found["subscribed_at"] == found["confirmed_at"] > long_ago

    def test_a_network_asks_five_times_an_hour(self, api: Api, ada: Creator) -> None:
        assert [subscribe(api, ada.page_id).status_code for _ in range(6)] == [200] * 5 + [429]


class TestAddress:
    """The rules of registration, outside of any transaction."""

    ZONE: ClassVar[Zone] = {"mx.test": {"MX": ["10 mail.mx.test."]}, "no-mail.test": {"TXT": ['"nothing here"']}}

    @pytest.fixture
    def asking(self, start_server: Callable[..., Server]) -> Iterator[Server]:
        with DnsServer(dict(self.ZONE)) as dns:
            server = start_server(dns_resolver=dns.address)
            server.reset()
            server.configure(**{"auth.email_mx_check": True})
            yield server

    def test_a_domain_without_mail_is_refused(self, asking: Server, clients: Clients) -> None:
        api = clients(asking)
        page_id = creator(api, asking.tables, page=OPEN).page_id
        refused = subscribe(api, page_id, "grace@no-mail.test")
        assert (refused.status_code, code_of(refused)) == (400, "auth.register.invalid_email")
        assert asking.tables.count("bio_email_subscribers") == 0
        assert subscribe(api, page_id, "grace@mx.test").status_code == 200

    def test_so_is_an_address_to_be_thrown_away(self, api: Api, tables: Tables, ada: Creator) -> None:
        assert code_of(subscribe(api, ada.page_id, "grace@mailinator.com")) == "auth.register.invalid_email"
        assert tables.count("bio_email_subscribers") == 0


class TestMailsToOneAddress:
    def test_strangers_of_many_networks_cause_one_mail(
        self, server: Server, clients: Clients, tables: Tables, ada: Creator
    ) -> None:
        answers = [subscribe(clients(server), ada.page_id) for _ in range(12)]
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        (token,) = links(clients(server))
        assert tables.count("bio_email_subscribers") == 1
        assert confirm(clients(server), token).status_code == 200

    def test_after_the_gap_a_new_link_replaces_the_former(
        self, server: Server, clients: Clients, tables: Tables, ada: Creator
    ) -> None:
        api = clients(server)
        subscribe(api, ada.page_id)
        assert len(links(api)) == 1
        tables.run("UPDATE bio_email_subscribers SET mailed_at = mailed_at - interval '5 minutes'")
        subscribe(api, ada.page_id)
        former, token = links(api)
        assert code_of(confirm(api, former)) == "creator.subscribe.token_invalid"
        assert confirm(api, token).status_code == 200

    def test_an_hour_has_three_over_all_pages(self, server: Server, clients: Clients, tables: Tables) -> None:
        api = clients(server)
        pages = [creator(api, tables, f"{n}@example.com", f"page-{n}", page=OPEN).page_id for n in range(5)]
        answers = [subscribe(clients(server), page_id) for page_id in pages]
        assert {answer.status_code for answer in answers} == {200}
        assert len(links(api)) == 3
        tables.run("UPDATE mail_quotas SET opened_at = opened_at - interval '1 hour'")
        for page_id in pages:
            subscribe(clients(server), page_id)
        assert len(links(api)) == 5

    def test_a_day_has_six_over_all_pages(self, server: Server, clients: Clients, tables: Tables) -> None:
        api = clients(server)
        pages = [creator(api, tables, f"{n}@example.com", f"page-{n}", page=OPEN).page_id for n in range(8)]
        answers = []
        for page_id in pages:
            answers.append(subscribe(clients(server), page_id))
            tables.run("UPDATE mail_quotas SET opened_at = opened_at - interval '1 hour'")
        assert len({(answer.status_code, answer.content) for answer in answers}) == 1
        assert len(links(api)) == 6
        resend(api)
        assert len(links(api)) == 6
        tables.run("UPDATE mail_quotas SET opened_at = opened_at - interval '1 day'")
        subscribe(api, pages[-1])
        assert len(links(api)) == 7

    def test_what_the_day_refuses_is_not_counted_in_the_hour(
        self, server: Server, clients: Clients, tables: Tables, ada: Creator
    ) -> None:
        server.configure(**NO_GAP, **{"bio.subscribe_mails_per_address_per_day": 1})
        for _ in range(3):
            assert subscribe(clients(server), ada.page_id).status_code == 200
        assert len(links(clients(server))) == 1
        assert [row["sent"] for row in tables.rows("SELECT sent FROM mail_quotas")] == [1, 1]

    def test_as_many_as_are_configured(self, server: Server, clients: Clients, ada: Creator) -> None:
        server.configure(**NO_GAP, **{"bio.subscribe_mails_per_address": 1})
        for _ in range(3):
            assert subscribe(clients(server), ada.page_id).status_code == 200
        assert len(links(clients(server))) == 1

    def test_a_link_that_was_not_mailed_leaves_the_former(self, server: Server, clients: Clients, ada: Creator) -> None:
        server.configure(**NO_GAP, **{"bio.subscribe_mails_per_address": 1})
        api = clients(server)
        for _ in range(2):
            subscribe(api, ada.page_id)
        assert confirm(api, links(api)[0]).status_code == 200

    def test_addresses_are_counted_without_their_names(self, api: Api, tables: Tables, ada: Creator) -> None:
        subscribe(api, ada.page_id)
        assert {len(row["address_hash"]) for row in tables.rows("SELECT address_hash FROM mail_quotas")} == {32}


class TestRefusedAddress:
    @pytest.fixture
    def smtp(self, server: Server) -> Iterator[SmtpServer]:
        with smtp_server() as smtp:
            url = {"external.email.smtp.url": f"{smtp.url}?tls=none"}
            server.configure(**{"external.email.active_provider": "smtp"}, **url, **NO_GAP)
            yield smtp

    def test_is_left_alone_for_thirty_days_on_all_pages(
        self, server: Server, clients: Clients, tables: Tables, ada: Creator, smtp: SmtpServer
    ) -> None:
        api = clients(server)
        eve = creator(api, tables, "eve@example.com", "eve", page=OPEN)
        smtp.replies["RCPT"] = "550 5.1.1 no such user"
        first = subscribe(api, ada.page_id)
        server.work_off()
        ends_at = tables.one("SELECT ends_at FROM mail_suppressions")["ends_at"]
        assert timedelta(days=29) < ends_at - datetime.now(UTC) <= timedelta(days=30)
        assert tables.one("SELECT outcome FROM email_deliveries") == {"outcome": "rejected"}
        assert not tables.rows("SELECT 1 FROM outbox WHERE dead_at IS NOT NULL")
        smtp.replies.clear()
        assert subscribe(api, eve.page_id).content == first.content
        resend(api)
        server.work_off()
        assert smtp.accepted == []
        tables.run("UPDATE mail_suppressions SET ends_at = now()")
        subscribe(api, eve.page_id)
        server.work_off()
        assert len(smtp.accepted) == 1

    def test_one_that_cannot_be_reached_now_is_tried_again(
        self, server: Server, clients: Clients, tables: Tables, ada: Creator, smtp: SmtpServer
    ) -> None:
        smtp.replies["RCPT"] = "451 4.3.0 later"
        subscribe(clients(server), ada.page_id)
        server.work_off()
        assert tables.count("mail_suppressions") == 0
        assert tables.one("SELECT done_at, attempts FROM outbox") == {"done_at": None, "attempts": 1}

    def test_it_is_forgotten_in_time(self, server: Server, tables: Tables) -> None:
        now = datetime.now(UTC)
        for name, ends_at in (("old", now - timedelta(seconds=1)), ("new", now + timedelta(hours=1))):
            tables.run("INSERT INTO mail_suppressions VALUES (%s, %s)", name.encode(), ends_at)
        server.let_time_come("housekeeping.forget_ended")
        assert bytes(tables.one("SELECT address_hash FROM mail_suppressions")["address_hash"]) == b"new"

    def test_mail_programs_are_told_how_to_unsubscribe(
        self, server: Server, clients: Clients, tables: Tables, ada: Creator, smtp: SmtpServer
    ) -> None:
        api = clients(server)
        subscribe(api, ada.page_id)
        server.work_off()
        (mail,) = smtp.accepted
        headers = message_from_bytes(mail.content, policy=policy.default)
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        url = str(headers["List-Unsubscribe"]).strip("<>")
        line = next(line for line in mail.content.split(b"\r\n") if line.startswith(b"List-Unsubscribe:"))
        assert line.endswith(f"<{url}>".encode())  # on one line: a folded one breaks signatures
        assert url.endswith(f"/api/v1/creators/unsubscribe?id={row(tables)['id']}")
        answer = api.post(urlsplit(url).path + "?" + urlsplit(url).query, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert row(tables)["unsubscribed_at"] is not None


class TestDeclined:
    """Whoever answers a confirmation mail by unsubscribing is not asked again for a while."""

    @pytest.fixture(autouse=True)
    def at_once(self, server: Server) -> None:
        server.configure(**NO_GAP)

    def test_is_left_alone_for_thirty_days_on_all_pages(self, api: Api, tables: Tables, ada: Creator) -> None:
        eve = creator(api, tables, "eve@example.com", "eve", page=OPEN)
        first = subscribe(api, ada.page_id)
        assert len(links(api)) == 1
        unsubscribe(api, row(tables)["id"])
        ends_at = tables.one("SELECT ends_at FROM mail_suppressions")["ends_at"]
        assert timedelta(days=29) < ends_at - datetime.now(UTC) <= timedelta(days=30)
        again = [subscribe(api, one.page_id) for one in (ada, eve)]
        assert {(answer.status_code, answer.content) for answer in (first, *again)} == {(200, first.content)}
        resend(api)
        assert len(links(api)) == 1
        tables.run("UPDATE mail_suppressions SET ends_at = now()")
        subscribe(api, ada.page_id)
        former, token = links(api)
        assert code_of(confirm(api, former)) == "creator.subscribe.token_invalid"
        assert confirm(api, token).status_code == 200

    def test_a_repeated_call_makes_it_no_longer(self, api: Api, tables: Tables, ada: Creator) -> None:
        subscribe(api, ada.page_id)
        one = row(tables)["id"]
        unsubscribe(api, one)
        tables.run("UPDATE mail_suppressions SET ends_at = now() + interval '1 hour'")
        before = tables.fingerprints()
        unsubscribe(api, one)
        assert tables.changed_since(before) == set()

    def test_a_subscriber_who_leaves_has_declined_nothing(self, api: Api, tables: Tables, ada: Creator) -> None:
        subscribe(api, ada.page_id)
        confirm(api, links(api)[0])
        unsubscribe(api, row(tables)["id"])
        assert tables.count("mail_suppressions") == 0
        subscribe(api, ada.page_id)
        assert len(links(api)) == 2

    def test_a_creator_who_was_shown_the_id_keeps_no_mails_of_others_away(
        self, api: Api, tables: Tables, ada: Creator
    ) -> None:
        eve = creator(api, tables, "eve@example.com", "eve", page=OPEN)
        subscribe(api, ada.page_id)
        confirm(api, links(api)[0])
        (item,) = api.call("creators.subscribers.list", headers=signed_in(api, ada)).json()["data"]["items"]
        unsubscribe(api, UUID(item["id"]))
        subscribe(api, ada.page_id)
        assert len(links(api)) == 2
        unsubscribe(api, UUID(item["id"]))
        subscribe(api, ada.page_id)
        assert len(links(api)) == 2
        subscribe(api, eve.page_id)
        assert len(links(api)) == 3

    def test_other_addresses_are_asked(self, api: Api, tables: Tables, ada: Creator) -> None:
        subscribe(api, ada.page_id)
        unsubscribe(api, row(tables)["id"])
        subscribe(api, ada.page_id, "heidi@example.com")
        assert len(links(api, "heidi@example.com")) == 1


class TestConfirm:
    def test_the_token_makes_a_subscriber_once(self, api: Api, tables: Tables, ada: Creator) -> None:
        subscribe(api, ada.page_id)
        (token,) = links(api)
        response = confirm(api, token)
        assert (response.status_code, response.json()["data"]) == (200, None)
        found = row(tables)
        assert found["confirmed_at"] is not None
        assert found["token_hash"] is None
        assert code_of(confirm(api, token)) == "creator.subscribe.token_invalid"

    @pytest.mark.parametrize("token", [None, "", "nonsense", str(UUID(int=0)), "x" * 128])
    def test_what_is_no_token_is_not_found(self, api: Api, ada: Creator, token: str | None) -> None:
        refused = confirm(api, token)
        assert (refused.status_code, code_of(refused)) == (404, "creator.subscribe.token_invalid")

    def test_what_is_longer_than_any_is_refused(self, api: Api) -> None:
        assert broken_rules(confirm(api, "x" * 129)) == {("token", "maxLength")}

    def test_one_that_expired_is_not_found(self, api: Api, tables: Tables, ada: Creator) -> None:
        subscribe(api, ada.page_id)
        (token,) = links(api)
        tables.run("UPDATE bio_email_subscribers SET token_expires_at = now()")
        assert code_of(confirm(api, token)) == "creator.subscribe.token_invalid"
        assert row(tables)["confirmed_at"] is None

    def test_its_life_is_configured(self, server: Server, api: Api, tables: Tables, ada: Creator) -> None:
        server.configure(**{"bio.subscribe_token_days": 1})
        subscribe(api, ada.page_id)
        assert row(tables)["token_expires_at"] - datetime.now(UTC) <= timedelta(days=1)

    def test_nobody_keeps_the_answer_or_tells_where_it_was(self, api: Api, tables: Tables, ada: Creator) -> None:
        subscribe(api, ada.page_id)
        for token in (links(api)[0], "used"):
            headers = confirm(api, token).headers
            assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")

    def test_what_mail_scanners_do_confirms_nothing(self, api: Api, tables: Tables, ada: Creator) -> None:
        """They open the mailed link, and ask for its headers."""
        subscribe(api, ada.page_id)
        (mail,) = api.mails(GRACE)
        (link,) = [word for word in mail["text"].split() if word.startswith("http")]
        opened = urlsplit(link)
        for method in ("GET", "HEAD"):
            api.request(method, f"{api.server.origin}{opened.path}?{opened.query}")
        assert row(tables)["confirmed_at"] is None
        assert confirm(api, links(api)[0]).status_code == 200


class TestUnsubscribe:
    def test_it_ends_the_subscription_however_often_it_is_called(self, api: Api, tables: Tables, ada: Creator) -> None:
        one = subscriber(tables, ada.page_id)
        response = unsubscribe(api, one)
        assert (response.status_code, response.json()["data"]) == (200, None)
        first = row(tables)
        assert unsubscribe(api, one).status_code == 200
        assert row(tables) == first
        assert first["unsubscribed_at"] is not None
        assert api.call("creators.subscribers.list", headers=signed_in(api, ada)).json()["data"]["total"] == 0

    def test_one_that_is_not_confirmed_cannot_be_any_more(self, api: Api, tables: Tables, ada: Creator) -> None:
        subscribe(api, ada.page_id)
        (token,) = links(api)
        assert unsubscribe(api, row(tables)["id"]).status_code == 200
        assert code_of(confirm(api, token)) == "creator.subscribe.token_invalid"

    def test_what_was_not_mailed_yet_is_not_mailed_then(self, api: Api, tables: Tables, ada: Creator) -> None:
        subscribe(api, ada.page_id)
        unsubscribe(api, row(tables)["id"])
        assert api.mails(GRACE) == []

    def test_an_unknown_one_is_not_found(self, api: Api) -> None:
        refused = unsubscribe(api, uuid4())
        assert (refused.status_code, code_of(refused)) == (404, "creator.subscribe.not_found")

    @pytest.mark.parametrize("value", [None, "nonsense"])
    def test_what_is_no_id_is_refused(self, api: Api, value: str | None) -> None:
        refused = api.call("creators.subscribers.unsubscribe", params={"id": value} if value else {})
        assert code_of(refused) == "validation.failed"


class TestUnsubscribeOneClick:
    @pytest.mark.parametrize(
        "sent",
        [
            {},
            {"data": {"List-Unsubscribe": "One-Click"}},
            {"files": {"List-Unsubscribe": (None, "One-Click")}},
            {"content": b"\xff" * 5000, "headers": {"Content-Type": "application/json"}},
        ],
    )
    def test_whatever_the_body_is(self, api: Api, tables: Tables, ada: Creator, sent: dict[str, Any]) -> None:
        one = subscriber(tables, ada.page_id)
        params = {"id": str(one)}
        for _ in range(2):
            assert api.post("/api/v1/creators/unsubscribe", params=params, **sent).status_code == 200
        assert row(tables)["unsubscribed_at"] is not None

    def test_an_unknown_one_is_not_found(self, api: Api) -> None:
        refused = api.call("creators.subscribers.unsubscribe_one_click", params={"id": str(uuid4())})
        assert (refused.status_code, code_of(refused)) == (404, "creator.subscribe.not_found")

    @pytest.mark.parametrize("value", [None, "nonsense"])
    def test_what_is_no_id_is_refused(self, api: Api, value: str | None) -> None:
        params = {"id": value} if value else {}
        assert code_of(api.call("creators.subscribers.unsubscribe_one_click", params=params)) == "validation.failed"


class TestResend:
    def test_the_answer_is_the_same_for_all(self, api: Api, tables: Tables, ada: Creator) -> None:
        subscribe(api, ada.page_id)
        subscriber(tables, ada.page_id, "heidi@example.com")
        asked = []
        for email in (GRACE, "heidi@example.com", "nobody@example.com"):
            with statements(api.server) as seen:
                response = resend(api, email)
            asked.append((response.status_code, response.json()["data"], seen))
        assert asked[0] == asked[1] == asked[2]
        assert asked[0][1] == {"message": "If an unconfirmed subscription exists, a confirmation email has been sent."}

    def test_a_new_link_replaces_the_former(self, server: Server, api: Api, tables: Tables, ada: Creator) -> None:
        server.configure(**NO_GAP)
        subscribe(api, ada.page_id, name="Grace")
        assert len(links(api)) == 1
        resend(api)
        former, token = links(api)
        assert code_of(confirm(api, former)) == "creator.subscribe.token_invalid"
        assert confirm(api, token).status_code == 200
        assert row(tables)["name"] == "Grace"

    def test_a_link_that_expired_is_sent_again(self, api: Api, tables: Tables, ada: Creator) -> None:
        subscribe(api, ada.page_id)
        assert len(links(api)) == 1
        tables.run("UPDATE bio_email_subscribers SET token_expires_at = now(), mailed_at = now() - interval '8 days'")
        resend(api)
        assert confirm(api, links(api)[-1]).status_code == 200

    def test_of_every_page_that_takes_subscriptions(
        self, server: Server, clients: Clients, tables: Tables, ada: Creator
    ) -> None:
        server.configure(**NO_GAP, **{"bio.subscribe_mails_per_address": 100})
        api = clients(server)
        others = [creator(api, tables, f"{n}@example.com", f"page-{n}", page=OPEN) for n in range(3)]
        for one in (ada, *others):
            subscribe(api, one.page_id)
        assert len(links(api)) == 4
        change(tables, "bio_pages", others[0].page_id, published=False)
        change(tables, "bio_pages", others[1].page_id, email_collection_enabled=False)
        change(tables, "users", others[2].user_id, status="BANNED")
        resend(api)
        assert len(links(api)) == 5

    def test_neither_sooner_nor_more_than_an_address_may_get(self, api: Api, ada: Creator) -> None:
        subscribe(api, ada.page_id)
        resend(api)
        assert len(links(api)) == 1

    @pytest.mark.parametrize("ended", [{}, {"confirmed_at": None, "unsubscribed_at": datetime.now(UTC)}])
    def test_nobody_else_is_mailed(self, api: Api, tables: Tables, ada: Creator, ended: dict[str, Any]) -> None:
        subscriber(tables, ada.page_id, **ended)
        resend(api)
        resend(api, "nobody@example.com")
        api.server.work_off()
        assert tables.count("mailbox_messages") == 0

    def test_what_is_no_address_is_refused(self, api: Api, tables: Tables) -> None:
        assert broken_rules(resend(api, "nonsense")) == {("email", "pattern")}
        assert topics(tables) == []

    def test_a_network_asks_three_times_an_hour(self, api: Api) -> None:
        assert [resend(api).status_code for _ in range(4)] == [200] * 3 + [429]


class TestList:
    def test_subscribers_are_listed_the_newest_first(self, api: Api, tables: Tables, ada: Creator) -> None:
        now = datetime.now(UTC)
        ids = [
            subscriber(tables, ada.page_id, f"{n}@example.com", subscribed_at=now - timedelta(hours=n))
            for n in range(3)
        ]
        subscriber(tables, ada.page_id, "pending@example.com", confirmed_at=None, token_hash=b"x")
        subscriber(tables, ada.page_id, "gone@example.com", unsubscribed_at=now)
        eve = creator(api, tables, "eve@example.com", "eve", page=OPEN)
        subscriber(tables, eve.page_id)
        data = api.call("creators.subscribers.list", headers=signed_in(api, ada)).json()["data"]
        assert [item["id"] for item in data["items"]] == [str(one) for one in ids]
        assert data["total"] == 3

    def test_what_is_told_of_one(self, api: Api, tables: Tables, ada: Creator) -> None:
        subscribe(api, ada.page_id, name="Grace Hopper")
        confirm(api, links(api)[0])
        (item,) = api.call("creators.subscribers.list", headers=signed_in(api, ada)).json()["data"]["items"]
        assert item.keys() == {
            "id", "bioPageId", "email", "name", "subscribedAt", "unsubscribedAt", "confirmed", "source", "createdAt",
        }  # fmt: skip
        told = {name: item[name] for name in ("email", "name", "confirmed", "source", "unsubscribedAt", "bioPageId")}
        assert told == {
            "email": GRACE, "name": "Grace Hopper", "confirmed": True, "source": "bio_page", "unsubscribedAt": None,
            "bioPageId": str(ada.page_id),
        }  # fmt: skip

    def test_page_by_page(self, api: Api, tables: Tables, ada: Creator) -> None:
        now = datetime.now(UTC)
        ids = [str(subscriber(tables, ada.page_id, f"{n}@example.com", subscribed_at=now)) for n in range(5)]
        headers = signed_in(api, ada)
        pages = [
            api.call("creators.subscribers.list", params={"page": n, "limit": 2}, headers=headers).json()["data"]
            for n in (1, 2, 3, 4)
        ]
        assert [len(page["items"]) for page in pages] == [2, 2, 1, 0]
        assert [item["id"] for page in pages for item in page["items"]] == sorted(ids)
        assert {page["total"] for page in pages} == {5}

    def test_numbers_outside_count_as_the_nearest(self, api: Api, tables: Tables, ada: Creator) -> None:
        subscriber(tables, ada.page_id)
        params = {"page": -3, "limit": 10**6}
        data = api.call("creators.subscribers.list", params=params, headers=signed_in(api, ada)).json()["data"]
        assert len(data["items"]) == 1

    def test_what_is_no_number_is_refused(self, api: Api, ada: Creator) -> None:
        refused = api.call("creators.subscribers.list", params={"page": "last"}, headers=signed_in(api, ada))
        assert code_of(refused) == "validation.failed"

    def test_who_is_no_creator_has_none(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        refused = api.call("creators.subscribers.list", headers=bearer(api.sign_in()))
        assert (refused.status_code, code_of(refused)) == (404, "error.creator.not_found")


class TestKept:
    def test_who_never_confirmed_is_forgotten_a_week_after_the_link(
        self, server: Server, tables: Tables, ada: Creator
    ) -> None:
        now = datetime.now(UTC)
        pending = {"confirmed_at": None}
        subscriber(tables, ada.page_id, "old@example.com", token_expires_at=now - timedelta(days=8), **pending)
        subscriber(tables, ada.page_id, "new@example.com", token_expires_at=now - timedelta(days=6), **pending)
        subscriber(tables, ada.page_id, "confirmed@example.com", token_expires_at=now - timedelta(days=800))
        server.let_time_come("housekeeping.forget_visitors")
        left = {one["email"] for one in tables.rows("SELECT email FROM bio_email_subscribers")}
        assert left == {"new@example.com", "confirmed@example.com"}

    @pytest.mark.parametrize(("days", "left"), [(365, {"new@example.com"}), (30, set()), (3650, {"old@example.com"})])
    def test_who_left_is_forgotten_as_configured(
        self, server: Server, tables: Tables, ada: Creator, days: int, left: set[str]
    ) -> None:
        now = datetime.now(UTC)
        for name, age in (("old", 366), ("new", 364)):
            subscriber(tables, ada.page_id, f"{name}@example.com", unsubscribed_at=now - timedelta(days=age))
        server.configure(**{"bio.unsubscribed_retention_days": days})
        server.let_time_come("housekeeping.forget_visitors")
        found = {one["email"] for one in tables.rows("SELECT email FROM bio_email_subscribers")}
        assert found == left | ({"new@example.com"} if days >= 365 else set())

    def test_whoever_has_proven_the_address_gets_them_in_the_archive(
        self, api: Api, server: Server, tables: Tables, ada: Creator
    ) -> None:
        subscriber(tables, ada.page_id, name="Grace")
        subscriber(tables, ada.page_id, "somebody@example.com")
        account(api, tables, GRACE)
        headers = bearer(api.sign_in(GRACE))
        (told,) = archive(api.get(built(api, server, headers)))["bio_email_subscribers.json"]
        assert (told["email"], told["name"]) == (GRACE, "Grace")
        assert "token_hash" not in told

    def test_the_archive_of_a_creator_holds_nobody_elses_address(
        self, api: Api, server: Server, tables: Tables, ada: Creator
    ) -> None:
        subscriber(tables, ada.page_id)
        kept = archive(api.get(built(api, server, signed_in(api, ada))))
        assert kept["bio_email_subscribers.json"] == []

    def test_they_go_with_the_account_of_the_address_and_with_that_of_the_page(
        self, api: Api, server: Server, tables: Tables, ada: Creator
    ) -> None:
        eve = creator(api, tables, "eve@example.com", "eve", page=OPEN)
        for one in (ada, eve):
            subscriber(tables, one.page_id)
            subscriber(tables, one.page_id, "heidi@example.com")
        erase(server, tables, account(api, tables, GRACE))
        assert {one["email"] for one in tables.rows("SELECT email FROM bio_email_subscribers")} == {"heidi@example.com"}
        erase(server, tables, eve.user_id)
        assert row(tables)["page_id"] == ada.page_id

    def test_an_account_that_has_not_proven_the_address_is_nobody(
        self, api: Api, server: Server, tables: Tables, ada: Creator
    ) -> None:
        subscriber(tables, ada.page_id)
        erase(server, tables, account(api, tables, GRACE, email_verified=False))
        assert tables.count("bio_email_subscribers") == 1


@pytest.mark.parametrize("locale", LOCALES)
def test_the_mail_speaks_every_language(api: Api, ada: Creator, locale: str) -> None:
    api.headers["Accept-Language"] = locale
    subscribe(api, ada.page_id)
    (mail,) = api.mails(GRACE)
    assert mail["locale"] == locale
    assert "@ada" in mail["subject"]
    assert "@ada" in mail["text"]
