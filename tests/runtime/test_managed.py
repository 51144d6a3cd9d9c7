"""The config keys of an operation: all that its code reads, whichever way it comes to them, and no others."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from contract.loader import MANAGED_BY, OPENAPI, Contract, load
from contract.policy import ContractError
from proof.managed import keys_of, managed_by
from services.config.catalogue import CATALOGUE

# Keys that no operation reads, by whose they are.
ELSEWHERE = {
    r"ratelimit\.enabled": "the guards of all operations",
    r"portal\.try_mutations": "the portal",
    r"schedule\..*": "the worker's own clock",
    r"auth\.unverified_purge_days": "a recurring job",
    r"admin\.recovery_proof_days": "a recurring job",
    r"consent\.visitor_retention_days": "a recurring job",
    r"support\.contact_retention_days": "a recurring job",
    r"support\.auto_close_days": "a recurring job",
    r"analytics\.raw_retention_days": "a recurring job",
    r"bio\.unsubscribed_retention_days": "a recurring job",
    r"sms\.alert_.*": "a recurring job",
    r"kyc\.valid_days": "a recurring job",
    r"referral\.(hold_days|clawback_days|monthly_budget|max_.*|reward_.*)": "jobs of rewards",
    r"external\.(?!.*(active_provider|failover_providers)$).*": "how a vendor is reached, whoever asks for it",
}


@pytest.fixture(scope="module")
def found(contract: Contract) -> Mapping[str, list[str]]:
    return {name: keys_of(policy) for name, policy in contract.policies.items()}


def test_what_the_contract_shows_is_what_the_code_reads(contract: Contract, found: Mapping[str, list[str]]) -> None:
    assert (OPENAPI / MANAGED_BY).read_bytes() == managed_by(contract)
    for name, keys in found.items():
        assert contract.operation(name).get("x-biore-managed-by", []) == keys


def test_every_key_is_of_an_operation_or_said_to_be_elsewhere(found: Mapping[str, list[str]]) -> None:
    """A way to a key that the reader of the code does not see leaves the key to nobody."""
    read = {key for keys in found.values() for key in keys}
    elsewhere = {key for key in CATALOGUE for pattern in ELSEWHERE if re.fullmatch(pattern, key)}
    assert read | elsewhere == CATALOGUE.keys()
    assert read & elsewhere == set()


@pytest.mark.parametrize(
    ("operation_id", "key"),
    [
        ("auth.login", "auth.lockout_account_threshold"),  # a rule
        ("auth.login", "auth.reactivation_ttl_days"),  # a helper of the handler
        ("auth.register", "legal.terms_version"),
        ("auth.register", "platform.registration_enabled"),  # the kill switch
        ("auth.register", "external.captcha.active_provider"),
        ("auth.sessions.list", "auth.refresh_idle_days"),
        ("auth.sessions.revoke", "auth.confirmation_minutes"),  # what x-biore-fresh asks
        ("auth.passwords.change", "auth.salt_rounds"),  # a service of a service
        ("auth.passwords.change", "auth.undo_hours"),
        ("auth.passwords.forgot", "auth.reset_ttl_minutes"),  # the job
        ("auth.passwords.forgot", "external.email.active_provider"),  # the job of the job
        ("auth.passwords.forgot", "site.base_url"),  # the page that is mailed
        ("upload.presign", "upload.avatar.mime_types"),  # one of several in a constant
    ],
)
def test_it_is_found_wherever_it_is_read(found: Mapping[str, list[str]], operation_id: str, key: str) -> None:
    assert key in found[operation_id]


def test_what_lists_all_keys_reads_only_what_it_asks_itself(found: Mapping[str, list[str]]) -> None:
    assert found["admin.config.list"] == []
    assert found["admin.config.set"] == ["admin.allowed_networks", "admin.fresh_minutes"]


def test_who_reads_none_shows_none(found: Mapping[str, list[str]]) -> None:
    assert found["auth.logout"] == found["users.profile"] == []


def test_nobody_types_them(tmp_path: Path) -> None:
    folder = tmp_path / "openapi"
    shutil.copytree(OPENAPI, folder)
    file = folder / "paths" / "creators.yaml"
    typed = file.read_text().replace(
        "    x-biore-client:", "    x-biore-managed-by: [auth.undo_hours]\n    x-biore-client:"
    )
    file.write_text(typed)
    with pytest.raises(ContractError, match="unknown extension"):
        load(folder)
