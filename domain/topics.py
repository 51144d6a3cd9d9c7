"""What the worker is asked to do: each topic with what its jobs carry, once for those who leave a job and for it.

A job may be older or newer than the code that reads it. So a field that a former release did not write has a default,
and what a newer one wrote beside is passed over. Secrets are no fields: they go sealed beside the payload.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from types import UnionType
from typing import Any, ClassVar, Self, get_args, get_origin, get_type_hints
from uuid import UUID

Read = Callable[[str], Any]


@dataclass(frozen=True)
class Topic:
    """The name is that of the function: ``email.export_ready`` is ``jobs/email.py:export_ready``."""

    topic: ClassVar[str]

    def written(self) -> dict[str, str]:
        """As the outbox keeps it."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: str(value) for name, value in values.items() if value is not None}

    @classmethod
    def read(cls, payload: Mapping[str, str]) -> Self:
        """Raises TypeError for what is missing and has no default."""
        return cls(**{name: read(payload[name]) for name, read in _readers(cls).items() if name in payload})


def _readers(kind: type[Topic]) -> Mapping[str, Read]:
    hints = get_type_hints(kind)
    return {field.name: _reader(hints[field.name]) for field in fields(kind)}


def _reader(hint: Any) -> Read:
    """An optional value is left out where there is none, so it is read as the type that it has otherwise."""
    if get_origin(hint) is UnionType:
        (hint,) = set(get_args(hint)) - {type(None)}
    found: Read = {str: str, int: int, UUID: UUID}[hint]
    return found


@dataclass(frozen=True)
class ToOwner(Topic):
    """About an account."""

    user: UUID


@dataclass(frozen=True)
class Circumstances(ToOwner):
    """When it was, on which device, and from where."""

    when: str
    device: str
    place: str


@dataclass(frozen=True)
class AddressTold(ToOwner):
    """``address`` is masked."""

    address: str


@dataclass(frozen=True)
class PlatformTold(ToOwner):
    provider: str


@dataclass(frozen=True)
class ForgotPassword(Topic):
    """``asker``: known | stranger."""

    topic = "auth.forgot_password"
    asker: str = "stranger"


class ResendVerification(Topic):
    topic = "auth.resend_verification"


@dataclass(frozen=True)
class VerifyAddress(ToOwner):
    """``provider``: the platform through which the account was opened."""

    topic = "email.verify_address"
    provider: str | None = None


@dataclass(frozen=True)
class ResetPassword(ToOwner):
    """``minutes``: the life of the link, where it is not the usual one."""

    topic = "email.reset_password"
    minutes: int | None = None


class Reactivation(ToOwner):
    topic = "email.reactivation"


class AccountDeactivated(ToOwner):
    topic = "email.account_deactivated"


class ChangeUndone(ToOwner):
    topic = "email.change_undone"


@dataclass(frozen=True)
class ConfirmNewAddress(ToOwner):
    topic = "email.confirm_new_address"
    when: str | None = None
    device: str = ""


GRANTED, REVOKED = "granted", "revoked"


@dataclass(frozen=True)
class StaffChanged(ToOwner):
    """To one of the owners. ``change``: granted | revoked; ``by`` is None for the command line."""

    topic = "email.staff_changed"
    member: UUID
    role: str
    change: str
    by: UUID | None = None


@dataclass(frozen=True)
class StaffInvited(ToOwner):
    topic = "email.staff_invited"
    role: str


ON, OFF = "on", "off"


@dataclass(frozen=True)
class SwitchChanged(ToOwner):
    """To one of the owners. ``state``: on | off; ``until``: when it returns to its default, None if it stays."""

    topic = "email.switch_changed"
    switch: str
    state: str
    by: UUID
    reason: str
    until: str | None = None


class AccountRecovered(ToOwner):
    topic = "email.account_recovered"


@dataclass(frozen=True)
class RecoveryRequested(ToOwner):
    """``when`` it takes effect; ``address``: the new one, masked, where that is what changes."""

    topic = "email.recovery_requested"
    when: str
    address: str | None = None


