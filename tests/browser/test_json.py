"""Broken JSON is found where it breaks, marked in the editor, and still sent."""

import json
import random

import pytest
from playwright.sync_api import Locator, Page

from portal.model import Site
from tests.browser.conftest import Visit
from tests.browser.reader import Playground, Reader

FAULTS = """async (texts) => {
    const { fault } = await import("/docs/assets/json.js");
    const valid = (text) => { try { JSON.parse(text); return true; } catch { return false; } };
    return texts.map((text) => [fault(text), valid(text)]);
}"""
ODD = (
    '"', "{", "}", "[", "]", ",", ":", "\\", "\\u12", "0", "1.", "-", "e5", "true", "nul", "\n", "\t", " ", "'", "/",
    "\ufeff", "\x01",
)  # fmt: skip
SEEDS = (
    "", " ", "0", "-0.5e+3", '"a\\n\\u00e9"', "[]", "{}", '[1, [2, {"a": null}], true]',
    '{"a": {"b": [false, "x"]}, "c": -1}',
)  # fmt: skip
SCROLLED = """() => new Promise((done) => {
    const look = () => (document.querySelector(".play-lines").scrollTop > 0 ? done() : requestAnimationFrame(look));
    look();
})"""
BROKEN = '{\n  "email": ada@example.com,\n  "password": "x"\n}'


def mutated(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    kept = text[at + 1 :] if chance.random() < 0.5 else text[at:]
    return text[:at] + chance.choice(("", *ODD)) + kept


class TestFaults:
    def test_are_what_the_browser_refuses(self, visit: Visit, site: Site) -> None:
        chance = random.Random(11)
        bodies = [json.dumps(o.body.example, indent=2) for o in site.operations if o.body]
        texts = [
            *SEEDS,
            *bodies,
            *(mutated(mutated(chance.choice((*SEEDS, *bodies)), chance), chance) for _ in range(4000)),
        ]
        found = visit("/docs").evaluate(FAULTS, texts)
        assert [text for text, (fault, valid) in zip(texts, found, strict=True) if (fault is None) is not valid] == []
        assert 500 < sum(valid for _, valid in found) < len(texts) - 1000

    @pytest.mark.parametrize(
        ("text", "line", "column"),
        [
            (BROKEN, 2, 12),
            ('{"a": 1,}', 1, 9),
            ('{"a": 1\n"b": 2}', 2, 1),
            ('{"a": "x\ny"}', 1, 9),
            ("[1, 2", 1, 6),
            ('{"a": 01}', 1, 8),
            ('"\\x"', 1, 2),
            ("{} {}", 1, 4),
            ("", 1, 1),
        ],
    )
    def test_have_their_place(self, visit: Visit, text: str, line: int, column: int) -> None:
        (fault, _) = visit("/docs").evaluate(FAULTS, [text])[0]
        assert (fault["line"], fault["column"]) == (line, column)

    def test_depth_is_no_fault(self, visit: Visit) -> None:
        assert visit("/docs").evaluate(FAULTS, ["[" * 5000 + "]" * 5000])[0] == [None, True]


class TestEditor:
    def test_marks_the_line_and_sends_it_nevertheless(self, reader: Reader) -> None:
        playground = reader.playground("/docs/auth/login")
        editor = raw(playground)
        editor.fill(BROKEN)
        playground.section.locator(".play-fault", has_text="line 2, column 12").wait_for()
        assert editor.get_attribute("aria-invalid") == "true"
        assert described(reader.page).startswith("Invalid JSON at line 2, column 12.")
        assert playground.section.locator(".play-marked").inner_text() == "2"
        shown = playground.send()
        assert (shown.status, shown.error) == (400, "validation.failed")
        assert "Body · json" in shown.view.locator(".play-refusal").inner_text()
        assert (
            playground.section.locator(".play-warning").inner_text()
            == "The body is not valid JSON. It was sent as typed."
        )
        playground.button("JSON").click()  # a form cannot show it
        assert editor.is_visible()
        editor.fill(BROKEN.replace("ada@example.com", '"ada@example.com"'))
        assert editor.get_attribute("aria-invalid") is None
        assert playground.section.locator(".play-fault").inner_text() == ""
        assert playground.section.locator(".play-warning").inner_text() == ""
        playground.button("JSON").click()
        assert playground.field("email").input_value() == "ada@example.com"

    def test_numbers_lines_that_scroll(self, reader: Reader) -> None:
        playground = reader.playground("/docs/auth/login")
        editor = raw(playground)
        editor.fill("[\n" + "1,\n" * 98 + "x]")
        playground.section.locator(".play-marked", has_text="100").wait_for()
        editor.evaluate("(one) => (one.scrollTop = one.scrollHeight)")
        reader.page.evaluate(SCROLLED)
        mark, area = playground.section.locator(".play-marked").bounding_box(), editor.bounding_box()
        assert mark
        assert area
        assert area["y"] < mark["y"] < area["y"] + area["height"]


class TestFields:
    def test_that_need_not_be_given_are_folded_and_counted(self, reader: Reader) -> None:
        playground = reader.playground("/docs/auth/register")
        assert playground.field("email").is_visible()
        optional = playground.section.locator(".play-fields > details").filter(has_text="Optional fields")
        deprecated = playground.section.locator(".play-fields > details").filter(has_text="Deprecated fields")
        assert not playground.field("username").is_visible()
        assert not playground.field("turnstileToken").is_visible()
        assert optional.locator("summary").inner_text().endswith("filled in: 4")
        playground.fill(username="")
        assert optional.locator("summary").inner_text().endswith("filled in: 3")
        assert deprecated.locator(".play-count").inner_text() == ""
        playground.button("Clear").click()
        assert optional.locator(".play-count").inner_text() == ""

    def test_are_in_sight_where_none_must_be_given(self, reader: Reader) -> None:
        assert reader.playground("/docs/user/profile-update").field("displayName").is_visible()

    def test_that_a_refusal_names_are_opened_and_marked(self, reader: Reader) -> None:
        playground = reader.playground("/docs/auth/register")
        playground.fill(username="!")
        playground.section.locator("summary", has_text="Optional fields").click()
        assert not playground.field("username").is_visible()
        assert playground.send().error == "validation.failed"
        assert playground.field("username").is_visible()
        assert playground.field("username").get_attribute("aria-invalid") == "true"


def raw(playground: Playground) -> Locator:
    playground.button("JSON").click()
    return playground.section.locator("textarea.play-json:visible")


def described(page: Page) -> str:
    """The text that the marked field is described by."""
    element = "document.querySelector('#try [aria-invalid]').getAttribute('aria-describedby')"
    return str(page.evaluate(f"document.getElementById({element}).innerText"))
