"""The operations of the contract, with what the tests of all of them need to know of each."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

import httpx

from contract.loader import load
from contract.unions import like
from tests.handlers.creators.test_visits import BROWSER
from tests.handlers.support import insert, somebody, token_of
from tests.harness import Api, Server, bearer, remember
from tests.staff import Hired, member

CONTRACT = load()
FAR = datetime(2999, 1, 1, tzinfo=UTC)
_callers: "WeakKeyDictionary[Api, str]" = WeakKeyDictionary()
_creators: "WeakKeyDictionary[Api, str]" = WeakKeyDictionary()
_owners: "WeakKeyDictionary[Api, Hired]" = WeakKeyDictionary()
IDS = sorted(CONTRACT.policies)
WITH_BODY = [name for name in IDS if "requestBody" in CONTRACT.operation(name)]
LIMITED = [name for name in IDS if CONTRACT.policies[name].rate]
SECURED = [name for name in IDS if CONTRACT.operation(name)["security"] == [{"bearerAuth": []}]]
OF_CREATORS = [name for name in IDS if CONTRACT.policies[name].scope == "creator"]
OF_STAFF = [name for name in IDS if CONTRACT.policies[name].scope == "admin"]
SWITCHED = [name for name in IDS if CONTRACT.policies[name].kill_switch]

# Tools that ask a provider, and no table.
WITHOUT_DATABASE = {"dev.captcha", "dev.geoip", "dev.storage"}
# What is kept in memory, of a language that nobody knows.
WITHOUT_DATABASE |= {"i18n.locales.list", "i18n.translations.bundle", "i18n.translations.namespace"}
# Words of the release, and what everybody is told who is not signed in.
WITHOUT_DATABASE |= {"content.cookies.policy", "content.cookies.status"}
# Visits of programs are not counted, and whoever counts is answered the same while nothing can be counted.
WITHOUT_DATABASE |= {"creators.visits.click", "creators.visits.view"}
# What an admin has set.
WITHOUT_DATABASE |= {"wallet.packages"}
# Without which column no call of the operation can succeed; a new operation must be told here.
NEEDS = {
    "creators.kyc.start": ("kyc_sessions", "state"),
    "creators.kyc.status": ("creator_profiles", "kyc_status"),
    "creators.payout_account.complete": ("payout_accounts", "sign_in_hash"),
    "creators.payout_account.dashboard_link": ("payout_accounts", "ref"),
    "creators.payout_account.initiate": ("payout_accounts", "leased_until"),
    "creators.payout_account.refresh_link": ("payout_accounts", "ref"),
    "creators.payout_account.status": ("creator_profiles", "payout_account_status"),
    "discover.featured": ("featured_creators", "starts_at"),
    "discover.history.clear": ("recently_viewed", "viewed_at"),
    "discover.history.list": ("creator_search", "card"),
    "discover.history.record": ("recently_viewed", "viewed_at"),
    "discover.trending": ("trending", "score"),
    "auth.register": ("users", "email"),
    "auth.verify_email": ("email_verifications", "token_hash"),
    "auth.resend_verification": ("outbox", "topic"),
    "auth.login": ("users", "email"),
    "auth.refresh": ("sessions", "id"),
    "auth.logout": ("sessions", "id"),
    "auth.otp.send": ("challenges", "code_hash"),
    "auth.otp.verify": ("challenges", "code_hash"),
    "auth.otp.resend": ("challenges", "sent_at"),
    "auth.otp.challenge": ("challenges", "id"),
    "auth.oauth.providers": ("oauth_providers", "platform"),
    "auth.oauth.login": ("oauth_providers", "platform"),
    "dev.probe": ("provider_probes", "passed_at"),
    "dev.simulate_kyc": ("sandbox_verifications", "status"),
    "dev.simulate_payment": ("payments", "provider"),
    "dev.simulate_payout": ("payout_attempts", "provider"),
    "dev.simulate_payout_account": ("payout_accounts", "ref"),
    "dev.webhooks": ("provider_events", "family"),
    "dev.mail": ("mailbox_messages", "recipient"),
    "dev.mailbox": ("mailbox_messages", "recipient"),
    "dev.sms": ("mailbox_messages", "recipient"),
    "auth.two_factor.login": ("challenges", "token_hash"),
    "auth.passwords.forgot": ("outbox", "topic"),
    "auth.passwords.reset": ("password_resets", "token_hash"),
    "auth.changes.undo": ("credential_changes", "token_hash"),
    "auth.recoveries.stop": ("recovery_requests", "stop_hash"),
    "auth.recoveries.confirm": ("recovery_requests", "proof_hash"),
    "auth.reactivation.validate": ("reactivation_tokens", "token_hash"),
    "users.reactivate": ("reactivation_tokens", "token_hash"),
    "auth.verify_email_change": ("email_changes", "token_hash"),
    "users.appeals.submit_by_link": ("statements_of_reasons", "appeal_hash"),
    "users.usernames.check": ("users", "username"),
    "content.contact.submit": ("contact_messages", "subject"),
    "creators.subscribers.confirm": ("bio_email_subscribers", "token_hash"),
    "creators.subscribers.resend": ("outbox", "topic"),
    "creators.subscribers.subscribe": ("bio_pages", "published"),
    "creators.subscribers.unsubscribe": ("bio_email_subscribers", "unsubscribed_at"),
    "creators.subscribers.unsubscribe_one_click": ("bio_email_subscribers", "unsubscribed_at"),
    "content.cookies.save": ("consent_records", "details"),
    "legal.privacy": ("publications", "shown_from"),
    "legal.terms": ("publications", "shown_from"),
    "content.announcements.list": ("publications", "shown_from"),
    "content.articles.find": ("publications", "shown_from"),
    "content.articles.list": ("publications", "shown_from"),
    "content.faq.list": ("publications", "shown_from"),
    "content.feeds.atom": ("publications", "shown_from"),
    "content.feeds.rss": ("publications", "shown_from"),
    "content.help.categories": ("publications", "shown_from"),
    "content.pages.find": ("publications", "shown_from"),
    "content.pages.list": ("publications", "shown_from"),
    "content.posts.find": ("publications", "shown_from"),
    "content.posts.list": ("publications", "shown_from"),
    "content.previews.find": ("content_revisions", "number"),
    "discover.category": ("creator_search", "facets"),
    "discover.search": ("creator_search", "document"),
    "platform.stats": ("platform_stats", "counted_at"),
    "creators.bio.embed": ("users", "username"),
    "creators.bio.public": ("users", "username"),
    "creators.bio.templates": ("bio_templates", "active"),
    "themes.active": ("theme_presets", "target"),
    "themes.list": ("theme_presets", "target"),
    "referral.click": ("referral_links", "code"),
    "reports.submit": ("users", "username"),
    "gdpr.cancel_deletion": ("reactivation_tokens", "token_hash"),
} | {name: ("sessions", "id") if name not in OF_STAFF else ("staff_roles", "expires_at") for name in SECURED}


def well_formed(api: Api, operation_id: str) -> dict[str, Any]:
    """Options of a call that is good as far as anybody can tell without the database."""
    tokens = api.server.app.tokens
    options: dict[str, Any] = {"params": _examples(operation_id, "query")}
    if "{" in CONTRACT.policies[operation_id].path:
        options["path"] = path_of(operation_id)
    if operation_id == "content.previews.find":  # whose signature is looked at first
        options["path"] = f"/public/previews/{api.server.app.previews.sign('page', uuid4(), 1, FAR)}"
    options["headers"] = _examples(operation_id, "header")
    if operation_id == "referral.click":  # programs are not counted
        options["headers"] |= BROWSER
    if operation_id in SECURED:
        options["headers"] |= as_owner(api, operation_id) or bearer(tokens.access(uuid4(), uuid4())["accessToken"])
    if operation_id in WITH_BODY:
        options["json"] = example(operation_id)
        if "refreshToken" in properties(operation_id):
            options["json"] = {"refreshToken": tokens.refresh(uuid4(), 0)}
    return options


def example(operation_id: str) -> Any:
    """The body that the contract shows."""
    return CONTRACT.operation(operation_id)["requestBody"]["content"]["application/json"]["example"]


def properties(operation_id: str) -> Mapping[str, Any]:
    """Of a body of several kinds those of the one that the contract shows."""
    schema = CONTRACT.operation(operation_id)["requestBody"]["content"]["application/json"]["schema"]
    found: Mapping[str, Any] = like(CONTRACT.document, schema, example(operation_id))["properties"]
    return found


def _examples(operation_id: str, location: str) -> dict[str, Any]:
    """What the contract shows of the parameters in one place."""
    parameters = CONTRACT.operation(operation_id).get("parameters", ())
    return {p["name"]: p["example"] for p in parameters if p.get("in") == location and "example" in p}


def path_of(operation_id: str) -> str:
    """The path with the parameters that the contract shows."""
    parameters = CONTRACT.operation(operation_id).get("parameters", ())
    shown = {p["name"]: p["example"] for p in parameters if p.get("in") == "path"}
    return CONTRACT.policies[operation_id].path.format(**shown)


def request(api: Api, operation_id: str, **options: Any) -> httpx.Response:
    """As ``api.call``, for what that cannot say: another method, a raw body. Signed in where that is asked for."""
    policy = CONTRACT.policies[operation_id]
    method = options.pop("method", policy.method)
    if operation_id in SECURED:
        signed = as_owner(api, operation_id) or as_creator(api, operation_id) or bearer(_somebody(api))
        options["headers"] = signed | options.get("headers", {})
    response = api.request(method, CONTRACT.base_path + path_of(operation_id), **options)
    remember(operation_id, response)
    return response


def as_owner(api: Api, operation_id: str) -> dict[str, str] | None:
    """An owner for an operation of the staff: to everybody else it is closed before anything is looked at."""
    if CONTRACT.policies[operation_id].scope != "admin":
        return None
    if api not in _owners:
        _owners[api] = member(api.server, "OWNER")
    return _owners[api].headers


def as_creator(api: Api, operation_id: str) -> dict[str, str] | None:
    """A creator for an operation of creators, of the id that its path shows."""
    if operation_id not in OF_CREATORS:
        return None
    if api not in _creators:
        _creators[api] = a_creator(api.server, operation_id)
    return bearer(_creators[api])


def a_creator(server: Server, operation_id: str) -> str:
    """The token of a creator of the id that the path of the operation shows, in place of whoever had it."""
    parameters = CONTRACT.operation(operation_id).get("parameters", ())
    shown = {p["name"]: p["example"] for p in parameters if "example" in p}
    tables, user_id = server.tables, insert(server.tables, "users", email=f"{uuid4().hex}@example.com")
    creator_id = shown.get("creatorId", uuid4())
    tables.run("DELETE FROM creator_profiles WHERE id = %s", creator_id)
    insert(tables, "creator_profiles", id=creator_id, user_id=user_id)
    insert(tables, "bio_pages", creator_id=creator_id)
    return token_of(server, user_id)


def _somebody(api: Api) -> str:
    if api not in _callers:
        _callers[api] = somebody(api.server)
    return _callers[api]
