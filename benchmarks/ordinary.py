"""Every GET of the contract that is no act, each in one row: 16 connections, 5 000 sessions of 100 000 people.

On the same core, in turn: ours, and the same SQL by hand on Starlette and psycopg. fastapi-users' ``/users/me`` is what
all of them are compared with. Everything is on. What an operation asks the database is read off the operation itself,
and a new GET is measured by itself; one with an id in its path needs a line in ``URLS``, or the benchmark fails. What
shared caches may keep (``x-biore-cache``) is the same for everybody, so more is asked of it, and it is measured once
more by callers who have it already and are told so by a 304. A link of a mail that does something is no reading.
"""

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import Any
from uuid import UUID

import httpx
import jwt
import psycopg
from starlette.testclient import TestClient

from benchmarks.load import Load, Request, Script
from benchmarks.me import FASTAPI_USERS, RATE, rival_tokens
from benchmarks.peers import SECRET, Mine
from benchmarks.people import access_tokens, configure, settle
from benchmarks.report import Row, Target, compared, ratio_at_least, row
from benchmarks.stand import Stand
from contract.loader import Contract, load
from contract.policy import Policy
from domain.clock import utc_now
from runtime.settings import Settings
from runtime.web.app import Application
from services.keyring import Keyring
from services.urls.previews import Previews
from tests.processes.biore import SECRET as OUR_SECRET
from tests.statements import asked

