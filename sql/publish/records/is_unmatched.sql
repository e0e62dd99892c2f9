-- The reasons told of records that differ, as they are.
-- in: named_is_unmatched, differing_record
SELECT * FROM named_is_unmatched SEMI JOIN differing_record USING (crm_id)
