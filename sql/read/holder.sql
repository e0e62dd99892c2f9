-- The record of an object that has an entity and carries it: the others are its duplicates.
-- in: mapping
-- values: $object TEXT, $entity_id TEXT
SELECT crm_id
FROM mapping
WHERE object = $object AND entity_id = $entity_id AND status IN ('matched', 'decided')
ORDER BY crm_id
