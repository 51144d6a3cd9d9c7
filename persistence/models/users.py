"""Accounts and what they agreed to."""

from datetime import datetime
from decimal import Decimal
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Computed,
    DateTime,
    ForeignKey,
    Index,
    Numeric,
    UniqueConstraint,
    false,
    func,
    literal_column,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from domain.referral.rewards import State, Why
from domain.users import STATUSES
from domain.users.usernames import ALIKE
from persistence.models.base import Base, Created, Identified, one_of

# Of ``$2b$12$…``: two digits, so that they sort as numbers do.
PASSWORD_COST: ColumnElement[str] = literal_column("substr(password_hash, 5, 2)")
# Who never signed in did so before everybody else: a list by the last sign-in has a place for each.
SIGNED_IN_AT: ColumnElement[datetime] = literal_column(
    "coalesce(last_login_at, '1970-01-01 00:00:00+00'::timestamptz)", DateTime(timezone=True)
)
# Most accounts are active and have no second factor: a list of the others has a short index.
EXCEPTIONAL, PROTECTED = text("status <> 'ACTIVE'"), text("two_factor_enabled")
KNOWN_COUNTRY = text("registration_country IS NOT NULL")


class User(Identified, Created, Base):
    """``owner_unproven``: nobody showed yet that who knows the credentials also reads the mail of the address.

    ``unlocked_at``: failures of sign-ins before then do not count.
    ``password_due``: a change was undone and its owner chose no password since; until then no platform signs in.
    ``admin_version``: moved by whatever changes status or username, so that no member of staff overwrites one unseen.
    """

    __tablename__ = "users"
    __table_args__ = (
        one_of("status", STATUSES),
        CheckConstraint("two_factor_secret IS NOT NULL OR NOT two_factor_enabled", name="two_factor_secret"),
        Index("ix_users_deleted", "email", postgresql_where=text("status = 'DELETED'")),
        Index("ix_users_phone", "phone", postgresql_where=text("phone IS NOT NULL")),
        Index("ix_users_password_cost", PASSWORD_COST),
        Index("ix_users_username_prefix", "username", postgresql_ops={"username": "text_pattern_ops"}),
        Index("ix_users_newest", "created_at", "id"),
        Index("ix_users_last_login", SIGNED_IN_AT, "id"),
        Index("ix_users_status_newest", "status", "created_at", "id", postgresql_where=EXCEPTIONAL),
        Index("ix_users_status_last_login", "status", SIGNED_IN_AT, "id", postgresql_where=EXCEPTIONAL),
        Index("ix_users_two_factor_newest", "created_at", "id", postgresql_where=PROTECTED),
        Index("ix_users_two_factor_last_login", SIGNED_IN_AT, "id", postgresql_where=PROTECTED),
        Index("ix_users_country_newest", "registration_country", "created_at", "id", postgresql_where=KNOWN_COUNTRY),
        Index(
            "ix_users_country_last_login", "registration_country", SIGNED_IN_AT, "id", postgresql_where=KNOWN_COUNTRY
        ),
    )

    email: Mapped[str] = mapped_column(unique=True)
    username: Mapped[str | None] = mapped_column(unique=True)
    display_name: Mapped[str | None]
    avatar_url: Mapped[str | None]
    avatar_key: Mapped[str | None]  # of the own upload that it leads to
    bio: Mapped[str | None]
    password_hash: Mapped[str | None]
    password_due: Mapped[bool] = mapped_column(server_default=false())
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    email_verified: Mapped[bool] = mapped_column(server_default=false())
    owner_unproven: Mapped[bool] = mapped_column(server_default=false())
    two_factor_enabled: Mapped[bool] = mapped_column(server_default=false())
    two_factor_enabled_at: Mapped[datetime | None]
    two_factor_secret: Mapped[str | None]
    two_factor_last_step: Mapped[int | None] = mapped_column(BigInteger)
    phone: Mapped[str | None]
    phone_verified_at: Mapped[datetime | None]
    locale: Mapped[str | None]
    intent: Mapped[str | None]
    last_login_at: Mapped[datetime | None]
    unlocked_at: Mapped[datetime | None]
    referral_code: Mapped[str | None] = mapped_column(unique=True)
    referred_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    referred_by_code: Mapped[str | None]
    acquired_via_creator_id: Mapped[UUID | None]  # no foreign key: what was captured stays when the creator goes
    first_referrer_url: Mapped[str | None]
    first_landing_page: Mapped[str | None]
    utm_source: Mapped[str | None]
    utm_medium: Mapped[str | None]
    utm_campaign: Mapped[str | None]
    utm_term: Mapped[str | None]
    utm_content: Mapped[str | None]
    registration_device: Mapped[str | None]
    registration_country: Mapped[str | None]
    admin_version: Mapped[int] = mapped_column(server_default=text("1"))


_LOOK, _READ, _SIGNS = ALIKE


