-- The answers to all records of the entities that a record that differs has.
-- in: mapping, is_mapping
SELECT object, entity_kind, entity_id, status, "primary"
FROM mapping
WHERE entity_id IN (SELECT entity_id FROM is_mapping WHERE entity_id IS NOT NULL)
