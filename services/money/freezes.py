"""Staff freezes wallets, each for a reason with a statement of its own, and ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.admin.money import freeze_to_end
from domain.admin.statements import MONEY_SUSPENDED, new_statement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any
    from uuid import UUID

    from persistence.models import WalletFreeze
    from persistence.repositories import Repositories


class FreezeService:
    """Works inside the caller's unit of work, which holds the owner. ``wallet``: as the staff's desk reads it."""

    async def begin(
        self, db: Repositories, wallet: Any, why: str, told: Mapping[str, Any], by: UUID, now: datetime
    ) -> UUID | None:
        """The id of the statement; None where the wallet was frozen for this before, and nobody is told again."""
        if not await db.wallets.freeze(wallet.id, why, now):
            return None
        kept = new_statement(MONEY_SUSPENDED, told, user_id=wallet.user_id, by=by, now=now)
        statement = await db.statements.add(kept | {"after": {}})
        await db.wallets.explain(wallet.id, why, statement.id)
        return statement.id

    async def end(self, db: Repositories, wallet: Any, named: str | None, by: UUID, now: datetime) -> str | None:
        """Which reason has ended; None where that did not hold. ``named``: needed where staff has set several.

        Raises ApiError admin.transition_invalid as ``freeze_to_end`` does.
        """
        if wallet.frozen_for is None:
            return None
        reasons = [row.frozen_for for row in (await db.wallets.reasons([wallet.id]))[wallet.id]]
        why = freeze_to_end(reasons or [wallet.frozen_for], named)
        gone = None if why is None else await db.wallets.unfreeze(wallet.id, why)
        if gone is None:  # it does not hold, or another call was first
            return None
        for statement_id in await self._told_of(db, wallet.user_id, gone):
            await db.statements.lift(statement_id, by, now)
        if await db.disputes.any_undecided(wallet.id):  # the dispute that is open freezes it, too
            await db.wallets.freeze(wallet.id, "DISPUTE", now)
        return why

    async def _told_of(self, db: Repositories, owner: UUID, gone: WalletFreeze) -> Sequence[UUID]:
        """Of a freeze that has ended. A former release kept none with it: then it is those that belong to no other."""
        if gone.statement_id is not None:
            return [gone.statement_id]
        others = {*await db.wallets.statements(owner)}
        return [each for each in await db.statements.live_of(owner, MONEY_SUSPENDED) if each not in others]
