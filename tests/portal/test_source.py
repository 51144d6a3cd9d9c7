"""Where an operation stands in the code: read off the code, so it is there, and what leads nowhere stops the build."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from contract.loader import ROOT, Contract
from contract.policy import ContractError, SideEffect
from portal.source import KINDS, Source, Sources
from proof.sources import find_sources, uses_of


@pytest.fixture(scope="module")
def sources(contract: Contract) -> Sources:
    return find_sources(contract)


# What these leave, the provider that was asked has left.
BY_PROVIDERS = {"dev.mail", "dev.sms"}
BY_PROVIDERS |= {"dev.simulate_kyc", "dev.simulate_payment", "dev.simulate_payout", "dev.simulate_payout_account"}


def names(sources: tuple[Source, ...], kind: str) -> list[str]:
    return [source.name for source in sources if source.kind == kind]


class TestSources:
    def test_are_where_they_are_said_to_be(self, contract: Contract, sources: Sources) -> None:
        for operation_id in contract.policies:
            for source in sources.of(operation_id):
                line = (ROOT / source.path).read_text(encoding="utf-8").splitlines()[source.line - 1]
                name = source.name.rpartition(".")[2]
                begins = [
                    f"def {name}(",
                    f"class {name}(",
                    f"class {name}:",
                    f"{source.name.partition(' ')[0].lower()}:",
                ]
                assert any(begin in line for begin in begins), f"{source}: {line}"

    def test_every_operation_has_its_contract_its_handler_and_a_test(
        self, contract: Contract, sources: Sources
    ) -> None:
        for operation_id in contract.policies:
            kinds = [source.kind for source in sources.of(operation_id)]
            assert kinds.count("contract") == kinds.count("handler") == 1
            assert "test" in kinds
            assert kinds == sorted(kinds, key=KINDS.index)

    def test_who_writes_has_a_repository_and_the_models_of_all_tables(
        self, contract: Contract, sources: Sources
    ) -> None:
        for operation_id, policy in contract.policies.items():
            tables = {table for effect in policy.side_effects if effect.kind == "write" for table in effect.what}
            found = sources.of(operation_id)
            if operation_id in BY_PROVIDERS:
                continue
            assert not tables or names(found, "repository")
            assert len(names(found, "model")) >= len(tables)

    def test_chains_helpers_services_and_jobs_are_followed(self, sources: Sources) -> None:
        login = sources.of("auth.two_factor.login")
        assert "TwoFactor.use_backup_code" in names(login, "repository"), "by way of the service second_factor"
        refresh = sources.of("auth.refresh")
        assert {"judge", "require_refresh_allowed"} <= set(names(refresh, "rules")), "by way of the helper _rotate"
        register = sources.of("auth.register")
        assert names(register, "job") == ["verify_address"]
        assert "EmailVerifications.first" in names(register, "repository"), "a method of the class above"
        assert "EmailVerification" in names(register, "model")
        assert "session_view" in names(sources.of("auth.sessions.list"), "rules")

    @pytest.mark.parametrize(
        ("operation_id", "file", "classes"),
        [
            ("auth.otp.verify", "auth/test_otp.py", ["TestVerify"]),
            ("auth.sessions.revoke", "auth/test_sessions.py", ["TestRevoke"]),
            ("auth.sessions.revoke_all", "auth/test_sessions.py", ["TestRevokeAll"]),
            ("auth.two_factor.setup_init", "auth/test_two_factor.py", ["TestSetup"]),
            ("auth.verify_email_change", "users/test_emails.py", ["TestVerifyEmailChange"]),
            ("users.reactivate", "auth/test_reactivation.py", ["TestReactivate"]),
        ],
    )
    def test_tests_are_found_by_their_names(
        self, sources: Sources, operation_id: str, file: str, classes: list[str]
    ) -> None:
        found = [source for source in sources.of(operation_id) if source.kind == "test"]
        assert {source.path for source in found} == {f"tests/handlers/{file}"}
        assert [source.name for source in found] == classes

    def test_an_unknown_operation_has_none(self, sources: Sources) -> None:
        with pytest.raises(ContractError, match=r"auth\.nothing"):
            sources.of("auth.nothing")


HANDLER = """from domain.auth import judge


async def handle(db):
    await db.{chain}()
"""


def module(path: Path, text: str) -> ModuleType:
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = loaded
    spec.loader.exec_module(loaded)
    return loaded


class TestLies:
    @pytest.mark.parametrize(
        ("chain", "told"),
        [("users.nothing", "Users has no method nothing"), ("nothing.find", "repositories.py has no nothing")],
    )
    def test_a_chain_that_leads_nowhere(self, tmp_path: Path, chain: str, told: str) -> None:
        handler = module(tmp_path / "lost.py", HANDLER.format(chain=chain)).handle
        with pytest.raises(ContractError, match=rf"lost\.py:5: db\.{chain} leads nowhere: .*{told}"):
            uses_of(handler)

    def test_code_that_moved_since_it_was_loaded(self, tmp_path: Path) -> None:
        handler = module(tmp_path / "moved.py", HANDLER.format(chain="users.find")).handle
        (tmp_path / "moved.py").write_text("\n" + HANDLER.format(chain="users.find"))
        with pytest.raises(ContractError, match="handle is not where it was"):
            uses_of(handler)

    @pytest.mark.parametrize(
        ("kind", "what", "told"),
        [("write", "nothings", "no model has the table nothings"), ("job", "a.b", "topic a.b")],
    )
    def test_an_effect_that_is_none(self, contract: Contract, kind: str, what: str, told: str) -> None:
        with pytest.raises(ContractError, match=rf"auth\.logout: .*{told}"):
            find_sources(claiming(contract, kind, what))

    def test_an_operation_without_a_test(self, contract: Contract, tmp_path: Path) -> None:
        (tmp_path / "test_other.py").write_text("class TestOther:\n    pass\n")
        with pytest.raises(ContractError, match=r"auth\.\w+: no test class Test\w+ in tests/handlers"):
            find_sources(contract, tests=tmp_path)

    def test_an_installed_package_has_no_tests(self, contract: Contract, tmp_path: Path) -> None:
        found = find_sources(contract, tests=tmp_path / "gone")
        assert not names(found.of("auth.logout"), "test")
        assert names(found.of("auth.logout"), "handler") == ["logout"]


def claiming(contract: Contract, kind: str, what: str) -> Contract:
    """The contract, in which logout alone is left, with another side effect."""
    policy: Any = contract.policies["auth.logout"]
    lying = replace(policy, side_effects=(SideEffect(kind, (what,), conditional=False),))
    return replace(contract, policies={"auth.logout": lying})
