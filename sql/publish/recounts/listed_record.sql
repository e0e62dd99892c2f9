-- The records of these rows of which it is not known that they are there: that do not differ and were not on the list.
-- in: listed, deal_saved, differing_record
SELECT DISTINCT crm_id
FROM listed
ANTI JOIN deal_saved USING (object, crm_id)
ANTI JOIN differing_record USING (crm_id)
