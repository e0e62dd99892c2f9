-- The opportunities of which something differs: their own row, a contact role, the lead that became them, or the answer to a record that
-- they or their row on the saved list name.
-- in: replaced_raw_opportunity, changed_raw_opportunity_contact_role, changed_lead, moved_account, other_answer, raw_opportunity, raw_opportunity_contact_role, previous_auto_save
SELECT DISTINCT opportunity_id
FROM (
    SELECT Id AS opportunity_id FROM replaced_raw_opportunity
    UNION ALL
    SELECT OpportunityId FROM changed_raw_opportunity_contact_role
    UNION ALL
    SELECT opportunity_id FROM changed_lead
    UNION ALL
    SELECT Id FROM raw_opportunity WHERE AccountId IN (SELECT crm_id FROM moved_account)
    UNION ALL
    SELECT OpportunityId FROM raw_opportunity_contact_role WHERE ContactId IN (SELECT crm_id FROM other_answer)
    UNION ALL
    SELECT opportunity_id FROM previous_auto_save WHERE crm_id IN (SELECT crm_id FROM other_answer)
)
WHERE opportunity_id IS NOT NULL
