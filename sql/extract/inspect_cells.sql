-- What the values of one object look like, column by column: how many there are; how many have not the shape of their
-- column; how many texts hold a letter beyond ASCII, or a mark that stands where one should; and how many of those are
-- broken: UTF-8 that was read as Latin-1 or Windows-1252, a replacement character, a question mark inside a word.
-- A text is broken in the first way only if all of it would be UTF-8 again, so a name such as CAFÉ is none.
-- Beside the header's tables: cell, the values as field, shape and value.
-- in: reject
WITH marked AS (
    SELECT field, value, shape,
        strlen(value) > length(value) AS special,
        shape = 'word' AND contains(value, '?') AND regexp_matches(value, '(^|[A-Za-z\x{80}-\x{10FFFF}])[?]+[A-Za-z\x{80}-\x{10FFFF}]') AS questioned
    FROM cell
    WHERE value IS NOT NULL
),
judged AS (
    SELECT field, special, questioned,
        CASE shape
            WHEN 'email' THEN NOT contains(value, '@')
            WHEN 'web' THEN NOT contains(value, '.')
            WHEN 'phone' THEN contains(value, '@') OR NOT regexp_matches(value, '[0-9][^0-9]*[0-9][^0-9]*[0-9]')
            WHEN 'postal' THEN contains(value, '@') OR NOT regexp_matches(value, '[0-9]')
            WHEN 'range' THEN NOT regexp_matches(value, '[0-9]')
            -- a page's address, a record Id, a date, or a number of four digits or more
            WHEN 'word' THEN contains(value, '@') OR contains(value, '://') OR regexp_matches(value,
                '^(?:[wW]{3}[.]|00[0-9a-zA-Z]{13}(?:[0-9a-zA-Z]{3})?$|[0-9]{4}-[0-9]{2}-[0-9]{2}|[-+()/. ]*(?:[0-9][-+()/. ]*){4,}$)')
            ELSE false
        END AS misfit,
        questioned OR special AND (contains(value, chr(65533)) OR regexp_full_match(value,
            '(?s)([\x00-\x7F]|[Â-ß][\x{80}-\x{BF}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]'
            || '|[à-ï][\x{80}-\x{BF}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{2}'
            || '|[ð-ô][\x{80}-\x{BF}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{3})*')) AS broken
    FROM marked
)
SELECT field, count(*) AS filled, count(*) FILTER (misfit) AS misfits, count(*) FILTER (special OR questioned) AS specials,
    count(*) FILTER (broken) AS broken
FROM judged
GROUP BY field
ORDER BY field
