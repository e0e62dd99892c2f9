-- The accounts with another answer that have an opportunity.
-- in: other_answer, raw_opportunity
SELECT crm_id FROM other_answer SEMI JOIN raw_opportunity ON AccountId = crm_id WHERE object = 'Account'
