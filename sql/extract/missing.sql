-- How many records were there before this import, and how many of them it newly lacks. Deleted ones had gone before.
-- Beside the header's tables: before and after, the mirror of one object.
-- in: reject
SELECT count(*) AS known, count(*) FILTER (a.missing_since IS NOT NULL) AS missing
FROM before b
JOIN after a ON a.name = b.name
WHERE b.missing_since IS NULL AND NOT coalesce(b.record.IsDeleted, false)
