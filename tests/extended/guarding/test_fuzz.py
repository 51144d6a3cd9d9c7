"""Schemathesis against these operations on a real server: every check, every phase, and no finding."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from contract.loader import ROOT
from contract.schemathesis_config import configuration
from domain.admin import Standing
from domain.clock import utc_now
from domain.users import Principal
from tests.extended.guarding import fuzz_hooks
from tests.extended.guarding.kit import MODULE, STARTED, room, sampled
from tests.handlers.support import somebody
from tests.harness import Server
from tests.sampling import Sampling
from tests.staff import FACTOR

WHOLE, SAMPLE = "50", "10"


async def everything(_principal: Principal) -> Standing:
    now = utc_now()
    return Standing(("OWNER",), now, now, now)


def test_no_finding(start_server: Callable[..., Server], tmp_path: Path, sampling: Sampling) -> None:
    server = start_server(**STARTED, standing_of=everything)
    room(server.tables)
    server.configure(**{"ratelimit.enabled": False, "admin.fresh_minutes": 60})
    (tmp_path / "schemathesis.toml").write_text(configuration(sampled()))
    options = ("--generation-deterministic", "--no-color", "--max-examples", WHOLE if sampling.whole else SAMPLE)
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(tmp_path / "schemathesis.toml"),
        "run", f"{server.origin}/openapi.json", "--include-path-regex", f"^/{MODULE}/", *options,
    ]  # fmt: skip
    environment = {"BIORE_FUZZ_TOKEN": somebody(server, **FACTOR), "SCHEMATHESIS_HOOKS": fuzz_hooks.__name__}
    ended = subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
