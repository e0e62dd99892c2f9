-- The records of such rows of which it is to be found out whether they are there: those that do not differ and were not listed.
-- in: listed, deal_saved, differing_record
SELECT DISTINCT crm_id
FROM listed
ANTI JOIN deal_saved USING (object, crm_id)
ANTI JOIN differing_record USING (crm_id)
