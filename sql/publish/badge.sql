-- One mark per entity that is in the CRM, on its primary record. Id and link only, no other CRM field (D18).
-- in: mapping, auto_save
-- out: badge
-- values: $instance_url TEXT, $keep BOOLEAN
WITH saved AS (
    SELECT DISTINCT entity_kind, entity_id FROM auto_save WHERE still_valid OR $keep
)
SELECT m.entity_kind, m.entity_id, m.object, m.crm_id,
    CASE WHEN $instance_url <> '' THEN lightning_url($instance_url, m.object, m.crm_id) END AS lightning_url,
    CASE WHEN $instance_url <> '' THEN classic_url($instance_url, m.crm_id) END AS classic_url,
    CASE WHEN s.entity_id IS NOT NULL THEN 'saved' ELSE 'matched' END AS link_reason
FROM mapping m
LEFT JOIN saved s ON s.entity_kind = m.entity_kind AND s.entity_id = m.entity_id
WHERE m."primary" AND m.entity_id IS NOT NULL
