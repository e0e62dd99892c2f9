-- What the directory says of the candidates that contacts and leads without entity did not get: the values that may be
-- proposed. For a contact the account to link to is the one that stands for the member's company.
-- in: unmatched, raw_member, dir_member, raw_company, dir_company, mapping, crm_company
WITH wanted AS (
    SELECT object, crm_id, unnest([best_entity_id, second_entity_id]) AS entity_id
    FROM unmatched
    WHERE object <> 'Account' AND reason NOT IN ('decided_none', 'vetoed') AND best_entity_id IS NOT NULL
),
account AS (
    SELECT m.entity_id AS company_id, m.crm_id AS account_id, c.alias_keys, c.rare_token, c.domains
    FROM mapping m
    JOIN crm_company c ON c.crm_id = m.crm_id
    WHERE m.object = 'Account' AND m."primary"
)
SELECT w.object, w.crm_id, w.entity_id,
    coalesce(nullif(trim(m.first_name), ''), d.given) AS first_name, coalesce(nullif(trim(m.last_name), ''), d.surname) AS last_name,
    m.emails, m.country, m.city,
    coalesce(nullif(trim(c.name), ''), m.company_name) AS company, c.website, d.company_domains,
    a.account_id, a.alias_keys, a.rare_token, a.domains, a.company_id, dc.group_id, dc.alias_keys
FROM wanted w
JOIN raw_member m ON m.member_id = w.entity_id
JOIN dir_member d ON d.entity_id = w.entity_id
LEFT JOIN raw_company c ON c.company_id = d.company_ids[1]
LEFT JOIN dir_company dc ON dc.entity_id = d.company_ids[1]
LEFT JOIN account a ON a.company_id = CASE WHEN w.object = 'Contact' THEN d.company_ids[1] END
