"""The secret is rotated with work of every purpose in flight: what began on one node ends on the next.

Nodes with different lists of secrets stand on one database, as while a new list is rolled out.
"""

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from domain.auth.otp import PER_PHONE_MAX_PER_HOUR
from domain.clock import utc_now
from domain.creators.social_accounts import SocialTokens
from domain.keys import Purpose
from providers.email.smtp import URL
from runtime.compose import social_desk
from services.audit.seals import AuditSeals
from services.current_password import CurrentPassword
from services.money.vault import Vault
from services.platforms import OAuthDirectory
from services.providers.sandbox import sandbox_secrets
from services.providers.social import SocialDesk
from services.recovery import Recovery
from services.second_factor import SecondFactor
from tests.bank import IBAN, with_details
from tests.content import draft
from tests.creators import creator, signed_in
from tests.handlers.auth.test_changes import undo_token
from tests.handlers.auth.test_known_devices import FIREFOX, keep_device
from tests.handlers.auth.test_otp import PHONE, another, code_in, opened, send, verify
from tests.handlers.auth.test_two_factor import WRONG, Factor
from tests.handlers.conftest import Clients
from tests.handlers.gdpr.test_export import built
from tests.handlers.support import account, begin, insert, tombstone, topics, until, waiting_for_locks
from tests.harness import PASSWORD, Api, Server, Tables, bearer, code_of
from tests.tax import NAME, submit

OLD, NEW = "the-old-secret-of-the-drill-0123456789", "the-new-secret-of-the-drill-9876543210"
LISTS = {"old": OLD, "old,new": f"{OLD},{NEW}", "new,old": f"{NEW},{OLD}", "new": NEW}
# Of several nodes, one after the other; the last step is all that one node alone needs.
STEPS = [*pairwise(LISTS), ("old", "new,old")]
EMAIL = "ada@example.com"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)

Drill = Callable[[Api, Api, Tables], None]

DRILLS: dict[Purpose, Drill] = {}


def drill(*purposes: Purpose) -> Callable[[Drill], Drill]:
    def add(work: Drill) -> Drill:
        DRILLS.update(dict.fromkeys(purposes, work))
        return work

    return add


@pytest.fixture(scope="module")
def nodes(start_server: Callable[..., Server]) -> dict[str, Server]:
    first = start_server(secret_key=LISTS["old"])
    rest = {name: start_server(first.database_url, secret_key=LISTS[name]) for name in list(LISTS)[1:]}
    return {"old": first} | rest


@pytest.fixture
def tables(nodes: dict[str, Server]) -> Iterator[Tables]:
    with Tables(nodes["old"].database_url) as tables:
        yield tables


@pytest.fixture
def client_of(nodes: dict[str, Server], clients: Clients) -> Callable[[str], Api]:
    """One person, at whichever node."""
    begin(nodes.values(), **{"auth.email_mx_check": False})
    address = f"10.77.{uuid4().bytes[0]}.{uuid4().bytes[1]}"
    return lambda name: clients(nodes[name], address)


def served_by(api: Api, url: str) -> str:
    """The same path at another node."""
    return re.sub(r"^https?://[^/]+", api.server.origin, url)


def give_cookies(source: Api, target: Api) -> None:
    target.cookies.update(source.cookies)


@drill(Purpose.ACCESS_TOKEN)
def access_tokens(before: Api, after: Api, tables: Tables) -> None:
    account(before, tables)
    assert after.call("auth.me", headers=bearer(before.sign_in())).status_code == 200


@drill(Purpose.REFRESH_TOKEN)
def refresh_tokens(before: Api, after: Api, tables: Tables) -> None:
    account(before, tables)
    before.sign_in()
    give_cookies(before, after)
    response = after.call("auth.refresh", {})
    assert response.status_code == 200, response.text


@drill(Purpose.AUDIT_SEAL)
def sealed_entries(before: Api, after: Api, tables: Tables) -> None:
    account(before, tables)
    for api in (before, after):
        api.sign_in()
        api.server.let_time_come("audit.seal")
    found = after.server.on_loop(AuditSeals(after.server.app.parts.database, after.server.app.parts.keyring).verify())
    assert (found.bad, found.seals) == (None, 2)


