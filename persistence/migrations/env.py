"""Alembic's entry: one connection, a transaction for each revision, short waits for locks, the models as the goal."""

from alembic import context
from sqlalchemy import Connection, create_engine, event, pool
from sqlalchemy.dialects.postgresql.base import ischema_names

from persistence.migrate import LOCK_TIMEOUT
from persistence.models import Base
from persistence.models.money.ledger import TransactionId

ischema_names["xid8"] = TransactionId  # which SQLAlchemy does not know in databases
engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=pool.NullPool)
patience = context.config.attributes.get("lock_timeout", LOCK_TIMEOUT)


@event.listens_for(engine, "begin")
def _be_impatient(connection: Connection) -> None:
    """Within transactions. What commits statement by statement keeps nobody waiting, and may wait itself."""
    cursor = connection.connection.cursor()
    cursor.execute("SELECT set_config('lock_timeout', %s, true)", (patience,))
    cursor.close()


with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
