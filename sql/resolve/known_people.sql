-- What contacts say of their account: the companies they work at, most often named first, at most five.
-- in: mapping, crm_person, dir_member, dir_company
-- out: known
WITH named AS (
    SELECT DISTINCT p.account_id, p.crm_id, unnest(d.company_ids) AS company_id
    FROM crm_person p
    JOIN mapping m ON m.object = p.object AND m.crm_id = p.crm_id
    JOIN dir_member d ON d.entity_id = m.entity_id
    WHERE p.object = 'Contact' AND p.account_id IS NOT NULL AND m.status IN ('matched', 'decided', 'duplicate')
),
counted AS (
    SELECT account_id, company_id, count(*) AS contacts
    FROM named
    WHERE company_id IS NOT NULL
    GROUP BY account_id, company_id
),
placed AS (
    SELECT account_id, company_id, row_number() OVER (PARTITION BY account_id ORDER BY contacts DESC, company_id) AS place
    FROM counted
)
SELECT 'Account' AS object, p.account_id AS crm_id,
    list(p.company_id ORDER BY p.place) AS known_ids,
    coalesce(list_sort(list_distinct(list(c.group_id) FILTER (c.group_id IS NOT NULL))), []) AS known_groups,
    CAST([] AS VARCHAR[]) AS known_keys
FROM placed p
LEFT JOIN dir_company c ON c.entity_id = p.company_id
WHERE p.place <= 5
GROUP BY p.account_id
