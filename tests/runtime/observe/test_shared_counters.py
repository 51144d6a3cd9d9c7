"""Numbers of several processes: nothing is lost with one that is killed, and no file is left over."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.observe.shared_counters import OWNER, PID, PIECE, SharedCounters, counted, forget
from runtime.serve.server import metrics_folder
from runtime.settings import InvalidSettings, Settings

KEY = ("requests", "auth.me", "200")

COUNT_AND_BE_KILLED = """
import os, signal, sys
from pathlib import Path
from runtime.observe.shared_counters import SharedCounters
row = SharedCounters(Path(sys.argv[1]), "api").row(("requests", "auth.me", "200"), 3)
row[1] += 5
os.kill(os.getpid(), signal.SIGKILL)
"""

COUNT_ON_A_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from runtime.observe.shared_counters import PIECE, SharedCounters
counters = SharedCounters(Path(sys.argv[1]), "api")
counters.row(("requests", "auth.me", "200"), 3)[0] += 1
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (PIECE, PIECE))
for number in range(2000):
    counters.row(("more", str(number)), 15)[0] += 1
"""


def total(counters: SharedCounters, key: tuple[str, ...] = KEY) -> float:
    return sum(sum(one.rows[key]) for one in counted(counters) if key in one.rows)


@pytest.fixture
def shared(tmp_path: Path) -> Callable[[str], SharedCounters]:
    return lambda role: SharedCounters(tmp_path, role)


class TestRows:
    def test_start_at_nothing_and_are_the_same_for_the_same_key(self, shared: Callable[[str], SharedCounters]) -> None:
        counters = shared("api")
        assert list(counters.row(KEY, 3)) == [0, 0, 0]
        counters.row(KEY, 3)[2] += 1.5
        assert list(counters.row(KEY, 3)) == [0, 0, 1.5]

    def test_of_one_process_need_no_folder(self) -> None:
        counters = SharedCounters(None, "worker")
        counters.row(KEY, 3)[0] += 2
        (only,) = counted(counters)
        assert (only.name, only.role, only.pid, total(counters)) == ("worker-0", "worker", os.getpid(), 2)

    def test_are_summed_over_all_who_share_the_folder(self, shared: Callable[[str], SharedCounters]) -> None:
        tallies = [shared("api"), shared("api"), shared("worker")]
        for number, counters in enumerate(tallies, 1):
            counters.row(KEY, 3)[0] += number
        assert [total(counters) for counters in tallies] == [6, 6, 6]
        assert [one.name for one in counted(tallies[0])] == ["api-0", "api-1", "worker-0"]

    def test_any_number_of_them_and_names_of_any_letters(self, shared: Callable[[str], SharedCounters]) -> None:
        one, other = shared("api"), shared("api")
        keys = [("\u00fc\U0001f600 " * (number % 7), str(number)) for number in range(3000)]
        for number, key in enumerate(keys):
            one.row(key, 1 + number % 17)[-1] = number
        (mine, _) = counted(other)
        assert {key: mine.rows[key][-1] for key in keys} == {key: number for number, key in enumerate(keys)}


class TestEnd:
    def test_a_killed_process_is_followed_by_one_that_counts_on(
        self, shared: Callable[[str], SharedCounters], tmp_path: Path
    ) -> None:
        killed = subprocess.run([sys.executable, "-c", COUNT_AND_BE_KILLED, str(tmp_path)], check=False)
        assert killed.returncode == -signal.SIGKILL
        counters = shared("api")
        assert total(counters) == 5
        counters.row(KEY, 3)[1] += 1
        assert (total(counters), counters.row(OWNER, 2)[PID]) == (6, os.getpid())
        assert [path.name for path in tmp_path.iterdir()] == ["api-0"]

    def test_a_file_that_is_taken_over_again_and_again_does_not_grow(self, tmp_path: Path) -> None:
        for number in range(20):
            counters = SharedCounters(tmp_path, "api")
            counters.row(("key", str(number)), 3)[0] = 1
            counters.close()
        assert (tmp_path / "api-0").stat().st_size == PIECE
        assert len(counted(SharedCounters(tmp_path, "api"))[0].rows) == 21

    def test_what_ended_processes_left_is_forgotten_at_a_start(self, tmp_path: Path) -> None:
        ended, running = SharedCounters(tmp_path, "api"), SharedCounters(tmp_path, "worker")
        ended.close()
        forget(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["worker-0"]
        running.row(KEY, 3)[0] += 1
        assert total(running) == 1


class TestFolder:
    def test_is_each_servers_own_and_empty_at_its_start(self, tmp_path: Path) -> None:
        folders = []
        for port in (8000, 8001, 8000):
            with metrics_folder(Settings(data_dir=tmp_path, port=port)) as folder:
                assert list(folder.iterdir()) == []
                SharedCounters(folder, "api").close()
            folders.append(folder)
        assert folders[0] == folders[2] == tmp_path / "metrics" / "127.0.0.1-8000" != folders[1]

    def test_of_a_node_without_a_data_folder_is_gone_with_it(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with metrics_folder(Settings(data_dir=tmp_path / "file")) as folder:
            SharedCounters(folder, "api").close()
        assert not folder.exists()

    def test_that_was_given_must_be_usable(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with metrics_folder(Settings(metrics_dir=tmp_path / "mine")) as folder:
            assert folder == tmp_path / "mine"
        refused = pytest.raises(InvalidSettings, match="BIORE_METRICS_DIR")
        with refused, metrics_folder(Settings(metrics_dir=tmp_path / "file" / "below")):
            pass


class TestFullDisk:
    def test_harms_nobody(self, tmp_path: Path) -> None:
        """The system lets no file grow: what comes after is counted in vain, and nothing fails."""
        done = subprocess.run(
            [sys.executable, "-c", COUNT_ON_A_FULL_DISK, str(tmp_path)], check=True, capture_output=True
        )
        assert done.stdout.count(b"metrics.not_shared") == 1
        assert (tmp_path / "api-0").stat().st_size == PIECE
        assert total(SharedCounters(tmp_path, "worker")) == 1

    def test_nor_does_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        counters = SharedCounters(tmp_path / "file" / "below", "api")
        counters.row(KEY, 3)[0] += 1
        assert counted(counters) == []
