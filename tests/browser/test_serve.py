"""Development builds the portal by itself, beside the server and only when it is stale."""

import re
from pathlib import Path

from portal.build import MARK, Options
from proof.publish import is_current
from tests.conftest import Databases
from tests.processes.biore import Deployment, until
from tests.providers.servers import closed_port

BUILD_SECONDS = 180


def test_development_builds_it_once(databases: Databases, work_dir: Path) -> None:
    with Deployment(work_dir, database_url=databases.migrated(), portal_dir="") as deployment:
        first = deployment.serve()
        assert re.search(rf"│ Portal +{deployment.origin}/docs  \(being built", first.output)
        assert deployment.status("/docs") == 503  # the API is ready long before
        until(lambda: deployment.status("/docs/auth/login") == 200, "the portal", BUILD_SECONDS)
        mark = work_dir / "portal" / MARK
        until(mark.read_text, "its stamp")
        until(lambda: f"s: {deployment.origin}/docs\n" in first.output, "word of the address")
        assert "portal: building the pages in the background\n" in first.output
        assert is_current(work_dir / "portal", Options())
        assert not is_current(work_dir / "portal", Options(origin="http://elsewhere"))
        built = mark.stat().st_mtime_ns
        first.end()
        second = deployment.serve()
        assert "being built" not in second.output
        assert (deployment.status("/docs"), mark.stat().st_mtime_ns) == (200, built)
        # A second server with the same folder, on another port, finds nothing to build.
        target = ("--if-stale", "--beside", "--out", str(work_dir / "portal"))
        other = deployment.run("portal", "build", *target, port=str(closed_port()))
        assert (other.code, other.output, mark.stat().st_mtime_ns) == (0, "", built)
