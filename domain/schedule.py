"""What recurs, and when it is due. Times lie on a grid from the epoch, so that all workers agree on them.

Intervals need no calendar: nothing here happens at an hour of somebody's day, so there is no cron expression to parse.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.config_keys import IntKey

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PREFIX = "schedule."


@dataclass(frozen=True, slots=True)
class Recurring:
    """``topic`` names the job, ``seconds`` how often it is due unless an admin chose another pace."""

    topic: str
    seconds: int
    meaning: str

    @property
    def pace(self) -> IntKey:
        return IntKey(f"{PREFIX}{self.topic}.seconds", self.seconds, f"how often {self.meaning}", 1, 86400)


RECURRING = (
    Recurring(
        "housekeeping.forget_ended", 600, "finished jobs and expired responses, codes, counters and keys are deleted"
    ),
    Recurring("housekeeping.forget_sessions", 3600, "sessions and one-time tokens that ended long ago are deleted"),
    Recurring("housekeeping.forget_unverified", 3600, "accounts that stayed unverified are deleted"),
    Recurring(
        "housekeeping.key_tombstones", 3600, "hashes of deleted addresses receive a key if an old release left none"
    ),
    Recurring("discover.rank", 900, "trending creators are ranked"),
    Recurring(
        "housekeeping.forget_visitors",
        3600,
        "old contact messages, cookie consents of visitors and visits of bio pages, and subscriptions that ended or "
        "never began are deleted",
    ),
    Recurring("sms.watch_budgets", 300, "the day's text messages are checked for unusual use"),
    Recurring("storage.sweep_uploads", 60, "uploaded files are checked and abandoned URLs are deleted"),
    Recurring("gdpr.sweep_exports", 600, "expired archives are deleted and stalled exports are failed"),
    Recurring("gdpr.sweep_ownerless", 60, "files of deleted accounts and detached files are removed"),
    Recurring("audit.seal", 10, "new entries of the audit log are sealed"),
    Recurring("audit.seal_left", 86400, "entries of the audit log that were left out are sealed"),
    Recurring("audit.head", 3600, "the head of the audit log is logged and stored"),
    Recurring("audit.mail_head", 86400, "the head of the audit log is mailed to `security.alert_email`"),
    Recurring("support.sweep", 3600, "tickets that were resolved long ago are closed"),
    Recurring("content.reclean", 3600, "texts that an earlier version of the cleaner made are cleaned again"),
    Recurring("trust.lift_due", 60, "restrictions whose time has ended are lifted"),
    Recurring("creators.sweep_vacations", 60, "the status of creators is adjusted to vacations that began or ended"),
    Recurring("creators.recount_visits", 86400, "the visits of yesterday are compared with their sums by day"),
    Recurring("discover.count", 900, "messages, followers and ratings are brought into search and lists"),
    Recurring("discover.repair", 86400, "what search and lists know of creators is compared with what is true of them"),
    Recurring("money.checkpoint", 3600, "what accounts of the platform have is noted, so that less is added up later"),
    Recurring("money.expire_escrows", 60, "prices of messages that nobody answered in time are given back"),
    Recurring(
        "money.expire_coupons", 60, "reservations of coupons that ran out are ended, so that others can use them"
    ),
    Recurring("money.expire_gifts", 3600, "what is left of gifts that have expired is taken back"),
    Recurring("payouts.request_automatic", 3600, "payouts of creators who want one each week are requested"),
    Recurring("money.empty_closed", 600, "money that came to closed wallets is kept for who may claim it"),
    Recurring("money.settle_rewards", 60, "rewards of referrals that are due are paid, or taken back"),
    Recurring("money.remind_tax_forms", 3600, "creators whose tax forms end soon are told"),
    Recurring("money.reconcile", 3600, "the ledger is added up, and what is wrong is noted"),
    Recurring(
        "money.read_movements", 3600, "what moved at payment and payout providers is read, and compared with the ledger"
    ),
    Recurring("platform.count", 3600, "the public figures of the platform are counted"),
    Recurring("recoveries.sweep", 60, "recoveries of accounts that are due take effect and needless ones end"),
    Recurring("social.refresh", 300, "the followers of connected accounts that are due are counted anew"),
    Recurring("creators.look_at_kyc", 300, "verifications of identity under way are looked at at their provider"),
    Recurring("creators.look_at_payout_accounts", 300, "payout accounts are looked at at their provider"),
    Recurring("creators.end_kyc", 3600, "verified identities are ended in time, after reminders"),
    Recurring("events.sweep", 60, "notices of providers that were not dealt with are taken up again"),
    Recurring("payments.sweep", 60, "payment providers are asked about payments of which too little was heard"),
    Recurring("payouts.sweep", 60, "payouts that are due are sent, and those under way are looked at"),
    Recurring("gdpr.erase_due", 600, "accounts whose grace period has ended are deleted"),
)


def due_after(now: datetime, seconds: int) -> datetime:
    """The first time on the grid after ``now``: what was missed meanwhile is not made up for."""
    passed = (now - EPOCH) // timedelta(seconds=seconds)
    return EPOCH + (passed + 1) * timedelta(seconds=seconds)