@drill(Purpose.EXPORT_LINK)
def archives(before: Api, after: Api, tables: Tables) -> None:
    account(before, tables)
    url = built(before, before.server, bearer(before.sign_in()))
    forged = after.get(served_by(after, re.sub("signature=.", "signature=x", url)))
    assert (forged.status_code, code_of(forged)) == (403, "file.url_invalid")
    assert after.get(served_by(after, url)).status_code == 200
    assert code_of(before.get(url)) == "file.download_spent"


@drill(Purpose.CONTENT_PREVIEW)
def previews(before: Api, after: Api, tables: Tables) -> None:
    entry_id, soon = draft(before.server, "post", "hello"), utc_now() + timedelta(minutes=1)
    token = before.server.app.previews.sign("post", entry_id, 1, soon)
    assert after.call("content.previews.find", path=f"/public/previews/{token}").status_code == 200


@drill(Purpose.UPLOAD_URL)
def uploads(before: Api, after: Api, tables: Tables) -> None:
    account(before, tables)
    wish = {"type": "avatar", "contentType": "image/png", "contentLength": len(PNG)}
    signed = before.call("upload.presign", wish, headers=bearer(before.sign_in())).json()["data"]
    url = served_by(after, signed["uploadUrl"])
    forged = after.put(re.sub("signature=.", "signature=x", url), content=PNG, headers=signed["headers"])
    assert (forged.status_code, code_of(forged)) == (403, "file.url_invalid")
    assert after.put(url, content=PNG, headers=signed["headers"]).status_code == 200


@drill(Purpose.CONFIG)
def config_values(before: Api, after: Api, tables: Tables) -> None:
    before.server.configure(**{"external.email.smtp.url": "smtp://user:word@mail.example.com"})
    after.server.on_loop(after.server.app.config.refresh())
    assert after.server.app.config[URL] == "smtp://user:word@mail.example.com"


@drill(Purpose.CONFIG_FINGERPRINT)
def config_fingerprints(before: Api, after: Api, tables: Tables) -> None:
    before.server.configure(**{"external.email.smtp.url": "smtp://user:word@mail.example.com"})
    (change,) = tables.rows("SELECT after FROM config_history WHERE name = 'external.email.smtp.url'")
    given = ("external.email.smtp.url", "smtp://user:word@mail.example.com")
    known = after.server.app.parts.keyring.digests(Purpose.CONFIG_FINGERPRINT, *given)
    assert change["after"]["fingerprint"] in [f"{digest.kid}.{digest.value.hex()[:8]}" for digest in known]


@drill(Purpose.OAUTH_CLIENT)
def platform_secrets(before: Api, after: Api, tables: Tables) -> None:
    def directory(api: Api) -> OAuthDirectory:
        return OAuthDirectory(api.server.app.parts.database, api.server.app.parts.keyring)

    given = {"enabled": True, "login_enabled": True, "client_id": "me", "client_secret": "platform-secret"}
    before.server.on_loop(directory(before).set("google", **given))
    found = after.server.on_loop(directory(after).find("google"))
    assert found is not None
    assert found.client_secret == "platform-secret"


@drill(Purpose.SOCIAL_TOKEN)
def tokens_of_connected_accounts(before: Api, after: Api, tables: Tables) -> None:
    def desk(api: Api) -> SocialDesk:
        return social_desk(api.server.app.parts)

    stored = desk(before).sealed(SocialTokens("an-access-token", "a-refresh-token"))
    row = SimpleNamespace(**stored.columns)
    assert desk(after).tokens_of(row) == SocialTokens("an-access-token", "a-refresh-token")


@drill(Purpose.BANK_DETAILS)
def bank_details(before: Api, after: Api, tables: Tables) -> None:
    with_details(before, creator(before, tables))
    told = after.call("creators.bank.settings", headers=bearer(after.sign_in())).json()["data"]
    assert told["bankDetails"]["iban"] == IBAN
    sealing, opening = (Vault(api.server.app.parts.keyring) for api in (before, after))
    payout = SimpleNamespace(id=uuid4(), destination=sealing.sealed_destination({"iban": IBAN}))
    assert opening.destination(payout) == {"iban": IBAN}
    assert opening.bank_file(sealing.sealed(Purpose.BANK_DETAILS, {"file": "<Document/>"})) == b"<Document/>"


