"""What reaches the log, and what must not."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from structlog.testing import capture_logs

from contract.loader import ROOT
from domain.answers.hiding import hide
from runtime.observe.log import RequestLog, redact
from tests.conftest import Databases

SECONDS = 60
NETWORK = "10.0.0.0/24"
DATABASE_PASSWORD = "hunter2-of-the-database"
Walk = Callable[[str], "Walked"]


@dataclass(frozen=True)
class Walked:
    log: str
    secrets: list[str]
    failed: str
    modules: list[str]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.splitlines()]


@pytest.fixture(scope="module")
def walk(databases: Databases) -> Walk:
    """Runs the walk once per kind of log, in a process whose logging is its own."""
    done: dict[str, Walked] = {}

    def run(kind: str) -> Walked:
        if kind not in done:
            # The embedded server asks for no password, so any will do.
            url = databases.migrated().replace("postgres:@", f"postgres:{DATABASE_PASSWORD}@")
            assert DATABASE_PASSWORD in url
            command = [sys.executable, "-m", "tests.runtime.observe.log_walk", kind, url, DATABASE_PASSWORD]
            process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
            assert process.returncode == 0, process.stderr
            done[kind] = Walked(process.stderr, **json.loads(process.stdout))
        return done[kind]

    return run


def test_a_terminal_does_not_obey_a_path() -> None:
    log = RequestLog()
    log.readable = True
    with capture_logs() as lines:
        log.note("GET", "/é\x1b[31m\r\n\x9bX", None, 404, 0.001, "id", {}, aside=False)
    assert [line["event"] for line in lines] == [r"GET /é\x1b[31m\r\n\x9bX 404 1.0ms"]


class TestWalk:
    @pytest.mark.parametrize("kind", ["json", "readable"])
    def test_no_secret_is_told(self, walk: Walk, kind: str) -> None:
        walked = walk(kind)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", walked.log)
        assert "internal.error" in plain
        assert len(walked.secrets) > 10
        for secret in walked.secrets:
            assert secret not in plain
            assert json.dumps(secret)[1:-1] not in plain
        assert not re.search(r"eyJ[\w-]+\.", plain)
        assert "$2b$" not in plain

    def test_each_event_is_one_line_of_json(self, walk: Walk) -> None:
        for event in walk("json").events:
            assert {"event", "level", "logger", "timestamp"} <= event.keys()
            assert event["timestamp"].endswith("Z")

    def test_a_failure_has_its_trace_and_its_correlation_id(self, walk: Walk) -> None:
        walked = walk("json")
        (failure,) = [event for event in walked.events if event["event"] == "internal.error"]
        assert failure["correlation_id"] == walked.failed
        assert "Traceback" in failure["exception"]
        assert "CheckViolation" in failure["exception"]

    def test_each_request_is_logged_under_its_operation(self, walk: Walk) -> None:
        requests = [event for event in walk("json").events if event["event"] == "request"]
        assert ("auth.me", 401) in {(request["operation"], request["status"]) for request in requests}
        assert all(request["operation"] for request in requests)

    def test_a_request_is_told_by_method_and_template(self, walk: Walk) -> None:
        requests = [event for event in walk("json").events if event["event"] == "request"]
        told = {(line["operation"], line["method"], line["path"]) for line in requests}
        assert told >= {
            ("auth.login", "POST", "/api/v1/auth/login"),
            ("auth.sessions.revoke", "DELETE", "/api/v1/auth/sessions/{id}"),
        }

    def test_a_reader_sees_a_request_in_one_line(self, walk: Walk) -> None:
        plain = re.sub(r"\x1b\[[0-9;]*m", "", walk("readable").log)
        assert re.search(r"\[info +\] POST /api/v1/auth/login 200 [0-9.]+ms auth\.login +\[", plain)
        assert re.search(r"DELETE /api/v1/auth/sessions/{id} 404 [0-9.]+ms auth\.sessions\.revoke", plain)

    def test_a_refusal_tells_why_whose_and_from_where(self, walk: Walk) -> None:
        requests = [event for event in walk("json").events if event["event"] == "request"]
        told = {
            (line["operation"], line["code"], line["user"] is not None, line["network"])
            for line in requests
            if line["status"] >= 400
        }
        assert told >= {
            ("auth.login", "auth.login.invalid_credentials", False, NETWORK),
            ("auth.me", "auth.unauthenticated", False, NETWORK),
            ("auth.sessions.revoke", "auth.sessions.not_found", True, NETWORK),
        }
        assert all("user" not in line for line in requests if line["status"] < 400)

    def test_jobs_are_logged_under_the_call_that_caused_them(self, walk: Walk) -> None:
        jobs = [event for event in walk("json").events if event["event"] == "job.done"]
        assert {job["topic"] for job in jobs} >= {"email.verify_address", "email.session_theft"}
        assert all(job["correlation_id"] for job in jobs)

    def test_libraries_end_in_the_same_stream(self, walk: Walk) -> None:
        loggers = {event["logger"] for event in walk("json").events}
        assert {"a.library", "ours"} <= loggers
        told = [event for event in walk("json").events if event["logger"] == "a.library"]
        assert told[0]["event"].startswith("cannot connect to postgresql://")
        assert "Traceback" in told[2]["exception"]

    def test_without_tracing_nothing_of_it_is_loaded(self, walk: Walk) -> None:
        """redis-py loads OpenTelemetry's metrics by itself where they are installed."""
        tracing = {"runtime.observe.spans", "opentelemetry.sdk.trace", "opentelemetry.exporter"}
        assert tracing.isdisjoint(walk("json").modules)


