"""The platforms that people sign in through, and what they vouched for once."""

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, Text, false, func, text, true
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Created, Identified


class OAuthProvider(Identified, Created, Base):
    """One row per platform, kept by an admin. ``client_secret`` is sealed; endpoints left out are its own."""

    __tablename__ = "oauth_providers"
    __table_args__ = (CheckConstraint("client_id <> '' OR NOT enabled", name="enabled"),)

    platform: Mapped[str] = mapped_column(unique=True)
    enabled: Mapped[bool] = mapped_column(server_default=false())
    login_enabled: Mapped[bool] = mapped_column(server_default=true())
    client_id: Mapped[str] = mapped_column(server_default=text("''"))
    audiences: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    client_secret: Mapped[str | None]
    redirect_uri: Mapped[str | None]
    issuer: Mapped[str | None]
    jwks_uri: Mapped[str | None]
    token_endpoint: Mapped[str | None]
    userinfo_endpoint: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    version: Mapped[int] = mapped_column(server_default=text("1"))


class OAuthUsedToken(Base):
    """An id token that was accepted. It is forgotten when it would be refused as expired anyway."""

    __tablename__ = "oauth_used_tokens"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
