"""Accounts in bulk that differ in all that staff searches by."""

from datetime import UTC, datetime
from uuid import UUID

SOMEBODY = UUID(int=7)
BASE = datetime(2026, 1, 1, tzinfo=UTC)


def mixed(rows: int) -> str:
    """Statements that make so many accounts, a minute between two of them, some with a profile, twenty of the staff.

    The rare country is of the oldest alone, and who was erased did not sign in since: what goes together is what a plan
    by averages is worst at.
    """
    return f"""
INSERT INTO users (id, email, username, referral_code, status, registration_country, two_factor_secret,
                   two_factor_enabled, created_at, last_login_at, phone)
SELECT CASE WHEN n = 7 THEN '{SOMEBODY}'::uuid ELSE gen_random_uuid() END, 'u' || n || '@example.com',
       substr(md5(n::text), 1, 15), 'R' || n,
       CASE WHEN n % 20 = 0 THEN 'DELETED' WHEN n % 100 = 1 THEN 'BANNED' WHEN n % 1000 = 2 THEN 'SUSPENDED'
            WHEN n % 25 = 3 THEN 'DEACTIVATED' ELSE 'ACTIVE' END,
       CASE WHEN n > {rows} - 300 THEN 'IS' WHEN n % 10 < 5 THEN 'TR' WHEN n % 10 < 8 THEN 'DE'
            WHEN n % 100 = 8 THEN 'PT' END,
       CASE WHEN n % 40 = 4 THEN 'sealed' END, n % 40 = 4,
       timestamptz '{BASE}' - n * interval '1 minute',
       CASE WHEN n % 20 <> 0 AND n % 5 <> 2
            THEN timestamptz '{BASE}' - (n * 7919::bigint % {rows}) * interval '1 minute' END,
       CASE WHEN n % 50 = 6 THEN '+90555' || n END
FROM generate_series(1, {rows}) n;
INSERT INTO creator_profiles (id, user_id) SELECT gen_random_uuid(), id FROM users WHERE username LIKE '_0%';
INSERT INTO staff_roles (user_id, role, reason) SELECT id, 'SUPPORT', 'hired' FROM users ORDER BY id LIMIT 20
"""  # noqa: S608 - numbers
