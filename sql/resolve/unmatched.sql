-- Every record without entity: one reason, and the best candidate it did not get. What a change would do follows later:
-- see unmatched_all.sql. Of records that are not live there is nothing to say but the reason.
-- in: mapping, reason
-- out: unmatched
-- values: $threshold BIGINT
WITH refused AS (
    SELECT object, crm_id, reason, field, best_entity_id, best_weight, best_probability, second_entity_id
    FROM reason
    UNION ALL
    SELECT object, crm_id, reason, NULL, NULL, NULL, NULL, NULL
    FROM mapping
    WHERE entity_id IS NULL AND status NOT IN ('decided', 'unmatched')
)
SELECT object, crm_id, reason, field, best_entity_id, best_weight, best_probability, second_entity_id,
    CASE WHEN reason NOT IN ('decided_none', 'vetoed') AND best_probability IS NOT NULL
        THEN CAST(greatest(CAST(CAST($threshold AS DECIMAL(18,0)) / 1000000 AS DECIMAL(9,6)) - best_probability, 0)
            AS DECIMAL(9,6)) END AS short_by,
    NULL::VARCHAR[] AS change_fields, NULL::VARCHAR[] AS change_values, NULL::DECIMAL(9,6) AS change_probability,
    NULL::VARCHAR AS change_entity_id, NULL::VARCHAR AS next_step
FROM refused