@drill(Purpose.TAX_FORM)
def tax_forms(before: Api, after: Api, tables: Tables) -> None:
    submit(before, signed_in(before, creator(before, tables)))
    told = after.call("creators.tax.find", headers=bearer(after.sign_in())).json()["data"]
    assert told["form"]["legalName"] == NAME


@drill(Purpose.PROVIDER_EVENT)
def notices_of_providers(before: Api, after: Api, tables: Tables) -> None:
    kept = before.server.app.parts.webhooks.sealed(b"what it told")
    assert after.server.app.parts.webhooks.opened(kept) == b"what it told"


@drill(Purpose.SANDBOX)
def notices_of_the_sandbox(before: Api, after: Api, tables: Tables) -> None:
    """Whoever knows a secret takes what is signed with it; a node signs with its own."""
    known, ours = (sandbox_secrets(api.server.app.parts.keyring.digests, "kyc")() for api in (after, before))
    assert ours[0] in known


@drill(Purpose.KYC_IDENTITY)
def documents_of_verified_identities(before: Api, after: Api, tables: Tables) -> None:
    kept, known = (
        {digest.text for digest in api.server.app.parts.keyring.digests(Purpose.KYC_IDENTITY, "TR:PASSPORT:1")}
        for api in (before, after)
    )
    assert kept & known


@drill(Purpose.OUTBOX)
def jobs(before: Api, after: Api, tables: Tables) -> None:
    assert before.register(EMAIL).status_code == 201
    after.server.work_off()  # the worker of another node
    assert after.call("auth.verify_email", {"token": after.verification_token(EMAIL)}).status_code == 200


@drill(Purpose.SIGNING_KEY)
def signing_keys(before: Api, after: Api, tables: Tables) -> None:
    account(before, tables)
    before.server.on_loop(before.server.app.signing_keys.rotate())
    assert after.call("auth.me", headers=bearer(before.sign_in())).status_code == 200
    assert before.call("auth.me", headers=bearer(after.sign_in())).status_code == 200


@drill(Purpose.TOTP)
def authenticator_apps(before: Api, after: Api, tables: Tables) -> None:
    factor = Factor(before, tables).enable()
    factor.api = after
    assert factor.finish(factor.start_sign_in(), factor.code()).status_code == 200


@drill(Purpose.BACKUP_CODE)
def backup_codes(before: Api, after: Api, tables: Tables) -> None:
    factor = Factor(before, tables).enable()
    code, other, *_ = factor.backup_codes
    factor.api = after
    assert factor.finish(factor.start_sign_in(), code).status_code == 200
    assert code_of(factor.finish(factor.start_sign_in(), code)) == "auth.2fa.invalid_code"
    assert factor.finish(factor.start_sign_in(), other).status_code == 200


@drill(Purpose.FORMER_CREDENTIALS)
def changes_to_undo(before: Api, after: Api, tables: Tables) -> None:
    Factor(before, tables).enable()
    token = undo_token(before)
    assert after.call("auth.changes.undo", {"token": token}).status_code == 200
    assert tables.one("SELECT two_factor_enabled FROM users") == {"two_factor_enabled": False}


def recovery_at(api: Api) -> Recovery:
    parts = api.server.app.parts
    return Recovery(parts.database, parts.keyring, parts.config, utc_now)


@drill(Purpose.RECOVERY)
def recoveries(before: Api, after: Api, tables: Tables) -> None:
    account(before, tables)
    first, second = (recovery_at(api) for api in (before, after))
    code = before.server.on_loop(first.prepare(EMAIL, "Grace"))
    after.server.on_loop(second.approve(EMAIL, "Edsger", code))
    assert tables.one("SELECT password_hash FROM users") == {"password_hash": None}


