-- Rows of the directory's files that repeat an id of another row, now and at the last publication.
-- in: extract_log, previous_extract_log
SELECT object, sum(rows_in) FILTER (now)::BIGINT, sum(superseded) FILTER (now)::BIGINT,
    coalesce(sum(rows_in) FILTER (NOT now), 0)::BIGINT, coalesce(sum(superseded) FILTER (NOT now), 0)::BIGINT
FROM (
    SELECT object, rows_in, superseded, true AS now FROM extract_log
    UNION ALL
    SELECT object, rows_in, superseded, false FROM previous_extract_log
)
WHERE object IN ('company', 'member')
GROUP BY object
HAVING count(*) FILTER (now) > 0
ORDER BY object
