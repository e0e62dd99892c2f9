-- What stood on the saved list of opportunities of which something differs.
-- in: previous_auto_save, other_deal
SELECT * FROM previous_auto_save SEMI JOIN other_deal USING (opportunity_id)
