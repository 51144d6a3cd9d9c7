"""``biore doctor``: every line that it may say, for the reason that it says it."""

import asyncio
import json
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from redis import Redis

from contract.loader import load
from domain.clock import utc_now
from domain.keys import Purpose
from domain.users import tombstones_of
from persistence.health import Vitals, digest_places, sealed_places
from runtime import doctor
from runtime.compose import build_parts
from runtime.doctor import Check, Finding, surroundings
from runtime.doctor.database import judged_version
from runtime.doctor.deployment import Deployment
from runtime.doctor.verdict import Verdict, ok
from runtime.serve.embedded import EmbeddedPostgres
from runtime.settings import Settings
from services.config.writing import SEALED
from services.keyring import Keyring
from tests.conftest import Databases
from tests.dns_server import SILENT, DnsServer
from tests.handlers.support import insert
from tests.harness import Tables
from tests.processes.biore import Deployment as Processes
from tests.providers.s3_server import s3_server
from tests.providers.servers import closed_port, silent_server, smtp_server
from tests.redis_server import RedisServer

GOOD_SECRET = "Vq7-nXk2_mRz9JtWy4LbHc8PdGf3TsEo6AuIiKxN"
OTHER_SECRET = "hD5wQe8ZrY1uPo3_LkJ7gFs-VbNm9XcTa2R4iUyE"
ALL = {check.name: check for check in doctor.CHECKS}

CONTRACT = load()

Environ = dict[str, str]
Look = Callable[..., Finding]
examine = partial(doctor.examine, contract=CONTRACT)


@pytest.fixture
def environ(database_url: str, tmp_path: Path) -> Environ:
    """Of a development deployment on a database of its own."""
    own = {"DATABASE_URL": database_url, "SECRET_KEY": GOOD_SECRET, "DATA_DIR": str(tmp_path / "data")}
    return {f"BIORE_{name}": value for name, value in own.items()}


@pytest.fixture
def look(environ: Environ) -> Look:
    """The line of one check; settings are added, and production has to be asked for."""

    def one(name: str, *, seconds: float = 5.0, clock: Any = utc_now, **settings: str) -> Finding:
        (found,) = [
            finding
            for finding in several(environ, name, seconds=seconds, clock=clock, **settings)
            if finding.name == name
        ]
        return found

    return one


def several(
    environ: Environ, *names: str, seconds: float = 5.0, clock: Any = utc_now, **settings: str
) -> list[Finding]:
    given = environ | {f"BIORE_{name.upper()}": value for name, value in settings.items()}
    return examine(given, checks=[ALL[name] for name in names], seconds=seconds, clock=clock)


def says(finding: Finding, level: str, words: str) -> None:
    assert finding.level == level, finding
    assert words in finding.what, finding
    assert bool(finding.remedy) == (level != "ok"), finding


def hashed_under(rows: Tables, secret: str) -> None:
    """A backup code, a used one, and an erased address."""
    digests = Keyring((secret,)).digests
    (code,), (used,) = (digests(Purpose.BACKUP_CODE, text) for text in ("A", "B"))
    user_id = insert(rows, "users", email=tombstones_of("ada@example.com", digests)[0], status="DELETED")
    insert(rows, "users", email=tombstones_of("ada@example.com", digests)[-1], status="DELETED")
    insert(rows, "backup_codes", user_id=user_id, code_hash=code.value, kid=code.kid)
    insert(rows, "backup_codes", user_id=user_id, code_hash=used.value, kid=used.kid, used_at=utc_now())


def store(rows: Tables, secret: str = GOOD_SECRET, **values: Any) -> None:
    """Config values, as if set; those of ``…_url`` and ``…_key`` are sealed."""
    for key, value in values.items():
        name = key.replace("__", ".")
        sealed = name in ("external.email.smtp.url", "external.storage.s3.secret_access_key")
        stored = Keyring((secret,)).seal(SEALED, value) if sealed else value
        rows.run("INSERT INTO config_entries (name, value) VALUES (%s, %s::jsonb)", name, json.dumps(stored))


def configure(rows: Tables, values: dict[str, Any]) -> None:
    store(rows, **{name.replace(".", "__"): value for name, value in values.items()})


class TestSettings:
    def test_what_cannot_be_read_is_one_line(self) -> None:
        (found,) = examine({"BIORE_PROT": "80"})
        says(found, "FAIL", "unknown settings BIORE_PROT")

    def test_what_forbids_to_start_is_told_beside_the_rest(self, tmp_path: Path) -> None:
        found = examine(
            {"BIORE_ENV": "production", "BIORE_DATA_DIR": str(tmp_path)}, checks=[ALL["secret"], ALL["disk"]]
        )
        settings, secret, disk = found
        says(settings, "FAIL", "BIORE_DATABASE_URL must be set in production; BIORE_SECRET_KEY must be set")
        says(secret, "FAIL", "there is none")
        says(disk, "ok", "MiB free")

    def test_a_secret_that_cannot_be_read_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "secret").mkdir()
        settings, *_ = examine({"BIORE_DATA_DIR": str(tmp_path)}, checks=[])
        says(settings, "FAIL", "secret cannot be read")


