-- What people call a contact, and where it works.
-- in: raw_contact, raw_account
-- values: $crm_id TEXT
SELECT coalesce(nullif(concat_ws(' ', c.FirstName, c.LastName), ''), c.Name, ''), concat_ws(' · ', c.Title, a.Name)
FROM raw_contact c LEFT JOIN raw_account a ON a.Id = c.AccountId
WHERE c.Id = $crm_id
