import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]

from providers.ports import Mail
from tests.providers.fakes import FakeConfig
from tests.providers.servers import SiteVerifyServer, SmtpServer, siteverify_server, smtp_server

MailMaker = Callable[..., Mail]
DatabaseMaker = Callable[..., str]


@pytest.fixture
def config() -> FakeConfig:
    return FakeConfig()


@pytest.fixture
def make_mail() -> MailMaker:
    def make(**changes: Any) -> Mail:
        values: dict[str, Any] = {
            "id": UUID("6f1d3c52-2a0f-4a8e-9d3e-0c4b1a2f3e4d"),
            "to": "ada@example.org",
            "subject": "Adresini doğrula",
            "text": "Merhaba Ada,\n\nhttps://bio.re/verify?token=abc",
            "html": "<p>Merhaba <b>Ada</b></p>",
            "locale": "tr",
        }
        return Mail(**(values | changes))

    return make


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


@pytest.fixture
def second_smtp() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


@pytest.fixture
def siteverify() -> Iterator[SiteVerifyServer]:
    with siteverify_server() as server:
        yield server


@pytest.fixture
def second_siteverify() -> Iterator[SiteVerifyServer]:
    with siteverify_server() as server:
        yield server


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and self-signed certificate of 127.0.0.1 in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture(scope="session")
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process trusts the certificate, the way an operator would make it so."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@pytest.fixture
def make_database(tmp_path: Path) -> DatabaseMaker:
    """Writes a database of ``{network: record}`` and tells its path."""

    def make(networks: dict[str, Any], *, name: str = "geo.mmdb", ip_version: int = 6) -> str:
        writer = MMDBWriter(ip_version=ip_version, ipv4_compatible=ip_version == 6, database_type="Test-Country")
        for network, record in networks.items():
            writer.insert_network(IPSet([network]), record)
        writer.to_db_file(str(tmp_path / name))
        return str(tmp_path / name)

    return make
