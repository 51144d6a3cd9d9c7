"""The configuration of Schemathesis, from the contract: which business answers a valid request may get."""

from runtime.spec import Contract


def configuration(contract: Contract) -> str:
    return ""
