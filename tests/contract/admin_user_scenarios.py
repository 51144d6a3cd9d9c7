"""What staff leaves behind that finds accounts, views them and helps their owners."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.contract.scenario import Act, Conditional, Scenario, as_staff, with_proofs_open
from tests.handlers.support import insert
from tests.harness import PASSWORD, Api, Tables, bearer, code_of
from tests.staff import hired

REASON = "Ticket 1042."
USER = "/admin/users/{id}"
Prepare = Callable[[Tables], Mapping[str, Any]]


def user(tables: Tables, **columns: Any) -> UUID:
    return insert(tables, "users", **({"email": "ada@example.com", "email_verified": True, "locale": "en"} | columns))


def of_user(**columns: Any) -> Prepare:
    return lambda tables: {"id": user(tables, **columns)}


def signed_in(tables: Tables) -> Mapping[str, Any]:
    user_id, now = user(tables), datetime.now(UTC)
    lives = {"last_active_at": now, "expires_at": now + timedelta(days=1)}
    insert(tables, "sessions", user_id=user_id, **lives)
    return {"id": user_id}


def known(tables: Tables) -> Mapping[str, Any]:
    found = signed_in(tables)
    place = {"device_hash": b"d", "network": b"n", "area": b"a", "last_seen_at": datetime.now(UTC)}
    insert(tables, "known_devices", user_id=found["id"], **place)
    return found


def assisting(act: str, **columns: Any) -> Scenario:
    path, body = f"{USER}/assist", {"act": act, "reason": REASON}
    return as_staff("admin.users.assist", body, path=path, prepare=of_user(**columns))


def unlock_guessed(api: Api, tables: Tables) -> Act:
    """Somebody who is signed in guessed the password."""
    headers = hired(api.server, "OWNER")
    signed_up = api.sign_up()
    guesser = bearer(api.sign_in())
    body = {"currentPassword": "Wrong-Horse-7", "newPassword": f"{PASSWORD}x"}
    assert code_of(api.call("auth.passwords.change", body, headers=guesser)) == "auth.change_password.invalid_current"
    path, body = f"/admin/users/{signed_up}/assist", {"act": "UNLOCK", "reason": REASON}
    return lambda: api.call("admin.users.assist", body, path=path, headers=headers)


def ending(prepare: Prepare) -> Scenario:
    return as_staff("admin.user_sessions.end", {"reason": REASON}, path=f"{USER}/sessions/end", prepare=prepare)


def remove_note(api: Api, tables: Tables) -> Act:
    headers, path = hired(api.server, "SUPPORT"), f"/admin/users/{user(tables)}/notes"
    note = api.call("admin.user_notes.add", {"text": "Called."}, path=path, headers=headers).json()["data"]
    return lambda: api.call("admin.user_notes.remove", path=f"{path}/{note['id']}", headers=headers)


SCENARIOS: dict[str, Scenario] = {
    "admin.users.list": as_staff("admin.users.list", prepare=of_user(), params={"count": "true"}),
    "admin.users.csv": as_staff("admin.users.csv", prepare=of_user()),
    "admin.users.get": as_staff("admin.users.get", path=USER, prepare=signed_in),
    "admin.users.reveal": as_staff(
        "admin.users.reveal",
        {"fields": ["email", "phone", "ip"], "reason": REASON},
        path=f"{USER}/reveal",
        prepare=signed_in,
    ),
    "admin.users.assist": assisting("PASSWORD_RESET"),
    "admin.users.export": as_staff("admin.users.export", {"reason": REASON}, path=f"{USER}/export", prepare=of_user()),
    "admin.user_sessions.list": as_staff("admin.user_sessions.list", path=f"{USER}/sessions", prepare=signed_in),
    "admin.user_sessions.end": ending(of_user()),
    "admin.user_notes.list": as_staff("admin.user_notes.list", path=f"{USER}/notes", prepare=of_user()),
    "admin.user_notes.add": as_staff(
        "admin.user_notes.add", {"text": "Called."}, path=f"{USER}/notes", prepare=of_user()
    ),
    "admin.user_notes.remove": remove_note,
}
NO_RESET = "-auth.forgot_password"
CONDITIONAL: Conditional = {
    "admin.users.assist": [
        (assisting("VERIFY_EMAIL", email_verified=False), {"auth.resend_verification", NO_RESET}),
        (assisting("UNLOCK"), {"users", NO_RESET}),
        (unlock_guessed, {"users", "login_attempts", NO_RESET}),
    ],
    "admin.user_sessions.end": [
        (ending(signed_in), {"sessions", "email.sessions_ended_by_staff"}),
        (ending(known), {"sessions", "known_devices", "email.sessions_ended_by_staff"}),
        (
            with_proofs_open(ending(signed_in)),
            {"sessions", "challenges", "users", "email_changes", "email.sessions_ended_by_staff"},
        ),
    ],
}
