-- Records that differ in nothing but in whom they compete with: they proposed to an entity that an affected record proposes
-- to, or did. A record proposes to one entity, so that nobody else competes with these.
-- Beside the header's tables: affected_record (crm_id) and earlier_mapping, a mapping.
-- in: proposal
WITH held AS (
    SELECT crm_id, entity_id FROM earlier_mapping WHERE status IN ('decided', 'matched', 'duplicate') AND entity_id IS NOT NULL
),
wanted AS (
    SELECT entity_id FROM proposal WHERE entity_id IS NOT NULL
    UNION
    SELECT entity_id FROM held SEMI JOIN affected_record USING (crm_id)
)
SELECT h.crm_id
FROM held h
SEMI JOIN wanted w ON w.entity_id = h.entity_id
ANTI JOIN affected_record a ON a.crm_id = h.crm_id
