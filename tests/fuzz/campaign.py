"""Schemathesis against a real `biore serve` on a real PostgreSQL: `python -m tests.fuzz.campaign [options of st run]`.

The server is a process of its own on an empty database. Limits are off, because their answers would hide the others;
what they do is tested elsewhere. Two accounts are signed up: that of the examples, and the caller.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runtime.spec import ROOT
from tests.fuzz import hooks
from tests.fuzz.walk import WAYS, walk
from tests.processes.biore import Biore, until

EXAMPLE = "ada@example.com"  # the account of the contract's own examples, so that these sign in
# The caller has another password than the examples, or these would end its session.
CALLER, PASSWORD = "fuzz@example.com", "Fuzzing-Horse-9"
# The first two make hashing and tokens fit a long run; none of them touches a check.
CONFIG = {"auth.salt_rounds": 10, "auth.access_token_ttl_seconds": 3600, "ratelimit.enabled": False}
SCENARIOS = 20  # of each way, in the long run


@dataclass(frozen=True, slots=True)
class Target:
    biore: Biore
    access_token: str


@contextmanager
def target(data_dir: Path) -> Iterator[Target]:
    with Biore(data_dir) as biore, biore.client() as visitor:
        visitor.sign_up(EXAMPLE)
        visitor.sign_up(CALLER, PASSWORD)
        biore.configure(CONFIG)
        until(lambda: "RateLimit" not in visitor.post("auth/logout").headers, "limits off")
        access_token, _ = visitor.sign_in(CALLER, PASSWORD)
        yield Target(biore, access_token)


def run(target: Target, arguments: Sequence[str]) -> int:
    """Fuzz with further options for ``st run``; its exit code."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{target.biore.origin}/openapi.yaml", *arguments]
    environment = {"BIORE_FUZZ_TOKEN": target.access_token, "SCHEMATHESIS_HOOKS": hooks.__name__}
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=False).returncode


def main(arguments: Sequence[str], data_dir: Path) -> int:
    with target(data_dir) as fuzzed:
        code = run(fuzzed, arguments)
        for way in WAYS:
            arrivals = walk(fuzzed.biore, fuzzed.access_token, way, SCENARIOS)
            sys.stdout.write(f"{way}: {sum(arrivals)} of {len(arrivals)} scenarios came to its end\n")
    return code


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(main(sys.argv[1:], Path(folder)))
