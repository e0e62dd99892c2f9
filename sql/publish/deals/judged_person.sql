-- Who is a person of an opportunity, for those who touched one that is judged anew: whose touch reached it by another path than its account.
-- One that it reached by the account may be, too, as a lead that became it.
-- Beside the header's tables: judged_touch, the touches of opportunities that are judged anew; converted (Id, ConvertedOpportunityId), the
-- leads that became opportunities, and deal_mapping, rows of mapping with their answers.
-- in: roi_touch
WITH member AS (
    SELECT DISTINCT member_id FROM judged_touch WHERE counted AND member_id IS NOT NULL
)
SELECT opportunity_id, member_id
FROM roi_touch
SEMI JOIN member USING (member_id)
WHERE path <> 'account'
UNION
SELECT ConvertedOpportunityId, entity_id
FROM converted
JOIN deal_mapping ON object = 'Lead' AND crm_id = Id
WHERE entity_id IN (SELECT member_id FROM member)
