"""No table knows a person whom export and erasure do not know."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import CheckConstraint, Column, Table
from sqlalchemy.dialects.postgresql import JSONB

from persistence.models import Base
from persistence.personal import NOT_PERSONAL, PERSONAL, USER_KEPT, Anonymise, Delete, Keep, Subject
from tests.handlers.support import account, insert
from tests.harness import Api, Server, Tables, bearer

# What a column is called that leads to a person, by id or by name.
PERSON = re.compile(
    r"(^|_)(user|owner|blocked|actor|target|creator|fan|author|sender|recipient|account|member)(_?id)?$"
    r"|e?mail|phone|(^|_)ip(_|$)|user_agent|username|display_name|address|device|caller|subject"
)
# What no export may show, unless it is said why.
SECRET = re.compile(r"hash|secret|token(?!_expires)|sealed|password")
REGISTERED = {section.name: section for section in PERSONAL}
USERS = Base.metadata.tables["users"]


def leads_to_a_person(table: Table) -> list[str]:
    """Columns by which a table knows people: references, through other tables too, and names."""
    found = [column.name for column in table.columns if PERSON.search(column.name)]
    for key in table.foreign_keys:
        target = key.column.table
        if target is USERS or (target is not table and leads_to_a_person(target)):
            found.append(key.parent.name)
    return found


class TestRegistry:
    @pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=str)
    def test_every_table_that_knows_people_is_in_it(self, table: Table) -> None:
        columns = leads_to_a_person(table)
        known = table.name in REGISTERED or table.name in NOT_PERSONAL
        assert not columns or known, (
            f"{table.name} knows people by {columns}: say in persistence/personal.py what an export shows of it "
            "and what an erasure leaves"
        )

    def test_it_names_no_table_twice_or_that_is_none(self) -> None:
        names = [section.name for section in PERSONAL]
        assert len(set(names)) == len(names)
        assert not set(names) & NOT_PERSONAL.keys()
        assert {*names, *NOT_PERSONAL} <= Base.metadata.tables.keys()

    @pytest.mark.parametrize("section", PERSONAL, ids=lambda section: section.name)
    def test_every_entry_gives_its_reasons(self, section: Any) -> None:
        assert section.about
        assert section.shown or section.why
        assert all(section.withheld.values())
        assert section.withheld.keys() <= {column.name for column in section.model.__table__.columns}
        if isinstance(section.erasure, (Keep, Anonymise)):
            assert section.erasure.why

    @pytest.mark.parametrize("section", PERSONAL, ids=lambda section: section.name)
    def test_no_secret_is_shown(self, section: Any) -> None:
        shown = {column.name for column in section.columns} if section.shown else set()
        assert [name for name in shown if SECRET.search(name)] == []

    @pytest.mark.parametrize("section", [s for s in PERSONAL if isinstance(s.erasure, Keep)], ids=lambda s: s.name)
    def test_what_is_kept_holds_ids_and_no_names(self, section: Any) -> None:
        named = re.compile(r"e?mail|phone|(^|_)ip$|user_agent|username|display_name|bio|reason|text|evidence")
        assert [column.name for column in section.model.__table__.columns if named.search(column.name)] == []

    def test_the_account_keeps_no_name(self) -> None:
        assert {
            "id", "created_at", "email", "status", "email_verified", "two_factor_enabled", "referred_by",
        } == USER_KEPT  # fmt: skip

    def test_what_refers_to_the_deleted_goes_before_it(self) -> None:
        order = [section.name for section in PERSONAL]
        for section in PERSONAL:
            for key in section.model.__table__.foreign_keys:
                target = key.column.table.name
                if target != section.name and isinstance(REGISTERED.get(target, section).erasure, Delete):
                    assert order.index(section.name) < order.index(target)


NAMES = {
    "email": "grace.hopper@example.com",
    "phone": "+905559876543",
    "name": "Grace Brewster Hopper",
    "username": "grace-the-admiral",
    "ip": "203.0.113.77",
    "agent": "Nautical/1.0 (Mark I)",
}


def value_for(column: Column[Any], user_id: UUID, choices: dict[str, str]) -> Any:
    """Something of the person that the column takes."""
    if column.foreign_keys:
        (key,) = column.foreign_keys
        return user_id if key.column.table is USERS else None
    kind = column.type.python_type
    if kind is UUID:
        return user_id if PERSON.search(column.name) else uuid4()
    if isinstance(column.type, JSONB):
        return {"user": str(user_id)} if column.name == "payload" else {}
    if column.name in choices:
        return choices[column.name]
    if kind is str:
        return text_for(column.name, user_id, column.table)
    moment = datetime.now(UTC) + timedelta(days=1)
    return {bool: True, int: 1, bytes: uuid4().bytes, datetime: moment}[kind]


def text_for(name: str, user_id: UUID, table: Any) -> str:
    if re.search("mail|recipient", name):
        return NAMES["email"]
    if "phone" in name:
        return NAMES["phone"]
    if name in ("ip", "ip_address"):
        return NAMES["ip"]
    if name == "user_agent":
        return NAMES["agent"]
    if "username" in name:
        return NAMES["username"]
    if name == "ip_prefix":
        return "203.0.113.0/24"
    if name in ("target_id", "actor_id"):
        return str(user_id)
    if name == "error":
        return f"550 no such user {NAMES['email']}"
    if name == "provider":
        return "local"
    if name == "key":
        return f"media/{user_id}/{uuid4()}.png"
    goes = table is USERS or isinstance(REGISTERED[table.name].erasure, Delete)
    return f"{NAMES['name']} {name}" if goes else "neutral"  # what stays has no column for names: see above


def choices_of(table: Table) -> dict[str, str]:
    """A value that each CHECK (column IN (…)) takes."""
    checks = [str(c.sqltext) for c in table.constraints if isinstance(c, CheckConstraint)]
    found = [re.match(r"(\w+) IN \('([^']+)'", text) for text in checks]
    return {match[1]: match[2] for match in found if match}


@pytest.fixture
def person(api: Api, tables: Tables) -> UUID:
    """Somebody whose data is in every table that may hold any."""
    columns = {"email": NAMES["email"], "phone": NAMES["phone"], "username": NAMES["username"]}
    texts = [c.name for c in USERS.columns if c.name not in {*USER_KEPT, *columns, "password_hash", "locale"}]
    values = {name: value_for(USERS.columns[name], UUID(int=0), {}) for name in texts}
    user_id = account(api, tables, **(columns | values))
    api.sign_in(NAMES["email"])
    for table in Base.metadata.sorted_tables:
        if table is USERS or table.name not in REGISTERED:
            continue
        row = {c.name: value_for(c, user_id, choices_of(table)) for c in table.columns if not c.identity}
        for key in table.foreign_keys:
            if key.column.table is not USERS:
                other = tables.rows(f"SELECT id FROM {key.column.table.name} LIMIT 1")  # noqa: S608
                row[key.parent.name] = other[0]["id"]
        if table.name == "block_list":
            row |= {"blocked_id": account(api, tables, email="neighbour@example.com")}
        if table.name == "outbox":
            row |= {"topic": "email.password_changed", "dead_at": datetime.now(UTC), "done_at": None}
        insert(tables, table.name, **row)
    return user_id


def everything(tables: Tables) -> dict[str, str]:
    """The whole database as text, by table."""
    query = "SELECT coalesce(string_agg(t::text, ' '), '') AS text FROM {} t"
    return {name: tables.one(query.format(name))["text"] for name in tables.names()}


class TestErasure:
    def test_the_person_is_in_every_table_before(self, person: UUID, tables: Tables) -> None:
        """Or the test below would prove nothing."""
        held = {
            name for name, text in everything(tables).items() if any(n in text for n in [*NAMES.values(), str(person)])
        }
        assert held >= REGISTERED.keys()

    def test_nothing_of_the_person_is_left(self, person: UUID, api: Api, server: Server, tables: Tables) -> None:
        end = datetime.now(UTC) - timedelta(seconds=1)
        insert(tables, "gdpr_requests", user_id=person, kind="DELETION", grace_ends_at=end)
        server.let_time_come("gdpr.erase_due")
        assert tables.one("SELECT status FROM users WHERE id = %s", person)["status"] == "DELETED"
        tables.run("DELETE FROM mailbox_messages WHERE subject = 'Your account was deleted'")  # the farewell itself
        left = {
            (name, what)
            for name, text in everything(tables).items()
            for what, value in NAMES.items()
            if value.lower() in text.lower()
        }
        assert left == set()

    def test_what_others_have_stays(self, person: UUID, api: Api, server: Server, tables: Tables) -> None:
        friend = account(api, tables, "friend@example.com", referred_by=person)
        before = len(tables.rows("SELECT 1 FROM sessions WHERE user_id = %s", friend))
        headers = bearer(api.sign_in("friend@example.com"))
        end = datetime.now(UTC) - timedelta(seconds=1)
        insert(tables, "gdpr_requests", user_id=person, kind="DELETION", grace_ends_at=end)
        server.let_time_come("gdpr.erase_due")
        profile = api.call("users.profile", headers=headers).json()["data"]
        assert profile["email"] == "friend@example.com"
        assert len(tables.rows("SELECT 1 FROM sessions WHERE user_id = %s", friend)) == before + 1


def test_a_subject_without_a_phone_owns_no_row_by_it() -> None:
    subject = Subject(uuid4(), ("ada@example.com",))
    for section in PERSONAL:
        assert "phone" not in str((section.erased or section.where)(subject))
