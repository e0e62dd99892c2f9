-- What is known of accounts before they are scored once more: the companies their contacts work at, most often named
-- first, at most five; and the company that the account above them is.
-- in: mapping, crm_person, crm_company, dir_member, dir_company
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
),
said AS (
    SELECT p.account_id AS crm_id,
        list(p.company_id ORDER BY p.place) AS known_ids,
        coalesce(list_sort(list_distinct(list(c.group_id) FILTER (c.group_id IS NOT NULL))), []) AS known_groups
    FROM placed p
    LEFT JOIN dir_company c ON c.entity_id = p.company_id
    WHERE p.place <= 5
    GROUP BY p.account_id
),
above AS (
    SELECT a.crm_id, m.entity_id AS parent_id, c.group_id
    FROM crm_company a
    JOIN mapping m ON m.object = 'Account' AND m.crm_id = a.parent_id
    LEFT JOIN dir_company c ON c.entity_id = m.entity_id
    WHERE a.live AND a.parent_id <> a.crm_id AND m.entity_id IS NOT NULL AND m.status IN ('matched', 'decided', 'duplicate')
)
SELECT 'Account' AS object, coalesce(s.crm_id, u.crm_id) AS crm_id,
    coalesce(s.known_ids, []) AS known_ids, coalesce(s.known_groups, []) AS known_groups,
    CAST([] AS VARCHAR[]) AS known_keys,
    CASE WHEN u.parent_id IS NULL THEN [] ELSE [u.parent_id] END AS known_parents,
    CASE WHEN u.group_id IS NULL THEN [] ELSE [u.group_id] END AS known_parent_groups
FROM said s
FULL JOIN above u ON u.crm_id = s.crm_id
