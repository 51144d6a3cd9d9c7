"""What the contract says of every operation, asked of the running server."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar

import httpx
import psycopg
import pytest
from psycopg import sql

from contract.bounds import BODY_LIMIT
from contract.schemas import SchemaCompiler
from domain.config_keys import Rate
from services.config.catalogue import CATALOGUE
from tests.conftest import Databases
from tests.contract.operations import (
    CONTRACT,
    IDS,
    LIMITED,
    NEEDS,
    OF_CREATORS,
    OF_STAFF,
    SECURED,
    SWITCHED,
    WITH_BODY,
    WITHOUT_DATABASE,
    as_creator,
    as_owner,
    example,
    properties,
    request,
    well_formed,
)
from tests.handlers.support import account, broken, insert, somebody
from tests.harness import PASSWORD, Api, Server, Tables, bearer, broken_rules, code_of
from tests.sampling import Sampling
from tests.staff import hired

JSON = {"Content-Type": "application/json"}
LONGEST_TYPED = 64
WORD = "word" * 75  # which may be a cursor, and those have a refusal of their own
SHORT_WAY = 10
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


each = pytest.mark.parametrize("operation_id", IDS)
each_stored = pytest.mark.parametrize("operation_id", sorted(set(IDS) - WITHOUT_DATABASE))
each_idempotent = pytest.mark.parametrize("operation_id", [n for n in IDS if CONTRACT.policies[n].idempotent])
IDEMPOTENT_BODIES: dict[str, dict[str, Any]] = {
    "auth.passwords.change": {"currentPassword": PASSWORD, "newPassword": "Better-Horse-8"},
}
SCHEMAS = SchemaCompiler(CONTRACT.document)
NAMED = {name for name in IDS if "{" in CONTRACT.policies[name].path}  # their own tests have what is named


def refusing(operation_id: str) -> list[str]:
    """The parameters of its query that do not take ``WORD``, even cleaned."""
    parameters = map(SCHEMAS.resolved, CONTRACT.operation(operation_id).get("parameters", ()))
    asked = {parameter["name"]: parameter["schema"] for parameter in parameters if parameter["in"] == "query"}
    cleaned = {name: SCHEMAS.normalizer(schema) for name, schema in asked.items()}
    given = {name: WORD if clean is None else clean(WORD) for name, clean in cleaned.items()}
    return [name for name, schema in asked.items() if not SCHEMAS.validator(schema).accepts(given[name])]


ASKED = {operation_id: names for operation_id in IDS if (names := refusing(operation_id))}
# A field, or the parameter of the path, of each such operation, and another good value for it.
OTHER = {
    "admin.finance.wallets.adjust": ("reason", "Another reason."),
    "admin.finance.payments.refund": ("reason", "Another reason."),
    "admin.jobs.act": ("reason", "Another reason."),
    "auth.register": ("displayName", "Somebody Else"),
    "auth.resend_verification": ("email", "eve@example.com"),
    "auth.passwords.forgot": ("email", "eve@example.com"),
    "auth.passwords.change": ("newPassword", "Best-Horse-9"),
    "auth.otp.send": ("phone", "+905551112213"),
    "auth.otp.resend": ("challengeId", "5b0f6f0e-6f3c-4f4e-9d0e-0c7c3a1f2b65"),
    "creators.dm.update": ("dmType", "PER_MESSAGE"),
    "creators.links.add": ("title", "Another title"),
    "creators.links.delete": ("linkId", "5b0f6f0e-6f3c-4f4e-9d0e-0c7c3a1f2b65"),
    "creators.vacation.update": ("enabled", False),
    "users.usernames.change": ("username", "countess"),
    "users.emails.change": ("newEmail", "countess@example.org"),
    "users.blocks.add": ("userId", "5b0f6f0e-6f3c-4f4e-9d0e-0c7c3a1f2b65"),
    "users.blocks.remove": ("userId", "5b0f6f0e-6f3c-4f4e-9d0e-0c7c3a1f2b65"),
    "users.consents.record": ("accepted", False),
    "users.appeals.submit": ("reason", "It was not me."),
    "reports.submit": ("explanation", "It takes money from my fans."),
    "admin.translations.review": ("note", "Another note."),
    "content.contact.submit": ("subject", "Refunds"),
    "admin.user_status.change_many": ("reason", "Another reason."),
    "admin.tickets.change_many": ("reason", "Another reason."),
    "admin.tickets.note": ("content", "Called her."),
    "admin.tickets.reply": ("content", "Next week."),
    "support.create": ("content", "It is still pending."),
    "support.reply": ("content", "It is still pending."),
    "wallet.claims.redeem": ("claimCode", "0f8fad5b-d9cb-469f-a165-70867728950e"),
    "payouts.request": ("amount", "130.00"),
    "wallet.loads.start": ("amount", "10.00"),
}
each_asked = pytest.mark.parametrize("operation_id", sorted(ASKED))
each_with_body = pytest.mark.parametrize("operation_id", WITH_BODY)
each_limited = pytest.mark.parametrize("operation_id", LIMITED)


class TestExamples:
    """Of the document; that they are true to their schemas is checked by ``contract.lint``."""

    @each
    def test_every_code_has_an_example_of_its_own(self, operation_id: str) -> None:
        schemas = SchemaCompiler(CONTRACT.document)
        shown = set()
        for status, reference in CONTRACT.operation(operation_id)["responses"].items():
            media = schemas.resolved(reference).get("content", {}).get("application/json", {})
            for code, shown_example in media.get("examples", {}).items():
                error = shown_example["value"]["error"]
                assert error["code"] == error["i18nKey"] == code
                assert str(CONTRACT.policies[operation_id].statuses[code]) == status
                shown.add(code)
        assert shown == CONTRACT.policies[operation_id].codes

    def test_every_code_of_the_catalogue_is_somebodys(self) -> None:
        used = {code for policy in CONTRACT.policies.values() for code in policy.codes} | CONTRACT.door_codes
        # Of an extension that no operation of ours has yet: tests/extended reaches it.
        of_extensions = {"request.wrong_media_type"}
        assert set(CONTRACT.errors) - used == of_extensions


class TestParameters:
    @each_asked
    def test_each_is_told_that_takes_no_such_value(self, api: Api, operation_id: str) -> None:
        names = ASKED[operation_id]
        response = request(api, operation_id, params=dict.fromkeys(names, WORD))
        assert (response.status_code, code_of(response)) == (400, "validation.failed")
        assert {field for field, _ in broken_rules(response)} >= set(names)


class TestSecurity:
    @pytest.mark.parametrize("operation_id", SECURED)
    def test_the_anonymous_are_refused(self, api: Api, operation_id: str) -> None:
        for headers in ({}, bearer("nonsense")):
            response = api.call(operation_id, headers=headers)
            assert (response.status_code, code_of(response)) == (401, "auth.unauthenticated")
            assert response.headers["www-authenticate"] == 'Bearer realm="BIO.RE"'

    @pytest.mark.parametrize("operation_id", [n for n in SECURED if not CONTRACT.policies[n].any_account_status])
    @pytest.mark.parametrize("status", ["SUSPENDED", "BANNED", "DEACTIVATED"])
    def test_an_account_that_may_not_act_is_refused(
        self, api: Api, server: Server, operation_id: str, status: str
    ) -> None:
        options = well_formed(api, operation_id) | {"headers": bearer(somebody(server, status=status))}
        response = api.call(operation_id, **options)
        assert (response.status_code, code_of(response)) == (403, f"auth.account_{status.lower()}")

    @pytest.mark.parametrize("operation_id", sorted(set(IDS) - set(SECURED)))
    def test_whoever_is_public_asks_for_no_token(self, api: Api, operation_id: str) -> None:
        response = api.call(operation_id, **well_formed(api, operation_id))
        assert response.status_code < 500
        assert response.status_code < 300 or code_of(response) != "auth.unauthenticated"


class TestLimits:
    @each_limited
    def test_the_call_after_the_last_one_is_refused(self, api: Api, sampling: Sampling, operation_id: str) -> None:
        """Of those with a long way to it, what they say on it: the way to a short one is walked below by each."""
        rate = CONTRACT.policies[operation_id].rate
        assert rate is not None
        options = cheap(api, operation_id)
        walked = sampling.whole or rate.limit <= SHORT_WAY
        for left in reversed(range(rate.limit) if walked else range(rate.limit - 2, rate.limit)):
            response = api.call(operation_id, **options)
            assert response.status_code != 429
            require_limit(response, operation_id, rate, left)
        if walked:
            require_refused(api.call(operation_id, **options), operation_id, rate)

    @each_limited
    def test_an_admin_may_set_another_one(self, api: Api, server: Server, operation_id: str) -> None:
        server.configure(**{f"ratelimit.{operation_id}": "2/10 min"})
        options = cheap(api, operation_id)
        for left in (1, 0):
            require_limit(api.call(operation_id, **options), operation_id, Rate(2, 600), left)
        require_refused(api.call(operation_id, **options), operation_id, Rate(2, 600))

    @each_limited
    def test_an_admin_may_switch_them_off(self, api: Api, server: Server, operation_id: str) -> None:
        server.configure(**{f"ratelimit.{operation_id}": "1/day", "ratelimit.enabled": False})
        options = cheap(api, operation_id)
        for _ in range(2):
            response = api.call(operation_id, **options)
            assert response.status_code != 429
            assert not {"ratelimit", "ratelimit-policy"} & set(response.headers)

    def test_strangers_are_counted_apart(self, api: Api, server: Server, clients: Callable[[Server], Api]) -> None:
        server.configure(**{"ratelimit.auth.logout": "1/day"})
        answers = [client.call("auth.logout").status_code for client in (api, api, clients(server))]
        assert answers == [200, 429, 200]

    def test_an_account_is_counted_wherever_it_comes_from(
        self, api: Api, server: Server, clients: Callable[[Server], Api]
    ) -> None:
        headers = bearer(signed_in(api))
        server.configure(**{"ratelimit.auth.me": "1/day"})
        assert api.call("auth.me", headers=headers).status_code == 200
        assert clients(server).call("auth.me", headers=headers).status_code == 429

    def test_who_has_none_says_none(self, start_server: Callable[..., Server]) -> None:
        """No operation of ours: one of a contract of its own."""
        policies = dict(CONTRACT.policies)
        policies["auth.logout"] = replace(policies["auth.logout"], rate=None)
        with start_server(contract=replace(CONTRACT, policies=policies)).client() as api:
            answers = [api.call("auth.logout") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert not any({"ratelimit", "ratelimit-policy"} & set(answer.headers) for answer in answers)


def cheap(api: Api, operation_id: str) -> dict[str, Any]:
    """Options of a call that is counted; the limit comes before the body, so a bad body does."""
    if operation_id in OF_STAFF:
        return {"headers": as_owner(api, operation_id)}
    if operation_id in OF_CREATORS:
        return {"headers": as_creator(api, operation_id)}
    if operation_id in SECURED:
        headers = bearer(signed_in(api))
        if operation_id == "gdpr.delete":  # whose success ends the session
            pending_deletion(api)
        return {"headers": headers}
    return {"body": {"unknownField": 1}}


def pending_deletion(api: Api) -> None:
    tables = api.server.tables
    insert(tables, "gdpr_requests", user_id=tables.one("SELECT id FROM users")["id"], kind="DELETION")


def signed_in(api: Api) -> str:
    account(api, api.server.tables)
    return api.sign_in()


def require_limit(response: httpx.Response, operation_id: str, rate: Rate, left: int) -> int:
    """The seconds until the window ends."""
    assert response.headers["ratelimit-policy"] == f'"{operation_id}";q={rate.limit};w={rate.window}'
    told = re.fullmatch(rf'"{re.escape(operation_id)}";r={left};t=(\d+)', response.headers["ratelimit"])
    assert told is not None, response.headers["ratelimit"]
    assert 0 < int(told[1]) <= rate.window
    return int(told[1])


def require_refused(response: httpx.Response, operation_id: str, rate: Rate) -> None:
    assert (response.status_code, code_of(response)) == (429, "rate_limit.exceeded")
    assert int(response.headers["retry-after"]) == require_limit(response, operation_id, rate, 0)


def test_lockouts_are_met_before_the_limit_of_sign_ins() -> None:
    rate = CONTRACT.policies["auth.login"].rate
    assert rate is not None
    assert rate.limit > CATALOGUE["auth.lockout_threshold"].default


class TestKillSwitches:
    @pytest.mark.parametrize("operation_id", SWITCHED)
    def test_the_switch_gives_its_error(self, api: Api, server: Server, tables: Tables, operation_id: str) -> None:
        switch = CONTRACT.policies[operation_id].kill_switch
        assert switch is not None
        server.configure(**{switch.key.name: switch.key.stops_while_true})
        options = well_formed(api, operation_id)
        if operation_id in SECURED:
            options["headers"] = options["headers"] | bearer(somebody(server, username="grace"))
        if CONTRACT.policies[operation_id].scope == "creator":
            tables.run("INSERT INTO creator_profiles (id, user_id) SELECT gen_random_uuid(), id FROM users")
        if CONTRACT.policies[operation_id].scope == "admin":
            options["headers"] |= hired(server, "OWNER")
        before = tables.fingerprints()
        response = api.call(operation_id, **options)
        assert code_of(response) == switch.error
        assert tables.changed_since(before) == set()
        server.configure(**{switch.key.name: not switch.key.stops_while_true})
        response = api.call(operation_id, **options)
        # Of ids and a code that the examples make up.
        refused = {
            "discover.history.record": "discover.creator_not_found",
            "admin.payouts.batches.create": "admin.provider.not_ready",
            "payouts.request": "payment.payout.error.kyc_required",
            "referral.apply_coupon": "coupon.not_found",
            "wallet.loads.find": "wallet.load.not_found",
        }
        assert response.status_code < 400 or code_of(response) == refused.get(operation_id)


class TestMethods:
    @each
    def test_other_methods_are_refused_with_all_that_are_not(self, api: Api, operation_id: str) -> None:
        path = CONTRACT.policies[operation_id].path
        known = {method.upper() for method in CONTRACT.document["paths"][path] if method.upper() in METHODS}
        refused = []
        for method in sorted({*METHODS, "TRACE", "PROPFIND"} - known - {"HEAD"}):
            response = request(api, operation_id, method=method)
            assert (response.status_code, code_of(response)) == (405, "route.method_not_allowed")
            assert known <= set(response.headers["allow"].split(", ")) <= known | {"HEAD"}
            refused.append(method)
        assert len(refused) >= 5

    def test_reading_changes_nothing(self) -> None:
        """What a link of a stranger may call; that what is declared is all is seen in `test_side_effects.py`."""
        changing = {
            policy.operation_id: [effect.what for effect in policy.side_effects]
            for policy in CONTRACT.policies.values()
            if policy.method == "get" and policy.side_effects
        }
        # What staff looks at of people, or takes out of the house, is noted; a link carries no token of theirs.
        noted = {name for name in changing if CONTRACT.policies[name].scope == "admin"}
        # Defaults where there are none yet, and the figures of the platform that nobody counted yet.
        own = {"users.settings.get", "platform.stats"}
        # As clients know them. No mail has a link to either: a page has a button, and programs of mail a POST.
        own |= {"creators.subscribers.confirm", "creators.subscribers.unsubscribe"}
        own.add("referral.link")  # of an account that has none yet
        own.add("creators.payout_account.status")  # as its provider has it now
        assert changing.keys() - noted == own
        assert changing["users.settings.get"] == [("user_settings",)]
        assert changing["platform.stats"] == [("platform_stats",)]
        for name in noted:
            effects = CONTRACT.policies[name].side_effects
            assert {effect.kind for effect in effects} <= {"audit", "write"}
            assert {table for effect in effects if effect.kind == "write" for table in effect.what} <= {"audit_logs"}

    def test_paths_that_are_none_are_not_found(self, api: Api) -> None:
        for path in ("/", "/auth", "/auth/login/", "/auth/login/x", "/nothing", "//auth/login"):
            response = api.post(CONTRACT.base_path + path, json={})
            assert (response.status_code, code_of(response)) == (404, "route.not_found")


class TestTypedCodes:
    """What people type is cleaned in one way, whatever asks for it."""

    # Of a coupon, whose letters and hyphens are as whoever made it wrote them.
    AS_WRITTEN: ClassVar = {"admin.coupons.add", "referral.apply_coupon"}

    @each_with_body
    def test_codes_and_phones_are_cleaned(self, operation_id: str) -> None:
        schemas = SchemaCompiler(CONTRACT.document)
        fields = {name: schemas.resolved(part) for name, part in properties(operation_id).items()}
        for name, steps in (("code", ["code"]), ("phone", ["phone"])):
            if name == "code" and operation_id in self.AS_WRITTEN:
                continue
            if name in fields and fields[name]["maxLength"] <= LONGEST_TYPED:  # a platform's code is no such one
                assert fields[name]["x-biore-normalize"] == steps


class TestBodies:
    @each_with_body
    @pytest.mark.parametrize("chunked", [False, True])
    def test_one_byte_more_than_documented_is_too_large(self, api: Api, operation_id: str, chunked: bool) -> None:
        limit = CONTRACT.operation(operation_id)[BODY_LIMIT]
        answers = []
        for size in (limit, limit + 1):
            body = b'{"' + b"x" * (size - 6) + b'":1}'
            content = iter((body[:1000], body[1000:])) if chunked else body
            answers.append(request(api, operation_id, content=content, headers=JSON))
        assert [(answer.status_code, code_of(answer)) for answer in answers] == [
            (400, "validation.failed"),
            (413, "request.too_large"),
        ]

    @each_with_body
    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Content-Type": "text/plain"},
            {"Content-Type": "application/x-www-form-urlencoded"},
            {"Content-Type": "multipart/form-data"},
            {"Content-Type": "application/jsonx"},
            {"Content-Type": "application/json; charset=latin-1"},
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        ],
    )
    def test_what_is_not_plain_json_is_refused(self, api: Api, operation_id: str, headers: dict[str, str]) -> None:
        response = request(api, operation_id, content=b"{}", headers=headers)
        assert (response.status_code, code_of(response)) == (415, "request.unsupported_media_type")

    @each_with_body
    @pytest.mark.parametrize(
        "content_type", ["Application/JSON", "application/json; charset=UTF-8", 'application/json;charset="utf-8"']
    )
    def test_json_is_json_in_any_spelling(self, api: Api, operation_id: str, content_type: str) -> None:
        response = request(api, operation_id, content=b'{"unknownField": 1}', headers={"Content-Type": content_type})
        assert code_of(response) == "validation.failed"

    @each_with_body
    def test_the_example_is_taken(self, api: Api, operation_id: str) -> None:
        response = request(api, operation_id, json=example(operation_id))
        assert response.status_code < 300 or code_of(response) != "validation.failed"


# Why an operation that changes something takes no Idempotency-Key, nor the version that was read, which is good once.
SAFE_WITHOUT_A_KEY = {
    "admin.appeals.claim": "a repetition finds it claimed",
    "admin.appeals.decide": "an appeal is decided once",
    "admin.cases.approve": "a case is decided once",
    "admin.cases.claim": "a repetition finds it claimed",
    "admin.cases.reject": "a case is decided once",
    "admin.config.change": "the versions that were read are good once",
    "admin.providers.probe": "a repetition asks anew",
    "admin.providers.test": "a repetition sends one more test to the caller",
    "admin.rules.add": "a second rule of the same term matches what the first does, and one call removes it",
    "admin.rules.remove": "a repetition finds none",
    "admin.rules.test": "changes nothing",
    "admin.session.confirm": "a repetition confirms anew",
    "admin.bio_templates.add": "the name is taken then",
    "admin.coupons.add": "the code is taken then",
    "admin.featured.add": "a creator has one entry",
    "admin.themes.add": "the slug is taken then",
    "creators.bio.update": "a repetition sets the same",
    "creators.bank.update": "the same values change nothing",
    "creators.tax.submit": "a form is under review then",
    "admin.tax_forms.reveal": "changes nothing, and each look is audited",
    "creators.upgrade": "an account has one profile",
    "payouts.cancel": "a payout is cancelled once",
    "referral.apply_coupon": "a reservation is given again",
    "referral.click": "each call is a click",
    "creators.kyc.start": "a repetition goes on with the same verification",
    "creators.payout_account.complete": "a state is good once",
    "creators.payout_account.dashboard_link": "a repetition gives another link",
    "creators.payout_account.initiate": "a repetition goes on with the same account",
    "creators.payout_account.refresh_link": "a repetition gives another link",
    "creators.links.reorder": "a repetition sets the same order",
    "creators.links.update": "a repetition sets the same",
    "creators.social_accounts.connect": "its code is good once at the platform",
    "creators.social_accounts.disconnect": "a repetition finds no account",
    "creators.subscribers.resend": "mails to one address are limited",
    "creators.subscribers.subscribe": "mails to one address are limited, and a page has an address once",
    "creators.subscribers.unsubscribe_one_click": "a repetition succeeds and writes nothing",
    "creators.visits.click": "each call is a click",
    "creators.visits.view": "each call is a view",
    "discover.history.clear": "a repetition finds nothing to delete",
    "discover.history.record": "a repetition moves the same creator to the front",
    "admin.finance.suspense.credit": "what is in suspense is given away once",
    "admin.finance.suspense.refund": "what is in suspense is given back once",
    "admin.finance.adjustments.approve": "a request is decided once",
    "admin.payouts.approve": "somebody approves it once, and it is approved once",
    "admin.payouts.cancel": "a payout ends once",
    "admin.payouts.reject": "a payout ends once",
    "admin.finance.adjustments.reject": "a request is decided once",
    "admin.payouts.batches.create": "a payout is in one batch",
    "admin.payouts.settlements.settle": "somebody states an outcome once, and a payout is settled once",
    "admin.payouts.transfers.mark_failed": "a payout is marked once",
    "admin.payouts.transfers.mark_processed": "a payout is marked once",
    "admin.finance.findings.close": "a finding is closed once",
    "admin.finance.webhooks.replay": "an event that is under way is not replayed",
    "admin.finance.reconciliations.run": "a repetition makes due what is due",
    "admin.finance.wallets.freeze": "a repetition finds it frozen",
    "admin.finance.wallets.unfreeze": "a repetition finds it free",
    "admin.staff.grant": "a repetition finds the role",
    "admin.staff.revoke": "a repetition finds none",
    "admin.statements.add": "a repetition finds the account excluded, or what is hidden hidden",
    "admin.statements.lift": "a restriction ends once",
    "admin.user_notes.add": "a note that stands twice is removed by one call",
    "admin.user_notes.remove": "a repetition finds none",
    "admin.user_sessions.end": "a repetition finds the sessions ended",
    "admin.users.assist": "mails to one address are limited, and a repetition unlocks what is unlocked",
    "admin.users.export": "an account has one export under way",
    "admin.users.reveal": "a repetition shows the same, and each look is recorded",
    "content.cookies.save": "a repetition is the same choice once more",
    "dev.captcha": "a tool of development",
    "dev.geoip": "a tool of development",
    "dev.mail": "a tool of development",
    "dev.sms": "a tool of development",
    "dev.probe": "a tool of development",
    "dev.simulate_kyc": "a tool of development",
    "dev.simulate_payment": "a tool of development",
    "dev.simulate_payout": "a tool of development",
    "dev.simulate_payout_account": "a tool of development",
    "dev.storage": "a tool of development",
    "users.appeals.submit_by_link": "an account has one open appeal",
    "admin.content.texts.create": "the slug is taken then; a question or an announcement that stands twice is a draft",
    "admin.content.texts.preview": "a repetition makes one more link to the same",
    "admin.translations.import_texts": "a repetition finds the texts as they are",
    "support.reopen": "a repetition finds the ticket open",
    "admin.erasures.cancel": "a repetition finds none pending",
    "admin.erasures.request": "an account has one deletion under way",
    "admin.recoveries.cancel": "a repetition finds it ended",
    "admin.recoveries.change_email": "an account has one request of the kind under way",
    "admin.recoveries.reset_two_factor": "an account has one request of the kind under way",
    "auth.recoveries.confirm": "a repetition succeeds and writes nothing",
    "auth.recoveries.stop": "a repetition succeeds and writes nothing",
    "admin.schedule.run": "a repetition makes due what is due",
    "auth.login": "answers a credential, which is not to be stored; a repetition is one more session",
    "auth.oauth.login": "answers a credential; its proof is good once",
    "auth.two_factor.login": "answers a credential; its challenge is good once",
    "auth.refresh": "answers a credential; the grace gives a repetition the same one",
    "auth.two_factor.setup": "answers a secret; a repetition replaces one that was never active",
    "auth.two_factor.setup_init": "as setup",
    "auth.two_factor.verify": "answers backup codes, which are kept as hashes only; its code is good once",
    "auth.two_factor.regenerate_backup_codes": "as verify",
    "auth.two_factor.disable": "a repetition finds the factor off and succeeds",
    "auth.verify_email_change": "the same token again is a success",
    "auth.verify_email": "a repetition succeeds and writes nothing",
    "auth.changes.undo": "its token is good once",
    "auth.passwords.reset": "its token is good once",
    "auth.otp.verify": "its challenge is passed once",
    "auth.logout": "a repetition finds the session ended and succeeds",
    "auth.confirmation.confirm": "a repetition confirms anew",
    "auth.sessions.revoke": "a repetition finds the session ended",
    "auth.sessions.revoke_all": "a repetition finds no other session and succeeds",
    "auth.oauth.link": "its proof is good once, and an account has one identity of a platform",
    "auth.oauth.unlink": "a repetition finds no link",
    "gdpr.cancel_deletion": "its token is good once",
    "gdpr.delete": "an account has one deletion under way",
    "gdpr.delete_legacy": "an account has one deletion under way",
    "gdpr.export": "an account has one export under way",
    "gdpr.export_legacy": "an account has one export under way",
    "upload.presign": "a URL that nobody uses leaves nothing behind",
    "users.avatars.change": "a repetition sets the same picture",
    "users.avatars.remove": "a repetition finds no picture",
    "users.deactivate": "a repetition finds the account deactivated",
    "users.reactivate": "its token is good once",
    "users.settings.update": "a repetition sets the same",
    "users.update_profile": "a repetition sets the same",
}


class TestIdempotency:
    """What register shows in detail, each operation that takes the key must do."""

    def test_who_takes_no_key_needs_none(self) -> None:
        changing = {
            policy.operation_id
            for policy in CONTRACT.policies.values()
            if policy.method.upper() != "GET"
            and not policy.idempotent
            and not (policy.versioned and policy.versioned.taken)
        }
        assert changing == SAFE_WITHOUT_A_KEY.keys()

    @pytest.fixture
    def call(self, api: Api, tables: Tables, operation_id: str) -> Callable[..., httpx.Response]:
        options = well_formed(api, operation_id)
        signed = options["headers"] if operation_id in OF_STAFF else as_creator(api, operation_id) or {}
        if operation_id in SECURED and not signed:
            account(api, tables)
            signed = bearer(api.sign_in())
        options |= {"headers": {"Idempotency-Key": "the-same"} | signed}
        body = IDEMPOTENT_BODIES.get(operation_id, options.pop("json", None))

        def again(**changes: Any) -> httpx.Response:
            if body is None:
                path = CONTRACT.policies[operation_id].path.format(**changes) if changes else options["path"]
                return api.call(operation_id, **options | {"path": path})
            return api.call(operation_id, body | changes, **options)

        return again

    @each_idempotent
    def test_a_repetition_gets_the_stored_answer(self, call: Callable[..., httpx.Response], tables: Tables) -> None:
        first = call()
        before = tables.fingerprints()
        second = call()
        assert (second.status_code, second.content) == (first.status_code, first.content)
        assert second.headers["idempotency-replayed"] == "true"
        assert not tables.changed_since(before)

    @each_idempotent
    def test_another_body_is_refused(self, call: Callable[..., httpx.Response], operation_id: str) -> None:
        call()
        field, value = OTHER[operation_id]
        response = call(**{field: value})
        assert (response.status_code, code_of(response)) == (422, "idempotency.key_reused")

    @each_idempotent
    def test_while_the_first_is_under_way_it_must_wait(
        self, call: Callable[..., httpx.Response], tables: Tables
    ) -> None:
        call()
        tables.run("UPDATE idempotency_keys SET status = NULL, body = NULL")  # as it was before the answer
        response = call()
        assert (response.status_code, code_of(response)) == (409, "idempotency.in_progress")
        assert int(response.headers["retry-after"]) >= 1


class TestKept:
    """What shared caches may keep."""

    @pytest.mark.parametrize("operation_id", [n for n in IDS if CONTRACT.policies[n].cache and n not in NAMED])
    def test_who_has_it_is_told_so(self, api: Api, operation_id: str) -> None:
        asked = {"discover.search": {"query": "ada"}, "themes.active": {"target": "CLIENT"}}
        params = asked.get(operation_id, {})
        first = api.call(operation_id, params=params)
        assert (first.status_code, first.headers["access-control-allow-origin"]) == (200, "*")
        again = api.call(operation_id, params=params, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])


class TestFaults:
    @pytest.mark.parametrize("operation_id", sorted(WITHOUT_DATABASE))
    def test_a_refusal_that_is_not_documented_is_one(
        self, start_server: Callable[..., Server], clients: Callable[[Server], Api], operation_id: str
    ) -> None:
        """Of what asks no database; every other one is asked below, without a column that it needs."""
        policy = CONTRACT.policies[operation_id]
        known = {code: status for code, status in policy.statuses.items() if code != "rate_limit.exceeded"}
        changed = {**CONTRACT.policies, operation_id: replace(policy, statuses=known)}
        server = start_server(contract=replace(CONTRACT, policies=changed))
        server.configure(**{f"ratelimit.{operation_id}": "1/10 min"})
        api = clients(server)
        api.call(operation_id, **well_formed(api, operation_id))
        response = api.call(operation_id, **well_formed(api, operation_id))
        assert (response.status_code, code_of(response)) == (500, "internal.error")

    @each_stored
    def test_a_fault_of_ours_tells_nothing(self, api: Api, server: Server, tables: Tables, operation_id: str) -> None:
        table, column = NEEDS[operation_id]
        with broken(tables, table, column):
            response = api.call(operation_id, **well_formed(api, operation_id))
        assert (response.status_code, code_of(response)) == (500, "internal.error")
        error = response.json()["error"]
        assert error["message"] == "Something went wrong on our side."
        assert error.keys() == {"code", "message", "i18nKey", "correlationId"}
        assert table not in response.text
        assert api.call(operation_id, **well_formed(api, operation_id)).status_code < 500


@contextmanager
def outage(databases: Databases, url: str) -> Iterator[None]:
    """The database takes no connections and has ended those that were open."""
    name = url.partition("?")[0].rpartition("/")[2]
    switch = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(databases.admin_url, autocommit=True) as admin:
        admin.execute(switch.format(sql.Identifier(name), sql.SQL("false")))
        try:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            yield
        finally:
            admin.execute(switch.format(sql.Identifier(name), sql.SQL("true")))


@pytest.fixture(scope="module")
def mortal(start_server: Callable[..., Server]) -> Server:
    """A server whose database may go away without harm to other tests."""
    return start_server()


class TestOutage:
    @pytest.mark.parametrize("operation_id", sorted(WITHOUT_DATABASE))
    def test_nothing_is_answered_before_config_is_known(
        self,
        start_server: Callable[..., Server],
        databases: Databases,
        clients: Callable[[Server], Api],
        operation_id: str,
    ) -> None:
        url = databases.migrated()
        with Tables(url) as tables:
            tables.run("INSERT INTO config_entries (name, value) VALUES ('auth.salt_rounds', '\"many\"')")
        api = clients(start_server(url))
        response = api.call(operation_id, **well_formed(api, operation_id))
        assert (response.status_code, code_of(response)) == (503, "service.unavailable")

    @each_stored
    def test_without_the_database_the_service_is_unavailable(
        self, mortal: Server, databases: Databases, clients: Callable[[Server], Api], operation_id: str
    ) -> None:
        api = clients(mortal)
        api.call(operation_id, **well_formed(api, operation_id))  # so that a connection is open and breaks
        mortal.tables.close()  # which would break, too
        with outage(databases, mortal.database_url):
            for _ in range(2):
                mortal.app.editions.forget()  # which is answered without the database
                response = api.call(operation_id, **well_formed(api, operation_id))
                assert (response.status_code, code_of(response)) == (503, "service.unavailable")
                assert int(response.headers["retry-after"]) >= 1
        if operation_id in OF_STAFF:  # whose call gets to the handler, the first to see that its connection broke
            api.call(operation_id, **well_formed(api, operation_id))
        assert api.call(operation_id, **well_formed(api, operation_id)).status_code < 500
