"""Every block of a guide that says ``run`` does so against a running server, and prints what the guide shows."""

import http.client
import json
import os
from collections.abc import Iterator
from contextlib import closing
from http.cookies import SimpleCookie
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest

from contract.loader import Contract
from portal import model
from portal.build import Options, build
from portal.guides import ORDER, Guide, placed, read
from portal.guides.blocks import blocks
from runtime.settings import PREFIX
from tests.harness import PASSWORD
from tests.processes.biore import Deployment
from tests.processes.conftest import DeploymentMaker
from tests.processes.guides import Paste, is_shown, pastes, run

START = "[the quick start](guide:quick-start) up to *Log out* first"
LOG_OUT = "## Log out"
PORTAL = "{origin}/llms.txt"


@pytest.fixture(scope="module")
def guides(contract: Contract) -> dict[str, Guide]:
    return {guide.slug: guide for guide in read(model.read(contract))}


@pytest.fixture
def limited(deploy: DeploymentMaker, tmp_path: Path) -> Deployment:
    """As readers run it, with its limits; each guide has a server of its own, so that none uses up another's calls."""
    biore = deploy(portal_dir=str(tmp_path / "portal"))
    biore.configure({"ratelimit.enabled": True})
    return served(biore)


def served(biore: Deployment) -> Deployment:
    """The worker beside the server: one that the server starts reads all the code anew, which takes it a second."""
    biore.serve("--no-worker")
    biore.start("worker")
    return biore


def before(guide: Guide, guides: dict[str, Guide]) -> str:
    """What it asks its readers to paste first."""
    return guides["quick-start"].body.partition(LOG_OUT)[0] if START in " ".join(guide.body.split()) else ""


def steps_of(body: str, biore: Deployment, base_path: str) -> list[Paste]:
    return pastes(tuple(blocks(placed(body, biore.origin, base_path, lambda target: target.name))))


@pytest.mark.parametrize("slug", ORDER)
def test_a_guide_runs_as_it_stands(
    slug: str, guides: dict[str, Guide], contract: Contract, limited: Deployment, tmp_path: Path
) -> None:
    guide = guides[slug]
    if PORTAL in guide.body:
        build(model.read(contract), tmp_path / "portal", Options(limited.origin, locales=("en",), search=False))
    steps = steps_of(before(guide, guides) + guide.body, limited, contract.base_path)
    for _ in range(2 if slug == "quick-start" else 1):  # whoever pastes it once more gets the same
        run(steps, tmp_path, terminal(limited, tmp_path))
        for step in steps:
            told = f"{step.block.text}\nprinted\n{step.printed}"
            assert step.shown is not None or not step.printed.strip(), f"{told}\nwhich the guide does not show"
            assert step.shown is None or is_shown(step.printed, step.shown), f"{told}\nnot\n{step.shown.text}"


def terminal(biore: Deployment, home: Path) -> dict[str, str]:
    """In which ``biore`` reaches the deployment, as in the folder of a checkout."""
    settings = {name: value for name, value in biore.environment.items() if name.startswith(PREFIX)}
    return {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"} | settings


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: str

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["error"]["code"])


class App:
    """A native client as the guide on tokens describes it: no cookie jar, the token from the header and in the body."""

    def __init__(self, biore: Deployment) -> None:
        self._http = http.client.HTTPConnection(biore.origin.removeprefix("http://"), timeout=30)
        self.access = ""
        self.kept = ""

    def close(self) -> None:
        self._http.close()

    def log_in(self, email: str) -> str:
        return self._keep(self.post("auth/login", {"email": email, "password": PASSWORD}))

    def refresh(self) -> str:
        return self._keep(self.post("auth/refresh", {"refreshToken": self.kept}))

    def _keep(self, answer: Answer) -> str:
        """What was answered beside the token: it stands in no body."""
        assert answer.status == 200, answer.body
        cookies = [SimpleCookie(header) for header in answer.headers.get_all("Set-Cookie", [])]
        (self.kept,) = [morsel.value for c in cookies for name, morsel in c.items() if name.endswith("biore_refresh")]
        self.access = json.loads(answer.body)["data"]["accessToken"]
        assert self.kept not in answer.body
        return self.kept

    def post(self, path: str, body: dict[str, str], **headers: str) -> Answer:
        return self._send("POST", path, json.dumps(body), {"Content-Type": "application/json"} | headers)

    def me(self) -> int:
        return self._send("GET", "auth/me", None, {"Authorization": f"Bearer {self.access}"}).status

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        self._http.request(method, f"/api/v1/{path}", body, headers)
        response = self._http.getresponse()
        return Answer(response.status, response.headers, response.read().decode())


@pytest.fixture(scope="module")
def unlimited(deploy: DeploymentMaker) -> Deployment:
    return served(deploy())


class TestNativeClients:
    """What the samples in Swift and Kotlin rely on."""

    @pytest.fixture
    def app(self, unlimited: Deployment) -> Iterator[App]:
        email = f"{uuid4().hex}@example.com"
        with unlimited.client() as visitor:
            visitor.sign_up(email)
        with closing(App(unlimited)) as app:
            app.log_in(email)
            yield app

    def test_stay_logged_in_by_the_header_and_the_body(self, app: App) -> None:
        tokens = {app.kept, app.refresh(), app.refresh()}
        assert len(tokens) == 3
        assert app.me() == 200

    def test_get_the_same_successor_when_an_answer_was_lost(self, app: App) -> None:
        before = app.kept
        after = app.refresh()
        app.kept = before
        assert app.refresh() == after

    def test_lose_every_session_when_an_older_token_is_shown(self, app: App) -> None:
        stolen = app.kept
        app.refresh()
        app.refresh()
        assert app.post("auth/refresh", {"refreshToken": stolen}).code == "auth.refresh.token_reuse_detected"
        assert app.post("auth/refresh", {"refreshToken": app.kept}).code == "auth.refresh.invalid_token"
        assert app.me() == 401

    def test_are_refused_with_another_token_in_a_cookie_jar(self, app: App) -> None:
        jar = f"biore_refresh={app.kept}"
        app.refresh()
        for path in ("auth/refresh", "auth/logout"):
            answer = app.post(path, {"refreshToken": app.kept}, Cookie=jar)
            assert answer.code == "auth.session.tokens_differ"

    def test_end_the_session_by_the_token(self, app: App) -> None:
        assert app.post("auth/logout", {"refreshToken": app.kept}).status == 200
        assert app.me() == 401
        assert app.post("auth/refresh", {"refreshToken": app.kept}).code == "auth.refresh.invalid_token"
