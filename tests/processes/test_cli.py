"""The command line: what it refuses, what it changes, what it shows."""

import json
import re
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from shutil import copy, copytree, ignore_patterns
from typing import Any
from uuid import uuid4

import click
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from click.testing import CliRunner

from contract.loader import ROOT
from domain.config_keys import InvalidConfig
from persistence.migrate import alembic_config, newest
from portal.build import Options
from proof.publish import digest
from runtime.cli import cli
from runtime.cli.portal import portal_build
from tests.conftest import Databases
from tests.handlers.support import insert
from tests.harness import Tables
from tests.processes.biore import Deployment, Process, Visitor, registration, until
from tests.processes.conftest import DeploymentMaker
from tests.processes.crowd import all_at_once, post, statuses
from tests.providers.servers import closed_port

FOLLOWED_SECONDS = 5.0
PACKAGES = (
    "contract", "domain", "handlers", "jobs", "locales", "openapi", "persistence", "portal", "proof", "providers",
    "runtime", "services", "tests",
)  # fmt: skip


def assert_refused(process: Process, words: str) -> None:
    """Exit code 2 and one line that names the remedy."""
    assert process.wait() == 2, process.output
    assert process.output.startswith("biore: ")
    assert process.output.count("\n") == 1
    assert words in process.output


def test_the_version_is_told(tmp_path: Path) -> None:
    with Deployment(tmp_path) as biore:
        assert biore.cli("--version") == f"biore {version('biore')}\n"


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, inner in group.commands.items():
        yield from commands(inner, (*path, name)) if isinstance(inner, click.Group) else [(*path, name)]


