"""What an admin changes while the system runs: checked, audited, sealed where it is secret, followed by every node."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import pytest

from domain.auth import TERMS_VERSION
from domain.auth.passwords import SALT_ROUNDS
from domain.clock import utc_now
from domain.config_keys import InvalidConfig
from domain.mailed_pages import BASE_URL
from persistence.engine.database import Database
from providers.email import ACTIVE_PROVIDER
from runtime.settings import Settings
from services.config.catalogue import CATALOGUE
from services.config.live import LiveConfig
from services.keyring import Keyring
from tests.harness import Api, Server, Tables

T = TypeVar("T")

OPERATION_IDS = frozenset({"auth.login", "auth.register"})
SMTP = "external.email.smtp.url"
SMTP_URL = "smtp://user:hunter2@mail.example:587"
OTHER_SECRET = "another-secret-of-the-tests-0123456789"


class Node:
    """A process of its own, as far as config goes: read anew at every use. ``late``: how far its clock goes ahead."""

    def __init__(self, database_url: str, settings: Settings) -> None:
        self._url = database_url
        self._settings = settings
        self.late = timedelta()

    def now(self) -> datetime:
        return utc_now() + self.late

    def use(self, work: Callable[[LiveConfig], Awaitable[T]], *, refreshed: bool = True) -> T:
        async def run() -> T:
            keyring = Keyring(self._settings.secrets)
            database = Database(self._url, seal=partial(keyring.seal, "outbox"), digests=keyring.digests)
            config = LiveConfig(database, keyring, self._settings.env, OPERATION_IDS, {}, self.now)
            try:
                if refreshed:
                    await config.refresh()
                return await work(config)
            finally:
                await database.close()

        return asyncio.run(run())

    def set(self, name: str, value: Any) -> None:
        self.use(lambda config: config.set(name, value))

    def unset(self, name: str) -> bool:
        return self.use(lambda config: config.unset(name))

    def restore(self, name: str, change_id: UUID) -> None:
        self.use(lambda config: config.restore(name, change_id))

    def changed(self, name: str) -> bool:
        async def read(config: LiveConfig) -> bool:
            return {key: changed for key, _, changed in config.items()}[name]

        return self.use(read)

    def get(self, name: str) -> Any:
        async def read(config: LiveConfig) -> Any:
            return config.get(name)

        return self.use(read)

    def shown(self, name: str) -> Any:
        async def read(config: LiveConfig) -> Any:
            return config.shown(name)

        return self.use(read)


@pytest.fixture
def node(database_url: str, settings: Settings, rows: Tables) -> Node:
    rows.empty()
    return Node(database_url, settings)


GOOD: list[tuple[str, Any]] = [
    ("auth.salt_rounds", 10),
    ("auth.salt_rounds", 16),
    ("platform.registration_enabled", False),
    ("platform.supported_locales", ["tr"]),
    ("external.email.failover_providers", []),
    ("site.base_url", "https://example.com"),
    ("ratelimit.auth.login", "3/10 min"),
]
BAD: list[tuple[str, Any]] = [
    ("auth.salt_rounds", 9),
    ("auth.salt_rounds", 17),
    ("auth.salt_rounds", "10"),
    ("auth.salt_rounds", 10.5),
    ("auth.salt_rounds", True),
    ("auth.salt_rounds", None),
    ("platform.registration_enabled", "false"),
    ("platform.registration_enabled", 0),
    ("platform.supported_locales", "en"),
    ("platform.supported_locales", ["en", "xx"]),
    ("platform.supported_locales", [1]),
    ("external.email.active_provider", "pigeon"),
    ("site.base_url", 7),
    ("site.api_url", "notaurl"),
    (SMTP, None),
    ("ratelimit.auth.login", "often"),
    ("ratelimit.auth.login", 3),
    ("ratelimit.auth.nothing", "3/minute"),
    ("ratelimit.", "3/minute"),
    ("no.such.key", 1),
    ("", 1),
]


class TestSet:
    @pytest.mark.parametrize(("name", "value"), GOOD, ids=str)
    def test_holds_on_every_node(self, node: Node, name: str, value: Any) -> None:
        node.set(name, value)
        assert node.get(name) == value

    @pytest.mark.parametrize(("name", "value"), BAD, ids=str)
    def test_refuses_what_does_not_fit(self, node: Node, rows: Tables, name: str, value: Any) -> None:
        with pytest.raises(InvalidConfig):
            node.set(name, value)
        assert rows.count("config_entries") == rows.count("audit_logs") == 0

    def test_a_second_value_replaces_the_first(self, node: Node, rows: Tables) -> None:
        node.set("auth.salt_rounds", 11)
        node.set("auth.salt_rounds", 13)
        assert node.get("auth.salt_rounds") == 13
        assert rows.count("config_entries") == 1

    def test_leaves_an_audit_entry(self, node: Node, rows: Tables) -> None:
        node.set("auth.salt_rounds", 11)
        entry = rows.one("SELECT action, target_id, details FROM audit_logs")
        assert entry == {"action": "config.set", "target_id": "auth.salt_rounds", "details": {"value": 11}}


class TestUnset:
    def test_the_default_is_back_and_the_mark_is_gone(self, node: Node, rows: Tables) -> None:
        node.set("auth.salt_rounds", 11)
        assert node.unset("auth.salt_rounds")
        assert node.get("auth.salt_rounds") == SALT_ROUNDS.default_in("development")
        assert not node.changed("auth.salt_rounds")
        assert rows.count("config_entries") == 0

    def test_a_limit_is_the_contracts_again(self, node: Node) -> None:
        node.set("ratelimit.auth.login", "3/hour")
        assert node.unset("ratelimit.auth.login")
        assert node.get("ratelimit.auth.login") is None
        assert node.shown("ratelimit.auth.login") is None

    def test_is_audited_where_something_was_stored(self, node: Node, rows: Tables) -> None:
        assert not node.unset("auth.salt_rounds")
        assert rows.count("audit_logs") == 0
        node.set("auth.salt_rounds", 11)
        node.unset("auth.salt_rounds")
        (entry,) = rows.rows("SELECT target_id, details FROM audit_logs WHERE action = 'config.unset'")
        assert entry == {"target_id": "auth.salt_rounds", "details": {}}

    def test_what_another_version_stored_can_be_taken_away(self, node: Node, rows: Tables) -> None:
        rows.run("INSERT INTO config_entries (name, value) VALUES ('auth.gone', '1')")
        assert node.unset("auth.gone")
        with pytest.raises(InvalidConfig, match="no config key"):
            node.unset("auth.gone")


class TestSecrets:
    def test_are_sealed_in_the_table(self, node: Node, rows: Tables) -> None:
        node.set(SMTP, SMTP_URL)
        stored = str(rows.rows("SELECT * FROM config_entries")) + str(rows.rows("SELECT * FROM audit_logs"))
        assert "hunter2" not in stored
        assert node.get(SMTP) == SMTP_URL

    def test_are_not_shown(self, node: Node) -> None:
        assert node.shown(SMTP) == ""
        node.set(SMTP, SMTP_URL)
        assert node.shown(SMTP) == "(set)"

    def test_are_not_shown_in_the_list(self, node: Node) -> None:
        node.set(SMTP, SMTP_URL)

        async def listed(config: LiveConfig) -> str:
            return str(config.items())

        assert "hunter2" not in node.use(listed)

    def test_are_not_told_by_a_refusal(self, node: Node) -> None:
        with pytest.raises(InvalidConfig) as refusal:
            node.set(SMTP, ["hunter2"])
        assert "hunter2" not in str(refusal.value)

    def test_of_a_lost_key_are_as_never_set(self, node: Node, database_url: str) -> None:
        Node(database_url, Settings(secret_key=OTHER_SECRET)).set(SMTP, SMTP_URL)
        assert node.get(SMTP) == ""

    def test_of_a_retired_key_are_read(self, node: Node, database_url: str, settings: Settings) -> None:
        node.set(SMTP, SMTP_URL)
        rotated = Settings(secret_key=f"{OTHER_SECRET},{settings.secret_key}")
        assert Node(database_url, rotated).get(SMTP) == SMTP_URL


class TestUntil:
    HOUR, DAY = timedelta(hours=1), timedelta(days=1)

    def test_the_default_is_back_when_the_moment_has_come(self, node: Node, rows: Tables) -> None:
        """Though nobody reads the database again: a node that has lost it ends the value, too."""

        async def scenario(config: LiveConfig) -> None:
            await config.set("auth.salt_rounds", 11, until=node.now() + self.HOUR)
            assert (config[SALT_ROUNDS], config.get("auth.salt_rounds")) == (11, 11)
            assert config.ends_at("auth.salt_rounds") is not None
            node.late = self.DAY
            assert (config[SALT_ROUNDS], config.get("auth.salt_rounds")) == (12, 12)
            assert config.ends_at("auth.salt_rounds") is None
            assert ("auth.salt_rounds", 12, False) in config.items()
            await config.refresh()
            assert config[SALT_ROUNDS] == 12

        node.use(scenario)
        assert rows.count("config_entries") == 1

    def test_so_is_the_limit_of_the_contract(self, node: Node) -> None:
        async def scenario(config: LiveConfig) -> None:
            await config.set("ratelimit.auth.login", "3/hour", until=node.now() + self.HOUR)
            node.late = self.DAY
            assert config.get("ratelimit.auth.login") is None
            assert "ratelimit.auth.login" not in {name for name, _, _ in config.items()}

        node.use(scenario)

    def test_what_ended_stops_nobody_from_starting(self, node: Node, rows: Tables) -> None:
        rows.run("INSERT INTO config_entries (name, value, expires_at) VALUES ('auth.salt_rounds', '99', '2020-01-01')")

        async def known(config: LiveConfig) -> tuple[bool, Any]:
            return config.known, config[SALT_ROUNDS]

        assert node.use(known) == (True, 12)

    def test_must_be_in_the_future(self, node: Node, rows: Tables) -> None:
        with pytest.raises(InvalidConfig, match="in the future"):
            node.use(lambda config: config.set("auth.salt_rounds", 11, until=node.now()))
        assert rows.count("config_entries") == 0


class TestRules:
    def test_commands_keep_them_too(self, node: Node, rows: Tables) -> None:
        with pytest.raises(InvalidConfig, match=r"must be at most site.username_max_length \(30\)"):
            node.set("site.username_min_length", 31)
        node.set("site.username_max_length", 40)
        node.set("site.username_min_length", 31)
        with pytest.raises(InvalidConfig, match="must be at most"):
            node.unset("site.username_max_length")
        assert rows.count("config_entries") == 2

    def test_what_does_not_fit_counts_as_the_default(self, node: Node, rows: Tables) -> None:
        rows.run("INSERT INTO config_entries (name, value) VALUES ('site.username_max_length', '\"many\"')")
        with pytest.raises(InvalidConfig, match=r"site.username_max_length \(30\)"):
            node.set("site.username_min_length", 31)


class TestHistory:
    def test_commands_stand_in_it(self, node: Node, rows: Tables) -> None:
        node.set("auth.salt_rounds", 11)
        node.use(lambda config: config.set("auth.salt_rounds", 13, reason="A test."))
        node.unset("auth.salt_rounds")
        found = rows.rows(
            "SELECT version, before, after, source, actor_id, reason FROM config_history ORDER BY version"
        )
        assert [tuple(row.values()) for row in found] == [
            (1, None, 11, "COMMAND", None, None),
            (2, 11, 13, "COMMAND", None, "A test."),
            (3, 13, None, "COMMAND", None, None),
        ]

    def test_of_secrets_it_has_fingerprints(self, node: Node, rows: Tables) -> None:
        node.set(SMTP, SMTP_URL)
        rows.run("UPDATE config_entries SET value = '\"sealed under a lost secret\"' WHERE name = %s", SMTP)
        node.set(SMTP, SMTP_URL)
        first, second = rows.rows("SELECT before, after FROM config_history ORDER BY version")
        assert (first["before"], second["before"]) == (None, {"fingerprint": None})
        assert first["after"] == second["after"]
        assert "hunter2" not in str((first, second))

    def test_a_value_is_restored(self, node: Node, rows: Tables) -> None:
        for value in (11, 13):
            node.set("auth.salt_rounds", value)
        node.set(SMTP, SMTP_URL)
        ids = {(row["name"], row["after"] if row["name"] != SMTP else 0): row["id"] for row in rows.rows(
            "SELECT id, name, after FROM config_history"
        )}  # fmt: skip
        node.restore("auth.salt_rounds", ids["auth.salt_rounds", 11])
        assert node.get("auth.salt_rounds") == 11
        for name, change in ((SMTP, ids[SMTP, 0]), ("auth.salt_rounds", ids[SMTP, 0])):
            with pytest.raises(InvalidConfig, match=r"fingerprints|has no change"):
                node.restore(name, change)


class TestReading:
    def test_defaults_stand_before_anything_is_read(self, node: Node) -> None:
        node.set("auth.salt_rounds", 11)

        async def read(config: LiveConfig) -> Any:
            return config[SALT_ROUNDS]

        assert node.use(read, refreshed=False) == CATALOGUE["auth.salt_rounds"].default

    @pytest.mark.parametrize(
        ("name", "stored"),
        [
            ("auth.salt_rounds", "99"),
            ("auth.salt_rounds", '"ten"'),
            ("platform.supported_locales", '["xx"]'),
            (SMTP, '"nonsense"'),
            (SMTP, "7"),
            (SMTP, "null"),
            (SMTP, "{}"),
        ],
    )
    def test_who_starts_with_what_does_not_fit_knows_no_good_value(
        self, node: Node, rows: Tables, name: str, stored: str
    ) -> None:
        """Nobody is served by a default that a switch may have been turned off against. Empty secrets open nothing."""
        rows.run("INSERT INTO config_entries (name, value) VALUES (%s, %s::jsonb)", name, stored)
        rows.run("INSERT INTO config_entries (name, value) VALUES ('legal.terms_version', '\"2.0\"')")

        async def scenario(config: LiveConfig) -> None:
            assert (config.known, config.unfit) == (name == SMTP, (name,))
            assert config[TERMS_VERSION] == "2.0"
            await config.set(name, CATALOGUE[name].default)
            assert (config.known, config.unfit) == (True, ())

        node.use(scenario)

    @pytest.mark.parametrize("set_before", [True, False])
    @pytest.mark.parametrize(
        ("name", "good", "stored"),
        [
            ("platform.registration_enabled", False, '"of tomorrow"'),
            ("auth.lockout_threshold", 4, "99999"),
            ("ratelimit.auth.login", "3/10 min", '"often"'),
            (SMTP, SMTP_URL, '"sealed under a lost secret"'),
        ],
    )
    def test_a_node_that_runs_keeps_the_last_good_value(
        self, node: Node, rows: Tables, name: str, good: Any, stored: str, *, set_before: bool
    ) -> None:
        async def scenario(config: LiveConfig) -> None:
            if set_before:
                await config.set(name, good)
            before = config.get(name)
            rows.run("DELETE FROM config_entries")
            rows.run("INSERT INTO config_entries (name, value) VALUES (%s, %s::jsonb)", name, stored)
            for _ in range(2):
                await config.refresh()
                assert config.get(name) == before
                assert (config.known, config.unfit) == (True, (name,))
                rows.run("INSERT INTO config_entries (name, value) VALUES ('of.tomorrow', '1') ON CONFLICT DO NOTHING")
            rows.run("DELETE FROM config_entries")
            await config.refresh()
            assert (config.get(name), config.unfit) == (CATALOGUE[name].default if name in CATALOGUE else None, ())

        node.use(scenario)

    def test_a_key_of_another_version_is_ignored(self, node: Node, rows: Tables) -> None:
        rows.run("INSERT INTO config_entries (name, value) VALUES ('of.tomorrow', '1')")
        assert node.get("of.tomorrow") is None
        with pytest.raises(InvalidConfig, match="no config key"):
            node.shown("of.tomorrow")

    def test_a_removed_entry_gives_the_default_back(self, node: Node, rows: Tables) -> None:
        node.set("auth.salt_rounds", 11)

        async def scenario(config: LiveConfig) -> Any:
            rows.run("DELETE FROM config_entries")
            await config.refresh()
            return config[SALT_ROUNDS]

        assert node.use(scenario) == 12

    def test_changed_keys_are_marked(self, node: Node) -> None:
        node.set("auth.salt_rounds", 11)

        async def changed(config: LiveConfig) -> list[str]:
            return [name for name, _, was_changed in config.items() if was_changed]

        assert node.use(changed) == ["auth.salt_rounds"]


class TestEnvironments:
    def test_development_leads_home(self, server: Server) -> None:
        assert server.app.config[BASE_URL] == server.origin
        assert server.app.config[ACTIVE_PROVIDER] == "mailbox"

    def test_production_leads_to_the_site(self, database_url: str) -> None:
        node = Node(database_url, Settings(secret_key=OTHER_SECRET, env="production", database_url=database_url))
        assert node.get("site.base_url") == "https://bio.re"
        assert node.get("external.email.active_provider") == "smtp"
        assert node.get("auth.email_mx_check") is True


class TestOverHttp:
    def test_readiness_tells_that_a_key_does_not_fit_and_not_which(
        self, server: Server, api: Api, tables: Tables
    ) -> None:
        server.configure(**{"platform.registration_enabled": False})
        tables.run("UPDATE config_entries SET value = '\"maybe\"' WHERE name = 'platform.registration_enabled'")
        server.on_loop(server.app.config.refresh())
        answer = api.get("/health/ready")
        assert (answer.status_code, answer.json()["unfitConfig"]) == (200, True)
        assert "registration" not in answer.text
        assert api.register().status_code == 403, "the switch stays as it was"
        server.configure(**{"platform.registration_enabled": True})
        assert "unfitConfig" not in api.get("/health/ready").json()

    def test_a_switch_holds_at_once(self, server: Server, api: Api) -> None:
        server.configure(**{"platform.registration_enabled": False})
        assert api.register().status_code == 403
        server.configure(**{"platform.registration_enabled": True})
        assert api.register().status_code == 201

    def test_a_limit_may_be_overridden_and_switched_off(self, server: Server, api: Api) -> None:
        server.configure(**{"ratelimit.auth.resend_verification": "1/minute"})
        body = {"email": "ada@example.com"}
        first = api.call("auth.resend_verification", body)
        assert first.headers["ratelimit-policy"] == '"auth.resend_verification";q=1;w=60'
        assert api.call("auth.resend_verification", body).status_code == 429
        server.configure(**{"ratelimit.enabled": False})
        unlimited = api.call("auth.resend_verification", body)
        assert unlimited.status_code == 200
        assert "ratelimit" not in unlimited.headers