class TestDoctor:
    def test_changes_nothing(self, environ: Environ, rows: Tables, tmp_path: Path) -> None:
        before = rows.fingerprints()
        del environ["BIORE_SECRET_KEY"]
        found = {finding.name: finding for finding in examine(environ)}
        says(found["secret"], "warn", "none yet")
        assert rows.changed_since(before) == set()
        assert list(tmp_path.iterdir()) == []

    def test_what_hangs_is_given_up_alone(self, environ: Environ) -> None:
        released = threading.Event()

        def hang(_: Deployment) -> Verdict:
            released.wait()
            return ok("")

        async def hang_too(_: Deployment) -> Verdict:
            await asyncio.Event().wait()
            return ok("")

        def breaks(_: Deployment) -> Verdict:
            raise LookupError("hunter2")

        started = time.monotonic()
        checks = [Check("disk", hang), Check("network", hang_too), Check("odd", breaks), ALL["cors"]]
        _, disk, network, odd, cors = examine(environ, checks=checks, seconds=0.3)
        released.set()
        assert time.monotonic() - started < 5
        says(disk, "FAIL", "no answer within 0.3 s")
        says(network, "FAIL", "no answer within 0.3 s")
        says(odd, "FAIL", "(LookupError)")
        says(cors, "ok", "none")

    def test_lines_documents_and_the_verdict(self) -> None:
        fine = [Finding("ok", "a", "b", "")]
        warned = [*fine, Finding("warn", "longer", "c", "d")]
        failed = [*warned, Finding("FAIL", "e", "f", "g")]
        assert doctor.summary(failed) == "3 checks: 1 ok, 1 warning, 1 failed"
        assert doctor.lines(failed) == ["ok    a       b", "warn  longer  c -> d", "FAIL  e       f -> g"]
        assert json.loads(doctor.as_json(failed))["checks"][1] == {
            "level": "warn",
            "name": "longer",
            "what": "c",
            "remedy": "d",
        }
        healthy = [
            doctor.is_healthy(findings, strict=strict)
            for findings in (fine, warned, failed)
            for strict in (False, True)
        ]
        assert healthy == [True, True, True, False, False, False]

    def test_every_check_has_a_name_of_its_own(self) -> None:
        assert len(ALL) == len(doctor.CHECKS)


class TestHealthy:
    def test_a_deployment_with_everything_has_one_fault(
        self, environ: Environ, rows: Tables, tmp_path: Path, work_dir: Path
    ) -> None:
        """Production on real parts; that the tests' PostgreSQL does not wait for its disk is the fault."""
        (tmp_path / "portal" / "docs").mkdir(parents=True)
        (tmp_path / "portal" / "docs" / "index.html").touch()
        rows.run("INSERT INTO scheduled_jobs (topic, next_due) VALUES ('gdpr.erase_due', now() + interval '1 minute')")
        for _ in range(2):
            owner(rows)
        with ExitStack() as stack:
            smtp, s3 = stack.enter_context(smtp_server()), stack.enter_context(s3_server())
            redis = stack.enter_context(RedisServer(work_dir))
            dns = stack.enter_context(DnsServer({"bio.re": {"MX": ["10 mx.bio.re."]}}))
            twilio = {"account_sid": "AC1", "from": "+15005550006"}
            values: dict[str, Any] = {f"external.sms.twilio.{name}": value for name, value in twilio.items()}
            values |= {"external.email.smtp.url": f"{smtp.url}?tls=none"}
            values["external.sms.failover_providers"] = []
            values |= {"external.captcha.active_provider": "turnstile"} | s3.configured()
            configure(rows, values)
            seal = Keyring((GOOD_SECRET,)).seal
            for name in ("external.sms.twilio.auth_token", "external.captcha.turnstile.secret"):
                rows.run(
                    "INSERT INTO config_entries (name, value) VALUES (%s, to_jsonb(%s::text))", name, seal(SEALED, "x")
                )
            settings = {"ENV": "production", "REDIS_URL": redis.url, "DNS_RESOLVER": dns.address}
            settings |= {"PROCESSES": "3", "TRUSTED_PROXIES": "10.0.0.0/8,104.16.0.0/13,2400:cb00::/32"}
            settings |= {"COUNTRY_HEADER": "CF-IPCountry"}
            settings |= {"PORTAL_DIR": str(tmp_path / "portal"), "CORS_ORIGINS": "https://app.bio.re"}
            found = examine(environ | {f"BIORE_{name}": value for name, value in settings.items()})
            assert smtp.accepted == []
        assert [finding for finding in found if finding.level != "ok" and finding.name != "files"] == [
            finding for finding in found if finding.name == "database.durable"
        ]
        assert len(found) == len(doctor.CHECKS) + 1


