"""Wallets and the ledger: accounts, transfers and their legs, which the database itself keeps in balance."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.tables import NOW, TIME, ZERO, check, column, number, one_of, primary, refers
from persistence.models.money.ledger import TransactionId

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

previous_release = "It knows nothing of money: the tables are new."

TABLES = ("wallets", "ledger_accounts", "ledger_transfers", "ledger_entries", "wallet_activity")

# All legs of a transfer come in one statement, or another leg could follow later. What an account of a wallet has is
# what its last entry says.
ENTRIES = """
CREATE FUNCTION check_ledger_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT e.transfer_id AS id, sum(e.amount) AS sum, count(*) AS legs,
            (SELECT count(*) FROM ledger_entries o WHERE o.transfer_id = e.transfer_id) AS all_legs,
            bool_and(a.id IS NOT NULL AND t.id IS NOT NULL AND a.currency = t.currency) AS known,
            bool_and(a.balance IS NOT DISTINCT FROM e.balance_after
                AND a.version IS NOT DISTINCT FROM e.account_version) AS chained
        FROM added e
            LEFT JOIN ledger_transfers t ON t.id = e.transfer_id
            LEFT JOIN ledger_accounts a ON a.id = e.account_id
        GROUP BY e.transfer_id
    LOOP
        IF found.sum <> 0 OR found.legs < 2 OR found.legs <> found.all_legs THEN
            RAISE EXCEPTION 'the legs of transfer % do not balance', found.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ledger_entries_balanced';
        ELSIF NOT found.known THEN
            RAISE EXCEPTION 'transfer % has an account that is unknown or of another currency', found.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ledger_entries_account';
        ELSIF NOT found.chained THEN
            RAISE EXCEPTION 'an entry of transfer % does not say what its account has', found.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ledger_entries_chained';
        END IF;
    END LOOP;
    RETURN NULL;
END $$
"""

ACCOUNTS = """
CREATE FUNCTION check_ledger_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.balance <> 0 OR NEW.version <> 0 THEN
            RAISE EXCEPTION 'account % does not begin with nothing', NEW.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ledger_accounts_entry';
        END IF;
    ELSIF NEW.version IS DISTINCT FROM OLD.version + 1 OR NOT EXISTS (
        SELECT FROM ledger_entries e
        WHERE e.account_id = NEW.id AND e.account_version = NEW.version AND e.balance_after = NEW.balance
            AND e.amount = NEW.balance - OLD.balance
    ) THEN
        RAISE EXCEPTION 'no entry says why account % has another balance', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ledger_accounts_entry';
    END IF;
    RETURN NULL;
END $$
"""

WALLETS = """
CREATE FUNCTION check_wallet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.balance <> 0 OR NEW.shown <> 0 THEN
            RAISE EXCEPTION 'wallet % does not begin with nothing', NEW.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_wallets_activity';
        END IF;
    ELSIF NEW.shown <> OLD.shown + 1 OR NOT EXISTS (
        SELECT FROM wallet_activity a
        WHERE a.wallet_id = NEW.id AND a.seq = NEW.shown
            AND a.balance_before = OLD.balance AND a.balance_after = NEW.balance
    ) THEN
        RAISE EXCEPTION 'no activity says why wallet % has another balance', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_wallets_activity';
    END IF;
    RETURN NULL;
