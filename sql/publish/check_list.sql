-- Rows that break what holds of the saved list.
-- in: raw_account, raw_contact, raw_lead, raw_opportunity, auto_save, previous_auto_save
-- out: check_count
WITH record AS (
    SELECT 'Account' AS object, Id AS crm_id FROM raw_account
    UNION ALL SELECT 'Contact', Id FROM raw_contact
    UNION ALL SELECT 'Lead', Id FROM raw_lead
)
SELECT 'auto_save_cites_records' AS check_name, count(*) FILTER (o.Id IS NULL OR r.crm_id IS NULL) AS failing
FROM auto_save s
LEFT JOIN raw_opportunity o ON o.Id = s.opportunity_id
LEFT JOIN record r ON r.object = s.object AND r.crm_id = s.crm_id
UNION ALL
SELECT 'auto_save_keeps_every_row', count(*)
FROM previous_auto_save p
ANTI JOIN auto_save s USING (seat_id, opportunity_id, object, crm_id)
