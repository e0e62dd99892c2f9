-- The records with another answer that an opportunity or a row of the saved list names.
-- in: other_answer, raw_opportunity, raw_opportunity_contact_role, previous_auto_save
SELECT crm_id
FROM other_answer
SEMI JOIN (
    SELECT AccountId AS crm_id FROM raw_opportunity
    UNION ALL
    SELECT ContactId FROM raw_opportunity_contact_role
    UNION ALL
    SELECT crm_id FROM previous_auto_save
) USING (crm_id)