NAME = "ordinary"
ACCOUNTS, SESSIONS = 100_000, 5_000
ROUNDS, SECONDS, WARM_UP = 2, 3, 1
BY_HAND = "the same SQL by hand"
MEASURED = {"public", "user", "creator"}  # staff is few, and its lists have a part of their own
TIMES_FASTAPI_USERS, TIMES_BY_HAND = 4.0, 0.8
TIMES_KEPT, TIMES_UNCHANGED = 5.0, 7.0
LARGE = {"i18n.translations.bundle"}  # more than 5 000 texts in one answer: told, not judged
# What the pages of so many accounts show. Rows that are named in a path have the id of their account.
ROWS = """
UPDATE sessions SET confirmed_at = now() + interval '1 hour';
INSERT INTO user_settings (id, user_id, locale) SELECT gen_random_uuid(), user_id, 'en' FROM {some};
INSERT INTO consent_records (id, user_id, kind, granted, version)
    SELECT gen_random_uuid(), user_id, kind, true, '1.0' FROM {some}, unnest(ARRAY['tos', 'privacy']) AS kind;
INSERT INTO block_list (id, owner_id, blocked_id)
    SELECT gen_random_uuid(), user_id, other.id FROM {some}, (SELECT id FROM users ORDER BY id LIMIT 3) AS other
    WHERE other.id <> user_id;
INSERT INTO creator_profiles (id, user_id) SELECT user_id, user_id FROM {some};
INSERT INTO bio_pages (id, creator_id, template_id, bio)
    SELECT user_id, user_id, (SELECT id FROM bio_templates ORDER BY sort_order LIMIT 1), 'Notes on engines.'
    FROM {some};
INSERT INTO bio_links (id, page_id, title, url, sort_order)
    SELECT gen_random_uuid(), user_id, 'Link ' || n, 'https://shop.example.com/' || n, n
    FROM {some}, generate_series(1, 10) AS n;
INSERT INTO social_accounts (id, user_id, platform, platform_user_id, verified)
    SELECT gen_random_uuid(), user_id, platform, user_id || platform, true
    FROM {some}, unnest(ARRAY['instagram', 'x']) AS platform;
INSERT INTO uploads (id, user_id, kind, key, provider, content_type, max_bytes, status, expires_at)
    SELECT user_id, user_id, 'avatar', user_id::text, 'local', 'image/png', 1, 'STORED', now() FROM {some};
INSERT INTO gdpr_requests (id, user_id, kind, status, completed_at)
    SELECT user_id, user_id, 'EXPORT', 'COMPLETED', now() FROM {some};
INSERT INTO data_exports (id, request_id, user_id, key, provider, size, expires_at)
    SELECT user_id, user_id, user_id, user_id::text, 'local', 1, now() + interval '1 day' FROM {some};
INSERT INTO challenges (id, purpose, phone, phone_hash, code_hash, sent_at, expires_at)
    SELECT user_id, 'verify-phone-fan', '+905551112299', decode(md5(user_id::text), 'hex'), '', now(),
           now() + interval '1 hour' FROM {some};
INSERT INTO content_categories (id, kind, slug, name)
    SELECT md5(kind || n)::uuid, kind, kind || '-' || n, 'Category ' || n
    FROM unnest(ARRAY['blog', 'help', 'faq']) AS kind, generate_series(1, 6) AS n;
INSERT INTO content_entries (id, kind, slug) SELECT md5(kind || n)::uuid, kind, kind || '-' || n
    FROM unnest(ARRAY['announcement', 'article', 'faq', 'legal', 'page', 'post']) AS kind, generate_series(1, 100) AS n;
INSERT INTO content_revisions (entry_id, number, source)
    SELECT id, 1, jsonb_build_object('title', 'Title', 'html', repeat('<p>Words to read.</p>', 50))
    FROM content_entries WHERE kind = 'page';
INSERT INTO publications (id, entry_id, revision, kind, slug, locale, title, excerpt, html, folded, type,
                          category_ids, published_at, updated_at, shown_from, sanitizer_version, label)
    SELECT gen_random_uuid(), e.id, 1, e.kind,
           CASE e.slug WHEN 'legal-1' THEN 'privacy' WHEN 'legal-2' THEN 'terms' ELSE e.slug END,
           'en', 'Title of ' || e.slug, 'In short.', repeat('<p>Words to read.</p>', 50), 'words to read', 'INFO',
           array_remove(ARRAY[c.id], NULL), at, at, at, 1, '1.0'
    FROM (SELECT *, now() - interval '1 day' AS at FROM content_entries) e
    LEFT JOIN content_categories c
        ON c.slug = CASE e.kind WHEN 'post' THEN 'blog-1' WHEN 'article' THEN 'help-1' WHEN 'faq' THEN 'faq-1' END;
INSERT INTO languages (code, name, native_name, is_rtl) VALUES ('de', 'German', 'Deutsch', false)
    ON CONFLICT (code) DO NOTHING;
INSERT INTO translations (locale, namespace, key, text, status, origin)
    SELECT 'de', 'measured', 'key_' || n, 'Ein Text mit der Nummer ' || n, 'APPROVED', 'STAFF'
    FROM generate_series(1, 5000) AS n;
INSERT INTO wallets (id, user_id, type, currency) SELECT user_id, user_id, 'FAN', 'USD' FROM {some};
INSERT INTO payments (id, wallet_id, amount, currency, status, provider, return_url, expires_at, paid_at)
    SELECT user_id, user_id, 2500, 'USD', 'PAID', 'sandbox', '', now(), now() FROM {some};
INSERT INTO tickets (id, user_id, subject, status, priority, updated_at)
    SELECT user_id, user_id, 'A question', 'OPEN', 'MEDIUM', now() FROM {some};
INSERT INTO ticket_messages (id, ticket_id, author_type, author_id, content)
    SELECT gen_random_uuid(), user_id, 'USER', user_id, 'How do I do this?' FROM {some}, generate_series(1, 3);
VACUUM ANALYZE
"""
PREVIEWED = UUID(bytes=md5(b"page1", usedforsecurity=False).digest())
SOME = "(SELECT user_id FROM sessions WHERE revoked_at IS NULL ORDER BY id LIMIT {count}) AS them"
PEOPLE = """
SELECT user_id, s.id, username FROM sessions s JOIN users u ON u.id = user_id
WHERE revoked_at IS NULL ORDER BY s.id LIMIT %s
"""


@dataclass(frozen=True)
class Person:
    """``token`` is ours, ``theirs`` that of the rival."""

    user_id: UUID
    session_id: UUID
    username: str
    number: int
    token: str
    theirs: str


def _own(name: str) -> Callable[[str, Person], str]:
    """A row in the path that has the id of its account."""
    return lambda path, person: path.replace(f"{{{name}}}", str(person.user_id))


def _page(path: str, person: Person) -> str:
    return path.replace("{username}", person.username)


def _preview(path: str, _: Person) -> str:
    previews = Previews(Keyring((OUR_SECRET,)).digests, utc_now)
    return path.replace("{token}", previews.sign("page", PREVIEWED, 1, utc_now() + timedelta(hours=1)))


def _called(slug: str) -> Callable[[str, Person], str]:
    return lambda path, _: path.replace("{slug}", slug)


