"""``biore admin``: the first owner, and roles when the web cannot."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from click.testing import CliRunner, Result

from runtime.cli import cli
from services.staff import NotDone
from tests.conftest import SECRET
from tests.handlers.support import account, audited
from tests.harness import PASSWORD, Api, Server, Tables, bearer, code_of
from tests.staff import member

ADA, GRACE = "ada@example.com", "grace@example.com"


class Office:
    """A shell of the deployment that ``server`` belongs to."""

    def __init__(self, server: Server, data_dir: Path) -> None:
        values = {"DATABASE_URL": server.database_url, "SECRET_KEY": SECRET, "DATA_DIR": str(data_dir)}
        self._environment = {f"BIORE_{name}": value for name, value in values.items()}

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(cli, ["admin", *arguments], env=self._environment)

    def done(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result.output

    def refused(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert isinstance(result.exception, NotDone), result.output
        return str(result.exception)

    def list(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.done("list").splitlines() if line.startswith("{")]


@pytest.fixture
def office(server: Server, tmp_path: Path) -> Office:
    return Office(server, tmp_path)


class TestFirstOwner:
    def test_comes_from_nothing_to_a_call(self, office: Office, api: Api, tables: Tables) -> None:
        """The link, a password, a second factor, a sign-in with it."""
        link = office.done("create", ADA).splitlines()[-1]
        (token,) = parse_qs(urlsplit(link).query)["token"]
        assert api.call("auth.passwords.reset", {"token": token, "newPassword": PASSWORD}).status_code == 200
        headers = bearer(api.sign_in(ADA))
        assert api.call("admin.me", headers=headers).json()["data"]["mustDo"] == ["ENABLE_TWO_FACTOR"]
        assert code_of(api.call("admin.staff.list", headers=headers)) == "admin.two_factor_required"
        secret = api.call("auth.two_factor.setup", headers=headers).json()["data"]["secret"]
        totp = pyotp.TOTP(secret)
        assert api.call("auth.two_factor.verify", {"code": totp.now()}, headers=headers).status_code == 200
        tables.run("UPDATE users SET two_factor_last_step = 0")  # as if half a minute had passed
        asked = api.call("auth.login", {"email": ADA, "password": PASSWORD}).json()["data"]
        answer = api.call("auth.two_factor.login", {"tempToken": asked["tempToken"], "code": totp.now()})
        signed_in = bearer(answer.json()["data"]["accessToken"])
        (row,) = api.call("admin.staff.list", headers=signed_in).json()["data"]["items"]
        assert (row["email"], [role["role"] for role in row["roles"]]) == (ADA, ["OWNER"])

    def test_is_mailed_the_link_and_recorded(self, office: Office, api: Api, tables: Tables) -> None:
        link = office.done("create", ADA, "--reason", "The company begins.").splitlines()[-1]
        texts = [mail["text"] for mail in api.mails(ADA)]
        assert any(parse_qs(urlsplit(link).query)["token"][0] in text for text in texts)
        (row,) = audited(tables, "admin.create")
        assert (row["actor_id"], row["reason"], row["details"]) == (None, "The company begins.", {"by": "cli"})

    def test_production_prints_the_link_only_when_it_is_asked_for(self, server: Server, tmp_path: Path) -> None:
        office = Office(server, tmp_path)
        office._environment["BIORE_ENV"] = "production"
        assert "token=" not in office.done("create", ADA)
        assert "token=" in office.done("create", GRACE, "--print-link")

    def test_of_an_address_that_has_an_account(self, office: Office, api: Api, tables: Tables) -> None:
        account(api, tables)
        assert (
            office.refused("create", ADA) == f"{ADA} has an account; `biore admin grant {ADA} OWNER` gives it the role"
        )
        assert "is no mail address" in office.refused("create", "ada")
        assert tables.count("staff_roles") == 0


class TestRoles:
    def test_are_granted_listed_and_revoked(self, office: Office, api: Api, tables: Tables) -> None:
        account(api, tables)
        office.done("create", GRACE)
        office.done("grant", ADA, "OPERATOR", "--until", "2999-01-01")
        shown = {one["email"]: one["roles"] for one in office.list()}
        assert shown == {GRACE: {"OWNER": None}, ADA: {"OPERATOR": "2999-01-01T00:00:00.000Z"}}
        assert "has the role OPERATOR already" in office.refused("grant", ADA, "OPERATOR")
        office.done("revoke", ADA, "OPERATOR", "--reason", "Left the team.")
        assert [one["email"] for one in office.list()] == [GRACE]
        assert "does not have the role" in office.refused("revoke", ADA, "OPERATOR")
        assert any("OPERATOR" in mail["text"] and "command line" in mail["text"] for mail in api.mails(GRACE))

    def test_what_is_refused(self, office: Office, api: Api, tables: Tables) -> None:
        account(api, tables, email_verified=False)
        assert "is no role; there are OWNER, ADMIN" in office.refused("grant", ADA, "KING")
        assert "no active account with a verified address" in office.refused("grant", ADA, "ADMIN")
        assert "has no account" in office.refused("grant", GRACE, "ADMIN")
        assert "would have ended already" in office.refused("grant", ADA, "ADMIN", "--until", "2020-01-01")

    def test_the_last_owner_keeps_it(self, office: Office, api: Api, tables: Tables) -> None:
        office.done("create", ADA)
        assert "is the last owner" in office.refused("revoke", ADA, "OWNER")
        office.done("create", GRACE)
        office.done("revoke", ADA, "OWNER")


class TestSecondFactor:
    def test_is_off_and_sessions_are_over(self, office: Office, api: Api, server: Server, tables: Tables) -> None:
        lost = member(server, "ADMIN")
        office.done("reset-2fa", lost.email, "--reason", "The phone was lost.")
        assert code_of(api.call("admin.me", headers=lost.headers)) == "auth.unauthenticated"
        assert not tables.one("SELECT two_factor_enabled AS on FROM users WHERE id = %s", lost.id)["on"]
        (row,) = audited(tables, "admin.reset_2fa")
        assert (row["target_id"], row["reason"]) == (str(lost.id), "The phone was lost.")
        assert len(api.mails(lost.email)) == 1
        assert "has no second factor" in office.refused("reset-2fa", lost.email)

    def test_of_who_is_no_staff_goes_the_way_of_two_people(self, office: Office, server: Server) -> None:
        assert "biore users recover" in office.refused("reset-2fa", member(server).email)
