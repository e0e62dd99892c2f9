-- The search filter (E5): the whole directory, each entity in the CRM or not.
-- in: dir_company, dir_member, badge
-- out: in_crm
SELECT d.entity_kind, d.entity_id, b.entity_id IS NOT NULL AS in_crm, b.object, b.crm_id
FROM (
    SELECT 'company' AS entity_kind, entity_id FROM dir_company
    UNION ALL
    SELECT 'member', entity_id FROM dir_member
) d
LEFT JOIN badge b ON b.entity_kind = d.entity_kind AND b.entity_id = d.entity_id
