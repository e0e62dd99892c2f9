-- The members whose contact card was that of a record that differs.
-- in: was_mapping
SELECT entity_id FROM was_mapping WHERE "primary" AND object <> 'Account' AND entity_id IS NOT NULL
