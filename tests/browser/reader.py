"""Somebody who reads the portal: a browser profile of its own that notes every fault of the pages."""

from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, Response

DESKTOP = {"width": 1280, "height": 900}
# An answer of the API that refuses is what a playground is there to show.
REFUSED = "Failed to load resource: the server responded with a status of"
SECONDS = 15
UNFOLD = """(one) => {
    for (let fold = one.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
}"""


class Reader:
    """``faults``: errors of scripts, violations of the content policy, missing files, calls of other hosts.

    ``others``: further origins that its pages may call.
    """

    def __init__(self, browser: Browser, origin: str, others: tuple[str, ...] = (), **options: Any) -> None:
        self.origin = origin
        self._known = tuple(f"{known}/" for known in (origin, *others))
        self.faults: list[str] = []
        given = {"base_url": origin, "viewport": DESKTOP, "locale": "en-US", "reduced_motion": "reduce", **options}
        self._context = browser.new_context(**given)
        self._context.set_default_timeout(SECONDS * 1000)
        self._context.on("request", self._asked)  # those of windows that a page opens, too
        self.page: Page = self._context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("response", self._answered)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(REFUSED):
            self.faults.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((*self._known, "data:", "blob:")):
            self.faults.append(f"another host: {request.url}")

    def _answered(self, response: Response) -> None:
        below = response.url.removeprefix(self.origin)
        if response.status >= 400 and not below.startswith("/api/") and not response.request.is_navigation_request():
            self.faults.append(f"{response.status}: {response.url}")

    def close(self) -> None:
        self._context.close()

    def open(self, path: str) -> Page:
        self.page.goto(path)
        return self.page

    def playground(self, path: str) -> "Playground":
        """The form of an operation's page, once it stands."""
        self.open(path)
        return Playground(self.page)


class Playground:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.section = page.locator("#try")
        self.section.locator(".play").wait_for()

    def field(self, name: str) -> Locator:
        return self.section.locator(f'.play > form [name="{name}"]')

    def fill(self, **fields: str) -> None:
        """As a person does, who opens what a field is folded in."""
        for name, value in fields.items():
            self.field(name).evaluate(UNFOLD)
            self.field(name).fill(value)

    def choose(self, **fields: str) -> None:
        """Options by their labels; an empty one is none."""
        for name, label in fields.items():
            self.field(name).evaluate(UNFOLD)
            self.field(name).select_option(label=label or "—")

    def send(self) -> "Shown":
        """What is shown of the answer to this call, not of one before it."""
        self.section.locator(".play-answer").evaluate_all("shown => shown.forEach((one) => one.remove())")
        self.section.locator(".play-send").click()
        return self.shown()

    def shown(self) -> "Shown":
        shown = self.section.locator(".play-answer")
        shown.wait_for()
        return Shown(shown)

    @property
    def panel(self) -> Locator:
        return self.section.locator(".play-account")

    def button(self, name: str) -> Locator:
        return self.section.get_by_role("button", name=name, exact=True)

    def sign_in(self, email: str, password: str) -> None:
        self.panel.locator(".play-account-buttons").get_by_role("button", name="Sign in").click()
        self.give_credentials(email, password)

    def give_credentials(self, email: str, password: str) -> None:
        """In the form of the panel, which is open."""
        self.panel.locator('[name="email"]').fill(email)
        self.panel.locator('[name="password"]').fill(password)
        self.panel.locator('button[type="submit"]').click()

    def signed_in(self, state: str = "true") -> None:
        """Waits for it. ``state``: ``true``, ``false`` or ``expired``."""
        self.panel.and_(self.page.locator(f'[data-signed-in="{state}"]')).wait_for()


class Shown:
    """The answer as the playground shows it."""

    def __init__(self, view: Locator) -> None:
        self.view = view

    @property
    def status(self) -> int:
        return int(self.view.locator(".status").inner_text())

    @property
    def text(self) -> str:
        return self.view.locator(".highlight").inner_text()

    @property
    def table(self) -> list[list[str]]:
        """Header and rows of an answered list."""
        rows = self.view.locator(".play-table tr")
        return [[cell.strip() for cell in row.locator("th, td").all_inner_texts()] for row in rows.all()]

    @property
    def documented(self) -> bool:
        return self.view.locator(".play-good").count() == 1

    @property
    def error(self) -> str:
        """The code that the playground links to its documentation."""
        return self.view.locator(".play-refusal a").inner_text()
