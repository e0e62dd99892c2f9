-- The accounts with another answer, and those of which a contact with activities is told anew: by another account, or with another answer.
-- in: was_mapping, is_mapping, was_raw_contact, is_raw_contact, other_answer, raw_activity, redirected
WITH answered AS (
    SELECT crm_id, entity_id FROM was_mapping WHERE object = 'Contact'
    UNION ALL
    SELECT crm_id, entity_id FROM is_mapping WHERE object = 'Contact'
),
active AS (
    SELECT crm_id
    FROM answered
    WHERE entity_id IN (SELECT coalesce(new_id, member_id) FROM raw_activity LEFT JOIN redirected ON old_id = member_id)
)
SELECT DISTINCT unnest([i.AccountId, w.AccountId]) AS crm_id
FROM was_raw_contact w
FULL JOIN is_raw_contact i ON i.Id = w.Id
WHERE coalesce(i.Id, w.Id) IN (SELECT crm_id FROM active)
    AND (i.AccountId IS DISTINCT FROM w.AccountId OR coalesce(i.Id, w.Id) IN (SELECT crm_id FROM other_answer))
UNION
SELECT crm_id FROM other_answer
