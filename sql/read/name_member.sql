-- What people call directory members, and where they work.
-- in: raw_member
-- values: $ids TEXT[]
SELECT member_id, coalesce(nullif(concat_ws(' ', first_name, last_name), ''), name, ''), concat_ws(' · ', title, company_name), coalesce(url, '')
FROM raw_member
WHERE member_id IN (SELECT unnest($ids))
