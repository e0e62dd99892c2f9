-- How the records that were there before and still are have changed, as counts by column:
--   both       records compared
--   filled     values there before; lost: those of them that are empty now and have not moved to another column
--   special    texts with a letter beyond ASCII before; questioned: those that now have question marks in their place
--   displaced  records of which a column gave its value away and took another column's in turn. That columns only give,
--              as when an address is copied or moved, is no displacement.
--   moved      of those, by column that took (field) and column that gave (other)
-- Beside the header's tables: pair, one row per record with name and four lists of equal length: fields, whether they are texts,
-- and their values old and new.
-- in: reject
WITH cell AS MATERIALIZED (
    SELECT name, field, is_text, old, new
    FROM (SELECT name, unnest(fields) AS field, unnest(texts) AS is_text, unnest(old) AS old, unnest(new) AS new FROM pair)
    WHERE old IS NOT NULL OR new IS NOT NULL
),
changed AS MATERIALIZED (
    SELECT name, field, old, new FROM cell WHERE is_text AND old IS DISTINCT FROM new
),
taken AS MATERIALIZED (
    SELECT took.name, took.field AS taker, gave.field AS giver, gave.old IS DISTINCT FROM gave.new AS moved
    FROM changed took
    JOIN cell gave ON gave.name = took.name AND gave.old = took.new AND gave.field <> took.field AND gave.is_text
),
displaced AS MATERIALIZED (
    SELECT DISTINCT one.name FROM taken one JOIN taken other ON other.name = one.name AND other.taker = one.giver
    WHERE one.moved
),
counted AS (
    SELECT field, count(old) AS filled, count(old) FILTER (new IS NULL AND giver IS NULL) AS lost,
        count(*) FILTER (is_text AND strlen(old) > length(old)) AS special,
        count(*) FILTER (is_text AND strlen(old) > length(old) AND contains(new, '?') AND new IN (
            regexp_replace(old, '[^\x00-\x7F]', '?', 'g'), regexp_replace(old, '[^\x00-\x7F]', '??', 'g'))) AS questioned
    FROM cell
    LEFT JOIN (SELECT DISTINCT name, giver FROM taken WHERE moved) gone ON gone.name = cell.name AND gone.giver = cell.field
    GROUP BY field
)
SELECT 'both' AS measure, '' AS field, '' AS other, count(*) AS records FROM pair
UNION ALL SELECT 'filled', field, '', filled FROM counted
UNION ALL SELECT 'lost', field, '', lost FROM counted
UNION ALL SELECT 'special', field, '', special FROM counted
UNION ALL SELECT 'questioned', field, '', questioned FROM counted
UNION ALL SELECT 'displaced', '', '', count(*) FROM displaced
UNION ALL SELECT 'moved', taker, giver, count(DISTINCT name) FROM taken SEMI JOIN displaced USING (name) GROUP BY taker, giver
ORDER BY measure, records DESC, field, other
