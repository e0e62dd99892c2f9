-- How many live records were there before this import, how many of them it newly lacks, and how many records it marks as
-- missing, those among them that had been deleted before.
-- Beside the header's tables: before and after, the mirror of one object.
-- in: reject
SELECT count(*) FILTER (NOT coalesce(b.IsDeleted, false)) AS known,
    count(*) FILTER (a.missing_since IS NOT NULL AND NOT coalesce(b.IsDeleted, false)) AS missing,
    count(*) FILTER (a.missing_since IS NOT NULL) AS marked
FROM before b
JOIN after a ON a.name = b.name
WHERE b.missing_since IS NULL
