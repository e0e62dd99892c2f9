-- The best candidates of one record, with what each comparison gave.
-- in: candidate
-- values: $crm_id TEXT
SELECT rank, entity_id, weight, CAST(probability AS DOUBLE), coalesce(rule, ''), coalesce(candidates, 0),
    coalesce(prior, 0), CAST(levels AS BIGINT[]), CAST(weights AS BIGINT[]), CAST(frequencies AS BIGINT[])
FROM candidate
WHERE crm_id = $crm_id
ORDER BY rank
