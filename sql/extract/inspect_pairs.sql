-- How the records that were there before and still are have changed, as counts by column:
--   both       records compared
--   lost       values that are gone now and have not moved to another column
--   questioned texts with letters beyond ASCII that now have question marks in their place
--   displaced  records of which a column gave its value away and took another column's in turn. That columns only give,
--              as when an address is copied or moved, is no displacement.
--   moved      of those, by column that took (field) and column that gave (other)
-- Beside the header's tables: pair, one row per record with name and four lists of equal length: fields, whether they
-- are texts, and their values old and new.
-- in: reject
WITH cell AS MATERIALIZED (
    SELECT name, unnest(fields) AS field, unnest(texts) AS is_text, unnest(old) AS old, unnest(new) AS new
    FROM pair
    WHERE old IS DISTINCT FROM new
),
changed AS MATERIALIZED (
    SELECT * FROM cell WHERE old IS DISTINCT FROM new
),
taken AS MATERIALIZED (
    SELECT took.name, took.field AS taker, gave.field AS giver, gave.old IS DISTINCT FROM gave.new AS moved
    FROM changed took
    JOIN cell gave ON gave.name = took.name AND gave.old = took.new AND gave.field <> took.field
    WHERE took.is_text AND gave.is_text
),
displaced AS MATERIALIZED (
    SELECT DISTINCT one.name FROM taken one JOIN taken other ON other.name = one.name AND other.taker = one.giver
    WHERE one.moved
),
lost AS (
    SELECT c.field, count(*) AS records
    FROM changed c
    ANTI JOIN (SELECT name, giver AS field FROM taken WHERE moved) t ON t.name = c.name AND t.field = c.field
    WHERE c.new IS NULL
    GROUP BY c.field
)
SELECT 'both' AS measure, '' AS field, '' AS other, count(*) AS records FROM pair
UNION ALL
SELECT 'lost', field, '', records FROM lost
UNION ALL
SELECT 'questioned', '', '', count(*)
FROM changed
WHERE is_text AND strlen(old) > length(old) AND contains(new, '?') AND new IN (
    regexp_replace(old, '[^\x00-\x7F]', '?', 'g'), regexp_replace(old, '[^\x00-\x7F]', '??', 'g'))
UNION ALL
SELECT 'displaced', '', '', count(*) FROM displaced
UNION ALL
SELECT 'moved', taker, giver, count(DISTINCT name) FROM taken SEMI JOIN displaced USING (name) GROUP BY taker, giver
ORDER BY measure, records DESC, field, other
