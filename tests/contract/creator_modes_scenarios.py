"""Vacations and messages of creators, for the test of side effects."""

from typing import Any

from tests.contract.scenario import Act, Conditional, Scenario
from tests.creators import creator, signed_in
from tests.harness import Api, Tables


def calling(operation_id: str, body: Any = None, **profile: Any) -> Scenario:
    """A creator calls; ``profile`` are columns of the creator profile."""

    def prepare(api: Api, tables: Tables) -> Act:
        one = creator(api, tables, **profile)
        path = api.policy(operation_id).path.format(creatorId=one.creator_id)
        headers = signed_in(api, one)
        return lambda: api.call(operation_id, body, path=path, headers=headers)

    return prepare


SCENARIOS: dict[str, Scenario] = {
    "creators.vacation.find": calling("creators.vacation.find"),
    "creators.vacation.update": calling("creators.vacation.update", {"enabled": True}),
}
CONDITIONAL: Conditional = {}
