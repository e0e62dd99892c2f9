-- What people call a lead, and where it works.
-- in: raw_lead
-- values: $crm_id TEXT
SELECT concat_ws(' ', FirstName, LastName), concat_ws(' · ', Title, Company)
FROM raw_lead
WHERE Id = $crm_id
