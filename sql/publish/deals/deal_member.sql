-- The members who have another opportunity now, or had one: of whom an answer, a lead that became an opportunity or a contact role differs,
-- and who touched an opportunity whose own row does.
-- in: was_mapping, is_mapping, deal_mapping, roi_touch, earlier_roi_touch, other_answer, changed_lead, changed_raw_opportunity_contact_role, replaced_raw_opportunity
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
    SELECT entity_id FROM deal_mapping WHERE crm_id IN (SELECT ContactId FROM changed_raw_opportunity_contact_role)
    UNION
    SELECT member_id FROM roi_touch WHERE opportunity_id IN (SELECT Id FROM replaced_raw_opportunity)
    UNION
    SELECT member_id FROM earlier_roi_touch WHERE opportunity_id IN (SELECT Id FROM replaced_raw_opportunity)
)
WHERE entity_id IS NOT NULL
