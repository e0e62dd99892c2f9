-- Why a record has no entity, and what would change that.
-- in: unmatched
-- values: $crm_id TEXT
SELECT reason, field, best_entity_id, best_weight, CAST(best_probability AS DOUBLE), second_entity_id, CAST(short_by AS DOUBLE),
    next_step, change_entity_id, CAST(change_probability AS DOUBLE),
    CAST(to_json(change_fields) AS VARCHAR), CAST(to_json(change_values) AS VARCHAR)
FROM unmatched
WHERE crm_id = $crm_id
