"""Creators whom the search may find, as many as one likes, made by the database alone.

Names are put together from syllables, some of which are far more frequent than others, so that folding has nothing to
do and the database can write what the code would have written.
"""

import psycopg
from psycopg import sql

INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'creator_search' AND indexname NOT LIKE 'pk%'"
SYLLABLES = "'{ma,ri,lo,ka,ne,to,sa,vi,an,el,dor,min,tas,ber,gul,osk,pel,yur,zan,fir}'::text[]"
POOLS = f"""
CREATE TEMP TABLE syllables AS SELECT word, n FROM unnest({SYLLABLES}) WITH ORDINALITY AS s (word, n);
CREATE TEMP TABLE names AS
    SELECT row_number() OVER (ORDER BY a.n + b.n, a.n) AS n, a.word || b.word AS word, 1 AS kind
    FROM syllables a, syllables b
    UNION ALL
    SELECT row_number() OVER (ORDER BY a.n + b.n + c.n, a.n, b.n), a.word || b.word || c.word, 2
    FROM syllables a, syllables b, syllables c;
CREATE TEMP TABLE parts AS
    SELECT n, kind, word, tier, ARRAY(
        SELECT tier || substr(word, at, 3) FROM generate_series(1, length(word) - 2) at
        UNION SELECT tier || '~' || word WHERE length(word) < 8
        UNION SELECT tier || '~' || overlay(word PLACING '' FROM at FOR 1) FROM generate_series(1, length(word)) at
            WHERE length(word) < 8
        UNION SELECT tier || '<' || length(word) || '.' || left(word, (length(word) - 1) / 2) WHERE length(word) > 7
        UNION SELECT tier || '>' || length(word) || '.' || right(word, (length(word) - 1) / 2) WHERE length(word) > 7
    ) AS grams
    FROM names, generate_series(0, 3) tier;
CREATE UNIQUE INDEX ON parts (kind, n, tier);
CREATE TEMP TABLE said AS
    SELECT bio, place, 1 + floor(power(random(), 4) * 8000) AS n
    FROM generate_series(1, 3000) bio, generate_series(1, 16) place;
CREATE TEMP TABLE bios AS
    SELECT bio, tier, string_agg(format('''%s%s'':%s', tier, word, 20 + place), ' ')::tsvector AS words
    FROM said JOIN names ON kind = 2 AND names.n = said.n, generate_series(0, 3) tier GROUP BY bio, tier;
CREATE UNIQUE INDEX ON bios (bio, tier);
ANALYZE parts; ANALYZE bios
"""  # noqa: S608 - a constant of this file
PLATFORMS = "'{INSTAGRAM,YOUTUBE,TIKTOK,TWITCH,SPOTIFY,X,SOUNDCLOUD,PATREON}'::text[]"
ROWS = f"""
INSERT INTO creator_search
    (creator_id, user_id, username, document, folded, grams, facets, tier, updated_at, total_messages, total_followers,
    avg_rating, rating_count, level, card)
SELECT gen_random_uuid(), gen_random_uuid(), first.word || '.' || last.word || one.n,
    format(
        '''%1$s%2$s'':1A,4B ''%1$s%3$s'':5B ''%1$s%3$s%4$s'':2A ''%1$s%2$s%3$s%4$s'':3A '
        '''%1$s%5$s'':6C ''%1$s%6$s'':7C',
        one.tier, first.word, last.word, one.n, lower(one.platform), one.category
    )::tsvector || bios.words,
    format('%1$s %2$s%3$s %1$s%2$s%3$s %1$s %2$s', first.word, last.word, one.n),
    first.grams || last.grams,
    ARRAY(SELECT format('%s/%s/%s', one.platform, category, kind)
        FROM unnest(ARRAY['', one.category]) category, unnest(ARRAY['', one.kind]) kind),
    one.tier, now() - one.n * interval '1 s', 10000000 / one.n, one.n % 1000, (one.n % 40) / 10.0 + 1,
    one.n % 90, 'GOLD',
    jsonb_build_object('id', gen_random_uuid(), 'userId', gen_random_uuid(), 'username', first.word || one.n,
        'displayName', first.word || ' ' || last.word, 'avatarUrl', NULL,
        'bio', repeat('word ', 32), 'dmType', one.kind,
        'dmPrice', NULL, 'dmActive', true, 'platforms', ARRAY[one.platform], 'categories', ARRAY[one.category])
FROM (
    SELECT n, CASE WHEN n <= 1000 THEN 0 WHEN n <= 11000 THEN 1 WHEN n <= 111000 THEN 2 ELSE 3 END AS tier,
        1 + floor(power(random(), 3) * 400) AS first, 1 + floor(power(random(), 2) * 8000) AS last,
        1 + floor(random() * 3000) AS bio,
        CASE WHEN n % 5000 = 0 THEN 'RARE' ELSE ({PLATFORMS})[1 + floor(power(random(), 2) * 8)] END AS platform,
        'category' || floor(power(random(), 2) * 30) AS category,
        (ARRAY['FREE', 'SINGLE_PAY', 'PER_MESSAGE'])[1 + floor(random() * 3)] AS kind
    FROM generate_series(1, COUNT) n
) one
JOIN parts first ON first.kind = 1 AND first.n = one.first AND first.tier = one.tier
JOIN parts last ON last.kind = 2 AND last.n = one.last AND last.tier = one.tier
JOIN bios ON bios.bio = one.bio AND bios.tier = one.tier
"""  # noqa: S608 - a constant of this file


def fill(url: str, creators: int) -> None:
    """Into an empty table. No account stands behind a row."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '256MB'")
        connection.execute("ALTER TABLE creator_search SET UNLOGGED")
        indexes = connection.execute(INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        for statement in POOLS.split(";\n"):
            connection.execute(statement.encode())
        connection.execute(ROWS.replace("COUNT", str(creators)).encode())
        for _, definition in indexes:
            connection.execute(definition.encode())
        connection.execute("VACUUM ANALYZE creator_search")
