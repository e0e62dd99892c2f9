-- The answers that badges are made anew of: the badge of a record that does not differ says what its row in mapping says.
-- in: is_mapping, was_badge, differing_record
SELECT object, crm_id, entity_kind, entity_id, "primary" FROM is_mapping
UNION ALL
SELECT object, crm_id, entity_kind, entity_id, true FROM was_badge ANTI JOIN differing_record USING (crm_id)
