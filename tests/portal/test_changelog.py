"""The page of changes, of a contract that has had versions before."""

import copy
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.changes.history import slim
from contract.loader import OPENAPI, load
from contract.references import resolved
from portal.build import Options, build
from portal.model import read
from tests.portal.reading import Document, documents, leads_somewhere
from tests.portal.sites import ORIGIN, SITE

Element = Any
NOTES = """\
0.0.8: {day: 2026-01-30}
0.0.9: {day: 2026-01-31}
0.1.0: {day: 2026-02-28, note: "Names may be *longer* now."}
"""


def older() -> Any:
    """Ours, as if it had been less: shorter names, no logout, an operation that is gone, and an error less of all."""
    document = copy.deepcopy(SITE.contract.document)
    document["info"]["version"] = "0.0.9"
    document["paths"].pop("/auth/logout")
    gone = document["paths"]["/auth/me"]["get"] | {"operationId": "auth.gone", "summary": "Get Lost"}
    document["paths"]["/auth/gone"] = {"get": gone}
    schema = document["components"]["schemas"]["RegisterRequest"]["properties"]
    schema["displayName"] = {**resolved(document, schema["displayName"]), "maxLength": 72}
    schema["intent"] = {**schema["intent"], "enum": ["creator"]}
    without(document, "internal.error")
    return document


def oldest() -> Any:
    """Without another error of all, that which is gone by now among them."""
    document = older()
    document["info"]["version"] = "0.0.8"
    without(document, "rate_limit.exceeded")
    return document


def without(node: Any, code: str) -> None:
    """Take an error out, wherever it is an example."""
    if isinstance(node, dict):
        node.get("examples", {}).pop(code, None)
        for value in node.values():
            without(value, code)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("changes")
    shutil.copytree(OPENAPI, folder / "openapi")
    history = folder / "openapi" / "history"
    history.mkdir(exist_ok=True)
    for former in (oldest(), older()):
        (history / f"{former['info']['version']}.json").write_text(json.dumps(slim(former)))
    (folder / "openapi" / "changes.yaml").write_text(NOTES)
    out = folder / "site"
    build(read(load(folder / "openapi")), out, Options(ORIGIN, locales=("en",), search=False))
    return out


@pytest.fixture(scope="module")
def page(built: Path) -> Document:
    return documents(built)["/docs/changelog"]


def lines(section: Element) -> Iterator[tuple[str, list[str]]]:
    """Each heading below a release, and the lines under it."""
    for heading in section.xpath("./h3"):
        items = heading.xpath("./following-sibling::ul[1]/li")
        yield (
            " ".join(heading.text_content().split()),
            [" ".join("".join(item.xpath("./text() | ./*[not(self::details)]//text()")).split()) for item in items],
        )


def test_releases_stand_with_their_day_and_their_note(page: Document) -> None:
    newest, _, first = page.root.xpath("//section[@class='release']")
    assert newest.get("id") == "release-0-1-0"
    assert "0.1.0 2026-02-28 Breaking" in " ".join(newest.xpath("./h2")[0].text_content().split())
    assert newest.xpath(".//em/text()") == ["longer"]
    assert "Breaking" not in first.text_content()
    count = sum(len(item) for item in older()["paths"].values())
    assert " ".join(first.xpath("./p")[0].text_content().split()) == f"First version: {count} operations."


def test_each_operation_tells_in_a_line_each_what_changed(page: Document) -> None:
    told = dict(lines(page.find("release-0-1-0")))
    assert told["Register New Account auth.register"] == [
        "Added intent: new value fan",
        "Changed displayName: maximum length raised from 72 to 100",
    ]
    assert told["Logout auth.logout"] == ["Added new operation"]
    assert told["Get Lost auth.gone"] == ["Removed operation removed Breaking"]


def test_what_many_have_in_common_is_told_once(page: Document) -> None:
    found = page.find("release-0-1-0")
    assert [line for line in dict(lines(found))["Several operations"] if "internal.error" in line] == [
        "Added new error internal.error"
    ]
    names = found.xpath("./ul[1]/li[1]/details//a/@href")
    assert len(names) > 50


def test_what_is_gone_by_now_has_its_name_and_no_link(page: Document) -> None:
    (told,) = page.find("release-0-0-9").xpath("./ul[1]/li[1]/details/p")
    assert "auth.gone" in told.xpath("./code/text()")
    assert "auth.me" in told.xpath("./a/code/text()")


def test_every_link_leads_somewhere(built: Path, page: Document) -> None:
    known = documents(built)
    assert [link for link in page.links() if not leads_somewhere(built, known, link, page)] == []


def test_no_pattern_stands_on_it(page: Document) -> None:
    assert "^" not in page.main.text_content()


def test_markdown_and_feed_tell_the_same(built: Path) -> None:
    text = (built / "docs" / "changelog.md").read_text(encoding="utf-8")
    assert "\n### Logout `auth.logout`\n\n- Added: new operation\n" in text
    feed = json.loads((built / "docs" / "changelog.json").read_text(encoding="utf-8"))
    assert [item["title"] for item in feed["items"]] == ["0.1.0", "0.0.9", "0.0.8"]
