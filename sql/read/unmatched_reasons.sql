-- Why live records have no entity, how many missed the threshold by little, and how many a change would help.
-- in: unmatched
-- values: $near DOUBLE
SELECT object, reason, coalesce(field, '') AS field, count(*) AS records,
    count(*) FILTER (short_by < CAST($near AS DECIMAL(9,6)) AND reason = 'below_threshold') AS near,
    count(change_fields) AS helped
FROM unmatched
WHERE reason NOT IN ('person_account', 'deleted', 'merged', 'converted')
GROUP BY ALL
ORDER BY object, records DESC, reason, field
