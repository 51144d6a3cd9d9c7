"""What people see while something takes a while."""

from pathlib import Path
from typing import Any

import pytest

from runtime.cli.waiting import PortalBuild, Startup, box
from runtime.settings import Settings


class TestBox:
    def test_frames_all_lines_alike(self) -> None:
        lines = box("Title", [("API", "http://127.0.0.1:8000"), ("Contract", "there")]).splitlines()
        assert len({len(line) for line in lines}) == 1
        assert "API       http://127.0.0.1:8000" in lines[3]


class TestStartup:
    def told(self, capsys: pytest.CaptureFixture[str], settings: Settings, **state: Any) -> str:
        startup = Startup("9.9.9")
        startup.stage("Migrating the database")
        startup.ready(settings, api="/api/v1", **({"with_worker": True, "unowned": False} | state))
        said = capsys.readouterr()
        assert said.out == ""
        return said.err

    def test_stages_have_seconds_and_a_box_ends_them(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        first, *rest = self.told(capsys, Settings(port=8123, data_dir=tmp_path)).splitlines()
        assert first.strip() == "0.0 s  Migrating the database"
        text = "\n".join(rest)
        addresses = ["/api/v1", "/docs  (being built", "/openapi.yaml"]
        for words in ("BIO.RE 9.9.9 is running", "biore mailbox", "Ctrl-C"):
            assert words in text
        assert [address for address in addresses if f"http://127.0.0.1:8123{address}" not in text] == []

    def test_a_portal_that_is_there_is_not_being_built(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        (tmp_path / "portal" / "docs").mkdir(parents=True)
        (tmp_path / "portal" / "docs" / "index.html").touch()
        assert "being built" not in self.told(capsys, Settings(data_dir=tmp_path))
        assert "(not built)" in self.told(capsys, Settings(data_dir=tmp_path, portal_dir=tmp_path / "elsewhere"))

    def test_without_a_worker_no_mail_is_promised(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        told = self.told(capsys, Settings(data_dir=tmp_path), with_worker=False)
        assert "none until `biore worker` runs" in told

    def test_while_there_is_no_owner_the_first_is_told_of(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        assert "biore admin create EMAIL" in self.told(capsys, Settings(data_dir=tmp_path), unowned=True)
        assert "First owner" not in self.told(capsys, Settings(data_dir=tmp_path))

    def test_examples_are_told_with_what_removes_them(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        told = self.told(capsys, Settings(data_dir=tmp_path), examples=["content", "themes"])
        assert "content, themes; `biore demo clear` removes them" in told
        assert "Examples" not in self.told(capsys, Settings(data_dir=tmp_path))


class TestPortalBuild:
    def told(self, capsys: pytest.CaptureFixture[str], beside: bool, seconds_a_page: float) -> list[str]:
        now = 0.0
        build = PortalBuild(beside=beside, clock=lambda: now)
        build("reading", 0, 0)
        for done in range(8):
            now += seconds_a_page
            build("writing pages", done, 8)
        build("index", 0, 0)
        build.end("/there")
        return capsys.readouterr().err.splitlines()

    def test_beside_a_server_it_says_that_it_began_how_far_it_is_and_where_it_ended(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.told(capsys, beside=True, seconds_a_page=4) == [
            "portal: building the pages in the background",
            "portal: 25 % of the pages after 12.0 s",
            "portal: 50 % of the pages after 20.0 s",
            "portal: 75 % of the pages after 28.0 s",
            "portal: ready after 32.0 s: /there",
        ]

    def test_a_quick_one_is_not_told_by_quarters(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.told(capsys, beside=True, seconds_a_page=0.1) == [
            "portal: building the pages in the background",
            "portal: ready after 0.8 s: /there",
        ]

    def test_alone_and_without_a_terminal_each_stage_is_a_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.told(capsys, beside=False, seconds_a_page=1) == [
            "portal: reading, after 0.0 s",
            "portal: writing pages, after 1.0 s",
            "portal: index, after 8.0 s",
            "portal: ready after 8.0 s: /there",
        ]
