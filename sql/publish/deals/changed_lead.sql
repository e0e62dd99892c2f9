-- The leads that became another opportunity or have another answer, with the opportunities that they became, then and now.
-- in: was_raw_lead, is_raw_lead, other_answer
SELECT coalesce(a.Id, b.Id) AS crm_id, unnest([a.ConvertedOpportunityId, b.ConvertedOpportunityId]) AS opportunity_id
FROM was_raw_lead b
FULL JOIN is_raw_lead a ON a.Id = b.Id
WHERE a.ConvertedOpportunityId IS DISTINCT FROM b.ConvertedOpportunityId
    OR coalesce(a.Id, b.Id) IN (SELECT crm_id FROM other_answer)
