-- The records with another answer: another entity or status, or a duplicate of another record.
-- in: was_mapping, is_mapping
SELECT coalesce(a.object, b.object) AS object, coalesce(a.crm_id, b.crm_id) AS crm_id
FROM was_mapping b
FULL JOIN is_mapping a ON a.object = b.object AND a.crm_id = b.crm_id
WHERE a.status IS DISTINCT FROM b.status
    OR a.entity_kind IS DISTINCT FROM b.entity_kind
    OR a.entity_id IS DISTINCT FROM b.entity_id
    OR a.lost_to IS DISTINCT FROM b.lost_to
