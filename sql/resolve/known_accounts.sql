-- What accounts say of their contacts: the company the account is, and its group.
-- in: mapping, crm_person, dir_company
-- out: known
SELECT p.object, p.crm_id, [m.entity_id] AS known_ids,
    CASE WHEN c.group_id IS NULL THEN [] ELSE [c.group_id] END AS known_groups,
    coalesce(c.alias_keys, []) AS known_keys,
    CAST([] AS VARCHAR[]) AS known_parents, CAST([] AS VARCHAR[]) AS known_parent_groups
FROM crm_person p
JOIN mapping m ON m.object = 'Account' AND m.crm_id = p.account_id
LEFT JOIN dir_company c ON c.entity_id = m.entity_id
WHERE p.live AND m.entity_id IS NOT NULL AND m.status IN ('matched', 'decided', 'duplicate')
