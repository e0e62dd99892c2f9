-- Every record without entity: one reason, and the best candidate it did not get. What a change would do follows later:
-- see unmatched_all.sql.
-- in: mapping, proposal, reason
-- out: unmatched
-- values: $threshold BIGINT
SELECT m.object, m.crm_id, m.reason, r.field, p.best_entity_id, p.best_weight, p.best_probability, p.second_entity_id,
    CASE WHEN m.reason NOT IN ('decided_none', 'vetoed') AND p.best_probability IS NOT NULL
        THEN CAST(greatest(CAST(CAST($threshold AS DECIMAL(18,0)) / 1000000 AS DECIMAL(9,6)) - p.best_probability, 0)
            AS DECIMAL(9,6)) END AS short_by,
    NULL::VARCHAR[] AS change_fields, NULL::VARCHAR[] AS change_values, NULL::DECIMAL(9,6) AS change_probability,
    NULL::VARCHAR AS change_entity_id, NULL::VARCHAR AS next_step
FROM mapping m
LEFT JOIN proposal p ON p.object = m.object AND p.crm_id = m.crm_id
LEFT JOIN reason r ON r.object = m.object AND r.crm_id = m.crm_id
WHERE m.entity_id IS NULL
