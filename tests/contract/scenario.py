"""What a scenario of the test of side effects is."""

from collections.abc import Callable

import httpx

from tests.harness import Api, Tables

Act = Callable[[], httpx.Response]
Scenario = Callable[[Api, Tables], Act]
"""Brings about all that comes before, and returns the call that is looked at."""

Conditional = dict[str, list[tuple[Scenario, set[str]]]]
"""operationId -> scenarios, each with what it shows of the effects that are declared with ``when``.

A leading hyphen marks what such a success lacks of the unconditional ones.
"""