@drill(Purpose.TWO_FACTOR_ATTEMPTS)
def locked_factors(before: Api, after: Api, tables: Tables) -> None:
    factor = Factor(before, tables).enable()
    for api in (before, after):  # five tries each
        factor.api = api
        token = factor.start_sign_in()
        for _ in range(5):
            assert code_of(factor.finish(token, WRONG)) == "auth.2fa.invalid_code"
    for api in (before, after):
        factor.api = api
        assert code_of(factor.finish(factor.start_sign_in(), factor.code())) == "auth.2fa.locked"


@drill(Purpose.LOGIN_ATTEMPTS)
def lock_outs(before: Api, after: Api, tables: Tables) -> None:
    account(before, tables)
    wrong = {"email": EMAIL, "password": "Wrong-Horse-7"}
    for api in (before, before, before, after, after):
        assert code_of(api.call("auth.login", wrong)) == "auth.login.invalid_credentials"
    for api in (before, after):
        right = api.call("auth.login", {"email": EMAIL, "password": PASSWORD})
        assert code_of(right) == "auth.login.account_locked"


@drill(Purpose.DEVICE, Purpose.KNOWN_NETWORK)
def known_devices(before: Api, after: Api, tables: Tables) -> None:
    account(before, tables)
    right = {"email": EMAIL, "password": PASSWORD}
    first = before.call("auth.login", right)
    known_by_the_network = after.call("auth.login", right)
    keep_device(after, first)
    known_by_the_cookie = after.call("auth.login", right, headers=FIREFOX)
    assert known_by_the_cookie.status_code == known_by_the_network.status_code == 200
    assert before.mails(EMAIL) == []


@drill(Purpose.PASSWORD_GUESSES)
def guesses_within_a_session(before: Api, after: Api, tables: Tables) -> None:
    account(before, tables)
    headers = bearer(before.sign_in())
    for api in (before, before, before, after, after):
        answer = api.call("auth.confirmation.confirm", {"password": "Wrong-Horse-7"}, headers=headers)
        assert code_of(answer) == "error.user.password_incorrect"
    for api in (before, after):
        right = api.call("auth.confirmation.confirm", {"password": PASSWORD}, headers=headers)
        assert code_of(right) == "auth.password.locked"


@drill(Purpose.OTP_CODE)
def phone_codes(before: Api, after: Api, tables: Tables) -> None:
    challenge = opened(send(before))
    code = code_in(before.mails(PHONE)[0])
    assert code_of(verify(after, challenge, another(code))) == "auth.otp.verify.invalid"
    assert verify(after, challenge, code).status_code == 200
    assert code_of(verify(before, challenge, code)) == "auth.otp.verify.already_used"


@drill(Purpose.OTP_PHONE)
def phone_quotas(before: Api, after: Api, tables: Tables) -> None:
    cap = before.server.app.config[PER_PHONE_MAX_PER_HOUR]
    for number in range(cap):
        opened(send((before, after)[number % 2]))
    for api in (before, after):
        assert code_of(send(api)) == "auth.otp.send.rate_limit"


@drill(Purpose.MAIL_QUOTA)
def mail_quotas(before: Api, after: Api, tables: Tables) -> None:
    account(before, tables)
    for api in (before, after, before):
        api.call("auth.passwords.forgot", {"email": EMAIL})
        api.server.work_off()
    assert len(before.mails(EMAIL)) == 1


@drill(Purpose.AUDIT_ADDRESS)
def audited_addresses(before: Api, after: Api, tables: Tables) -> None:
    before.call("auth.passwords.forgot", {"email": EMAIL})
    target = tables.one("SELECT target_id FROM audit_logs WHERE action = 'auth.forgot_password.requested'")["target_id"]
    known = after.server.app.parts.keyring.digests(Purpose.AUDIT_ADDRESS, EMAIL)
    assert target in {digest.text for digest in known}


