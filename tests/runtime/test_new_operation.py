"""`biore new operation`: what it writes is well-formed, says what is left, and is missed until it is filled in."""

import ast
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from contract.loader import OPENAPI, load
from contract.readable import check
from contract.readable.titles import faults
from runtime.cli import cli
from runtime.cli.scaffold import TO_FILL_IN, Operation, files, unfilled

OPERATIONS = [
    Operation("users.blocks.find", "/users/blocked/{userId}", "get", "user"),
    Operation("users.pets.add", "/users/pets", "post", "user"),
    Operation("singers.list", "/singers", "get", "public"),
    Operation("singers.lists", "/admin/singers", "get", "admin"),
    Operation("creators.levels.set", "/admin/creators/{creatorId}", "put", "admin"),
    Operation("creators.pages.replace", "/creators/pages/{pageId}", "put", "creator"),
]


@pytest.fixture(params=OPERATIONS, ids=lambda operation: operation.id)
def operation(request: pytest.FixtureRequest) -> Operation:
    found: Operation = request.param
    return found


@pytest.fixture
def tree(operation: Operation, tmp_path: Path) -> Path:
    """Our contract, and beside it the files of a new operation."""
    shutil.copytree(OPENAPI, tmp_path / "openapi")
    for file, text in files(operation):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    return tmp_path


def test_the_contract_takes_it(operation: Operation, tree: Path) -> None:
    policy = load(tree / "openapi").policies[operation.id]
    assert (policy.method, policy.path, policy.scope) == (operation.method, operation.path, operation.scope)


def test_its_summary_is_a_title(operation: Operation, tree: Path) -> None:
    check(tree / "openapi")
    written = load(tree / "openapi").document["paths"][operation.path][operation.method]["summary"]
    assert written == operation.title
    assert list(faults(written)) == []


@pytest.mark.parametrize(
    ("name", "method", "title"),
    [
        ("users.blocks.find", "get", "Find Blocks"),
        ("creators.list", "get", "List Creators"),
        ("auth.two_factor.regenerate_backup_codes", "post", "Regenerate Two Factor Backup Codes"),
        ("creators.social", "get", "Get Creators Social"),
    ],
)
def test_its_summary_is_made_of_its_name(name: str, method: str, title: str) -> None:
    assert Operation(name, "/x", method, "user").title == title


def test_the_code_is_python_with_all_that_it_is_called_by(operation: Operation, tree: Path) -> None:
    defined = {
        (file.relative_to(tree).parts[0], node.name)
        for file in tree.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.AsyncFunctionDef | ast.ClassDef)
    }
    name = operation.id.rpartition(".")[2]
    assert ("handlers", name) in defined
    assert ("tests", f"Test{name.capitalize()}") in defined
    assert defined & {("persistence", name), ("persistence", f"{name}_for")}


def test_each_place_that_is_left_is_named(operation: Operation, tree: Path) -> None:
    left = unfilled(tree)
    written = {str(file) for file, text in files(operation) if TO_FILL_IN in text}
    assert {line.partition(":")[0] for line in left} == written
    assert {Path(file).parts[0] for file in written} == {"openapi", "handlers", "persistence", "tests"}
    assert all(TO_FILL_IN in line for line in left)


def test_nothing_of_ours_is_left() -> None:
    assert unfilled() == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["auth.login", "--path", "/auth/login-again"], "auth.login exists"),
        (["auth.enter", "--path", "/auth/login", "--method", "post"], "auth.login exists"),
        (["login", "--path", "/login"], "module.name or module.noun.name"),
        (["nothing.login", "--path", "/login"], "name nothing under `tags`"),
    ],
)
def test_what_cannot_be_added_is_refused(arguments: list[str], told: str) -> None:
    done = CliRunner().invoke(cli, ["new", "operation", *arguments])
    assert done.exit_code == 1
    assert told in done.output