@dataclass(frozen=True)
class ConfirmRecoveryAddress(ToOwner):
    """``when`` it takes effect at the earliest."""

    topic = "email.confirm_recovery_address"
    when: str


class RecoveryEnded(ToOwner):
    topic = "email.recovery_ended"


class TwoFactorReset(ToOwner):
    topic = "email.two_factor_reset"


class AddressRecovered(ToOwner):
    topic = "email.address_recovered"


class AddressChangeRequested(AddressTold):
    topic = "email.address_change_requested"


class AddressChanged(AddressTold):
    topic = "email.address_changed"


class AddressReturned(AddressTold):
    topic = "email.address_returned"


@dataclass(frozen=True)
class PasswordChanged(ToOwner):
    """``standing``, ``unlinked``: platforms, with commas between them; None where there are none."""

    topic = "email.password_changed"
    when: str
    device: str
    standing: str | None = None
    unlinked: str | None = None


class NewSignIn(Circumstances):
    topic = "email.new_sign_in"


class SessionsEnded(Circumstances):
    topic = "email.sessions_ended"


@dataclass(frozen=True)
class SessionsEndedByStaff(ToOwner):
    topic = "email.sessions_ended_by_staff"
    when: str


class SignInAfterFailures(Circumstances):
    topic = "email.sign_in_after_failures"


class WrongSecondFactors(Circumstances):
    topic = "email.wrong_second_factors"


class PasswordGuessed(ToOwner):
    topic = "email.password_guessed"


class TwoFactorEnabled(ToOwner):
    topic = "email.two_factor_enabled"


class TwoFactorDisabled(ToOwner):
    topic = "email.two_factor_disabled"


class BackupCodesRenewed(ToOwner):
    topic = "email.backup_codes_renewed"


class PhoneChanged(ToOwner):
    topic = "email.phone_changed"


@dataclass(frozen=True)
class BankDetailsChanged(ToOwner):
    """``until``: when money may be paid out to them at the earliest. ``last4``: of the number, None without one."""

    topic = "email.bank_details_changed"
    when: str
    until: str
    last4: str | None = None


@dataclass(frozen=True)
class PayoutAccountConnected(ToOwner):
    """``until``: when money may be paid out to it at the earliest."""

    topic = "email.payout_account_connected"
    when: str
    until: str


@dataclass(frozen=True)
class PayoutDestinationChanged(ToOwner):
    """``until``: when money may be paid out to it at the earliest."""

    topic = "email.payout_destination_changed"
    when: str
    until: str


@dataclass(frozen=True)
class BankDetailsDecided(ToOwner):
    """``state``: VERIFIED | REJECTED; ``rejected_for``: why, of the latter.

    ``until``: when money may be paid out by verified ones at the earliest, if that is not at once.
    """

    topic = "email.bank_details_decided"
    state: str
    last4: str
    rejected_for: str | None = None
    until: str | None = None


@dataclass(frozen=True)
class TaxFormDecided(ToOwner):
    """``state``: APPROVED | REJECTED; ``form``: that of which the mail says what is wrong."""

    topic = "email.tax_form_decided"
    state: str
    form: UUID | None = None


@dataclass(frozen=True)
class TaxFormEnds(ToOwner):
    topic = "email.tax_form_ends"
    when: str


class UsernameChanged(ToOwner):
    topic = "email.username_changed"


class ProviderLinked(PlatformTold):
    topic = "email.provider_linked"


class ProviderUnlinked(PlatformTold):
    topic = "email.provider_unlinked"


class ExportRequested(ToOwner):
    topic = "email.export_requested"


class ExportStarted(ToOwner):
    """By staff, on behalf of the owner."""

    topic = "email.export_started"


class ExportReady(ToOwner):
    topic = "email.export_ready"


@dataclass(frozen=True)
class DeletionScheduled(ToOwner):
    topic = "email.deletion_scheduled"
    date: str


class DeletionCancelled(ToOwner):
    topic = "email.deletion_cancelled"