@drill(Purpose.TOMBSTONE)
def tombstones(before: Api, after: Api, tables: Tables) -> None:
    user_id = account(before, tables)
    past = datetime.now(UTC) - timedelta(seconds=1)
    insert(tables, "gdpr_requests", user_id=user_id, kind="DELETION", grace_ends_at=past)
    before.server.let_time_come("gdpr.erase_due")
    assert tables.one("SELECT email FROM users")["email"] == tombstone(before.server, EMAIL)
    assert code_of(after.register(EMAIL)) == "auth.register.account_previously_deleted"


def register_once(api: Api, key: str, email: str = EMAIL) -> httpx.Response:
    body = {"email": email, "password": PASSWORD, "acceptedTerms": True, "acceptedPrivacy": True}
    return api.call("auth.register", body, headers={"Idempotency-Key": key})


@drill(Purpose.IDEMPOTENCY, Purpose.IDEMPOTENCY_CALLER, Purpose.IDEMPOTENCY_FINGERPRINT)
def finished_claims(before: Api, after: Api, tables: Tables) -> None:
    first = register_once(before, "one")
    assert first.status_code == 201
    for api in (after, before):
        again = register_once(api, "one")
        assert again.headers["idempotency-replayed"] == "true"
        assert again.json() == first.json()
        assert code_of(register_once(api, "one", "eve@example.com")) == "idempotency.key_reused"
    assert tables.count("users") == 1


def test_a_change_whose_secret_is_gone_is_not_undone(client_of: Callable[[str], Api], tables: Tables) -> None:
    before, after = client_of("old"), client_of("new")
    Factor(before, tables).enable()
    token = undo_token(before)
    answer = after.call("auth.changes.undo", {"token": token})
    assert (answer.status_code, code_of(answer)) == (400, "auth.undo_change.invalid_token")
    assert before.call("auth.changes.undo", {"token": token}).status_code == 200


def test_wrong_codes_of_before_count_when_the_owner_is_to_be_warned(
    client_of: Callable[[str], Api], tables: Tables
) -> None:
    """Though nothing was counted yet under the secret that just came into use."""
    before, after = client_of("old"), client_of("new,old")
    factor = Factor(before, tables).enable()
    for api, times in ((before, 4), (after, 1)):
        factor.api = api
        token = factor.start_sign_in()
        for _ in range(times):
            assert code_of(factor.finish(token, WRONG)) == "auth.2fa.invalid_code"
    assert "email.wrong_second_factors" in topics(tables)


@pytest.mark.parametrize("what", ["second_factor", "current_password"])
def test_failures_are_forgotten_under_every_secret_in_one_order(
    client_of: Callable[[str], Api], tables: Tables, what: str
) -> None:
    """The order in which they are counted, else who counts and who forgets each wait for what the other has."""
    server = client_of("new,old").server
    parts = server.app.parts
    unused: Any = None  # nothing is hashed here
    second_factor = SecondFactor(parts.keyring, parts.config, utc_now)
    forget, purpose = {
        "second_factor": (second_factor.forget_failures, Purpose.TWO_FACTOR_ATTEMPTS),
        "current_password": (
            CurrentPassword(parts.keyring, parts.config, unused, utc_now).forget_guesses, Purpose.PASSWORD_GUESSES,
        ),
    }[what]  # fmt: skip
    users = ((user, parts.keyring.digests(purpose, str(user))) for user in iter(uuid4, None))
    user_id, digests = next((user, found) for user, found in users if found[0].value > found[1].value)
    last, first = (digest.value for digest in digests)
    for subject in (first, last):
        tables.run("INSERT INTO login_attempts (subject, failures, updated_at) VALUES (%s, 3, now())", subject)

    async def forgotten() -> None:
        async with parts.database.unit() as db:
            await forget(db, user_id)

    row = "SELECT 1 FROM login_attempts WHERE subject = %s FOR UPDATE"
    with ThreadPoolExecutor(1) as pool, psycopg.connect(server.database_url) as other:
        other.execute(row, [first])
        forgetting = pool.submit(server.on_loop, forgotten())
        until(lambda: waiting_for_locks(tables) == 1)
        assert other.execute(f"{row} NOWAIT", [last]).fetchall()
        other.rollback()
        forgetting.result()
    assert tables.count("login_attempts") == 0


