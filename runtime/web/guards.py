"""What stands before an operation, cheap before dear.

Scope, account status, kill switch, a recent proof of who calls, rate limit. Staff must be and show what it takes before
the kill switch, so that strangers learn nothing, and is asked for the proof after the limit, so that whoever has a copy
of a token finds out slowly how fresh it is.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
from connexion.operations import AbstractOperation
from starlette.types import ASGIApp, Receive, Scope, Send

from contract.policy import SCOPES, ContractError, Policy
from domain import admin, auth
from domain.config_keys import RATE_LIMIT_PREFIX, Rate
from domain.errors import ApiError
from domain.hosts import is_loopback, is_loopback_address
from domain.network import wider_networks
from domain.switches import RATE_LIMITS_ENABLED
from domain.users import Principal
from runtime.settings import Settings
from runtime.web.call import SCOPE_KEY, Call
from runtime.web.extensions.refused import NoteRefusal, nothing_noted
from runtime.web.extensions.staff import StaffGuard
from runtime.web.limits.local import Decision, Limiter
from runtime.web.linking import ByOperation
from runtime.web.marks import Mark
from services.config.live import LiveConfig
from services.tokens import KEPT_TOKENS

Check = Callable[[Settings, Call], None]

parse_rate = lru_cache(maxsize=1024)(Rate.parse)


def _anybody(_settings: Settings, _call: Call) -> None:
    """No token is asked for."""


def _somebody(_settings: Settings, call: Call) -> None:
    if call.principal is None:
        raise ApiError("auth.unauthenticated")


def _developer(settings: Settings, call: Call) -> None:
    """DNS rebinding: a foreign page can point its host name at this machine, so only loopback names are accepted.
    The token of staging is looked at later.
    """
    if settings.production:
        raise ApiError("route.not_found")
    host = call.headers.only("host")  # HTTP/1.0 may have none
    exposed = not (settings.development and is_loopback_address(settings.host))
    if not exposed and host is not None and not is_loopback(host):
        raise ApiError("dev.host_refused")


# What each scope asks of who calls.
CHECKS: Mapping[str, Check] = {
    "public": _anybody,
    "user": _somebody,
    "creator": _somebody,  # and a creator, once the account may act
    "admin": _somebody,  # and staff, once the account may act: `require_staff`
    "dev": _developer,
}


@dataclass(frozen=True)
class Guards:
    """What the guards of all operations share. Raises ContractError when a scope has no check."""

    policies: Mapping[str, Policy]
    settings: Settings
    config: LiveConfig
    limiter: Limiter
    clock: Callable[[], datetime]
    checks: Mapping[str, Check] = field(default_factory=lambda: CHECKS)
    marks: Mapping[str, Mark] = field(default_factory=dict)
    staff: StaffGuard = field(kw_only=True)
    note_refusal: NoteRefusal = field(default=nothing_noted, kw_only=True)
    dev_token_header: str = field(kw_only=True)
    """In lower case."""

    def __post_init__(self) -> None:
        unchecked = SCOPES.keys() - self.checks.keys()
        if unchecked:
            raise ContractError(f"scopes {sorted(unchecked)}: write their checks into CHECKS of runtime/web/guards.py")

    def admit(self, policy: Policy, call: Call) -> None:
        """All but the rate limit, which is dearer, and what staff must be and show.

        Raises ApiError at the first guard that refuses.
        """
        self.require_account(policy, call)
        self.require_on(policy)
        if call.principal is not None and _must_be_fresh(policy, call.principal):
            auth.require_fresh(call.principal.confirmed_at, self.clock(), self.config)

    def require_account(self, policy: Policy, call: Call) -> None:
        """While nobody knows what an admin stored, a kill switch might be thrown and a captcha be on."""
        if not self.config.known:
            raise ApiError("service.unavailable", retry_after=1)
        self.checks[policy.scope](self.settings, call)
        if call.principal is not None and call.principal.user is not None and not policy.any_account_status:
            require_active(call.principal.user.status)
        if policy.scope == "creator" and (call.principal is None or call.principal.creator_id is None):
            raise ApiError("error.creator.not_found")

    def require_on(self, policy: Policy) -> None:
        """Raises ApiError with the code of the kill switch that stops the operation."""
        switch = policy.kill_switch
        if switch is not None and switch.key.stops(self.config[switch.key]):
            raise ApiError(switch.error)

    async def require_staff(self, policy: Policy, call: Call) -> None:
        """``call`` knows roles and permissions of its caller from then on. Raises ApiError as ``StaffGuard.admit``."""
        if call.principal is not None:
            call.principal = await self.staff.admit(policy, call.principal, call.client.ip)

    def require_fresh_staff(self, policy: Policy, call: Call) -> None:
        """After the rate limit. Raises ApiError admin.reauthentication_required."""
        if policy.fresh.always:
            confirmed_at = None if call.principal is None else call.principal.confirmed_at
            admin.require_fresh(confirmed_at, self.clock(), self.config)

    def require_dev_token(self, call: Call) -> None:
        """After the rate limit, which counts the guesses."""
        given = call.headers.only(self.dev_token_header) or ""
        expected = self.settings.dev_token
        if not self.settings.development and not hmac.compare_digest(given.encode(), (expected or "").encode()):
            raise ApiError("auth.unauthenticated")

    async def limit(self, operation_id: str, call: Call, documented: Rate, mark: Mark | None = None) -> None:
        """Raises ApiError rate_limit.exceeded. ``mark`` is what calls are counted by that show one."""
        if not self.config[RATE_LIMITS_ENABLED]:
            return
        override = self.config.get(RATE_LIMIT_PREFIX + operation_id)
        rate = parse_rate(override) if override else documented
        decision = await self._count(operation_id, call, rate, mark)
        call.answer_headers += decision.headers(operation_id, rate.window)
        if not decision.allowed:
            raise ApiError("rate_limit.exceeded", retry_after=decision.reset)

    async def _count(self, operation_id: str, call: Call, rate: Rate, mark: Mark | None) -> Decision:
        shown = mark.read(call) if mark is not None else None
        if mark is not None and shown is not None:
            return await self._count_marked(operation_id, call, rate, shown, mark.wide)
        return await self._count_caller(operation_id, call, rate)

    async def _count_caller(self, operation_id: str, call: Call, rate: Rate) -> Decision:
        caller, *around = _counted_by(call)
        wider = tuple([f"{operation_id}:{name}" for name in around])
        return await self.limiter.hit(f"{operation_id}:{caller}", rate, wider)

    async def _count_marked(self, operation_id: str, call: Call, rate: Rate, shown: str, wide: int) -> Decision:
        """The network's count is apart from that of calls without a mark: these use up nothing of it.

        Somebody may have a copy of the mark, and somebody else many marks. Who uses them up takes nothing from the
        others but what marks give: they are then counted as callers without one.
        """
        own = await self.limiter.hit(f"{operation_id}:{shown}", rate)
        if not own.allowed:
            return await self._count_caller(operation_id, call, rate)
        network, *around = [
            f"{operation_id}:marked:{name}" for name in (call.client.network, *wider_networks(call.client.network))
        ]
        all_marked = await self.limiter.hit(network, Rate(rate.limit * wide, rate.window), tuple(around))
        return own if all_marked.allowed else await self._count_caller(operation_id, call, rate)


def _must_be_fresh(policy: Policy, principal: Principal) -> bool:
    """The password in a body is as much as a confirmation asks for only while no second factor is on."""
    user = principal.user
    return policy.fresh.always or (policy.fresh.password and user is not None and user.two_factor_enabled)


def _counted_by(call: Call) -> tuple[str, ...]:
    """The narrowest first. By the session, so that who has a copy of one does not use up what its owner may do."""
    if call.principal:
        return _texts(call.principal.session_id, call.principal.user_id)
    return call.client.network, *wider_networks(call.client.network)


@lru_cache(KEPT_TOKENS)
def _texts(session_id: UUID, user_id: UUID) -> tuple[str, str]:
    """Written out once, like the token that names them is read once."""
    return str(session_id), str(user_id)


def require_active(status: str) -> None:
    """Raises ApiError auth.account_<status> for an account that may not act."""
    if status != "ACTIVE":
        raise ApiError(f"auth.account_{status.lower()}")


class GuardedOperation:
    def __init__(self, next_app: ASGIApp, guards: Guards, policy: Policy) -> None:
        self._next = next_app
        self._guards = guards
        self._policy = policy
        self._rate = policy.rate
        self._mark = None if policy.counted_by is None else guards.marks[policy.counted_by]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call: Call = scope[SCOPE_KEY]
        self._guards.admit(self._policy, call)
        if self._rate is not None:
            await self._guards.limit(self._policy.operation_id, call, self._rate, self._mark)
        if self._policy.scope == "dev":
            self._guards.require_dev_token(call)
        await self._next(scope, receive, send)


class StaffOperation(GuardedOperation):
    """One of scope ``admin``."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call: Call = scope[SCOPE_KEY]
        try:
            await self._admit(call)
            await self._next(scope, receive, send)
        except ApiError as refusal:
            await self._guards.note_refusal(self._policy, call, refusal.code)
            raise
        if call.code is not None:  # of an answer that is kept to be repeated
            await self._guards.note_refusal(self._policy, call, call.code)

    async def _admit(self, call: Call) -> None:
        self._guards.require_account(self._policy, call)
        await self._guards.require_staff(self._policy, call)
        self._guards.require_on(self._policy)
        if self._rate is not None:
            await self._guards.limit(self._policy.operation_id, call, self._rate)
        self._guards.require_fresh_staff(self._policy, call)


class GuardAPI(RoutedAPI[GuardedOperation]):
    def __init__(self, *arguments: Any, guards: Guards, **options: Any) -> None:
        self._guards = guards
        super().__init__(*arguments, **options)
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> GuardedOperation:
        policy = self._guards.policies[operation.operation_id]
        kind = StaffOperation if policy.scope == "admin" else GuardedOperation
        return kind(self.next_app, self._guards, policy)


class GuardLayer(ByOperation, RoutedMiddleware[GuardAPI]):
    api_cls = GuardAPI
