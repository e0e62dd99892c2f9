-- Records for which other changes may be proposed, or whose changes may lead elsewhere, than in an earlier run: those that
-- differ themselves, those of whose candidates the directory says something else, and those whose candidate works at a company
-- of which it does, or, for a contact, whose account differs.
-- Beside the header's tables: changed_record (crm_id), changed_entity (entity_id) and changed_company (entity_id, of_account).
-- in: unmatched, dir_member
WITH wanted AS (
    SELECT object, crm_id, unnest([best_entity_id, second_entity_id]) AS entity_id
    FROM unmatched
    WHERE reason NOT IN ('decided_none', 'vetoed') AND best_entity_id IS NOT NULL
),
employed AS (
    SELECT d.entity_id, c.of_account
    FROM (SELECT entity_id, company_ids[1] AS company_id FROM dir_member) d
    JOIN changed_company c ON c.entity_id = d.company_id
)
SELECT crm_id FROM changed_record
UNION
SELECT crm_id FROM wanted SEMI JOIN changed_entity USING (entity_id)
UNION
SELECT w.crm_id FROM wanted w JOIN employed e ON e.entity_id = w.entity_id WHERE w.object = 'Contact' OR NOT e.of_account
