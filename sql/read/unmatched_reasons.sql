-- Why live records have no entity, with the next step, and how many missed the threshold by little.
-- in: unmatched
-- values: $near DOUBLE
SELECT object, reason, coalesce(next_step, ''), count(*) AS records,
    count(*) FILTER (short_by < CAST($near AS DECIMAL(9,6)) AND reason = 'below_threshold') AS near
FROM unmatched
WHERE reason NOT IN ('person_account', 'deleted', 'merged', 'converted')
GROUP BY ALL
ORDER BY object, records DESC, reason, 3
