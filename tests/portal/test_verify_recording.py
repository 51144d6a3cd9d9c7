"""How evidence comes to be: what is kept of what tests see, whose it is, and when it holds no longer."""

import json
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from portal.evidence import Evidence
from proof.checkout import NoCheckout
from proof.evidence import Recorded, Stamp, judge, masked, merge, stamp
from tests.recording import Recorder

HERE = Stamp("a" * 64, "0123456789ab", changed=False)
ELSEWHERE = Stamp("b" * 64, "ba9876543210", changed=True)


def success(**data: Any) -> dict[str, Any]:
    return {"success": True, "data": data}


def refusal(code: str, message: str = "No.") -> dict[str, Any]:
    return {"success": False, "error": {"code": code, "message": message}}


class TestRecorded:
    def test_an_answer_is_kept_while_it_shows_something_new(self) -> None:
        recorded = Recorded()
        for body in (success(a=1), success(a=2), success(a=None), success(a=1, b="x")):
            recorded.answer("x.y", 200, body)
        recorded.answer("x.y", 201, success(a=1))
        kept = recorded.operations["x.y"]["answers"]
        assert [answer["body"]["data"] for answer in kept] == [{"a": 1}, {"a": None}, {"a": 1, "b": "x"}, {"a": 1}]

    def test_a_refusal_is_kept_once_for_its_words(self) -> None:
        recorded = Recorded()
        for message in ("No.", "No.", "Nein."):
            recorded.answer("x.y", 400, refusal("x.no", message))
        recorded.answer("x.z", 400, refusal("x.no"))
        assert len(recorded.operations["x.y"]["answers"]) == 2
        assert len(recorded.operations["x.z"]["answers"]) == 1

    def test_secrets_keep_their_shape_only(self) -> None:
        token, jwt = str(uuid4()), "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"
        shown = masked(
            success(tempToken=token, accessToken=jwt, backupCodes=["K7Q2-M9TX"], text=f"?token={token}", n=1)
        )
        told = json.dumps(shown)
        assert token not in told
        assert jwt not in told
        assert shown["data"]["backupCodes"] == ["A2A2-A2AA"]
        assert shown["data"]["n"] == 1
        assert [len(part) for part in shown["data"]["tempToken"].split("-")] == [8, 4, 4, 4, 12]
        assert masked(shown) == shown
        assert len(masked({"qrCodeUrl": "x" * 10_000})["qrCodeUrl"]) < 200

    def test_the_code_of_a_refusal_is_no_secret(self) -> None:
        recorded = Recorded()
        recorded.answer("x.y", 400, refusal("x.no"))
        assert recorded.operations["x.y"]["answers"][0]["body"]["error"]["code"] == "x.no"


