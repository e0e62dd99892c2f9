-- Rows just read that another version of the same record beats: by stamp, then by the greater text of the whole row.
-- Equal rows count once; the first file and line keeps. Where neither row has a stamp the row just read beats the
-- mirror's, for nothing else says which is newer; so does one from a file without any column of stamps, and one of equal
-- stamp that says more (is_fuller): from a file with a column of which the mirror may have older values or none, or read
-- from the CRM just now.
-- Beside the header's tables: landed and before, the rows read and the previous mirror of one object, as name, stamp
-- and record, and stamped, the rows read as name and stamp; the stage supplies them.
-- in: reject
WITH contested AS (
    SELECT name FROM stamped GROUP BY name HAVING count(*) > 1
),
placed AS (
    SELECT file, line, row_number() OVER (PARTITION BY name
        ORDER BY stamp DESC NULLS LAST, CAST(record AS VARCHAR) DESC, file, line) AS place
    FROM landed SEMI JOIN contested USING (name)
),
beaten AS (
    SELECT l.file, l.line
    FROM landed l
    JOIN before b ON b.name = l.name
    WHERE CASE
        WHEN b.stamp IS NULL OR l.is_unstamped THEN false
        WHEN l.stamp IS NULL THEN true
        WHEN b.stamp <> l.stamp THEN b.stamp > l.stamp
        WHEN l.is_fuller THEN false
        WHEN b.record IS NOT DISTINCT FROM l.record THEN false -- most rows: text is made only of those that differ
        ELSE CAST(b.record AS VARCHAR) > CAST(l.record AS VARCHAR)
    END
)
SELECT file, line FROM placed WHERE place > 1
UNION
SELECT file, line FROM beaten
