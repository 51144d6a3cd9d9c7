"""All repositories of one session, each made when it is first asked for."""

from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncSession

from domain.keys import DigestsOf
from domain.users import Trace
from persistence.audit import Audit
from persistence.auth import (
    EmailChanges,
    EmailVerifications,
    LoginAttempts,
    PasswordResets,
    ReactivationTokens,
    Sessions,
)
from persistence.auth.changes import CredentialChanges
from persistence.auth.devices import KnownDevices
from persistence.auth.oauth import OAuthLinks, OAuthProviders, OAuthUsedTokens
from persistence.auth.otp import Challenges
from persistence.auth.sms import SmsBudgets
from persistence.auth.two_factor import SignInChallenges, TwoFactor
from persistence.config import ConfigEntries
from persistence.creators import Creators
from persistence.gdpr import DataExports, GdprRequests
from persistence.idempotency import IdempotencyKeys
from persistence.mailbox import Mailbox
from persistence.mails import MailQuotas
from persistence.outbox import Outbox, Seal
from persistence.personal import PersonalData
from persistence.schedule import Schedule
from persistence.signing_keys import SigningKeys
from persistence.upload import Uploads
from persistence.users import Referrals, Users
from persistence.users.appeals import Appeals
from persistence.users.blocks import Blocks
from persistence.users.consents import Consents
from persistence.users.settings import Settings
from persistence.users.usernames import Usernames


class Repositories:
    """``trace`` goes onto what is left behind for later; ``seal`` hides the secrets of jobs.

    ``digests`` recognises addresses that were erased.
    """

    def __init__(self, session: AsyncSession, trace: Trace, seal: Seal, digests: DigestsOf) -> None:
        self.session = session
        self.trace = trace
        self.seal = seal
        self.digests = digests

    @cached_property
    def users(self) -> Users:
        return Users(self.session, self.digests)

    @cached_property
    def usernames(self) -> Usernames:
        return Usernames(self.session)

    @cached_property
    def settings(self) -> Settings:
        return Settings(self.session)

    @cached_property
    def blocks(self) -> Blocks:
        return Blocks(self.session)

    @cached_property
    def consents(self) -> Consents:
        return Consents(self.session)

    @cached_property
    def appeals(self) -> Appeals:
        return Appeals(self.session)

    @cached_property
    def referrals(self) -> Referrals:
        return Referrals(self.session)

    @cached_property
    def creators(self) -> Creators:
        return Creators(self.session)

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(self.session)

    @cached_property
    def email_verifications(self) -> EmailVerifications:
        return EmailVerifications(self.session)

    @cached_property
    def email_changes(self) -> EmailChanges:
        return EmailChanges(self.session)

    @cached_property
    def password_resets(self) -> PasswordResets:
        return PasswordResets(self.session)

    @cached_property
    def reactivation_tokens(self) -> ReactivationTokens:
        return ReactivationTokens(self.session)

    @cached_property
    def credential_changes(self) -> CredentialChanges:
        return CredentialChanges(self.session)

    @cached_property
    def sign_in_challenges(self) -> SignInChallenges:
        return SignInChallenges(self.session)

    @cached_property
    def two_factor(self) -> TwoFactor:
        return TwoFactor(self.session)

    @cached_property
    def login_attempts(self) -> LoginAttempts:
        return LoginAttempts(self.session)

    @cached_property
    def known_devices(self) -> KnownDevices:
        return KnownDevices(self.session)

    @cached_property
    def challenges(self) -> Challenges:
        return Challenges(self.session)

    @cached_property
    def sms_budgets(self) -> SmsBudgets:
        return SmsBudgets(self.session)

    @cached_property
    def oauth_providers(self) -> OAuthProviders:
        return OAuthProviders(self.session)

    @cached_property
    def oauth_links(self) -> OAuthLinks:
        return OAuthLinks(self.session)

    @cached_property
    def oauth_used_tokens(self) -> OAuthUsedTokens:
        return OAuthUsedTokens(self.session)

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(self.session, self.trace, self.seal)

    @cached_property
    def audit(self) -> Audit:
        return Audit(self.session, self.trace)

    @cached_property
    def config(self) -> ConfigEntries:
        return ConfigEntries(self.session)

    @cached_property
    def signing_keys(self) -> SigningKeys:
        return SigningKeys(self.session)

    @cached_property
    def idempotency(self) -> IdempotencyKeys:
        return IdempotencyKeys(self.session)

    @cached_property
    def mailbox(self) -> Mailbox:
        return Mailbox(self.session)

    @cached_property
    def mail_quotas(self) -> MailQuotas:
        return MailQuotas(self.session)

    @cached_property
    def schedule(self) -> Schedule:
        return Schedule(self.session)

    @cached_property
    def uploads(self) -> Uploads:
        return Uploads(self.session)

    @cached_property
    def gdpr_requests(self) -> GdprRequests:
        return GdprRequests(self.session)

    @cached_property
    def data_exports(self) -> DataExports:
        return DataExports(self.session)

    @cached_property
    def personal_data(self) -> PersonalData:
        return PersonalData(self.session, self.digests)
