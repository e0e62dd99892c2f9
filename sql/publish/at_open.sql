-- Members at a company with an open opportunity: with these a list of leads starts, and one expects them in the CRM. The few companies
-- are looked for among all members: to build on the leads' own members costs as much again.
-- in: opportunity_record, dir_member
-- out: at_open
WITH open_company AS (
    SELECT DISTINCT entity_id AS company_id
    FROM opportunity_record
    WHERE object = 'Account' AND NOT gone AND NOT closed AND entity_id IS NOT NULL
)
SELECT DISTINCT entity_id
FROM (SELECT entity_id, unnest(company_ids) AS company_id FROM dir_member)
SEMI JOIN open_company USING (company_id)