def test_every_purpose_has_a_drill() -> None:
    """Whoever adds a use of the secret says here what becomes of it when the secret is rotated."""
    assert DRILLS.keys() == set(Purpose)


@pytest.mark.parametrize("step", STEPS, ids=" to ".join)
@pytest.mark.parametrize("work", list(dict.fromkeys(DRILLS.values())), ids=lambda work: work.__name__)
def test_what_began_before_ends_after(
    client_of: Callable[[str], Api], tables: Tables, step: tuple[str, str], work: Drill
) -> None:
    """Each step of the procedure in docs/operations.md, while both sides of it serve."""
    before, after = step
    work(client_of(before), client_of(after), tables)


@contextmanager
def slow(url: str) -> Iterator[None]:
    """Whoever opens an account waits until the block ends."""
    with psycopg.connect(url) as blocker:
        blocker.execute("LOCK TABLE consent_records IN EXCLUSIVE MODE")
        yield


class TestClaims:
    """Two nodes of which one knows only the old secret: the procedure was not kept, and nothing is done twice."""

    PAIRS = (("old", "new,old"), ("new,old", "old"), ("old", "old,new"), ("new,old", "new"), ("new", "new,old"))

    @pytest.mark.parametrize("pair", PAIRS, ids=" then ".join)
    def test_a_finished_one_is_replayed(
        self, client_of: Callable[[str], Api], tables: Tables, pair: tuple[str, str]
    ) -> None:
        before, after = map(client_of, pair)
        finished_claims(before, after, tables)

    @pytest.mark.parametrize("pair", PAIRS, ids=" then ".join)
    def test_one_in_flight_is_waited_for(
        self, client_of: Callable[[str], Api], tables: Tables, pair: tuple[str, str]
    ) -> None:
        before, after = map(client_of, pair)
        answers: list[Any] = []
        first = threading.Thread(target=lambda: answers.append(register_once(before, "one")))
        with slow(before.server.database_url):
            first.start()
            until(lambda: waiting_for_locks(tables))
            response = register_once(after, "one")
            assert (response.status_code, code_of(response)) == (409, "idempotency.in_progress")
        first.join()
        assert answers[0].status_code == 201
        again = register_once(after, "one")
        assert again.headers["idempotency-replayed"] == "true"
        assert again.json() == answers[0].json()
        assert tables.count("users") == 1

    def test_one_that_was_abandoned_is_taken_over_under_all_secrets(
        self, client_of: Callable[[str], Api], tables: Tables
    ) -> None:
        both = client_of("new,old")
        assert register_once(both, "one").status_code == 201
        tables.run("DELETE FROM users")
        tables.run("UPDATE idempotency_keys SET status = NULL, body = NULL, leased_until = now() - interval '1 second'")
        assert register_once(both, "one").status_code == 201
        assert tables.one("SELECT count(*) AS n, count(body) AS kept FROM idempotency_keys") == {"n": 2, "kept": 2}

    def test_no_row_is_left_where_another_node_holds_the_key(
        self, client_of: Callable[[str], Api], tables: Tables
    ) -> None:
        old, both = client_of("old"), client_of("new,old")
        register_once(old, "one")
        register_once(both, "one")
        assert tables.count("idempotency_keys") == 1


class TestPlainTombstones:
    """Former releases left hashes without a key."""

    def test_are_recognised_before_and_after(self, client_of: Callable[[str], Api], tables: Tables) -> None:
        api = client_of("old")
        insert(tables, "users", email=f"deleted_{sha256(EMAIL.encode()).hexdigest()}@deleted.bio.re", status="DELETED")
        insert(tables, "users", email=tombstone(api.server, "eve@example.com"), status="DELETED")
        assert code_of(api.register(EMAIL)) == "auth.register.account_previously_deleted"
        api.server.let_time_come("housekeeping.key_tombstones")
        left = {row["email"] for row in tables.rows("SELECT email FROM users")}
        assert left == {tombstone(api.server, name) for name in (EMAIL, "eve@example.com")}
        assert code_of(api.register(EMAIL)) == "auth.register.account_previously_deleted"
