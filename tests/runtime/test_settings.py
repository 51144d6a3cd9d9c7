"""Settings of one process: every mistake is told at the start, none is guessed away."""

import stat
import traceback
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from runtime.settings import InvalidSettings, Settings, load

SECRET = "x" * 32
PRODUCTION = {"BIORE_ENV": "production", "BIORE_SECRET_KEY": SECRET, "BIORE_DATABASE_URL": "postgresql://host/db"}


def read(**environ: str) -> Settings:
    return load({"BIORE_SECRET_KEY": SECRET} | {f"BIORE_{name}": value for name, value in environ.items()})


class TestDefaults:
    def test_need_nothing_in_development(self, tmp_path: Path) -> None:
        settings = load({"BIORE_DATA_DIR": str(tmp_path), "PATH": "/bin", "HOME": "/"})
        assert (settings.env, settings.host, settings.port) == ("development", "127.0.0.1", 8000)
        assert settings.development
        assert settings.embedded
        assert not settings.production
        assert settings.trusted_proxies == settings.cors_origins == ()
        assert settings.drain_time == 0

    def test_empty_is_unset(self) -> None:
        assert read(PORT="", DATABASE_URL="", CORS_ORIGINS="") == read()

    def test_production_needs_two(self) -> None:
        settings = load(PRODUCTION)
        assert settings.production
        assert not settings.embedded
        assert settings.drain_time == 5


class TestParsing:
    @pytest.mark.parametrize(
        ("name", "text", "value"),
        [
            ("PORT", "80", 80),
            ("PROCESSES", "4", 4),
            ("MAX_CONNECTIONS", "50", 50),
            ("MAX_CLIENT_CONNECTIONS", "50", 50),
            ("DRAIN_SECONDS", "2.5", 2.5),
            ("DATA_DIR", "/var/x", Path("/var/x")),
            ("HOST", "0.0.0.0", "0.0.0.0"),  # noqa: S104 - nothing listens here
            ("CORS_ORIGINS", "https://a.example/ , https://b.example,", ("https://a.example", "https://b.example")),
            ("TRUSTED_PROXIES", "10.0.0.0/8, ::1", (ip_network("10.0.0.0/8"), ip_network("::1/128"))),
            ("REDIS_URL", "redis://host", "redis://host"),
            ("CLIENT_ADDRESS_HEADER", "CF-Connecting-IP", "CF-Connecting-IP"),
            ("COUNTRY_HEADER", "CF-IPCountry", "CF-IPCountry"),
            ("COOKIE_DOMAIN", ".bio.re", ".bio.re"),
            ("DNS_RESOLVER", "127.0.0.1:53", "127.0.0.1:53"),
            ("OTLP_ENDPOINT", "http://collector:4318", "http://collector:4318"),
            ("TRACE_RATIO", "0.25", 0.25),
        ],
    )
    def test_by_kind(self, name: str, text: str, value: Any) -> None:
        assert getattr(read(**{name: text}), name.lower()) == value


