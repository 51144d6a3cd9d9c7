"""What the operations of this folder do."""


async def switched() -> None:
    """Nothing: whether it is reached is what the tests ask."""


async def enabled() -> None:
    """As ``switched``."""
