-- The invariants that a publication must keep, as numbers of rows that break them. Only the last one is a notice.
-- in: raw_account, raw_contact, raw_lead, raw_opportunity, mapping, unmatched, badge, auto_save, previous_auto_save, dir_company, dir_member
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
SELECT 'one_primary_per_entity', count(*)
FROM (SELECT entity_kind, entity_id FROM mapping WHERE "primary" GROUP BY entity_kind, entity_id HAVING count(*) > 1)
UNION ALL
SELECT 'one_winner_per_entity_and_object', count(*)
FROM (SELECT object, entity_id FROM mapping WHERE status IN ('matched', 'decided') AND entity_id IS NOT NULL
    GROUP BY object, entity_id HAVING count(*) > 1)
UNION ALL
SELECT 'reason_for_each_record_without_entity', count(*) FILTER (m.crm_id IS NULL OR u.crm_id IS NULL OR m.reason <> u.reason)
FROM (SELECT object, crm_id, reason FROM mapping WHERE entity_id IS NULL) m
FULL JOIN unmatched u ON u.object = m.object AND u.crm_id = m.crm_id
UNION ALL
SELECT 'auto_save_cites_records', count(*) FILTER (o.Id IS NULL OR r.crm_id IS NULL)
FROM auto_save s
LEFT JOIN raw_opportunity o ON o.Id = s.opportunity_id
LEFT JOIN record r ON r.object = s.object AND r.crm_id = s.crm_id
UNION ALL
SELECT 'auto_save_keeps_every_row', count(*)
FROM previous_auto_save p
ANTI JOIN auto_save s USING (seat_id, opportunity_id, object, crm_id)
UNION ALL
SELECT 'badge_entities_in_directory', count(*)
FROM badge b
ANTI JOIN (
    SELECT 'company' AS entity_kind, entity_id FROM dir_company
    UNION ALL SELECT 'member', entity_id FROM dir_member
) d USING (entity_kind, entity_id)
