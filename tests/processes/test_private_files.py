"""What a server keeps in its folder is no business of other users of the machine."""

from pathlib import Path

from tests.processes.biore import Deployment, until

OTHERS = 0o077


def test_only_its_own_user_reads_what_a_server_makes(embedded_dir: Path) -> None:
    with Deployment(embedded_dir) as biore:
        biore.serve()
        counts = embedded_dir / "metrics"
        until(lambda: list(counts.glob("*/worker-*")), "a worker that counts")
        made = [embedded_dir / "postgres.url", counts, *counts.rglob("*")]
        assert {path.name: oct(path.stat().st_mode) for path in made if path.stat().st_mode & OTHERS} == {}
