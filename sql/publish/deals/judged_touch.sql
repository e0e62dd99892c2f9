-- The touches of opportunities that are judged anew.
-- in: roi_touch, judged_deal
SELECT opportunity_id, activity_id, path, member_id, occurred_at, occurred_on, counted, influences
FROM roi_touch
SEMI JOIN judged_deal USING (opportunity_id)