@pytest.mark.parametrize("path", list(commands(cli)), ids=" ".join)
def test_the_help_of_a_command_cuts_nothing_off(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(cli, [*path, "--help"], terminal_width=80)
    assert shown.exit_code == 0
    assert not [line for line in shown.output.splitlines() if line.endswith("...") and "Usage" not in line]


@pytest.mark.parametrize("name", ["serve", "config", "mailbox"])
def test_the_help_has_examples(name: str) -> None:
    assert "Examples:\n    biore" in CliRunner().invoke(cli, [name, "--help"]).output


class TestPortal:
    """What ``biore portal build`` makes of its options."""

    @pytest.mark.parametrize(
        ("given", "built"), [([], ["en"]), (["de, fr,de"], ["en", "de", "fr"]), (["de,en"], ["en", "de"])]
    )
    def test_english_is_never_missing(self, given: list[str], built: list[str]) -> None:
        context = portal_build.make_context("build", ["--languages", *given] if given else [])
        assert context.params["locales"] == tuple(built)

    def test_a_language_that_is_none_is_refused(self) -> None:
        with pytest.raises(click.BadParameter, match="xx: choose from"):
            portal_build.make_context("build", ["--languages", "en,xx"])

    @pytest.mark.parametrize("option", ["--origin", "--site", "--api"])
    def test_an_address_is_one_and_ends_without_a_slash(self, option: str) -> None:
        context = portal_build.make_context("build", [option, "https://docs.example.com/"])
        assert context.params[option.removeprefix("--")] == "https://docs.example.com"
        with pytest.raises(InvalidConfig, match=f"{option} must be an address such as"):
            portal_build.make_context("build", [option, "docs.example.com"])

    def test_a_theme_is_part_of_what_was_built(self, tmp_path: Path) -> None:
        sheet = tmp_path / "mine.css"
        sheet.write_text(":root { --accent: teal; }")
        options = Options(theme=portal_build.make_context("build", ["--theme", str(sheet)]).params["theme"])
        before = digest(options)
        sheet.write_text(":root { --accent: navy; }")
        assert digest(options) != before


class TestReading:
    def test_makes_nothing(self, tmp_path: Path) -> None:
        with Deployment(tmp_path) as biore:
            process = biore.run("mailbox", data_dir=str(tmp_path / "none"), secret_key="")
            assert_refused(process, "no database: set BIORE_DATABASE_URL, or start `biore serve` first")
            assert not (tmp_path / "none").exists()

    @pytest.mark.parametrize(
        "words", [["mailbox"], ["config", "list", "auth"], ["config", "get", "site.api_url"], ["oauth", "list"]],
        ids=" ".join,
    )  # fmt: skip
    def test_makes_no_secret_where_there_is_a_database(
        self, deploy: DeploymentMaker, words: list[str], tmp_path: Path
    ) -> None:
        assert deploy().run(*words, data_dir=str(tmp_path / "none"), secret_key="").code == 0
        assert not (tmp_path / "none").exists()

    def test_an_empty_list_is_said_to_be_empty(self, deploy: DeploymentMaker) -> None:
        biore = deploy()
        assert biore.cli("oauth", "list") == "No platform is set up. `biore oauth set --help` tells how.\n"
        assert biore.cli("mailbox", "--to", "ada@example.com").startswith("No mails to ada@example.com yet.")


class TestRefusals:
    def test_serve_refuses_settings_that_would_harm(self, deploy: DeploymentMaker) -> None:
        biore = deploy()
        refused = {
            "BIORE_REDIS_URL": biore.start("serve", "--workers", "2"),
            "--expose": biore.start("serve", "--host", "0.0.0.0"),  # noqa: S104 - that is the point
            "BIORE_SECRET_KEY must be set": biore.start("serve", env="production", secret_key=""),
            "BIORE_DATABASE_URL": biore.start("serve", env="production", database_url=""),
            "unknown settings BIORE_DATABASE_URI": biore.start("serve", database_uri="postgresql://elsewhere"),
        }
        for words, process in refused.items():
            assert_refused(process, words)

    def test_a_port_in_use_is_told_before_anything_is_started(self, tmp_path: Path) -> None:
        with Deployment(tmp_path, secret_key="") as biore, socket.create_server(("127.0.0.1", biore.port)):
            assert_refused(
                biore.run("serve"), f"port {biore.port} of 127.0.0.1 is in use: choose another one with --port"
            )
            assert not (biore.data_dir / "postgres").exists()

    @pytest.mark.parametrize("name", ["nowhere.invalid", "no..name"])
    def test_nobody_listens_under_a_name_that_is_none(self, deploy: DeploymentMaker, name: str) -> None:
        assert_refused(deploy().run("serve", "--host", name, "--expose"), f"cannot listen on {name}")

    @pytest.mark.parametrize(
        "command",
        [["migrate"], ["config", "list"], ["oauth", "list"], ["keys", "list"], ["users", "show", "a@b.example"],
         ["mailbox"]],
        ids=" ".join,
    )  # fmt: skip
    def test_a_database_out_of_reach_is_one_line(self, command: list[str], tmp_path: Path) -> None:
        place = f"127.0.0.1:{closed_port()}"
        with Deployment(tmp_path, database_url=f"postgresql://biore:hunter2@{place}/biore") as biore:
            process = biore.run(*command)
            assert_refused(process, f"the database at {place} cannot be used: Connection refused; see that it runs")
            assert "hunter2" not in process.output

    def test_a_database_without_tables_is_to_be_migrated(self, databases: Databases, tmp_path: Path) -> None:
        with Deployment(tmp_path, database_url=databases.empty()) as biore:
            assert_refused(biore.run("config", "list"), "is not migrated; run `biore migrate`")


class TestMigrate:
    def test_an_empty_database_becomes_ready_without_a_restart(self, databases: Databases, tmp_path: Path) -> None:
        with Deployment(tmp_path, database_url=databases.empty()) as biore:
            # As people start them, which other tests do not wait for.
            server, worker = biore.start("serve", "--no-worker", anew=True), biore.start("worker", anew=True)
            until(lambda: biore.status("/health/live") == 200, "a living server")
            assert biore.status("/health/ready") == 503
            assert "up to date" in biore.cli("migrate", anew=True)
            biore.wait_ready(server)
            with biore.client() as visitor:
                visitor.sign_up("ada@example.com")
            assert worker.code is None

    def test_the_models_and_the_migrations_agree(self, databases: Databases) -> None:
        command.check(alembic_config(databases.migrated()))

    def test_a_stored_phone_gets_the_form_in_which_it_is_asked_for(self, databases: Databases) -> None:
        url = databases.migrated()
        written = ["+49015112345678", "+905551112212", "+390612345678", "+99912345678"]
        with Tables(url) as tables:
            command.downgrade(alembic_config(url), "0019")
            for number, phone in enumerate(written):
                insert(tables, "users", email=f"{number}@example.com", phone=phone)
            command.upgrade(alembic_config(url), "head")
            found = tables.rows("SELECT phone FROM users ORDER BY email")
        assert [row["phone"] for row in found] == ["+4915112345678", *written[1:]]

    def test_the_newest_revision_is_told_by_the_names_of_the_files(self) -> None:
        assert ScriptDirectory.from_config(alembic_config("postgresql://")).get_heads() == [newest()]


@pytest.fixture(scope="module")
def node(deploy: DeploymentMaker) -> Deployment:
    """A deployment with a running API process."""
    biore = deploy()
    biore.serve("--no-worker")
    return biore


@pytest.fixture
def visitor(node: Deployment) -> Iterator[Visitor]:
    with node.client() as visitor:
        yield visitor


@pytest.fixture
def tables(node: Deployment) -> Iterator[Tables]:
    with node.tables() as tables:
        yield tables


NOBODYS = "6f0c2a41-9b7e-4d5b-8c55-0d1c2f9f6a10"


def audited(tables: Tables, name: str) -> list[Any]:
    rows = tables.rows("SELECT details FROM audit_logs WHERE action = 'config.set' AND target_id = %s", name)
    return [row["details"]["value"] for row in rows]


class TestConfig:
    def test_values_that_do_not_fit_are_refused(self, node: Deployment, tables: Tables) -> None:
        before = tables.fingerprints()
        refused = {
            "at least 10": ("set", "auth.salt_rounds", "5"),
            "true or false": ("set", "ratelimit.enabled", "maybe"),
            "is not a rate": ("set", "ratelimit.auth.login", "fast"),
            "must be an address such as https://example.com, not 'notaurl'": ("set", "site.api_url", "notaurl"),
            "did you mean auth.salt_rounds?": ("get", "auth.saltrounds"),
            "no config key that begins with 'nothing.'": ("list", "nothing."),
            "no config key 'ratelimit.auth.dance'": ("set", "ratelimit.auth.dance", "10/hour"),
            "site.username_min_length (31) must be at most site.username_max_length (30)": (
                *("set", "site.username_min_length", "31"),
            ),
            "must hold until a time in the future": ("set", "auth.salt_rounds", "11", "--until", "2020-01-01"),
            "is no time such as": ("set", "auth.salt_rounds", "11", "--until", "soon"),
            "auth.salt_rounds has no change": ("rollback", "auth.salt_rounds", NOBODYS),
            "did you mean auth.undo_hours?": ("history", "auth.undo_hour"),
            "on the standard input": ("set", "external.email.smtp.url", "smtp://ada:hunter2@127.0.0.1:2525"),
        }
        for words, process in {words: node.start("config", *given) for words, given in refused.items()}.items():
            assert_refused(process, words)
        assert tables.changed_since(before) == set()

    def test_a_list_can_be_cut_down_to_what_matters(self, deploy: DeploymentMaker) -> None:
        biore = deploy()
        whole, auth, changed = (
            biore.start("config", "list", *more) for more in ((), ("auth.",), ("auth", "--changed"))
        )
        assert [process.wait() for process in (whole, auth, changed)] == [0, 0, 0]
        keys = [line for line in auth.output.splitlines() if " = " in line]
        assert len(keys) > 10
        assert all(line[2:].startswith("auth.") for line in keys)
        assert set(auth.output.splitlines()) < set(whole.output.splitlines())
        assert [line for line in changed.output.splitlines() if " = " in line] == [
            "* auth.salt_rounds = 10   (default 12)"
        ]
        assert biore.cli("config", "unset", "auth.salt_rounds") == "auth.salt_rounds = 12 (default)\n"
        assert "  auth.salt_rounds = 12\n" in biore.cli("config", "list", "auth.salt")
        assert_refused(
            biore.run("config", "list", "auth", "--changed"), "no changed config key that begins with 'auth'"
        )
        biore.cli("config", "unset", "ratelimit.enabled")
        assert biore.cli("config", "list", "--changed") == "Nothing was changed: every key has its default.\n"

    def test_changes_are_remembered_and_taken_back(self, deploy: DeploymentMaker) -> None:
        biore, name = deploy(), "auth.lockout_threshold"
        assert biore.cli("config", "history", name) == f"{name} was never changed\n"
        biore.cli("config", "set", name, "8", "--reason", "a campaign")
        assert f"{name} = 9, until 20" in biore.cli("config", "set", name, "9", "--until", "2h")
        assert "   (default 5)   until 20" in biore.cli("config", "list", name)
        second, first = biore.cli("config", "history", name).splitlines()
        assert "  default -> 8  by command line: a campaign" in first
        assert "  8 -> 9, until 20" in second
        assert biore.cli("config", "rollback", name, first.split()[0]) == f"{name} = 8\n"
        biore.cli("config", "unset", name, "--reason", "it is over")
        last = biore.cli("config", "history", name, "--limit", "1")
        assert last.endswith("  8 -> default  by command line: it is over\n")
        with biore.tables() as tables:
            told = "SELECT reason FROM audit_logs WHERE action = 'config.unset'"
            assert tables.one(told) == {"reason": "it is over"}

    def test_a_secret_is_never_shown(self, node: Deployment, tables: Tables) -> None:
        name, secret = "external.email.smtp.url", "smtp://ada:hunter2@127.0.0.1:2525"
        said = node.cli("config", "set", name, "-", given=f"{secret}\n")
        shown = [node.start("config", "get", name), node.start("config", "list")]
        assert [process.wait() for process in shown] == [0, 0]
        assert shown[0].output == '"(set)"\n'
        assert f'* {name} = "(set)"\n' in shown[1].output
        assert not [text for text in (said, *(process.output for process in shown)) if "hunter2" in text]
        assert "hunter2" not in tables.one("SELECT value::text FROM config_entries WHERE name = %s", name)["value"]
        assert audited(tables, name) == [None]

    def test_a_change_is_audited_and_reaches_a_running_node(
        self, node: Deployment, visitor: Visitor, tables: Tables
    ) -> None:
        node.cli("config", "set", "platform.registration_enabled", "false")
        until(lambda: "auth.register.closed" in register(visitor), "closed registration", FOLLOWED_SECONDS)
        assert audited(tables, "platform.registration_enabled") == [False]
        node.cli("config", "set", "platform.registration_enabled", "true")
        until(lambda: "userId" in register(visitor), "open registration", FOLLOWED_SECONDS)

    def test_limits_follow_the_config(self, node: Deployment, visitor: Visitor) -> None:
        changes = [("ratelimit.auth.logout", "2/hour"), ("ratelimit.enabled", "true")]
        assert [node.start("config", "set", *change).wait() for change in changes] == [0, 0]
        until(lambda: visitor.post("auth/logout").status_code == 429, "the limit", FOLLOWED_SECONDS)
        refused = visitor.post("auth/logout")
        assert refused.headers["RateLimit-Policy"] == '"auth.logout";q=2;w=3600'
        node.cli("config", "set", "ratelimit.enabled", "false")
        until(lambda: visitor.post("auth/logout").status_code == 200, "no limit", FOLLOWED_SECONDS)
        assert statuses(all_at_once(node, [post("auth/logout")] * 10)) == {200: 10}


def register(visitor: Visitor) -> str:
    return visitor.post("auth/register", json=registration(f"{uuid4().hex}@example.com")).text


class TestEmbedded:
    def test_one_data_folder_has_one_server(self, embedded_dir: Path) -> None:
        with Deployment(embedded_dir, secret_key="") as biore:
            both = [biore.start("serve"), biore.start("serve")]
            (loser,) = until(lambda: [process for process in both if process.code is not None], "a refusal")
            assert loser.code == 2
            assert re.fullmatch(r" +0\.\d s +Starting Pos.*\nbiore: .* belongs to a running server.*\n", loser.output)
            (winner,) = (process for process in both if process is not loser)
            biore.wait_ready(winner)
            self._assert_usable(biore)
            assert winner.code is None

    @staticmethod
    def _assert_usable(biore: Deployment) -> None:
        """The commands reach the server's database, under the secret that it made for itself."""
        assert stat.S_IMODE((biore.data_dir / "secret").stat().st_mode) == 0o600
        with biore.client() as visitor:
            visitor.sign_up("ada@example.com")
            visitor.post("auth/register", json=registration("grace@example.com"))
            biore.wait_for_mail("grace@example.com")
        (mail,) = json.loads(biore.cli("mailbox", "--to", "ada@example.com", "--json"))["messages"]
        assert mail["to"] == "ada@example.com"
        assert f"{biore.origin}/verify-email?token=" in mail["text"]
        newest, _ = json.loads(biore.cli("mailbox", "--json"))["messages"]
        assert newest["to"] == "grace@example.com"
        created = biore.run("admin", "create", "owner@example.com", port="8000").output
        assert f"{biore.origin}/reset-password?token=" in created, "a link leads to where the server listens"


class TestSpec:
    def test_the_committed_contract_is_fresh(self, tmp_path: Path) -> None:
        with Deployment(tmp_path) as biore:
            assert "wrote" not in biore.cli("spec", "build", "--check")

    def test_what_is_not_translated_is_told_and_fails_where_it_is_asked(self, tmp_path: Path) -> None:
        for package in PACKAGES:
            copytree(ROOT / package, tmp_path / package, ignore=ignore_patterns("__pycache__"))
        copy(ROOT / "schemathesis.toml", tmp_path)
        complete = spec_in(tmp_path, "words")
        assert (complete.returncode, complete.stdout) == (0, "")
        catalogue = tmp_path / "openapi" / "errors" / "dev.yaml"
        words = catalogue.read_text(encoding="utf-8")
        catalogue.write_text("".join(line for line in words.splitlines(True) if not line.startswith("    fr: ")))
        (tmp_path / "locales" / "de" / "messages.json").write_text("{}", encoding="utf-8")
        lacking = spec_in(tmp_path, "words")
        assert lacking.returncode == 1
        assert "errors: dev.host_refused lacks fr\n" in lacking.stdout
        assert "messages: auth.register.done lacks de\n" in lacking.stdout
        counted = spec_in(tmp_path, "build", "--check")
        assert counted.returncode == 0, counted.stderr
        assert f"{lacking.stdout.count(' lacks ')} texts are not translated yet" in counted.stdout


def spec_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What `biore spec` says of the contract and the languages below a folder."""
    command = [sys.executable, "-m", "runtime.cli", "spec", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