class TestSecret:
    @pytest.mark.parametrize("secret", ["a" * 40, "please-change-this-before-you-go-live-ok"])
    def test_one_that_is_not_random_fails(self, look: Look, secret: str) -> None:
        says(look("secret", env="production", secret_key=secret), "FAIL", "it ")
        says(look("secret", secret_key=secret), "warn", "it ")

    def test_a_short_one_fails(self, look: Look) -> None:
        found = look("secret", secret_key="hunter2", env="production")
        says(found, "FAIL", "shorter than 32")
        assert "hunter2" not in str(found)

    def test_a_file_that_others_read_fails(self, environ: Environ, tmp_path: Path) -> None:
        del environ["BIORE_SECRET_KEY"]
        (tmp_path / "data").mkdir()
        file = tmp_path / "data" / "secret"
        file.write_text(GOOD_SECRET)
        for mode, level in ((0o644, "FAIL"), (0o600, "ok")):
            file.chmod(mode)
            _, found = several(environ, "secret.file")
            says(found, level, f"mode {mode:04o}")

    def test_what_was_sealed_under_a_lost_one_fails(self, look: Look, rows: Tables) -> None:
        lost = Keyring((OTHER_SECRET,))
        store(rows, OTHER_SECRET, external__email__smtp__url="smtp://host")
        rows.run(
            "INSERT INTO users (id, email, two_factor_secret) VALUES (gen_random_uuid(), 'a@b.c', %s)",
            lost.seal("totp", "x"),
        )
        rows.run("INSERT INTO signing_keys (kid, sealed) VALUES ('k', %s)", lost.seal("signing-key", "00"))
        user_id, former = rows.one("SELECT id FROM users")["id"], lost.seal("former-credentials", "{}")
        for token, life in ((b"1", timedelta(hours=1)), (b"2", -timedelta(hours=1))):  # only a live one can be used
            row = {"user_id": user_id, "kind": "two_factor_enabled", "former": former}
            insert(rows, "credential_changes", **row, token_hash=token, expires_at=utc_now() + life)
        found = look("secret.sealed")
        says(found, "FAIL", "1 second factors")
        says(found, "FAIL", "1 signing keys")
        says(found, "FAIL", "1 undo links")
        says(found, "FAIL", "1 config values")

    def test_all_that_is_kept_under_a_secret_is_counted(self) -> None:
        """Other purposes are of signatures, counters, or what the table in docs/operations.md says ends by itself."""
        passing = {
            Purpose.ACCESS_TOKEN, Purpose.REFRESH_TOKEN, Purpose.CONTENT_PREVIEW, Purpose.DEVICE, Purpose.EXPORT_LINK,
            Purpose.SANDBOX, Purpose.UPLOAD_URL, Purpose.RECOVERY, Purpose.AUDIT_ADDRESS, Purpose.CONFIG_FINGERPRINT,
            Purpose.KNOWN_NETWORK, Purpose.OTP_CODE, Purpose.IDEMPOTENCY_CALLER, Purpose.IDEMPOTENCY_FINGERPRINT,
            Purpose.LOGIN_ATTEMPTS, Purpose.MAIL_QUOTA, Purpose.OTP_PHONE, Purpose.PASSWORD_GUESSES,
            Purpose.TWO_FACTOR_ATTEMPTS,
        }  # fmt: skip
        by_config = {Purpose.CONFIG}
        counted = {purpose for purpose, _ in (*sealed_places(), *digest_places())}
        assert not counted & (passing | by_config)
        assert counted | passing | by_config == set(Purpose)

    def test_money_and_identities_are_counted(self, look: Look, rows: Tables) -> None:
        both, lost = f"{GOOD_SECRET},{OTHER_SECRET}", Keyring((OTHER_SECRET,))
        rows.run("INSERT INTO users (id, email) VALUES (gen_random_uuid(), 'a@b.c')")
        user_id = rows.one("SELECT id FROM users")["id"]
        details = lost.seal(Purpose.BANK_DETAILS, "{}").encode()
        rows.run("INSERT INTO bank_details (user_id, details) VALUES (%s, %s)", user_id, details)
        hashed, link = lost.digests(Purpose.KYC_IDENTITY, "x")[0].text, lost.seal(Purpose.PROVIDER_EVENT, "x").encode()
        insert(rows, "kyc_sessions", user_id=user_id, provider="veriff", identity_hash=hashed, link=link)
        says(look("secret.sealed"), "FAIL", "1 bank details")
        says(look("secret.sealed"), "FAIL", "1 links to verifications of identity")
        says(look("secret.digests"), "warn", "1 documents of verified identities")
        says(look("secret.retired", secret_key=both), "ok", "1 bank details")

    def test_what_is_damaged_fails(self, look: Look, rows: Tables) -> None:
        sealed = Keyring((GOOD_SECRET,)).seal(SEALED, "smtp://host")
        damaged = sealed[:-1] + ("0" if sealed[-1] != "0" else "1")
        rows.run(
            "INSERT INTO config_entries (name, value) VALUES ('external.email.smtp.url', to_jsonb(%s::text))", damaged
        )
        says(look("secret.sealed"), "FAIL", "external.email.smtp.url is damaged")

    def test_what_was_hashed_under_a_lost_one_is_told(self, look: Look, rows: Tables) -> None:
        says(look("secret.digests"), "ok", "everything")
        hashed_under(rows, OTHER_SECRET)
        says(look("secret.digests"), "warn", "1 backup codes, 1 erased addresses")
        says(look("secret.digests", secret_key=f"{GOOD_SECRET},{OTHER_SECRET}"), "ok", "everything")

    @pytest.mark.parametrize("known", [True, False], ids=["its secret is noted", "of a release that did not note it"])
    def test_a_retired_one_is_kept_while_it_recognises_something(self, look: Look, rows: Tables, known: bool) -> None:
        hashed_under(rows, OTHER_SECRET)
        if not known:
            rows.run("UPDATE backup_codes SET kid = NULL")
        both = look("secret.retired", secret_key=f"{GOOD_SECRET},{OTHER_SECRET}")
        says(both, "ok", "1 in use: number 2 for 1 backup codes, 1 erased addresses")

    def test_a_retired_one_is_kept_while_it_opens_something(self, look: Look, rows: Tables) -> None:
        both = f"{GOOD_SECRET},{OTHER_SECRET}"
        says(look("secret.retired", secret_key=both), "warn", "under number 2")
        store(rows, OTHER_SECRET, external__email__smtp__url="smtp://host")
        says(look("secret.retired", secret_key=both), "ok", "1 in use")
        says(look("secret.sealed", secret_key=both), "ok", "everything")


