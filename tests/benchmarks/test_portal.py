"""What the benchmarks of the portal stand on: a contract of many operations, and rivals that are served as we are."""

import gzip

import pytest
from starlette.testclient import TestClient

from benchmarks.portal_build import CHANGED, changed, large
from benchmarks.portal_paint import NAME, OURS, Visit, rows
from benchmarks.rivals import REDOC, RIVALS, SCALAR, Files
from contract.loader import Contract
from portal.model import Operation, Site, read


@pytest.fixture(scope="module")
def site(contract: Contract) -> Site:
    return read(contract)


@pytest.fixture(scope="module")
def login(site: Site) -> Operation:
    return next(operation for operation in site.operations if operation.id == "auth.login")


def test_a_large_site_has_a_page_of_its_own_for_each_operation(site: Site) -> None:
    operations = large(site, 400).operations
    assert len({operation.id for operation in operations}) == 400
    assert len({operation.policy.page for operation in operations}) == 400


def test_one_text_changes(site: Site) -> None:
    before, after = large(site, 300), changed(large(site, 300))
    pairs = zip(before.operations, after.operations, strict=True)
    assert [new.description for old, new in pairs if old.description != new.description] == [CHANGED]


def test_rivals_are_asked_for_the_operation(login: Operation) -> None:
    assert SCALAR.address(login) == "/scalar.html#tag/auth/POST/auth/login"
    assert REDOC.address(login) == "/redoc.html#/auth/auth.login"


def test_rivals_are_compressed_as_we_are() -> None:
    script = b"const value = 1;\n" * 100
    client = TestClient(Files({"/a.js": script}))
    answer = client.get("/a.js")
    assert (answer.content, answer.headers["content-encoding"]) == (script, "gzip")
    assert int(answer.headers["content-length"]) == len(gzip.compress(script, 6, mtime=0))
    assert client.get("/b.js").status_code == 404


def test_the_largest_paint_must_take_half_as_long_as_that_of_each_rival() -> None:
    ours = Visit(kilobytes=59, requests=12, others=0, fcp=1, lcp=1, text=1)
    slow, fast = (Visit(kilobytes=900, requests=3, others=1, fcp=1, lcp=lcp, text=lcp) for lcp in (4.0, 1.5))
    visits = {OURS: [ours] * 2, RIVALS[0].name: [slow] * 2, RIVALS[1].name: [fast] * 2}
    judged = [row for row in rows(visits) if row.met is not None]
    assert {row.benchmark for row in judged} == {NAME}
    assert [(row.metric, row.to, row.met) for row in judged] == [
        ("transferred", "", True),
        ("requests", "", True),
        ("largest paint", RIVALS[0].name, True),
        ("largest paint", RIVALS[1].name, False),
    ]
