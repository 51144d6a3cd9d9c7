"""Every operation and everybody who may call it: the anonymous, people of each status, and whose things an id names.

The table says it a second time, so that a scope that was changed or forgotten in the contract does not pass: a new
operation fails until it stands here.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest

from contract.schemas import SchemaCompiler
from runtime.web.app import ADMIN
from tests.contract.operations import CONTRACT, IDS, WITH_BODY, example, well_formed
from tests.creators import link, page_of
from tests.handlers.support import account, insert, somebody, token_of
from tests.harness import Api, Server, Tables, bearer, code_of
from tests.tickets import ticket

STATUSES = ("SUSPENDED", "BANNED", "DEACTIVATED")
# What the guards answer to an ordinary, active person in each scope; None where they let the call through.
ORDINARY = {"public": None, "user": None, "dev": None, "creator": "error.creator.not_found", "admin": "auth.forbidden"}
GUARDS = {"auth.unauthenticated", "auth.forbidden", "error.creator.not_found"} | {
    f"auth.account_{status.lower()}" for status in STATUSES
}


class Access(NamedTuple):
    """``token``: whether one is asked for, looked at where it is shown, or ignored. ``status``: whose may call."""

    scope: str
    token: str = "asked"
    status: str = "active"


PUBLIC, USER, CREATOR = Access("public", "ignored"), Access("user"), Access("creator")
STAFF = Access("admin")
ACCESS = {
    "admin.content.texts.create": STAFF,
    "admin.content.texts.get": STAFF,
    "admin.content.texts.list": STAFF,
    "admin.content.texts.preview": STAFF,
    "admin.content.texts.publish": STAFF,
    "admin.content.texts.remove": STAFF,
    "admin.content.texts.restore": STAFF,
    "admin.content.texts.unpublish": STAFF,
    "admin.content.texts.update": STAFF,
    "admin.content.categories.get": STAFF,
    "admin.content.categories.set": STAFF,
    "admin.content.revisions.get": STAFF,
    "admin.content.revisions.list": STAFF,
    "admin.appeals.claim": STAFF,
    "admin.appeals.decide": STAFF,
    "admin.appeals.find": STAFF,
    "admin.appeals.list": STAFF,
    "admin.config.change": STAFF,
    "admin.config.get": STAFF,
    "admin.config.history": STAFF,
    "admin.config.list": STAFF,
    "admin.config.reset": STAFF,
    "admin.config.rollback": STAFF,
    "admin.config.set": STAFF,
    "admin.cases.approve": STAFF,
    "admin.cases.claim": STAFF,
    "admin.cases.find": STAFF,
    "admin.cases.list": STAFF,
    "admin.cases.reject": STAFF,
    "admin.audit.export": STAFF,
    "admin.audit.export_csv": STAFF,
    "admin.audit.get": STAFF,
    "admin.audit.list": STAFF,
    "admin.audit.verify": STAFF,
    "admin.languages.list": STAFF,
    "admin.languages.set": STAFF,
    "admin.translations.export": STAFF,
    "admin.translations.export_csv": STAFF,
    "admin.translations.import_texts": STAFF,
    "admin.translations.list": STAFF,
    "admin.translations.review": STAFF,
    "admin.translations.write": STAFF,
    "i18n.locales.list": PUBLIC,
    "i18n.translations.bundle": PUBLIC,
    "i18n.translations.namespace": PUBLIC,
    "admin.health.get": STAFF,
    "admin.jobs.act": STAFF,
    "admin.jobs.get": STAFF,
    "admin.jobs.list": STAFF,
    "admin.me": STAFF,
    "admin.erasures.cancel": STAFF,
    "admin.erasures.request": STAFF,
    "admin.recoveries.cancel": STAFF,
    "admin.recoveries.change_email": STAFF,
    "admin.recoveries.list": STAFF,
    "admin.recoveries.reset_two_factor": STAFF,
    "admin.providers.oauth.list": STAFF,
    "admin.providers.oauth.set": STAFF,
    "admin.providers.get": STAFF,
    "admin.providers.list": STAFF,
    "admin.providers.order": STAFF,
    "admin.providers.probe": STAFF,
    "admin.providers.settings": STAFF,
    "admin.providers.test": STAFF,
    "admin.mail_templates.list": STAFF,
    "admin.mail_templates.preview": STAFF,
    "admin.bio_templates.add": STAFF,
    "admin.categories.get": STAFF,
    "admin.categories.set": STAFF,
    "admin.bank_details.list": STAFF,
    "admin.bank_details.reject": STAFF,
    "admin.bank_details.verify": STAFF,
    "admin.creators.find": STAFF,
    "admin.finance.accounts.balances": STAFF,
    "admin.finance.accounts.find": STAFF,
    "admin.finance.transfers.list": STAFF,
    "admin.finance.findings.close": STAFF,
    "admin.finance.findings.list": STAFF,
    "admin.finance.webhooks.list": STAFF,
    "admin.finance.webhooks.replay": STAFF,
    "admin.finance.reconciliations.list": STAFF,
    "admin.finance.reconciliations.run": STAFF,
    "admin.finance.disputes.evidence": STAFF,
    "admin.finance.disputes.list": STAFF,
    "admin.finance.suspense.credit": STAFF,
    "admin.finance.suspense.list": STAFF,
    "admin.finance.suspense.refund": STAFF,
    "admin.finance.payments.find": STAFF,
    "admin.finance.payments.list": STAFF,
    "admin.finance.payments.refund": STAFF,
    "admin.finance.adjustments.approve": STAFF,
    "admin.payouts.approve": STAFF,
    "admin.payouts.cancel": STAFF,
    "admin.payouts.find": STAFF,
    "admin.payouts.list": STAFF,
    "admin.payouts.reject": STAFF,
    "admin.finance.adjustments.list": STAFF,
    "admin.finance.adjustments.reject": STAFF,
    "admin.finance.wallets.adjust": STAFF,
    "admin.payouts.batches.create": STAFF,
    "admin.payouts.batches.file": STAFF,
    "admin.payouts.batches.find": STAFF,
    "admin.payouts.batches.list": STAFF,
    "admin.payouts.settlements.settle": STAFF,
    "admin.payouts.transfers.mark_failed": STAFF,
    "admin.payouts.transfers.mark_processed": STAFF,
    "admin.finance.wallets.freeze": STAFF,
    "admin.finance.wallets.unfreeze": STAFF,
    "admin.finance.wallets.find": STAFF,
    "admin.finance.wallets.list": STAFF,
    "admin.creators.list": STAFF,
    "admin.creators.update": STAFF,
    "admin.coupons.add": STAFF,
    "admin.coupons.list": STAFF,
    "admin.coupons.update": STAFF,
    "admin.featured.add": STAFF,
    "admin.featured.list": STAFF,
    "admin.featured.remove": STAFF,
    "admin.featured.update": STAFF,
    "admin.bio_templates.find": STAFF,
    "admin.bio_templates.list": STAFF,
    "admin.bio_templates.remove": STAFF,
    "admin.bio_templates.update": STAFF,
    "admin.tax_forms.approve": STAFF,
    "admin.tax_forms.list": STAFF,
    "admin.tax_forms.reject": STAFF,
    "admin.tax_forms.reveal": STAFF,
    "admin.themes.add": STAFF,
    "admin.themes.change_state": STAFF,
    "admin.themes.find": STAFF,
    "admin.themes.list": STAFF,
    "admin.themes.update": STAFF,
    "admin.roles.list": STAFF,
    "admin.tickets.change_many": STAFF,
    "admin.tickets.find": STAFF,
    "admin.tickets.list": STAFF,
    "admin.tickets.list_categories": STAFF,
    "admin.tickets.move": STAFF,
    "admin.tickets.note": STAFF,
    "admin.tickets.replace_categories": STAFF,
    "admin.tickets.reply": STAFF,
    "admin.tickets.update": STAFF,
    "admin.rules.add": STAFF,
    "admin.rules.list": STAFF,
    "admin.rules.remove": STAFF,
    "admin.rules.test": STAFF,
    "admin.rules.update": STAFF,
    "admin.overview.get": STAFF,
    "admin.support.contact_messages.list": STAFF,
    "admin.support.contact_messages.update": STAFF,
    "admin.schedule.list": STAFF,
    "admin.schedule.run": STAFF,
    "admin.session.confirm": STAFF,
    "admin.staff.grant": STAFF,
    "admin.staff.list": STAFF,
    "admin.staff.revoke": STAFF,
    "admin.user_notes.add": STAFF,
    "admin.user_notes.list": STAFF,
    "admin.user_notes.remove": STAFF,
    "admin.user_sessions.end": STAFF,
    "admin.user_sessions.list": STAFF,
    "admin.users.assist": STAFF,
    "admin.users.csv": STAFF,
    "admin.users.export": STAFF,
    "admin.users.get": STAFF,
    "admin.users.list": STAFF,
    "admin.users.reveal": STAFF,
    "admin.usernames.replace": STAFF,
    "admin.statements.add": STAFF,
    "admin.statements.find": STAFF,
    "admin.statements.lift": STAFF,
    "admin.statements.list": STAFF,
    "admin.user_status.change": STAFF,
    "admin.user_status.change_many": STAFF,
    "admin.switches.list": STAFF,
    "admin.switches.set": STAFF,
    "auth.changes.undo": PUBLIC,
    "auth.confirmation.confirm": Access("user", status="any"),
    "auth.login": PUBLIC,
    "auth.logout": PUBLIC,
    "auth.me": Access("user", status="any"),
    "auth.oauth.link": USER,
    "auth.oauth.login": PUBLIC,
    "auth.oauth.providers": PUBLIC,
    "auth.oauth.unlink": USER,
    "auth.otp.challenge": PUBLIC,
    "auth.otp.resend": PUBLIC,
    "auth.otp.send": Access("public", "looked at"),
    "auth.otp.verify": PUBLIC,
    "auth.passwords.change": USER,
    "auth.passwords.forgot": PUBLIC,
    "auth.passwords.reset": PUBLIC,
    "auth.reactivation.validate": PUBLIC,
    "auth.recoveries.confirm": PUBLIC,
    "auth.recoveries.stop": PUBLIC,
    "auth.refresh": PUBLIC,
    "auth.register": PUBLIC,
    "auth.resend_verification": PUBLIC,
    "auth.sessions.list": USER,
    "auth.sessions.revoke": USER,
    "auth.sessions.revoke_all": USER,
    "auth.two_factor.disable": USER,
    "auth.two_factor.login": PUBLIC,
    "auth.two_factor.regenerate_backup_codes": USER,
    "auth.two_factor.setup": USER,
    "auth.two_factor.setup_init": USER,
    "auth.two_factor.status": USER,
    "auth.two_factor.verify": USER,
    "auth.verify_email": PUBLIC,
    "auth.verify_email_change": PUBLIC,
    "content.contact.submit": PUBLIC,
    "content.cookies.policy": PUBLIC,
    "content.cookies.save": Access("public", "looked at", "any"),
    "content.cookies.status": Access("public", "looked at", "any"),
    "content.announcements.list": PUBLIC,
    "content.articles.find": PUBLIC,
    "content.articles.list": PUBLIC,
    "content.faq.list": PUBLIC,
    "content.feeds.atom": PUBLIC,
    "content.feeds.rss": PUBLIC,
    "content.help.categories": PUBLIC,
    "content.pages.find": PUBLIC,
    "content.pages.list": PUBLIC,
    "content.posts.find": PUBLIC,
    "content.posts.list": PUBLIC,
    "content.previews.find": PUBLIC,
    "creators.bank.settings": CREATOR,
    "creators.bank.update": CREATOR,
    "creators.tax.find": CREATOR,
    "creators.tax.submit": CREATOR,
    "creators.bio.embed": PUBLIC,
    "creators.bio.find": CREATOR,
    "creators.bio.public": PUBLIC,
    "creators.bio.templates": PUBLIC,
    "creators.bio.update": CREATOR,
    "creators.profile": CREATOR,
    "creators.links.add": CREATOR,
    "creators.links.delete": CREATOR,
    "creators.links.reorder": CREATOR,
    "creators.links.update": CREATOR,
    "creators.social": USER,
    "creators.upgrade": USER,
    "creators.dm.find": CREATOR,
    "creators.dm.update": CREATOR,
    "creators.vacation.find": CREATOR,
    "creators.vacation.update": CREATOR,
    "creators.visits.click": Access("public", "looked at", "any"),
    "creators.visits.view": Access("public", "looked at", "any"),
    "discover.category": PUBLIC,
    "discover.featured": PUBLIC,
    "discover.history.clear": USER,
    "discover.history.list": USER,
    "discover.history.record": USER,
    "discover.search": PUBLIC,
    "discover.trending": PUBLIC,
    "creators.kyc.start": CREATOR,
    "creators.kyc.status": CREATOR,
    "creators.payout_account.complete": CREATOR,
    "creators.payout_account.dashboard_link": CREATOR,
    "creators.payout_account.initiate": CREATOR,
    "creators.payout_account.refresh_link": CREATOR,
    "creators.payout_account.status": CREATOR,
    "creators.subscribers.confirm": PUBLIC,
    "creators.subscribers.list": CREATOR,
    "creators.subscribers.resend": PUBLIC,
    "creators.subscribers.subscribe": PUBLIC,
    "creators.subscribers.unsubscribe": PUBLIC,
    "creators.subscribers.unsubscribe_one_click": PUBLIC,
    "creators.social_accounts.connect": CREATOR,
    "creators.social_accounts.disconnect": USER,
    "platform.stats": PUBLIC,
    "themes.active": PUBLIC,
    "themes.list": PUBLIC,
    "dev.captcha": Access("dev", "ignored"),
    "dev.geoip": Access("dev", "ignored"),
    "dev.mail": Access("dev", "ignored"),
    "dev.mailbox": Access("dev", "ignored"),
    "dev.sms": Access("dev", "ignored"),
    "dev.probe": Access("dev", "ignored"),
    "dev.simulate_kyc": Access("dev", "ignored"),
    "dev.simulate_payment": Access("dev", "ignored"),
    "dev.simulate_payout": Access("dev", "ignored"),
    "dev.simulate_payout_account": Access("dev", "ignored"),
    "dev.storage": Access("dev", "ignored"),
    "dev.webhooks": Access("dev", "ignored"),
    "gdpr.cancel_deletion": Access("public", "looked at", "any"),
    "gdpr.delete": Access("user", status="any"),
    "gdpr.delete_legacy": Access("user", status="any"),
    "gdpr.export": Access("user", status="any"),
    "gdpr.export_download": Access("user", status="any"),
    "gdpr.export_legacy": Access("user", status="any"),
    "gdpr.export_status": Access("user", status="any"),
    "legal.privacy": PUBLIC,
    "legal.terms": PUBLIC,
    "referral.apply_coupon": USER,
    "referral.click": Access("public", "looked at", "any"),
    "payouts.cancel": CREATOR,
    "payouts.report": CREATOR,
    "payouts.request": CREATOR,
    "referral.dashboard": USER,
    "referral.link": USER,
    "reports.submit": Access("public", "looked at", "any"),
    "upload.presign": USER,
    "upload.status": USER,
    "support.create": USER,
    "support.find": USER,
    "support.list": USER,
    "support.reopen": USER,
    "support.reply": USER,
    "users.appeals.submit": Access("user", status="any"),
    "users.appeals.submit_by_link": PUBLIC,
    "users.attribution": USER,
    "users.avatars.change": USER,
    "users.avatars.remove": USER,
    "users.blocks.add": USER,
    "users.blocks.list": USER,
    "users.blocks.remove": USER,
    "users.consents.list": USER,
    "users.consents.record": USER,
    "users.deactivate": USER,
    "users.emails.change": USER,
    "users.profile": USER,
    "users.reactivate": Access("public", "looked at", "any"),
    "users.settings.get": USER,
    "users.settings.update": USER,
    "users.statements.list": Access("user", status="any"),
    "users.update_profile": USER,
    "users.usernames.change": USER,
    "users.usernames.check": PUBLIC,
    "wallet.activity": USER,
    "wallet.balance": USER,
    "wallet.claims.redeem": USER,
    "wallet.loads.find": USER,
    "wallet.loads.start": USER,
    "wallet.packages": PUBLIC,
}
ASKED = [name for name, access in ACCESS.items() if access.token == "asked"]
KNOWN = [name for name, access in ACCESS.items() if access.token != "ignored"]


def session_of(tables: Tables, owner: UUID) -> UUID:
    return UUID(str(tables.one("SELECT id FROM sessions WHERE user_id = %s LIMIT 1", owner)["id"]))


def export_of(tables: Tables, owner: UUID) -> UUID:
    return insert(tables, "gdpr_requests", user_id=owner, kind="EXPORT", status="COMPLETED")


def upload_of(tables: Tables, owner: UUID) -> UUID:
    told = {"key": f"avatars/{owner}.png", "provider": "local", "content_type": "image/png", "max_bytes": 9}
    return insert(tables, "uploads", user_id=owner, kind="avatar", expires_at=datetime.now(UTC), **told)


def creator_of(tables: Tables, owner: UUID) -> UUID:
    return insert(tables, "creator_profiles", user_id=owner)


def ended_ticket_of(tables: Tables, owner: UUID) -> UUID:
    return ticket(tables, owner, "CLOSED")


def link_of(tables: Tables, owner: UUID) -> UUID:
    return link(tables, page_of(tables, owner))


def payment_of(tables: Tables, owner: UUID) -> UUID:
    wallet_id = insert(tables, "wallets", user_id=owner, type="FAN", currency="USD")
    told = {"amount": 2500, "currency": "USD", "provider": "sandbox", "return_url": "", "expires_at": datetime.now(UTC)}
    return insert(tables, "payments", wallet_id=wallet_id, **told)


def usage_of(tables: Tables, owner: UUID) -> UUID:
    coupon_id = insert(tables, "coupons", code="SUMMER", type="PERCENT", value=2000, applies_to="LOAD")
    told = {"applies_to": "LOAD", "amount": 2500, "discount": 500, "expires_at": datetime.now(UTC) + timedelta(hours=1)}
    return insert(tables, "coupon_usages", coupon_id=coupon_id, user_id=owner, **told)


def payout_of(tables: Tables, owner: UUID) -> UUID:
    wallet_id = insert(tables, "wallets", user_id=owner, type="CREATOR", currency="USD")
    told = {"amount": 12_000, "currency": "USD", "provider": "sandbox", "method": "BANK_TRANSFER"}
    return insert(tables, "payouts", user_id=owner, wallet_id=wallet_id, **told)


# Operations that take an id, by whose: a row of somebody else, and what the others are told of it.
FOREIGN: dict[str, tuple[Callable[[Tables, UUID], UUID], tuple[int, str]]] = {
    "auth.sessions.revoke": (session_of, (404, "auth.sessions.not_found")),
    "creators.dm.find": (creator_of, (403, "creator.dm.not_owner")),
    "creators.dm.update": (creator_of, (403, "creator.dm.not_owner")),
    "creators.bio.find": (creator_of, (403, "creator.bio.not_owner")),
    "creators.bio.update": (creator_of, (403, "creator.bio.not_owner")),
    "creators.vacation.find": (creator_of, (403, "creator.vacation.not_owner")),
    "creators.vacation.update": (creator_of, (403, "creator.vacation.not_owner")),
    "creators.links.add": (creator_of, (403, "creator.bio.not_owner")),
    "creators.links.delete": (link_of, (403, "creator.links.not_owner")),
    "creators.links.reorder": (creator_of, (403, "creator.bio.not_owner")),
    "creators.links.update": (link_of, (403, "creator.links.not_owner")),
    "gdpr.export_download": (export_of, (403, "error.gdpr.not_owner")),
    "gdpr.export_status": (export_of, (403, "error.gdpr.not_owner")),
    "wallet.loads.start": (usage_of, (409, "coupon.usage_invalid")),
    "wallet.loads.find": (payment_of, (404, "wallet.load.not_found")),
    "payouts.cancel": (payout_of, (404, "payment.payout.error.not_found")),
    "support.find": (ended_ticket_of, (404, "support.ticket.not_found")),
    "support.reopen": (ended_ticket_of, (403, "support.ticket.not_owner")),
    "support.reply": (ended_ticket_of, (403, "support.ticket.not_owner")),
    "upload.status": (upload_of, (404, "error.upload.not_found")),
}
# Where the id is when it is not in the path.
IN_BODY = {"wallet.loads.start": "couponUsageId"}
EVERYBODYS = "staff with the permission may do so with everybody's account"
OF_THE_PUBLIC = "texts for everybody are nobody's"
BOOKS = "the books are of whoever works on them"
OF_ALL_STAFF = "tickets are of whoever works on them; what is assigned to another is refused"
OF_TESTS = "a developer plays the provider, for whoever the test is about"
NOBODYS = {
    "admin.content.texts.create": OF_THE_PUBLIC,
    "admin.content.texts.get": OF_THE_PUBLIC,
    "admin.content.texts.list": OF_THE_PUBLIC,
    "admin.content.texts.preview": OF_THE_PUBLIC,
    "admin.content.texts.publish": OF_THE_PUBLIC,
    "admin.content.texts.remove": OF_THE_PUBLIC,
    "admin.content.texts.restore": OF_THE_PUBLIC,
    "admin.content.texts.unpublish": OF_THE_PUBLIC,
    "admin.content.texts.update": OF_THE_PUBLIC,
    "admin.content.categories.set": OF_THE_PUBLIC,
    "admin.content.revisions.get": OF_THE_PUBLIC,
    "admin.content.revisions.list": OF_THE_PUBLIC,
    "discover.history.record": "whoever may be found is for everybody to look at",
    "creators.visits.click": "whoever looks at a page is counted",
    "creators.visits.view": "whoever looks at a page is counted",
    "admin.cases.approve": "cases are of all who review them",
    "admin.cases.claim": "cases are of all who review them",
    "admin.cases.find": "cases are of all who review them",
    "admin.cases.reject": "cases are of all who review them",
    "dev.simulate_kyc": OF_TESTS,
    "dev.simulate_payment": OF_TESTS,
    "dev.simulate_payout": OF_TESTS,
    "dev.simulate_payout_account": OF_TESTS,
    "admin.bank_details.reject": EVERYBODYS,
    "admin.bank_details.verify": EVERYBODYS,
    "admin.tax_forms.approve": EVERYBODYS,
    "admin.tax_forms.reject": EVERYBODYS,
    "admin.tax_forms.reveal": EVERYBODYS,
    "admin.creators.find": EVERYBODYS,
    "admin.creators.update": EVERYBODYS,
    "admin.finance.accounts.find": BOOKS,
    "admin.finance.transfers.list": BOOKS,
    "admin.finance.findings.close": BOOKS,
    "admin.finance.webhooks.list": BOOKS,
    "admin.finance.webhooks.replay": BOOKS,
    "admin.finance.suspense.credit": BOOKS,
    "admin.finance.suspense.refund": BOOKS,
    "admin.finance.disputes.evidence": EVERYBODYS,
    "admin.finance.payments.find": BOOKS,
    "admin.finance.payments.list": BOOKS,
    "admin.finance.payments.refund": EVERYBODYS,
    "admin.finance.adjustments.approve": BOOKS,
    "admin.payouts.approve": EVERYBODYS,
    "admin.payouts.cancel": EVERYBODYS,
    "admin.payouts.find": EVERYBODYS,
    "admin.payouts.list": EVERYBODYS,
    "admin.payouts.reject": EVERYBODYS,
    "admin.finance.adjustments.list": BOOKS,
    "admin.finance.adjustments.reject": BOOKS,
    "admin.finance.wallets.adjust": EVERYBODYS,
    "admin.payouts.batches.create": EVERYBODYS,
    "admin.payouts.batches.file": EVERYBODYS,
    "admin.payouts.batches.find": EVERYBODYS,
    "admin.payouts.settlements.settle": EVERYBODYS,
    "admin.payouts.transfers.mark_failed": EVERYBODYS,
    "admin.payouts.transfers.mark_processed": EVERYBODYS,
    "admin.finance.wallets.freeze": EVERYBODYS,
    "admin.finance.wallets.unfreeze": EVERYBODYS,
    "admin.finance.wallets.find": BOOKS,
    "admin.finance.wallets.list": BOOKS,
    "admin.coupons.update": "coupons are nobody's",
    "admin.featured.add": EVERYBODYS,
    "admin.featured.remove": OF_THE_PUBLIC,
    "admin.featured.update": OF_THE_PUBLIC,
    "admin.bio_templates.find": "templates are nobody's",
    "admin.bio_templates.remove": "templates are nobody's",
    "admin.bio_templates.update": "templates are nobody's",
    "admin.themes.change_state": "themes are nobody's",
    "admin.themes.find": "themes are nobody's",
    "admin.themes.update": "themes are nobody's",
    "admin.tickets.change_many": OF_ALL_STAFF,
    "admin.tickets.find": OF_ALL_STAFF,
    "admin.tickets.list": "the ids are filters",
    "admin.tickets.move": OF_ALL_STAFF,
    "admin.tickets.note": OF_ALL_STAFF,
    "admin.tickets.reply": OF_ALL_STAFF,
    "admin.tickets.update": OF_ALL_STAFF,
    "support.create": "the category is nobody's",
    "admin.rules.remove": "rules are nobody's",
    "admin.rules.update": "rules are nobody's",
    "admin.erasures.cancel": "whoever has the permission may act on every account but those of staff",
    "admin.erasures.request": "whoever has the permission may act on every account but those of staff",
    "admin.recoveries.cancel": "whoever may recover accounts may end every request",
    "admin.recoveries.change_email": "whoever has the permission may act on every account but those of staff",
    "admin.recoveries.list": "whoever may recover accounts sees every request",
    "admin.recoveries.reset_two_factor": "whoever has the permission may act on every account but those of staff",
    "admin.usernames.replace": "whoever has the permission may act on every account but those of staff",
    "admin.appeals.claim": "appeals are of whoever works on them",
    "admin.appeals.decide": "appeals are of whoever works on them; what another has claimed is refused",
    "admin.appeals.find": "appeals are of whoever works on them",
    "admin.statements.add": "the id says who is restricted",
    "admin.statements.find": "whoever may read statements may read all of them",
    "admin.statements.lift": "whoever may restrict may lift",
    "admin.statements.list": "the id is a filter",
    "admin.user_status.change": "the id says who is shut out",
    "admin.config.rollback": "config is nobody's; the id is that of a change of the same key",
    "admin.audit.export": "whoever may export the audit log may export all of it",
    "admin.audit.export_csv": "whoever may export the audit log may export all of it",
    "admin.audit.list": "whoever may read the audit log may read all of it",
    "admin.audit.get": "whoever may read the audit log may read all of it",
    "admin.jobs.get": "jobs are nobody's",
    "admin.support.contact_messages.update": "messages of the contact form are nobody's",
    "admin.staff.revoke": "whoever may manage staff may do so with everybody's roles",
    "admin.user_notes.add": EVERYBODYS,
    "admin.user_notes.list": EVERYBODYS,
    "admin.user_notes.remove": "an account's notes; whose a note is, its own tests ask",
    "admin.user_sessions.end": EVERYBODYS,
    "admin.user_sessions.list": EVERYBODYS,
    "admin.users.assist": EVERYBODYS,
    "admin.users.export": EVERYBODYS,
    "admin.users.get": EVERYBODYS,
    "admin.users.reveal": EVERYBODYS,
    "auth.oauth.login": "the token of the mail is a proof",
    "auth.otp.challenge": "a challenge is known to whom it was told, signed in or not",
    "auth.otp.resend": "a challenge is known to whom it was told, signed in or not",
    "auth.otp.verify": "a challenge is known to whom it was told, signed in or not",
    "auth.otp.send": "the token of a sign-in is the proof",
    "creators.subscribers.subscribe": "pages are open to everybody",
    "creators.subscribers.unsubscribe": "the id is the proof: mails name it, and the creator's own list",
    "creators.subscribers.unsubscribe_one_click": "the id is the proof: mails name it, and the creator's own list",
    "users.appeals.submit": "a ban of somebody else is only written down; a statement of somebody else is not found",
    "users.appeals.submit_by_link": "the token is the proof",
    "auth.two_factor.login": "the token is the proof",
    "auth.verify_email": "the token is the proof",
    "auth.verify_email_change": "the token is the proof",
    "auth.passwords.reset": "the token is the proof",
    "auth.reactivation.validate": "the token is the proof",
    "users.reactivate": "the token is the proof",
    "gdpr.cancel_deletion": "the token is the proof",
    "users.blocks.add": "the id says who is blocked; the row is the caller's",
    "users.blocks.remove": "the id says who is blocked; the row is the caller's",
}


def takes_an_id(operation_id: str) -> bool:
    schemas = SchemaCompiler(CONTRACT.document)
    operation = CONTRACT.operation(operation_id)
    parameters = [schemas.resolved(parameter) for parameter in operation.get("parameters", ())]
    found = [schemas.resolved(parameter["schema"]) for parameter in parameters if parameter["in"] != "header"]
    if "requestBody" in operation:
        body = schemas.resolved(operation["requestBody"]["content"]["application/json"]["schema"])
        found += [schemas.resolved(part) for part in body.get("properties", {}).values()]
    return any(schema.get("format") == "uuid" for schema in found)


def options_of(api: Api, operation_id: str, token: str | None) -> dict[str, Any]:
    options = well_formed(api, operation_id)
    headers = {name: value for name, value in options["headers"].items() if name != "Authorization"}
    return options | {"headers": headers | (bearer(token) if token else {})}


def caller(server: Server, operation_id: str, **columns: Any) -> str:
    """An access token of somebody of whom nothing else is known; of a creator, if nobody else may call."""
    if ACCESS[operation_id].scope != "creator":
        return somebody(server, **columns)
    row = {"email": f"{uuid4().hex}@example.com", "email_verified": True}
    person = insert(server.tables, "users", **(row | columns))
    page_of(server.tables, person)
    return token_of(server, person)


class TestTable:
    def test_it_holds_every_operation(self) -> None:
        assert sorted(ACCESS) == IDS

    @pytest.mark.parametrize("operation_id", IDS)
    def test_it_is_what_the_contract_says(self, operation_id: str) -> None:
        policy, security = CONTRACT.policies[operation_id], CONTRACT.operation(operation_id)["security"]
        looked_at = {"bearerAuth": []} in security
        token = "ignored" if not looked_at else "looked at" if {} in security else "asked"
        status = "any" if policy.any_account_status else "active"
        assert ACCESS[operation_id] == Access(policy.scope, token, status)

    def test_staff_has_its_paths_alone(self) -> None:
        """By them its pages are told from those of others (``runtime/web/app.py``)."""
        scopes = {(policy.path.startswith(ADMIN), policy.scope == "admin") for policy in CONTRACT.policies.values()}
        assert scopes == {(True, True), (False, False)}

    def test_it_knows_whose_every_id_is(self) -> None:
        taking = {name for name in IDS if takes_an_id(name)}
        assert taking - FOREIGN.keys() - NOBODYS.keys() == set()
        assert FOREIGN.keys() | NOBODYS.keys() <= set(IDS)


class TestGuards:
    @pytest.mark.parametrize("operation_id", ASKED)
    @pytest.mark.parametrize("token", [None, "nonsense"])
    def test_the_anonymous_are_refused(self, api: Api, operation_id: str, token: str | None) -> None:
        response = api.call(operation_id, **options_of(api, operation_id, token))
        assert (response.status_code, code_of(response)) == (401, "auth.unauthenticated")

    @pytest.mark.parametrize("operation_id", sorted(set(IDS) - set(ASKED)))
    def test_the_anonymous_are_let_through_elsewhere(self, api: Api, operation_id: str) -> None:
        response = api.call(operation_id, **options_of(api, operation_id, None))
        own = CONTRACT.policies[operation_id].own_codes
        assert response.status_code < 400 or code_of(response) not in GUARDS - own

    @pytest.mark.parametrize("operation_id", ASKED)
    def test_an_ordinary_person_is_told_by_scope(self, api: Api, server: Server, operation_id: str) -> None:
        response = api.call(operation_id, **options_of(api, operation_id, somebody(server)))
        refused = None if response.status_code < 400 else code_of(response)
        wanted = ORDINARY[ACCESS[operation_id].scope]
        assert refused == wanted if wanted else refused not in GUARDS

    @pytest.mark.parametrize("operation_id", KNOWN)
    @pytest.mark.parametrize("status", STATUSES)
    def test_who_may_not_act_is_refused(self, api: Api, server: Server, operation_id: str, status: str) -> None:
        response = api.call(operation_id, **options_of(api, operation_id, caller(server, operation_id, status=status)))
        refused = None if response.status_code < 400 else code_of(response)
        if ACCESS[operation_id].status == "active":
            assert (response.status_code, refused) == (403, f"auth.account_{status.lower()}")
        else:
            assert refused not in GUARDS

    @pytest.mark.parametrize("operation_id", KNOWN)
    def test_who_was_erased_is_nobody(self, api: Api, server: Server, operation_id: str) -> None:
        response = api.call(operation_id, **options_of(api, operation_id, somebody(server, status="DELETED")))
        anonymous = api.call(operation_id, **options_of(api, operation_id, None))
        assert response.status_code == anonymous.status_code
        if ACCESS[operation_id].token == "asked":
            assert (response.status_code, code_of(response)) == (401, "auth.unauthenticated")


class TestForeignThings:
    @pytest.mark.parametrize("operation_id", FOREIGN)
    def test_are_neither_shown_nor_changed(self, api: Api, server: Server, tables: Tables, operation_id: str) -> None:
        owner = account(api, tables, "eve@example.com")
        api.sign_in("eve@example.com")
        find, refusal = FOREIGN[operation_id]
        row = find(tables, owner)
        path = re.sub(r"\{\w+\}", str(row), CONTRACT.policies[operation_id].path)
        stranger = bearer(caller(server, operation_id))
        before = tables.fingerprints()
        body = example(operation_id) if operation_id in WITH_BODY else None
        if operation_id in IN_BODY:
            body = {**(body or {}), IN_BODY[operation_id]: str(row)}
        response = api.call(operation_id, body, path=path, headers=stranger)
        assert (response.status_code, code_of(response)) == refusal
        assert tables.changed_since(before) == set()