@contextmanager
def pooler(url: str) -> Iterator[str]:
    """Passes connections on to the server of ``url`` without their start-up options, as poolers may."""
    folder = parse_qs(urlsplit(url).query)["host"][0]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, f"{folder}/.s.PGSQL.5432"), daemon=True).start()
        parts = urlsplit(url)
        yield f"postgresql://postgres@127.0.0.1:{listener.getsockname()[1]}{parts.path}?sslmode=disable&gssencmode=disable"


def _accept(listener: socket.socket, path: str) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        server = socket.socket(socket.AF_UNIX)
        server.connect(path)
        length = int.from_bytes(client.recv(4, socket.MSG_WAITALL), "big")
        version, *texts = _split(client.recv(length - 4, socket.MSG_WAITALL))
        pairs = [pair for pair in zip(texts[::2], texts[1::2], strict=True) if pair[0] != b"options"]
        body = version + b"".join(name + b"\0" + value + b"\0" for name, value in pairs) + b"\0"
        server.sendall((len(body) + 4).to_bytes(4, "big") + body)
        for one, other in ((client, server), (server, client)):
            threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _split(body: bytes) -> list[bytes]:
    return [body[:4], *body[4:].rstrip(b"\0").split(b"\0")]


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):  # whichever direction ends first closes both
        while piece := one.recv(65536):
            other.sendall(piece)
    for end in (one, other):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


