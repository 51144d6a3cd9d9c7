"""Subscriptions to bio pages, for the test of side effects."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.auth import one_time_hash
from domain.keys import Purpose
from tests.contract.scenario import Act, Conditional, Scenario
from tests.creators import creator, signed_in
from tests.handlers.support import insert
from tests.harness import Api, Tables

EMAIL = "grace@example.com"
TOKEN = UUID("9b2f6c1e-5c0d-4b7e-8a43-2f1d0c9e7a65")
OPEN = {"email_collection_enabled": True}


def subscriber(tables: Tables, page_id: UUID, **columns: Any) -> UUID:
    now = datetime.now(UTC)
    usual = {"subscribed_at": now, "token_expires_at": now + timedelta(days=7), "locale": "en"}
    return insert(tables, "bio_email_subscribers", page_id=page_id, email=EMAIL, **(usual | columns))


def subscribing(api: Api, tables: Tables) -> Act:
    path = f"/creators/{creator(api, tables, page=OPEN).page_id}/subscribe"
    return lambda: api.call("creators.subscribers.subscribe", {"email": EMAIL}, path=path)


def subscribing_an_address_that_takes_no_mail(api: Api, tables: Tables) -> Act:
    (digest, *_) = api.server.app.parts.keyring.digests(Purpose.MAIL_QUOTA, "refused", EMAIL)
    tables.run("INSERT INTO mail_suppressions VALUES (%s, now() + interval '1 day')", digest.value)
    return subscribing(api, tables)


def listing(api: Api, tables: Tables) -> Act:
    ada = creator(api, tables)
    subscriber(tables, ada.page_id, confirmed_at=datetime.now(UTC))
    headers = signed_in(api, ada)
    return lambda: api.call("creators.subscribers.list", headers=headers)


def unsubscribing(operation_id: str) -> Scenario:
    def prepare(api: Api, tables: Tables) -> Act:
        one = subscriber(tables, creator(api, tables).page_id, confirmed_at=datetime.now(UTC))
        return lambda: api.call(operation_id, params={"id": str(one)})

    return prepare


def declining(operation_id: str) -> Scenario:
    def prepare(api: Api, tables: Tables) -> Act:
        one = subscriber(tables, creator(api, tables).page_id, token_hash=one_time_hash(TOKEN))
        return lambda: api.call(operation_id, params={"id": str(one)})

    return prepare


def confirming(api: Api, tables: Tables) -> Act:
    subscriber(tables, creator(api, tables).page_id, token_hash=one_time_hash(TOKEN))
    return lambda: api.call("creators.subscribers.confirm", params={"token": str(TOKEN)})


def resending(api: Api, tables: Tables) -> Act:
    return lambda: api.call("creators.subscribers.resend", {"email": EMAIL})


SCENARIOS: dict[str, Scenario] = {
    "creators.subscribers.subscribe": subscribing_an_address_that_takes_no_mail,
    "creators.subscribers.list": listing,
    "creators.subscribers.unsubscribe": unsubscribing("creators.subscribers.unsubscribe"),
    "creators.subscribers.unsubscribe_one_click": unsubscribing("creators.subscribers.unsubscribe_one_click"),
    "creators.subscribers.confirm": confirming,
    "creators.subscribers.resend": resending,
}
CONDITIONAL: Conditional = {
    "creators.subscribers.subscribe": [(subscribing, {"mail_quotas", "email.confirm_subscription"})],
    "creators.subscribers.unsubscribe": [(declining("creators.subscribers.unsubscribe"), {"mail_suppressions"})],
    "creators.subscribers.unsubscribe_one_click": [
        (declining("creators.subscribers.unsubscribe_one_click"), {"mail_suppressions"})
    ],
}
