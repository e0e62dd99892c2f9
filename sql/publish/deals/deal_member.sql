-- The members who have another opportunity now, or had one: of whom an answer, a lead that became an opportunity or a contact role differs,
-- and who touched an opportunity whose own row does.
-- Beside the header's tables: was_mapping and is_mapping, rows of the records that differ, then and now; deal_mapping, rows of mapping of all
-- that lead to an opportunity of which something differs; earlier_roi_touch; other_answer and changed_lead (crm_id), changed_role (ContactId),
-- changed_deal (id), all of what differs.
-- in: roi_touch
WITH told AS (
    SELECT crm_id FROM other_answer
    UNION
    SELECT crm_id FROM changed_lead
)
SELECT entity_id
FROM (
    SELECT entity_id FROM was_mapping WHERE crm_id IN (SELECT crm_id FROM told)
    UNION
    SELECT entity_id FROM is_mapping WHERE crm_id IN (SELECT crm_id FROM told)
    UNION
    SELECT entity_id FROM deal_mapping WHERE crm_id IN (SELECT ContactId FROM changed_role)
    UNION
    SELECT member_id FROM roi_touch WHERE opportunity_id IN (SELECT id FROM changed_deal)
    UNION
    SELECT member_id FROM earlier_roi_touch WHERE opportunity_id IN (SELECT id FROM changed_deal)
)
WHERE entity_id IS NOT NULL
