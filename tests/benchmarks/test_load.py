"""What wrk tells is read right, and refusals are never taken for answers."""

from pathlib import Path

import pytest

from benchmarks.load import Refused, Request, Script, parsed

REPORT = """Running 6s test @ http://127.0.0.1:8000
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     3.10ms    1.02ms  21.50ms   90.00%
    Req/Sec     5.16k   301.10     5.60k    70.00%
  30965 requests in 6.01s, 22.10MB read
Requests/sec:   5152.24
Transfer/sec:      3.68MB

{"requests": 30965, "microseconds": 6010000, "p50": 2950, "p90": 4100, "p99": 7020, "max": 21500, "refused": 0, \
"connect": 0, "read": 0, "write": 0, "timeout": 0}
"""


def test_the_line_of_the_script_is_what_counts() -> None:
    load = parsed(REPORT)
    assert load.per_second == pytest.approx(5152.2, abs=0.1)
    assert (load.p50, load.p90, load.p99, load.longest) == (2.95, 4.1, 7.02, 21.5)
    load.require_clean()


@pytest.mark.parametrize("fault", ["refused", "connect", "read", "write", "timeout"])
def test_one_refusal_or_broken_connection_spoils_a_measurement(fault: str) -> None:
    with pytest.raises(Refused):
        parsed(REPORT.replace(f'"{fault}": 0', f'"{fault}": 1')).require_clean()


def test_no_answer_at_all_is_no_measurement() -> None:
    with pytest.raises(Refused):
        parsed(REPORT.replace('"requests": 30965', '"requests": 0')).require_clean()


def test_what_is_answered_leaves_refusals_out() -> None:
    assert parsed(REPORT.replace('"refused": 0', '"refused": 965')).answered == 30_000


def test_a_report_without_the_line_is_an_error() -> None:
    with pytest.raises(ValueError, match="wrk did not report"):
        parsed(REPORT.partition("{")[0])


def test_requests_are_rendered_as_they_go_over_the_wire() -> None:
    posted = Request.json("/login", {"a": 1}, X_Forwarded_For="10.0.0.1").rendered("h:1")
    assert posted == (
        b"POST /login HTTP/1.1\r\nHost: h:1\r\nAccept: */*\r\nContent-Type: application/json\r\n"
        b'X-Forwarded-For: 10.0.0.1\r\nContent-Length: 8\r\n\r\n{"a": 1}'
    )
    asked = Request.bearer("/me", "token").rendered("h:1")
    assert asked == b"GET /me HTTP/1.1\r\nHost: h:1\r\nAccept: */*\r\nAuthorization: Bearer token\r\n\r\n"


def test_a_script_keeps_them_in_order_with_their_lengths() -> None:
    with Script("http://h:1", [Request("/a"), Request("/bc")]) as script:
        raw = Path(script.path).read_bytes()
    one, two = Request("/a").rendered("h:1"), Request("/bc").rendered("h:1")
    assert script.count == 2
    assert raw == b"%d\n%b%d\n%b" % (len(one), one, len(two), two)
