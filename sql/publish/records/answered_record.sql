-- The records that differ and have an answer, or had one.
-- in: was_mapping, is_mapping
SELECT object, crm_id FROM was_mapping
UNION
SELECT object, crm_id FROM is_mapping
