-- Which records take part in matching, why the others do not, and where merges and conversions lead.
-- A merged record is always deleted as well, so merged is asked first.
-- in: raw_account, raw_contact, raw_lead
-- out: standing
WITH RECURSIVE record AS (
    SELECT 'Account' AS object, Id AS crm_id, IsPersonAccount AS is_person_account, MasterRecordId AS master_id,
        coalesce(IsDeleted, false) OR missing_since IS NOT NULL AS is_gone,
        false AS is_converted, NULL::VARCHAR AS contact_id, NULL::DATE AS last_activity, CreatedDate AS created
    FROM raw_account
    UNION ALL
    SELECT 'Contact', Id, IsPersonAccount, MasterRecordId, coalesce(IsDeleted, false) OR missing_since IS NOT NULL,
        false, NULL::VARCHAR, LastActivityDate, CreatedDate
    FROM raw_contact
    UNION ALL
    SELECT 'Lead', Id, false, MasterRecordId, coalesce(IsDeleted, false) OR missing_since IS NOT NULL,
        IsConverted, ConvertedContactId, LastActivityDate, CreatedDate
    FROM raw_lead
),
fact AS (
    SELECT object, crm_id, master_id, contact_id, last_activity, created,
        CASE
            WHEN is_person_account THEN 'person_account'
            WHEN master_id IS NOT NULL THEN 'merged'
            WHEN is_gone THEN 'deleted'
            WHEN is_converted THEN 'converted'
            ELSE 'live'
        END AS standing
    FROM record
),
step AS (
    SELECT object, crm_id, object AS next_object, master_id AS next_id FROM fact WHERE standing = 'merged'
    UNION ALL
    SELECT object, crm_id, 'Contact', contact_id FROM fact WHERE standing = 'converted' AND contact_id IS NOT NULL
),
-- UNION without ALL: a record that was merged into itself in a circle is reached once and the walk ends.
walk AS (
    SELECT object, crm_id, next_object, next_id FROM step
    UNION
    SELECT w.object, w.crm_id, s.next_object, s.next_id
    FROM walk w
    JOIN step s ON s.object = w.next_object AND s.crm_id = w.next_id
),
arrival AS (
    SELECT w.object, w.crm_id, w.next_object AS end_object, w.next_id AS end_crm_id
    FROM walk w
    SEMI JOIN fact f ON f.object = w.next_object AND f.crm_id = w.next_id
    ANTI JOIN step s ON s.object = w.next_object AND s.crm_id = w.next_id
)
SELECT f.object, f.crm_id, f.standing, a.end_object, a.end_crm_id, f.last_activity, f.created
FROM fact f
LEFT JOIN arrival a ON a.object = f.object AND a.crm_id = f.crm_id
