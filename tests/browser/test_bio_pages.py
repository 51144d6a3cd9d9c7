"""What creators write, as a client shows it that puts it into its page as it comes, in the box of docs/creators.md.

Texts go in as HTML, addresses as they are, the style sheet into a shadow root. No script runs, nothing is asked of
another host, and nothing around the box looks or behaves otherwise.
"""

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Dialog, Frame, Page, Request, Route

from contract.loader import ROOT
from tests.browser.hostile import ADDRESSES, EVIL, FILES, OVERRIDES, RUN, SHEETS, TEXTS
from tests.processes.biore import Biore, Visitor, until

HOME = "https://client.example/"
CONTAINED = "contain: strict; overflow: auto"
EXAMPLE = re.compile(r"^```html\n(.*?)^```", re.MULTILINE | re.DOTALL)
CLIENT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>A client</title>
<style>
  body { margin: 0; font: 16px/1.5 sans-serif; background: #fff; color: #222; counter-reset: step; }
  header, footer, aside { position: absolute; padding: 8px; }
  header { top: 0; left: 60px } footer { top: 660px; left: 60px } aside { top: 160px; left: 800px; width: 300px }
  .step::before { counter-increment: step; content: counter(step) ". " open-quote }
  .step::after { content: close-quote }
  .frame { position: absolute; left: 60px; top: 160px; width: 700px; height: 480px; contain: strict; overflow: auto }
</style>
<header class="links"><h1>A client</h1><a href="#here">Home</a> <b class="step">Sign in</b></header>
<main><div class="frame"><div id="page"></div></div></main>
<aside class="bio"><p class="step">Password</p><input type="password" value="abc"><button>Go on</button></aside>
<footer class="links"><p class="step">The end</p><a href="#there">Imprint</a><ol><li>One<li>Two</ol></footer>
<script>
  window.ran = [];
  window.alert = window.confirm = window.prompt = (...told) => window.ran.push(String(told));
</script>
</html>"""
# A page of a client that does not escape. `open`: the root is read by the test.
SHOW = """(told) => {
    const host = document.getElementById("page"), root = host.attachShadow({ mode: "open" });
    const page = told.bioPage, tokens = { ...(page.template?.tokens ?? {}), ...(page.themeOverride ?? {}) };
    const style = Object.entries(tokens).map(([name, value]) => `--${name}: ${value}`).join("; ");
    const links = page.links.map((link) => `<a href="${link.url}"><i>${link.icon ?? ""}</i><b>${link.title}</b>` +
        `<u>${link.platform ?? ""}</u></a>`);
    root.innerHTML = `<style>${page.customCss ?? ""}</style><div class="page" style='${style}'>` +
        `<h1>${told.displayName ?? ""}</h1><p class="bio">${told.bio}</p>` +
        `<p class="categories">${told.categories.join(", ")}</p><nav class="links">${links.join("")}</nav></div>`;
    for (const [number, link] of root.querySelectorAll("a").entries()) {
        if (page.links[number]) link.setAttribute("href", page.links[number].url);
    }
}"""
# What is seen and met around the box: every property of every element and what its marks show, and who gets a click.
AROUND = """() => {
    const ours = [...document.querySelectorAll("html, body, body *")];
    const outside = ours.filter((one) => !one.matches("#page, script, style"));
    const style = (one, mark) => {
        const computed = getComputedStyle(one, mark);
        return [...computed].map((name) => `${name}: ${computed.getPropertyValue(name)}`).join("; ");
    };
    const looks = outside.map((one) => [one.tagName, JSON.stringify(one.getBoundingClientRect()),
        style(one), style(one, "::before"), style(one, "::after")].join("\\n"));
    const met = [];
    for (let x = 5; x < innerWidth; x += 45) for (let y = 5; y < innerHeight; y += 45) {
        const found = document.elementFromPoint(x, y);
        if (x < 60 || x >= 760 || y < 160 || y >= 640) met.push(`${x} ${y} ${found?.tagName} ${found?.className}`);
    }
    return [document.title, location.href, scrollX, scrollY, document.documentElement.scrollWidth,
        document.documentElement.scrollHeight, getSelection().toString(), ...looks, ...met];
}"""
INSIDE = """() => [...document.getElementById("page").shadowRoot.querySelectorAll("*")].map((one) =>
    [one.tagName.toLowerCase(), ...one.getAttributeNames()].join(" "))"""
LEADING = """() => [...document.getElementById("page").shadowRoot.querySelectorAll("a")].map((link) => link.href)"""
SETTLED = (
    "() => document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 60))))"
)


@dataclass
class Client:
    """A page that shows what the API tells of creators, and whatever came of it."""

    page: Page
    asked: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.route("**/*", self._answer)
        self.page.on("request", self._ask)
        self.page.on("dialog", self._dialog)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("popup", lambda popup: self.faults.append(f"window: {popup.url}"))
        self.page.on("framenavigated", self._moved)

    def _answer(self, route: Route) -> None:
        if route.request.url == HOME:
            route.fulfill(body=CLIENT, content_type="text/html")
        else:
            route.abort()

    def _ask(self, request: Request) -> None:
        if request.url != HOME:
            self.asked.append(request.url)

    def _moved(self, frame: Frame) -> None:
        if frame.url != HOME:
            self.faults.append(f"moved: {frame.url}")

    def _dialog(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def show(self, told: dict[str, Any]) -> tuple[list[str], bytes]:
        """What is around the box then, as the browser computes and as it paints it."""
        self.page.goto(HOME)
        self.asked.clear()
        self.faults.clear()
        self.page.evaluate(SHOW, told)
        self.page.evaluate(SETTLED)
        around = self.page.evaluate(AROUND)
        return around, self.page.screenshot(mask=[self.page.locator(".frame")], animations="allow")

    def ran(self) -> list[str]:
        return [*self.faults, *self.page.evaluate("window.ran.map(String)")]

    def inside(self) -> list[str]:
        """The elements of the box with the names of their attributes."""
        return list(self.page.evaluate(INSIDE))


@dataclass
class Writer:
    """A creator, by the API."""

    api: Visitor
    creator_id: str
    username: str

    def change(self, **fields: Any) -> httpx.Response:
        return self.api.patch(f"creators/{self.creator_id}/bio", json=fields)

    def link(self, **fields: Any) -> httpx.Response:
        body = {"title": "My shop", "url": "https://shop.example.com/"} | fields
        return self.api.post(f"creators/{self.creator_id}/links", json=body)

    def told(self) -> dict[str, Any]:
        """What everybody is told."""
        answer = self.api.get(f"bio/{self.username}")
        assert answer.status_code == 200, answer.text
        assert self.api.get(f"bio/embed/{self.username}").json()["data"] == answer.json()["data"]
        return dict(answer.json()["data"])


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.fixture(scope="module")
def hosts(biore: Biore) -> Iterator[None]:
    """Style sheets may load from one host, as a deployment sets it that wants no calls of others."""
    biore.cli("config", "set", "bio.css_allowed_hosts", json.dumps([FILES]))
    yield
    biore.cli("config", "set", "bio.css_allowed_hosts", "[]")


SignedUp = Callable[..., Writer]


@pytest.fixture(scope="module")
def signed_up(biore: Biore) -> Iterator[SignedUp]:
    """Makes creators."""
    with ThreadPoolExecutor() as apart:  # from the event loop of the browser
        people = apart.submit(biore.people, len(TEXTS) + 4).result()
    with ExitStack() as clients:

        def make(**fields: Any) -> Writer:
            _, token = people.pop()
            api, username = clients.enter_context(biore.client()), f"w{uuid4().hex[:12]}"
            api.headers["Authorization"] = f"Bearer {token}"
            answer = api.post("creators/upgrade", json={"username": username} | fields)
            assert answer.status_code == 201, answer.text
            return Writer(api, answer.json()["data"]["creatorId"], username)

        yield make


@pytest.fixture
def writer(signed_up: SignedUp) -> Writer:
    return signed_up()


@pytest.fixture(scope="module")
def styled(signed_up: SignedUp, hosts: None) -> Writer:
    """Whose page has everything that a sheet could get at."""
    one = signed_up(displayName="Ada", bio="Notes on engines.")
    for title in ("My shop", "My songs"):
        assert one.link(title=title, icon="shop").status_code == 201

    def heeded() -> bool:
        assert one.change(customCss=f"a{{background:url({EVIL}/)}}").status_code == 200
        return EVIL not in one.told()["bioPage"]["customCss"]

    until(heeded, "the node heeds the setting")
    return one


@pytest.fixture(scope="module")
def client(browser: Browser) -> Iterator[Client]:
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, locale="en-US", reduced_motion="no-preference"
    )
    yield Client(context.new_page())
    context.close()


Around = tuple[list[str], bytes]


@pytest.fixture(scope="module")
def untouched(client: Client) -> tuple[list[str], bytes]:
    """What is around the box of a page without a style sheet."""
    return client.show(plain("Notes."))


def plain(bio: str, css: str | None = None) -> dict[str, Any]:
    link = {"title": "A", "url": "https://a.example/", "icon": None, "platform": None}
    page = {"template": None, "themeOverride": None, "customCss": css, "links": [link]}
    return {"displayName": "Ada", "bio": bio, "categories": [], "bioPage": page}


class TestTheJudge:
    """It would see what it is to see."""

    def test_scripts(self, client: Client) -> None:
        client.show(plain(f"<img src=x onerror={RUN}>"))
        assert client.ran() == ["1"]
        client.show(plain("Hi", f"</style><img src=x onerror={RUN}>"))
        assert client.ran() == ["1"]

    def test_requests(self, client: Client) -> None:
        client.show(plain("Hi", f"a{{background:url({EVIL}/x)}}"))
        assert client.asked == [f"{EVIL}/x"]

    @pytest.mark.parametrize("sheet", ["cover by fixed position", "cover that is not seen", "counters and quotes"])
    def test_looks_and_clicks(self, client: Client, untouched: Around, sheet: str) -> None:
        """Without the box."""
        client.page.goto(HOME)
        client.page.add_style_tag(content=".frame { contain: none !important; overflow: visible !important }")
        client.page.evaluate(SHOW, plain("Hi", SHEETS[sheet]))
        painted = client.page.screenshot(mask=[client.page.locator(".frame")])
        assert (client.page.evaluate(AROUND), painted) != untouched


class TestTheDocument:
    def test_its_example_shows_texts_as_texts_in_a_box_that_contains(self, client: Client) -> None:
        (example,) = EXAMPLE.findall((ROOT / "docs" / "creators.md").read_text(encoding="utf-8"))
        assert CONTAINED in example
        assert CONTAINED in CLIENT
        told = {"data": plain(TEXTS[3], SHEETS["cover by fixed position"])}
        client.page.route(HOME, lambda route: route.fulfill(body=example, content_type="text/html"), times=1)
        client.page.route(f"{HOME}api/v1/bio/ada", lambda route: route.fulfill(json=told), times=1)
        client.page.goto(HOME)
        text = client.page.locator("#page p")
        text.wait_for()
        assert text.text_content() == TEXTS[3]
        assert client.page.locator("#page").evaluate("(box) => getComputedStyle(box).position") == "fixed"
        assert client.page.evaluate("document.images.length") == 0


class TestTexts:
    def test_no_text_becomes_more_than_text(self, writer: Writer, client: Client, untouched: Around) -> None:
        for text in TEXTS:
            answer = writer.link(title=f"My {text}"[:100], icon=text[:50], platform=text[:50])
            assert answer.status_code == 201, answer.text
        for bio in ("".join(TEXTS), "\n".join(reversed(TEXTS))):
            assert writer.change(bio=bio).status_code == 200
            assert client.show(writer.told()) == untouched
            assert (client.ran(), client.asked, client.inside()) == ([], [], expected(len(TEXTS)))

    def test_no_name_does(self, signed_up: SignedUp, client: Client, untouched: Around) -> None:
        for name in TEXTS:
            assert client.show(signed_up(displayName=name[:100], bio=name).told()) == untouched
            assert (client.ran(), client.asked, client.inside()) == ([], [], expected(0))


def expected(links: int) -> list[str]:
    """What the client itself makes."""
    one = ["a href", "i", "b", "u"]
    return ["style", "div class style", "h1", "p class", "p class", "nav class", *one * links]


class TestAddresses:
    def test_links_lead_to_other_pages_alone(self, writer: Writer, client: Client, untouched: Around) -> None:
        kept = 0
        for url in ADDRESSES:
            answer = writer.link(url=url)
            if answer.status_code == 201:
                kept += 1
            else:
                assert code(answer) in {(400, "creator.links.invalid_url"), (400, "validation.failed")}
        assert client.show(writer.told()) == untouched
        assert (client.ran(), client.asked, client.inside()) == ([], [], expected(kept))
        for url in client.page.evaluate(LEADING):
            assert url.startswith(("https://example.com/", "https://xn--exmple-4nf.com/")), url
        for number in range(kept):
            client.page.evaluate(
                """(number) => {
                    const link = document.getElementById("page").shadowRoot.querySelectorAll("a")[number];
                    link.focus();
                    for (const kind of ["mouseover", "focus"]) link.dispatchEvent(new Event(kind));
                }""",
                number,
            )
        assert client.ran() == []


class TestLooks:
    def test_an_override_is_a_value_and_nothing_else(self, writer: Writer, client: Client, untouched: Around) -> None:
        for value in OVERRIDES:
            assert code(writer.change(themeOverride={"primary": value})) == (400, "validation.failed")
        good = {"primary": "rgb(190 24 93 / 0.5)", "font": '"Comic Sans MS", cursive', "radius": "calc(1px * 9)"}
        assert writer.change(themeOverride=good).status_code == 200
        assert client.show(writer.told()) == untouched
        assert (client.ran(), client.asked, client.inside()) == ([], [], expected(0))

    @pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
    def test_a_style_sheet_stays_in_its_box(
        self, styled: Writer, client: Client, untouched: Around, sheet: str
    ) -> None:
        assert styled.change(customCss=sheet).status_code == 200
        assert client.show(styled.told()) == untouched
        assert (client.ran(), client.asked, client.inside()) == ([], [], expected(2))

    def test_all_together(self, styled: Writer, client: Client, untouched: Around, screenshots: Path) -> None:
        """Each after the other, as much as fits."""
        sheet = ".page{background:gold}"
        for each in SHEETS.values():
            if len(sheet) + len(each) < 9_900:
                sheet += f"\n{each}\n"
        assert styled.change(customCss=sheet).status_code == 200
        assert client.show(styled.told()) == untouched
        assert (client.ran(), client.asked, client.inside()) == ([], [], expected(2))
        client.page.screenshot(path=screenshots / "bio-page-hostile.png")

    def test_from_the_allowed_host_it_may_load(self, styled: Writer, client: Client, screenshots: Path) -> None:
        sheet = (
            f".page{{background:#fde68a url(https://{FILES}/a.png);min-height:100vh}} a{{display:block;color:#be185d}}"
        )
        assert styled.change(customCss=sheet).status_code == 200
        client.show(styled.told())
        assert client.asked == [f"https://{FILES}/a.png"]
        client.page.screenshot(path=screenshots / "bio-page.png")
