"""A proof of who calls, which the staff gives anew by password and second factor."""

import pytest

from tests.harness import PASSWORD, Api, Server, code_of
from tests.staff import code, hired, member


class TestConfirm:
    CONFIRM = "admin.session.confirm"

    def test_opens_what_needs_a_recent_proof(self, api: Api, server: Server) -> None:
        caller = member(server, "OWNER", session={"confirmed_at": None})
        assert api.call("admin.me", headers=caller.headers).json()["data"]["freshUntil"] is None
        told = api.call(self.CONFIRM, {"password": PASSWORD, "code": code()}, headers=caller.headers).json()["data"]
        assert api.call("admin.me", headers=caller.headers).json()["data"]["freshUntil"] == told["freshUntil"]

    @pytest.mark.parametrize("wrong", [{"password": "Wrong-Horse-7"}, {"code": "000000"}])
    def test_does_not_say_what_was_wrong(self, api: Api, server: Server, wrong: dict[str, str]) -> None:
        caller = member(server, "OWNER", session={"confirmed_at": None})
        body = {"password": PASSWORD, "code": code()} | wrong
        response = api.call(self.CONFIRM, body, headers=caller.headers)
        assert (response.status_code, code_of(response)) == (401, "admin.confirm_invalid")
        assert api.call("admin.me", headers=caller.headers).json()["data"]["freshUntil"] is None

    def test_guesses_are_bounded(self, api: Api, server: Server) -> None:
        server.configure(**{"ratelimit.enabled": False})
        caller = hired(server, "OWNER")
        passwords = [self.guess(api, caller, password="Wrong-Horse-7") for _ in range(6)]
        assert passwords[-1] == "auth.password.locked"
        other = hired(server, "OWNER")
        assert [self.guess(api, other) for _ in range(11)][-1] == "auth.2fa.locked"

    def guess(self, api: Api, headers: dict[str, str], password: str = PASSWORD) -> str:
        return code_of(api.call(self.CONFIRM, {"password": password, "code": "000000"}, headers=headers))

    def test_a_code_is_good_once(self, api: Api, server: Server) -> None:
        caller, body = hired(server, "OWNER"), {"password": PASSWORD, "code": code()}
        told = [api.call(self.CONFIRM, body, headers=caller).status_code for _ in range(2)]
        assert told == [200, 401]
