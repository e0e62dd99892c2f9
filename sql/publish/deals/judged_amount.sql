-- The values of opportunities that are judged anew.
-- in: roi_amount, judged_deal
SELECT opportunity_id, amount, currency, corporate_amount, corporate_currency, rate, rate_date, rate_source, no_corporate_amount
FROM roi_amount
SEMI JOIN judged_deal USING (opportunity_id)
