"""Alembic's entry: one connection, one transaction, short waits for locks, the models as the goal."""

from alembic import context
from sqlalchemy import create_engine, func, pool, select

from persistence.migrate import LOCK_TIMEOUT
from persistence.models import Base

engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=Base.metadata, compare_type=True, compare_server_default=True
    )
    with context.begin_transaction():
        patience = context.config.attributes.get("lock_timeout", LOCK_TIMEOUT)
        connection.execute(select(func.set_config("lock_timeout", patience, True)))
        context.run_migrations()
engine.dispose()
