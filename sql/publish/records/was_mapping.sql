-- The answers told of records that differ, as they were.
-- in: named_was_mapping, differing_record
SELECT * FROM named_was_mapping SEMI JOIN differing_record USING (crm_id)
