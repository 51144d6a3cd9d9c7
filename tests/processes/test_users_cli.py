"""``biore users``: an account is given back by two people."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from runtime.cli import cli
from services.recovery import NotRecovered
from tests.conftest import SECRET
from tests.handlers.auth.test_changes import ADA, MALLORY, UNDO, change_address, chosen_anew, password_of, undone
from tests.handlers.auth.test_oauth import linked
from tests.handlers.auth.test_two_factor import Factor
from tests.handlers.support import account, audited, change
from tests.harness import Api, Server, Tables, bearer


class Support:
    """People at a shell of the deployment that ``server`` belongs to."""

    def __init__(self, server: Server, data_dir: Path) -> None:
        values = {"DATABASE_URL": server.database_url, "SECRET_KEY": SECRET, "DATA_DIR": str(data_dir)}
        self._environment = {f"BIORE_{name}": value for name, value in values.items()}

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(cli, ["users", *arguments], env=self._environment)

    def show(self, email: str = ADA, *options: str) -> dict[str, Any]:
        result = self.run("show", email, *options)
        assert result.exit_code == 0, result.output
        (line,) = [line for line in result.output.splitlines() if line.startswith("{")]
        shown: dict[str, Any] = json.loads(line)
        return shown

    def prepare(self, by: str = "Grace", email: str = ADA, *options: str) -> str:
        result = self.run("recover", email, "--by", by, *options)
        assert result.exit_code == 0, result.output
        (code,) = re.findall(r"^[0-9a-f]{8}\.[0-9a-f]+$", result.output, re.MULTILINE)
        return str(code)

    def approve(self, code: str, by: str = "Edsger", email: str = ADA, *options: str) -> None:
        result = self.run("recover", email, "--by", by, "--approve", code, *options)
        assert result.exit_code == 0, result.output

    def refused(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert isinstance(result.exception, NotRecovered), result.output
        return str(result.exception)


@pytest.fixture
def support(server: Server, tmp_path: Path) -> Support:
    return Support(server, tmp_path)


@pytest.fixture
def lost(api: Api, tables: Tables) -> Factor:
    """Ada's account, with a second factor and a platform that she has no more."""
    factor = Factor(api, tables).enable()
    api.server.work_off()
    linked(tables, factor.user_id, created_at=datetime.now(UTC) - timedelta(days=30))
    change(tables, "users", factor.user_id, phone="+12025550100", phone_verified_at=datetime.now(UTC))
    return factor


class TestRecover:
    def test_two_people_give_an_account_back(self, support: Support, api: Api, tables: Tables, lost: Factor) -> None:
        access = lost.sign_in()
        support.approve(support.prepare())
        assert api.call("auth.me", headers=bearer(access)).status_code == 401
        row = tables.one("SELECT * FROM users")
        for column in ("password_hash", "two_factor_secret", "phone"):
            assert row[column] is None
        assert [tables.count(table) for table in ("social_accounts", "backup_codes")] == [0, 0]
        assert api.mails(ADA)[0]["subject"] == "Your account was recovered"
        chosen_anew(api)
        assert password_of(api, "Better-Horse-8").json()["data"].keys() == {"accessToken", "expiresIn"}
        (prepared,) = audited(tables, "users.recover.prepared")
        (done,) = audited(tables, "users.recover.success")
        assert prepared["details"] == {"by": "grace"}
        assert done["details"] == {"prepared_by": "grace", "approved_by": "edsger"}
        assert done["target_id"] == str(lost.user_id)

    def test_an_owner_who_never_asked_undoes_it(self, support: Support, api: Api, tables: Tables, lost: Factor) -> None:
        api.server.work_off()
        support.approve(support.prepare())
        match = UNDO.search(api.mails(ADA)[0]["text"])
        assert match is not None
        undone(api, match[1])
        assert tables.one("SELECT two_factor_enabled FROM users")["two_factor_enabled"] is True
        assert tables.count("social_accounts") == 1

    def test_nothing_happens_before_the_second(self, support: Support, tables: Tables, lost: Factor) -> None:
        support.prepare()
        assert tables.one("SELECT two_factor_enabled FROM users")["two_factor_enabled"] is True
        assert tables.count("password_resets") == 0

    @pytest.mark.parametrize("same", ["Grace", "grace", " GRACE ", "\uff27race"])
    def test_one_person_is_not_enough(self, support: Support, tables: Tables, lost: Factor, same: str) -> None:
        code = support.prepare("Grace")
        assert "another person" in support.refused("recover", ADA, "--by", same, "--approve", code)
        assert tables.count("password_resets") == 0

    def test_a_code_is_good_for_one_account_as_it_was(
        self, support: Support, api: Api, tables: Tables, lost: Factor
    ) -> None:
        account(api, tables, "eve@example.com")
        code = support.prepare()
        approve = ("--by", "Edsger", "--approve", code)
        assert "another one" in support.refused("recover", "eve@example.com", *approve)
        linked(tables, lost.user_id, "x")
        assert "has changed since" in support.refused("recover", ADA, *approve)
        again = support.prepare()
        support.approve(again)
        assert "has changed since" in support.refused("recover", ADA, "--by", "Edsger", "--approve", again)

    def test_an_old_code_is_refused(self, support: Support, server: Server, lost: Factor) -> None:
        late = datetime.now(UTC) - timedelta(hours=25)

        async def prepare() -> str:
            from services.recovery import Recovery

            parts = server.app.parts
            recovery = Recovery(parts.database, parts.keyring, parts.config, lambda: late)
            return await recovery.prepare(ADA, "Grace")

        code = server.on_loop(prepare())
        assert "expired" in support.refused("recover", ADA, "--by", "Edsger", "--approve", code)

    @pytest.mark.parametrize("code", ["nonsense", "00000000.00", ""])
    def test_what_is_no_code_is_refused(self, support: Support, lost: Factor, code: str) -> None:
        assert "no code" in support.refused("recover", ADA, "--by", "Edsger", "--approve", code)

    @pytest.mark.parametrize("email", ["nobody@example.com", "unproven@example.com"])
    def test_only_a_proven_address_has_an_owner(self, support: Support, api: Api, tables: Tables, email: str) -> None:
        account(api, tables, "unproven@example.com", email_verified=False)
        assert "proven" in support.refused("recover", email, "--by", "Grace")
        assert "proven" in support.refused("show", email)

    def test_a_person_has_a_name(self, support: Support, lost: Factor) -> None:
        assert "name" in support.refused("recover", ADA, "--by", " ")


