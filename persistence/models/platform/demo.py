"""Example content of development, and which rows it is."""

from datetime import datetime

from sqlalchemy import BigInteger, Identity
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base


class DemoArea(Base):
    """An area that was given its examples once; they are not made again by themselves, whatever became of them."""

    __tablename__ = "demo_areas"

    name: Mapped[str] = mapped_column(primary_key=True)
    seeded_at: Mapped[datetime]


class DemoRow(Base):
    """One row of example content, by its table and its key. ``number``: the order in which they were made."""

    __tablename__ = "demo_rows"

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    area: Mapped[str]
    table_name: Mapped[str]
    row_id: Mapped[str]
