-- Rows that break what holds of each record by itself.
-- in: raw_account, raw_contact, raw_lead, mapping, unmatched
-- out: check_count
WITH record AS (
    SELECT 'Account' AS object, Id AS crm_id FROM raw_account
    UNION ALL SELECT 'Contact', Id FROM raw_contact
    UNION ALL SELECT 'Lead', Id FROM raw_lead
)
-- A record with two answers is met twice: the pairs are more than the records.
SELECT 'one_mapping_row_per_record' AS check_name,
    count(*) FILTER (r.crm_id IS NULL) + 2 * count(*) FILTER (a.crm_id IS NULL) + count(*) FILTER (r.crm_id = a.crm_id)
        - (SELECT count(*) FROM record) AS failing
FROM record r
FULL JOIN mapping a ON a.object = r.object AND a.crm_id = r.crm_id
UNION ALL
SELECT 'reason_for_each_record_without_entity', count(*) FILTER (m.crm_id IS NULL OR u.crm_id IS NULL OR m.reason <> u.reason)
FROM (SELECT object, crm_id, reason FROM mapping WHERE entity_id IS NULL) m
FULL JOIN unmatched u ON u.object = m.object AND u.crm_id = m.crm_id
