-- The records that are said to differ.
-- in: replaced_mapping, replaced_unmatched, replaced_raw_account, replaced_raw_contact, replaced_raw_lead
SELECT crm_id FROM replaced_mapping
UNION
SELECT crm_id FROM replaced_unmatched
UNION
SELECT Id FROM replaced_raw_account
UNION
SELECT Id FROM replaced_raw_contact
UNION
SELECT Id FROM replaced_raw_lead
