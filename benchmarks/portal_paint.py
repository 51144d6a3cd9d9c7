"""How soon somebody on a phone reads about one operation: our portal beside Scalar and Redoc, of the same contract.

``python -m benchmarks.portal_paint`` prints one table and writes ``benchmarks/results/portal_paint.md`` and ``.json``;
the exit code is 1 when a target is not met. ``--pictures`` only writes what each looks like into
``.biore/screenshots/rivals``, and how much axe finds in it; ``--rounds 1`` proves that it works. It needs Chromium, npm
and a quiet machine.

Our pages come from a ``biore serve``, those of the others from a server of the same kind with the same compression.
Each visit has a browser profile of its own and no cache. The browser is slowed down as Lighthouse does for its "slow
4G" when it throttles requests: 1.6 Mbit/s, 150 ms there and back, 4 times slower processor, with the factors (0.9 and
3.75) that make the throttling of DevTools, which knows no connections, come near to it. Other hosts are not reached.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, CDPSession, sync_playwright

from benchmarks import rivals
from benchmarks.report import Report, Row, at_most, compared, machine, ratio_at_most, row
from contract import loader as spec
from portal.build import Options
from portal.model import Operation, Site, read
from proof.publish import publish
from tests.processes.biore import Biore

NAME = "portal_paint"
RESULTS = Path(__file__).parent / "results"
PICTURES = spec.ROOT / ".biore" / "screenshots" / "rivals"
OPERATION = "auth.login"
OURS = "ours"
ROUNDS = 5
KILOBYTES, REQUESTS, HALF = 60, 12, 0.5
PATIENCE_SECONDS = 180

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
VIEWPORTS = (DESKTOP, PHONE)
SCHEMES = ("light", "dark")
GAP = 16

# https://github.com/GoogleChrome/lighthouse/blob/main/core/config/constants.js, mobileSlow4G
LATENCY_MILLISECONDS = 150 * 3.75
DOWN, UP = 1.6 * 1024 * 1024 / 8 * 0.9, 750 * 1024 / 8 * 0.9
SLOWER = 4
PROFILE = "Lighthouse's slow 4G as DevTools throttles it (562.5 ms to each answer, 1 475 kbit/s down, 675 up), processor 4 times slower"  # noqa: E501
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
)
# When a heading with the operation's name first stands in the window, and until when anything went on.
WATCH = """
window.seen = {fcp: null, lcp: null, text: null, busy: 0};
const on = (type, use) => new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  use(entry);
  seen.busy = Math.max(seen.busy, entry.startTime + entry.duration);
})).observe({type, buffered: true});
on("paint", (entry) => { if (entry.name === "first-contentful-paint") seen.fcp = entry.startTime; });
on("largest-contentful-paint", (entry) => { seen.lcp = entry.startTime; });
on("longtask", () => {});
on("resource", () => {});
const stands = (heading) => {
  const {top, bottom, height} = heading.getBoundingClientRect();
  return heading.textContent.includes(%s) && height > 0 && top < innerHeight && bottom > 0;
};
const look = () => {
  if ([...document.querySelectorAll("h1, h2, h3")].some(stands)) seen.text = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
QUIET = "() => seen.text !== null && seen.lcp !== null && performance.now() - seen.busy > 2000"


@dataclass(frozen=True)
class Visit:
    """Seconds since the start of the visit; ``others`` are requests to other hosts, none of which was answered."""

    kilobytes: float
    requests: int
    others: int
    fcp: float
    lcp: float
    text: float


class Traffic:
    """What the network did for one page."""

    def __init__(self, client: CDPSession, origin: str) -> None:
        self.bytes = 0.0
        self.requests = self.others = 0
        self._origin = f"{origin}/"
        client.on("Network.requestWillBeSent", self._asked)
        client.on("Network.loadingFinished", self._loaded)

    def _asked(self, event: Mapping[str, Any]) -> None:
        url = event["request"]["url"]
        if url.startswith(self._origin):
            self.requests += 1
        elif not url.startswith(("data:", "blob:")):
            self.others += 1

    def _loaded(self, event: Mapping[str, Any]) -> None:
        self.bytes += event["encodedDataLength"]


@contextmanager
def places(site: Site) -> Iterator[Mapping[str, str]]:
    """Addresses of the operation's page: ours first, then those of the others."""
    (operation,) = (operation for operation in site.operations if operation.id == OPERATION)
    with tempfile.TemporaryDirectory(prefix="paint-") as folder, rivals.served(site.contract) as theirs:
        built = Path(folder) / "portal"
        biore = Biore(Path(folder), "--no-worker", portal_dir=str(built))
        publish(built, Options(origin=biore.origin, locales=("en",)))
        with biore:
            ours = {OURS: f"{biore.origin}/docs/{operation.policy.page}"}
            yield ours | {rival.name: theirs + rival.address(operation) for rival in rivals.RIVALS}


@contextmanager
def chromium() -> Iterator[Browser]:
    """Raises RuntimeError where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        raise RuntimeError("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


def visit(browser: Browser, url: str, heading: str) -> Visit:
    """As somebody who was never there, on a phone."""
    context = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True, locale="en-US")  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    page = context.new_page()
    page.add_init_script(WATCH % json.dumps(heading))
    client = context.new_cdp_session(page)
    client.send("Network.enable")
    client.send("Network.setCacheDisabled", {"cacheDisabled": True})
    slow = {"offline": False, "latency": LATENCY_MILLISECONDS, "downloadThroughput": DOWN, "uploadThroughput": UP}
    client.send("Network.emulateNetworkConditions", slow)
    client.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    traffic = Traffic(client, url[: url.index("/", len("http://"))])
    page.goto(url, wait_until="load")
    page.wait_for_function(QUIET, polling=250)
    seen = page.evaluate("seen")
    context.close()
    times = {name: seen[name] / 1000 for name in ("fcp", "lcp", "text")}
    return Visit(kilobytes=traffic.bytes / 1000, requests=traffic.requests, others=traffic.others, **times)


def measured(browser: Browser, found: Mapping[str, str], heading: str, rounds: int) -> Mapping[str, Sequence[Visit]]:
    """In turn, after one visit to each that does not count."""
    visits: dict[str, list[Visit]] = defaultdict(list)
    for number, (name, url) in product(range(rounds + 1), found.items()):
        seen = visit(browser, url, heading)
        if number:
            visits[name].append(seen)
            print(f"{name}: {seen}", flush=True)
    return visits


def rows(visits: Mapping[str, Sequence[Visit]]) -> Iterator[Row]:
    for name, seen in visits.items():
        subject, judged = f"{name}, {OPERATION}", name == OURS
        kilobytes, requests = at_most(KILOBYTES) if judged else None, at_most(REQUESTS) if judged else None
        yield row(NAME, subject, "transferred", [one.kilobytes for one in seen], "kB", kilobytes)
        yield Row(NAME, subject, "requests", median(one.requests for one in seen)).judged(requests)
        yield Row(NAME, subject, "requests to other hosts", median(one.others for one in seen))
        yield row(NAME, subject, "first contentful paint", [one.fcp for one in seen], "s")
        largest, text = [one.lcp for one in seen], [one.text for one in seen]
        paint, reading = (
            row(NAME, subject, "largest paint", largest, "s"),
            row(NAME, subject, "text visible", text, "s"),
        )
        if not judged:
            yield from (paint, reading)
            continue
        for rival in rivals.RIVALS:
            theirs = visits[rival.name]
            yield compared(paint, largest, rival.name, [one.lcp for one in theirs], ratio_at_most(HALF))
            yield compared(reading, text, rival.name, [one.text for one in theirs])


def take_pictures(browser: Browser, found: Mapping[str, str], heading: str, folder: Path) -> None:
    """Of each by itself, and all of them beside each other."""
    folder.mkdir(parents=True, exist_ok=True)
    for viewport, scheme in product(VIEWPORTS, SCHEMES):
        files = []
        for name, url in found.items():
            files.append(folder / f"{name.lower()}-{viewport['width']}-{scheme}.png")
            _picture(browser, url, heading, files[-1], viewport, scheme)
        _beside(files, folder / f"all-{viewport['width']}-{scheme}.png")


def _picture(browser: Browser, url: str, heading: str, file: Path, viewport: Mapping[str, int], scheme: str) -> None:
    options = {"viewport": viewport, "color_scheme": scheme, "is_mobile": viewport == PHONE, "locale": "en-US"}
    context = browser.new_context(**options)  # type: ignore[arg-type]
    page = context.new_page()
    page.add_init_script(WATCH % json.dumps(heading))
    page.goto(url, wait_until="load")
    page.wait_for_function(QUIET)
    page.screenshot(path=file)
    faults = Counter({fault["id"]: len(fault["nodes"]) for fault in Axe().run(page).response["violations"]})
    told = ", ".join(f"{kind} {count}" for kind, count in faults.most_common())
    print(f"{file.name}: axe finds {faults.total()}{f' ({told})' if told else ''}", flush=True)
    context.close()


def _beside(files: Sequence[Path], out: Path) -> None:
    pictures = [Image.open(file) for file in files]
    size = (sum(one.width + GAP for one in pictures) - GAP, max(one.height for one in pictures))
    whole, left = Image.new("RGB", size, "white"), 0
    for one in pictures:
        whole.paste(one, (left, 0))
        left += one.width + GAP
    whole.save(out)


def header(browser: Browser, site: Site) -> dict[str, str]:
    versions = ", ".join(f"{rival.package} {rival.version}" for rival in rivals.RIVALS)
    return machine() | {
        "browser": f"Chromium {browser.version}, window of {PHONE['width']}x{PHONE['height']}",
        "profile": PROFILE,
        "rivals": versions,
        "contract": f"{len(site.operations)} operations",
    }


def heading_of(operations: Iterable[Operation]) -> str:
    return next(operation.summary for operation in operations if operation.id == OPERATION)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.portal_paint", description="Time the paint of one page."
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of visits to each (default: %(default)s)")
    parser.add_argument("--pictures", action="store_true", help=f"write {PICTURES.relative_to(spec.ROOT)} instead")
    options = parser.parse_args(arguments)
    site = read(spec.load())
    heading = heading_of(site.operations)
    with places(site) as found, chromium() as browser:
        if options.pictures:
            take_pictures(browser, found, heading, PICTURES)
            return 0
        visits = measured(browser, found, heading, options.rounds)
        report = Report(header(browser, site), list(rows(visits)), {})
    print(report.markdown())
    if options.rounds >= ROUNDS:
        report.write(RESULTS, NAME)
    return 0 if report.good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
