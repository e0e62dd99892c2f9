-- What the directory says of the candidates that accounts without entity did not get: the values that may be proposed.
-- in: unmatched, raw_company, dir_company
WITH wanted AS (
    SELECT crm_id, unnest([best_entity_id, second_entity_id]) AS entity_id
    FROM unmatched
    WHERE object = 'Account' AND reason NOT IN ('decided_none', 'vetoed') AND best_entity_id IS NOT NULL
)
SELECT 'Account' AS object, w.crm_id, w.entity_id, c.name, c.website, d.domains, c.country, c.city
FROM wanted w
JOIN raw_company c ON c.company_id = w.entity_id
JOIN dir_company d ON d.entity_id = w.entity_id
