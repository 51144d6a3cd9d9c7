"""Tax forms of creators. One of each creator may wait, and one be approved."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import ColumnElement, DateTime, Integer, bindparam, or_, select, update

from domain.creators.tax import APPROVED, REPLACED, Declaration
from domain.errors import ApiError
from persistence.engine.connection import Connection
from persistence.engine.due import once
from persistence.engine.keyset import Keyset
from persistence.engine.statements import insertion
from persistence.models import TaxForm, User

Row = TaxForm
OWN: ColumnElement[UUID] = bindparam("user_id")
TIME = DateTime(timezone=True)
NEWEST = select(Row).where(Row.user_id == OWN).order_by(Row.created_at.desc(), Row.id.desc()).limit(1)
OF_APPROVED = select(Row).where(Row.user_id == OWN, Row.state == APPROVED)
OF = select(User.username, User.display_name, Row).join(User, User.id == Row.user_id)
ONE_OF = OF.where(Row.id == bindparam("form_id"))
HELD = select(Row).where(Row.id == bindparam("form_id")).with_for_update(key_share=True)
OLDEST = Keyset(Row.created_at, Row.id)
DUE = (
    select(Row.id)
    .where(
        Row.state == APPROVED,
        Row.ends_at > bindparam("now", type_=TIME),
        Row.ends_at <= bindparam("until", type_=TIME),
        or_(Row.reminded.is_(None), Row.reminded > bindparam("days", type_=Integer)),
    )
    .order_by(Row.ends_at, Row.id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
REMINDED = (
    update(Row)
    .where(Row.id.in_(once(DUE)))
    .values(reminded=bindparam("days", type_=Integer))
    .returning(Row.user_id, Row.ends_at)
)
ADDED = insertion(Row, "id", "user_id", "type", "country", "details", "tin_last4", "signed_at", "ends_at").returning(
    Row
)


class TaxForms:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def newest(self, user_id: UUID) -> TaxForm | None:
        return await self._connection.scalar(NEWEST, user_id=user_id)

    async def approved(self, user_id: UUID) -> TaxForm | None:
        """Whether or not it has ended."""
        return await self._connection.scalar(OF_APPROVED, user_id=user_id)

    async def add(self, user_id: UUID, form_id: UUID, form: Declaration, sealed: bytes) -> TaxForm:
        """Raises ApiError creator.tax.under_review while another one waits."""
        try:
            return await self._connection.scalar_one(
                ADDED, id=form_id, user_id=user_id, type=form.type, country=form.country, details=sealed,
                tin_last4=form.tin_last4, signed_at=form.signed_at, ends_at=form.ends_at,
            )  # fmt: skip
        except UniqueViolation as error:
            raise ApiError("creator.tax.under_review") from error

    async def page(self, state: str, keys: Sequence[Any] | None, rows: int) -> Sequence[Any]:
        """Those in one state with whose they are, what waits longest first; without those of erased accounts."""
        return await self._connection.rows(
            OLDEST.page(OF.where(Row.state == state, Row.details.is_not(None)), keys, rows)
        )

    async def find_of(self, form_id: UUID) -> Any:
        """As ``page`` has it. None where there is none."""
        return await self._connection.row(ONE_OF, form_id=form_id)

    async def hold(self, form_id: UUID) -> TaxForm | None:
        """Nobody else changes it until the transaction ends."""
        return await self._connection.scalar(HELD, form_id=form_id)

    async def decide(self, form: TaxForm, state: str, statement: str | None, by: UUID, now: datetime) -> None:
        """It is held. One that is approved replaces the one that was."""
        if state == APPROVED:
            former = update(Row).where(Row.user_id == form.user_id, Row.state == APPROVED)
            await self._connection.execute(former.values(state=REPLACED, version=Row.version + 1))
        decided = {"state": state, "statement": statement, "decided_by": by, "decided_at": now}
        row = update(Row).where(Row.id == form.id)
        await self._connection.execute(row.values(**decided, version=Row.version + 1))

    async def remind(self, now: datetime, days: int, most: int) -> Sequence[Any]:
        """Owner and end of approved forms that end within so many days, each told once for so many."""
        until = now + timedelta(days=days)
        return await self._connection.rows(REMINDED, now=now, until=until, days=days, most=most)
