"""What strangers may have mailed to an address that is not theirs, and that its owner loses nothing by it."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from domain.keys import Purpose
from tests.handlers.auth.test_passwords import forgot, reset
from tests.handlers.auth.test_resend_verification import resend
from tests.handlers.conftest import Clients
from tests.handlers.support import account, change, insert, statements
from tests.handlers.users.test_emails import verify, wish
from tests.harness import PASSWORD, TOKEN, Api, Server, Tables, code_of

ADA = "ada@example.com"
NO_GAP = {"mail.same_address_minutes": 0}


def links(api: Api, email: str = ADA) -> list[str]:
    """The tokens that the address was mailed, the oldest first."""
    found = [TOKEN.search(mail["text"]) for mail in api.mails(email)]
    return [match[1] for match in reversed(found) if match]


def sign_in_deactivated(api: Api) -> None:
    refused = api.call("auth.login", {"email": ADA, "password": PASSWORD})
    assert code_of(refused) == "auth.login.account_deactivated"


class TestOneAddress:
    def test_strangers_of_many_networks_cause_one_reset_mail(
        self, server: Server, clients: Clients, tables: Tables
    ) -> None:
        api = clients(server)
        account(api, tables)
        answers = [forgot(clients(server)) for _ in range(12)]
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert len(links(api)) == 1

    def test_strangers_of_many_networks_cause_one_further_verification_mail(
        self, server: Server, clients: Clients
    ) -> None:
        api = clients(server)
        api.register()
        assert {resend(clients(server)).status_code for _ in range(12)} == {200}
        assert len(links(api)) == 2  # of the sign-up, and of the first who asked

    def test_signing_in_to_a_deactivated_account_mails_once(
        self, server: Server, clients: Clients, tables: Tables
    ) -> None:
        api = clients(server)
        account(api, tables, status="DEACTIVATED")
        for _ in range(4):
            sign_in_deactivated(clients(server))
        assert len(links(api)) == 1

    def test_a_new_address_is_mailed_once_whoever_names_it(
        self, server: Server, clients: Clients, tables: Tables
    ) -> None:
        api = clients(server)
        for name in ("ada", "bob", "eve"):
            account(api, tables, f"{name}@example.com")
            response = wish(api, api.sign_in(f"{name}@example.com"), "victim@example.org")
            assert response.status_code == 200
        assert len(links(api, "victim@example.org")) == 1
        assert tables.count("email_changes") == 1

    def test_a_wish_that_was_not_mailed_leaves_the_open_one(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        access = api.sign_in()
        wish(api, access)
        wish(api, access)
        (token,) = links(api, "ada@example.org")
        assert verify(api, token).status_code == 200

    def test_other_addresses_and_other_kinds_are_counted_apart(self, api: Api, tables: Tables) -> None:
        account(api, tables, "bob@example.com")
        api.register()
        assert forgot(api, "bob@example.com").status_code == 200
        assert forgot(api).status_code == resend(api).status_code == 200
        assert len(links(api, "bob@example.com")) == 1
        assert len(links(api)) == 3

    def test_after_the_gap_there_is_another_mail_but_five_are_enough_for_a_day(
        self, server: Server, clients: Clients, tables: Tables
    ) -> None:
        api = clients(server)
        account(api, tables)
        api.sign_in()
        for _ in range(7):
            forgot(api)
            api.server.work_off()
            tables.run("UPDATE mail_quotas SET last_at = last_at - interval '5 minutes'")
        assert len(links(api)) == 5
        tables.run("UPDATE mail_quotas SET opened_at = opened_at - interval '1 day'")
        forgot(clients(server))  # who is a stranger
        assert len(links(api)) == 6

    def test_strangers_leave_the_last_two_links_of_a_day_to_who_was_here_before(
        self, server: Server, clients: Clients, tables: Tables
    ) -> None:
        server.configure(**NO_GAP)
        api = clients(server)
        account(api, tables)
        api.sign_in()
        answers = [forgot(clients(server)) for _ in range(6)]
        server.work_off()
        assert tables.count("password_resets") == 3
        answers += [forgot(api) for _ in range(4)]
        server.work_off()
        assert tables.count("password_resets") == 5
        assert len({answer.content for answer in answers}) == 1

    def test_strangers_who_used_up_the_night_leave_the_owner_a_link_until_the_next(
        self, server: Server, clients: Clients, tables: Tables
    ) -> None:
        """The owner, on a device that nobody knows, is one of them."""
        server.configure(**NO_GAP)
        account(clients(server), tables)
        owner = clients(server)

        def ask(client: Api) -> int:
            forgot(client)
            server.work_off()
            return len(links(owner))

        assert [ask(clients(server)) for _ in range(5)] == [1, 2, 3, 3, 3]
        lives = "SELECT expires_at - created_at AS life FROM password_resets ORDER BY expires_at"
        hours = [round(row["life"] / timedelta(hours=1)) for row in tables.rows(lives)]
        assert hours == [1, 1, 8]
        assert "480 minutes" in owner.mails(ADA)[0]["text"]
        tables.run("UPDATE mail_quotas SET last_at = last_at - interval '7 hours 50 minutes'")
        assert ask(owner) == 3
        tables.run("UPDATE mail_quotas SET last_at = last_at - interval '10 minutes'")
        assert [ask(clients(server)), ask(owner)] == [4, 4]
        assert reset(owner, links(owner)[-1]).status_code == 200

    def test_neighbours_who_used_up_the_day_leave_the_owner_a_link_until_the_next(
        self, server: Server, clients: Clients, tables: Tables
    ) -> None:
        """Whoever shares the owner's network is taken for the owner."""
        server.configure(**NO_GAP, **{"ratelimit.auth.passwords.forgot": "100/hour"})
        owner = clients(server)
        account(owner, tables)
        owner.sign_in()
        neighbour = clients(server, owner.address)

        def ask(client: Api) -> int:
            forgot(client)
            server.work_off()
            return len(links(owner))

        assert [ask(neighbour) for _ in range(6)] == [1, 2, 3, 4, 5, 5]
        lives = "SELECT expires_at - created_at AS life FROM password_resets ORDER BY expires_at"
        hours = [round(row["life"] / timedelta(hours=1)) for row in tables.rows(lives)]
        assert hours == [1, 1, 8, 8, 8]  # once a stranger gets no more, and the owner may be taken for one
        tables.run("UPDATE mail_quotas SET last_at = last_at - interval '8 hours'")
        assert [ask(owner), ask(neighbour)] == [6, 6]
        assert reset(owner, links(owner)[-1]).status_code == 200

    def test_what_strangers_get_anew_is_nothing_of_the_owners(
        self, server: Server, clients: Clients, tables: Tables
    ) -> None:
        server.configure(**NO_GAP)
        api = clients(server)
        account(api, tables)
        api.sign_in()
        for _ in range(3):
            forgot(clients(server))
        server.work_off()
        tables.run("UPDATE mail_quotas SET last_at = last_at - interval '8 hours'")
        forgot(clients(server))
        for _ in range(3):
            forgot(api)
        server.work_off()
        assert tables.count("password_resets") == 6

    def test_the_answer_takes_the_same_work_for_known_and_unknown(
        self, server: Server, clients: Clients, tables: Tables
    ) -> None:
        api = clients(server)
        account(api, tables)
        api.sign_in()
        asked = []
        for client, email in ((api, ADA), (clients(server), ADA), (clients(server), "nobody@example.com")):
            with statements(server) as seen:
                forgot(client, email)
            asked.append(seen)
        assert asked[0] == asked[1] == asked[2]

    def test_an_admin_may_allow_more(self, api: Api, tables: Tables) -> None:
        api.server.configure(**NO_GAP, **{"mail.same_address_per_day": 2})
        account(api, tables)
        api.sign_in()
        for _ in range(3):
            forgot(api)
        assert len(links(api)) == 2

    def test_the_address_is_not_kept(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        forgot(api)
        api.server.work_off()
        (expected,) = api.server.app.parts.keyring.digests(Purpose.MAIL_QUOTA, "reset", ADA)
        assert bytes(tables.one("SELECT address_hash FROM mail_quotas")["address_hash"]) == expected.value

    def test_an_unknown_address_is_not_counted(self, api: Api, tables: Tables) -> None:
        forgot(api)
        resend(api)
        api.server.work_off()
        assert tables.count("mail_quotas") == 0

    def test_counts_are_forgotten(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        forgot(api)
        api.server.work_off()
        tables.run("UPDATE mail_quotas SET last_at = last_at - interval '8 days'")
        api.server.let_time_come("housekeeping.forget_ended")
        assert tables.count("mail_quotas") == 0


class TestSeveralLinks:
    def test_a_stranger_who_asks_too_ends_no_link_of_the_owner(self, api: Api, tables: Tables) -> None:
        api.server.configure(**NO_GAP)
        account(api, tables)
        for _ in range(3):
            forgot(api)
        owners, *strangers = links(api)
        assert len(strangers) == 2
        assert reset(api, owners).status_code == 200

    def test_using_one_ends_all(self, server: Server, clients: Clients, tables: Tables) -> None:
        api = clients(server)
        api.server.configure(**NO_GAP)
        account(api, tables)
        for _ in range(3):
            forgot(clients(server))
        first, second, third = links(api)
        assert reset(api, second).status_code == 200
        for token in (first, second, third):
            assert code_of(reset(clients(server), token, "Another-Horse-9")) == "auth.reset_password.invalid_token"

    def test_the_fourth_ends_the_oldest(self, api: Api, tables: Tables) -> None:
        api.server.configure(**NO_GAP)
        account(api, tables)
        api.sign_in()
        for _ in range(4):
            forgot(api)
            api.server.work_off()
        oldest, second, *_ = links(api)
        assert code_of(reset(api, oldest)) == "auth.reset_password.invalid_token"
        assert reset(api, second).status_code == 200

    def test_an_expired_one_takes_no_place(self, api: Api, tables: Tables) -> None:
        user_id = account(api, tables)
        for name in (b"a", b"b", b"c"):
            insert(tables, "password_resets", user_id=user_id, token_hash=name, expires_at="2000-01-01")
        forgot(api)
        (token,) = links(api)
        assert reset(api, token).status_code == 200

    def test_the_link_of_the_sign_up_outlives_what_strangers_have_sent(self, api: Api) -> None:
        api.register()
        for _ in range(2):
            resend(api)
        of_the_sign_up, *_ = links(api)
        assert api.call("auth.verify_email", {"token": of_the_sign_up}).status_code == 200

    def test_a_used_verification_ends_the_others(self, api: Api) -> None:
        api.register()
        resend(api)
        first, second = links(api)
        assert api.call("auth.verify_email", {"token": second}).status_code == 200
        assert code_of(api.call("auth.verify_email", {"token": first})) == "auth.verify_email.invalid_token"
        assert api.call("auth.verify_email", {"token": second}).status_code == 200

    def test_signing_in_again_ends_no_link_to_come_back_with(self, api: Api, tables: Tables) -> None:
        api.server.configure(**NO_GAP)
        user_id = account(api, tables, status="DEACTIVATED")
        for _ in range(3):
            sign_in_deactivated(api)
        first, second, _ = links(api)
        assert api.call("users.reactivate", {"token": first}).status_code == 200
        change(tables, "users", user_id, status="DEACTIVATED")
        assert code_of(api.call("users.reactivate", {"token": second})) == "error.user.reactivation_invalid"

    @pytest.mark.parametrize(
        ("table", "ask"),
        [("password_resets", forgot), ("email_verifications", resend)],
    )
    def test_never_more_than_three_at_once(
        self, api: Api, tables: Tables, table: str, ask: Callable[[Api], object]
    ) -> None:
        api.server.configure(**NO_GAP)
        user_id: UUID = account(api, tables, email_verified=False)
        for _ in range(5):
            ask(api)
        api.server.work_off()
        live = f"SELECT count(*) AS n FROM {table} WHERE user_id = %s AND invalidated_at IS NULL"  # noqa: S608
        assert tables.one(live, user_id)["n"] == 3