@dataclass(frozen=True)
class AccountErased(Topic):
    """``left``: what is kept of the wallets, if anything; then the secret has the code after the address.

    ``earnings``: what of it only a creator can claim, if anything.
    """

    topic = "email.account_erased"
    locale: str | None = None
    left: str | None = None
    earnings: str | None = None


@dataclass(frozen=True)
class StatementOfReasons(ToOwner):
    """The token to appeal with goes as its secret."""

    topic = "email.statement_of_reasons"
    statement: UUID


@dataclass(frozen=True)
class RestrictionEnded(ToOwner):
    topic = "email.restriction_ended"
    statement: UUID


@dataclass(frozen=True)
class AppealDecided(ToOwner):
    topic = "email.appeal_decided"
    appeal: UUID


class SessionTheft(ToOwner):
    topic = "email.session_theft"


class SessionTheftAlert(ToOwner):
    topic = "email.session_theft_alert"


@dataclass(frozen=True)
class SmsAlert(Topic):
    topic = "email.sms_alert"
    country: str
    sent: int
    verified: int
    budget: int


@dataclass(frozen=True)
class AboutReport(Topic):
    """``user`` reported, if it was an account."""

    notice: UUID
    user: UUID | None = None


class ReportReceived(AboutReport):
    topic = "email.report_received"


class ReportDecided(AboutReport):
    topic = "email.report_decided"


@dataclass(frozen=True)
class AboutTicket(Topic):
    """``user`` is told: its owner, or whoever it is assigned to; None for the address of support."""

    ticket: UUID
    user: UUID | None = None


class TicketCreated(AboutTicket):
    topic = "email.ticket_created"


class TicketUpdate(AboutTicket):
    topic = "email.ticket_update"


@dataclass(frozen=True)
class NotifyReporters(Topic):
    """Of a case that was decided."""

    topic = "reports.notify"
    case: UUID


@dataclass(frozen=True)
class TellOfLegalVersion(Topic):
    """``after``: the account that was looked at last."""

    topic = "legal.tell"
    version: UUID
    after: UUID | None = None


@dataclass(frozen=True)
class LegalVersionInForce(Topic):
    topic = "legal.in_force"
    version: UUID


@dataclass(frozen=True)
class LegalChanged(ToOwner):
    topic = "email.legal_changed"
    version: UUID


@dataclass(frozen=True)
class ContactReceived(Topic):
    topic = "email.contact_received"
    message: UUID


@dataclass(frozen=True)
class ConfirmSubscription(Topic):
    """The token is its secret."""

    topic = "email.confirm_subscription"
    subscriber: UUID


class ResendSubscriptions(Topic):
    """The address is its secret."""

    topic = "subscribers.resend"


@dataclass(frozen=True)
class AuditHead(Topic):
    """The last seal of the audit log, for who keeps it elsewhere."""

    topic = "email.audit_head"
    number: int
    key_id: str
    digest: str
    at: str


@dataclass(frozen=True)
class OtpSms(Topic):
    """``user``: an account goes with its jobs when it is erased."""

    topic = "sms.otp"
    challenge: UUID
    resend: int
    locale: str
    user: UUID | None = None


class RecoverySms(ToOwner):
    topic = "sms.recovery_requested"


@dataclass(frozen=True)
class SettleRecovery(Topic):
    topic = "recoveries.settle"
    request: UUID


@dataclass(frozen=True)
class BuildExport(Topic):
    topic = "gdpr.build_export"
    request: UUID


@dataclass(frozen=True)
class ForgetExport(Topic):
    topic = "gdpr.forget_export"
    export: UUID


@dataclass(frozen=True)
class Erase(Topic):
    topic = "gdpr.erase"
    request: UUID


@dataclass(frozen=True)
class RemoveArchive(Topic):
    """Of an export that came to nothing: there may be a file, and no row of it."""

    topic = "gdpr.remove_archive"
    provider: str
    key: str


@dataclass(frozen=True)
class RemoveOwnerless(Topic):
    """``provider`` keeps files of accounts that are gone."""

    topic = "gdpr.remove_ownerless"
    provider: str


