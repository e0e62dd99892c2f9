-- Whether the CRM says which currencies there are.
-- in: raw_currency_type
SELECT Id FROM raw_currency_type WHERE NOT coalesce(IsDeleted, false) AND missing_since IS NULL
