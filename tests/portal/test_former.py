"""What the next build takes over from a former one, and what it writes anew."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from portal.build import build
from portal.former import FILE
from portal.model import Operation, Site
from portal.source import Source, Sources
from tests.portal.conftest import ENGLISH

CHANGED = "This sentence is new."


def with_operation(site: Site, operation: Operation) -> Site:
    """The same site with another form of one operation."""
    modules = (
        replace(module, operations=tuple(operation if one.id == operation.id else one for one in module.operations))
        for module in site.modules
    )
    return replace(site, modules=tuple(modules))


def texts(folder: Path) -> Mapping[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def files(folder: Path) -> Mapping[str, int]:
    return {str(file.relative_to(folder)): file.stat().st_ino for file in folder.rglob("*") if file.is_file()}


class TestNextBuild:
    def test_takes_over_what_has_not_changed(self, site: Site, former: Path) -> None:
        before, told = files(former), texts(former)
        build(site, former, ENGLISH)
        after = files(former)
        assert texts(former) == told
        for suffix in (".md", ".json", "/index.html"):
            assert all(
                before[f"docs/{o.policy.page}{suffix}"] == after[f"docs/{o.policy.page}{suffix}"]
                for o in site.operations
            )

    def test_writes_what_has_changed_as_a_first_build_does(self, site: Site, former: Path, tmp_path: Path) -> None:
        operation = site.operations[0]
        changed = with_operation(site, replace(operation, document=operation.document | {"description": CHANGED}))
        build(changed, former, ENGLISH)
        build(changed, tmp_path / "anew", ENGLISH)
        assert texts(former) == texts(tmp_path / "anew")
        assert CHANGED in (former / "docs" / operation.policy.page / "index.html").read_text()

    def test_follows_the_schemas_that_an_operation_refers_to(self, site: Site, former: Path, tmp_path: Path) -> None:
        document = site.contract.document
        schemas = document["components"]["schemas"]
        told = schemas | {"LoginRequest": schemas["LoginRequest"] | {"maxProperties": 7}}
        contract = replace(
            site.contract, document=document | {"components": document["components"] | {"schemas": told}}
        )
        before = files(former)
        build(replace(site, contract=contract), former, ENGLISH)
        after = files(former)
        assert before["docs/auth/login.json"] != after["docs/auth/login.json"]
        assert before["docs/auth/me.json"] == after["docs/auth/me.json"]
        assert '"maxProperties":7' in (former / "docs/auth/login.json").read_text()

    def test_follows_places_in_the_source(self, site: Site, former: Path) -> None:
        first = site.operations[0]
        sources = Sources(
            {o.id: (Source("handler", "moved.py", 9, "x"),) * (o.id == first.id) for o in site.operations}
        )
        build(site, former, replace(ENGLISH, sources=sources))
        assert "moved.py:9" in (former / "docs" / first.policy.page / "index.html").read_text()

    def test_takes_nothing_over_when_names_in_the_menu_changed(self, site: Site, former: Path) -> None:
        operation = site.operations[0]
        changed = with_operation(site, replace(operation, document=operation.document | {"summary": "Renamed"}))
        before = files(former)
        build(changed, former, ENGLISH)
        after = files(former)
        assert [
            o.id for o in site.operations if before[f"docs/{o.policy.page}.md"] == after[f"docs/{o.policy.page}.md"]
        ] == []

    @pytest.mark.parametrize("notes", [b"", b"[", b"{}", b'{"shared": "another", "files": {}}'])
    def test_without_notes_writes_all(self, site: Site, former: Path, notes: bytes) -> None:
        told = texts(former)
        (former / FILE).write_bytes(notes)
        (former / "docs/auth/login.md").write_text("stale")
        build(site, former, ENGLISH)
        assert texts(former) == told
