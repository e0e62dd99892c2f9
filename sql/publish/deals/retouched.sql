-- The opportunities with other touches. Of most nobody did anything, and where an opportunity's own row is the same, all of a touch follows
-- from its activity and path.
-- in: roi_touch, earlier_roi_touch, other_deal, replaced_raw_opportunity
WITH is_path AS (
    SELECT opportunity_id, activity_id, path, via_object, via_crm_id FROM roi_touch
),
was_path AS (
    SELECT opportunity_id, activity_id, path, via_object, via_crm_id FROM earlier_roi_touch SEMI JOIN other_deal USING (opportunity_id)
)
SELECT opportunity_id FROM (FROM is_path EXCEPT FROM was_path)
UNION
SELECT opportunity_id FROM (FROM was_path EXCEPT FROM is_path)
UNION
SELECT Id FROM replaced_raw_opportunity
