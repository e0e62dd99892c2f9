-- Why a record has no entity.
-- in: unmatched
-- values: $crm_id TEXT
SELECT reason, best_entity_id, best_weight, CAST(best_probability AS DOUBLE), second_entity_id, CAST(short_by AS DOUBLE), next_step
FROM unmatched
WHERE crm_id = $crm_id
