-- Rows that could not be used, by reason.
-- in: reject
SELECT object, coalesce("column", ''), reason, count(*) AS records, count(DISTINCT file) AS files
FROM reject
GROUP BY ALL
ORDER BY records DESC, object, 2, reason
