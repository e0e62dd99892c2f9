-- The leads that are there, among those of listed rows and those that differ: one that does not differ and was listed still is.
-- in: raw_lead, is_raw_lead, deal_saved, differing_record
SELECT Id FROM raw_lead
UNION
SELECT Id FROM is_raw_lead
UNION
SELECT crm_id FROM deal_saved ANTI JOIN differing_record USING (crm_id) WHERE object = 'Lead'
