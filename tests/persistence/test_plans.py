"""Every statement of a request finds its rows by an index, however many rows there are."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import uuid4

import httpx
import psycopg
import pytest

from domain.money import flows
from domain.money.escrows import Order
from jobs.money import expire_escrows, expire_gifts
from persistence.admin.rules import RESERVED, RULES
from persistence.auth.sessions import MOST_AT_ONCE, LiveSessions
from persistence.engine import statements
from persistence.engine.database import NOBODY
from persistence.engine.uow import UnitOfWork
from persistence.models import Base
from persistence.money.reconciliation import CHECKS
from persistence.money.tallies import KINDS, KINDS_AT
from runtime.web.scrape import outbox
from services.money.escrows import EscrowService
from services.money.gifts import GiftService
from tests.contract.operations import IDS
from tests.contract.test_side_effects import CONDITIONAL, SCENARIOS
from tests.creators import creator, signed_in
from tests.files import png
from tests.handlers.creators.test_kyc import press, started
from tests.handlers.support import account, insert
from tests.handlers.webhooks.vendors import DrillFamily, post, told
from tests.harness import PASSWORD, TOKEN, Api, Server, Tables, bearer, refresh_token
from tests.ledger import wallet_of
from tests.money import begin, hurry
from tests.money import press as press_button
from tests.movements import compare
from tests.staff import member
from tests.statements import Asked, asked

ROWS = 4000
PNG = {"Content-Type": "image/png"}
# As many rows as there are platforms, config keys, languages, categories, versions of two texts: all may be read.
SMALL = {
    "config_entries", "content_categories", "editions", "languages", "legal_versions", "moderation_revisions",
    "oauth_providers", "scheduled_jobs", "signing_keys", "ticket_categories", "ticket_category_lists",
}  # fmt: skip
# By provider and process, or hour of one day.
SMALL |= {"provider_days", "provider_families", "provider_outcomes", "provider_probes", "provider_states"}
# One row, and what only commands of development read.
SMALL |= {"platform_stats", "demo_areas", "demo_rows"}
# What the sandbox of development knows.
SMALL |= {"sandbox_payout_accounts", "sandbox_payouts", "sandbox_verifications"}
# What staff makes by hand, two hundred of a job, and two days.
SMALL |= {"bio_templates", "discover_categories", "featured_creators", "trending", "bio_visit_salts"}
# A row for each account of the platform.
SMALL |= {"ledger_checkpoints"}
GROWING = Base.metadata.tables.keys() - SMALL
USERS = "(SELECT id, row_number() OVER () AS n FROM users)"
FILL = f"""
INSERT INTO users (id, created_at, email, username, referral_code)
    SELECT gen_random_uuid(), now() - n * interval '1 day', 'u' || n || '@example.com', 'u' || n, 'R' || n
    FROM generate_series(1, {ROWS}) n;
INSERT INTO sessions (id, user_id, last_active_at, expires_at, revoked_at)
    SELECT gen_random_uuid(), id, now(), now() + interval '1 day', CASE WHEN n % 2 = 0 THEN now() END FROM {USERS} u;
INSERT INTO email_verifications (id, user_id, token_hash, expires_at, used_at)
    SELECT gen_random_uuid(), id, decode(md5(n::text), 'hex'), now(), now() FROM {USERS} u;
INSERT INTO login_attempts (subject, failures, updated_at)
    SELECT decode(md5(n::text), 'hex'), 1, now() FROM generate_series(1, {ROWS}) n;
INSERT INTO outbox (id, topic, payload, done_at)
    SELECT gen_random_uuid(), 'email.verify_address', '{{}}', now() - n * interval '1 ms'
    FROM generate_series(1, {ROWS}) n;
INSERT INTO idempotency_keys (id, caller, operation_id, key, fingerprint, leased_until, expires_at)
    SELECT gen_random_uuid(), decode(md5(n::text), 'hex'), 'auth.register', 'k' || n, '', now(), now() + interval '1h'
    FROM generate_series(1, {ROWS}) n;
INSERT INTO social_accounts (id, user_id, platform, platform_user_id)
    SELECT gen_random_uuid(), id, 'instagram', n::text FROM {USERS} u;
INSERT INTO creator_profiles (id, user_id) SELECT gen_random_uuid(), id FROM {USERS} u;
INSERT INTO bio_pages (id, creator_id) SELECT gen_random_uuid(), id FROM creator_profiles;
INSERT INTO bio_page_views (id, page_id, at, visitor, device)
    SELECT gen_random_uuid(), id, now() - row_number() OVER () * interval '1 min', '', 'mobile' FROM bio_pages;
INSERT INTO bio_daily (page_id, day) SELECT id, '2026-01-01' FROM bio_pages;
INSERT INTO bio_daily_values (page_id, day, dimension, value, count)
    SELECT page_id, day, 'device', 'mobile', 1 FROM bio_daily;
INSERT INTO bio_daily_visitors (page_id, day, visitor) SELECT page_id, day, '' FROM bio_daily;
INSERT INTO recently_viewed (user_id, creator_id, viewed_at) SELECT user_id, id, now() FROM creator_profiles;
INSERT INTO social_metrics (account_id, user_id, follower_count) SELECT id, user_id, 1 FROM social_accounts;
INSERT INTO bio_email_subscribers
    (id, page_id, email, locale, subscribed_at, confirmed_at, unsubscribed_at, token_expires_at)
    SELECT gen_random_uuid(), id, 'u' || n || '@example.com', 'en', now(), CASE WHEN n % 50 > 0 THEN now() END,
    CASE WHEN n % 50 = 1 THEN now() END, now()
    FROM (SELECT id, row_number() OVER () AS n FROM bio_pages) p;