# How the URL of an operation is made for a person, where its path alone does not do.
URLS: Mapping[str, Callable[[str, Person], str]] = {
    "auth.otp.challenge": _own("id"),
    "upload.status": _own("id"),
    "gdpr.export_status": _own("id"),
    "gdpr.export_download": _own("id"),
    "content.articles.find": _called("article-7"),
    "content.pages.find": _called("page-7"),
    "content.posts.find": _called("post-7"),
    "content.previews.find": _preview,
    "creators.bio.embed": _page,
    "creators.bio.find": _own("creatorId"),
    "creators.bio.public": _page,
    "creators.dm.find": _own("creatorId"),
    "creators.vacation.find": _own("creatorId"),
    "discover.category": lambda path, _: path.replace("{platform}", "INSTAGRAM"),
    "discover.search": lambda path, person: f"{path}?query=user{person.number}",
    "i18n.translations.bundle": lambda path, _: path.replace("{locale}", "de"),
    "i18n.translations.namespace": lambda path, _: path.replace("{locale}", "de").replace("{namespace}", "errors"),
    "support.find": _own("ticketId"),
    "themes.active": lambda path, _: f"{path}?target=CLIENT",
    "wallet.loads.find": _own("sessionId"),
    "users.usernames.check": lambda path, person: f"{path}?username=free{person.number}",
    "auth.reactivation.validate": lambda path, person: f"{path}?token={person.session_id}",
}


def measure(stand: Stand, quick: bool) -> Iterator[Row]:
    accounts, count = (1_000, 100) if quick else (ACCOUNTS, SESSIONS)
    rounds, seconds = (1, 1) if quick else (ROUNDS, SECONDS)
    contract = load()
    measured = measured_of(contract)
    with ExitStack() as stack:
        ours, rivals = stand.database(), stand.database(empty=True)
        settle(ours, accounts)
        _fill(ours, count)
        configure(ours, **{f"ratelimit.{p.operation_id}".replace(".", "__"): RATE for p in measured if p.rate})
        people = _people(ours, count)
        statements = stand.folder / "statements"
        statements.write_bytes(pickle.dumps(_by_hand(stand, contract, measured, ours, people[0])))
        origin = stack.enter_context(stand.ours(ours)).origin
        by_hand = {"PEER_DATABASE_URL": ours, "PEER_STATEMENTS": str(statements)}
        hand = stack.enter_context(stand.peer("by_hand_app", "/health", by_hand)).origin
        theirs = {"PEER_DATABASE_URL": rivals, "PEER_SECRET": SECRET}
        rival = stack.enter_context(stand.peer("fastapi_users_app", "/health", theirs)).origin
        me = [Request.bearer("/users/me", token) for token in rival_tokens(rivals, accounts, count)]
        least = _loads(stack.enter_context(Script(rival, me)), rounds, seconds)
        rates = [load.per_second for load in least]
        yield row(NAME, f"{FASTAPI_USERS}, /users/me", "requests/s", rates)
        for policy in measured:
            urls = [url_of(contract, policy, person) for person in people]
            mine = [_request(policy, url, person.token) for url, person in zip(urls, people, strict=True)]
            written = [_request(policy, url, person.theirs) for url, person in zip(urls, people, strict=True)]
            scripts = [stack.enter_context(Script(at, asks)) for at, asks in ((origin, mine), (hand, written))]
            _require_good(policy, origin + urls[0], mine[0])
            _require_good(policy, hand + urls[0], written[0])
            yield from _rows(policy, scripts, rates, rounds, seconds)
            if policy.cache is not None:
                known = stack.enter_context(Script(origin, [_unchanged(origin, url) for url in dict.fromkeys(urls)]))
                told = [load.per_second for load in _loads(known, rounds, seconds)]
                base = row(NAME, f"{policy.operation_id}, 304", "requests/s", told)
                yield compared(base, told, FASTAPI_USERS, rates, ratio_at_least(TIMES_UNCHANGED))


def measured_of(contract: Contract) -> Sequence[Policy]:
    """What can be asked again and again: each GET that does nothing, or nothing after the first time."""
    gets = [policy for policy in contract.policies.values() if policy.method == "get" and policy.scope in MEASURED]
    return [policy for policy in gets if all(effect.conditional for effect in policy.side_effects)]


def _loads(script: Script, rounds: int, seconds: float) -> Sequence[Load]:
    script.run(WARM_UP)
    return [script.run(seconds) for _ in range(rounds)]


