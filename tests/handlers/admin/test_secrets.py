"""Secrets that were stored for vendors stand in no answer to the staff, no log line and no row that staff reads."""

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from domain.config_keys import SecretKey
from services.config.catalogue import CATALOGUE
from services.platforms import OAuthDirectory
from tests.contract.operations import CONTRACT, IDS, well_formed
from tests.harness import Api, Server, Tables
from tests.staff import Hired, member

PLANTED = "planted-5b0f6f0e6f3c4f4e"
SECRETS = [name for name, key in CATALOGUE.items() if isinstance(key, SecretKey)]
READING = [name for name in IDS if CONTRACT.policies[name].scope == "admin" and CONTRACT.policies[name].method == "get"]
READ = ("audit_logs", "config_history", "outbox")


def planted(name: str) -> str:
    """A value that the key takes."""
    return f"smtp://user:{PLANTED}@127.0.0.1:1" if name.endswith(".url") else PLANTED


@pytest.fixture
def owner(server: Server) -> Hired:
    """Whoever may read everything, of a deployment in which every secret is set."""
    server.configure(**{name: planted(name) for name in SECRETS})
    parts = server.app.parts
    server.on_loop(OAuthDirectory(parts.database, parts.keyring).set("google", client_secret=PLANTED, client_id="ours"))
    return member(server, "OWNER")


def test_there_are_some() -> None:
    assert len(SECRETS) > 3
    assert len(READING) > 20


@pytest.mark.parametrize("operation_id", READING)
def test_no_answer_holds_one(api: Api, owner: Hired, operation_id: str) -> None:
    with capture_logs() as logs:
        options = well_formed(api, operation_id)
        response = api.call(operation_id, **(options | {"headers": options["headers"] | owner.headers}))
    assert response.status_code < 500
    assert PLANTED not in response.text
    assert PLANTED not in json.dumps(logs, default=str)


@pytest.mark.parametrize("name", SECRETS)
def test_one_that_is_set_over_http_stays_inside(api: Api, owner: Hired, tables: Tables, name: str) -> None:
    path = f"/admin/config/{name}"
    with capture_logs() as logs:
        shown = api.call("admin.config.get", path=path, headers=owner.headers)
        body = {"value": planted(name), "reason": "A new one from the vendor."}
        headers = owner.headers | {"If-Match": shown.headers["etag"]}
        answers = [shown, api.call("admin.config.set", body, path=path, headers=headers)]
        answers.append(api.call("admin.config.history", path=f"{path}/history", headers=owner.headers))
    told: Any = [answer.text for answer in answers]
    assert PLANTED not in json.dumps([told, logs], default=str)
    for table in READ:
        assert PLANTED not in json.dumps(tables.rows(f"SELECT * FROM {table}"), default=str)  # noqa: S608