class TestMistakes:
    @pytest.mark.parametrize(
        ("environ", "words"),
        [
            ({"PROT": "80"}, "unknown settings BIORE_PROT"),
            ({"PORT": "http"}, "BIORE_PORT must be a whole number from 1 to 65535, not 'http'"),
            ({"PORT": "0"}, "BIORE_PORT must be a whole number from 1 to 65535, not 0"),
            ({"PORT": "65536"}, "BIORE_PORT"),
            ({"PROCESSES": "two"}, "BIORE_PROCESSES must be a whole number, not 'two'"),
            ({"PROCESSES": "0"}, "BIORE_PROCESSES"),
            ({"PROCESSES": "-1"}, "BIORE_PROCESSES"),
            ({"MAX_CONNECTIONS": "0"}, "BIORE_MAX_CONNECTIONS"),
            ({"MAX_CLIENT_CONNECTIONS": "0"}, "BIORE_MAX_CLIENT_CONNECTIONS"),
            ({"DRAIN_SECONDS": "-1"}, "BIORE_DRAIN_SECONDS"),
            ({"DRAIN_SECONDS": "nan"}, "BIORE_DRAIN_SECONDS"),
            ({"DRAIN_SECONDS": "soon"}, "BIORE_DRAIN_SECONDS"),
            ({"ENV": "prod"}, "BIORE_ENV"),
            ({"LOG_LEVEL": "loud"}, "BIORE_LOG_LEVEL must be one of debug, info"),
            ({"TRUSTED_PROXIES": "10.0.0.1/8"}, "BIORE_TRUSTED_PROXIES"),
            ({"TRUSTED_PROXIES": "*"}, "BIORE_TRUSTED_PROXIES"),
            ({"CLIENT_ADDRESS_HEADER": "X Forwarded For"}, "BIORE_CLIENT_ADDRESS_HEADER"),
            ({"CLIENT_ADDRESS_HEADER": "X-Forwarded-For:"}, "BIORE_CLIENT_ADDRESS_HEADER"),
            ({"CLIENT_ADDRESS_HEADER": "Forwarded"}, "BIORE_CLIENT_ADDRESS_HEADER"),
            ({"CLIENT_ADDRESS_HEADER": "a" * 65}, "BIORE_CLIENT_ADDRESS_HEADER"),
            ({"COUNTRY_HEADER": "CF-IPCountry\r\nX"}, "BIORE_COUNTRY_HEADER"),
            ({"COUNTRY_HEADER": "Accept-Language"}, "BIORE_COUNTRY_HEADER"),
            ({"COUNTRY_HEADER": "x-forwarded-for"}, "BIORE_COUNTRY_HEADER"),
            ({"COOKIE_DOMAIN": "bio"}, "BIORE_COOKIE_DOMAIN"),
            ({"COOKIE_DOMAIN": "bio.re; Path=/"}, "BIORE_COOKIE_DOMAIN"),
            ({"COOKIE_DOMAIN": "https://bio.re"}, "BIORE_COOKIE_DOMAIN"),
            ({"CORS_ORIGINS": "*"}, "BIORE_CORS_ORIGINS"),
            ({"CORS_ORIGINS": "app.example.com"}, "BIORE_CORS_ORIGINS must be origins"),
            ({"CORS_ORIGINS": "https://a.example,https://b.example/path"}, "BIORE_CORS_ORIGINS must be origins"),
            ({"REDIS_URL": "cache.example.com:6379"}, "BIORE_REDIS_URL must be like redis://"),
            ({"REDIS_URL": "https://cache.example.com"}, "BIORE_REDIS_URL must be like redis://"),
            ({"REDIS_URL": "redis://cache:port"}, "BIORE_REDIS_URL must be like redis://"),
            ({"REDIS_URL": "redis://"}, "BIORE_REDIS_URL must be like redis://"),
            ({"DNS_RESOLVER": "127.0.0.1"}, "BIORE_DNS_RESOLVER must be host and port"),
            ({"SECRET_KEY": "short"}, "BIORE_SECRET_KEY"),
            ({"SECRET_KEY": f"{SECRET},short"}, "BIORE_SECRET_KEY"),
            ({"SECRET_KEY": f"{SECRET},"}, "BIORE_SECRET_KEY"),
            ({"OTLP_ENDPOINT": "collector:4318"}, "BIORE_OTLP_ENDPOINT"),
            ({"OTLP_ENDPOINT": "http://"}, "BIORE_OTLP_ENDPOINT"),
            ({"OTLP_ENDPOINT": "http://collector:4318?key=x"}, "BIORE_OTLP_ENDPOINT"),
            ({"TRACE_RATIO": "all"}, "BIORE_TRACE_RATIO"),
            ({"TRACE_RATIO": "1.1"}, "BIORE_TRACE_RATIO"),
            ({"TRACE_RATIO": "nan"}, "BIORE_TRACE_RATIO"),
            ({"ENV": "production"}, "BIORE_DATABASE_URL"),
            ({"DATABASE_URL": "postgresql://biore:50%off@db/biore"}, "BIORE_DATABASE_URL must be like"),
            ({"DATABASE_URL": "postgresql://biore:x@db:port/biore"}, "BIORE_DATABASE_URL must be like"),
            ({"DATABASE_URL": "mysql://biore:x@db/biore"}, "must begin with postgresql://, not mysql://: PostgreSQL"),
            ({"DATABASE_URL": "sqlite:///biore.db"}, "must begin with postgresql://, not sqlite://"),
            ({"DATABASE_URL": "postgresql+asyncpg://db/biore"}, "must begin with postgresql://"),
            ({"DATABASE_URL": "db.example.com"}, "BIORE_DATABASE_URL must be like"),
            ({"ENV": "staging"}, "BIORE_DEV_TOKEN"),
            ({"ENV": "staging", "DEV_TOKEN": "x" * 31}, "BIORE_DEV_TOKEN needs 32"),
        ],
    )
    def test_are_named(self, environ: dict[str, str], words: str) -> None:
        with pytest.raises(InvalidSettings, match=words):
            read(**environ)

    @pytest.mark.parametrize("env", ["staging", "production"])
    def test_no_secret_outside_development(self, env: str, tmp_path: Path) -> None:
        environ = {"BIORE_ENV": env, "BIORE_DATABASE_URL": "postgresql://host/db", "BIORE_DEV_TOKEN": "x",
                   "BIORE_DATA_DIR": str(tmp_path)}  # fmt: skip
        with pytest.raises(InvalidSettings, match="BIORE_SECRET_KEY"):
            load(environ)
        assert list(tmp_path.iterdir()) == []

    def test_the_message_keeps_secrets_to_itself(self) -> None:
        with pytest.raises(InvalidSettings) as refusal:
            read(SECRET_KEY="hunter2")
        assert "hunter2" not in str(refusal.value)

    @pytest.mark.parametrize(
        ("name", "url"),
        [
            ("DATABASE_URL", "postgresql://biore:hunter2%@db/biore"),
            ("DATABASE_URL", "postgresql://biore:hunter2@db:x/biore"),
            ("DATABASE_URL", "mysql://biore:hunter2@db/biore"),
            ("REDIS_URL", "redis://:hunter2@db:x/0"),
            ("REDIS_URL", "hunter2"),
        ],
    )
    def test_nor_does_it_tell_the_password_of_a_server(self, name: str, url: str) -> None:
        with pytest.raises(InvalidSettings) as refusal:
            read(**{name: url})
        assert "hunter2" not in "".join(traceback.format_exception(refusal.value))

    @pytest.mark.parametrize(
        "url",
        ["postgresql://biore:50%25off@db/biore?sslmode=require", "postgresql://biore@/biore?host=/run/postgresql"],
    )
    def test_what_both_drivers_read_is_taken(self, url: str) -> None:
        assert read(DATABASE_URL=url).database_url == url


class TestSecrets:
    def test_the_first_is_in_use(self) -> None:
        assert read(SECRET_KEY=f"{'a' * 32},{'b' * 32}").secrets == ("a" * 32, "b" * 32)

    def test_development_makes_one_once(self, tmp_path: Path) -> None:
        environ = {"BIORE_DATA_DIR": str(tmp_path / "new" / "folder")}
        first = load(environ).secrets
        assert load(environ).secrets == first
        assert len(first[0]) >= 32
        file = tmp_path / "new" / "folder" / "secret"
        assert file.parent.stat().st_mode & 0o077 == 0
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_two_folders_two_secrets(self, tmp_path: Path) -> None:
        secrets = {load({"BIORE_DATA_DIR": str(tmp_path / name)}).secrets for name in "ab"}
        assert len(secrets) == 2
