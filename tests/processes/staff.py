"""Somebody of the staff, hired by the command line: a password by the link, a second factor, a sign-in."""

from dataclasses import dataclass, field

import pyotp

from tests.harness import PASSWORD, TOKEN
from tests.processes.biore import Deployment, Visitor


@dataclass
class Employee:
    """``codes``: backup codes, each of which is good once, so that nobody waits for the next one of the app."""

    email: str
    codes: list[str] = field(repr=False)

    def code(self) -> str:
        return self.codes.pop()

    def sign_in(self, client: Visitor) -> dict[str, str]:
        """The headers of calls in a session that has passed the second factor just now."""
        answer = client.post("auth/login", json={"email": self.email, "password": PASSWORD}).json()
        proof = {"tempToken": answer["data"]["tempToken"], "code": self.code()}
        passed = client.post("auth/login/2fa", json=proof)
        assert passed.status_code == 200, passed.text
        return {"Authorization": f"Bearer {passed.json()['data']['accessToken']}"}


def hired(biore: Deployment, email: str, role: str = "OWNER") -> Employee:
    with biore.client() as client:
        with_password(biore, client, email, role)
        headers = {"Authorization": f"Bearer {client.sign_in(email)[0]}"}
        secret = client.post("auth/2fa/setup", headers=headers).json()["data"]["secret"]
        answer = client.post("auth/2fa/verify", json={"code": pyotp.TOTP(secret).now()}, headers=headers)
        return Employee(email, answer.json()["data"]["backupCodes"])


def with_password(biore: Deployment, client: Visitor, email: str, role: str = "OWNER") -> None:
    """An account with the role and a password, but without a second factor."""
    found = TOKEN.search(biore.cli("admin", "create", email, "--role", role, "--print-link"))
    assert found is not None
    answer = client.post("auth/reset-password", json={"token": found[1], "newPassword": PASSWORD})
    assert answer.status_code == 200, answer.text
