"""Every reading of the contract can be measured."""

from uuid import uuid4

from benchmarks.ordinary import URLS, Person, measured_of, url_of
from contract.loader import load


def test_each_has_an_address() -> None:
    contract = load()
    person = Person(uuid4(), uuid4(), "user7", 7, "a", "b")
    measured = measured_of(contract)
    addresses = [url_of(contract, policy, person) for policy in measured]
    assert not [address for address in addresses if "{" in address]
    assert URLS.keys() <= {policy.operation_id for policy in measured}
