-- Members at a company with an open opportunity: with these a list of leads starts, and one expects them in the CRM. The few companies
-- are looked for among all members: to build on the leads' own members costs as much again.
-- in: raw_opportunity, mapping, dir_member
-- out: at_open
WITH open_account AS (
    SELECT AccountId AS crm_id
    FROM raw_opportunity
    WHERE NOT coalesce(IsClosed, false) AND NOT coalesce(IsDeleted, false) AND missing_since IS NULL
),
open_company AS (
    SELECT DISTINCT entity_id AS company_id
    FROM mapping
    SEMI JOIN open_account USING (crm_id)
    WHERE object = 'Account' AND status IN ('matched', 'decided', 'duplicate') AND entity_id IS NOT NULL
)
SELECT DISTINCT entity_id
FROM (SELECT entity_id, unnest(company_ids) AS company_id FROM dir_member)
SEMI JOIN open_company USING (company_id)
