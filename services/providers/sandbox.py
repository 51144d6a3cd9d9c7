"""The book of the sandbox's providers, as they see it."""

from persistence.engine.database import Database
from persistence.models import SandboxVerification
from providers.kyc.sandbox import SandboxCase


class SandboxStorage:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, ref: str) -> SandboxCase:
        async with self._database.unit() as db:
            await db.sandbox.open(ref)
            found = await db.sandbox.find(ref)
        return SandboxCase(ref, "OPEN", False, None, None) if found is None else _case(found)

    async def find(self, ref: str) -> SandboxCase | None:
        async with self._database.reading() as db:
            found = await db.sandbox.find(ref)
        return None if found is None else _case(found)

    async def judge(self, ref: str, case: SandboxCase) -> bool:
        async with self._database.unit() as db:
            return await db.sandbox.judge(ref, case.status, case.document, case.document_until, final=case.final)


def _case(row: SandboxVerification) -> SandboxCase:
    return SandboxCase(row.ref, row.status, row.final, row.document, row.document_until)
