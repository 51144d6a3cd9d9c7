"""Usernames that nobody may take, and an audit trail that nobody may change."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Paths of the site, roles that people trust, names of mail accounts (RFC 2142), and words that would mislead.
RESERVED = """
abuse about academy access account accounts activate activity ad add admin administration administrator admins ads
advertise affiliate affiliates agent ai ajax alert alerts all analytics android anonymous anyone api apis app apple
apps appeal appeals archive article articles asset assets atom audit auth authentication authorize autoconfig
autodiscover avatar backend backup ban banned bank banking beta bill billing bin bio biore bio.re blog blogs board bot
bots broadcasthost bug bugs business button buy cache calendar campaign cancel captcha careers cart category cdn ceo
chat checkout client code collections comment comments community company config connect console contact contest
content copyright core corp coupon create creator creators credit css customer customers cs dashboard data db
deactivate debug default delete deleted demo deploy desktop dev developer developers devs direct discover dm dms dns
docs documentation domain donate download downloads edit editor education email emails embed employee enterprise error
errors escrow event events everyone example explore export facebook faq faqs favicon favicon.ico features feed
feedback feeds file files finance follow follower followers following forgot form forum forums free ftp fund gdpr gift
git google graphql group groups guest guide guides guest health help helpdesk hidden home homepage host hostmaster
hosting hotline html http https humans.txt image images imap img import imprint index info instagram internal investor
investors invite invoice ios ip is it jobs join js json kyc language languages legal license link links list lists
live llms.txt load local localhost locale locales log login logout logs mail mailbox mailer-daemon mailerdaemon
maintenance manager marketing master me media member members message messages messaging metrics mobile mod moderation
moderator moderators money mx my myself name network new news newsletter nobody noc none no-reply noreply notification
notifications notify ns ns1 ns2 null oauth oauth2 offer official offline ok onboarding openapi operator order orders
org owner package packages page pages partner partners password passwords pay payment payments payout payouts paypal
phone photo photos php ping pinned platform plans policy pop pop3 popular portal post postmaster posts premium press
preview pricing privacy private prize pro product products profile profiles promo promotion proxy public purchase push
query readme receipt recover redirect ref referral referrals refund register registration reject release remove
replies report reports request reset restricted review reviews robots robots.txt root rss rules sale sales sandbox
save schema script search secure security security.txt sell send server service services session sessions settings
setup share shop signin signout signup sitemap sitemap.xml site sites sms smtp social spam spotify sql ssh ssl staff
staging stage start starttls stat static statistics stats status store stream stripe studio style sub subscribe
subscriber subscribers subscription subscriptions suggest super superadmin superuser support suspended svg swagger sys
sysadmin sysop system tag tags tax team teams telegram templates terms test tester testing tests theme themes ticket
tickets tiktok tls token tokens tool tools top topic topics tos trending trial trust twitch twitter undefined unfollow
unsubscribe update upgrade upload uploads usenet user username users uucp vendor verification verified verify video
videos vip voucher void wallet wallets web webhook webhooks webmail webmaster website welcome well-known whatsapp
whois widget widgets wiki wpad write ws www www1 www2 x xml xmpp you your yourself youtube
""".split()  # noqa: SIM905 - a list of this length reads as a text

APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$
"""


def upgrade() -> None:
    table = sa.table("reserved_usernames", sa.column("username", sa.Text))
    op.bulk_insert(table, [{"username": name} for name in sorted(set(RESERVED))])
    op.execute(APPEND_ONLY)
    op.execute(
        "CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE ON audit_logs "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER audit_logs_append_only ON audit_logs")
    op.execute("DROP FUNCTION refuse_change()")
    op.execute("DELETE FROM reserved_usernames")