@dataclass(frozen=True)
class InspectUpload(Topic):
    topic = "storage.inspect_upload"
    upload: UUID


@dataclass(frozen=True)
class DeleteIncoming(Topic):
    topic = "storage.delete_incoming"
    provider: str
    key: str


@dataclass(frozen=True)
class DeleteUnchecked(Topic):
    topic = "storage.delete_unchecked"
    provider: str
    key: str


@dataclass(frozen=True)
class DeleteFile(Topic):
    """``user``: whose URL it was; jobs of a former release name nobody."""

    topic = "storage.delete_file"
    url: str
    user: UUID | None = None


@dataclass(frozen=True)
class ApplyEvent(Topic):
    """``event``: a row of ``provider_events``."""

    topic = "events.apply"
    event: UUID


@dataclass(frozen=True)
class KycUpdate(ToOwner):
    """``verdict``: approved | rejected | withdrawn | expiring | expired. ``date`` is the day on which it ends.

    ``final``: 1 where another try is of no use.
    """

    topic = "email.kyc_update"
    verdict: str
    date: str | None = None
    final: int = 0


@dataclass(frozen=True)
class AboutPayout(Topic):
    """``payout``: a row of ``payouts``."""

    payout: UUID


class ReviewPayout(AboutPayout):
    """Approve it without staff, where the config has that."""

    topic = "payouts.review"


class SendPayout(AboutPayout):
    topic = "payouts.send"


class LookAtPayout(AboutPayout):
    """Ask its provider how it is by now."""

    topic = "payouts.look"


@dataclass(frozen=True)
class PayoutTold(ToOwner):
    """``news`` and ``why``: of ``domain.money.payouts``."""

    topic = "email.payout_told"
    payout: UUID
    news: str
    why: str | None = None


@dataclass(frozen=True)
class LookAtPayment(Topic):
    """``payment``: what its provider is asked about."""

    topic = "payments.look"
    payment: UUID


@dataclass(frozen=True)
class EndSession(Topic):
    """``provider``, ``ref``: a session of a payment that has gone to another provider meanwhile."""

    topic = "payments.end_session"
    provider: str
    ref: str


@dataclass(frozen=True)
class RefundPayment(Topic):
    """``refund``: what the provider of its payment is asked for."""

    topic = "payments.refund"
    refund: UUID


@dataclass(frozen=True)
class ReturnStray(Topic):
    """``stray``: money that fits nothing, which its provider is asked to give back."""

    topic = "payments.give_back"
    stray: UUID


@dataclass(frozen=True)
class ExamineSession(Topic):
    """A session at a payment provider that no payment is bound to."""

    topic = "payments.examine"
    provider: str
    ref: str


@dataclass(frozen=True)
class RewardPaid(ToOwner):
    """``amount``: in whole units, with two decimals."""

    topic = "email.reward_paid"
    amount: str


@dataclass(frozen=True)
class DebtOwed(ToOwner):
    """``amount``: in whole units, with two decimals."""

    topic = "email.debt_owed"
    amount: str


@dataclass(frozen=True)
class TellOfDebt(ToOwner):
    """``number``: of the entry that began the debt of the ``wallet``; ``days``: since then."""

    topic = "money.tell_of_debt"
    wallet: UUID
    number: int
    days: int


def _declared(kind: type[Topic]) -> Iterator[type[Topic]]:
    for inner in kind.__subclasses__():
        if "topic" in vars(inner):
            yield inner
        yield from _declared(inner)


TOPICS: Mapping[str, type[Topic]] = {kind.topic: kind for kind in _declared(Topic)}
EVENTS: Mapping[str, Callable[..., Topic]] = {
    "debt_owed": DebtOwed,
    "kyc_update": KycUpdate,
    "legal_changed": LegalChanged,
    "reward_paid": RewardPaid,
    "payout_told": PayoutTold,
    "ticket_created": TicketCreated,
    "ticket_update": TicketUpdate,
}
"""What a notification of each kind leaves behind."""
