-- The opportunities that are judged anew: those with other touches, those touched by a member who has another opportunity now, and those of an
-- account that has.
-- Beside the header's tables: retouched (opportunity_id), deal_member (entity_id), changed_deal (id); earlier_roi_opportunity, as
-- roi_opportunity was.
-- in: roi_touch, raw_opportunity
SELECT opportunity_id FROM retouched
UNION
SELECT opportunity_id FROM roi_touch WHERE member_id IN (SELECT entity_id FROM deal_member)
UNION
SELECT Id
FROM raw_opportunity
WHERE AccountId IN (
    SELECT AccountId FROM raw_opportunity WHERE Id IN (SELECT id FROM changed_deal)
    UNION
    SELECT account_id FROM earlier_roi_opportunity WHERE opportunity_id IN (SELECT id FROM changed_deal)
)
