-- The contacts of accounts that have an opportunity of which something differs.
-- in: raw_contact, deal_opportunity
SELECT Id, AccountId
FROM raw_contact
WHERE AccountId IN (SELECT AccountId FROM deal_opportunity WHERE AccountId IS NOT NULL)
