-- Who is a person of an opportunity, for those who touched one that is judged anew: whose touch reached it by another path than its account.
-- One that it reached by the account may be, too, as a lead that became it.
-- in: roi_touch, judged_touch, converted_lead, deal_mapping
WITH member AS (
    SELECT DISTINCT member_id FROM judged_touch WHERE counted AND member_id IS NOT NULL
)
SELECT opportunity_id, member_id
FROM roi_touch
SEMI JOIN member USING (member_id)
WHERE path <> 'account'
UNION
SELECT ConvertedOpportunityId, entity_id
FROM converted_lead
JOIN deal_mapping ON object = 'Lead' AND crm_id = Id
WHERE entity_id IN (SELECT member_id FROM member)
