-- The leads that became opportunities.
-- in: raw_lead
SELECT Id, ConvertedOpportunityId FROM raw_lead WHERE ConvertedOpportunityId IS NOT NULL
