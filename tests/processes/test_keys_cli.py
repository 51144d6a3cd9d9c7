"""``biore keys``: a rotation while a node runs and people are signed in."""

import json

import jwt

from tests.harness import bearer
from tests.processes.biore import Deployment, until
from tests.processes.conftest import DeploymentMaker

FOLLOWED_SECONDS = 5.0
LONG_AGO = """
INSERT INTO signing_keys (kid, sealed, created_at, retired_at)
VALUES ('long-ago', '', now() - interval '9 days', now() - interval '25 hours')
"""


def states(biore: Deployment) -> list[tuple[str, str]]:
    listed = [json.loads(line) for line in biore.cli("keys", "list").splitlines()]
    return [(key["kid"], key["state"]) for key in listed]


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


class TestRotate:
    def test_a_running_node_follows_and_nobody_is_signed_out(self, deploy: DeploymentMaker) -> None:
        biore = deploy()
        with biore.tables() as tables, biore.client() as visitor:
            tables.run(LONG_AGO)
            biore.serve()
            visitor.sign_up("ada@example.com")
            old, _ = visitor.sign_in("ada@example.com")
            until(lambda: tables.count("signing_keys") == 0, "the worker's housekeeping")
            assert states(biore) == [(kid_of(old), "signs")]
            kid = biore.cli("keys", "rotate").split()[0]
            until(lambda: kid_of(visitor.sign_in("ada@example.com")[0]) == kid, "the new key", FOLLOWED_SECONDS)
            assert visitor.get("auth/me", headers=bearer(old)).status_code == 200
            assert states(biore) == [(kid, "signs"), (kid_of(old), "accepted")]
            assert tables.one("SELECT target_id FROM audit_logs WHERE action = 'keys.rotate'") == {"target_id": kid}
