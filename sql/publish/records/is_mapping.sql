-- The answers told of records that differ, as they are.
-- in: named_is_mapping, differing_record
SELECT * FROM named_is_mapping SEMI JOIN differing_record USING (crm_id)
