"""Where money of a vendor on this machine is."""


class Book:
    """Double entry: what one account gives another one gets. Money comes from and goes to the world outside."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, int]] = []

    def move(self, giver: str, taker: str, amount: int) -> None:
        assert amount > 0
        self.lines.append((giver, taker, amount))

    def balance(self, account: str) -> int:
        return sum((taker == account) * amount - (giver == account) * amount for giver, taker, amount in self.lines)

    @property
    def balances(self) -> dict[str, int]:
        """All but those that are empty."""
        names = {name for giver, taker, _ in self.lines for name in (giver, taker)}
        found = {name: self.balance(name) for name in sorted(names)}
        assert sum(found.values()) == 0
        return {name: amount for name, amount in found.items() if amount and name != "world"}