def admin(databases: Databases, statement: str, name: str) -> None:
    with psycopg.connect(databases.admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


def name_of(url: str) -> str:
    return urlsplit(url).path[1:]


class TestDatabase:
    def test_one_out_of_reach_fails_and_the_rest_waits(self, environ: Environ) -> None:
        with silent_server() as silent:
            unreachable = {
                f"postgresql://u:hunter2@127.0.0.1:{closed_port()}/x": "refused",
                f"postgresql://u:hunter2@127.0.0.1:{silent}/x": "no answer within 0.5 s",
                "u:hunter2@": "no URL",
                environ["BIORE_DATABASE_URL"].replace("/t_", "/no_"): "does not exist",
            }
            for url, words in unreachable.items():
                _, database, skipped = several(environ, "database", "clock", seconds=0.5, database_url=url)
                says(database, "FAIL", words)
                says(skipped, "warn", "1 checks")
                assert "hunter2" not in str(database)

    def test_development_without_one_is_told_how(self, tmp_path: Path) -> None:
        _, found = examine({"BIORE_DATA_DIR": str(tmp_path)}, checks=[ALL["database"]])
        says(found, "FAIL", "there is none")
        assert "biore serve" in found.remedy

    def test_an_old_version_fails(self) -> None:
        """There is no old server here to ask: the facts are given."""
        vitals = Vitals(
            version="14.11",
            version_number=140011,
            encoding="UTF8",
            time_zone="UTC",
            fsync=True,
            full_page_writes=True,
            read_only=False,
            standby=False,
            connections=97,
        )
        assert judged_version(vitals).level == "FAIL"

    @pytest.mark.parametrize(
        ("statement", "words"),
        [
            ("UPDATE alembic_version SET version_num = '0001'", "migrations are pending after 0001"),
            ("UPDATE alembic_version SET version_num = '0000'", "revision 0000 is not of this code"),
            ("DROP TABLE alembic_version", "no migration"),
        ],
    )
    def test_another_schema_fails(self, databases: Databases, environ: Environ, statement: str, words: str) -> None:
        url = databases.migrated()
        with Tables(url) as tables:
            tables.run(statement)
        _, found = several(environ, "database.schema", database_url=url)
        says(found, "FAIL", words)

    def test_a_newer_schema_is_told(self, databases: Databases, environ: Environ) -> None:
        """Nodes are replaced one after the other, after the migration."""
        url = databases.migrated()
        with Tables(url) as tables:
            tables.run("UPDATE alembic_version SET version_num = '9999'")
        _, found = several(environ, "database.schema", database_url=url)
        says(found, "warn", "revision 9999 is newer than this code")

    def test_another_encoding_fails(self, databases: Databases, environ: Environ) -> None:
        admin(databases, "CREATE DATABASE {} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'", "doctor_ascii")
        url = environ["BIORE_DATABASE_URL"]
        _, found = several(environ, "database.encoding", database_url=url.replace(name_of(url), "doctor_ascii"))
        says(found, "FAIL", "SQL_ASCII")

    def test_another_time_zone_is_warned_of(self, databases: Databases, look: Look) -> None:
        url = databases.empty()
        admin(databases, "ALTER DATABASE {} SET timezone TO 'Europe/Istanbul'", name_of(url))
        says(look("database.time_zone", database_url=url), "ok", "UTC")
        with pooler(url) as through:
            says(look("database.time_zone", database_url=through), "warn", "Europe/Istanbul")

    def test_too_few_connections_fail(self, databases: Databases, look: Look) -> None:
        url = databases.empty()
        look = partial(look, "database.connections", database_url=url)
        admin(databases, "ALTER DATABASE {} CONNECTION LIMIT 97", name_of(url))
        says(look(processes="6", redis_url="redis://x"), "warn", "97 allowed, 82 wanted")
        says(look(processes="8", redis_url="redis://x"), "FAIL", "97 allowed, 106 wanted")
        admin(databases, "ALTER DATABASE {} CONNECTION LIMIT 5", name_of(url))
        says(look(), "FAIL", "5 allowed")

    def test_a_read_only_one_fails(self, databases: Databases, look: Look) -> None:
        url = databases.empty()
        admin(databases, "ALTER DATABASE {} SET default_transaction_read_only TO on", name_of(url))
        says(look("database.writable", database_url=url), "FAIL", "read-only")

    def test_a_standby_fails(self, environ: Environ, work_dir: Path) -> None:
        postgres = EmbeddedPostgres(work_dir)
        postgres.start()
        postgres.stop()
        (work_dir / "postgres" / "standby.signal").touch()
        try:
            found = several(
                environ, "database.writable", "database.durable", "database.schema", database_url=postgres.start()
            )
        finally:
            postgres.stop()
        says(found[1], "FAIL", "standby")
        says(found[2], "ok", "are on")
        says(found[3], "FAIL", "no migration")

    def test_one_that_may_lose_writes_fails_outside_development(self, look: Look) -> None:
        says(look("database.durable", env="production"), "FAIL", "fsync and full_page_writes off")
        says(look("database.durable"), "ok", "as development may")

    @pytest.mark.parametrize(("seconds", "level"), [(0.0, "ok"), (3.0, "warn"), (-9.0, "FAIL")])
    def test_clocks_are_compared(self, look: Look, seconds: float, level: str) -> None:
        side = "behind" if seconds < 0 else f"{seconds:.1f} s"
        says(look("clock", clock=lambda: utc_now() + timedelta(seconds=seconds)), level, side)


class TestWorker:
    def test_none_is_warned_of(self, look: Look, rows: Tables) -> None:
        says(look("worker"), "warn", "none has ever run")

    @pytest.mark.parametrize(("minutes", "level"), [(0, "ok"), (3, "warn"), (20, "FAIL")])
    def test_jobs_that_wait_are_told(self, look: Look, rows: Tables, minutes: int, level: str) -> None:
        due = "INSERT INTO outbox (id, topic, payload, available_at) VALUES (gen_random_uuid(), 'x', '{}', now() - %s)"
        rows.run(due, timedelta(minutes=minutes))
        says(look("worker"), level, "1 jobs wait")

    def test_a_time_that_nobody_moves_on_is_told(self, look: Look, rows: Tables) -> None:
        rows.run("INSERT INTO scheduled_jobs (topic, next_due) VALUES ('of.yesterday', now() - interval '1 year')")
        rows.run("INSERT INTO scheduled_jobs (topic, next_due) VALUES ('gdpr.erase_due', now() - interval '1 hour')")
        says(look("worker"), "FAIL", "nothing was done for 60 minutes")

    def test_dead_letters_are_warned_of(self, look: Look, rows: Tables) -> None:
        says(look("worker.dead_letters"), "ok", "none")
        rows.run("INSERT INTO outbox (id, topic, payload, dead_at) VALUES (gen_random_uuid(), 'x', '{}', now())")
        says(look("worker.dead_letters"), "warn", "1 jobs were given up")


class TestLedger:
    def test_what_is_wrong_with_it_is_told(self, look: Look, rows: Tables) -> None:
        says(look("ledger"), "ok", "it was not added up yet")
        insert(
            rows, "ledger_reconciliations", started_at="2026-01-02", ended_at="2026-01-02T10:00:00Z", transfers=0,
            entries=0, wallets=0, findings=0, severe=0,
        )  # fmt: skip
        says(look("ledger"), "ok", "added up at 2026-01-02 10:00 UTC, and right")
        finding = {"expected": "", "found": "", "first_seen": "2026-01-02", "last_seen": "2026-01-02"}
        insert(rows, "ledger_findings", what="x", severe=False, **finding | {'"check"': "overdue"})
        says(look("ledger"), "warn", "1 findings are open")
        insert(rows, "ledger_findings", what="USD", severe=True, **finding | {'"check"': "escrow"})
        says(look("ledger"), "FAIL", "1 findings say that money is wrong; payouts are stopped")

    def test_a_provider_whose_book_is_not_compared_is_told(self, look: Look, rows: Tables) -> None:
        says(look("ledger.movements"), "ok", "0 books of providers")
        day = "INSERT INTO provider_days (account, day, lines, read_at, compared_at) VALUES (%s, %s, 0, now(), %s)"
        now = utc_now()
        rows.run(day, "clearing:stripe", (now - timedelta(days=2)).date(), now)
        says(look("ledger.movements"), "ok", "1 books of providers")
        rows.run(day, "rail:wise", "2026-01-02", now)
        rows.run(day, "clearing:x", now.date(), None)
        says(look("ledger.movements"), "warn", "clearing:x, rail:wise: not compared for more than 2 days")


def owner(rows: Tables, status: str = "ACTIVE", ends: str | None = None) -> None:
    user_id = insert(rows, "users", email=f"{uuid4().hex}@example.com", status=status)
    grant = "INSERT INTO staff_roles (user_id, role, reason, expires_at) VALUES (%s, 'OWNER', 'a test', %s)"
    rows.run(grant, user_id, ends)


class TestStaff:
    def test_owners_are_counted_who_can_act(self, look: Look, rows: Tables) -> None:
        says(look("staff.owners"), "warn", "nobody has the role OWNER")
        for status, ends in (("ACTIVE", None), ("SUSPENDED", None), ("ACTIVE", "2999-01-01")):
            owner(rows, status, ends)
        says(look("staff.owners"), "ok", "1 accounts have the role OWNER")
        says(look("staff.owners", env="production"), "warn", "one account has the role")


@contextmanager
def odd_redis(version: str = "6.2.0", seconds: float = 0.0) -> Iterator[str]:
    """Says what it is told to, as late as it is told to; like the real ones before 6, it does not know HELLO."""
    info = f"redis_version:{version}\r\nrole:master\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n".encode()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_answer_redis, args=(listener, info, seconds), daemon=True).start()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}"


