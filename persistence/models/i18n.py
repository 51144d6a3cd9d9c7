"""The languages of the platform and their texts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Created, one_of

NOW = func.now()


class Language(Created, Base):
    """``version`` is that of the row, ``texts_version`` that of its public texts: it moves in the transaction of
    whatever changes one of them, so that a version always has the same texts.

    ``files`` is the digest of the files whose texts were last imported.
    """

    __tablename__ = "languages"
    __table_args__ = (
        CheckConstraint("active OR NOT is_default", name="default_is_active"),
        Index("uq_languages_default", "is_default", unique=True, postgresql_where=sql("is_default")),
        Index("ix_languages_order", "sort_order", "code"),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    native_name: Mapped[str]
    is_rtl: Mapped[bool]
    is_default: Mapped[bool] = mapped_column(server_default=sql("false"))
    active: Mapped[bool] = mapped_column(server_default=sql("true"))
    sort_order: Mapped[int] = mapped_column(server_default=sql("0"))
    texts_version: Mapped[int] = mapped_column(server_default=sql("1"))
    files: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=sql("1"))
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Translation(Created, Base):
    """``text`` was approved and is served; ``draft`` is a newer one, of which ``status`` tells.

    ``origin`` is that of the text. ``imported`` is the digest of the text that the files had last, ``made_from``
    that of the English text which the text was made from, ``draft_from`` of which the draft is. ``outdated``: English,
    or the file, has another one by now.
    """

    __tablename__ = "translations"
    __table_args__ = (
        one_of("status", ("DRAFT", "IN_REVIEW", "APPROVED", "REJECTED")),
        one_of("origin", ("FILE", "STAFF")),
        Index("uq_translations_key", "locale", "namespace", "key", unique=True),
        Index("ix_translations_source", "namespace", "key", "locale"),
        Index("ix_translations_status", "locale", "status", "namespace", "key"),
        Index(
            "ix_translations_outdated", "locale", "namespace", "key",
            postgresql_where=sql("outdated"),
        ),
        Index("ix_translations_texts", "locale", postgresql_where=sql("text IS NOT NULL")),
        Index("ix_translations_edited", "locale", "namespace", postgresql_where=sql("origin = 'STAFF'")),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=sql("gen_random_uuid()"))
    locale: Mapped[str]
    namespace: Mapped[str]
    key: Mapped[str]
    text: Mapped[str | None]
    draft: Mapped[str | None]
    status: Mapped[str]
    origin: Mapped[str | None]
    imported: Mapped[str | None]
    made_from: Mapped[str | None]
    draft_from: Mapped[str | None]
    outdated: Mapped[bool] = mapped_column(server_default=sql("false"))
    note: Mapped[str | None]
    draft_by: Mapped[UUID | None]  # no foreign key: decisions outlive who prepared them
    reviewed_by: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(server_default=sql("1"))
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)
