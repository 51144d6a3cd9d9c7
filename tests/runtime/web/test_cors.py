"""Browsers of other origins: nobody unless a setting names them."""

from collections.abc import Callable

import httpx
import pytest

from contract.loader import Contract
from runtime.settings import Settings, load
from runtime.web.app import FOR_BROWSERS
from tests.harness import Server

OURS = "https://app.bio.re"
THEIRS = "https://evil.example"
BASE = "/api/v1"


@pytest.fixture(scope="module")
def cors_server(start_server: Callable[..., Server]) -> Server:
    return start_server(cors_origins=(OURS, "http://localhost:3000"))


def headers_of(response: httpx.Response) -> set[str]:
    return {name for name in response.headers if name.startswith("access-control-")}


def preflight(origin: str, method: str = "POST", wanted: str = "content-type,authorization") -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": wanted,
    }


class TestByDefault:
    def test_nobody_is_let_in(self, server: Server) -> None:
        with server.client() as api:
            answers = [
                api.get(f"{BASE}/dev/mailbox", headers={"Origin": OURS}),
                api.get("/nowhere", headers={"Origin": server.origin}),
                api.options(f"{BASE}/auth/login", headers=preflight(OURS)),
            ]
        assert [answer.status_code for answer in answers] == [200, 404, 405]
        assert all(not headers_of(answer) for answer in answers)


class TestOrigins:
    @pytest.mark.parametrize("origin", [OURS, "http://localhost:3000"])
    def test_named_ones_come_with_credentials(self, cors_server: Server, origin: str) -> None:
        with cors_server.client() as api:
            answer = api.get(f"{BASE}/dev/mailbox", headers={"Origin": origin})
        assert answer.headers["access-control-allow-origin"] == origin
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "origin" in answer.headers["vary"].lower()

    @pytest.mark.parametrize(
        "origin", [THEIRS, "null", "https://app.bio.re.evil.example", "http://app.bio.re", "*", ""]
    )
    def test_others_do_not(self, cors_server: Server, origin: str) -> None:
        with cors_server.client() as api:
            answer = api.get(f"{BASE}/dev/mailbox", headers={"Origin": origin})
            asked = api.options(f"{BASE}/auth/login", headers=preflight(origin))
        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers
        assert asked.status_code == 400
        assert "access-control-allow-origin" not in asked.headers

    @pytest.mark.parametrize(
        ("target", "status"), [("/nowhere", 404), (f"{BASE}/auth/me", 401), (f"{BASE}/auth/login", 405)]
    )
    def test_refusals_can_be_read_too(self, cors_server: Server, target: str, status: int) -> None:
        with cors_server.client() as api:
            answer = api.get(target, headers={"Origin": OURS})
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == OURS

    def test_an_internal_error_can_be_read_too(self, cors_server: Server) -> None:
        with cors_server.client() as api:
            cors_server.configure(**{"external.captcha.active_provider": "turnstile"})
            try:
                body = {"email": "a@example.com", "captchaToken": "x"}
                answer = api.call("auth.resend_verification", body, headers={"Origin": OURS})
            finally:
                cors_server.configure(**{"external.captcha.active_provider": "none"})
        assert answer.status_code == 503
        assert answer.headers["access-control-allow-origin"] == OURS

    def test_scripts_may_read_our_headers(self, cors_server: Server) -> None:
        with cors_server.client() as api:
            answer = api.post(f"{BASE}/auth/logout", headers={"Origin": OURS})
        exposed = {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}
        rates = {"RateLimit", "RateLimit-Policy", "Retry-After"}
        told = rates | {"X-Correlation-Id", "Idempotency-Replayed", "ETag", "Cache-Control", "Content-Disposition"}
        assert exposed == told

    def test_what_only_browsers_read_is_declared(self, contract: Contract) -> None:
        """A header that no answer declares any more needs no exemption."""
        assert contract.answer_headers >= FOR_BROWSERS


class TestPreflight:
    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
    def test_is_answered(self, cors_server: Server, method: str) -> None:
        wanted = "authorization,content-type,idempotency-key,x-correlation-id,x-dev-token"
        with cors_server.client() as api:
            answer = api.options(f"{BASE}/auth/login", headers=preflight(OURS, method, wanted))
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == OURS
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert method in answer.headers["access-control-allow-methods"]
        assert answer.headers["access-control-max-age"] == "600"
        assert answer.headers["x-correlation-id"]

    def test_takes_each_header_that_the_contract_names(self, cors_server: Server, contract: Contract) -> None:
        named = {"Idempotency-Key", "If-Match", "If-None-Match", "X-Dev-Token", "X-Reactivate-Token"}
        assert contract.request_headers == named
        with cors_server.client() as api:
            wanted = ",".join(contract.request_headers)
            answer = api.options(f"{BASE}/auth/login", headers=preflight(OURS, "POST", wanted))
        assert answer.status_code == 200
        named = {name.strip() for name in answer.headers["access-control-allow-headers"].split(",")}
        assert named >= contract.request_headers

    @pytest.mark.parametrize(("method", "wanted"), [("TRACE", "content-type"), ("POST", "x-evil")])
    def test_refuses_what_no_operation_takes(self, cors_server: Server, method: str, wanted: str) -> None:
        with cors_server.client() as api:
            answer = api.options(f"{BASE}/auth/login", headers=preflight(OURS, method, wanted))
        assert answer.status_code == 400


class TestSetting:
    def test_is_a_list_without_trailing_slashes(self) -> None:
        settings = load({"BIORE_CORS_ORIGINS": f"{OURS}/, http://localhost:3000", "BIORE_SECRET_KEY": "s" * 32})
        assert settings.cors_origins == (OURS, "http://localhost:3000")
        assert Settings().cors_origins == ()
