-- How many live records have a weight of so many bits: of the entity they have, or of the best one they were refused.
-- in: mapping, unmatched
WITH best AS (
    SELECT object, CASE WHEN status = 'duplicate' THEN 'duplicate' ELSE 'matched' END AS status, weight
    FROM mapping
    WHERE entity_id IS NOT NULL AND status IN ('matched', 'decided', 'duplicate') AND weight IS NOT NULL
    UNION ALL
    SELECT object, 'unmatched', best_weight
    FROM unmatched
    WHERE reason NOT IN ('person_account', 'deleted', 'merged', 'converted') AND best_weight IS NOT NULL
)
SELECT object, status, CAST(floor(weight / 1000) AS BIGINT) AS bits, count(*) AS records
FROM best
GROUP BY ALL
ORDER BY object, status, bits
