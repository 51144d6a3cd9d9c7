"""Schemathesis against a real `biore serve` on a real PostgreSQL: `python -m tests.fuzz.campaign [options of st run]`.

The server is a process of its own on an empty database. Limits are off, because their answers would hide the others;
what they do is tested elsewhere. Two accounts are signed up: that of the examples, and the caller.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from runtime import fuzz
from runtime.spec import ROOT, load
from tests.processes.biore import Biore, Visitor, until

EXAMPLE = "ada@example.com"  # the account of the contract's own examples, so that these sign in
# The caller has another password than the examples, or these would end its session.
CALLER, PASSWORD = "fuzz@example.com", "Fuzzing-Horse-9"
# The first two make hashing and tokens fit a long run; none of them touches a check.
CONFIG = {"auth.salt_rounds": 10, "auth.access_token_ttl_seconds": 3600, "ratelimit.enabled": False}


def run(arguments: Sequence[str], data_dir: Path) -> int:
    """Fuzz a fresh server with further options for ``st run``; its exit code."""
    with Biore(data_dir) as biore, biore.client() as visitor:
        visitor.sign_up(EXAMPLE)
        visitor.sign_up(CALLER, PASSWORD)
        biore.configure(CONFIG)
        until(lambda: "RateLimit" not in visitor.post("auth/logout").headers, "limits off")
        access_token, _ = visitor.sign_in(CALLER, PASSWORD)
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{biore.origin}/openapi.yaml", *arguments]
        environment = os.environ | {"BIORE_FUZZ_TOKEN": access_token} | leavers(visitor)
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def leavers(visitor: Visitor) -> dict[str, str]:
    """A caller for each operation that ends its caller's session."""
    tokens = {}
    for number, operation_id in enumerate(fuzz.leaving(load())):
        visitor.sign_up(email := f"leaver-{number}@example.com", PASSWORD)
        tokens[fuzz.token_variable(operation_id)], _ = visitor.sign_in(email, PASSWORD)
    return tokens


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(run(sys.argv[1:], Path(folder)))
