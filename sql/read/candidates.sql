-- The best candidates of one record.
-- in: candidate
-- values: $crm_id TEXT
SELECT rank, entity_id, weight, CAST(probability AS DOUBLE), coalesce(rule, ''), coalesce(candidates, 0)
FROM candidate
WHERE crm_id = $crm_id
ORDER BY rank