class ReservedUsername(Base):
    """``skeleton`` is that of ``domain.users.usernames``: what a name that looks alike has in common with it.

    Each is a rule of moderation (``USERNAME``, ``EXACT``, ``BLOCK``); ``hits`` and ``version`` are as of the others.
    """

    __tablename__ = "reserved_usernames"
    __table_args__ = (Index("ix_reserved_usernames_newest", text("created_at DESC"), text("id DESC")),)

    username: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(server_default=func.gen_random_uuid(), unique=True)
    skeleton: Mapped[str] = mapped_column(
        Computed(f"translate(username, '{_LOOK}{_SIGNS}'::text, '{_READ}'::text)"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    hits: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    last_hit_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class UsernameHistory(Identified, Created, Base):
    """Each name that an account took; ``former`` is empty for its first.

    ``held_until``: nobody else may take the former one before then.
    """

    __tablename__ = "username_history"
    __table_args__ = (
        Index("ix_username_history_newest", "user_id", "created_at"),
        Index("ix_username_history_former", "former", postgresql_where=text("held_until IS NOT NULL")),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    former: Mapped[str | None]
    held_until: Mapped[datetime | None]
    username: Mapped[str]


class ConsentRecord(Identified, Created, Base):
    """Append-only: a change of mind is another row. Visitors without an account choose cookies, too, and theirs are
    kept for a time.

    ``details``: what was chosen, where it is more than one thing.
    """

    __tablename__ = "consent_records"
    __table_args__ = (
        Index("ix_consent_records_newest", "user_id", "created_at"),
        Index("ix_consent_records_nobodys", "created_at", postgresql_where=text("user_id IS NULL")),
    )

    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str]
    granted: Mapped[bool]
    version: Mapped[str]
    details: Mapped[dict[str, Any] | None]
    ip_address: Mapped[str | None]
    user_agent: Mapped[str | None]


class ReferralLink(Identified, Created, Base):
    """``conversions`` and ``total_earnings`` are kept by whoever grants rewards and takes them back."""

    __tablename__ = "referral_links"
    __table_args__ = (Index("uq_referral_links_active", "user_id", unique=True, postgresql_where=text("active")),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    code: Mapped[str] = mapped_column(unique=True)
    clicks: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    signups: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    conversions: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    total_earnings: Mapped[Decimal] = mapped_column(Numeric(14, 2), server_default=text("0"))
    active: Mapped[bool] = mapped_column(server_default=true())


class ReferralLinkAlias(Identified, Created, Base):
    __tablename__ = "referral_link_aliases"

    link_id: Mapped[UUID] = mapped_column(ForeignKey("referral_links.id", ondelete="CASCADE"), index=True)
    code: Mapped[str] = mapped_column(unique=True)


class ReferralReward(Identified, Created, Base):
    """What an account has earned by bringing somebody here, who paid.

    ``why`` it came to nothing. ``due_at``: when it is looked at again, by when it is to be paid or taken back.
    ``clawed_back`` repeats the state for the release that knew no others.
    """

    __tablename__ = "referral_rewards"
    __table_args__ = (
        one_of("state", get_args(State)),
        one_of("why", get_args(Why)),
        UniqueConstraint("referee_id", "trigger_type"),
        CheckConstraint("(state IN ('PAID', 'CLAWED_BACK')) = (paid_at IS NOT NULL)", name="paid"),
        CheckConstraint("(state IN ('VOID', 'CLAWED_BACK')) = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("(state = 'VOID') = (why IS NOT NULL)", name="void"),
        CheckConstraint("(state = 'CLAWED_BACK') = clawed_back", name="clawed_back"),
        CheckConstraint("user_id <> referee_id", name="two"),
        Index("ix_referral_rewards_newest", "user_id", text("created_at DESC"), text("id DESC")),
        Index("ix_referral_rewards_payment", "payment_id"),
        Index("ix_referral_rewards_due_at", "due_at", "id", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_referral_rewards_paid_at", "paid_at", postgresql_where=text("paid_at IS NOT NULL")),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    trigger_type: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    clawed_back: Mapped[bool] = mapped_column(server_default=false())
    referee_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"))
    state: Mapped[str] = mapped_column(server_default="HELD")
    why: Mapped[str | None]
    held_until: Mapped[datetime]
    due_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class SocialAccount(Identified, Created, Base):
    """``platform`` in lower case. Tokens are sealed.

    ``signs_in``: a way to sign in, by the platform's word of who comes. All others are accounts that a creator
    connected, which open nothing; somebody may have one of each kind at a platform.
    ``refresh_at``: when the platform is asked for the followers again, or a worker gives up its claim. ``refused_at``:
    since when the platform takes its tokens no more, so that nobody asks until the account is connected anew. Such an
    account has no ``platform_user_id``: who its owner was there is forgotten, and free for others to connect.
    """

    __tablename__ = "social_accounts"
    __table_args__ = (
        Index("uq_social_accounts_identity", "platform", "platform_user_id", "signs_in", unique=True),
        Index("uq_social_accounts_owner", "user_id", "platform", "signs_in", unique=True),
        Index("ix_social_accounts_refresh_at", "refresh_at", "id", postgresql_where=text("refresh_at IS NOT NULL")),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    platform: Mapped[str]
    platform_user_id: Mapped[str | None]
    platform_username: Mapped[str | None]
    verified: Mapped[bool] = mapped_column(server_default=false())
    access_token: Mapped[bytes | None]
    refresh_token: Mapped[bytes | None]
    token_expires_at: Mapped[datetime | None]
    signs_in: Mapped[bool] = mapped_column(server_default=true())
    refresh_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]


class SocialMetrics(Base):
    """What a platform told of a connected account last. ``follower_count`` is NULL where it does not tell."""

    __tablename__ = "social_metrics"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("social_accounts.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    follower_count: Mapped[int | None] = mapped_column(BigInteger)
    measured_at: Mapped[datetime] = mapped_column(server_default=func.now())
