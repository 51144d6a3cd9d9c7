"""The book of the sandbox that plays a provider of verifications. It refers to nothing that is known of creators."""

from datetime import date

from sqlalchemy import Date, bindparam, func, select, update

from persistence.engine.connection import Connection
from persistence.engine.statements import insertion
from persistence.models import SandboxVerification

Row = SandboxVerification
OPENED = insertion(Row, "ref").on_conflict_do_nothing(index_elements=["ref"])
FOUND = select(Row).where(Row.ref == bindparam("ref"))
JUDGED = (
    update(Row)
    .where(Row.ref == bindparam("of"))
    .values(
        status=bindparam("status_"),
        final=bindparam("final_"),
        document=bindparam("document_"),
        document_until=bindparam("until", type_=Date),
        changes=Row.changes + 1,
        updated_at=func.now(),
    )
    .returning(Row.ref)
)


class SandboxVerificationRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def open(self, ref: str) -> None:
        await self._connection.execute(OPENED, ref=ref)

    async def find(self, ref: str) -> SandboxVerification | None:
        return await self._connection.scalar(FOUND, ref=ref)

    async def judge(self, ref: str, status: str, document: str | None, until: date | None, *, final: bool) -> bool:
        given = {"status_": status, "final_": final, "document_": document, "until": until}
        return await self._connection.scalar(JUDGED, of=ref, **given) is not None