END $$
"""

TRIGGERS = (
    "CREATE TRIGGER ledger_entries_balanced AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS added "
    "FOR EACH STATEMENT EXECUTE FUNCTION check_ledger_entries()",
    "CREATE TRIGGER ledger_accounts_begun AFTER INSERT ON ledger_accounts "
    "FOR EACH ROW WHEN (NEW.wallet_id IS NOT NULL) EXECUTE FUNCTION check_ledger_account()",
    "CREATE TRIGGER ledger_accounts_explained AFTER UPDATE OF balance, version ON ledger_accounts "
    "FOR EACH ROW EXECUTE FUNCTION check_ledger_account()",
    "CREATE TRIGGER ledger_accounts_kept BEFORE DELETE OR UPDATE OF id, wallet_id, code, currency, normal "
    "ON ledger_accounts FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER wallets_begun AFTER INSERT ON wallets FOR EACH ROW EXECUTE FUNCTION check_wallet()",
    "CREATE TRIGGER wallets_explained AFTER UPDATE OF balance, shown ON wallets "
    "FOR EACH ROW EXECUTE FUNCTION check_wallet()",
    "CREATE TRIGGER wallets_kept BEFORE DELETE OR UPDATE OF id, user_id, type, currency "
    "ON wallets FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER ledger_transfers_append_only BEFORE UPDATE OR DELETE ON ledger_transfers "
    "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE ON ledger_entries "
    "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER wallet_activity_append_only BEFORE UPDATE OR DELETE ON wallet_activity "
    "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER wallets_never_emptied BEFORE TRUNCATE ON wallets "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER ledger_accounts_never_emptied BEFORE TRUNCATE ON ledger_accounts "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER ledger_transfers_never_emptied BEFORE TRUNCATE ON ledger_transfers "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER ledger_entries_never_emptied BEFORE TRUNCATE ON ledger_entries "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER wallet_activity_never_emptied BEFORE TRUNCATE ON wallet_activity "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
)
DROPPED = (
    "DROP FUNCTION check_ledger_entries()", "DROP FUNCTION check_ledger_account()", "DROP FUNCTION check_wallet()",
)  # fmt: skip


def written_by() -> sa.Column[object]:
    return column("created_xid", TransactionId(), sa.func.pg_current_xact_id())


def upgrade() -> None:
    op.create_table(
        "wallets",
        column("id", sa.Uuid()),
        column("created_at", TIME, NOW),
        column("user_id", sa.Uuid()),
        column("type", sa.Text()),
        column("currency", sa.Text()),
        number("balance", ZERO),
        number("shown", ZERO),
        column("frozen_at", TIME, null=True),
        column("frozen_for", sa.Text(), null=True),
        column("closed_at", TIME, null=True),
        primary("wallets", "id"),
        refers("wallets", "user_id", "users.id"),
        one_of("wallets", "type", "FAN", "CREATOR"),
        one_of("wallets", "frozen_for", "DISPUTE", "FRAUD", "ADMIN", "CLOSING"),
        check("wallets", "balance", "balance >= 0"),
        check("wallets", "frozen", "(frozen_at IS NULL) = (frozen_for IS NULL)"),
    )
    op.create_index("uq_wallets_owner", "wallets", ["user_id", "type", "currency"], unique=True)
    op.create_table(
        "ledger_accounts",
        column("id", sa.Uuid()),
        column("created_at", TIME, NOW),
        column("wallet_id", sa.Uuid(), null=True),
        column("code", sa.Text()),
        column("currency", sa.Text()),
        column("normal", sa.Text()),
        number("balance", null=True),
        number("version", null=True),
        primary("ledger_accounts", "id"),
        refers("ledger_accounts", "wallet_id", "wallets.id"),
        one_of("ledger_accounts", "normal", "CREDIT", "DEBIT"),
        check("ledger_accounts", "guarded", "(wallet_id IS NULL) = (balance IS NULL)"),
        check("ledger_accounts", "versioned", "(wallet_id IS NULL) = (version IS NULL)"),
        check("ledger_accounts", "floor", "CASE normal WHEN 'CREDIT' THEN balance >= 0 ELSE balance <= 0 END"),
    )
    op.create_index("uq_ledger_accounts_of_wallet", "ledger_accounts", ["wallet_id", "code"], unique=True)
    op.create_index(
        "uq_ledger_accounts_of_platform",
        "ledger_accounts",
        ["code", "currency"],
        unique=True,
        postgresql_where=sa.text("wallet_id IS NULL"),
    )
    op.create_table(
        "ledger_transfers",
        column("id", sa.Uuid()),
        column("created_at", TIME, NOW),
        column("key", sa.Text()),
        column("fingerprint", sa.LargeBinary()),
        column("kind", sa.Text()),
        column("currency", sa.Text()),
        column("about", sa.Text()),
        column("about_id", sa.Text()),
        column("resolves", sa.Text(), null=True),
        column("actor_id", sa.Uuid(), null=True),
        written_by(),
        primary("ledger_transfers", "id"),
    )
    op.create_index("uq_ledger_transfers_key", "ledger_transfers", ["key"], unique=True)
    op.create_index("uq_ledger_transfers_resolves", "ledger_transfers", ["resolves"], unique=True)
    op.create_index("ix_ledger_transfers_about", "ledger_transfers", ["about_id", "about"])
    op.create_index("ix_ledger_transfers_xid", "ledger_transfers", ["created_xid"])
    op.create_foreign_key(
        op.f("fk_ledger_transfers_resolves"), "ledger_transfers", "ledger_transfers", ["resolves"], ["key"]
    )
    op.create_table(
        "ledger_entries",
        column("transfer_id", sa.Uuid()),
        sa.Column("leg", sa.SmallInteger(), autoincrement=False, nullable=False),
        column("account_id", sa.Uuid()),
        number("amount"),
        number("balance_after", null=True),
        number("account_version", null=True),
        written_by(),
        primary("ledger_entries", "transfer_id", "leg"),
        refers("ledger_entries", "transfer_id", "ledger_transfers.id"),
        check("ledger_entries", "amount", "amount <> 0 AND abs(amount) <= 1000000000000"),
        check("ledger_entries", "guarded", "(balance_after IS NULL) = (account_version IS NULL)"),
    )
    op.create_index(
        "uq_ledger_entries_version",
        "ledger_entries",
        ["account_id", "account_version"],
        unique=True,
        postgresql_where=sa.text("account_version IS NOT NULL"),
    )
    op.create_index("uq_ledger_entries_account", "ledger_entries", ["transfer_id", "account_id"], unique=True)
    op.create_index(
        "ix_ledger_entries_tally", "ledger_entries", ["account_id", "created_xid"], postgresql_include=["amount"]
    )
    op.create_table(
        "wallet_activity",
        column("created_at", TIME, NOW),
        column("wallet_id", sa.Uuid()),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        column("transfer_id", sa.Uuid()),
        column("type", sa.Text()),
        number("amount"),
        number("balance_before"),
        number("balance_after"),
        column("about", sa.Text()),
        column("about_id", sa.Text()),
        primary("wallet_activity", "wallet_id", "seq"),
        refers("wallet_activity", "wallet_id", "wallets.id"),
        refers("wallet_activity", "transfer_id", "ledger_transfers.id"),
        one_of("wallet_activity", "type", "CREDIT", "DEBIT", "EXPIRY", "CHARGEBACK"),
        check(
            "wallet_activity",
            "adds_up",
            "balance_after = CASE type WHEN 'CREDIT' THEN balance_before + amount ELSE balance_before - amount END",
        ),
        check("wallet_activity", "amount", "amount > 0 OR amount = 0 AND type = 'CHARGEBACK'"),
    )
    op.create_index("uq_wallet_activity_transfer", "wallet_activity", ["wallet_id", "transfer_id"], unique=True)
    op.create_index("ix_wallet_activity_type", "wallet_activity", ["wallet_id", "type", "seq"])
    for function in (ENTRIES, ACCOUNTS, WALLETS):
        op.execute(function)
    for trigger in TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    for dropped in DROPPED:
        op.execute(dropped)
