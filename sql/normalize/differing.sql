-- Records for which other changes may be proposed, or whose changes may lead elsewhere, than in an earlier run: those that
-- differ themselves, and those whose candidate works at a company whose account does.
-- Beside the header's tables: changed_record (crm_id) and changed_company (entity_id).
-- in: unmatched, dir_member
SELECT crm_id FROM changed_record
UNION
SELECT w.crm_id
FROM (SELECT crm_id, unnest([best_entity_id, second_entity_id]) AS entity_id FROM unmatched WHERE object = 'Contact') w
JOIN dir_member d ON d.entity_id = w.entity_id
SEMI JOIN changed_company c ON c.entity_id = d.company_ids[1]
