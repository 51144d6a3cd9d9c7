"""Successes and conditions of connecting accounts of other platforms, for the test of side effects."""

from contextlib import ExitStack
from uuid import UUID

import httpx

from tests.contract.scenario import Act, Conditional, Scenario
from tests.creators import creator, signed_in
from tests.handlers.creators.test_social_accounts import connected, opened
from tests.handlers.support import account
from tests.harness import Api, Tables, bearer


def connecting(followers: int | None, *, published: bool = True) -> Scenario:
    def prepare(api: Api, tables: Tables) -> Act:
        """The platforms stand from now on until the call has its answer."""
        headers = signed_in(api, creator(api, tables, page={"published": published}))
        with ExitStack() as stack:
            platforms = stack.enter_context(opened(api.server))
            platforms["youtube"].person(followers=followers)
            platforms["youtube"].keeps_codes = True  # samples of all languages have the one of the call
            standing = stack.pop_all()

        def act() -> httpx.Response:
            with standing:
                body = platforms["youtube"].body()
                return api.call("creators.social_accounts.connect", body, headers=headers)

        return act

    return prepare


def followed(tables: Tables, user_id: UUID) -> None:
    account_id = connected(tables, user_id, "youtube")
    row = "INSERT INTO social_metrics (account_id, user_id, follower_count) VALUES (%s, %s, 1200)"
    tables.run(row, account_id, user_id)


def disconnecting(api: Api, tables: Tables) -> Act:
    """Of somebody who is no creator any more."""
    followed(tables, account(api, tables))
    headers = bearer(api.sign_in())
    return lambda: api.call("creators.social_accounts.disconnect", {"platform": "youtube"}, headers=headers)


def disconnecting_followed(api: Api, tables: Tables) -> Act:
    ada = creator(api, tables, total_followers=1200)
    followed(tables, ada.user_id)
    headers = signed_in(api, ada)
    return lambda: api.call("creators.social_accounts.disconnect", {"platform": "youtube"}, headers=headers)


SCENARIOS: dict[str, Scenario] = {
    "creators.social_accounts.connect": connecting(None, published=False),
    "creators.social_accounts.disconnect": disconnecting,
}
SHOWN = {"creator_profiles", "creator_search"}
CONDITIONAL: Conditional = {
    "creators.social_accounts.connect": [(connecting(1200), SHOWN)],
    "creators.social_accounts.disconnect": [(disconnecting_followed, {"bio_pages", *SHOWN})],
}
