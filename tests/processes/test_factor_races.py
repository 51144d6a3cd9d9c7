"""What works once, tried by many at once against two server processes."""

import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx
import pyotp
import pytest

from domain.auth.two_factor import CHALLENGE_LIFE
from runtime.compose import Parts
from services.platforms import OAuthDirectory
from tests.harness import TOKEN, Tables, bearer
from tests.oidc_server import NONCE, SECRET, Platform, oidc_server
from tests.processes.biore import Deployment, registration
from tests.processes.conftest import DeploymentMaker
from tests.processes.crowd import Call, all_at_once, codes, post
from tests.redis_server import RedisServer

MANY = 50
CODE = re.compile(r"\b[0-9]{6}\b")


@pytest.fixture(scope="module")
def biore(deploy: DeploymentMaker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Two API processes that share a Redis, and one worker."""
    with RedisServer(tmp_path_factory.mktemp("r")) as redis:
        deployment = deploy(redis_url=redis.url)
        deployment.start("worker")
        deployment.serve("--workers", "2", "--no-worker")
        yield deployment


@pytest.fixture
def tables(biore: Deployment) -> Iterator[Tables]:
    with biore.tables() as tables:
        yield tables


@pytest.fixture
def address(biore: Deployment) -> str:
    """Of a verified account."""
    with biore.client() as visitor:
        visitor.sign_up(address := f"{uuid4().hex}@example.com")
    return address


def owner(tables: Tables, address: str) -> UUID:
    user_id: UUID = tables.one("SELECT id FROM users WHERE email = %s", address)["id"]
    return user_id


def live_sessions(tables: Tables, user_id: UUID) -> int:
    return len(tables.rows("SELECT 1 FROM sessions WHERE user_id = %s AND revoked_at IS NULL", user_id))


def audits(tables: Tables, action: str, target: str) -> int:
    return len(tables.rows("SELECT 1 FROM audit_logs WHERE action = %s AND target_id = %s", action, target))


@dataclass(frozen=True, slots=True)
class Factor:
    """An account that signs in with an app."""

    biore: Deployment
    user_id: UUID
    secret: str
    backup_codes: Sequence[str]

    def fresh_code(self) -> str:
        """Of the next half minute: that of now proved the set-up."""
        return pyotp.TOTP(self.secret).at(int(time.time()) + 30)

    def challenges(self, number: int) -> list[str]:
        """The temporary tokens of sign-ins whose password was right."""

        async def start(parts: Parts) -> list[str]:
            async with parts.database.unit() as db:
                now, opened = datetime.now(UTC), db.sign_in_challenges
                return [str(await opened.start(self.user_id, now, CHALLENGE_LIFE)) for _ in range(number)]

        return self.biore.with_parts(start)


def finish(temp_token: str, code: str) -> Call:
    return post("auth/login/2fa", {"tempToken": temp_token, "code": code})


@pytest.fixture
def factor(biore: Deployment, tables: Tables, address: str) -> Factor:
    with biore.client() as visitor:
        access, _ = visitor.sign_in(address)
        setup = visitor.post("auth/2fa/setup", headers=bearer(access))
        secret = setup.json()["data"]["secret"]
        body = {"code": pyotp.TOTP(secret).now()}
        verified = visitor.post("auth/2fa/verify", json=body, headers=bearer(access))
    return Factor(biore, owner(tables, address), secret, verified.json()["data"]["backupCodes"])


class TestSecondFactor:
    def test_one_code_signs_in_once(self, biore: Deployment, tables: Tables, factor: Factor) -> None:
        code = factor.fresh_code()
        answers = all_at_once(biore, [finish(challenge, code) for challenge in factor.challenges(MANY)])
        told = codes(answers)
        assert (told["200"], live_sessions(tables, factor.user_id)) == (1, 1)
        assert told.keys() <= {"200", "auth.2fa.invalid_code", "auth.2fa.locked"}

    def test_one_backup_code_signs_in_once(self, biore: Deployment, tables: Tables, factor: Factor) -> None:
        code = factor.backup_codes[0]
        answers = all_at_once(biore, [finish(challenge, code) for challenge in factor.challenges(MANY)])
        told = codes(answers)
        assert (told["200"], live_sessions(tables, factor.user_id)) == (1, 1)
        assert told.keys() <= {"200", "auth.2fa.invalid_code", "auth.2fa.locked"}
        used = "SELECT 1 FROM backup_codes WHERE user_id = %s AND used_at IS NOT NULL"
        assert len(tables.rows(used, factor.user_id)) == 1

    def test_one_challenge_is_passed_once(self, biore: Deployment, tables: Tables, factor: Factor) -> None:
        (challenge,) = factor.challenges(1)
        answers = all_at_once(biore, [finish(challenge, code) for code in factor.backup_codes])
        told = codes(answers)
        assert (told["200"], live_sessions(tables, factor.user_id)) == (1, 1)
        assert told.keys() <= {"200", "auth.2fa.invalid_code", "auth.2fa.challenge_expired"}

    def test_parallel_guesses_do_not_slip_past_the_lock(self, biore: Deployment, factor: Factor) -> None:
        answers = all_at_once(biore, [finish(challenge, "000000") for challenge in factor.challenges(MANY)])
        assert codes(answers) == {"auth.2fa.invalid_code": 10, "auth.2fa.locked": MANY - 10}
        right = [finish(challenge, factor.fresh_code()) for challenge in factor.challenges(1)]
        assert codes(all_at_once(biore, right)) == {"auth.2fa.locked": 1}


class TestReset:
    def test_one_token_sets_one_password(self, biore: Deployment, tables: Tables, address: str) -> None:
        with biore.client() as visitor:
            visitor.post("auth/forgot-password", json={"email": address})
        token = TOKEN.search(biore.wait_for_mail(address, "reset-password"))
        assert token is not None
        passwords = [f"Better-Horse-{number}" for number in range(64)]
        resets = [post("auth/reset-password", {"token": token[1], "newPassword": new}) for new in passwords]
        answers = all_at_once(biore, resets)
        assert codes(answers) == {"200": 1, "auth.reset_password.invalid_token": 63}
        winner = passwords[[answer.status_code for answer in answers].index(200)]
        with biore.client() as visitor:
            visitor.sign_in(address, winner)
        assert audits(tables, "auth.reset_password.success", str(owner(tables, address))) == 1


class TestPhoneCodes:
    @pytest.fixture
    def phone(self) -> str:
        return f"+1202{uuid4().int % 8_000_000 + 2_000_000}"

    def test_a_phone_gets_its_share_of_an_hour(self, biore: Deployment, tables: Tables, phone: str) -> None:
        sends = [post("auth/send-otp", {"phone": phone, "purpose": "verify-phone-fan"})] * MANY
        for total in (5, 10):  # in its first hour, and in the next
            assert codes(all_at_once(biore, sends)) == {"200": 5, "auth.otp.send.rate_limit": MANY - 5}
            assert len(tables.rows("SELECT 1 FROM challenges WHERE phone = %s", phone)) == total
            tables.run("UPDATE phone_quotas SET opened_at = opened_at - interval '1 hour'")

    def test_a_challenge_is_passed_once(self, biore: Deployment, tables: Tables, phone: str) -> None:
        challenge, code = sent(biore, phone)
        answers = all_at_once(biore, [post("auth/verify-otp", {"challengeId": challenge, "code": code})] * MANY)
        assert codes(answers) == {"200": 1, "auth.otp.verify.already_used": MANY - 1}
        assert audits(tables, "auth.otp.verify.success", challenge) == 1

    def test_guesses_get_no_more_than_the_maximum(self, biore: Deployment, tables: Tables, phone: str) -> None:
        challenge, code = sent(biore, phone)
        wrong = f"{(int(code) + 1) % 10**6:06}"
        answers = all_at_once(biore, [post("auth/verify-otp", {"challengeId": challenge, "code": wrong})] * MANY)
        assert codes(answers) == {"auth.otp.verify.invalid": 5, "auth.otp.verify.attempts_exhausted": MANY - 5}
        assert audits(tables, "auth.otp.verify.failure", challenge) == 5

    def test_one_resend_is_taken(self, biore: Deployment, tables: Tables, phone: str) -> None:
        challenge, _ = sent(biore, phone)
        tables.run("UPDATE challenges SET sent_at = sent_at - interval '1 minute' WHERE id = %s", UUID(challenge))
        answers = all_at_once(biore, [post("auth/resend-otp", {"challengeId": challenge})] * MANY)
        assert codes(answers) == {"200": 1, "auth.otp.resend.cooldown": MANY - 1}


def sent(biore: Deployment, phone: str) -> tuple[str, str]:
    """A challenge and its code."""
    with biore.client() as visitor:
        answer = visitor.post("auth/send-otp", json={"phone": phone, "purpose": "verify-phone-fan"})
    code = CODE.search(biore.wait_for_mail(phone))
    assert code is not None
    return str(answer.json()["data"]["challengeId"]), code[0]


class TestPlatforms:
    """Twenty id tokens of one person, and two people who want one identity."""

    @pytest.fixture
    def platform(self, biore: Deployment) -> Iterator[Platform]:
        with oidc_server() as platform:

            async def enable(parts: Parts) -> None:
                known_as = {"client_id": platform.client_id, "client_secret": SECRET, "enabled": True}
                for name in ("google", "apple"):
                    directory = OAuthDirectory(parts.database, parts.keyring)
                    await directory.set(name, **known_as, **platform.endpoints())

            biore.with_parts(enable)
            yield platform

    @pytest.mark.parametrize("existing", [None, True, False])
    def test_one_identity_gets_one_account(
        self, biore: Deployment, tables: Tables, platform: Platform, existing: bool | None
    ) -> None:
        """Whether the address is new, has a verified account, or one that passes to its owner.

        A verified account is linked only by a platform that keeps its mailbox.
        """
        email = f"{uuid4().hex}@{'gmail.com' if existing else 'example.com'}"
        with biore.client() as visitor:
            if existing is not None:
                assert visitor.post("auth/register", json=registration(email)).status_code == 201
                tables.run("UPDATE users SET email_verified = %s WHERE email = %s", existing, email)
        answers = all_at_once(biore, [post("auth/oauth/login", told(platform, email)) for _ in range(20)])
        assert codes(answers) == {"200": 20}
        assert new(answers) == (1 if existing is None else 0)
        user_id = owner(tables, email)
        assert live_sessions(tables, user_id) == 20
        linked = tables.rows("SELECT 1 FROM social_accounts WHERE user_id = %s", user_id)
        assert len(linked) == 1
        assert audits(tables, "auth.oauth.link.success", str(user_id)) == (0 if existing is None else 1)

    def test_one_token_signs_in_once(self, biore: Deployment, tables: Tables, platform: Platform) -> None:
        email = f"{uuid4().hex}@example.com"
        answers = all_at_once(biore, [post("auth/oauth/login", told(platform, email))] * 20)
        assert codes(answers) == {"200": 1, "auth.oauth.invalid_token": 19}
        assert live_sessions(tables, owner(tables, email)) == 1

    def test_one_of_two_accounts_gets_an_identity(
        self, biore: Deployment, tables: Tables, platform: Platform, address: str
    ) -> None:
        with biore.client() as visitor:
            visitor.sign_up(other := f"{uuid4().hex}@example.com")
            tokens = [visitor.sign_in(email)[0] for email in (address, other)]
        subject = uuid4().hex
        links = [
            post("auth/oauth/link", told(platform, "elsewhere@example.com", subject), **bearer(tokens[turn % 2]))
            for turn in range(20)
        ]
        assert codes(all_at_once(biore, links)) == {
            "200": 1,
            "auth.oauth.already_linked": 9,
            "auth.oauth.linked_to_other_user": 10,
        }
        assert len(tables.rows("SELECT 1 FROM social_accounts WHERE platform_user_id = %s", subject)) == 1

    def test_of_two_last_ways_in_one_stays(
        self, biore: Deployment, tables: Tables, platform: Platform, address: str
    ) -> None:
        with biore.client() as visitor:
            access, _ = visitor.sign_in(address)
            for provider in ("google", "apple"):
                body = told(platform, address, uuid4().hex, provider)
                assert visitor.post("auth/oauth/link", json=body, headers=bearer(access)).status_code == 200
        tables.run("UPDATE users SET password_hash = NULL WHERE email = %s", address)
        answers = all_at_once(biore, [unlink(provider, access) for provider in ("google", "apple")])
        assert codes(answers) == {"200": 1, "auth.oauth.only_auth_method": 1}


def told(platform: Platform, email: str, subject: str = "", provider: str = "google") -> dict[str, str]:
    token = platform.id_token(subject or email.partition("@")[0], email=email)
    return {"provider": provider, "idToken": token, "nonce": NONCE}


def new(answers: Sequence[httpx.Response]) -> int:
    return Counter(answer.json()["data"]["isNewUser"] for answer in answers)[True]


def unlink(provider: str, access: str) -> Call:
    return lambda crowd: crowd.delete(f"auth/oauth/unlink/{provider}", headers=bearer(access))
