-- The reasons told of records that differ, as they were.
-- in: named_was_unmatched, differing_record
SELECT * FROM named_was_unmatched SEMI JOIN differing_record USING (crm_id)
