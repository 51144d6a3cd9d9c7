"""What docs/admin.md tells people to build and to paste does what it says."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contract.loader import ROOT
from tests.processes.biore import Deployment
from tests.processes.conftest import DeploymentMaker
from tests.processes.staff import Employee, hired
from tests.processes.test_documents import LAST, WALK, block_of, pasted

DOCUMENT = ROOT / "docs" / "admin.md"
PROVIDER = re.compile(r"^```js\n(.*?)^```", re.MULTILINE | re.DOTALL)
NODE = shutil.which("node")
MOST_LINES = 60
SECONDS = 60
# Calls a provider as a framework does, and tells what it got.
DRIVER = """
import { dataProvider } from "./dataProvider.mjs";
const [api, token] = process.argv.slice(2);
const provider = dataProvider(api, () => token);
const told = {};
const refused = async (asked) => {
  try { await asked(); } catch ({ status, body, message }) { return [status, body.code, message.length > 0]; }
};
%s
console.log(JSON.stringify(told));
"""

needs_node = pytest.mark.skipif(NODE is None, reason="needs node")


@pytest.fixture(scope="module")
def biore(deploy: DeploymentMaker) -> Deployment:
    deployment = deploy()
    deployment.serve("--no-worker")
    return deployment


@pytest.fixture(scope="module")
def owner(biore: Deployment) -> Employee:
    return hired(biore, "olga@staff.example")


def provider() -> str:
    (text,) = PROVIDER.findall(DOCUMENT.read_text(encoding="utf-8"))
    return str(text)


@pytest.fixture
def driven(biore: Deployment, owner: Employee, tmp_path: Path) -> Any:
    """What the calls of a script tell, made with the provider as the document has it."""

    def run(script: str) -> dict[str, Any]:
        with biore.client() as client:
            token = owner.sign_in(client)["Authorization"].removeprefix("Bearer ")
        (tmp_path / "dataProvider.mjs").write_text(provider(), encoding="utf-8")
        (tmp_path / "driver.mjs").write_text(DRIVER % script, encoding="utf-8")
        command = [str(NODE), "driver.mjs", f"{biore.origin}/api/v1", token]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    return run


class TestWalk:
    def test_each_step_holds_and_it_can_be_pasted_again(
        self, deploy: DeploymentMaker, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        running, temporary = deploy(trusted_proxies=""), tmp_path_factory.mktemp("walk")
        running.serve()
        (tmp_path / ".venv").symlink_to(sys.prefix)
        for dead in (False, True):
            if dead:
                self.one_letter_dies(running)
            done = pasted(block_of(DOCUMENT, WALK), running, tmp_path, temporary)
            assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
            assert done.stdout.endswith(f"{LAST}\n")
            assert ('"outcome": "DONE"' in done.stdout) is dead
            assert list(temporary.iterdir()) == []

    def one_letter_dies(self, running: Deployment) -> None:
        query = """UPDATE outbox SET done_at = NULL, dead_at = now()
            WHERE id = (SELECT id FROM outbox WHERE done_at IS NOT NULL ORDER BY created_at DESC LIMIT 1)"""
        with running.tables() as tables:
            tables.run(query)


class TestProvider:
    def test_can_be_read_at_once(self) -> None:
        assert len(provider().splitlines()) <= MOST_LINES

    @needs_node
    def test_walks_a_list_by_its_cursors(self, biore: Deployment, driven: Any) -> None:
        for name in ("sue", "sam"):
            biore.cli("admin", "create", f"{name}@staff.example", "--role", "SUPPORT")
        told = driven("""
            told.pages = [];
            for (let page = 1, more = true; more; page += 1) {
              const asked = { pagination: { page, perPage: 1 }, sort: { field: "id", order: "ASC" }, filter: {} };
              const { data, pageInfo } = await provider.getList("staff", asked);
              told.pages.push([data.map(({ id, userId, email }) => [id === userId, email]), pageInfo.hasPreviousPage]);
              more = pageInfo.hasNextPage;
            }
            const support = { pagination: { page: 1, perPage: 10 }, sort: {}, filter: { role: "SUPPORT" } };
            told.support = (await provider.getList("staff", support)).data.map(({ email }) => email);
        """)
        people = {f"{name}@staff.example" for name in ("olga", "sue", "sam")}
        assert {one[1] for rows, _ in told["pages"] for one in rows} == people
        assert all(one[0] for rows, _ in told["pages"] for one in rows)
        assert [before for _, before in told["pages"]] == [False, True, True]
        assert set(told["support"]) == people - {"olga@staff.example"}

    @needs_node
    def test_makes_and_acts_and_tells_refusals(self, biore: Deployment, driven: Any) -> None:
        biore.cli("admin", "create", "tom@staff.example", "--role", "AUDITOR")
        told = driven("""
            const data = { email: "tom@staff.example", role: "OPERATOR", reason: "A test." };
            const made = await provider.create("staff", { data });
            told.made = made.data.roles.map(({ role }) => role).sort();
            told.again = await refused(() => provider.create("staff", { data }));
            const act = { method: "POST", act: "revoke" };
            const taken = { role: "OPERATOR", reason: "A test." };
            await provider.send("POST", `staff/${made.data.id}/revoke`, { body: taken });
            told.gone = await refused(() => provider.update("staff", { id: made.data.id, data: taken, meta: act }));
        """)
        assert told["made"] == ["AUDITOR", "OPERATOR"]
        assert told["again"] == [409, "admin.staff.already", True]
        assert told["gone"] == [404, "admin.not_found", True]

    @needs_node
    def test_changes_a_row_by_its_version(self, driven: Any) -> None:
        told = driven("""
            const id = "auth.lockout_threshold";
            const { data: read } = await provider.getOne("config", { id });
            const change = { value: read.value + 1, reason: "A test." };
            const asked = { id, data: change, previousData: read, meta: { method: "PUT" } };
            const { data: after } = await provider.update("config", asked);
            told.moved = [after.id, after.value - read.value, after.version - read.version];
            told.late = await refused(() => provider.update("config", asked));
            told.both = (await provider.getMany("config", { ids: [id, "auth.lockout_base_seconds"] })).data.length;
        """)
        assert told["moved"] == ["auth.lockout_threshold", 1, 1]
        assert told["late"] == [412, "precondition.failed", True]
        assert told["both"] == 2
