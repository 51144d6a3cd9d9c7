"""From a validated request to a handler and back: arguments by name, captcha, idempotency, unit of work, envelope."""

import importlib
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from decimal import Decimal
from functools import cached_property, partial
from typing import Any
from uuid import UUID, uuid4, uuid5

import orjson
import structlog
from connexion.apps.asynchronous import AsyncApi, AsyncASGIApp
from connexion.operations import AbstractOperation
from starlette.types import Receive, Scope, Send

from contract.bounds import max_items
from contract.caching import is_condition
from contract.dry_runs import FIELD
from contract.loader import Contract
from contract.names import argument_name
from contract.policy import NEVER_STORED, ContractError, Policy
from contract.schemas import SchemaCompiler
from contract.texts import Texts
from domain.errors import ApiError
from domain.keys import Purpose
from persistence.engine.database import Database
from persistence.engine.uow import LostClaim, UnitOfWork
from persistence.idempotency import Claim
from persistence.idempotency import Scope as ClaimScope
from providers.families.visitors import CaptchaFamily
from providers.ports import ProviderUnavailable
from runtime.settings import Settings
from runtime.web.answers.successes import Answer, Successes, preparer
from runtime.web.answers.walks import walk_of
from runtime.web.call import SCOPE_KEY, Call
from runtime.web.cookie import CookieCarrier, RefreshCookie, refresh_cookie
from runtime.web.errors import Refusals, send_answer
from runtime.web.extensions import dry_runs, versions
from runtime.web.linking import ByOperation
from runtime.web.passwords import CallersHasher
from runtime.web.visitor import CallVisitor, DeviceCookie, device_cookie
from services.container import Services
from services.current_password import CurrentPassword
from services.keyring import Keyring

LEASE = timedelta(seconds=60)
REQUESTS = UUID("0d6a4a52-3a38-5f0e-8f7c-2f3b8a1d7c90")
LIFE = timedelta(hours=24)
CONTENT_TYPE = (b"content-type", b"application/json")
REPLAYED = (b"idempotency-replayed", b"true")

