"""Schemathesis against a real `biore serve` on a real PostgreSQL: `python -m tests.fuzz.campaign [options of st run]`.

The server is a process of its own on an empty database. Limits are off, because their answers would hide the others;
what they do is tested elsewhere. Two accounts are signed up: that of the examples, and the caller. An operation that
ends the session of whoever calls it has a run and a caller of its own, or everything after it would only see 401.
Operations of the staff come last, in a run of an owner's: they may change what all others answer.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from contract.loader import ROOT, Contract, load
from tests.fuzz import hooks
from tests.fuzz.walk import WAYS, walk
from tests.handlers.support import insert
from tests.processes.biore import Biore, Visitor, until

EXAMPLE = "ada@example.com"  # the account of the contract's own examples, so that these sign in
# The caller has another password than the examples, or these would end its session.
CALLER, PASSWORD = "fuzz@example.com", "Fuzzing-Horse-9"
CREATOR = "7c2f9d3a-1d70-4b57-9a55-1f2f6f6f1a10"
# They make hashing, tokens, proofs, uploads and a day's text messages fit a long run; none of them touches a check.
CONFIG = {
    "auth.salt_rounds": 10,
    "auth.access_token_ttl_seconds": 3600,
    "auth.confirmation_minutes": 60,
    "admin.fresh_minutes": 60,
    "ratelimit.enabled": False,
    "auth.otp_per_network_max_per_hour": 10_000,
    "upload.daily_files": 100_000,
    "sms.daily_per_account": 10_000,
    "sms.daily_budget": 10_000_000,
    "sms.daily_budget_per_country": 10_000_000,
}
SCENARIOS = 20  # of each way, in the long run
INCLUDE, EXCLUDE = "--include-operation-id", "--exclude-operation-id"
# No link leads to an operation that leaves, or from it, so that alone it has no stateful phase.
ALONE = ("--phases", "examples,coverage,fuzzing")


@dataclass(frozen=True, slots=True)
class Target:
    biore: Biore
    visitor: Visitor
    access_token: str

    def sign_in_another(self, email: str) -> str:
        self.visitor.sign_up(email, PASSWORD)
        return self.visitor.sign_in(email, PASSWORD)[0]


@contextmanager
def target(data_dir: Path) -> Iterator[Target]:
    with Biore(data_dir) as biore, biore.client() as visitor:
        biore.configure(CONFIG)  # before anybody's password is hashed
        until(lambda: "RateLimit" not in visitor.post("auth/logout").headers, "limits off")
        visitor.sign_up(EXAMPLE)
        visitor.sign_up(CALLER, PASSWORD)
        access_token, _ = visitor.sign_in(CALLER, PASSWORD)
        make_creator(biore)
        yield Target(biore, visitor, access_token)


def make_creator(biore: Biore) -> None:
    """The caller is a creator, of the id that examples of paths have."""
    with biore.tables() as tables:
        user_id = tables.one("SELECT id FROM users WHERE email = %s", CALLER)["id"]
        creator_id = insert(tables, "creator_profiles", id=CREATOR, user_id=user_id)
        insert(tables, "bio_pages", creator_id=creator_id)


def run(target: Target, arguments: Sequence[str]) -> int:
    """Fuzz with further options for ``st run``; the exit code of the first run that failed, or 0."""
    chosen = {value for name, value in pairwise(arguments) if name == INCLUDE}
    contract = load()
    last = [name for name in leaving(contract) if not chosen or name in chosen]
    staff = [name for name in of_staff(contract) if not chosen or name in chosen]
    codes = []
    if not chosen or chosen - {*last, *staff}:
        without = [part for name in (*last, *staff) for part in (EXCLUDE, name)]
        codes.append(_fuzz(target.biore, target.access_token, [*_without(arguments, {*last, *staff}), *without]))
    for name in last:
        options = [*_without(arguments, chosen), INCLUDE, name, *ALONE]
        codes.append(_fuzz(target.biore, target.sign_in_another(f"{name}@example.com"), options))
    if staff:
        options = [*_without(arguments, chosen), *(part for name in staff for part in (INCLUDE, name))]
        codes.append(_fuzz(target.biore, target.biore.owner(), options))
    return next(filter(None, codes), 0)


def leaving(contract: Contract) -> list[str]:
    """The operations that end the session of whoever calls them, for no more than the call."""
    return [
        policy.operation_id
        for policy in contract.policies.values()
        if policy.scope == "user"
        and "requestBody" not in contract.operation(policy.operation_id)
        and any("sessions" in effect.what and not effect.conditional for effect in policy.side_effects)
        and "{" not in policy.path
    ]


def of_staff(contract: Contract) -> list[str]:
    return [name for name, policy in contract.policies.items() if policy.scope == "admin"]


def _without(arguments: Sequence[str], names: Sequence[str] | set[str]) -> list[str]:
    """The options but those that include one of ``names``."""
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    dropped = {i for i, (name, value) in enumerate(pairs) if name == INCLUDE and value in names}
    return [part for i, part in enumerate(arguments) if i not in dropped and i - 1 not in dropped]


def _fuzz(biore: Biore, access_token: str, options: Sequence[str]) -> int:
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{biore.origin}/openapi.json", *options]
    environment = {"BIORE_FUZZ_TOKEN": access_token, "SCHEMATHESIS_HOOKS": hooks.__name__}
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=False).returncode


def main(arguments: Sequence[str], data_dir: Path) -> int:
    with target(data_dir) as fuzzed:
        code = run(fuzzed, arguments)
        for way in WAYS:
            arrivals = walk(fuzzed.biore, fuzzed.access_token, way, SCENARIOS)
            sys.stdout.write(f"{way}: {sum(arrivals)} of {len(arrivals)} scenarios came to its end\n")
        sys.stdout.writelines(f"{trace}\n" for trace in fuzzed.biore.traces())  # without them nobody could tell why
    return code


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(main(sys.argv[1:], Path(folder)))
