"""A process of its own, for its log: a sign-up with everything that can go wrong on the way.

Logs go to stderr; to stdout, as JSON, the secrets that were about, the correlation id of the call that failed, and what
was imported.
"""

import json
import logging
import sys
from typing import Any
from uuid import uuid4

import structlog

from runtime.observe import log
from runtime.settings import Settings
from tests.harness import PASSWORD, Api, Server, Tables, bearer, refresh_token

EMAIL = "ada.lovelace@example.com"
SECRET = "a-secret-of-the-walk-0123456789-abcdef"


def sign_up(api: Api) -> list[str]:
    api.register(EMAIL)
    verification = api.verification_token(EMAIL)
    api.call("auth.verify_email", {"token": verification})
    api.call("auth.login", {"email": EMAIL, "password": PASSWORD + "x"})
    return [verification, PASSWORD, EMAIL]


def sign_in(api: Api, tables: Tables) -> list[str]:
    """Signs in, moves on twice, and comes back with the first refresh token as a thief would."""
    access = api.sign_in(EMAIL)
    first = api.cookies["biore_refresh"]
    api.call("auth.me", headers=bearer(access))
    api.call("auth.me", headers=bearer("nobody"))
    api.call("auth.sessions.revoke", path=f"/auth/sessions/{uuid4()}", headers=bearer(access))
    second = refresh_token(api.call("auth.refresh"))
    tables.run("UPDATE sessions SET rotated_at = now() - interval '1 hour'")
    api.call("auth.refresh")
    api.server.work_off()
    return [access, first, second]


def fail(api: Api, tables: Tables) -> tuple[str, list[str]]:
    """A constraint that no code is prepared for: the database's own words hold the whole row."""
    tables.run("ALTER TABLE users ADD CONSTRAINT unforeseen CHECK (email NOT LIKE 'grace%%')")
    answer = api.register("grace.hopper@example.org", username="grace-the-admiral")
    assert answer.status_code == 500, answer.text
    return answer.headers["x-correlation-id"], ["grace.hopper@example.org", "grace-the-admiral"]


def grumble(url: str) -> None:
    """What careless code and libraries might log."""
    logging.getLogger("a.library").warning("cannot connect to %s", url)
    logging.getLogger("a.library").warning("careless", extra={"reply": {"email": EMAIL, "parts": [[EMAIL]]}})
    try:
        int(f"{EMAIL} with {url}")
    except ValueError as error:
        logging.getLogger("a.library").exception("failed for %s", EMAIL)
        structlog.get_logger("ours").error("failed", reason=error, password=PASSWORD, exc_info=error)


def walk(url: str, password: str) -> dict[str, Any]:
    server = Server(Settings(secret_key=SECRET), url)
    try:
        with server.client() as api, Tables(url) as tables:
            secrets = [SECRET, password, *sign_up(api), *sign_in(api, tables)]
            hashed = tables.one("SELECT password_hash FROM users")["password_hash"]
            correlation_id, others = fail(api, tables)
            grumble(url)
    finally:
        server.stop()
    return {"secrets": [*secrets, *others, hashed], "failed": correlation_id, "modules": list(sys.modules)}


if __name__ == "__main__":
    log.configure(readable=sys.argv[1] == "readable")
    sys.stdout.write(json.dumps(walk(sys.argv[2], sys.argv[3])))
