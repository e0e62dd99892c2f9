-- The leads that became opportunities of which something differs.
-- in: converted_lead, other_deal
SELECT Id, ConvertedOpportunityId FROM converted_lead WHERE ConvertedOpportunityId IN (SELECT opportunity_id FROM other_deal)