def _answer_redis(listener: socket.socket, info: bytes, seconds: float) -> None:
    client, _ = listener.accept()
    with client:
        while command := client.recv(65536):
            time.sleep(seconds)
            known = b"$%d\r\n%s\r\n" % (len(info), info) if b"INFO" in command else b"+PONG\r\n"
            client.sendall(b"-ERR unknown command `HELLO`\r\n" if b"HELLO" in command else known)


class TestRedis:
    def test_more_than_one_process_need_it(self, look: Look) -> None:
        says(look("redis"), "ok", "none is needed")
        says(look("redis", processes="2"), "FAIL", "none for 2 processes")

    def test_one_that_cannot_be_used_fails(self, look: Look, work_dir: Path) -> None:
        says(look("redis", redis_url=f"redis://:hunter2@127.0.0.1:{closed_port()}"), "FAIL", "cannot be used")
        says(look("redis", redis_url="hunter2"), "FAIL", "no URL of a Redis")
        with RedisServer(work_dir) as redis:
            redis.freeze()
            says(look("redis", redis_url=redis.url, seconds=0.4), "FAIL", "cannot be used")

    def test_one_that_forgets_is_told(self, look: Look, work_dir: Path) -> None:
        with RedisServer(work_dir) as redis, Redis.from_url(redis.url) as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
            says(look("redis", redis_url=redis.url), "ok", "Redis ")  # until there is a limit it drops nothing
            client.config_set("maxmemory", "100mb")
            says(look("redis", redis_url=redis.url), "warn", "allkeys-lru drops limits")
            client.replicaof("127.0.0.1", closed_port())
            says(look("redis", redis_url=redis.url), "FAIL", "replica")

    @pytest.mark.parametrize(
        ("server", "level", "words"),
        [
            ({"version": "5.0.14"}, "FAIL", "Redis 5.0.14"),
            ({"seconds": 0.02}, "warn", "ms a call"),
            ({"seconds": 0.11}, "FAIL", "ms a call"),
        ],
    )
    def test_an_old_or_a_slow_one_is_told(self, look: Look, server: dict[str, Any], level: str, words: str) -> None:
        with odd_redis(**server) as url:
            says(look("redis", redis_url=f"{url}?protocol=2"), level, words)

    def test_one_that_is_too_old_to_be_greeted_is_told(self, look: Look) -> None:
        with odd_redis("5.0.14") as url:
            found = look("redis", redis_url=url)
        says(found, "FAIL", "refuses")
        assert found.remedy == "upgrade to Redis 6 or later"


