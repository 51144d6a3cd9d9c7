"""Schemathesis against the test contract, with every check, on a real uvicorn."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from contract.schemathesis_config import configuration
from tests.extended.reading.shelf import contract_of
from tests.fuzz import hooks
from tests.fuzz.campaign import ALONE
from tests.harness import Server
from tests.sampling import Sampling

WHOLE, SAMPLE = "30", "10"
SECONDS = 240


def test_no_finding(start_server: Callable[..., Server], tmp_path: Path, sampling: Sampling) -> None:
    contract = contract_of(tmp_path)
    server = start_server(contract=contract)
    config = tmp_path / "schemathesis.toml"
    config.write_text(configuration(contract))
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", f"{server.origin}/openapi.json",
        "--include-path-regex", "^/shelf/", "--generation-deterministic", "--no-color",
        "--max-examples", WHOLE if sampling.whole else SAMPLE, *ALONE,
    ]  # fmt: skip
    environment = {
        "BIORE_FUZZ_TOKEN": "none",
        "SCHEMATHESIS_HOOKS": hooks.__name__,
        hooks.CONTRACT: str(tmp_path / "openapi"),
    }
    ended = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert ended.returncode == 0, ended.stdout[-8000:] + ended.stderr[-2000:]
