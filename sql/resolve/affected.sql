-- Records whose answer is worked out anew: those that differ, and those that merges and conversions tie to one of them, as
-- these are or as they were. What a decision comes to, and what a record became, depends on no record beyond.
-- Beside the header's tables: differing_record (crm_id), and of previous_* its rows alone.
-- in: raw_account, raw_contact, raw_lead, previous_raw_account, previous_raw_contact, previous_raw_lead
WITH RECURSIVE step AS (
    SELECT Id AS crm_id, MasterRecordId AS master_id, NULL::VARCHAR AS contact_id FROM raw_account
    UNION ALL
    SELECT Id, MasterRecordId, NULL FROM raw_contact
    UNION ALL
    SELECT Id, MasterRecordId, ConvertedContactId FROM raw_lead
    UNION ALL
    SELECT Id, MasterRecordId, NULL FROM previous_raw_account
    UNION ALL
    SELECT Id, MasterRecordId, NULL FROM previous_raw_contact
    UNION ALL
    SELECT Id, MasterRecordId, ConvertedContactId FROM previous_raw_lead
),
tied AS MATERIALIZED (
    SELECT crm_id, master_id, contact_id FROM step WHERE master_id IS NOT NULL OR contact_id IS NOT NULL
),
one_way AS (
    SELECT crm_id, master_id AS next_id FROM tied WHERE master_id IS NOT NULL
    UNION ALL
    SELECT crm_id, contact_id FROM tied WHERE contact_id IS NOT NULL
),
tie AS (
    SELECT crm_id, next_id FROM one_way
    UNION ALL
    SELECT next_id, crm_id FROM one_way
),
affected AS (
    SELECT crm_id FROM differing_record WHERE crm_id IS NOT NULL
    UNION
    SELECT t.next_id FROM affected a JOIN tie t ON t.crm_id = a.crm_id
)
SELECT crm_id FROM affected
