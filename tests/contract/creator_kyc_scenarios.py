"""Verifications of identity, for the test of side effects."""

from tests.contract.scenario import Act, Conditional, Scenario
from tests.creators import creator, signed_in
from tests.harness import Api, Tables

START, STATUS = "creators.kyc.start", "creators.kyc.status"


def starting(api: Api, tables: Tables) -> Act:
    headers = signed_in(api, creator(api, tables))
    return lambda: api.call(START, headers=headers)


def going_on(api: Api, tables: Tables) -> Act:
    """With a verification that is open."""
    act = starting(api, tables)
    act()
    return act


def reading(api: Api, tables: Tables) -> Act:
    headers = signed_in(api, creator(api, tables))
    return lambda: api.call(STATUS, headers=headers)


SCENARIOS: dict[str, Scenario] = {START: going_on, STATUS: reading}
CONDITIONAL: Conditional = {START: [(starting, {"kyc_sessions", "creator_profiles", "creator.kyc.start.success"})]}
