"""Which key signs access tokens, which ones are accepted, and what a rotation changes, on one node and on others."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

import jwt
import pytest

from persistence.engine.database import Database
from services.keyring import Keyring
from services.signing_keys import SigningKeys
from services.tokens import AccessClaims, InvalidToken, Tokens
from tests.conftest import SECRET
from tests.handlers.support import somebody
from tests.harness import Server, Tables, bearer
from tests.providers.fakes import FakeConfig

T = TypeVar("T")

OTHER_SECRET = "another-secret-of-the-tests-0123456789"
LIFE = 900
USER, SESSION = uuid4(), uuid4()


class Time:
    """A clock that tests move, and the seconds of a stopwatch that goes with it."""

    def __init__(self) -> None:
        self._start = self._now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self._now

    def seconds(self) -> float:
        return (self._now - self._start).total_seconds()

    def pass_by(self, **span: float) -> None:
        self._now += timedelta(**span)


class Nodes:
    """Processes on one database, as far as signing goes."""

    def __init__(self, database: Database, time: Time) -> None:
        self.database = database
        self.time = time
        self._config = FakeConfig({"auth.access_token_ttl_seconds": LIFE})

    def keys(self, *secrets: str) -> SigningKeys:
        keyring = Keyring(secrets or (SECRET,))
        return SigningKeys(self.database, keyring, self._config, self.time, self.time.seconds)

    def tokens(self, keys: SigningKeys) -> Tokens:
        return Tokens(Keyring((SECRET,)), keys, self._config, self.time)


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def issued(tokens: Tokens) -> str:
    return str(tokens.access(USER, SESSION)["accessToken"])


@pytest.fixture
def play(database_url: str, rows: Tables) -> Callable[[Callable[[Nodes], Awaitable[T]]], T]:
    """Runs a scenario on an empty table."""

    def run(scenario: Callable[[Nodes], Awaitable[T]]) -> T:
        async def on_database() -> T:
            keyring = Keyring((SECRET,))
            database = Database(database_url, seal=partial(keyring.seal, "outbox"), digests=keyring.digests)
            try:
                return await scenario(Nodes(database, Time()))
            finally:
                await database.close()

        return asyncio.run(on_database())

    return run


Play = Callable[[Callable[[Nodes], Awaitable[Any]]], Any]


class TestBeforeAnyRotation:
    def test_the_derived_key_signs_and_those_of_retired_secrets_are_accepted(self, play: Play) -> None:
        async def scenario(nodes: Nodes) -> None:
            keys, keyring = nodes.keys(SECRET, OTHER_SECRET), Keyring((SECRET, OTHER_SECRET))
            assert keys.current == (keyring.current, keyring.key("access-token"))
            for kid, key in keyring.keys("access-token").items():
                assert await keys.find(kid) == key
            assert await keys.find("nobody") is None

        play(scenario)

    def test_a_node_that_knows_nothing_yet_accepts_nothing_that_was_retired(self, play: Play) -> None:
        async def scenario(nodes: Nodes) -> None:
            old, _ = nodes.keys().current
            await nodes.keys().rotate()
            nodes.time.pass_by(seconds=LIFE)
            late = nodes.keys()
            assert not late.known
            assert await late.find(old) is None
            assert late.known

        play(scenario)


class TestRotation:
    def test_new_tokens_carry_the_new_key_and_old_ones_stay_good(self, play: Play) -> None:
        async def scenario(nodes: Nodes) -> None:
            keys = nodes.keys()
            tokens = nodes.tokens(keys)
            old = issued(tokens)
            for _ in range(2):
                kid = await keys.rotate()
                new = issued(tokens)
                assert kid_of(new) == kid != kid_of(old)
                assert await tokens.read_access(old) == await tokens.read_access(new) == AccessClaims(USER, SESSION)
                old = new

        play(scenario)

    def test_a_key_signs_with_itself_only(self, play: Play) -> None:
        async def scenario(nodes: Nodes) -> None:
            keys = nodes.keys()
            tokens = nodes.tokens(keys)
            claims = jwt.decode(issued(tokens), options={"verify_signature": False})
            _, old = keys.current
            header = {"typ": "at+jwt", "kid": await keys.rotate()}
            with pytest.raises(InvalidToken):
                await tokens.read_access(jwt.encode(claims, old, "HS256", headers=header))

        play(scenario)

    def test_a_retired_key_dies_with_the_last_token_it_may_have_signed(self, play: Play) -> None:
        async def scenario(nodes: Nodes) -> None:
            keys = nodes.keys(SECRET, OTHER_SECRET)
            derived = list(Keyring((SECRET, OTHER_SECRET)).keys("access-token"))
            first = await keys.rotate()
            nodes.time.pass_by(seconds=LIFE - 1)
            second = await keys.rotate()
            assert None not in [await keys.find(kid) for kid in (*derived, first, second)]
            nodes.time.pass_by(seconds=1)
            assert [await keys.find(kid) for kid in derived] == [None, None]
            assert await keys.find(first) is not None
            nodes.time.pass_by(seconds=LIFE)
            assert await keys.find(first) is None
            assert await keys.find(second) == keys.current[1]

        play(scenario)

    def test_is_audited_and_sealed(self, play: Play, rows: Tables) -> None:
        async def scenario(nodes: Nodes) -> tuple[str, str, bytes]:
            keys = nodes.keys()
            derived, _ = keys.current
            await keys.rotate()
            return (derived, *keys.current)

        derived, kid, key = play(scenario)
        entry = rows.one("SELECT target_id, details FROM audit_logs WHERE action = 'keys.rotate'")
        assert entry == {"target_id": kid, "details": {"retired": [derived]}}
        stored = {row["kid"]: row["sealed"] for row in rows.rows("SELECT kid, sealed FROM signing_keys")}
        assert stored[derived] == ""
        assert key.hex() not in stored[kid]
        assert Keyring((SECRET,)).unseal("signing-key", stored[kid]) == key.hex()

    def test_two_at_once_leave_one_live_key(self, play: Play, rows: Tables) -> None:
        async def scenario(nodes: Nodes) -> None:
            await asyncio.gather(*(nodes.keys().rotate() for _ in range(5)))

        play(scenario)
        assert rows.one("SELECT count(*) AS n FROM signing_keys WHERE retired_at IS NULL") == {"n": 1}
        assert rows.count("signing_keys") == 6

    def test_a_purged_key_does_not_come_back(self, play: Play, rows: Tables) -> None:
        async def scenario(nodes: Nodes) -> None:
            keys = nodes.keys()
            derived, _ = keys.current
            live = await keys.rotate()
            nodes.time.pass_by(hours=25)
            async with nodes.database.unit() as db:
                await db.signing_keys.purge(nodes.time() - timedelta(days=1))
            await keys.refresh()
            assert [key["kid"] for key in keys.shown()] == [live]
            assert await keys.find(derived) is None
            await keys.rotate()
            assert await keys.find(derived) is None
            assert await keys.find(live) is not None

        play(scenario)


class TestLostSecret:
    def test_people_can_sign_in_again(self, play: Play) -> None:
        async def scenario(nodes: Nodes) -> None:
            old = nodes.keys()
            lost = await old.rotate()
            keys = nodes.keys(OTHER_SECRET)
            assert await keys.find(lost) is None
            kid, key = keys.current
            assert kid == Keyring((OTHER_SECRET,)).current
            assert await keys.find(kid) == key
            assert await keys.find(old.current[0]) is None
            assert await keys.rotate() == keys.current[0]
            assert await keys.find(kid) == key

        play(scenario)

    def test_a_replaced_one_that_is_kept_still_opens_them(self, play: Play) -> None:
        async def scenario(nodes: Nodes) -> None:
            kid = await nodes.keys().rotate()
            keys = nodes.keys(OTHER_SECRET, SECRET)
            assert await keys.find(kid) is not None
            assert await keys.find(Keyring((OTHER_SECRET,)).current) is None

        play(scenario)


class TestOtherNodes:
    def test_an_unknown_key_is_looked_up_once_a_second(self, play: Play) -> None:
        async def scenario(nodes: Nodes) -> None:
            here, there = nodes.keys(), nodes.keys()
            await there.refresh()
            first = await here.rotate()
            assert None not in await asyncio.gather(*(there.find(first) for _ in range(10)))
            second = await here.rotate()
            nodes.time.pass_by(seconds=0.9)
            assert await there.find(second) is None
            nodes.time.pass_by(seconds=0.2)
            assert await there.find(second) == here.current[1]

        play(scenario)

    def test_a_token_of_a_node_that_rotated_is_accepted_at_once(self, start_server: Callable[..., Server]) -> None:
        here = start_server()
        there = start_server(here.database_url)
        old = somebody(here)
        kid = here.on_loop(here.app.signing_keys.rotate())
        new = somebody(here)
        assert kid_of(new) == kid != kid_of(old)
        with here.client() as near, there.client() as far:
            for token in (new, old):
                for api in (far, near):
                    assert api.call("users.profile", headers=bearer(token)).status_code == 200

    def test_follow_with_their_config(self, start_server: Callable[..., Server]) -> None:
        here = start_server()
        there = start_server(here.database_url)
        kid = here.on_loop(here.app.signing_keys.rotate())
        there.on_loop(there.app.config.keep_up())
        assert there.app.signing_keys.current == here.app.signing_keys.current
        assert kid_of(somebody(there)) == kid
