-- The contacts that are asked for: those that differ, by what is told of them or by their own rows, and records of which no answer is told.
-- in: answered_record, differing_record, replaced_raw_contact
SELECT crm_id FROM answered_record WHERE object = 'Contact'
UNION
SELECT crm_id FROM differing_record ANTI JOIN answered_record USING (crm_id)
UNION
SELECT Id FROM replaced_raw_contact
