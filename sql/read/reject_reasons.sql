-- The most frequent reasons for which rows were rejected, for the message of a run that stops on them.
-- in: reject
SELECT object, coalesce("column", ''), reason, count(*) AS records
FROM reject
GROUP BY ALL
ORDER BY records DESC, object, 2, reason
LIMIT 3
