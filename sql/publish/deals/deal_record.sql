-- The records that lead to an opportunity of which something differs.
-- in: deal_opportunity, deal_role, deal_saved, deal_contact, deal_lead, changed_raw_opportunity_contact_role
SELECT AccountId AS crm_id FROM deal_opportunity
UNION
SELECT ContactId FROM deal_role
UNION
SELECT crm_id FROM deal_saved
UNION
SELECT ContactId FROM changed_raw_opportunity_contact_role
UNION
SELECT Id FROM deal_contact
UNION
SELECT Id FROM deal_lead
