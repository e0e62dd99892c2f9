-- Badges of entities that the directory does not have: a notice.
-- in: badge, dir_company, dir_member
-- out: check_count
SELECT 'badge_entities_in_directory' AS check_name, count(*) AS failing
FROM badge b
ANTI JOIN (
    SELECT 'company' AS entity_kind, entity_id FROM dir_company
    UNION ALL SELECT 'member', entity_id FROM dir_member
) d USING (entity_kind, entity_id)