class TestHide:
    @pytest.mark.parametrize(
        ("text", "hidden"),
        [
            ("mail to ada@example.com failed", "mail to (hidden) failed"),
            ("a.b+c@sub.example.co.uk", "(hidden)"),
            ("postgresql://user:pass@host/db", "postgresql://(hidden)@host/db"),
            ("smtps://u%40x:p%40ss@host", "smtps://(hidden)@host"),
            ("redis://:pass@host:6379", "redis://(hidden)@host:6379"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "(hidden)"),
            ("https://bio.re/verify-email?token=0f8fad5b&x=1", "https://bio.re/verify-email?token=(hidden)&x=1"),
            ("[SQL: x]\n[parameters: {'a': 'b', 'c': ']'}]\n(Back", "[SQL: x]\n[parameters: (hidden)]\n(Back"),
            ("DETAIL:  Key (email)=(ada) already exists.", "DETAIL:  (hidden)"),
            ("ada@example.com!eve@example.com", "(hidden)(hidden)"),
            ("x.yeyJhbGciOiJI.e30.c2ln.z", "x.y(hidden).z"),
            ("eyJhbGciOiJI.e30. eyJhbGciOiJI.e30", "(hidden) eyJhbGciOiJI.e30"),
            ("[parameters: {'a': 'b', which was cut", "[parameters: (hidden)"),
            ("nothing to hide: a@b, 12:30, http://host/path", "nothing to hide: a@b, 12:30, http://host/path"),
        ],
    )  # fmt: skip
    def test_takes_secrets_out_of_texts(self, text: str, hidden: str) -> None:
        assert hide(text) == hidden

    @pytest.mark.parametrize("text", ["x", "eyJ", "[parameters: ", "a@", "://a:", "token=", "x@x.", "eyJeyJeyJe."])
    def test_takes_a_time_that_grows_with_the_length(self, text: str) -> None:
        """What people send is in errors; texts of this length took minutes."""
        before = time.process_time()
        hide(text * (300_000 // len(text)))
        hide(text * (300_000 // len(text)) + "@")
        assert time.process_time() - before < 5


class TestRedact:
    @pytest.mark.parametrize(
        "key",
        ["password", "new_password", "token", "accessToken", "Authorization", "cookie", "set-cookie", "email", "to",
         "recipient", "secret_key", "dev_token"],
    )  # fmt: skip
    def test_hides_by_name(self, key: str) -> None:
        assert redact(None, "info", {"event": "x", key: "value"})[key] == "(hidden)"

    def test_looks_inside(self) -> None:
        event: dict[str, Any] = {
            "event": "x",
            "reply": {"to": "a", "codes": [1, ("ada@example.com",)]},
            "z": None,
        }
        shown = {"event": "x", "reply": {"to": "(hidden)", "codes": [1, ["(hidden)"]]}, "z": None}
        assert redact(None, "info", event) == shown

    def test_looks_into_objects(self) -> None:
        event = redact(None, "info", {"event": "x", "error": ValueError("ada@example.com")})
        assert event["error"] == "(hidden)"

    def test_leaves_the_rest(self) -> None:
        event = {"event": "job.done", "topic": "email.verify_address", "attempt": 1, "total": "a"}
        assert redact(None, "info", dict(event)) == event