Handler = Callable[..., Awaitable[Any]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Container:
    """What all handlers share. ``services`` are handed to them by parameter name."""

    contract: Contract
    schemas: SchemaCompiler
    settings: Settings
    database: Database
    keyring: Keyring
    texts: Texts
    refusals: Refusals
    captcha: CaptchaFamily
    services: Services

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(field.name for field in fields(self.services))

    @cached_property
    def refresh_cookie(self) -> RefreshCookie:
        return refresh_cookie(self.contract, self.settings)

    @cached_property
    def device_cookie(self) -> DeviceCookie:
        return device_cookie(self.contract)


PER_CALL: Mapping[str, Callable[[Container, Call], Any]] = {
    "body": lambda _c, call: call.body,
    "principal": lambda _c, call: call.principal,
    "client": lambda _c, call: call.client,
    "carrier": lambda c, call: CookieCarrier(call, c.refresh_cookie),
    "current_password": lambda c, call: CurrentPassword(
        c.keyring, c.services.config, CallersHasher(c.services.hasher, call), c.services.clock
    ),
    "hasher": lambda c, call: CallersHasher(c.services.hasher, call),
    "visitor": lambda c, call: CallVisitor(call, c.device_cookie, c.keyring, c.services.config),
    "walk": lambda c, call: walk_of(c.contract.policies[call.operation_id or ""], call),
    "request_id": lambda _c, call: _request_id(call),
    "say": lambda c, call: partial(c.texts.say, call.client.locale, "messages"),
}
# What the contract says of an operation, by the name of its keyword.
PER_OPERATION: Mapping[str, Callable[[Contract, Mapping[str, Any]], Any]] = {
    "max_items": lambda contract, operation: max_items(contract.document, operation),
    "prepare": preparer,
}
WORK = {"uow", "db"}
PERSONAL = PER_CALL.keys() - {"body", "walk"}
"""What tells one caller from another."""


def _request_id(call: Call) -> UUID:
    """The same for all calls of a person with the same key, however often they were cut short."""
    if call.idempotency_key is None or call.principal is None:
        return uuid4()
    return uuid5(REQUESTS, f"{call.principal.user_id}:{call.operation_id}:{call.idempotency_key}")


def _plain_number(number: Decimal) -> str:
    """4.5 is 4.50."""
    return str(number.normalize())


def find_handler(operation_id: str) -> Handler:
    """``auth.register`` -> ``handlers.auth.register``. Raises ContractError."""
    module, _, name = operation_id.rpartition(".")
    try:
        handler: Handler = getattr(importlib.import_module(f"handlers.{module}"), name)
    except (ImportError, AttributeError) as error:
        raise ContractError(f"{operation_id}: no handler handlers/{module}.py:{name} ({error})") from error
    return handler


def declared(contract: Contract, operation_id: str, names: Iterable[str]) -> dict[str, Any]:
    """What the contract says of an operation, for each of the ``names``. Raises ContractError where it says nothing."""
    found = {name: PER_OPERATION[name](contract, contract.operation(operation_id)) for name in names}
    missing = sorted(name for name, value in found.items() if value is None)
    if missing:
        raise ContractError(f"{operation_id}: the handler asks for {missing}; its answer declares none")
    return found


class WiredOperation:
    """Replaces ``connexion.apps.asynchronous.AsyncOperation``: how the handler is called is settled at start."""

    def __init__(self, container: Container, policy: Policy) -> None:
        self._container = container
        self._policy = policy
        handler = find_handler(policy.operation_id)
        operation = container.contract.operation(policy.operation_id)
        names = inspect.signature(handler).parameters.keys()
        parameters = versions.arguments(policy, self._parameters(operation), set(names))
        parameters = dry_runs.arguments(policy, parameters)
        dry_runs.check(policy, names)
        self._check_names(names, parameters)
        services = container.names - PER_CALL.keys() - parameters
        given = {name: getattr(container.services, name) for name in names & services}
        given |= declared(container.contract, policy.operation_id, names & PER_OPERATION.keys() - parameters)
        self._handler: Handler = partial(handler, **given) if given else handler
        self._given = tuple(name for name in names if name in parameters)
        self._per_call = tuple((name, PER_CALL[name]) for name in names if name in PER_CALL.keys() - parameters)
        self._takes_uow = "uow" in names
        self._takes_db = "db" in names
        # A GET has no transaction unless the contract says that it leaves something behind.
        self._reads_only = policy.method == "get" and not policy.side_effects
        self._has_unit = self._takes_uow or (self._takes_db and not self._reads_only)
        strict = not container.settings.production
        self._successes = Successes(policy, operation, container.services.clock, container.schemas if strict else None)

    def _parameters(self, operation: Mapping[str, Any]) -> set[str]:
        resolved = [self._container.schemas.resolved(p) for p in operation.get("parameters", ())]
        return {argument_name(p["name"]) for p in resolved if not is_condition(p)}

    def _check_names(self, names: Iterable[str], parameters: set[str]) -> None:
        known = WORK | PER_CALL.keys() | PER_OPERATION.keys() | self._container.names | parameters
        unknown = set(names) - known
        if unknown:
            raise ContractError(f"{self._policy.operation_id}: the handler asks for unknown {sorted(unknown)}")
        walked = self._policy.cursor is not None
        if walked is not ("walk" in names) or (walked and "cursor" in names):
            what = "needs x-biore-cursor" if not walked else "is how the handler asks for the cursor"
            raise ContractError(f"{self._policy.operation_id}: the argument walk {what}")
        personal = set(names) & PERSONAL - parameters if self._policy.cache else set()
        if personal:
            what = f"{self._policy.operation_id}: the handler asks for {sorted(personal)}"
            raise ContractError(f"{what}; a shared cache gives everybody its answer, so it must know nobody")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call: Call = scope[SCOPE_KEY]
        call.receive = receive
        token = self._take_captcha_token(call) if self._policy.captcha else None
        key = call.arguments.pop("idempotency_key", None) if self._policy.idempotent else None
        call.idempotency_key = key
        if self._policy.dry_run and call.arguments.pop(dry_runs.GIVEN):
            answer = await self._rehearse(call)
        elif key is None:
            await self._require_captcha(token, call)
            answer = await self._perform(call)
        else:
            answer = await self._once(key, token, call)
        await send_answer(send, *answer)

    def _take_captcha_token(self, call: Call) -> str | None:
        given = [call.body.pop(name, None) for name in self._policy.captcha]
        return next((token for token in given if token), None)

    async def _require_captcha(self, token: str | None, call: Call) -> None:
        captcha = self._container.captcha
        asked = bool(self._policy.captcha) and (self._policy.captcha_of_all or call.principal is None)
        if not asked or not captcha.enabled:
            return
        if token is None:
            raise ApiError("captcha.required")
        try:
            passed = await captcha.verify(token, call.client.ip)
        except ProviderUnavailable as error:
            log.warning("captcha.unavailable", reason=str(error))
            raise ApiError("service.unavailable", retry_after=5) from error
        if not passed:
            raise ApiError("captcha.invalid")

    async def _once(self, key: str, token: str | None, call: Call) -> Answer:
        """Do the work once per caller and key; a repetition gets the stored answer."""
        async with self._container.database.unit() as db:
            claim = await db.idempotency.claim(self._scopes(call), self._policy.operation_id, key, LEASE, LIFE)
        if claim.rows:
            return await self._claimed(claim, token, call)
        if not claim.same_request:
            raise ApiError("idempotency.key_reused")
        if claim.status is None or claim.body is None:
            raise ApiError("idempotency.in_progress", retry_after=claim.seconds_left)
        body = self._container.keyring.unseal(Purpose.IDEMPOTENCY, claim.body.decode())
        told = versions.of_envelope(self._policy, orjson.loads(body)) if self._policy.versioned else []
        return claim.status, [CONTENT_TYPE, REPLAYED, *told], body.encode()

    def _scopes(self, call: Call) -> list[ClaimScope]:
        """Caller and request under each known secret."""
        digests = self._container.keyring.digests
        caller = str(call.principal.user_id) if call.principal else call.client.network
        body = call.body.hex() if isinstance(call.body, bytes) else call.body
        canonical = orjson.dumps([call.arguments, body], default=_plain_number, option=orjson.OPT_SORT_KEYS).decode()
        fingerprints = digests(Purpose.IDEMPOTENCY_FINGERPRINT, canonical)
        pairs = zip(digests(Purpose.IDEMPOTENCY_CALLER, caller), fingerprints, strict=True)
        return [ClaimScope(one.kid, one.value, other.value) for one, other in pairs]

    async def _claimed(self, claim: Claim, token: str | None, call: Call) -> Answer:
        try:
            await self._require_captcha(token, call)
            return await self._perform(call, claim)
        except BaseException:
            async with self._container.database.unit() as db:
                await db.idempotency.release(claim)
            raise

    async def _rehearse(self, call: Call) -> Answer:
        """Run the handler in a unit of work that cannot commit. No key of idempotency is claimed, or looked at."""
        uow = UnitOfWork(self._container.database, call.trace, dry=True)
        try:
            answer = await self._success(call, uow, **{FIELD: True})
            await uow.conclude()
        finally:
            await uow.abandon()
        return answer

    async def _perform(self, call: Call, claim: Claim | None = None) -> Answer:
        """Run the handler; under a claim its effect and its answer commit together."""
        if not self._has_unit and claim is None:
            return await self._success(call, None)
        uow = UnitOfWork(self._container.database, call.trace, reading=self._reads_only)
        try:
            return await self._answer(call, uow, claim)
        except LostClaim:
            raise ApiError("idempotency.in_progress", retry_after=1) from None
        finally:
            await uow.abandon()

    async def _answer(self, call: Call, uow: UnitOfWork, claim: Claim | None) -> Answer:
        try:
            answer = await self._success(call, uow)
            if claim is None:
                await uow.conclude()
            elif uow.pending:
                await uow.conclude(self._storing(claim, answer))
            else:
                raise RuntimeError(
                    f"{self._policy.operation_id} is idempotent: its effect belongs into uow.last() or db"
                )
        except ApiError as error:
            await uow.abandon()
            status, *_ = answer = self._container.refusals.render(error, call)
            passing = status in NEVER_STORED or status >= 500 or error.code in self._policy.passing
            if claim is None or passing:
                raise
            await uow.conclude(self._storing(claim, answer))
        return answer

    def _storing(self, claim: Claim, answer: Answer) -> Callable[[Any], Awaitable[bool]]:
        """Answers may hold secrets that are shown once, so what is kept of them is sealed."""
        seal, text = self._container.keyring.seal, answer[2].decode()
        bodies = {kid: seal(Purpose.IDEMPOTENCY, text, kid).encode() for kid in claim.rows}
        return lambda db: db.idempotency.store(claim, answer[0], bodies)

    async def _success(self, call: Call, uow: UnitOfWork | None, **beside: bool) -> Answer:
        """``beside`` the data. The version of what was not kept would be no good to anybody."""
        data = await self._invoke(call, uow)
        status, headers, body = self._successes.answer(data, call, **beside)
        return status, headers if beside else [*headers, *versions.of_data(self._policy, data)], body

    async def _invoke(self, call: Call, uow: UnitOfWork | None) -> Any:
        arguments = {name: call.arguments[name] for name in self._given}
        for name, find in self._per_call:
            arguments[name] = find(self._container, call)
        if self._takes_uow:
            arguments["uow"] = uow
        if not self._takes_db:
            return await self._handler(**arguments)
        if uow is None or self._reads_only:
            async with self._container.database.reading() as db:
                return await self._handler(**arguments, db=db)
        async with uow.last() as db:
            return await self._handler(**arguments, db=db)


class WiredApi(AsyncApi):
    def __init__(self, *arguments: Any, container: Container, **options: Any) -> None:
        self._container = container
        super().__init__(*arguments, **options)

    def make_operation(self, operation: AbstractOperation) -> WiredOperation:
        policy = self._container.contract.policies[operation.operation_id]
        return WiredOperation(self._container, policy)


class WiredApp(ByOperation, AsyncASGIApp):
    """The innermost application of the stack: operations instead of decorated functions."""

    api_cls = WiredApi

    def __init__(self) -> None:
        super().__init__()
        self.router.redirect_slashes = False
