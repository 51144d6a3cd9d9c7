"""What stands before an operation, cheap before dear: scope, account status, kill switch, rate limit."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
from connexion.operations import AbstractOperation
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.config_keys import RATE_LIMIT_PREFIX, Config, Rate
from domain.errors import ApiError
from runtime.call import SCOPE_KEY, Call
from runtime.linking import ByOperation
from runtime.policy import Policy
from runtime.ratelimit import Limiter
from runtime.settings import Settings

parse_rate = lru_cache(maxsize=1024)(Rate.parse)


@dataclass(frozen=True)
class Guards:
    """What the guards of all operations share."""

    policies: Mapping[str, Policy]
    settings: Settings
    config: Config
    limiter: Limiter

    def admit(self, policy: Policy, call: Call) -> None:
        """All but the rate limit, which is dearer. Raises ApiError at the first guard that refuses."""
        if policy.scope == "dev":
            self._require_dev(call)
        if call.principal is not None and call.principal.user is not None and not policy.any_account_status:
            require_active(call.principal.user.status)
        if policy.kill_switch is not None and not self.config[policy.kill_switch.key]:
            raise ApiError(policy.kill_switch.error)

    def _require_dev(self, call: Call) -> None:
        if self.settings.production:
            raise ApiError("route.not_found")
        given = call.headers.only("x-dev-token") or ""
        expected = self.settings.dev_token
        if not self.settings.development and not hmac.compare_digest(given.encode(), (expected or "").encode()):
            raise ApiError("auth.unauthenticated")

    async def limit(self, policy: Policy, call: Call, documented: Rate) -> None:
        """Raises ApiError rate_limit.exceeded."""
        if not self.config["ratelimit.enabled"]:
            return
        override = self.config.get(RATE_LIMIT_PREFIX + policy.operation_id)
        rate = parse_rate(override) if override else documented
        caller = call.principal.caller if call.principal else call.client.network
        decision = await self.limiter.hit(f"{policy.operation_id}:{caller}", rate)
        call.answer_headers += decision.headers(policy.operation_id, rate.window)
        if not decision.allowed:
            raise ApiError("rate_limit.exceeded", retry_after=decision.reset)


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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call: Call = scope[SCOPE_KEY]
        self._guards.admit(self._policy, call)
        if self._rate is not None:
            await self._guards.limit(self._policy, call, self._rate)
        await self._next(scope, receive, send)


class GuardAPI(RoutedAPI[GuardedOperation]):
    def __init__(self, *arguments: Any, guards: Guards, **options: Any) -> None:
        self._guards = guards
        super().__init__(*arguments, **options)
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> GuardedOperation:
        return GuardedOperation(self.next_app, self._guards, self._guards.policies[operation.operation_id])


class GuardLayer(ByOperation, RoutedMiddleware[GuardAPI]):
    api_cls = GuardAPI
