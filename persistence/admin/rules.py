"""Rules of moderation. Names that nobody may have are rows of ``reserved_usernames``, and here like other rules."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import ARRAY, BigInteger, Select, Text, Uuid, any_, bindparam, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.trust.rules import BLOCK, USERNAME, Rule, is_reserved
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import ModerationRevision, ModerationRule, ReservedUsername

Row, Name = ModerationRule, ReservedUsername
COUNTED = ("created_at", "hits", "last_hit_at", "version")
RULES = select(
    Row.id, Row.kind, Row.pattern, Row.match, Row.scopes, Row.action, Row.locale, *(getattr(Row, n) for n in COUNTED)
)
NAMES = select(
    Name.id,
    literal("USERNAME", Text).label("kind"),
    Name.username.label("pattern"),
    literal("EXACT", Text).label("match"),
    literal([USERNAME], ARRAY(Text)).label("scopes"),
    literal(BLOCK, Text).label("action"),
    literal("", Text).label("locale"),
    *(getattr(Name, n) for n in COUNTED),
)
RESERVED = NAMES.add_columns(Name.skeleton)
NEWEST = Keyset(Row.created_at.desc(), Row.id.desc())
NEWEST_NAMES = Keyset(Name.created_at.desc(), Name.id.desc())
OF_RULES = "rules"


def _counting(table: Any) -> Any:
    ids, hits = bindparam("ids", type_=ARRAY(Uuid)), bindparam("hits", type_=ARRAY(BigInteger))
    held = select(table.id).where(table.id == any_(ids)).order_by(table.id).with_for_update().cte("held")
    more = func.unnest(ids, hits).table_valued("id", "hits").render_derived()
    counted = update(table).where(table.id == more.c.id, table.id.in_(select(held.c.id)))
    return counted.values(hits=table.hits + more.c.hits, last_hit_at=bindparam("now"))


COUNTING = (_counting(Row), _counting(Name))


class Rules:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def revision(self) -> int:
        """Another one after each change."""
        row = ModerationRevision
        return await self._connection.scalar(select(row.number).where(row.name == OF_RULES)) or 0

    async def all(self) -> list[Rule]:
        return [_rule(row) for row in await self._connection.rows(RULES)]

    async def reserved(self) -> dict[str, Rule]:
        """Names that nobody may have, by their skeletons."""
        rows: Any = await self._connection.rows(RESERVED)
        return {row.skeleton: _rule(row) for row in rows}

    async def newest(
        self, keys: Sequence[Any] | None, rows: int, kind: str | None, action: str | None
    ) -> Sequence[Any]:
        """The newest first, of both tables."""
        rules: Select[*tuple[Any, ...]] = RULES
        if kind is not None:
            rules = rules.where(Row.kind == kind)
        if action is not None:
            rules = rules.where(Row.action == action)
        found = list(await self._connection.rows(NEWEST.page(rules, keys, rows)))
        if kind in (None, "USERNAME") and action in (None, BLOCK):
            names: Select[*tuple[Any, ...]] = NAMES
            found += await self._connection.rows(NEWEST_NAMES.page(names, keys, rows))
        return sorted(found, key=lambda row: (row.created_at, row.id), reverse=True)[:rows]

    async def find(self, rule_id: UUID) -> Any:
        """None when there is none."""
        rule: Any = await self._connection.row(RULES.where(Row.id == rule_id))
        return rule or await self._connection.row(NAMES.where(Name.id == rule_id))

    async def get_all(self, ids: Sequence[UUID]) -> list[Any]:
        """In the order of ``ids``, all of which there are."""
        rules: Any = await self._connection.rows(RULES.where(Row.id.in_(ids)))
        names: Any = await self._connection.rows(NAMES.where(Name.id.in_(ids)))
        found = {row.id: row for row in (*rules, *names)}
        return [found[rule_id] for rule_id in ids]

    async def add(self, rule: Mapping[str, Any]) -> UUID | None:
        """None when there is the same already."""
        if is_reserved(rule):
            name = insert(Name).values(username=rule["pattern"]).on_conflict_do_nothing()
            return await self._connection.scalar(name.returning(Name.id))
        return await self._connection.scalar(insert(Row).values(**rule).on_conflict_do_nothing().returning(Row.id))

    async def change(self, rule_id: UUID, former: Any, rule: Mapping[str, Any], version: int) -> bool | None:
        """False when it has another version than that; None when there is the same already."""
        try:
            async with self._connection.savepoint():
                return await self._change(rule_id, former, rule, version)
        except UniqueViolation:
            return None

    async def _change(self, rule_id: UUID, former: Any, rule: Mapping[str, Any], version: int) -> bool:
        was_name, is_name = is_reserved(former), is_reserved(rule)
        if was_name is is_name:
            table: Any = Name if is_name else Row
            columns = {"username": rule["pattern"]} if is_name else dict(rule)
            seen = update(table).where(table.id == rule_id, table.version == version)
            changed = seen.values(**columns, version=version + 1).returning(table.id)
            return await self._connection.scalar(changed) is not None
        table = Name if was_name else Row
        gone = delete(table).where(table.id == rule_id, table.version == version).returning(table.created_at)
        created_at = await self._connection.scalar(gone)
        if created_at is None:
            return False
        kept = {"id": rule_id, "created_at": created_at, "version": version + 1}
        moved = insert(Name).values(username=rule["pattern"], **kept) if is_name else insert(Row).values(**rule, **kept)
        await self._connection.execute(moved)
        return True

    async def remove(self, rule_id: UUID) -> None:
        for table in (Row, Name):
            await self._connection.execute(delete(table).where(table.id == rule_id))

    async def move_on(self) -> None:
        """Processes read the rules again. To be called first: changes wait for each other here, and nowhere else."""
        row = insert(ModerationRevision).values(name=OF_RULES, number=1)
        one_more = {"number": ModerationRevision.number + 1}
        await self._connection.execute(row.on_conflict_do_update(index_elements=["name"], set_=one_more))

    async def count(self, hits: Mapping[UUID, int], now: datetime) -> None:
        """More hits of rules, always in the order of their ids, so that two processes never wait for each other."""
        ids = sorted(hits)
        for counted in COUNTING:
            await self._connection.execute(counted, ids=ids, hits=[hits[rule_id] for rule_id in ids], now=now)


def _rule(row: Any) -> Rule:
    return Rule(row.id, row.kind, row.pattern, row.match, tuple(row.scopes), row.action, row.locale)
