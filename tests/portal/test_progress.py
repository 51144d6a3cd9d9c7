"""How far a build is: told while it runs, forgotten when it ends, however that was."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from portal.progress import kept, read

HOLDER = """
import sys
from pathlib import Path
from portal.progress import kept
with kept(Path(sys.argv[1])) as tell:
    tell("writing pages", 3, 7)
    print("told", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "portal"


class TestProgress:
    def test_is_read_while_somebody_builds_and_not_after(self, folder: Path) -> None:
        assert read(folder) is None
        told = []
        with kept(folder, lambda *state: told.append(state)) as tell:
            assert read(folder) is None
            tell("reading", 0, 0)
            tell("writing pages", 2, 5)
            found = read(folder)
            assert found is not None
            assert (found.stage, found.done, found.total) == ("writing pages", 2, 5)
        assert read(folder) is None
        assert told == [("reading", 0, 0), ("writing pages", 2, 5)]

    def test_a_shorter_stage_leaves_nothing_of_a_longer_one(self, folder: Path) -> None:
        with kept(folder) as tell:
            tell("a stage of many words", 100, 200)
            tell("short", 0, 0)
            assert json.loads((folder.parent / ".portal.progress").read_bytes())["stage"] == "short"

    def test_many_things_are_not_written_one_by_one(self, folder: Path) -> None:
        with kept(folder) as tell:
            for done in range(1000):
                tell("writing pages", done, 1000)
            found = read(folder)
        assert found is not None
        assert found.done < 1000 - 1

    def test_of_a_build_that_was_killed_nobody_waits(self, folder: Path) -> None:
        command = [sys.executable, "-c", HOLDER, str(folder)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "told\n"
            assert read(folder) is not None
            holder.kill()
            holder.wait()
            assert read(folder) is None

    def test_a_second_build_of_one_folder_waits_for_the_first(self, folder: Path) -> None:
        begun, seen = threading.Event(), []

        def second() -> None:
            begun.set()
            with kept(folder):
                seen.append("second")

        with kept(folder):
            thread = threading.Thread(target=second)
            thread.start()
            begun.wait()
            thread.join(0.2)
            seen.append("first")
        thread.join()
        assert seen == ["first", "second"]

    def test_what_cannot_be_read_is_no_progress(self, folder: Path) -> None:
        with kept(folder):
            for content in (b"", b"{", b"[]", b'{"stage": 1}'):
                (folder.parent / ".portal.progress").write_bytes(content)
                assert read(folder) is None

    def test_strangers_do_not_read_it(self, folder: Path) -> None:
        before = os.umask(0o077)
        try:
            with kept(folder) as tell:
                tell("reading", 0, 0)
        finally:
            os.umask(before)
        assert (folder.parent / ".portal.progress").stat().st_mode & 0o077 == 0
