-- The published answer for one record.
-- in: mapping
-- values: $crm_id TEXT
SELECT object, entity_kind, entity_id, status, weight, CAST(probability AS DOUBLE), "primary", lost_to, gap, reason,
    link_object, link_crm_id, decision_seq, tier
FROM mapping
WHERE crm_id = $crm_id