class TestProviders:
    def test_each_mail_server_is_asked(self, look: Look, rows: Tables) -> None:
        with smtp_server() as smtp:
            chosen = {
                "active_provider": "smtp",
                "failover_providers": ["smtp_secondary"],
                "smtp.url": f"{smtp.url}?tls=none",
            }
            configure(rows, {f"external.email.{name}": value for name, value in chosen.items()})
            found = look("mail")
            says(found, "FAIL", "smtp_secondary: external.email.smtp_secondary.url is empty")
            assert smtp.seen[0] == "EHLO"

    def test_a_mail_server_that_hangs_fails(self, look: Look, rows: Tables) -> None:
        with silent_server() as port:
            configure(rows, {"external.email.active_provider": "smtp",
                             "external.email.smtp.url": f"smtp://user:hunter2@127.0.0.1:{port}"})  # fmt: skip
            found = look("mail", seconds=0.5)
        says(found, "FAIL", "smtp: no answer in time")
        assert "hunter2" not in str(found)

    def test_a_bucket_that_refuses_fails(self, look: Look, rows: Tables) -> None:
        with s3_server() as s3:
            configure(rows, s3.configured() | {"external.storage.s3.secret_access_key": "another"})
            says(look("storage"), "FAIL", "s3: the storage answered 403 SignatureDoesNotMatch")

    def test_vendors_that_are_not_filled_in_are_told(self, environ: Environ, rows: Tables) -> None:
        configure(rows, {"external.captcha.active_provider": "hcaptcha", "external.sms.active_provider": "vonage"})
        _, sms, captcha = several(environ, "sms", "captcha")
        says(sms, "warn", "external.sms.vonage.api_key, external.sms.vonage.api_secret empty")
        says(captcha, "FAIL", "external.captcha.hcaptcha.secret empty")

    def test_platforms_that_are_not_filled_in_are_told(self, look: Look, rows: Tables) -> None:
        columns = "id, platform, client_id, enabled, login_enabled, redirect_uri"
        add = f"INSERT INTO oauth_providers ({columns}) VALUES (gen_random_uuid(), %s, %s, %s, true, %s)"  # noqa: S608
        rows.run(add, "apple", "", False, None)
        rows.run(add, "x", "id", True, "https://bio.re/x")
        says(look("oauth"), "ok", "x")
        rows.run(add, "google", "id", True, None)
        says(look("oauth"), "warn", "google has no redirect_uri and no client_secret")

    def test_a_resolver_must_answer(self, look: Look, rows: Tables) -> None:
        says(look("dns"), "ok", "auth.email_mx_check is off")
        configure(rows, {"auth.email_mx_check": True})
        with DnsServer({"bio.re": SILENT}) as dns:
            says(look("dns", dns_resolver="nobody:x"), "FAIL", "")
            says(look("dns", dns_resolver=dns.address, seconds=0.5), "FAIL", "does not answer")
            dns.zone["bio.re"] = {"MX": ["10 mx.bio.re."]}
            says(look("dns", dns_resolver=dns.address), "ok", "answers")


class TestConfig:
    def test_values_that_do_not_fit_are_told(self, look: Look, rows: Tables) -> None:
        configure(rows, {"of.tomorrow": 1, "legal.terms_version": "2.0"})
        says(look("config"), "warn", "ignored: of.tomorrow")
        configure(rows, {"auth.salt_rounds": 99, "ratelimit.auth.login": "often"})
        says(look("config"), "FAIL", "do not fit: auth.salt_rounds, ratelimit.auth.login")

    def test_what_production_must_not_have(self, environ: Environ, rows: Tables) -> None:
        configure(rows, {"external.email.failover_providers": ["mailbox"], "external.sms.active_provider": "mailbox",
                         "external.storage.active_provider": "local", "ratelimit.enabled": False,
                         "site.base_url": "http://bio.re", "site.api_url": "https://api.example.com"})  # fmt: skip
        names = ("config.environment", "addresses", "cookie", "proxies.country")
        _, unfit, addresses, cookie, country = several(environ, *names, env="production")
        for words in (
            "email is given to the mailbox",
            "sms is given",
            "files are kept on one node",
            "no captcha",
            "ratelimit",
        ):
            says(unfit, "FAIL", words)
        says(addresses, "FAIL", "site.base_url is http://bio.re, not an https address")
        says(cookie, "FAIL", ".bio.re is not the domain of site.api_url (api.example.com)")
        says(country, "warn", "no proxy is trusted")

    def test_no_captcha_is_a_warning(self, look: Look, rows: Tables) -> None:
        says(look("config.environment", env="production"), "warn", "no captcha")
        says(look("config.environment"), "ok", "development")

    def test_a_cookie_of_another_domain_fails(self, look: Look, rows: Tables) -> None:
        says(look("cookie"), "ok", "bound to the host")
        says(
            look("cookie", cookie_domain=".example.com"),
            "FAIL",
            "site.api_url (127.0.0.1) and site.base_url (127.0.0.1)",
        )


