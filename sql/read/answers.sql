-- Each record's published answer, to hold it against the truth.
-- in: mapping
SELECT object, crm_id, status, coalesce(entity_id, ''), coalesce(tier, '') FROM mapping
