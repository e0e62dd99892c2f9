-- How the records that were there before and still are have changed, as counts by column:
--   both       records compared
--   filled     values there before; lost: those of them that are empty now
--   special    texts with a letter beyond ASCII before; questioned: those that now have question marks in their place
--   displaced  records of which a column gave its value to another one and took a third one's (or the same one's) in
--              turn. One column that only gives, as when an address is copied or moved, is no displacement.
--   moved      of those, by column that took (field) and column that gave (other)
-- Beside the header's tables: pair, one row per record with name and cells (field, is_text, old and new).
-- in: reject
WITH cell AS MATERIALIZED (
    SELECT name, c.field AS field, c.is_text AS is_text, c.old AS old, c.new AS new
    FROM (SELECT name, unnest(cells) AS c FROM pair)
    WHERE c.old IS NOT NULL OR c.new IS NOT NULL
),
changed AS MATERIALIZED (
    SELECT name, field, old, new FROM cell WHERE is_text AND old IS DISTINCT FROM new
),
handed AS MATERIALIZED (
    SELECT took.name, took.field AS taker, gave.field AS giver
    FROM changed took
    JOIN changed gave ON gave.name = took.name AND gave.old = took.new AND gave.field <> took.field
),
displaced AS MATERIALIZED (
    SELECT DISTINCT one.name FROM handed one JOIN handed other ON other.name = one.name AND other.giver = one.taker
),
counted AS (
    SELECT field, count(old) AS filled, count(old) FILTER (new IS NULL) AS lost,
        count(*) FILTER (is_text AND strlen(old) > length(old)) AS special,
        count(*) FILTER (is_text AND strlen(old) > length(old) AND contains(new, '?') AND new IN (
            regexp_replace(old, '[^\x00-\x7F]', '?', 'g'), regexp_replace(old, '[^\x00-\x7F]', '??', 'g'))) AS questioned
    FROM cell
    GROUP BY field
)
SELECT 'both' AS measure, '' AS field, '' AS other, count(*) AS records FROM pair
UNION ALL SELECT 'filled', field, '', filled FROM counted
UNION ALL SELECT 'lost', field, '', lost FROM counted
UNION ALL SELECT 'special', field, '', special FROM counted
UNION ALL SELECT 'questioned', field, '', questioned FROM counted
UNION ALL SELECT 'displaced', '', '', count(*) FROM displaced
UNION ALL SELECT 'moved', taker, giver, count(DISTINCT name) FROM handed SEMI JOIN displaced USING (name) GROUP BY taker, giver
ORDER BY measure, records DESC, field, other
