"""Pictures for people to look at, in `.biore/screenshots`; a machine only sees whether there is one."""

from pathlib import Path

import pytest

from tests.browser.conftest import Visit
from tests.browser.reader import Playground

PHONE = {"width": 390, "height": 844}
SHOTS: dict[str, tuple[str, dict[str, object]]] = {
    "home": ("/docs", {}),
    "operation": ("/docs/auth/register", {}),
    "operation-dark": ("/docs/auth/register", {"scheme": "dark"}),
    "operation-mobile": ("/docs/auth/login", {"viewport": PHONE}),
    "operation-arabic": ("/ar/docs/auth/login", {}),
    "profile-update": ("/docs/user/profile-update", {}),
    "gdpr-export-arabic": ("/ar/docs/user/gdpr-export", {}),
    "presign-mobile": ("/docs/upload/presign", {"viewport": PHONE}),
    "errors": ("/docs/errors", {}),
    "conventions": ("/docs/conventions", {}),
    "operation-wide": ("/docs/auth/login", {"viewport": {"width": 1440, "height": 900}}),
    "guide": ("/docs/guides/tokens", {}),
    "changelog": ("/docs/changelog", {}),
    "verify-email": ("/tr/verify-email?token=x", {}),
    "reset-password": ("/reset-password?token=x", {"viewport": PHONE}),
    "verify-email-change": ("/ar/verify-email-change?token=x", {"viewport": PHONE}),
    "missing": ("/docs/nowhere", {}),
}
LONG = ("errors", "changelog", "operation-wide")


@pytest.mark.parametrize("name", SHOTS)
def test_a_page(visit: Visit, screenshots: Path, name: str) -> None:
    path, options = SHOTS[name]
    page = visit(path, **options)
    page.wait_for_load_state("networkidle")
    picture = page.screenshot(path=screenshots / f"{name}.png", full_page=name not in LONG)
    assert len(picture) > 10_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_playground_with_an_answer(visit: Visit, screenshots: Path, scheme: str) -> None:
    playground = Playground(visit("/docs/auth/login", scheme=scheme, viewport={"width": 1280, "height": 2400}))
    playground.fill(email="no address", password="x")
    assert playground.send().status == 400
    playground.section.screenshot(path=screenshots / f"playground-{scheme}.png")
    assert playground.section.locator(".play-refusal li").count() > 0
