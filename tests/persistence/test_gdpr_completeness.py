"""No table knows a person whom export and erasure do not know."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import CheckConstraint, Column, Table
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from persistence.models import Base
from persistence.personal import DONE_TO_YOU, NOT_PERSONAL, PERSONAL, USER_KEPT, Anonymise, Delete, Keep, Subject
from tests.handlers.gdpr.test_export import archive, built
from tests.handlers.support import account, change, insert, stored
from tests.harness import PASSWORD, Api, Server, Tables, bearer

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
        found = {column.name for column in section.model.__table__.columns if named.search(column.name)}
        assert found <= WORDS_OF_STAFF.get(section.name, set())

    def test_the_account_keeps_no_name(self) -> None:
        assert {
            "id", "created_at", "email", "status", "email_verified", "two_factor_enabled", "referred_by",
            "admin_version",
        } == USER_KEPT  # fmt: skip

    def test_what_refers_to_the_deleted_goes_before_it(self) -> None:
        order = [section.name for section in PERSONAL]
        for section in PERSONAL:
            for key in section.model.__table__.foreign_keys:
                target = key.column.table.name
                known = target != section.name and target in REGISTERED
                if known and isinstance(REGISTERED[target].erasure, Delete):
                    assert order.index(section.name) < order.index(target)


VERSIONS = count(1)  # of one name no two are the same
# Why staff acted is kept with what it did.
WORDS_OF_STAFF = {"adjustments": {"reason"}, "refunds": {"reason"}, "audit_logs": {"reason"}}
Names = dict[str, str]

NAMES: Names = {
    "email": "grace.hopper@example.com",
    "phone": "+905559876543",
    "name": "Grace Brewster Hopper",
    "username": "grace-the-admiral",
    "ip": "203.0.113.77",
    "agent": "Nautical/1.0 (Mark I)",
}
# By which the same person was known before, or asked to be.
FORMER = {"former address": "amazing.grace@example.org", "wished address": "grace@example.net", "phone": "+12025550177"}
OTHERS: Names = {
    "email": "howard.aiken@example.com",
    "phone": "+441632960961",
    "name": "Howard Hathaway Aiken",
    "username": "aiken-the-commander",
    "ip": "198.51.100.66",
    "agent": "Relay/4.4 (Mark IV)",
}
# Whose row it is, where that is not ``user_id``.
OWNERS = {
    "audit_logs": "actor_id",
    "escrows": "fan_id",
    "bio_email_subscribers": "email",
    "block_list": "owner_id",
    "config_history": "actor_id",
    "contact_messages": "email",
    "content_entries": "created_by",
    "content_revisions": "author_id",
    "email_deliveries": "error",
    "mailbox_messages": "recipient",
    "outbox": "payload",
    "sms_deliveries": "error",
}
# By whose id further tables know the person. Here it is the person's own, so that it is seen there.
KNOWN_BY_ID = {"bio_pages", "creator_profiles", "refunds", "wallets"}
# Columns that must fit together: a balance that no transfer explains, or a time of an end in what is open, is refused.
FITTING: dict[str, dict[str, Any]] = {
    "wallets": {"balance": 0, "shown": 0},
    "wallet_activity": {"balance_before": 0},
    "adjustments": {"status": "REJECTED", "account": "fan"},
    "refunds": {"status": "FAILED"},
    "escrows": {"price": 3, "status": "RELEASED", "outcome": "REPLIED"},
    "promo_grants": {"remaining": 0},
    "coupon_usages": {"settled_at": None},
    "referral_rewards": {"state": "HELD", "why": None, "paid_at": None, "ended_at": None, "clawed_back": False},
    "payments": {"refunded": 0, "disputed": 0, "status": "OPEN", "paid_at": None, "alias": None},
    "payouts": {
        **dict.fromkeys(("account_id", "processed_at", "failure_reason")),
        "method": "BANK_TRANSFER",
        "status": "REJECTED",
        "ended_at": datetime.now(UTC),
    },
    "outbox": {"topic": "email.password_changed", "dead_at": datetime.now(UTC), "done_at": None},
}
# Who else is in a row, as somebody with an account of their own.
BESIDE = {"block_list": "blocked_id", "escrows": "creator_user_id", "referral_rewards": "referee_id"}
# What a second row cannot have as the first has it.
OF_ANOTHER: dict[str, dict[str, Any]] = {
    "email_changes": {"used_at": None},
    "moderation_cases": {"state": "APPROVED"},  # of one target no two are open
    **{table: {"ref": "of another"} for table in ("payments", "payout_accounts", "refunds")},
}
# Where somebody was, not who.
WHENCE = re.compile(r"(^|_)ip(_|$)|user_agent|device")
# Rows of others that say nothing but the name of who is erased: a block, and a wish for an address never proved.
GO_WITH_THE_NAMED = {"block_list", "email_changes", "recovery_requests"}


def value_for(column: Column[Any], user_id: UUID, choices: dict[str, str], names: Names = NAMES) -> Any:
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
    if column.name == "version":
        return next(VERSIONS)
    if kind is str or isinstance(column.type, TSVECTOR):
        return text_for(column.name, user_id, column.table, names)
    moment = datetime.now(UTC) + timedelta(days=1)
    plain = {
        list: [],
        bool: True,
        int: 1,
        Decimal: Decimal(1),
        bytes: uuid4().bytes,
        datetime: moment,
        date: moment.date(),
    }
    return plain[kind]


def text_for(name: str, user_id: UUID, table: Any, names: Names) -> str:
    if re.search("mail|recipient", name):
        return names["email"]
    if "phone" in name:
        return names["phone"]
    if name in ("ip", "ip_address"):
        return names["ip"]
    if name == "user_agent":
        return names["agent"]
    if "username" in name:
        return names["username"]
    if name == "ip_prefix":
        return f"{names['ip'].rpartition('.')[0]}.0/24"
    if name in ("target_id", "actor_id"):
        return str(user_id)
    if name == "error":
        return f"550 no such user {names['email']}"
    if name == "provider":
        return "local"
    if name == "key":
        return f"media/{user_id}/{uuid4()}.png"
    goes = table is USERS or isinstance(REGISTERED[table.name].erasure, Delete)
    return f"{names['name']} {name}" if goes else "neutral"  # what stays has no column for names: see above


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
            if key.column.table is not USERS and key.column.table.name in REGISTERED:
                other = tables.rows(f"SELECT {key.column.name} AS id FROM {key.column.table.name} LIMIT 1")  # noqa: S608
                row[key.parent.name] = other[0]["id"]
        if table.name in KNOWN_BY_ID:
            row["id"] = user_id
        if table.name in BESIDE:
            row[BESIDE[table.name]] = account(api, tables, email=f"{table.name}@example.com")
        if table.name == "provider_events":
            row |= about_a_verification(NAMES)
        put(tables, table, row)
    return user_id


def about_a_verification(names: Names) -> dict[str, str]:
    """By what a notice leads to a person: the verification that it is about."""
    return {"family": "kyc", "object_ref": text_for("ref", UUID(int=0), Base.metadata.tables["kyc_sessions"], names)}


def a_coupon(tables: Tables) -> UUID:
    return insert(tables, "coupons", code=uuid4().hex, type="FIXED", value=1, applies_to="BOTH")


def a_transfer(tables: Tables) -> UUID:
    """One without legs, which only a test could post."""
    columns = {"fingerprint": b"", "kind": "load", "currency": "USD", "about": "PAYMENT_CHECKOUT", "about_id": ""}
    return insert(tables, "ledger_transfers", key=str(uuid4()), **columns)


# Rows that are nobody's and that rows of people need.
OF_NOBODY = {"coupons": a_coupon, "ledger_transfers": a_transfer}


def put(tables: Tables, table: Table, row: dict[str, Any]) -> None:
    """A row, also of a table whose rows have no id of their own."""
    row |= FITTING.get(table.name, {})
    for key in table.foreign_keys:
        if key.column.table.name in OF_NOBODY:
            row[key.parent.name] = OF_NOBODY[key.column.table.name](tables)
    if "id" in table.columns:
        insert(tables, table.name, **row)
        return
    columns = {name: value for name, value in row.items() if name != "id"}
    names, holders = ", ".join(columns), ", ".join(["%s"] * len(columns))
    tables.run(f"INSERT INTO {table.name} ({names}) VALUES ({holders})", *map(stored, columns.values()))  # noqa: S608


@pytest.fixture
def other(person: UUID, api: Api, tables: Tables) -> UUID:
    """Somebody else, whose rows in every table name the person wherever a row can name more people than its owner."""
    columns = {"email": OTHERS["email"], "phone": OTHERS["phone"], "username": OTHERS["username"]}
    page = f"https://bio.re/{NAMES['username']}"
    led = {"referred_by_code": NAMES["username"], "first_landing_page": page, "first_referrer_url": page}
    user_id = account(api, tables, **columns, referred_by=person, **led)
    for table in Base.metadata.sorted_tables:
        if table is not USERS and table.name in REGISTERED:
            put(tables, table, row_of_another(tables, table, user_id, person))
    for error in (f"550 no such user jim{NAMES['email']}", f"550 {OTHERS['email']} <{NAMES['email'].title()}> unknown"):
        row = row_of_another(tables, Base.metadata.tables["email_deliveries"], user_id, person)
        insert(tables, "email_deliveries", **row | {"error": error})
    for action in sorted(DONE_TO_YOU):
        row = row_of_another(tables, Base.metadata.tables["audit_logs"], user_id, person)
        insert(tables, "audit_logs", **row | {"action": action})
    change(tables, "users", person, referred_by=user_id, acquired_via_creator_id=user_id)
    return user_id


def row_of_another(tables: Tables, table: Table, user_id: UUID, person: UUID) -> dict[str, Any]:
    owner = OWNERS.get(table.name, "user_id")
    naming = {name for name in leads_to_a_person(table) if name != owner and not WHENCE.search(name)}
    row = {
        c.name: value_for(c, person, {}) if c.name in naming else value_for(c, user_id, choices_of(table), OTHERS)
        for c in table.columns
        if not c.identity
    }
    for key in table.foreign_keys:
        parent = key.column.table
        if parent is not USERS and parent.name in REGISTERED:
            row[key.parent.name] = tables.rows(ids_of(parent, key.column.name), user_id)[0][key.column.name]
    if table.name in KNOWN_BY_ID:
        row["id"] = user_id
    if table.name == "provider_events":
        row |= about_a_verification(OTHERS)
    return row | OF_ANOTHER.get(table.name, {})


def ids_of(table: Table, column: str = "id") -> str:
    """A query for the ids, or another column, of the rows of one person there, whose id is its parameter."""
    whose = OWNERS.get(table.name, "user_id")
    if whose == "payload":
        return f"SELECT {column} FROM {table.name} WHERE payload ->> 'user' = %s::text"  # noqa: S608
    if whose in table.columns:
        return f"SELECT {column} FROM {table.name} WHERE {whose} = %s"  # noqa: S608
    owning = (key for key in table.foreign_keys if key.column.table.name in REGISTERED)
    key = next(owning)
    return f"SELECT {column} FROM {table.name} WHERE {key.parent.name} IN ({ids_of(key.column.table, key.column.name)})"  # noqa: S608


def rows_of(tables: Tables, user_id: UUID) -> dict[str, list[str]]:
    """Those that hold the id of the person, or a name of the other one, as text, by table."""
    texts = [str(user_id), *OTHERS.values()]
    found = {}
    for name in REGISTERED:
        rows = [row["text"] for row in tables.rows(f"SELECT t::text AS text FROM {name} t")]  # noqa: S608
        found[name] = sorted(text for text in rows if any(known in text for known in texts))
    return found


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
        erase(server, tables, person)
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
        erase(server, tables, person)
        profile = api.call("users.profile", headers=headers).json()["data"]
        assert profile["email"] == "friend@example.com"
        assert len(tables.rows("SELECT 1 FROM sessions WHERE user_id = %s", friend)) == before + 1


class TestOthers:
    """What an archive tells, and an erasure does, where others named the person."""

    def test_they_are_in_every_table_and_name_the_person(self, person: UUID, other: UUID, tables: Tables) -> None:
        """Or the tests below would prove nothing."""
        assert [name for name, rows in rows_of(tables, other).items() if not rows] == []
        naming = {name for name, rows in rows_of(tables, other).items() if any(str(person) in row for row in rows)}
        assert naming >= {"audit_logs", "block_list", "users"}

    def test_the_archive_tells_nothing_of_them(
        self, person: UUID, other: UUID, api: Api, server: Server, tables: Tables
    ) -> None:
        files = archive_of(api, server, tables)
        told = json.dumps(files, ensure_ascii=False).lower()
        network = OTHERS["ip"].rpartition(".")[0]
        assert [known for known in (str(other), network, *OTHERS.values()) if known.lower() in told] == []

    def test_of_what_was_done_to_the_person_it_tells_what_and_when(
        self, person: UUID, other: UUID, api: Api, server: Server, tables: Tables
    ) -> None:
        done = archive_of(api, server, tables)["done_to_you.json"]
        assert sorted(row["action"] for row in done) == sorted(DONE_TO_YOU)
        assert {frozenset(row) for row in done} == {frozenset({"action", "created_at"})}

    def test_their_rows_stay_when_the_person_is_erased(
        self, person: UUID, other: UUID, server: Server, tables: Tables
    ) -> None:
        before = rows_of(tables, other)
        erase(server, tables, person)
        after = rows_of(tables, other)
        changed = {name for name in REGISTERED if after[name] != before[name]}
        assert changed == {*GO_WITH_THE_NAMED, "email_deliveries", "users"}
        assert all(after[name] == [] for name in GO_WITH_THE_NAMED)
        assert tables.count("challenges") == 1
        friend = tables.one("SELECT * FROM users WHERE id = %s", other)
        assert friend["referred_by"] == person
        led = {friend[name] for name in ("referred_by_code", "first_landing_page", "first_referrer_url")}
        assert led == {None}  # code and pages named the person
        errors = {row["error"] for row in tables.rows("SELECT error FROM email_deliveries WHERE error IS NOT NULL")}
        assert f"550 no such user jim{NAMES['email']}" in errors
        assert not any(NAMES["email"] in error.lower().replace(f"jim{NAMES['email']}", "") for error in errors)


class TestFormerNames:
    @pytest.fixture
    def known_before(self, person: UUID, tables: Tables) -> None:
        """The person had another address, asked for a third and for codes to another phone, and got mails at each."""
        moments = {"expires_at": datetime.now(UTC), "used_at": datetime.now(UTC)}
        former, wished, phone = FORMER.values()
        insert(
            tables, "email_changes", user_id=person, token_hash=b"1", new_email=NAMES["email"], former_email=former,
            **moments,
        )  # fmt: skip
        insert(
            tables, "email_changes", user_id=person, token_hash=b"2", new_email=wished, **moments | {"used_at": None}
        )
        insert(tables, "challenges", user_id=person, purpose="verify-phone-profile", phone=phone, **moments)
        insert(tables, "challenges", purpose="verify-phone-fan", phone=phone, **moments)
        job = insert(tables, "outbox", topic="email.verify_address", payload={}, dead_at=datetime.now(UTC))
        for name in FORMER.values():
            texts = {"subject": "s", "text": "t", "html": "h", "locale": "en"}
            insert(tables, "mailbox_messages", recipient=name, **texts)
            attempt = {"provider": "smtp", "outcome": "failed", "started_at": datetime.now(UTC)}
            insert(tables, "email_deliveries", job_id=job, error=f"550 '{name.upper()}': unknown.", **attempt)

    def test_nothing_is_left_by_them(self, known_before: None, person: UUID, server: Server, tables: Tables) -> None:
        erase(server, tables, person)
        text = " ".join(everything(tables).values()).lower()
        assert [what for what, name in FORMER.items() if name in text] == []

    def test_an_archive_has_what_was_sent_to_them(
        self, known_before: None, person: UUID, api: Api, server: Server, tables: Tables
    ) -> None:
        """But not what anybody was sent at an address that the person only asked for."""
        former, wished, phone = FORMER.values()
        files = archive_of(api, server, tables)
        told = {mail["recipient"] for mail in files["mailbox_messages.json"]}
        assert told >= {former, phone}
        assert wished not in told
        assert len(files["email_deliveries.json"]) == 3  # of the present address, the former one and the phone

    def test_nor_to_a_phone_that_was_never_verified(
        self, known_before: None, person: UUID, api: Api, server: Server, tables: Tables
    ) -> None:
        tables.run("UPDATE challenges SET used_at = NULL")
        tables.run("UPDATE users SET phone_verified_at = NULL")
        insert(tables, "mailbox_messages", recipient=NAMES["phone"], subject="s", text="t", html="h", locale="en")
        told = {mail["recipient"] for mail in archive_of(api, server, tables)["mailbox_messages.json"]}
        assert not told & {FORMER["phone"], NAMES["phone"]}

    def test_what_somebody_else_holds_by_now_is_theirs(
        self, known_before: None, person: UUID, api: Api, server: Server, tables: Tables
    ) -> None:
        former, _, phone = FORMER.values()
        account(api, tables, former, phone=phone)
        mails = archive_of(api, server, tables)["mailbox_messages.json"]
        assert not {mail["recipient"] for mail in mails} & {former, phone}
        erase(server, tables, person)
        left = {row["recipient"] for row in tables.rows("SELECT recipient FROM mailbox_messages")}
        assert left >= {former, phone}

    def test_a_change_of_address_notes_the_former_one(self, api: Api, server: Server, tables: Tables) -> None:
        account(api, tables, "first@example.com")
        headers = bearer(api.sign_in("first@example.com"))
        wish = {"newEmail": "second@example.com", "password": PASSWORD}
        assert api.call("users.emails.change", wish, headers=headers).status_code == 200
        token = api.verification_token("second@example.com")
        assert api.call("auth.verify_email_change", {"token": token}).status_code == 200
        assert tables.one("SELECT former_email FROM email_changes")["former_email"] == "first@example.com"
        tables.run("UPDATE email_changes SET expires_at = now() - interval '8 days'")
        server.let_time_come("housekeeping.forget_sessions")
        server.work_off()
        erase(server, tables, tables.one("SELECT id FROM users")["id"])
        left = {row["recipient"] for row in tables.rows("SELECT recipient FROM mailbox_messages")}
        assert left <= {"second@example.com"}  # the farewell

    def test_mails_in_the_mailbox_are_forgotten_no_later_than_the_wish_they_tell_of(
        self, server: Server, tables: Tables
    ) -> None:
        texts = {"subject": "s", "text": "t", "html": "h", "locale": "en"}
        for days in (6, 8):
            sent = datetime.now(UTC) - timedelta(days=days)
            insert(tables, "mailbox_messages", recipient=f"{days}@example.com", created_at=sent, **texts)
        server.let_time_come("housekeeping.forget_ended")
        assert tables.one("SELECT recipient FROM mailbox_messages")["recipient"] == "6@example.com"


def archive_of(api: Api, server: Server, tables: Tables) -> dict[str, Any]:
    """What the person is given."""
    tables.run("UPDATE gdpr_requests SET status = 'COMPLETED'")
    return archive(api.get(built(api, server, bearer(api.sign_in(NAMES["email"])))))


def erase(server: Server, tables: Tables, user_id: UUID) -> None:
    end = datetime.now(UTC) - timedelta(seconds=1)
    insert(tables, "gdpr_requests", user_id=user_id, kind="DELETION", grace_ends_at=end)
    server.let_time_come("gdpr.erase_due")
    assert tables.one("SELECT status FROM users WHERE id = %s", user_id)["status"] == "DELETED"


def test_a_subject_without_a_phone_owns_no_row_by_it() -> None:
    subject = Subject(uuid4(), ("ada@example.com",))
    for section in PERSONAL:
        assert "phone" not in str((section.erased or section.where)(subject))
