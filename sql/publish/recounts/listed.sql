-- The rows of the saved list that are counted anew: of opportunities of which something differs, or of records that differ.
-- in: auto_save, other_deal, differing_record
SELECT *
FROM auto_save
WHERE opportunity_id IN (SELECT opportunity_id FROM other_deal) OR crm_id IN (SELECT crm_id FROM differing_record)
