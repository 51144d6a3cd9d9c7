"""Pictures for people to look at, in `.biore/screenshots`; a machine only sees whether there is one."""

from pathlib import Path

import pytest

from tests.browser.conftest import OpenReader

PHONE = {"width": 390, "height": 844}
SHOTS: dict[str, tuple[str, dict[str, object]]] = {
    "home": ("/docs", {}),
    "operation": ("/docs/auth/register", {}),
    "operation-dark": ("/docs/auth/register", {"color_scheme": "dark"}),
    "operation-mobile": ("/docs/auth/login", {"viewport": PHONE}),
    "operation-arabic": ("/ar/docs/auth/login", {}),
    "errors": ("/docs/errors", {}),
    "reset-password": ("/reset-password?token=x", {"viewport": PHONE}),
}


@pytest.mark.parametrize("name", SHOTS)
def test_a_page(open_reader: OpenReader, screenshots: Path, name: str) -> None:
    path, options = SHOTS[name]
    page = open_reader(**options).open(path)
    page.wait_for_load_state("networkidle")
    picture = page.screenshot(path=screenshots / f"{name}.png", full_page=name != "errors")
    assert len(picture) > 10_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_playground_with_an_answer(open_reader: OpenReader, screenshots: Path, scheme: str) -> None:
    reader = open_reader(color_scheme=scheme, viewport={"width": 1280, "height": 2400})
    playground = reader.playground("/docs/auth/login")
    playground.fill(email="no address", password="x")
    assert playground.send().status == 400
    playground.section.screenshot(path=screenshots / f"playground-{scheme}.png")
    assert playground.section.locator(".play-refusal li").count() > 0