class TestMerge:
    def seen(self, *effects: str, passed: tuple[str, ...] = (), failed: tuple[str, ...] = ()) -> Recorded:
        recorded = Recorded(passed=set(passed), failed=set(failed))
        recorded.effects("x.y", set(effects))
        return recorded

    def test_runs_on_the_same_tree_add_up(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "evidence.json"
        merge(path, HERE, self.seen("write:users"))
        second = self.seen("job:a.b")
        second.answer("x.y", 200, success(a=1))
        second.sample("x.y", "curl", "executed")
        merge(path, HERE, second)
        merge(path, HERE, second)
        proof = Evidence.load(path, HERE.tree).proof("x.y")
        assert proof.effects == {"write:users", "job:a.b"}
        assert [answer.body for answer in proof.answers] == [success(a=1)]
        assert proof.samples == {"curl": "executed"}

    def test_another_tree_begins_anew(self, tmp_path: Path) -> None:
        path = tmp_path / "evidence.json"
        merge(path, HERE, self.seen("write:users", failed=("t::a",)))
        merge(path, ELSEWHERE, self.seen("write:sessions"))
        evidence = Evidence.load(path, ELSEWHERE.tree)
        assert (evidence.commit, evidence.changed, evidence.failures) == ("ba9876543210", True, ())
        assert evidence.proof("x.y").effects == {"write:sessions"}
        assert Evidence.load(path, HERE.tree).stale

    def test_a_failure_stays_until_the_test_passes(self, tmp_path: Path) -> None:
        path = tmp_path / "evidence.json"
        merge(path, HERE, self.seen(failed=("t::a", "t::b")))
        merge(path, HERE, self.seen(passed=("t::a",)))
        assert Evidence.load(path).failures == ("t::b",)

    def test_a_verdict_ends_with_what_it_was_about(self, tmp_path: Path) -> None:
        path = tmp_path / "evidence.json"
        badge = {"verified": True, "commit": "c", "changed": False, "date": "d", "gaps": []}
        verdict = {"x.y": {**badge, "codes": [1, 1], "effects": [0, 0], "samples": [8, 8]}}
        merge(path, HERE, self.seen())
        judge(path, ELSEWHERE, verdict)
        assert not Evidence.load(path, HERE.tree).badge("x.y").verified
        judge(path, HERE, verdict)
        assert Evidence.load(path, HERE.tree).badge("x.y").verified
        merge(path, HERE, self.seen("write:users"))
        assert not Evidence.load(path, HERE.tree).badge("x.y").verified


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A git repository with a committed handler and a README that nobody's evidence is about."""
    root = tmp_path / "checkout"
    (root / "handlers").mkdir(parents=True)
    (root / "handlers" / "x.py").write_text("1\n")
    (root / "README.md").write_text("1\n")
    (root / ".gitignore").write_text("*.pyc\n")
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    for arguments in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "First")):
        subprocess.run(["git", "-C", str(root), *arguments], check=True)
    return root


class TestStamp:
    def test_follows_the_code_and_nothing_else(self, checkout: Path) -> None:
        first = stamp(checkout)
        assert not first.changed
        assert len(first.commit) == 12
        (checkout / "README.md").write_text("2\n")
        (checkout / "handlers" / "x.pyc").write_text("2\n")
        assert stamp(checkout) == first
        (checkout / "handlers" / "x.py").write_text("2\n")
        second = stamp(checkout)
        assert second.changed
        (checkout / "handlers" / "new.py").write_text("")
        assert len({first.tree, second.tree, stamp(checkout).tree}) == 3

    def test_needs_a_checkout(self, tmp_path: Path) -> None:
        with pytest.raises(NoCheckout, match="no git checkout"):
            stamp(tmp_path)


def report(name: str, outcome: Any, when: Any = "call") -> pytest.TestReport:
    return pytest.TestReport(name, ("x.py", 1, name), {}, outcome, None, when)


class TestRecorder:
    def recorder(self, checkout: Path, path: Path) -> Recorder:
        return Recorder(path, checkout, Recorded())

    def test_writes_down_what_a_run_saw(self, checkout: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
        path = tmp_path / "evidence.json"
        recorder = self.recorder(checkout, path)
        for each in (report("t::a", "passed"), report("t::b", "failed"), report("t::c", "failed", "setup")):
            recorder.pytest_runtest_logreport(each)
        recorder.pytest_sessionfinish(request.session)
        evidence = Evidence.load(path, stamp(checkout).tree)
        assert not evidence.stale
        assert evidence.failures == ("t::b", "t::c")

    def test_a_run_over_which_the_code_changed_proves_nothing(
        self, checkout: Path, tmp_path: Path, request: pytest.FixtureRequest
    ) -> None:
        path = tmp_path / "evidence.json"
        recorder = self.recorder(checkout, path)
        (checkout / "handlers" / "x.py").write_text("2\n")
        recorder.pytest_sessionfinish(request.session)
        assert not path.exists()

    def test_outside_a_checkout_nothing_is_kept(self, tmp_path: Path, request: pytest.FixtureRequest) -> None:
        path = tmp_path / "evidence.json"
        self.recorder(tmp_path, path).pytest_sessionfinish(request.session)
        assert not path.exists()
