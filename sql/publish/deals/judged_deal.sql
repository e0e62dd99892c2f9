-- The opportunities that are judged anew: those with other touches, those touched by a member who has another opportunity now, and those of an
-- account that has.
-- in: retouched, roi_touch, deal_member, raw_opportunity, replaced_raw_opportunity, earlier_roi_opportunity
SELECT opportunity_id FROM retouched
UNION
SELECT opportunity_id FROM roi_touch WHERE member_id IN (SELECT entity_id FROM deal_member)
UNION
SELECT Id
FROM raw_opportunity
WHERE AccountId IN (
    SELECT AccountId FROM raw_opportunity WHERE Id IN (SELECT Id FROM replaced_raw_opportunity)
    UNION
    SELECT account_id FROM earlier_roi_opportunity WHERE opportunity_id IN (SELECT Id FROM replaced_raw_opportunity)
)
