-- The opportunities with other touches. Of most nobody did anything, and where an opportunity's own row is the same, all of a touch follows
-- from its activity and path.
-- Beside the header's tables: earlier_roi_touch, as roi_touch was; other_deal (opportunity_id), of which roi_touch holds the touches as they
-- are; changed_deal (id), those whose own row differs.
-- in: roi_touch
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
SELECT id FROM changed_deal
