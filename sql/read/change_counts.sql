-- Rows of the log of changes by table and cause.
-- in: change
SELECT table_name, cause, count(*) FILTER (kind = 'added'), count(*) FILTER (kind = 'removed'), count(*) FILTER (kind = 'changed')
FROM change
GROUP BY table_name, cause
ORDER BY table_name, cause
