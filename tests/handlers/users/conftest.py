"""A person who is signed in."""

from uuid import UUID

import pytest

from tests.handlers.support import account
from tests.harness import Api, Tables


@pytest.fixture
def user_id(api: Api, tables: Tables) -> UUID:
    return account(api, tables)


@pytest.fixture
def access(api: Api, user_id: UUID) -> str:
    return api.sign_in()
