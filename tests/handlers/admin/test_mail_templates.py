"""Mails looked at before anybody gets one."""

import re
from typing import Any, get_args

import httpx
import pytest

from contract.loader import ROOT
from domain.platform.mail_templates import UNDOABLE
from domain.wire import common
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.staff import Hired, hired, member

TOLD = re.compile(r'_tell_of_change\(\s*job, uow, mailer, config, "(\w+)"')


@pytest.fixture
def admin(server: Server) -> Hired:
    return member(server, "ADMIN")


def templates(api: Api, caller: Hired) -> dict[str, Any]:
    response = api.call("admin.mail_templates.list", headers=caller.headers)
    assert response.status_code == 200, response.text
    return {each["name"]: each for each in response.json()["data"]["items"]}


def preview(api: Api, caller: Hired, name: str, **params: str) -> httpx.Response:
    path = f"/admin/mail-templates/{name}/preview"
    return api.call("admin.mail_templates.preview", path=path, params=params, headers=caller.headers)


def shown(api: Api, caller: Hired, name: str, **params: str) -> dict[str, Any]:
    response = preview(api, caller, name, **params)
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


class TestList:
    def test_every_mail_has_a_name_and_variables(self, api: Api, admin: Hired) -> None:
        found = templates(api, admin)
        assert list(found) == sorted(found)
        assert found["reset_password"] == {
            "name": "reset_password",
            "subject": "Reset your password",
            "variables": ["minutes"],
        }
        assert {"device", "place", "when"} <= set(found["new_sign_in"]["variables"])

    def test_it_takes_the_permission(self, api: Api, server: Server) -> None:
        response = api.call("admin.mail_templates.list", headers=hired(server, "EDITOR"))
        assert (response.status_code, code_of(response)) == (403, "admin.permission_denied")


class TestPreview:
    def test_it_is_the_mail_with_sample_values(self, api: Api, admin: Hired, tables: Tables) -> None:
        mail = shown(api, admin, "reset_password")
        assert (mail["locale"], mail["sample"], mail["subject"]) == ("en", "TYPICAL", "Reset your password")
        assert "once, for 60 minutes." in mail["text"]
        assert "<h1" in mail["html"]
        assert "/reset-password?token=example" in mail["text"]
        assert tables.count("outbox") == 0

    def test_it_speaks_the_language(self, api: Api, admin: Hired) -> None:
        assert 'lang="ar" dir="rtl"' in shown(api, admin, "password_changed", locale="ar")["html"]
        german, english = (shown(api, admin, "password_changed", locale=locale)["text"] for locale in ("de", "en"))
        assert german != english

    def test_an_unknown_device_has_words(self, api: Api, admin: Hired) -> None:
        assert "from an unknown device" in shown(api, admin, "new_sign_in", sample="UNKNOWN")["text"]
        assert len(shown(api, admin, "new_sign_in", sample="LONG")["text"]) > len(
            shown(api, admin, "new_sign_in")["text"]
        )

    def test_all_sentences_are_there(self, api: Api, admin: Hired) -> None:
        text = shown(api, admin, "report_decided")["text"]
        assert "We found a violation" in text
        assert "We found no violation" in text
        assert "We banned your account" in shown(api, admin, "statement_of_reasons")["text"]
        assert "undo-change?token=example" in shown(api, admin, "password_changed")["text"]

    def test_every_mail_can_be_seen_in_every_language(self, api: Api, server: Server, admin: Hired) -> None:
        names = list(templates(api, admin))
        for name in names:
            for sample in ("TYPICAL", "LONG", "UNKNOWN"):
                mail = shown(api, admin, name, sample=sample)
                assert not re.search(r"\{\w+\}|\[\w+\]", mail["text"]), (name, sample)
        server.configure(**{"ratelimit.enabled": False})
        for locale in get_args(common.Locale):
            for name in names:
                shown(api, admin, name, locale=locale)

    @pytest.mark.parametrize("name", ["nothing", "not_me", "restriction"])
    def test_an_unknown_one_is_not_found(self, api: Api, admin: Hired, name: str) -> None:
        response = preview(api, admin, name)
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")

    def test_languages_and_samples_are_known_ones(self, api: Api, admin: Hired) -> None:
        response = preview(api, admin, "reset_password", locale="xx", sample="NONE")
        assert broken_rules(response) == {("locale", "enum"), ("sample", "enum")}

    def test_which_mails_can_be_undone_is_as_they_are_sent(self) -> None:
        sent = set(TOLD.findall((ROOT / "jobs" / "email.py").read_text(encoding="utf-8")))
        assert sent | {"verify_address"} == UNDOABLE
