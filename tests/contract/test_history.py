"""Versions of the contract: what is kept of them, what people read of them, and that a published one stays as it is."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from contract.changes.history import Note, Release, history, notes, since_published, to_be_kept
from contract.loader import OPENAPI
from contract.policy import ContractError
from tests.contract.test_changes import BASE, changed, field, make, policy, put, refusals

Json = Any


def versioned(document: Json, version: str) -> Json:
    return copy.deepcopy(document) | {"info": {"version": version}}


class Folder:
    """A place like ``openapi/``, in which versions follow each other as ``make spec`` writes them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "dist").mkdir()

    def make(self, document: Json) -> list[str]:
        """What it added to the history."""
        kept = to_be_kept(document, self.root)
        for file, content in kept.items():
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content)
        (self.root / "dist" / "openapi.json").write_text(json.dumps(document))
        return [file.stem for file in kept]

    def told(self, document: Json) -> tuple[Release, ...]:
        self.make(document)
        return history(document, self.root)

    def note(self, text: str) -> None:
        (self.root / "changes.yaml").write_text(text)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def lines(release: Release) -> list[tuple[str, str, str]]:
    return [(section.operation, one.sort, one.text) for section in release.sections for one in section.changes]


class TestKeeping:
    def test_the_former_version_is_kept_when_the_number_is_raised(self, folder: Folder) -> None:
        assert folder.make(versioned(BASE, "1.0.0")) == []
        assert folder.make(versioned(changed(field("name", maxLength=12)), "1.0.0")) == []
        assert folder.make(versioned(BASE, "1.1.0")) == ["1.0.0"]
        assert folder.make(versioned(BASE, "1.1.0")) == []
        kept = json.loads((folder.root / "history" / "1.0.0.json").read_text())
        assert kept["components"]["schemas"]["Make"]["properties"]["name"]["maxLength"] == 12

    def test_a_version_is_kept_once_it_has_a_day(self, folder: Folder) -> None:
        folder.make(versioned(BASE, "1.0.0"))
        folder.note("1.0.0: {day: 2026-01-31}\n")
        assert folder.make(versioned(BASE, "1.0.0")) == ["1.0.0"]
        assert since_published(versioned(BASE, "1.0.0"), folder.root) == ()
        (change,) = since_published(versioned(changed(field("name", maxLength=12)), "1.0.0"), folder.root)
        assert change.text == "`name`: maximum length raised from 10 to 12"
        assert since_published(versioned(changed(field("name", maxLength=12)), "1.0.1"), folder.root) == ()

    def test_a_number_that_is_lowered_keeps_nothing(self, folder: Folder) -> None:
        folder.make(versioned(BASE, "1.1.0"))
        assert folder.make(versioned(BASE, "1.0.0")) == []


class TestReading:
    def test_the_first_version_is_one_line(self, folder: Folder) -> None:
        (release,) = history(versioned(BASE, "1.0.0"), folder.root)
        assert release == Release("1.0.0", Note(), 1, first=True)
        assert not release.breaking

    def test_the_newest_stands_first_by_number(self, folder: Folder) -> None:
        for version in ("0.9.0", "0.10.0", "1.0.0"):
            folder.make(versioned(BASE, version))
        assert [release.version for release in history(versioned(BASE, "1.0.0"), folder.root)] == [
            "1.0.0", "0.10.0", "0.9.0"
        ]  # fmt: skip

    def test_is_told_by_operation_what_came_before_what_is_other_and_what_went(self, folder: Folder) -> None:
        folder.make(versioned(BASE, "1.0.0"))
        new = changed(
            field("name", maxLength=5),
            put(make, "more", {"type": "string"}),
            lambda one: make(one)["properties"].pop("nick"),
        )
        new["paths"]["/other"] = {"get": {"operationId": "things.other", "summary": "Get Other", "responses": {}}}
        new["paths"]["/things/{id}"]["post"]["summary"] = "Make Thing"
        release, first = folder.told(versioned(new, "1.1.0"))
        assert lines(release) == [
            ("things.make", "added", "new field `more`"),
            ("things.make", "changed", "`name`: maximum length lowered from 10 to 5"),
            ("things.make", "removed", "field `nick` removed"),
            ("things.other", "added", "new operation"),
        ]
        assert [section.title for section in release.sections] == ["Make Thing", "Get Other"]
        assert (release.breaking, release.operations, first.first) == (True, 2, True)

    def test_what_is_gone_is_called_as_it_was(self, folder: Folder) -> None:
        folder.make(versioned(changed(policy(summary="Make Thing")), "1.0.0"))
        release, _ = folder.told(versioned(BASE | {"paths": {}}, "2.0.0"))
        assert [(one.title, one.changes[0].text) for one in release.sections] == [("Make Thing", "operation removed")]

    def test_a_change_of_many_operations_is_told_once(self, folder: Folder) -> None:
        def many(document: Json) -> Json:
            one = document["paths"].pop("/things/{id}")["post"]
            paths = {f"/{name}": {"post": one | {"operationId": name}} for name in "abcd"}
            return document | {"paths": paths}

        folder.make(versioned(many(changed()), "1.0.0"))
        new = many(changed(refusals("validation.failed", "things.full")))
        new["paths"]["/a"]["post"] = new["paths"]["/a"]["post"] | {"deprecated": True}
        release, _ = folder.told(versioned(new, "1.1.0"))
        (shared,) = release.shared
        assert (shared.change.text, shared.operations) == ("new error `things.full`", ("a", "b", "c", "d"))
        assert lines(release) == [("a", "changed", "deprecated")]

    def test_needs_no_repository_and_gives_the_same_again(self, folder: Folder) -> None:
        folder.make(versioned(BASE, "1.0.0"))
        new = versioned(changed(field("name", maxLength=5)), "1.1.0")
        assert history(new, folder.root) == history(new, folder.root)

    def test_ours_has_a_note(self) -> None:
        document = json.loads((OPENAPI / "dist" / "openapi.json").read_bytes())
        assert history(document)[-1].first
        assert all(release.note.text for release in history(document))


class TestNotes:
    def test_stand_with_their_version(self, folder: Folder) -> None:
        folder.note("1.0.0:\n  day: 2026-01-31\n  note: |\n    **Hello.**\n")
        (release,) = history(versioned(BASE, "1.0.0"), folder.root)
        assert release.note == Note("2026-01-31", "**Hello.**\n")

    def test_none_are_needed(self, folder: Folder) -> None:
        assert notes(folder.root) == {}
        folder.note("# Nothing yet.\n")
        assert notes(folder.root) == {}

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("1.0.0: {day: tomorrow}", "tomorrow is no day"),
            ("1.0.0: {date: 2026-01-31}", "has date; it takes `day` and `note`"),
            ("3.0.0: {note: Words.}", "3.0.0 is no version that was published"),
        ],
    )
    def test_a_mistake_is_named(self, folder: Folder, text: str, told: str) -> None:
        folder.note(text + "\n")
        with pytest.raises(ContractError, match=told):
            history(versioned(BASE, "1.0.0"), folder.root)
