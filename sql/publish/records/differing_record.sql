-- The records that differ: of those that are said to, the ones with another answer and those whose own row was replaced.
-- in: named_was_mapping, named_is_mapping, named_was_unmatched, named_is_unmatched, replaced_raw_account, replaced_raw_contact, replaced_raw_lead
SELECT crm_id FROM (FROM named_was_mapping EXCEPT FROM named_is_mapping)
UNION
SELECT crm_id FROM (FROM named_is_mapping EXCEPT FROM named_was_mapping)
UNION
SELECT crm_id FROM (FROM named_was_unmatched EXCEPT FROM named_is_unmatched)
UNION
SELECT crm_id FROM (FROM named_is_unmatched EXCEPT FROM named_was_unmatched)
UNION
SELECT Id FROM replaced_raw_account
UNION
SELECT Id FROM replaced_raw_contact
UNION
SELECT Id FROM replaced_raw_lead
