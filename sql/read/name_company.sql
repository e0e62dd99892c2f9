-- What people call directory companies.
-- in: raw_company
-- values: $ids TEXT[]
SELECT company_id, coalesce(name, ''), concat_ws(', ', city, country), coalesce(url, '')
FROM raw_company
WHERE company_id IN (SELECT unnest($ids))
