"""Calls with ``?dryRun=true``: which handlers may have them."""

from collections.abc import Collection, Mapping

from contract.dry_runs import PARAMETER
from contract.names import argument_name
from contract.policy import ContractError, Policy

GIVEN = argument_name(PARAMETER)
# What a rolled back transaction does not take back, by the name that a handler asks for it with.
OUTSIDE: Mapping[str, str] = {
    "avatar_columns": "storage keeps files",
    "carrier": "a cookie is set or taken",
    "current_password": "wrong guesses would not be counted",
    "kyc": "a vendor is asked",
    "leaked_passwords": "a vendor is asked",
    "mail_rules": "name servers are asked",
    "oauth": "platforms are asked",
    "payments": "a vendor is asked",
    "payout_accounts": "a vendor is asked",
    "payout_settler": "a vendor is asked",
    "platforms": "platforms are asked",
    "provider_samples": "providers are asked",
    "referral_clicks": "clicks are counted in transactions of their own",
    "second_factor": "wrong guesses would not be counted",
    "simulations": "the sandbox keeps what was pressed",
    "social": "platforms are asked",
    "storage": "storage keeps files",
    "visitor": "a cookie is set",
    "visits": "visits are counted in transactions of their own",
}


def arguments(policy: Policy, names: set[str]) -> set[str]:
    """What a handler may take for its parameters: none asks whether it is a dry run."""
    return names - {GIVEN} if policy.dry_run else names


def check(policy: Policy, asked: Collection[str]) -> None:
    """Raises ContractError for a handler that a dry run could not take back."""
    if not policy.dry_run:
        return
    if told := [f"{name} ({OUTSIDE[name]})" for name in sorted(OUTSIDE.keys() & set(asked))]:
        raise ContractError(f"{policy.operation_id}: x-biore-dry-run: the handler asks for {', '.join(told)}")
    if not {"uow", "db"} & set(asked):
        raise ContractError(f"{policy.operation_id}: x-biore-dry-run: the handler takes neither uow nor db")