INSERT INTO creator_categories (creator_id, category)
    SELECT id, 'c' || row_number() OVER () % 50 FROM creator_profiles;
INSERT INTO creator_search
    (creator_id, user_id, username, document, folded, grams, facets, tier, updated_at, total_messages, total_followers,
    avg_rating, rating_count, level, card)
    SELECT p.id, u.id, 'u' || n, ('''3u' || n || ''':1A')::tsvector, 'u' || n,
    ARRAY['u' || n], ARRAY['P' || n % 50 || '//'], 3,
    now() - n * interval '1 hour', n, n, n % 5, 1, 'BRONZE', '{{}}'
    FROM {USERS} u JOIN creator_profiles p ON p.user_id = u.id;
INSERT INTO dm_packages (id, creator_id, dm_type) SELECT gen_random_uuid(), id, 'FREE' FROM creator_profiles;
INSERT INTO bio_links (id, page_id, title, url) SELECT gen_random_uuid(), id, '', '' FROM bio_pages;
INSERT INTO referral_links (id, user_id, code) SELECT gen_random_uuid(), id, 'L' || n FROM {USERS} u;
INSERT INTO referral_link_aliases (id, link_id, code) SELECT gen_random_uuid(), id, 'A' || code FROM referral_links;
INSERT INTO bank_details (user_id, state, changed_at)
    SELECT id, CASE WHEN n % 500 = 0 THEN 'PENDING' ELSE 'VERIFIED' END, now() - n * interval '1 min' FROM {USERS} u;
INSERT INTO tax_forms (id, user_id, type, country, details, state, signed_at, ends_at, created_at)
    SELECT gen_random_uuid(), id, 'W8BEN', 'DE', '', CASE WHEN n % 500 = 0 THEN 'PENDING' ELSE 'APPROVED' END, now(),
    now() + n * interval '1 day', now() - n * interval '1 min' FROM {USERS} u;
SET session_replication_role = replica;
INSERT INTO wallets (id, user_id, type, currency) SELECT id, id, 'FAN', 'USD' FROM {USERS} u;
INSERT INTO ledger_accounts (id, wallet_id, code, currency, normal, balance, version)
    SELECT id, id, 'fan', 'USD', 'CREDIT', 0, 0 FROM wallets;
INSERT INTO ledger_transfers (id, key, fingerprint, kind, currency, about, about_id)
    SELECT id, 'load:' || id, '', 'load', 'USD', 'PAYMENT_CHECKOUT', id::text FROM wallets;
INSERT INTO wallet_freezes (wallet_id, frozen_for, frozen_at) SELECT id, 'FRAUD', now() FROM wallets;
INSERT INTO ledger_entries (transfer_id, leg, account_id, amount) SELECT id, 1, id, 1 FROM wallets;
INSERT INTO wallet_activity
    (wallet_id, seq, transfer_id, type, amount, balance_before, balance_after, about, about_id)
    SELECT id, n, CASE WHEN n = 1 THEN id ELSE gen_random_uuid() END, 'CREDIT', 1, n - 1, n, 'PAYMENT_CHECKOUT', ''
    FROM wallets, generate_series(1, 2) n;
INSERT INTO escrows
    (id, message_id, fan_id, creator_user_id, currency, price, promo, paid, coupon, commission_bps, deadline)
    SELECT id, id, id, gen_random_uuid(), 'USD', 1, 0, 1, 0, 2000, now() + n * interval '1 min' FROM {USERS} u;
INSERT INTO referral_rewards (id, user_id, referee_id, payment_id, trigger_type, amount, held_until, due_at)
    SELECT gen_random_uuid(), id, gen_random_uuid(), gen_random_uuid(), 'FIRST_PAYMENT', 1, now(),
    now() + n * interval '1 min' FROM {USERS} u;
INSERT INTO coupons (id, created_at, code, type, value, applies_to, active)
    SELECT id, now() - n * interval '1 min', 'C' || n, 'PERCENT', 1000, 'BOTH', n % 50 = 0 FROM {USERS} u;
INSERT INTO coupon_usages (id, coupon_id, user_id, applies_to, amount, discount, expires_at)
    SELECT id, id, id, 'LOAD', 100, 10, now() + n * interval '1 min' FROM {USERS} u;
INSERT INTO promo_grants (id, wallet_id, source, source_id, amount, remaining, expires_at)
    SELECT id, id, 'REWARD', id, 1, 1, now() + n * interval '1 min' FROM {USERS} u;
INSERT INTO ledger_reconciliations (id, started_at, ended_at, transfers, entries, wallets, findings, severe)
    SELECT id, now() - n * interval '1 hour', now(), 1, 2, 1, n % 50, 0 FROM {USERS} u;
INSERT INTO ledger_findings
    (id, "check", what, expected, found, severe, first_seen, last_seen, closed_at, closed_by, closed_because)
    SELECT id, 'c' || n % 20, id::text, '', '', n % 2 = 0, now() - n * interval '1 hour', now(),
    CASE WHEN n % 50 > 0 THEN now() END, CASE WHEN n % 50 > 0 THEN id END, CASE WHEN n % 50 > 0 THEN '' END
    FROM {USERS} u;
INSERT INTO adjustments (id, wallet_id, account, contra, currency, amount, reason, requested_by)
    SELECT id, id, 'fan', 'goodwill', 'USD', 1, '', id FROM wallets;
INSERT INTO promo_spends (escrow_id, grant_id, amount) SELECT id, id, 1 FROM wallets;
INSERT INTO payments (id, wallet_id, amount, currency, provider, ref, url, return_url, expires_at, due_at, status)
    SELECT id, id, 1, 'USD', 'sandbox', id::text, '', '', now(), now() + n * interval '1 hour',
    CASE WHEN n % 2 = 0 THEN 'OPEN' ELSE 'FAILED' END FROM {USERS} u;
INSERT INTO refunds (id, payment_id, provider, ref, amount, due_at)
    SELECT id, id, 'sandbox', id::text, 1, now() + n * interval '1 hour' FROM {USERS} u;
INSERT INTO disputes (id, payment_id, wallet_id, provider, ref, amount, closed_at)
    SELECT id, id, id, 'sandbox', id::text, 1, now() FROM payments;
INSERT INTO strays (id, provider, ref, amount, currency, due_at)
    SELECT id, 'sandbox', id::text, 1, 'USD', now() + n * interval '1 hour' FROM {USERS} u;
INSERT INTO sandbox_payments (id, key, payment_id, amount, currency, return_url, expires_at)
    SELECT id, id::text, id, 1, 'USD', '', now() FROM payments;
INSERT INTO unclaimed_balances (wallet_id, type, currency, amount, code_hash)
    SELECT id, 'FAN', 'USD', 1, decode(md5(id::text), 'hex') FROM wallets;
INSERT INTO payout_accounts (id, user_id, provider, ref, status, looked_at, created_at, closed_at)
    SELECT id, id, 'sandbox', CASE WHEN n % 9 > 0 THEN id::text END,
    CASE WHEN n % 2 = 0 THEN 'ACTIVE' ELSE 'PENDING' END, now() + n * interval '1 hour', now() - n * interval '1 day',
    CASE WHEN n % 5 = 0 THEN now() END FROM {USERS} u;
INSERT INTO payout_batches (id, created_at, created_by, count, amount, currency)
    SELECT id, now() - n * interval '1 min', id, 1, 100, 'USD' FROM {USERS} u;
INSERT INTO payouts
    (id, created_at, user_id, wallet_id, amount, currency, method, provider, status, approved_at, batch_id, due_at)
    SELECT id, now() - n * interval '1 min', id, id, 100, 'USD', 'BANK_TRANSFER', 'bank_file',
    CASE WHEN n % 50 = 0 THEN 'APPROVED' ELSE 'PROCESSING' END, now(), CASE WHEN n % 50 > 0 THEN id END,
    now() + n * interval '1 hour' FROM {USERS} u;
INSERT INTO payout_attempts (payout_id, number, provider, ref, state)
    SELECT id, 1, 'bank_file', id::text, 'SENT' FROM payouts;
INSERT INTO sandbox_payout_accounts (id, key) SELECT id, id::text FROM payments;
INSERT INTO sandbox_payouts (id, key, payout_id, amount, currency, account_id)
    SELECT id, id::text, id, 1, 'USD', id FROM payments;
INSERT INTO sandbox_movements (id, sandbox_id, kind, amount) SELECT id, id, 'CHARGE', 1 FROM payments;
INSERT INTO provider_movements (account, day, number, ref, kind, amount)
    SELECT 'clearing:sandbox', current_date - n::int % 100, n, id::text, 'PAID', 1 FROM {USERS} u;
INSERT INTO sandbox_refunds (id, sandbox_id, key, amount, status) SELECT id, id, id::text, 1, 'OPEN' FROM payments;
SET session_replication_role = origin;
INSERT INTO username_history (id, user_id, former, username, held_until)
    SELECT gen_random_uuid(), id, 'former' || n, 'u' || n, now() FROM {USERS} u;
INSERT INTO user_settings (id, user_id) SELECT gen_random_uuid(), id FROM {USERS} u;
INSERT INTO block_list (id, owner_id, blocked_id)
    SELECT gen_random_uuid(), id, lead(id) OVER (ORDER BY id) FROM {USERS} u OFFSET 1 LIMIT {ROWS} - 2;
INSERT INTO user_notes (id, user_id, author_id, text) SELECT gen_random_uuid(), id, id, '' FROM {USERS} u;
INSERT INTO staff_roles (user_id, role, reason) SELECT id, 'SUPPORT', '' FROM {USERS} u;
INSERT INTO consent_records (id, user_id, kind, granted, version)
    SELECT gen_random_uuid(), id, 'tos', true, '1.0' FROM {USERS} u;
INSERT INTO legal_notices (user_id, version_id, slug, label)
    SELECT id, gen_random_uuid(), 'terms', '1.0' FROM {USERS} u;
INSERT INTO contact_messages (id, email, subject, message, locale, state, created_at)
    SELECT gen_random_uuid(), 'u' || n || '@example.com', '', '', 'en',
    CASE WHEN n % 50 = 0 THEN 'NEW' ELSE 'DONE' END, now() - n * interval '1 hour'
    FROM generate_series(1, {ROWS}) n;
INSERT INTO statements_of_reasons
    (id, user_id, type, target_type, facts, source, ground, reference, explanation, starts_at, ends_at, lifted_at)
    SELECT gen_random_uuid(), id, CASE WHEN n % 2 = 0 THEN 'ACCOUNT_BANNED' ELSE 'VISIBILITY_REMOVED' END, 'USER', '',
    'NOTICE', CASE WHEN n % 3 = 0 THEN 'ILLEGAL' ELSE 'TERMS' END, '', '', now(), now() + interval '1 day' * n,
    CASE WHEN n % 5 > 0 THEN now() END FROM {USERS} u;
INSERT INTO bans (id, user_id, statement_id, status, ended_at)
    SELECT gen_random_uuid(), user_id, id, 'BANNED', lifted_at FROM statements_of_reasons;
INSERT INTO appeals (id, user_id, type, reason, status, statement_id)
    SELECT gen_random_uuid(), u.id, 'ban', '', CASE WHEN n % 2 = 0 THEN 'PENDING' ELSE 'DECIDED' END, s.id
    FROM {USERS} u JOIN statements_of_reasons s ON s.user_id = u.id;
INSERT INTO email_changes (id, user_id, new_email, token_hash, expires_at, used_at)
    SELECT gen_random_uuid(), id, '', decode(md5(n::text), 'hex'), now(), now() FROM {USERS} u;
INSERT INTO recovery_requests
    (id, user_id, kind, state, evidence, reason, requested_by, effective_at, stop_hash, proof_hash, as_it_was)
    SELECT gen_random_uuid(), id, 'TWO_FACTOR', CASE WHEN n % 2 = 0 THEN 'DONE' ELSE 'VOID' END, '', '', id, now(),
    decode(md5(n::text), 'hex'), decode(md5(n::text), 'hex'), '' FROM {USERS} u;
INSERT INTO staff_roles (user_id, role, reason) SELECT id, 'R' || n, '' FROM {USERS} u;
INSERT INTO reserved_usernames (username) SELECT 'reserved' || n FROM generate_series(1, {ROWS}) n;
INSERT INTO mailbox_messages (id, recipient, subject, text, html, locale)
    SELECT gen_random_uuid(), 'u' || n || '@example.com', '', '', '', 'en' FROM generate_series(1, {ROWS}) n;
INSERT INTO uploads (id, user_id, kind, key, provider, content_type, max_bytes, status, expires_at)
    SELECT gen_random_uuid(), id, 'avatar', 'k' || n, 'local', 'image/png', 1, 'STORED', now() FROM {USERS} u;
INSERT INTO gdpr_requests (id, user_id, kind, status)
    SELECT gen_random_uuid(), id, 'EXPORT', 'COMPLETED' FROM {USERS} u;
INSERT INTO data_exports (id, request_id, user_id, key, provider, size, expires_at)
    SELECT gen_random_uuid(), id, user_id, id::text, 'local', 1, now() + interval '1 day' FROM gdpr_requests;
INSERT INTO password_resets (id, user_id, token_hash, expires_at, used_at)
    SELECT gen_random_uuid(), id, decode(md5(n::text), 'hex'), now(), now() FROM {USERS} u;
INSERT INTO credential_changes (id, user_id, kind, token_hash, expires_at)
    SELECT gen_random_uuid(), id, 'phone_changed', decode(md5(n::text), 'hex'), now() FROM {USERS} u;
INSERT INTO reactivation_tokens (id, user_id, token_hash, expires_at, used_at)
    SELECT gen_random_uuid(), id, decode(md5(n::text), 'hex'), now(), now() FROM {USERS} u;
INSERT INTO challenges (id, purpose, user_id, token_hash, expires_at)
    SELECT gen_random_uuid(), 'login', id, decode(md5(n::text), 'hex'), now() FROM {USERS} u;
INSERT INTO challenges (id, purpose, phone, phone_hash, code_hash, sent_at, expires_at)
    SELECT gen_random_uuid(), 'verify-phone-fan', '+9055' || n, decode(md5(n::text), 'hex'), '', now(), now()
    FROM generate_series(1, {ROWS}) n;
INSERT INTO known_devices (id, user_id, device_hash, network, area, last_seen_at)
    SELECT gen_random_uuid(), id, decode(md5(n::text), 'hex'), '', '', now() FROM {USERS} u;
INSERT INTO sms_budgets (day, asked_by, country, sent)
    SELECT '2000-01-01'::date + n, 'anybody', 'TR', 1 FROM generate_series(1, {ROWS}) n;
INSERT INTO mail_suppressions (address_hash, ends_at)
    SELECT decode(md5(n::text), 'hex'), now() FROM generate_series(1, {ROWS}) n;
INSERT INTO mail_quotas (address_hash, sent, opened_at, last_at)
    SELECT decode(md5(n::text), 'hex'), 1, now(), now() FROM generate_series(1, {ROWS}) n;
INSERT INTO phone_quotas (phone_hash, sent, opened_at)
    SELECT decode(md5(n::text), 'hex'), 1, now() FROM generate_series(1, {ROWS}) n;
INSERT INTO backup_codes (id, user_id, code_hash)
    SELECT gen_random_uuid(), id, decode(md5(n::text), 'hex') FROM {USERS} u;
INSERT INTO oauth_used_tokens (digest, expires_at)
    SELECT decode(md5(n::text), 'hex'), now() FROM generate_series(1, {ROWS}) n;
INSERT INTO moderation_rules (id, kind, pattern, folded, match, scopes, action)
    SELECT gen_random_uuid(), 'TERM', 'term' || n, 'term' || n, 'WORD', '{{bio}}', 'FLAG'
    FROM generate_series(1, {ROWS}) n;
INSERT INTO theme_presets (id, name, slug, target, state, published_at)
    SELECT gen_random_uuid(), 'T' || n, 't' || n, 'CLIENT', CASE WHEN n % 2 = 0 THEN 'PUBLISHED' ELSE 'DRAFT' END, now()
    FROM generate_series(1, {ROWS}) n;
INSERT INTO moderation_cases (id, target_type, target_id, user_id, origin, state, evidence)
    SELECT gen_random_uuid(), 'USER', id, id, 'NOTICE', CASE WHEN n % 2 = 0 THEN 'OPEN' ELSE 'APPROVED' END, '{{}}'
    FROM {USERS} u;
INSERT INTO moderation_notices (id, case_id, user_id, locale, category, explanation)
    SELECT gen_random_uuid(), id, user_id, 'en', 'SPAM', '' FROM moderation_cases;
INSERT INTO ticket_categories (id, name, sort_order)
    SELECT gen_random_uuid(), 'c' || n, n FROM generate_series(1, 20) n;
INSERT INTO tickets (id, user_id, category_id, subject, priority, status, assigned_to, waiting_since, resolved_at)
    SELECT gen_random_uuid(), u.id, c.id, '', 'LOW', CASE WHEN n % 3 = 0 THEN 'OPEN' ELSE 'CLOSED' END, u.id,
    CASE WHEN n % 3 = 0 THEN now() END, now() FROM {USERS} u JOIN ticket_categories c ON c.sort_order = n % 20 + 1;
INSERT INTO ticket_messages (id, ticket_id, author_type, author_id, content)
    SELECT gen_random_uuid(), id, 'USER', user_id, '' FROM tickets;
INSERT INTO ticket_notes (id, ticket_id, author_id, content) SELECT gen_random_uuid(), id, user_id, '' FROM tickets;
INSERT INTO email_deliveries (id, job_id, provider, outcome, error, started_at)
    SELECT gen_random_uuid(), id, 'smtp', 'delivered', CASE WHEN row_number() OVER () % 50 = 0 THEN '4.2.1' END, now()
    FROM outbox;
INSERT INTO sms_deliveries (id, job_id, provider, outcome, error, started_at)
    SELECT gen_random_uuid(), id, 'twilio', 'delivered', CASE WHEN row_number() OVER () % 50 = 0 THEN '30003' END, now()
    FROM outbox;
INSERT INTO config_history (id, name, version, source)
    SELECT gen_random_uuid(), 'auth.k' || n % 100, n, 'COMMAND' FROM generate_series(1, {ROWS}) n;
INSERT INTO audit_logs (id, created_at, action, result, actor_id, target_id)
    SELECT gen_random_uuid(), now() - n * interval '1 day', 'auth.login.success', 'success', id, id FROM {USERS} u;
INSERT INTO content_entries (id, kind, slug) SELECT gen_random_uuid(), 'post', 'post-' || n
    FROM generate_series(1, {ROWS}) n;
INSERT INTO content_revisions (entry_id, number, source) SELECT id, 1, '{{"title": "x"}}' FROM content_entries;
INSERT INTO publications
    (id, entry_id, revision, kind, slug, locale, title, html, published_at, updated_at, shown_from, sanitizer_version)
    SELECT gen_random_uuid(), id, 1, (ARRAY['post', 'page', 'article', 'faq', 'announcement'])[length(slug) % 5 + 1],
    slug, 'en', 'x', 'x', now(), now(), now(), 1 FROM content_entries;
INSERT INTO audit_seals (number, rows, key_id, digest, previous, at)
    SELECT n, 1, 'k', '', '', now() - interval '1 day' + n * interval '1s' FROM generate_series(1, {ROWS}) n;
INSERT INTO translations (locale, namespace, key, text, status, origin)
    SELECT CASE WHEN n % 20 = 0 THEN 'en' ELSE 'l' || n % 20 END, 'web', 'key' || n / 20, 'x', 'APPROVED', 'FILE'
    FROM generate_series(1, {ROWS}) n;
INSERT INTO kyc_sessions (id, user_id, provider, ref, state, looked_at, valid_until, identity_hash)
    SELECT gen_random_uuid(), id, 'y', 'k' || n, CASE WHEN n % 50 = 0 THEN 'OPEN' ELSE 'REJECTED' END, now(), now(),
    CASE WHEN n % 50 > 0 THEN 'h' || n END FROM {USERS} u;
INSERT INTO provider_events (id, family, provider, external_id, type, object_ref, state, due_at, ended_at, payload)
    SELECT gen_random_uuid(), 'x', 'y', 'e' || n, 'z', 'o' || n, CASE WHEN n % 50 = 0 THEN 'PARKED' ELSE 'DONE' END,
    CASE WHEN n % 100 = 0 THEN now() + interval '1 day' END, now(), CASE WHEN n % 50 = 0 THEN ''::bytea END
    FROM generate_series(1, {ROWS}) n;
INSERT INTO audit_sealed (row_id, number) SELECT id, row_number() OVER () FROM audit_logs LIMIT {ROWS}
"""  # noqa: S608 - constants of this file

CONNECT = """
INSERT INTO social_accounts (id, user_id, platform, platform_user_id)
    SELECT gen_random_uuid(), id, 'p' || n, 'a' || n FROM users, generate_series(1, %s) n
    WHERE email = 'grace@example.com'
    ON CONFLICT DO NOTHING
"""

# As many sessions as are ever asked for at once.
IDS_OF_SESSIONS = ",".join(uuid4().hex for _ in range(MOST_AT_ONCE))
SESSIONS = {"ids": f"{{{IDS_OF_SESSIONS}}}", "now": datetime.now(UTC)}


@dataclass
class Recording:
    """The statements that went to the database, each with the parameters of its first use.

    ``kept`` counts how often those were compiled that are to be compiled once.
    """

    statements: dict[str, Any] = field(default_factory=dict)
    kept: Counter[str] = field(default_factory=Counter)

    def note(self, asked: Asked) -> None:
        for statement, values in asked:
            if statement.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
                self.statements.setdefault(statement, values)


class Walker(Api):
    """``called`` are the operations that were."""

    called: ClassVar[set[str]] = set()

    def call(self, operation_id: str, *arguments: Any, **options: Any) -> httpx.Response:
        self.called.add(operation_id)
        return super().call(operation_id, *arguments, **options)


def walk(server: Server) -> None:
    """Sign-up, sign-in and sessions, on their good path and where a refusal takes other statements."""
    with Walker(server) as api:
        user_id = api.sign_up("ada@example.com", username="ada", referralCode="L7")
        api.register("eve@example.com", referralCode="AL7", username="reserved7")
        api.register("ada@example.com")
        for _ in range(2):
            body = {"email": "bob@example.com", "password": PASSWORD, "acceptedTerms": True, "acceptedPrivacy": True}
            api.call("auth.register", body, headers={"Idempotency-Key": "k"})
        api.call("auth.resend_verification", {"email": "bob@example.com"})
        api.call("auth.verify_email", {"token": user_id})
        api.call("auth.login", {"email": "ada@example.com", "password": "wrong"})
        token = api.sign_in("ada@example.com")
        old = api.cookies["biore_refresh"]
        for name in ("auth.me", "users.profile", "creators.social"):
            assert api.call(name, headers=bearer(token)).status_code == 200
        for _ in range(2):
            api.keep_cookie(api.call("auth.refresh"))
        api.call("auth.logout")
        api.sign_in("ada@example.com")
        new = api.call("auth.refresh")
        assert refresh_token(new) != old
        api.mails("ada@example.com")
        api.call("dev.mailbox")
        assert "biore_database_up 1.0" in api.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).text
        care(api, bearer(api.sign_in("ada@example.com")))


def care(api: Api, headers: dict[str, str]) -> None:
    """A file, a copy of all data, and a wish to be erased that is taken back."""
    signed = api.call("upload.presign", {"type": "avatar", "contentType": "image/gif"}, headers=headers)
    assert signed.status_code == 400
    signed = api.call("upload.presign", {"type": "avatar", "contentType": "image/png"}, headers=headers)
    assert api.put(signed.json()["data"]["uploadUrl"], content=png(), headers=PNG).status_code == 200
    upload = signed.json()["data"]
    assert api.call("upload.status", path=f"/upload/{upload['uploadId']}", headers=headers).status_code == 200
    assert api.call("users.avatars.change", {"avatarUrl": upload["publicUrl"]}, headers=headers).status_code == 200
    request_id = api.call("gdpr.export", headers=headers).json()["data"]["id"]
    assert api.call("gdpr.export_legacy", headers=headers).status_code == 409
    api.server.work_off()
    assert api.call("gdpr.export_status", path=f"/gdpr/export/{request_id}/status", headers=headers).status_code == 200
    answer = api.call("gdpr.export_download", path=f"/gdpr/export/{request_id}/download", headers=headers)
    assert api.get(answer.json()["data"]["downloadUrl"]).status_code == 200
    assert api.call("gdpr.delete", headers=headers).status_code == 200
    match = TOKEN.search(api.mails("ada@example.com")[0]["text"])
    assert match is not None
    assert api.call("gdpr.cancel_deletion", headers={"X-Reactivate-Token": match[1]}).status_code == 200


def walk_account(server: Server) -> None:
    """What a person does with the account: every operation twice, for a repetition may take other statements."""
    with Walker(server) as api, Tables(server.database_url) as tables:
        user_id = api.sign_up("bob@example.org", username="bob", referralCode="L7")
        tables.run("INSERT INTO referral_links (id, user_id, code) VALUES (gen_random_uuid(), %s, 'bob')", user_id)
        other = tables.one("SELECT id FROM users WHERE username = 'u7'")["id"]
        headers = bearer(api.sign_in("bob@example.org"))
        calls: list[tuple[str, Any]] = [
            ("users.update_profile", {"bio": "x"}),
            ("users.attribution", None),
            ("users.usernames.change", {"username": "bobby"}),
            ("users.avatars.change", {"avatarUrl": "https://cdn.bio.re/a.webp"}),
            ("users.avatars.remove", None),
            ("users.settings.get", None),
            ("users.settings.update", {"locale": "tr"}),
            ("users.blocks.add", None),
            ("users.blocks.list", None),
            ("users.blocks.remove", None),
            ("users.consents.record", {"documentType": "tos", "documentVersion": "1.0", "accepted": True}),
            ("users.consents.list", None),
            ("users.appeals.submit", {"type": "ban", "reason": "x"}),
            ("users.emails.change", {"newEmail": "bobby@example.org", "password": PASSWORD}),
        ]
        for name, body in calls:
            path = f"/users/block/{other}" if name in ("users.blocks.add", "users.blocks.remove") else None
            answers = [api.call(name, body, path=path, headers=headers).status_code for _ in range(2)]
            assert answers[0] < 300, name
        api.call("users.usernames.check", params={"username": "bobby"})
        for _ in range(2):
            api.call("auth.verify_email_change", {"token": api.verification_token("bobby@example.org")})
        assert api.call("users.deactivate", {"password": PASSWORD}, headers=headers).status_code == 200


def steal(server: Server) -> None:
    """A refresh token that is two rotations old."""
    with server.client() as api, Tables(server.database_url) as tables:
        api.sign_in("ada@example.com")
        old = api.cookies["biore_refresh"]
        api.keep_cookie(api.call("auth.refresh"))
        tables.run("UPDATE sessions SET rotated_at = now() - interval '1 hour' WHERE counter = 1")
        assert api.call("auth.refresh").status_code == 200
        api.cookies.clear()
        assert api.call("auth.refresh", {"refreshToken": old}).status_code == 401
    server.work_off()


def walk_scenarios(server: Server) -> None:
    """All other operations, as the test of side effects brings their successes and conditions about.

    It counts on empty tables. What a statement costs with full ones is asked afterwards.
    """
    for operation_id in sorted(set(IDS) - Walker.called):
        for scenario in [SCENARIOS[operation_id], *(shown for shown, _ in CONDITIONAL.get(operation_id, ()))]:
            server.reset()
            with Walker(server) as api, Tables(server.database_url) as tables:
                scenario(api, tables)()


def notify(server: Server) -> None:
    """Providers tell of what is known here and of what is not, with ids of their own and without."""
    drill = DrillFamily(known={"thing_1"})
    server.app.parts.webhooks.join(drill)
    with Walker(server) as api, Tables(server.database_url) as tables:
        for body in (told(), told(ref="thing_2"), b"{"):
            assert post(api, body).status_code == 200
        for _ in range(2):
            assert api.post("/api/v1/webhooks/drill/pinging", content=b"id=thing_1").status_code == 200
            server.work_off()
        server.let_time_come("events.sweep")
        verify_identity(api, tables)
        for topic in ("creators.look_at_kyc", "creators.end_kyc"):
            server.let_time_come(topic)
        server.on_loop(forget(server))
        server.on_loop(outbox(server.app.parts.database))
        assert tables.one("SELECT state FROM provider_events WHERE pings > 0") == {"state": "DONE"}
    server.app.parts.webhooks.leave(drill.family)


def verify_identity(api: Api, tables: Tables) -> None:
    ada = creator(api, tables, "verified@example.com", "verified")
    session_id = started(api, signed_in(api, ada)).json()["data"]["sessionId"]
    for button in ("approve", "reject", "approve"):
        assert press(api, session_id, button).status_code == 303
        api.server.work_off()
    assert (
        tables.one("SELECT kyc_status FROM creator_profiles WHERE id = %s", ada.creator_id)["kyc_status"] == "APPROVED"
    )


async def forget(server: Server) -> None:
    async with server.app.parts.database.unit() as db:
        await db.provider_events.forget(datetime.now(UTC))
        await db.kyc_sessions.rehash("current", ["former"])


def pay(server: Server) -> None:
    """Messages are paid with gifts, answered and given back; gifts and prices run out."""
    now, ids = datetime.now(UTC), [uuid4() for _ in range(3)]
    with Tables(server.database_url) as tables:
        fan, creator = wallet_of(tables, "payer", "FAN"), wallet_of(tables, "payee", "CREATOR")
    escrows, gifts, reward = EscrowService(), GiftService(), uuid4()

    async def paying() -> None:
        uow = UnitOfWork(server.app.parts.database, NOBODY)
        async with uow() as db:
            await gifts.give(db, fan, "REWARD", flows.rewarded(fan, reward, 300), reward, now)
            for each in ids:
                await escrows.hold(db, Order(each, each, fan.user_id, creator.user_id, 90, 2000, now))
            await escrows.release(db, ids[0], now)
            await escrows.refund(db, ids[1], "REJECTED", now)
        await expire_escrows(uow, lambda: now, escrows)
        await expire_gifts(uow, lambda: now, gifts)

    server.on_loop(paying())


def load_wallets(server: Server) -> None:
    """Payments with all that becomes of them, told and found."""
    server.reset()
    with server.client() as api, Tables(server.database_url) as tables:
        user_id = account(api, tables)
        referrer = insert(tables, "users", email="referrer@example.com", referral_code="REFERRER")
        tables.run("UPDATE users SET referred_by = %s WHERE id = %s", referrer, user_id)
        headers = bearer(api.sign_in())
        server.configure(**{"wallet.velocity_open": 5, "wallet.velocity_per_hour": 20})
        for actions in (["pay", "refund"], ["pay", "charge_back", "win"], ["decline"]):
            session = begin(api, headers)
            for action in actions:
                assert press_button(api, session, action).status_code == 303
                server.work_off()
                tables.run(
                    "UPDATE referral_rewards SET held_until = now(), due_at = now() WHERE referee_id = %s", user_id
                )
                server.let_time_come("money.settle_rewards")
        session, staff = begin(api, headers), member(server, "FINANCE")
        press_button(api, session, "pay")
        server.work_off()
        path, body = f"/admin/payments/{session['sessionId']}/refund", {"amount": "5.00", "reason": "Ticket 4711."}
        for action in ("confirm_refund", "fail_refund"):
            asked = api.call("admin.finance.payments.refund", body, path=path, headers=staff.headers)
            assert asked.status_code == 202, asked.text
            server.work_off()
            assert press_button(api, session, action).status_code == 303
            server.work_off()
            tables.run("UPDATE refunds SET due_at = now() WHERE status = 'OPEN'")
            hurry(tables)
            server.let_time_come("payments.sweep")
        assert compare(server, tables) == []


def erase(server: Server) -> None:
    """Everything of a person goes, a phone among it."""
    with Walker(server) as api, Tables(server.database_url) as tables:
        user_id = api.sign_up("leaving@example.com")
        tables.run("UPDATE users SET phone = '+905551112299', phone_verified_at = now() WHERE id = %s", user_id)
        assert api.call("gdpr.delete", headers=bearer(api.sign_in("leaving@example.com"))).status_code == 200
        tables.run("UPDATE gdpr_requests SET grace_ends_at = now() WHERE user_id = %s", user_id)
        server.let_time_come("gdpr.erase_due")
        assert tables.one("SELECT status FROM users WHERE id = %s", user_id) == {"status": "DELETED"}


@pytest.fixture(scope="module")
def full_server(start_server: Callable[..., Server]) -> Server:
    server = start_server()
    with psycopg.connect(server.database_url, autocommit=True) as connection:
        for statement in FILL.split(";\n"):
            connection.execute(statement.encode())
        connection.execute("VACUUM ANALYZE")
    return server


@pytest.fixture(scope="module")
def recording(full_server: Server, shared_server: Server) -> Recording:
    recorded = Recording()

    class Counted(statements.Compiled):
        def __init__(self, statement: Any, key: Any) -> None:
            super().__init__(statement, key)
            if key is None:
                recorded.kept[self.text] += 1

    with (
        pytest.MonkeyPatch.context() as patch,
        asked(full_server.app.parts.database, shared_server.app.parts.database) as seen,
    ):
        patch.setattr(statements, "Compiled", Counted)
        walk(full_server)
        walk_account(full_server)
        steal(full_server)
        notify(full_server)
        pay(full_server)
        erase(full_server)
        walk_scenarios(shared_server)
        load_wallets(shared_server)
    recorded.note(seen)
    recorded.statements[LiveSessions.QUERY] = SESSIONS
    return recorded


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def counts_all(statement: str, table: str | None) -> bool:
    """Whether it makes the figure of all creators, kept for an hour: their narrow table is read fastest whole."""
    return statement.startswith("INSERT INTO platform_stats") and table == "creator_profiles"


def adds_up(statement: str) -> bool:
    """Whether it tells what all accounts have, by their kinds: it reads each account, and what came later."""
    return statement in {statements.bound(every, {})[1] for every in (KINDS, KINDS_AT)}


def compares_all(statement: str) -> bool:
    """Whether it compares all that a provider has with all that its account has, once a day."""
    return statement.lstrip().startswith("WITH ours AS")


def stops(statement: str) -> bool:
    """Whether it counts rows of any kind, up to so many: it reads no more than that, by whatever way."""
    return statement.startswith("SELECT count(*)") and "LIMIT" in statement and "WHERE" not in statement


def knows_rules(statement: str) -> bool:
    """Whether it reads all rules of moderation: a process holds them, and reads them again after a change."""
    return statement in {statements.bound(whole, {})[1] for whole in (RULES, RESERVED)}


class TestPlans:
    def test_no_request_reads_a_whole_table(self, full_server: Server, recording: Recording) -> None:
        found, touched = [], set()
        with psycopg.connect(full_server.database_url, autocommit=True) as connection:
            for statement, parameters in recording.statements.items():
                explain = b"EXPLAIN (FORMAT JSON) " + statement.encode()
                (row,) = connection.execute(explain, parameters).fetchall()
                plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
                held = knows_rules(statement) or adds_up(statement) or compares_all(statement)
                for node in nodes(plan[0]["Plan"]):
                    touched.add(table := node.get("Relation Name"))
                    if node["Node Type"] != "Seq Scan" or counts_all(statement, table) or stops(statement):
                        continue
                    if table in GROWING and not held:
                        found.append(f"{table}: {statement}")
        assert found == [], "\n".join(found)
        assert touched >= GROWING

    def test_what_is_overdue_is_found_by_its_time(self, full_server: Server) -> None:
        """Each hour: of payments, prices and notices only those that wait are read."""
        statement, parameters = statements.bound(CHECKS["overdue"], {})[1:]
        with psycopg.connect(full_server.database_url, autocommit=True) as connection:
            (row,) = connection.execute(b"EXPLAIN (FORMAT JSON) " + statement.encode(), parameters).fetchall()
        scans = list(nodes(row[0][0]["Plan"]))
        read = {scan["Relation Name"]: scan["Node Type"] for scan in scans if "Relation Name" in scan}
        assert "ix_payments_open" in {scan.get("Index Name") for scan in scans}
        assert "Seq Scan" not in {read[name] for name in ("escrows", "payments", "provider_events")}

    def test_what_is_kept_is_not_compiled_for_each_call(self, recording: Recording) -> None:
        """A statement that gets values by name is a constant. Two constants may have the same text."""
        assert {text: times for text, times in recording.kept.items() if times > 2} == {}

    def test_every_operation_was_called(self, recording: Recording) -> None:
        assert Walker.called == set(IDS)

    def test_every_growing_table_was_full(self, full_server: Server) -> None:
        with Tables(full_server.database_url) as tables:
            counts = {name: tables.count(name) for name in GROWING}
        assert [name for name, count in counts.items() if count < ROWS - 2] == []

    def test_no_request_asks_the_same_in_a_loop(self, full_server: Server) -> None:
        """As many statements for many rows as for one."""
        counts = []
        with full_server.client() as api, Tables(full_server.database_url) as tables:
            api.sign_up("grace@example.com")
            headers = bearer(api.sign_in("grace@example.com"))
            for platforms in (1, 30):
                tables.run(CONNECT, platforms)
                with asked(full_server.app.parts.database) as seen:
                    profile = api.call("users.profile", headers=headers).json()["data"]
                assert len(profile["socialAccounts"]) == platforms
                counts.append(len(seen))
        assert counts[0] == counts[1] <= 4