def _rows(
    policy: Policy, scripts: Sequence[Script], least: Sequence[float], rounds: int, seconds: float
) -> Iterator[Row]:
    for script in scripts:
        script.run(WARM_UP)
    loads = [[script.run(seconds) for script in scripts] for _ in range(rounds)]
    ours, hand = ([load.per_second for load in column] for column in zip(*loads, strict=True))
    base = row(NAME, policy.operation_id, "requests/s", ours)

    def judged(other: str, rates: Sequence[float], bound: Target | None) -> Row:
        return compared(base, ours, other, rates, bound)

    times = TIMES_FASTAPI_USERS if policy.cache is None else TIMES_KEPT
    yield judged(FASTAPI_USERS, least, None if policy.operation_id in LARGE else ratio_at_least(times))
    yield judged(BY_HAND, hand, ratio_at_least(TIMES_BY_HAND))


def url_of(contract: Contract, policy: Policy, person: Person) -> str:
    path = contract.base_path + policy.path
    made = URLS[policy.operation_id](path, person) if policy.operation_id in URLS else path
    if "{" in made:
        raise RuntimeError(f"{policy.operation_id}: say in URLS of benchmarks/ordinary.py what stands in its path")
    return made


def _request(policy: Policy, url: str, token: str) -> Request:
    return Request(url) if policy.scope == "public" else Request.bearer(url, token)


def _unchanged(origin: str, url: str) -> Request:
    """Of who has the answer already."""
    headers = {"If-None-Match": httpx.get(origin + url, trust_env=False).headers["etag"]}
    answer = httpx.get(origin + url, headers=headers, trust_env=False)
    if answer.status_code != 304:
        raise RuntimeError(f"{url} answers {answer.status_code} to who has it: {answer.text[:300]}")
    return Request(url, headers=headers)


def _require_good(policy: Policy, url: str, request: Request) -> None:
    answer = httpx.get(url, headers=dict(request.headers or {}), trust_env=False)
    if answer.status_code != 200:
        raise RuntimeError(f"{policy.operation_id} answers {answer.status_code}: {answer.text[:300]}")


def _fill(database_url: str, count: int) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in ROWS.replace("{some}", SOME.format(count=count)).split(";\n"):
            connection.execute(statement.encode())


def _people(database_url: str, count: int) -> Sequence[Person]:
    with psycopg.connect(database_url) as connection:
        found = connection.execute(PEOPLE, [count]).fetchall()
    ends = datetime.now(UTC) + timedelta(hours=1)
    made = []
    for number, ((user_id, session_id, username), token) in enumerate(
        zip(found, access_tokens(database_url, count), strict=True)
    ):
        claims = {"sub": str(user_id), "sid": str(session_id), "exp": ends}
        made.append(Person(user_id, session_id, username, number, token, jwt.encode(claims, SECRET, "HS256")))
    return made


def _by_hand(
    stand: Stand, contract: Contract, policies: Sequence[Policy], database_url: str, person: Person
) -> Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]]:
    """Path -> what the operation asks the database, with names in place of what is the caller's."""
    folder = stand.folder / "by-hand"
    folder.mkdir()
    settings = Settings(
        env="production",
        data_dir=folder,
        database_url=database_url,
        secret_key=OUR_SECRET,
        cookie_domain="example.com",
    )
    application = Application(settings, database_url)
    found = {}
    with TestClient(application.asgi, base_url="http://127.0.0.1") as client:
        for policy in policies:
            url = url_of(contract, policy, person)
            request = _request(policy, url, person.token)
            with asked(application.parts.database) as seen:
                client.get(url, headers=dict(request.headers or {})).raise_for_status()
            statements = [(text, _named(values, policy, url, person)) for text, values in seen]
            found[contract.base_path + policy.path] = statements
    return found


def _named(values: Mapping[str, Any], policy: Policy, url: str, person: Person) -> dict[str, Any]:
    query = httpx.URL(url).params
    path = policy.path.partition("{")[2].partition("}")[0]
    of_the_path = person.user_id if str(person.user_id) in url else None

    def name(value: Any) -> Any:
        if value == f"{{{person.session_id.hex}}}":
            return Mine(claim="sid", form="{{{}}}")
        if value == [person.username]:
            return Mine(parameter=path, form="{{{}}}")
        if path and value == of_the_path:
            return Mine(parameter=path)
        if value == person.user_id and policy.scope != "public":
            return Mine(claim="sub")
        return next((Mine(parameter=key) for key, given in query.items() if value == given), value)

    return {key: name(value) for key, value in values.items()}
