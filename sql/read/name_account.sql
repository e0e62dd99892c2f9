-- What people call an account.
-- in: raw_account
-- values: $crm_id TEXT
SELECT coalesce(Name, ''), concat_ws(', ', BillingCity, BillingCountry)
FROM raw_account
WHERE Id = $crm_id