class TestFormerAddress:
    """A thief moved the account away, and the link that takes it back ran out."""

    @pytest.fixture
    def lost(self, api: Api, tables: Tables) -> UUID:
        user_id = account(api, tables)
        change_address(api, api.sign_in(), MALLORY)
        tables.run("UPDATE credential_changes SET expires_at = now() - interval '1 second'")
        api.server.work_off()
        return user_id

    @staticmethod
    def _prepare(support: Support) -> str:
        return support.prepare("Grace", ADA, "--former")

    @staticmethod
    def _approve(support: Support, code: str) -> None:
        support.approve(code, "Edsger", ADA, "--former")

    def test_two_people_put_it_back_and_mail_it(self, support: Support, api: Api, tables: Tables, lost: UUID) -> None:
        access = api.sign_in(MALLORY)
        self._approve(support, self._prepare(support))
        assert api.call("auth.me", headers=bearer(access)).status_code == 401
        row = tables.one("SELECT * FROM users")
        assert (row["id"], row["email"], row["password_hash"], row["owner_unproven"]) == (lost, ADA, None, False)
        assert api.mails(ADA)[0]["subject"] == "Your account was recovered"
        told = api.mails(MALLORY)[0]
        assert told["subject"] == "Your e-mail address was changed back"
        assert "token=" not in told["text"]
        chosen_anew(api)
        assert password_of(api, "Better-Horse-8").json()["data"].keys() == {"accessToken", "expiresIn"}
        (done,) = audited(tables, "users.recover.success")
        assert done["details"] == {"prepared_by": "grace", "approved_by": "edsger", "former": True}

    def test_is_told_of_but_meant_only_when_it_is_said(self, support: Support, lost: UUID) -> None:
        assert "--former" in support.refused("recover", ADA, "--by", "Grace")
        assert "--former" in support.refused("show", ADA)
        shown = support.show(ADA, "--former")
        assert (shown["id"], shown["email"]) == (str(lost), MALLORY)

    @pytest.mark.parametrize("options", [(), ("--former",)], ids=str)
    def test_a_code_says_which_address_is_mailed(
        self, support: Support, tables: Tables, lost: UUID, options: tuple[str, ...]
    ) -> None:
        if options:
            code, address = support.prepare("Grace", MALLORY), ADA
        else:
            code, address = self._prepare(support), MALLORY
        refusal = support.refused("recover", address, "--by", "Edsger", "--approve", code, *options)
        assert "another one" in refusal
        assert tables.count("password_resets") == 0

    def test_is_found_for_thirty_days(self, support: Support, tables: Tables, lost: UUID) -> None:
        tables.run("UPDATE email_changes SET used_at = now() - interval '29 days'")
        self._prepare(support)
        tables.run("UPDATE email_changes SET used_at = now() - interval '31 days'")
        assert "30 days" in support.refused("recover", ADA, "--by", "Grace", "--former")
        assert "--former" not in support.refused("show", ADA)

    def test_a_later_account_of_the_address_hides_it_not(
        self, support: Support, api: Api, tables: Tables, lost: UUID
    ) -> None:
        account(api, tables)
        change_address(api, api.sign_in(), "eve@example.net")
        assert support.show(ADA, "--former")["id"] == str(lost)

    def test_who_proved_the_address_meanwhile_must_give_it_up(
        self, support: Support, api: Api, tables: Tables, lost: UUID
    ) -> None:
        other = account(api, tables)
        code = self._prepare(support)
        assert "give it up" in support.refused("recover", ADA, "--by", "Edsger", "--former", "--approve", code)
        assert tables.count("password_resets") == 0
        change(tables, "users", other, email_verified=False)
        self._approve(support, code)
        assert [row["id"] for row in tables.rows("SELECT id FROM users")] == [lost]


def test_show_tells_what_support_needs_and_no_secret(support: Support, api: Api, tables: Tables, lost: Factor) -> None:
    shown = support.show("ADA@Example.com")
    assert (shown["email"], shown["twoFactorEnabled"], shown["openSessions"]) == (ADA, True, 0)
    assert UUID(shown["id"]) == lost.user_id
    assert shown["platforms"].keys() == {"google"}
    for secret in (lost.secret, "$2b$", "+12025550100"):
        assert secret not in json.dumps(shown)
