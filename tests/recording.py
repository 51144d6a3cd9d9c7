"""Evidence of what the tests saw, for ``biore portal verify`` and the badge of each page.

Always on: a call costs a look into a set. At the end of a run it is added to the evidence of the same state of the
code, so that several runs, side by side or one after the other, make one.
"""

from pathlib import Path
from typing import Any

import httpx
import pytest

from contract.loader import ROOT
from portal.evidence import DEFAULT
from proof.checkout import NoCheckout
from proof.evidence import Recorded, Stamp, merge, stamp
from tests.portal.recording import SAMPLES

RECORDED = Recorded()


def record_answer(operation_id: str, response: httpx.Response, body: Any) -> None:
    if response.request.method != "HEAD":
        RECORDED.answer(operation_id, response.status_code, body)


def record_effects(operation_id: str, tables: set[str], topics: set[str], actions: set[str]) -> None:
    """``tables`` that changed, ``topics`` of new jobs, ``actions`` of new audit entries."""
    kinds = {"write": tables, "job": topics, "audit": actions}
    RECORDED.effects(operation_id, {f"{kind}:{what}" for kind, names in kinds.items() for what in names})


class Recorder:
    """A pytest plugin: notes outcomes, and writes everything down if the code stayed as it was."""

    def __init__(self, path: Path = ROOT / DEFAULT, root: Path = ROOT, recorded: Recorded = RECORDED) -> None:
        self._path = path
        self._root = root
        self._recorded = recorded
        self._before = self._stamp()

    def _stamp(self) -> Stamp | None:
        try:
            return stamp(self._root)
        except NoCheckout:
            return None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._recorded.failed.add(report.nodeid)
        elif report.when == "call":
            self._recorded.passed.add(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._recorded.failed.add(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        for (operation_id, language), how in SAMPLES.items():
            self._recorded.sample(operation_id, language, how)
        after = self._stamp()
        if self._before and after and self._before.tree == after.tree and session.testscollected:
            merge(self._path, after, self._recorded)
