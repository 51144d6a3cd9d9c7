"""``biore providers``: what it shows, how it probes, what it refuses."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from domain.config_keys import InvalidConfig
from runtime.cli import cli
from tests.conftest import SECRET
from tests.handlers.support import audited, until
from tests.harness import Server, Tables
from tests.providers.servers import closed_port, smtp_server


class Operator:
    """Somebody at a shell of the deployment that ``server`` belongs to."""

    def __init__(self, server: Server, data_dir: Path) -> None:
        values = {"DATABASE_URL": server.database_url, "SECRET_KEY": SECRET, "DATA_DIR": str(data_dir)}
        self._environment = {f"BIORE_{name}": value for name, value in values.items()}

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(cli, ["providers", *arguments], env=self._environment)

    def done(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return str(result.output)

    def refused(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert isinstance(result.exception, InvalidConfig), result.output
        return str(result.exception)


@pytest.fixture
def operator(server: Server, tmp_path: Path) -> Operator:
    return Operator(server, tmp_path)


class TestList:
    def test_every_family_with_its_order_and_what_is_missing(self, operator: Operator) -> None:
        told = operator.done("list")
        for family in (
            "captcha",
            "dns",
            "email",
            "geoip",
            "kyc",
            "leaked_passwords",
            "payment",
            "payout",
            "sms",
            "storage",
        ):
            assert f"{family}\n" in told
        assert "1. mailbox" in told
        assert "not set: account_sid, auth_token, from" in told

    def test_one_family(self, operator: Operator) -> None:
        told = operator.done("list", "captcha")
        assert "none is active" in told
        assert "sms" not in told

    def test_an_unknown_one(self, operator: Operator) -> None:
        assert operator.refused("list", "nothing") == "This family was not found."


class TestProbe:
    def test_a_good_one(self, operator: Operator, server: Server, tables: Tables) -> None:
        with smtp_server() as smtp:
            server.configure(**{"external.email.smtp.url": f"{smtp.url}?tls=none"})
            assert operator.done("probe", "email", "smtp").startswith("ok    smtp")
        assert tables.one("SELECT provider FROM provider_probes") == {"provider": "smtp"}

    def test_a_bad_one(self, operator: Operator, server: Server) -> None:
        server.configure(**{"external.email.smtp.url": f"smtp://u:planted@127.0.0.1:{closed_port()}?tls=none"})
        result = operator.run("probe", "email", "smtp")
        assert result.exit_code == 1
        assert "FAIL  smtp  nothing listens there" in result.output
        assert "planted" not in result.output

    def test_those_that_are_chosen(self, operator: Operator) -> None:
        assert "mailbox" in operator.done("probe", "email")
        assert operator.done("probe", "captcha") == ""


class TestOrder:
    def test_running_servers_follow(self, operator: Operator, server: Server, tables: Tables) -> None:
        assert operator.done("order", "geoip", "cdn_header", "--reason", "A test.") == "geoip: cdn_header\n"
        until(lambda: server.app.parts.providers.geoip.stand_ins == [])
        (row,) = audited(tables, "providers.order")
        told: Any = (row["actor_id"], row["target_id"], row["reason"], row["after"])
        assert told == (None, "geoip", "A test.", {"active": "cdn_header", "failover": []})

    def test_one_that_is_not_ready(self, operator: Operator) -> None:
        assert operator.refused("order", "sms", "twilio") == (
            "twilio is not ready: external.sms.twilio.account_sid is empty"
        )
        assert operator.done("order", "sms", "twilio", "--force") == "sms: twilio\n"

    def test_an_order_that_cannot_be(self, operator: Operator) -> None:
        assert "must be of" in operator.refused("order", "email", "nobody")
        assert operator.refused("order", "dns", "resolver") == "This family was not found."
