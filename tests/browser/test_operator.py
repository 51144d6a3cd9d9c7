"""What an operator does, wholly by the pages of the portal, as docs/admin.md tells it."""

import json
import re
from typing import Any

import pyotp
import pytest

from tests.browser.conftest import OpenReader
from tests.browser.reader import Playground, Reader, Shown
from tests.browser.test_accounts import mailed_link
from tests.browser.test_staff import signed_in
from tests.harness import PASSWORD
from tests.processes.biore import Biore
from tests.processes.staff import Employee, hired

LINK = re.compile(r"http://\S+/reset-password\S+")


@pytest.fixture(scope="module")
def owner(biore: Biore) -> Employee:
    return hired(biore, "oona@operator.example")


def data_of(shown: Shown) -> Any:
    assert shown.status < 300, shown.text
    assert shown.documented
    return json.loads(shown.text)["data"]


def follow(reader: Reader, shown: Shown, row: str, link: str, page: str) -> Playground:
    """From a row of a list, by one of the links of its id, to the form that takes it."""
    cells = shown.view.locator(".play-table tbody tr", has_text=row).first
    for fold in cells.locator("details:has(ul)").all():
        fold.locator("summary").click()
    cells.get_by_role("link", name=link).first.click()
    reader.page.wait_for_url(f"**{page}#**")
    return Playground(reader.page)


def test_the_first_owner_gets_a_password_a_second_factor_and_a_session(biore: Biore, reader: Reader) -> None:
    email = "otto@operator.example"
    found = LINK.search(biore.cli("admin", "create", email, "--print-link"))
    assert found is not None
    page = reader.open(found[0].removeprefix(biore.origin))
    page.locator("#newPassword").fill(PASSWORD)
    page.locator(".action button").click()
    page.locator("#outcome .play-good").wait_for()

    playground = reader.playground("/docs/admin/me")
    playground.sign_in(email, PASSWORD)
    playground.signed_in()
    assert data_of(playground.send())["mustDo"] == ["ENABLE_TWO_FACTOR"]
    secret = data_of(reader.playground("/docs/auth/2fa-setup").send())["secret"]
    playground = reader.playground("/docs/auth/2fa-verify")
    playground.fill(code=pyotp.TOTP(secret).now())
    codes = data_of(playground.send())["backupCodes"]

    reader.page.evaluate("sessionStorage.clear()")  # the session has ended
    told = data_of(signed_in(reader, "/docs/admin/me", Employee(email, codes)).send())
    assert (told["roles"], told["mustDo"]) == (["OWNER"], [])


def test_a_user_is_suspended_with_a_statement_and_the_appeal_is_granted(
    biore: Biore, owner: Employee, open_reader: OpenReader
) -> None:
    email = "mallory@operator.example"
    with biore.client() as client:
        client.sign_up(email)

    staff = open_reader()
    users = signed_in(staff, "/docs/admin/users", owner)
    users.fill(q=email)
    shown = users.send()
    assert len(shown.table) == 2
    viewed = data_of(follow(staff, shown, email, "", "/docs/admin/user").send())
    user, version = viewed["id"], viewed["version"]
    users = staff.playground("/docs/admin/users")
    users.fill(q=email)
    status = follow(staff, users.send(), email, "PUT Change User Status", "/docs/admin/user-status")
    assert status.field("id").input_value() == user
    assert status.field("If-Match").input_value() == f'"{version}"'  # as the page of the user told it
    status.choose(status="SUSPENDED", dryRun="true")
    status.fill(until="", reason="Third notice in a month.")
    assert data_of(status.send())["status"] == "SUSPENDED"
    status.choose(dryRun="")
    assert data_of(status.send())["status"] == "SUSPENDED"
    assert status.field("If-Match").input_value() == f'"{version + 1}"'
    with biore.client() as client:
        refused = client.post("auth/login", json={"email": email, "password": PASSWORD}).json()
        assert refused["error"]["code"] == "auth.login.account_suspended"

    page = open_reader().open(mailed_link(biore, email, "appeal"))
    page.locator("#reason").fill("I was mistaken for somebody else.")
    page.locator(".action button").click()
    page.locator("#outcome .play-good").wait_for()

    other = open_reader()
    appeals = signed_in(other, "/docs/admin/appeals", hired(biore, "mona@operator.example", "MODERATOR"))
    claim = follow(other, appeals.send(), user, "POST Assign Appeal", "/docs/admin/claim-appeal")
    assert data_of(claim.send())["status"] == "UNDER_REVIEW"
    decide = follow(
        other, other.playground("/docs/admin/appeals").send(), user, "POST Resolve", "/docs/admin/decide-appeal"
    )
    decide.choose(outcome="GRANTED")
    decide.fill(explanation="The messages came from another account.")
    assert data_of(decide.send())["outcome"] == "GRANTED"
    with biore.client() as client:
        client.sign_in(email)


def test_a_provider_is_switched_and_switched_back(owner: Employee, reader: Reader) -> None:
    families = signed_in(reader, "/docs/admin/providers", owner)
    order = follow(reader, families.send(), "geoip", "PUT Change Provider Order", "/docs/admin/provider-order")
    assert order.field("family").input_value() == "geoip"
    order.button("JSON").click()
    for active, other in (("maxmind", "cdn_header"), ("cdn_header", "maxmind")):
        body = {"active": active, "failover": [other], "force": True, "reason": "A drill."}
        order.section.locator(".play-editor textarea").fill(json.dumps(body))
        told = data_of(order.send())
        assert (told["active"], told["failover"]) == (active, [other])


def test_a_dead_letter_is_retried(biore: Biore, owner: Employee, reader: Reader) -> None:
    with biore.client() as client:
        client.sign_up("dora@operator.example")
    with biore.tables() as tables:
        found = tables.rows("SELECT id FROM outbox WHERE done_at IS NOT NULL ORDER BY created_at DESC LIMIT 1")
        ident = str(found[0]["id"])
        tables.run("UPDATE outbox SET done_at = NULL, dead_at = now(), attempts = 16 WHERE id = %s", ident)
    jobs = signed_in(reader, "/docs/admin/jobs", owner)
    view = follow(reader, jobs.send(), ident, "", "/docs/admin/job")
    assert data_of(view.send())["state"] == "DEAD"
    act = reader.playground("/docs/admin/jobs-act")
    act.button("JSON").click()
    body = {"act": "RETRY", "ids": [ident], "reason": "The mail server is back."}
    act.section.locator(".play-editor textarea").fill(json.dumps(body))
    assert data_of(act.send())["results"] == [{"id": ident, "outcome": "DONE", "code": None}]
    with biore.tables() as tables:
        assert tables.one("SELECT dead_at FROM outbox WHERE id = %s", ident) == {"dead_at": None}