@pytest.fixture(scope="module")
def bare(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Production, of which only settings and the machine are looked at."""
    settings = Settings(env="production", secret_key=GOOD_SECRET, data_dir=tmp_path_factory.mktemp("bare"))
    parts = build_parts(settings, database_url, contract=CONTRACT)
    yield Deployment(settings, (GOOD_SECRET,), parts)
    asyncio.run(parts.close())


OWN = ip_network("10.0.0.0/8")
CLOUDFLARE = (ip_network("104.16.0.0/13"), ip_network("2400:cb00::/32"))
COUNTRY = {"country_header": "CF-IPCountry"}
NAMED = {"client_address_header": "CF-Connecting-IP"}
ANYWHERE = "0.0.0.0"  # noqa: S104 - nothing listens here


class TestSurroundings:
    @pytest.mark.parametrize(
        ("check", "changes", "level", "words"),
        [
            (surroundings.cors, {"cors_origins": ("http://a.example",)}, "FAIL", "http://a.example is not an https"),
            (surroundings.cors, {"cors_origins": ("https://a.example/x",)}, "FAIL", "https://a.example/x"),
            (surroundings.cors, {"cors_origins": ("a.example",), "env": "development"}, "FAIL", "a.example is not an"),
            (surroundings.cors, {"cors_origins": ("http://a.example",), "env": "development"}, "ok", "http://a.example"),
            (surroundings.proxies, {"trusted_proxies": (ip_network("0.0.0.0/0"),)}, "FAIL", "0.0.0.0/0: strangers"),
            (surroundings.proxies, {"trusted_proxies": (ip_network("128.0.0.0/1"),)}, "FAIL", "128.0.0.0/1: strangers"),
            (surroundings.proxies, {"trusted_proxies": (ip_network("::/0"),)}, "FAIL", "::/0: strangers"),
            (surroundings.proxies, {"trusted_proxies": (ip_network("fd00::/8"),)}, "ok", "fd00::/8"),
            (surroundings.proxies, {"trusted_proxies": CLOUDFLARE, **NAMED}, "ok", "by CF-Connecting-IP"),
            (surroundings.proxies, {"trusted_proxies": (*CLOUDFLARE, OWN), **NAMED}, "warn", "10.0.0.0/8, which"),
            (surroundings.country, {"trusted_proxies": CLOUDFLARE}, "warn", "no header is named"),
            (surroundings.country, {"trusted_proxies": CLOUDFLARE, **COUNTRY}, "ok", "cdn_header"),
            (surroundings.proxies, {}, "FAIL", "listens on 127.0.0.1"),
            (surroundings.proxies, {"host": ANYWHERE}, "ok", "those of the connections"),
            (surroundings.proxies, {"env": "development"}, "ok", "those of the connections"),
            (surroundings.disk, {"data_dir": Path("/proc/none")}, "FAIL", "0 MiB free"),
            (surroundings.disk, {}, "ok", "MiB free"),
            (surroundings.portal, {}, "warn", "none in"),
        ],
    )  # fmt: skip
    def test_each(self, bare: Deployment, check: Any, changes: dict[str, Any], level: str, words: str) -> None:
        verdict = check(replace_settings(bare, **changes))
        says(Finding(verdict.level, "", verdict.what, verdict.remedy), level, words)

    def test_a_low_limit_of_open_files_is_warned_of(self, bare: Deployment) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
            assert surroundings.files(bare).level == "warn"
            assert surroundings.files(replace_settings(bare, env="development")).level == "ok"
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def replace_settings(deployment: Deployment, **changes: Any) -> Deployment:
    return replace(deployment, settings=replace(deployment.settings, **changes))


class TestCommand:
    def test_a_broken_production_environment(self, database_url: str, rows: Tables, tmp_path: Path) -> None:
        settings = {"env": "production", "secret_key": "hunter2", "cors_origins": "http://a.example"}
        with Processes(tmp_path, database_url=database_url, **settings) as biore:
            process = biore.run("doctor", "--json")
        assert process.code == 1
        levels = {found["name"]: found["level"] for found in json.loads(process.output)["checks"]}
        assert [levels[name] for name in ("settings", "secret", "cors", "mail", "database")] == ["FAIL"] * 4 + ["ok"]
        assert "hunter2" not in process.output
