"""A public build tells nothing of the staff's operations, unless it is asked to."""

import json
from pathlib import Path

import pytest

from contract.audience import for_everybody
from portal.audience import without_staff
from portal.build import Options, build
from portal.model import Site, read
from tests.extended.guarding.kit import sampled

OWN = "samples.suspend"


@pytest.fixture(scope="module")
def staffed() -> Site:
    """With operations of scope admin."""
    return read(sampled())


@pytest.fixture(scope="module")
def narrowed(staffed: Site) -> Site:
    return without_staff(staffed)


def test_only_what_staff_may_call_is_gone(staffed: Site, narrowed: Site) -> None:
    gone = {o.id for o in staffed.operations} - {o.id for o in narrowed.operations}
    assert gone == {o.id for o in staffed.operations if o.policy.scope == "admin"} > set()
    assert {o.policy.scope for o in narrowed.operations} == {"public", "user", "creator", "dev"} & {
        o.policy.scope for o in staffed.operations
    }


def test_codes_go_with_the_last_operation_that_has_them(staffed: Site, narrowed: Site) -> None:
    assert "admin.permission_denied" in staffed.contract.errors
    assert "admin.permission_denied" not in narrowed.contract.errors
    assert "validation.failed" in narrowed.contract.errors
    answered = {code for o in narrowed.operations for code in o.policy.statuses}
    assert answered <= narrowed.contract.errors.keys()


def test_the_contract_refers_to_nothing_that_is_gone_and_holds_nothing_unused(narrowed: Site) -> None:
    document = narrowed.contract.document
    text = json.dumps(document)
    for group in ("schemas", "responses"):
        for name in document["components"][group]:
            assert f'"#/components/{group}/{name}"' in text, name
    assert '"x-biore-scope": "admin"' not in text
    assert "admin.permission_denied" not in text
    assert for_everybody(document) == document


@pytest.mark.parametrize(("with_admin", "told"), [(False, False), (True, True)])
def test_a_public_build_has_them_only_where_it_is_asked_to(
    staffed: Site, tmp_path: Path, with_admin: bool, told: bool
) -> None:
    admin = next(o for o in staffed.operations if o.policy.scope == "admin")
    build(staffed, tmp_path / "site", Options(public=True, with_admin=with_admin))
    texts = {
        str(f): f.read_text()
        for f in (tmp_path / "site").rglob("*")
        if f.suffix in (".html", ".md", ".json", ".txt", ".yaml")
    }
    pages = {name for name, text in texts.items() if admin.id in text or f"/docs/{admin.policy.page}" in text}
    assert bool(pages) is told
    assert bool([name for name, text in texts.items() if "admin.permission_denied" in text]) is told
