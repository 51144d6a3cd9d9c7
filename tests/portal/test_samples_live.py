"""Every sample against a running server: what a page shows has been run, by the real program, and was answered."""

import json
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote

import httpx
import pytest
from psycopg import sql

from portal.model import Operation
from portal.samples import texts
from portal.samples.call import ABSENT, Values
from tests.contract.test_side_effects import SCENARIOS
from tests.harness import KEPT_TABLES, Api, Server, Tables
from tests.portal.interpreters import HAS_NODE, Interpreter, Outcome, node, python, without_types
from tests.portal.recording import record_sample
from tests.portal.sites import IDS, OPERATIONS

SUFFIXES = {"curl": ".sh", "python": ".py", "javascript": ".mjs", "typescript": ".mjs"}
BROWSER = ("javascript", "typescript")
# Without Node these two are only parsed (test_samples_syntax.py), and recorded as no more than that.
LANGUAGES = ["curl", "python", *(BROWSER if HAS_NODE else ())]
Run = Callable[[str, Path], Outcome]


@pytest.fixture(scope="module")
def open_server(start_server: Callable[..., Server]) -> Server:
    """All samples come from one address, which has no share of any limit."""
    return start_server()


@pytest.fixture
def api(open_server: Server) -> Iterator[Api]:
    open_server.reset()
    open_server.configure(**{"ratelimit.enabled": False})
    with open_server.client() as client:
        yield client


@pytest.fixture
def tables(api: Api) -> Iterator[Tables]:
    with Tables(api.server.database_url) as tables:
        yield tables


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("samples")


@pytest.fixture(scope="module")
def run(folder: Path) -> Iterator[Run]:
    with python(folder) as snake:
        if not HAS_NODE:
            yield lambda language, file: snake.run(file) if language == "python" else shell(file)
            return
        with node(folder) as browser:
            interpreters: dict[str, Interpreter] = {"python": snake} | dict.fromkeys(BROWSER, browser)
            yield lambda language, file: interpreters[language].run(file) if language in interpreters else shell(file)


def shell(file: Path) -> Outcome:
    """curl tells the status too; the sample does not have to."""
    (file.parent / ".curlrc").write_text('silent\nwrite-out = "\\n%{http_code}"\n')
    environment = {"PATH": "/usr/bin:/bin", "CURL_HOME": str(file.parent)}
    ended = subprocess.run(
        ["sh", file], cwd=file.parent, env=environment, capture_output=True, text=True, timeout=20, check=False
    )
    return Outcome(ended.returncode == 0, ended.stdout + ended.stderr)


class Taken(Exception):
    """The call was made by somebody else."""


def values_of(operation: Operation, request: httpx.Request, *, cookies: bool) -> Values:
    """The values that the request of a scenario carries, for a page that shows the same call."""
    pattern = re.sub(r"\\\{([^}]*)\\\}", r"(?P<\1>[^/]+)", re.escape(operation.base_path + operation.path))
    path = re.fullmatch(pattern, request.url.raw_path.decode().partition("?")[0])
    assert path, request.url
    named = {parameter.name for parameter in operation.parameters if parameter.location == "header"}
    held = dict(re.findall(r"([^=; ]+)=([^;]*)", request.headers.get("cookie", "")))
    taken = {p.name: held[p.name] for p in operation.parameters if p.location == "cookie" and p.name in held}
    body = json.loads(request.content) if request.content else {} if operation.body else ABSENT
    if not cookies:
        body = {"refreshToken": taken["biore_refresh"]} if "biore_refresh" in taken else body
        taken = {}
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    return Values(
        path={name: unquote(value) for name, value in path.groupdict().items()},
        query={name: values[0] for name, values in parse_qs(request.url.query.decode()).items()},
        headers={name: request.headers[name] for name in named if name in request.headers},
        cookies=taken,
        token=token if token and operation.takes_token else None,
        body=body,
    )


def jar(values: Values) -> str:
    """The file that curl keeps cookies in."""
    lines = [f"127.0.0.1\tFALSE\t/api/v1/auth\tTRUE\t0\t{name}\t{value}" for name, value in values.cookies.items()]
    return "\n".join(["# Netscape HTTP Cookie File", *lines, ""])


class State:
    """What the tables hold now, to come back to: a scenario is played once, and its end given to every language."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._names = sorted(set(tables.names()) - KEPT_TABLES | {"bio_templates"})
        self._saved = [name for name in self._names if tables.count(name)]
        tables.run("; ".join(self._said("CREATE TEMPORARY TABLE {saved} AS TABLE {name}", self._saved)))
        tables.run("SET session_replication_role = replica")  # rows come back in any order

    def restore(self) -> None:
        """All at once: the server reads its config again every few seconds."""
        emptied = self._said("DELETE FROM {name}", self._names)
        filled = self._said("INSERT INTO {name} OVERRIDING SYSTEM VALUE TABLE {saved}", self._saved)
        self._tables.run("; ".join(["BEGIN", *emptied, *filled, "COMMIT"]))

    @staticmethod
    def _said(statement: str, names: Iterable[str]) -> list[str]:
        return [
            sql.SQL(statement).format(name=sql.Identifier(name), saved=sql.Identifier(f"saved_{name}")).as_string()
            for name in names
        ]


@pytest.mark.parametrize("operation_id", IDS)
def test_every_sample_succeeds(api: Api, tables: Tables, folder: Path, run: Run, operation_id: str) -> None:
    operation = OPERATIONS[operation_id]
    act = SCENARIOS[operation_id](api, tables)
    played = []

    def instead(request: httpx.Request) -> None:
        state = State(tables)
        for language in LANGUAGES:
            state.restore()
            values = values_of(operation, request, cookies=language not in BROWSER)
            (folder / "jar.txt").write_text(jar(values))
            outcome = run(language, written(folder, operation, api.server.origin, values, language))
            assert outcome.ok, f"{language}: {outcome.printed}"
            if language == "curl":
                assert_documented(operation, outcome)
            record_sample(operation_id, language, "executed")
            played.append(language)
        raise Taken

    api.event_hooks["request"].append(instead)
    with pytest.raises(Taken):
        act()
    assert played == LANGUAGES


def written(folder: Path, operation: Operation, origin: str, values: Values, language: str) -> Path:
    text = texts(operation, origin, values)[language]
    file = folder / f"{operation.id}-{language}{SUFFIXES[language]}"
    file.write_text(without_types(text) if language == "typescript" else text)
    return file


def assert_documented(operation: Operation, outcome: Outcome) -> None:
    answer, _, status = outcome.printed.rpartition("\n")
    assert int(status) in {success.status for success in operation.successes}
    assert operation.policy.bare or json.loads(answer)["success"] is True


def test_a_refusal_is_told_with_its_code(api: Api, folder: Path, run: Run) -> None:
    values = Values(body={"email": "nobody@example.com", "password": "Wrong-Horse-7"})
    for language in LANGUAGES:
        outcome = run(language, written(folder, OPERATIONS["auth.login"], api.server.origin, values, language))
        assert not outcome.ok
        assert "auth.login.invalid_credentials" in outcome.printed
