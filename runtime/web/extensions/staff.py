"""What a caller may as one of the staff: asked at every call of scope ``admin``, so that a lost role ends with it."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from domain.users import Principal

PermissionsOf: TypeAlias = Callable[[Principal], Awaitable[frozenset[str]]]
"""Empty for who is no staff; ``contract.permissions.Permissions.of`` makes it of roles."""


async def nobodys_permissions(_principal: Principal) -> frozenset[str]:
    """Nobody is staff yet: there is no table of roles, so scope ``admin`` is closed."""
    return frozenset()
